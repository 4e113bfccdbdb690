"""Whatever stands in an author's files: a page or problems, in good time, no script."""

from __future__ import annotations

import contextlib
import gc
import html
import json
import os
import re
import time
from collections.abc import Callable
from xml.etree import ElementTree

import markdown
import pytest
from bs4 import BeautifulSoup
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nbconvert.filters import markdown2html

from answerable import (
    browser,
    claims,
    feeds,
    figures,
    notebook,
    page,
    question,
    references,
    search,
    snippet,
    web,
)
from answerable.problem import Problem, Problems

FRONT = """\
---
title: A question?
description: An answer.
asked_as: []
topic: Things
tags: []
date: 2025-11-24
sources: []
---
"""
ANY = settings(max_examples=150, deadline=None, database=None, derandomize="CI" in os.environ)


def mixed(*parts: str) -> st.SearchStrategy[str]:
    """Texts of these parts and of characters of every kind."""
    return st.lists(st.sampled_from(parts) | st.text(max_size=4), max_size=25).map("".join)


def in_it(raised: Problem | Problems, text: str) -> None:
    """Every problem names a line of the text, or the one after it."""
    for problem in raised.problems if isinstance(raised, Problems) else [raised]:
        assert 0 < problem.line <= text.count("\n") + 2


PROSE = mixed(
    *("`{python} x`", "{python}", "[a](claim:b)", "[", "](claim:", ")", "\\", "`", "``", "<!--"),
    *("-->", "```cell\n", "```", "~~~~", "\n", "\n\n", "    ", "\t", "- ", "alt: ", "fold: true"),
    *("a\n", ">", "\x0c", "\x1c", "\u2028", "\x85", "\0", "\ufeff", "<script>", "&lt;", "{: a=x }"),
)
CODE = mixed(
    *("# %% a\n", "# %% b\n", "#%%", "# %%", "\n", " ", "    ", "x = 1\n", "'''", '"""', '"'),
    *("\\", "\\\n", "(", ")", "def test_a():\n", "    pass\n", "@pytest.mark.breaks('x', 'y')\n"),
    *("@pytest.mark.breaks(", "class Test: pass", "\x0c", "\x1c", "\u2028", "\x85", "\0", "\ufeff"),
    *("async ", "f'{", "}'"),
).map(lambda text: text.replace("\r", "\n"))  # as it is when it was read
YAML = mixed(
    *(
        "title: ",
        "date: ",
        "sources: ",
        "\n",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "&a ",
        "*a",
        "!!",
        "!!int ",
    ),
    *("<<: ", "!!timestamp ", "2025-02-30", "? ", ": ", "|", ">", '"', "'", "\\ud800", "\\0", "#"),
    *(
        "%",
        "@",
        "...",
        "\t",
        "\0",
        "\x85",
        "\u2028",
        "0x",
        "1:60",
        ".inf",
        "~",
        "---\n",
        "9" * 5000,
    ),
)


@ANY
@given(PROSE)
@example("```code`` `{python} x`\n")
@example("<!-- <!-- `{python} x` -->")
def test_any_prose_is_a_page_or_a_problem(text):
    try:
        found = page.parse(FRONT + text, "page.md")
    except Problems as several:
        return in_it(several, FRONT + text)
    lines = (FRONT + text).split("\n")
    for it in [*found.values, *found.claims, *found.cells]:
        assert 0 < it.line <= len(lines)
    for value in found.values:
        assert value.expression.split()[0] in " ".join(lines[value.line - 1 :])
    if not found.cells:
        plain = page.render(found.pieces, value=lambda _: "", claim=lambda _: "")
        assert len(plain) <= len(text)
        if not (found.values or found.claims):
            assert plain == text


@ANY
@given(CODE)
@example('# %% a\nx = "\x0c"\n# %% b\ny = 1\n')
@example('# %% a\nx = "\u2028"\n# %% b\ny = 1\n')
@example("# %% a\n" + "-" * 200_000 + "1")
@example("# %% a\nx" + ".a" * 200_000)
def test_any_text_is_a_program_or_a_problem(text):
    try:
        program = snippet.parse(text, "a.py")
    except Problem as problem:
        return in_it(problem, text)
    lines = text.split("\n")
    for cell in program.cells:
        if cell.source:
            assert cell.source.split("\n")[0].rstrip() == lines[cell.line - 1].rstrip()
        for node in snippet.compile_cell(cell, "a.py").body:
            assert cell.line <= node.lineno <= len(lines)
    snippet.future_flags(text)
    snippet.imports(text)


