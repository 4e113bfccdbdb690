"""Whatever stands in an author's files: a page or problems, in good time, no script."""

from __future__ import annotations

import contextlib
import html
import os
import re
import time
from collections.abc import Callable

import markdown
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nbconvert.filters import markdown2html

from answerable import claims, figures, notebook, page, question, search, snippet, web
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
    "the search's text": lambda n: search.files([found("<" * n)], []),
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
    """The processor's time that the work takes."""
    started = time.process_time()
    work(size)
    return time.process_time() - started


@pytest.mark.parametrize("name", LINEAR)
def test_four_times_the_length_takes_about_four_times_as_long(name):
    """And not sixteen times: the bound lies between, and one of three tries may be disturbed."""
    work, size = LINEAR[name], 1000
    while seconds(work, size) < 0.03 and size < 300_000:
        size *= 2
    tries = (seconds(work, 4 * size) / seconds(work, size) for _ in range(3))
    assert any(ratio < 10 for ratio in tries)
