"""Formulas: found where they are meant, rendered at build time, right wherever a page is read."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess

import pytest
from fontTools.ttLib import TTFont

from answerable import formula
from answerable.browser import runtime
from answerable.problem import Problems
from answerable.tests.conftest import Project

HOME = "docs/index.md"


def found(text):
    return [
        (it.tex, it.display, it.line) for it in formula.find(formula.mark(text, "p.md"), "p.md")
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a $x$ b\n\n$y_1$", [("x", False, 1), ("y_1", False, 3)]),
        ("$$\n\\frac{a}\n  {b}\n$$", [("\\frac{a}\n{b}", True, 2)]),
        ("so $$x$$, [the $E[x]$ of](claim:it)", [("x", True, 1), ("E[x]", False, 1)]),
        ("a $x\n+ y$ b", [("x\n+ y", False, 1)]),
        ("- item\n\n    in it $x$", [("x", False, 3)]),
        ('??? note "T"\n\n    $$\n    x\n    $$\n', [("x", True, 4)]),
        ("> $$\n> x\n> $$", [("x", True, 2)]),
        (r"$5\$ + \text{a \$}$", [(r"5\$ + \text{a \$}", False, 1)]),
        ("| $p(a|s)$ | b |", [("p(a|s)", False, 1)]),
    ],
)
def test_formulas_are_found_with_their_lines(text, expected):
    assert found(text) == expected
    assert formula.mark(text, "p.md").count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $6",
        "US$5/US$6, $ 7$",
        "5$ and 6$",
        r"\$x$ and \$y\$",
        "`$x$` and ``$`x`$``",
        "```\n$x$\n```",
        "~~~~\n$x$\n```\n$$\n~~~~",
        "text\n\n    $x$ in code",
        "- item\n\n        $x$ in code",
        "- item\n\ntext\n\n    $x$ in code",
        "<!-- $x$ --> <code>$x$</code>",
        "[a](http://b/$c$)",
        "---\ntitle: of $x$\n---\ntext",
        "$x\n\ny$",
    ],
)
def test_code_money_and_what_is_escaped_are_no_formulas(text):
    assert found(text) == []


@pytest.mark.parametrize("text", ["a\n\n$$ x\n\nb", "a\n\n## Of $x$", "a\n\n$$ $$"])
def test_what_cannot_be_a_formula_is_said_with_its_line(text):
    with pytest.raises(Problems) as caught:
        formula.mark(text, "p.md")
    assert [problem.line for problem in caught.value.problems] == [3]


@pytest.fixture
def written(project: Project) -> Project:
    """A project with formulas on both its pages, in all the places where they may stand."""
    project.edit(HOME, "# Home", "# Home\n\nIt is $a < b$, for $5 and $6. | `$c$`")
    project.edit(
        Project.page,
        "Name the wrong idea",
        "See $\\sigma_1 * x_1$, \\$7 and $8.\n\n$$\n\\sum_{i=1}^n x_i\n$$\n\nName",
    )
    project.edit(Project.page, "lie around", "with $\\mu_1 < 2$ lie around")
    return project


def test_a_page_holds_them_rendered_with_mathml_and_loads_their_style(written):
    assert written.build("--strict")[0] == 0
    for path, root in (("index.html", "."), ("questions/dice/index.html", "../..")):
        page = (written.root / "site" / path).read_text()
        assert f'<link rel="stylesheet" href="{root}/assets/formulas.css">' in page
        assert "data-tex" not in page
        assert "<math" in page
    home = (written.root / "site/index.html").read_text()
    assert "for $5 and $6. | <code>$c$</code>" in home.replace("&#36;", "$")
    assert page.count('<span class="katex-display">') == 1
    assert page.count('class="formula" role="group" aria-label="Formula" tabindex="0"') == 1
    assert page.count(r"\mu_1 &lt; 2</annotation>") == 2  # in the claim, and above its test
    style = (written.root / "site/assets/formulas.css").read_text()
    assert "ttf" not in style
    assert re.findall(r"url\((?!data:font/woff2)", style) == []


def test_a_page_without_formulas_loads_no_style(project):
    assert project.build()[0] == 0
    assert "formulas.css" not in (project.root / "site/index.html").read_text()
    assert not (project.root / "site/assets/formulas.css").exists()


def test_other_readers_get_tex(written):
    assert written.build()[0] == 0
    site = written.root / "site"
    for path in ("notebooks/dice.ipynb", "questions/dice/index.html.md"):
        text = (site / path).read_text().replace("\\\\", "\\")
        assert r"$\sigma_1 * x_1$, \$7 and \$8." in text
        assert r"$$\sum_{i=1}^n x_i$$" in text
        assert r"with $\mu_1 < 2$ lie around" in text
    said = [claim["statement"] for claim in json.loads((site / "claims.json").read_text())]
    assert any(r"with $\mu_1 < 2$ lie around" in statement for statement in said)


def test_the_notebook_as_a_page_and_the_search(written):
    written.edit("mkdocs.yml", "browser: false}]", "browser: false}, mkdocs-jupyter, search]")
    written.edit("mkdocs.yml", "name: mkdocs", "name: material, font: false")
    assert written.build("--strict")[0] == 0
    view = (written.root / "site/notebooks/dice/index.html").read_text()
    assert '<span class="katex-display">' in view
    assert view.count("<math") == 3
    assert "$\\" not in view
    assert "$7 and $8" in view.replace("&#36;", "$")
    assert "assets/formulas.css" in view
    index = (written.root / "site/search/search_index.json").read_text()
    assert not re.search(r"sigma|mu_1|data-tex|katex|sum_", index)


def test_a_warm_build_starts_no_node(written, monkeypatch):
    assert written.build()[0] == 0
    before = written.built()

    def none(*_, **__):
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "run", none)
    assert written.build()[0] == 0
    assert written.built() == before


def test_without_katex_the_site_is_built_with_tex_and_says_so(written, monkeypatch):
    def none():
        raise runtime.Unavailable("npm: no network")

    monkeypatch.setattr(runtime, "katex", none)
    status, said = written.build()
    assert status == 0
    assert "Formulas are shown as TeX: npm: no network" in said
    assert "It is <code>a &lt; b</code>" in (written.root / "site/index.html").read_text()
    assert (
        "<code>\\sum_{i=1}^n x_i</code>"
        in (written.root / "site/questions/dice/index.html").read_text()
    )
    monkeypatch.undo()
    assert written.build("--strict")[0] == 0


def test_fonts_hold_the_letters_in_use_and_no_others(written):
    assert written.build()[0] == 0
    style = (written.root / "site/assets/formulas.css").read_text()
    held = {}
    for face in re.findall(r"@font-face{[^}]*}", style):
        name = re.search(r"KaTeX_\w+", face)[0]
        data = base64.b64decode(re.search(r"base64,([^)]*)", face)[1])
        with TTFont(io.BytesIO(data)) as font:
            held[name] = set(map(chr, font.getBestCmap()))
    assert held["KaTeX_Main"] >= set("12<∗=")
    assert held["KaTeX_Math"] >= set("abxinσμ")
    assert "∑" in held["KaTeX_Size2"]
    assert not held["KaTeX_Main"] & set("37Z")
    assert held.keys() < {"KaTeX_Main", "KaTeX_Math", "KaTeX_Size1", "KaTeX_Size2", "KaTeX_Size3"}