@ANY
@given(CODE)
@example('import pytest\n@pytest.mark.breaks({[]: 1}, "x")\ndef test_a(): pass\n')
@example("x = '\x0c'\ndef test_a():\n    pass\n")
@example("x" + ".a" * 200_000)
def test_any_text_is_claims_or_a_problem(text):
    try:
        found = claims.read(text, "test_a.py")
    except Problem as problem:
        return in_it(problem, text)
    for claim in found:
        assert f"def {claim.test}" in " ".join(claim.source.split())
        assert claim.source in text


@ANY
@given(YAML)
@example("date: 2025-02-30\n")
@example("date: 0x" + "9" * 5000)
@example("date: !!timestamp x")
@example("tags: " + "[" * 3000)
@example('title: "a\\0b"')
@example('title: "a\\ud800b"')
@example("hide: [toc]")
def test_any_front_matter_is_read_or_a_problem(text):
    try:
        front, _, _ = question.split_front_matter(f"---\n{text}\n---\nBody", "page.md")
    except (Problem, Problems) as problem:
        return in_it(problem, f"---\n{text}\n---\nBody")
    assert "\n" not in front.title


def test_aliases_that_multiply_are_said_in_a_line():
    levels = "".join(f"  - &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]\n" for n in range(1, 12))
    with pytest.raises(Problems, match="'date' must be a date") as caught:
        question.split_front_matter(f"---\ndate:\n  - &b0 x\n{levels}---\n", "page.md")
    assert len(str(caught.value)) < 3000


@pytest.mark.parametrize(
    "source",
    [
        *("<b>x</b>", "<!-- x", "[x](javascript:x)", "![x]( javascript:x)", "[x](<javascript:x>)"),
        *(
            "[x](java&#115;cript:x)",
            "[x](JAVASCRIPT:x)",
            "[x]: javascript:x",
            "[x](data:text/html,x)",
        ),
    ],
)
def test_a_source_holds_no_html_and_no_link_but_to_pages(source):
    text = FRONT.replace("sources: []", f"sources: ['{source}']")
    with pytest.raises(Problems, match=r"page.md:8: a source holds no HTML"):
        page.parse(text, "page.md")


@pytest.mark.parametrize(
    "source",
    [
        "A. Author (1713). *A book* {B}, [a page](https://example.org/a_(b)), <https://example.org>.",
        "[another](other.md#part), [below](#here); 1 < 2, a <- b",
    ],
)
def test_a_source_may_lead_to_pages(source):
    text = FRONT.replace("sources: []", f"sources: ['{source}']")
    assert page.parse(text, "page.md").front.sources == (source,)


