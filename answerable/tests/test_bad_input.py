"""What an author gets wrong stops the build with one message: where, what, how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from answerable.tests.conftest import Project

PAGE, SNIPPET, TEST = Project.page, Project.snippet, Project.test
HOME = "docs/index.md"


@dataclass(frozen=True)
class At:
    """`path:line: ` of the first line in which `text` stands after the edit, or one `below` it."""

    path: str
    text: str = ""
    below: int = 0

    def said(self, project: Project) -> str:
        lines = (project.root / self.path).read_text("utf-8").splitlines()
        found = next(n for n, line in enumerate(lines, 1) if self.text in line)
        return f"{self.path}:{found + self.below}: "


@dataclass
class Fault:
    """An edit that must stop the build, with what its message must say."""

    says: tuple[str | At, ...]
    make: Callable[[Project], object]


def edit(path: str, old: str, new: str, *says: str | At) -> Fault:
    return Fault(says, lambda project: project.edit(path, old, new))


def remove(path: str, *says: str) -> Fault:
    return Fault(says, lambda project: (project.root / path).unlink())


def write(path: str, data: bytes, *says: str) -> Fault:
    return Fault(says, lambda project: (project.root / path).write_bytes(data))


def program(code: str, *says: str | At) -> Fault:
    """Put code at the end of the cell `averages`."""
    return edit(SNIPPET, "\n# %% figure\n", f"{code}\n# %% figure\n", *says)


def limited(seconds: int, path: str, old: str, new: str, *says: str | At) -> Fault:
    """An edit of a project with a short time limit."""

    def make(project: Project) -> None:
        project.edit(path, old, new)
        project.edit("mkdocs.yml", "time_limit: 20", f"time_limit: {seconds}")

    return Fault(says, make)


def cited(address: str, *says: str) -> Fault:
    """A source with this address, in the page's front matter."""
    source = f'sources:\n  - "A (2000). [Of Such Things]({address})."'
    return edit(PAGE, "sources:", source, At(PAGE, "Of Such Things"), *says)


VALUE = '`{python} f"{SPREAD:.3f}"`'
CELL = At(SNIPPET, "def averages")  # the first line of cell `averages`