SAID = mixed(
    *("<script>x</script>", "<!--", "-->", "&lt;", "&amp;", "[x](javascript:y)", "![x](y)", "`"),
    *("``", "*", "_", "__", "$x$", "\\", "\\(", "{: onclick=x }", "{", "}", "<b", ">", '"', "'"),
    *("| a |", "~~", "#", "==", "\n", "\n\n", "\n# ", "\n    ", "a", " "),
).filter(lambda text: not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", text))


def words(text: str) -> str:
    """What of a text a browser shows."""
    return " ".join(text.split())


def seen(written: str) -> str:
    """The text that a browser shows; there is nothing else in this HTML."""
    tags = set(re.findall(r"<[^>]*>", written)) - {"<p>", "</p>"}
    assert not tags, written
    return words(html.unescape(re.sub(r"<[^>]*>", "", written)))


@ANY
@given(SAID)
def test_text_is_seen_letter_for_letter(text):
    extensions = ["attr_list", "tables", "admonition", "pymdownx.superfences"]
    said = f"so {page.literal(text)} it is"
    assert seen(markdown.markdown(said, extensions=extensions)) == words(f"so {text} it is")
    said = f"so {page.escaped(text)} it is"
    assert seen(markdown2html(said)) == words(f"so {text} it is")


LINEAR = {
    "a run of ticks": lambda n: prose("`" * n + "x" * n),
    "ticks of many lengths": lambda n: prose(" ".join("`" * i for i in range(1, int(n**0.5)))),
    "comments never closed": lambda n: prose("<!-- " * n),
    "brackets": lambda n: prose("[" * n),
    "brackets around ticks": lambda n: prose("[`" * n),
    "brackets around code": lambda n: prose("[`a`" * n),
    "escapes": lambda n: prose("\\a\n" * n),
    "code": lambda n: prose("`a`\n" * n),
    "claims": lambda n: prose("[x](claim:a)\n" * n),
    "fences": lambda n: prose("````\n```\n" * n),
    "an alternative text": lambda n: prose("```cell\na\nalt: x\n" + "more text\n" * n + "```\n"),
    "names that agree": lambda n: names(numbered("a{}", n), numbered("a{}", n)),
    "names that do not": lambda n: names(numbered("a{}", n // 100), numbered("b{}", n)),
    "cells": lambda n: snippet.parse("".join(numbered("# %% a{}\nx = 1\n", n)), "a.py"),
    "tests": lambda n: claims.read("".join(numbered("def test_a{}(): 0\n", n)), "a.py"),
    "front matter": lambda n: front("--- x\n" * n),
    "a source": lambda n: question.MARKUP.search("[" * n + "](a" * n + "]( " * n),
    "scripts never closed": lambda n: web.outside("<script>" * n, "."),
    "places": lambda n: web.fill("<p>" + " " * n + "<p> " * n, {}),
    "lists never closed": lambda n: web.LIST.sub("", "<!-- questions a: " * n),
    "links": lambda n: notebook.LINK.sub("", "](" * n + ".md" * n),
    "details": lambda n: notebook.DETAILS.sub("", '??? a "' * n + '??? a "\n' * n),
    "spaces in a figure": lambda n: figures._clean("<svg>" + " " * n),
    "words in a figure": lambda n: figures._clean("<svg>" + "font-family: " * n),
    "references": lambda n: list(references._find("[a](b " * n + "[a]" * n, "page.md")),
    "references in brackets": lambda n: list(references._find("[[a](" * n, "page.md")),
    "references over lines": lambda n: list(references._find("[a](https://b)\n" * n, "page.md")),
    "references in code": lambda n: list(references._find("```\n~~~~\n" * n, "page.md")),
    "references in ticks": lambda n: list(references._find("`a ``b " * n, "page.md")),
    "the search's text": lambda n: search.Index().add({"": [found("<" * n)]}),
}


def prose(text: str) -> None:
    with contextlib.suppress(Problems):
        page.parse(FRONT + text, "page.md")


def front(text: str) -> None:
    with pytest.raises(Problem):
        question.split_front_matter(f"---\n{text}", "page.md")


def numbered(text: str, count: int) -> list[str]:
    return [text.format(number) for number in range(count)]


def found(text: str) -> dict[str, str]:
    return {"location": "", "title": text, "text": text}


def names(used: list[str], known: list[str]) -> None:
    page.check_names("page.md", "claim", [(name, 1) for name in used], known, "mend {name}")


def seconds(work: Callable[[int], object], size: int) -> float:
    """This thread's time for the work, the least of three: what disturbs it only adds."""

    def once() -> float:
        started = time.thread_time()
        work(size)
        return time.thread_time() - started

    gc.collect()
    gc.disable()  # how much it collects depends on all that there is
    try:
        return min(once() for _ in range(3))
    finally:
        gc.enable()


@pytest.mark.parametrize("name", LINEAR)
def test_four_times_the_length_takes_about_four_times_as_long(name):
    """And not sixteen times; the bound lies between."""
    work, size = LINEAR[name], 1000
    while seconds(work, size) < 0.01 and size < 300_000:
        size *= 2
    assert seconds(work, 4 * size) < 10 * seconds(work, size)


EVIL = (
    "</title></script></a></pre></samp></data></p>--><script>alert(1)</script>"
    "<img src=x onerror=alert(1)>\" onmouseover=\"alert(1)\"' onclick='alert(1)' "
    "<svg onload=alert(1)> [x](javascript&#58;alert(1)) ![y](javascript&#58;alert(1)) "
    "<javascript:alert(1)> `c` {onclick=alert(1)} {: onclick='alert(1)' } ]]> <!-- questions --> "
    "{{ config }} {% raw %} &lt;script&gt; */ </style>"
)
EVIL_PAGE = """---
title: TEXT
description: TEXT
asked_as: [TEXT]
topic: TEXT
tags: [TEXT, averages]
date: 2025-01-01
posts: {P1: TEXT, TEXT: ''}
revisions: {2025-02-01: TEXT}
sources: ['A {onclick=alert(1)}. [x](https://example.org){onclick=alert(1)}']
---
Short `{python} EVIL`, raw `{python} f"{EVIL}"`, `{python} LINES`, raw `{python} f"{LINES}"`.

```cell
a
alt: Alt `{python} EVIL` &lt;script&gt;
```

[A claim `{python} EVIL` is made](claim:holds).
"""
EVIL_PROGRAM = """# %% a
import matplotlib.pyplot as plt
EVIL = TEXT
LINES = f"a\\n\\n<script>alert(1)</script>\\n\\n# b\\n\\n    [x](javascript:alert(1))\\n\\n{EVIL}"
print(EVIL)
print("```\\n<script>alert(1)</script>")
fig, ax = plt.subplots()
ax.plot([0, 1], [0, 1], label=EVIL, gid='"><script>alert(1)</script>', url="javascript:alert(1)")
ax.set_xlabel(EVIL, url="javascript:alert(1)", gid='x" onclick="alert(1)')
ax.set_title(EVIL)
ax.bar([0], [1], label=EVIL)
EVIL
"""
EVIL_TEST = """import pytest
from evil import EVIL
@pytest.mark.breaks("print(EVIL)", TEXT)
def test_holds():
    TEXT
    assert EVIL
"""


@pytest.fixture
def evil(project, monkeypatch):
    """A question that says the same everywhere, built in full."""
    shared = {browser.FOLDER + name: b"" for name in [*browser.runtime.LOCK["files"], "engine.zip"]}
    monkeypatch.setattr(browser, "files", lambda: shared)
    project.edit(
        "mkdocs.yml",
        "theme: {name: mkdocs}",
        "site_url: https://example.org/a/\nrepo_url: https://github.com/a/b\ntheme: material",
    )
    plugins = "[search, answerable: {time_limit: 20}, mkdocs-jupyter]"
    project.edit("mkdocs.yml", "[answerable: {time_limit: 20, browser: false}]", plugins)
    project.edit("mkdocs.yml", "[pymdownx.details]", "[pymdownx.details, attr_list, tables]")
    lists = "<!-- questions -->\n\n<!-- questions posts: P1 -->\n\n<!-- revisions -->\n"
    (project.root / "docs/index.md").write_text(f"# Home\n\n{lists}")
    (project.root / "docs/questions/evil.md").write_text(
        EVIL_PAGE.replace("TEXT", json.dumps(EVIL))
    )
    for path, text in (("snippets/evil.py", EVIL_PROGRAM), ("tests/test_evil.py", EVIL_TEST)):
        (project.root / path).write_text(text.replace("TEXT", repr(EVIL)))
    status, said = project.build()
    assert status == 0, said
    return project.root / "site"


def test_what_is_said_is_text_in_every_page(evil):
    pages = sorted(evil.rglob("*.html"))
    assert len(pages) == 6
    for path in pages:
        soup = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for script in soup.find_all("script"):
            kind = script.get("type")
            assert script.get("src") or kind in ("application/ld+json", "application/json"), script
        for element in soup.find_all(True):
            for name, value in element.attrs.items():
                assert not name.startswith("on"), element
                assert not str(value).strip().lower().startswith("javascript:"), element
    assert not [path for path in evil.rglob("*.js") if "alert(1)" in path.read_text("utf-8")]


def test_what_is_said_arrives_letter_for_letter(evil):
    soup = BeautifulSoup((evil / "questions/evil/index.html").read_text("utf-8"), "html.parser")
    (data,) = (json.loads(it.string) for it in soup.find_all("script", type="application/ld+json"))
    assert data["mainEntity"]["name"] == EVIL
    assert data["mainEntity"]["acceptedAnswer"]["text"] == EVIL
    for name in ("description", "og:title", "og:description"):
        (said,) = soup.select(f'meta[name="{name}"], meta[property="{name}"]')
        assert said["content"] == EVIL
    assert soup.title.string == f"{EVIL} - Small"
    assert [(it["value"], words(it.text)) for it in soup.select("p > data")[:2]] == [
        (EVIL, EVIL)
    ] * 2
    lines = soup.select("p > data")[2]
    assert words(lines["value"]) == words(lines.text)
    assert soup.select_one("samp").text.startswith(f"{EVIL}\n```\n<script>")
    assert EVIL in [it.text for it in soup.select("table th, table caption")]
    (claim,) = (it for it in json.loads((evil / "claims.json").read_text()) if it["id"] == "holds")
    assert claim["statement"] == f"A claim {EVIL} is made"
    program = json.loads((evil / "questions/evil/program.json").read_text())
    assert program["breaks"] == {"holds": [["print(EVIL)", EVIL]]}
    feed = ElementTree.fromstring((evil / "feed.xml").read_text("utf-8"))
    assert EVIL in [it.text for it in feed.iter(f"{{{feeds.ATOM}}}title")]
    titles = json.loads((evil / search.TITLES_FILE).read_text("utf-8"))
    assert {"title": EVIL, "asked": [EVIL], "description": EVIL}.items() <= titles[-1].items()
    soup = BeautifulSoup((evil / "notebooks/evil/index.html").read_text("utf-8"), "html.parser")
    assert soup.title.string == f"{EVIL} - Small"
    assert words(soup.h1.text.rstrip("¶")) == EVIL
    notebook = json.loads((evil / "notebooks/evil/evil.ipynb").read_text("utf-8"))
    assert notebook["cells"][1]["outputs"][0]["text"].startswith(EVIL)
    for name in ("llms.txt", "questions/evil/index.html.md"):
        text = (evil / name).read_text("utf-8")
        written = re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
        assert "<script>" not in written
        assert page.escaped(EVIL) in written