FAULTS = {
    "address with a space": cited("https://example.org/a b", "write %20"),
    "address of another kind": edit(
        HOME,
        "# Home",
        "# Home [A](htp://example.org/)",
        At(HOME, "htp:"),
        "starts with https:// or http://",
    ),
    "address without a host": cited("https:///paper", "'' is not the name of a host"),
    "host that is none": cited("https://example,org/", "'example,org' is not the name"),
    "address that tells on readers": cited("https://example.org/?utm_source=x", "'utm_source'"),
    "arXiv's file, not its page": cited("https://arxiv.org/pdf/2402.03300", "arxiv.org/abs/"),
    "arXiv number that is none": cited("https://arxiv.org/abs/24.0330", "arxiv.org/abs/"),
    "DOI that is none": cited("https://dx.doi.org/10.1038/nature24270", "https://doi.org/10."),
    "work under two addresses": Fault(
        (At(PAGE, "Of *Such*"), "(docs/index.md:1)", "one address"),
        lambda project: (
            project.edit(
                PAGE, "sources:", 'sources:\n  - "A. [Of *Such* Things](https://doi.org/10.1000/1)"'
            ),
            project.edit(
                HOME, "# Home", "# Home [Of such things](https://arxiv.org/abs/2402.03300)"
            ),
        ),
    ),
    "address spelled in two ways": edit(
        PAGE,
        "sources:",
        'sources:\n  - "[A](https://www.example.org/a/)"\n  - "[B](http://example.org/a)"',
        At(PAGE, "[B]"),
        "the same work",
    ),
    "page without snippet": remove(SNIPPET, f"{PAGE}:1: ", "no snippet snippets/dice.py"),
    "page whose snippet has nearly its name": Fault(
        (f"{PAGE}:1: ", "did you mean 'dices'?"),
        lambda project: (project.root / SNIPPET).rename(project.root / "snippets/dices.py"),
    ),
    "snippet without page": remove(PAGE, f"{SNIPPET}:1: ", "no page docs/questions/dice.md"),
    "snippet without test": remove(TEST, f"{PAGE}:1: ", "no test tests/test_dice.py"),
    "stem that tests could not import": Fault(
        ("snippets/json.py:1: ", "'json' is the name of an installed module"),
        lambda project: (project.root / "snippets/json.py").write_text("# %% a\n"),
    ),
    "unknown cell": edit(
        PAGE,
        "```cell\naverages",
        "```cell\navarages",
        At(PAGE, "avarages", -1),
        "no cell 'avarages'; did you mean 'averages'?",
    ),
    "repeated cell": edit(
        PAGE,
        "## In summary",
        "```cell\nsetup\n```\n\n## In summary",
        At(PAGE, "## In summary", -4),
        "cell 'setup' a second time (first: line ",
    ),
    "missing cell": edit(
        PAGE, "```cell\naverages\n```", "", At(PAGE, "figure", -1), "'averages' is not on the page"
    ),
    "cells out of order": edit(
        PAGE,
        "```cell\nsetup\nfold: true\n```\n\n```cell\naverages\n```",
        "```cell\naverages\n```\n\n```cell\nsetup\n```",
        At(PAGE, "setup", -1),
        "cell 'setup' is out of order",
    ),
    "cell without a name": edit(
        PAGE, "averages\n```", "\n```", At(PAGE, "One throw", -3), "starts with the cell's name"
    ),
    "cell never closed": edit(
        PAGE, "??? success", "```cell\n??? success", At(PAGE, "??? success", -1), "never closed"
    ),
    "unknown option of a cell": edit(
        PAGE, "fold: true", "folded: true", At(PAGE, "folded"), "'alt: what the figure shows'"
    ),
    "two cells of one name": edit(
        SNIPPET,
        "# %% figure",
        "# %% averages",
        At(SNIPPET, "fig, ax", -1),
        "two cells are named 'averages' (first: line ",
    ),
    "cell marker that is not a name": edit(
        SNIPPET, "# %% figure", "# %% [markdown]", At(SNIPPET, "[markdown]"), "prose has one home"
    ),
    "code before the first cell": edit(
        SNIPPET, "# %% setup", "x = 1\n# %% setup", At(SNIPPET, "x = 1"), "before the first cell"
    ),
    "block across two cells": edit(
        SNIPPET,
        "rng = np",
        "if True:\n    pass\n# %% more\n    rng = np",
        At(SNIPPET, "    rng = np"),
        "in cell 'more' alone: IndentationError",
    ),
    "snippet that is not Python": program("x = (", At(SNIPPET, "x = ("), "SyntaxError"),
    "unknown claim": edit(
        PAGE,
        "(claim:repeats_do_not_help)",
        "(claim:repeats_do_no_help)",
        At(PAGE, "repeats_do_no_help"),
        "no claim 'repeats_do_no_help'; did you mean 'repeats_do_not_help'?",
    ),
    "claim twice": edit(
        PAGE,
        "- Repeats of one",
        "- [Repeats](claim:repeats_do_not_help) of one",
        At(PAGE, "- [Repeats]"),
        "claim 'repeats_do_not_help' a second time (first: line ",
    ),
    "claims out of order": Fault(
        (At(PAGE, "and [the averages"), "claim 'spread_falls_with_root_n' is out of order"),
        lambda project: (
            project.edit(PAGE, "claim:spread_falls_with_root_n", "claim:x"),
            project.edit(PAGE, "claim:centred_on_expectation", "claim:spread_falls_with_root_n"),
            project.edit(PAGE, "claim:x", "claim:centred_on_expectation"),
        ),
    ),
    "claim not well formed": edit(
        PAGE,
        "(claim:repeats_do_not_help)",
        "( claim:repeats)",
        At(PAGE, "( claim"),
        "not well formed",
    ),
    "value not well formed": edit(
        PAGE, VALUE, "{python} SPREAD", At(PAGE, "{python} SPREAD"), "write `{python} expression`"
    ),
    "test nobody claims": edit(
        TEST,
        "@pytest.mark.boundary",
        "def test_more():\n    pass\n\n\n@pytest.mark.boundary",
        At(PAGE, "claim:repeats"),
        "claim 'more' is not on the page; link a sentence to claim:more",
    ),
    "two tests of one name": edit(
        TEST,
        "def test_repeats_do_not_help(rng)",
        "def test_centred_on_expectation(rng, x=1)",
        At(TEST, "x=1"),
        "two tests are named 'test_centred_on_expectation'",
    ),
    "claims in a class": edit(
        TEST,
        "@pytest.mark.boundary",
        "class TestMore:\n    pass\n\n\n@pytest.mark.boundary",
        At(TEST, "class TestMore"),
        "not methods",
    ),
    "failing claim": edit(
        TEST,
        "approx(3.5, abs",
        "approx(3.9, abs",
        At(TEST, "def test_centred"),
        "claim 'centred_on_expectation' fails",
        "E           assert ",
        "3.9 ±",
    ),
    "test that raises": edit(
        TEST,
        "for n in (1, 10, 50)",
        "for n in (1, 1 // 0)",
        At(TEST, "def test_centred"),
        "ZeroDivisionError",
    ),
    "skipped claim": edit(
        TEST,
        "for n in (2, 10, 50)",
        "pytest.skip('later')\n    for n in (2,)",
        At(TEST, "def test_spread"),
        "Skipped: later",
    ),
    "test file that cannot be imported": edit(
        TEST, "import SPREAD", "import SPRAED", At(TEST), "cannot import name 'SPRAED'"
    ),
    "test file that is not Python": edit(
        TEST, "import pytest", "import", At(TEST, "import", 1), "not a Python program"
    ),
    "unknown fixture": edit(
        TEST, "expectation(rng)", "expectation(rgn)", At(TEST, "(rgn)"), "fixture 'rgn' not found"
    ),
    "breaks that fits nowhere": edit(
        TEST,
        '"throws.mean(axis=1)"',
        '"throw.mean(axis=1)"',
        At(TEST, '"throw.mean'),
        "nowhere; did you mean 'return throws.mean(axis=1)'?",
    ),
    "breaks that fits twice": edit(
        TEST, '"throws.mean(axis=1)"', '"averages("', At(TEST, '"averages("'), "it does 2 times"
    ),
    "breaks that changes nothing": edit(
        TEST, '"throws.sum(axis=1)"', '"throws.mean(axis=1)"', At(TEST, '"throws'), "are the same"
    ),
    "breaks that is not literal": edit(
        TEST, '"throws.mean(axis=1)"', "str(1)", At(TEST, "str(1)"), "both literal"
    ),
    "snippet that raises": program(
        "def f():\n    return 1 / 0\nf()\n",
        At(SNIPPET, "1 / 0"),
        "cell 'averages' raised ZeroDivisionError",
        f'File "{SNIPPET}", line 29, in f',
        "return 1 / 0",
    ),
    "snippet that never ends": limited(
        1,
        SNIPPET,
        "\n# %% figure",
        "while True: pass\n# %% figure",
        CELL,
        "still running cell 'averages' after 1 s: does it end? ('time_limit' in mkdocs.yml)",
    ),
    "test that never ends": limited(
        2,
        TEST,
        "for n in (2, 10, 50):",
        "while True: n = 1\n    for n in (1,):",
        At(TEST),
        "still checking the claims after 2 s",
    ),
    "snippet that kills its process": program(
        "import os\nos.kill(os.getpid(), 9)",
        CELL,
        "the process was killed by SIGKILL while running cell 'averages'",
    ),
    "snippet that ends its process": program(
        "import os\nos._exit(3)", CELL, "the process ended (exit status 3)"
    ),
    "test that kills its process": edit(
        TEST,
        "for n in (2, 10, 50)",
        "import os; os.kill(os.getpid(), 9)\n    for n in (1,)",
        At(TEST),
        "killed by SIGKILL while checking the claims",
    ),
    "snippet that exits": program(
        "import sys\nsys.exit()", At(SNIPPET, "sys.exit()"), "runs to its end"
    ),
    "snippet that prints 100 MB": program(
        "print('x' * 100_000_000)", CELL, "prints more than 100,000 characters"
    ),
    "snippet that prints 100 MB without Python": program(
        "import os\nfor _ in range(100): os.write(1, b'x' * 1_000_000)",
        CELL,
        "prints more than 100,000 characters",
    ),
    "snippet that asks": program("input()", At(SNIPPET, "input()"), "EOFError"),
    "snippet that needs a package": program(
        "import nonesuch", At(SNIPPET, "nonesuch"), "install 'nonesuch'", "ModuleNotFoundError"
    ),
    "expression that raises": edit(
        PAGE, VALUE, "`{python} SPRED`", At(PAGE, "SPRED"), "NameError", "'SPREAD'"
    ),
    "expression that is none": edit(PAGE, VALUE, "`{python} 1 +`", At(PAGE, "1 +"), "SyntaxError"),
    "expression that is endless": edit(
        PAGE, VALUE, "`{python} 'x' * 10**7`", At(PAGE, "10**7"), "gives 10,000,000 characters"
    ),
    "figure without alt text": edit(
        PAGE,
        'alt: A curve falling from `{python} f"{spreads[0]:.2f}"` at one throw to '
        '`{python} f"{spreads[-1]:.2f}"` at\n  the most throws; the simulated points lie on it.\n',
        "",
        At(PAGE, "```cell", 13),
        "figures of cell 'figure': 1, alternative texts: 0; under the cell's name",
    ),
    "one alt text for two figures": edit(
        SNIPPET,
        "plt.show()",
        "plt.show()\nplt.figure()",
        At(PAGE, "```cell", 13),
        "figures of cell 'figure': 2, alternative texts: 1",
    ),
    "no front matter": edit(PAGE, "---\ntitle", "title", f"{PAGE}:1: ", "no front matter"),
    "front matter that is not YAML": edit(
        PAGE, "tags: [averages]", "tags: [averages", f"{PAGE}:8: ", "not YAML"
    ),
    "front matter that is no mapping": write(PAGE, b"---\n- a\n---\n", f"{PAGE}:2: "),
    "front matter that lacks a key": edit(
        PAGE, "title:", "titel:", f"{PAGE}:1: ", "lacks 'title' (a text); is 'titel' meant?"
    ),
    "front matter of a wrong type": edit(
        PAGE, "tags: [averages]", "tags: averages", At(PAGE, "tags:"), "must be a list of texts"
    ),
    "posts that are no texts": edit(
        PAGE, "tags: [", "posts: {P1: 2}\ntags: [", At(PAGE, "posts:"), "'id: verdict' lines"
    ),
    "list of questions that would be empty": edit(
        HOME,
        "<!-- questions -->",
        "<!-- questions tags: averges -->",
        At(HOME, "averges"),
        "no question has tags: averges; did you mean 'averages'?",
    ),
    "list of questions by what they have not": edit(
        HOME,
        "<!-- questions -->",
        "<!-- questions tag: averages -->",
        At(HOME, "averages"),
        "listed by no 'tag': did you mean 'tags'?",
    ),
    "formula that does not parse": edit(
        PAGE,
        "Name the wrong idea",
        "Of it\n\n$$\nx\n= \\frac{a\n$$\n\nName",
        At(PAGE, "\\frac{a"),
        "KaTeX cannot read this formula: Unexpected end of input",
        "    = \\frac{a$$",
    ),
    "formula with a command that is none": edit(
        HOME,
        "# Home",
        "# Home\n\nIt is $\\sgima$.",
        At(HOME, "sgima"),
        "Undefined control sequence",
    ),
    "formula that reaches out of the page": edit(
        HOME, "# Home", "# Home\n\n$\\href{a}{b}$", At(HOME, "href"), "\\href is not allowed"
    ),
    "formula that is never closed": edit(
        HOME, "# Home", "# Home\n\nIt is $$x.", At(HOME, "$$x"), "no blank line in it"
    ),
    "formula in a heading": edit(
        HOME, "# Home", "# Home\n\n## Of $x$", At(HOME, "$x$"), "no formula in a heading"
    ),
    "date that is none": edit(PAGE, "\ndate: ", "\ndate: x", At(PAGE, "date:"), "2025-11-24"),
    "page that is not UTF-8": write(PAGE, b"---\ntitle: caf\xe9\n", f"{PAGE}:2: ", "byte 0xe9"),
    "snippet that is not UTF-8": write(SNIPPET, b"# \xff", f"{SNIPPET}:1: ", "byte 0xff"),
    "test that is not UTF-8": write(TEST, b"\n\xff", f"{TEST}:2: ", "byte 0xff"),
    "conftest that is not Python": write(
        "tests/conftest.py", b"def (", "tests/conftest.py:1: ", "not a Python program"
    ),
    "conftest that is not UTF-8": write("conftest.py", b"\n\xff", "conftest.py:2: ", "byte 0xff"),
    "page of another kind that is not UTF-8": write(
        "docs/more.md", b"\xff", "docs/more.md:1: ", "byte 0xff"
    ),
    "page that leads nowhere": Fault(
        (f"{PAGE}:1: ", "cannot be read: No such file"),
        lambda project: (
            (project.root / PAGE).unlink(),
            (project.root / PAGE).symlink_to("nowhere.md"),
        ),
    ),
    "page that is a folder": Fault(
        (f"{PAGE}:1: ", "cannot be read: Is a directory"),
        lambda project: ((project.root / PAGE).unlink(), (project.root / PAGE).mkdir()),
    ),
    "stem of another meaning": Fault(
        ("docs/questions/con.md:1: ", "another meaning"),
        lambda project: (project.root / "docs/questions/con.md").write_text(""),
    ),
    "date there is not": edit(
        PAGE, "tags: [", "revisions: {2025-02-30: x}\ntags: [", At(PAGE, "2025-02-30"), "of range"
    ),
    "front matter with a key too many": edit(
        PAGE, "tags: [", "post: [P1]\ntags: [", At(PAGE, "post:"), "'post': did you mean 'posts'?"
    ),
    "front matter that cannot be shown": edit(
        PAGE, "topic: New", 'topic: "\\0"#', At(PAGE, "topic:"), "U+0000 cannot be shown"
    ),
    "source with HTML": edit(
        PAGE, "Jacob", "<b>Jacob", At(PAGE, "sources:"), "holds no HTML", "<b>Jacob"
    ),
    "figure that cannot be drawn": edit(
        SNIPPET,
        '"throws in an average, n"',
        'r"$\\frac{$"',
        At(SNIPPET, "fig, ax"),
        "cell 'figure' raised ValueError",
    ),
    "figure that is endless": edit(
        SNIPPET,
        "ax.legend()",
        "ax.scatter(*rng.random((2, 30_000)))",
        At(SNIPPET, "fig, ax"),
        "cell 'figure' raised ValueError",
        "a page shows 2,000,000",
    ),
    "value that is endless": program("'x' * 10**7", CELL, "a value of 10,000,002 characters"),
    "print that is no text": program(
        "print(chr(0xd800))", At(SNIPPET, "0xd800"), "UnicodeEncodeError"
    ),
    "expression that is no text": edit(
        PAGE, VALUE, "`{python} chr(0xd800)`", At(PAGE, "0xd800"), "UnicodeEncodeError"
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_stops_the_build_and_leaves_what_was_there(name: str, project: Project) -> None:
    status, output = project.build()
    assert status == 0, output
    before = project.built()

    fault = FAULTS[name]
    fault.make(project)
    status, output = project.build()
    assert status == 1
    assert 'Traceback (most recent call last):\n  File "/' not in output  # none of ours
    for said in fault.says:
        assert (said.said(project) if isinstance(said, At) else said) in output
    assert output.count("ERROR") == 1
    assert str(project.root) not in output
    assert project.built() == before


def test_mended_project_builds_from_the_cache_as_before(project: Project) -> None:
    assert project.build()[0] == 0
    before = project.built()
    project.edit(TEST, "approx(3.5, abs", "approx(3.9, abs")
    assert project.build()[0] == 1
    project.edit(TEST, "approx(3.9, abs", "approx(3.5, abs")
    assert project.build()[0] == 0
    assert project.built() == before


def test_all_that_is_wrong_is_said_at_once(project: Project) -> None:
    project.edit(PAGE, "```cell\naverages", "```cell\navarages")
    project.edit(PAGE, "(claim:repeats_do_not_help)", "(claim:repeats_help)")
    status, output = project.build()
    assert status == 1
    assert "no cell 'avarages'" in output
    assert "no claim 'repeats_help'" in output


@pytest.mark.parametrize(
    "setting", ["time_limit: -1", "time_limit: .nan", "time_limit: x", "workers: 0", "cache_dir: 5"]
)
def test_a_setting_that_makes_no_sense_is_said(setting: str, project: Project) -> None:
    project.edit("mkdocs.yml", "time_limit: 20", setting)
    status, output = project.build()
    assert status == 1
    assert f"option '{setting.split(':')[0]}'" in output


@pytest.mark.parametrize("end", ["\r\n", "\r", "mixed"])
def test_line_ends_and_byte_order_marks_change_nothing(end: str, project: Project) -> None:
    assert project.build()[0] == 0
    before = project.built()
    for path in (PAGE, SNIPPET, TEST):
        lines = (project.root / path).read_text("utf-8").splitlines()
        ends = ["\n", "\r", "\r\n"] if end == "mixed" else [end]
        text = "".join(line + ends[n % len(ends)] for n, line in enumerate(lines))
        (project.root / path).write_bytes(text.encode("utf-8-sig"))
    status, output = project.build()
    assert status == 0, output
    assert project.built() == before
