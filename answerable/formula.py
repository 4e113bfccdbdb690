"""Formulas in prose: an empty element takes the place of each, and carries its TeX.

Markdown leaves such a mark alone, and a search that reads the page finds no TeX in it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass

from answerable.page import literal
from answerable.problem import Problem, Problems

# `$…$` as Pandoc reads it, so that "$5 and $6" is money; no formula goes over a blank line.
TOKEN = re.compile(
    r"""\A---\n(?s:.*?)^---$  # front matter
    | (?P<block>^(?:[ \t]*\n)+(?=[ ]{4}|\t)(?:(?:[ ]{4}|\t).*(?:\n|\Z)|[ \t]*\n)+)  # indented
    | ^[ \t]*(?P<fence>`{3,}|~{3,})[^`\n]*\n(?s:.*?)(?:^[ \t]*(?P=fence)[`~]*[ \t]*$|\Z)
    | <!--(?s:.*?)--> | <(?P<tag>code|pre|script|style)\b(?s:.*?)</(?P=tag)> | <\w+:[^>\s]*>
    | (?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n)(?s:.))+?(?<!`)(?P=ticks)(?!`)  # a code span
    | \]\([^()\s]*                                                       # where a link leads
    | \\(?P<escaped>[^\n])
    | \$\$(?P<display>(?:(?!\n[ \t]*\n)(?:\\[^\n]|[^$\\]))+?)\$\$
    | (?P<open>\$\$)
    | \$(?P<inline>(?![\s$])(?:(?!\n[ \t]*\n)(?:\\[^\n]|[^$\\`]))+?)(?<!\s)\$(?!\d)
    | (?P<dollar>\$)""",
    re.VERBOSE | re.MULTILINE,
)
OPENER = re.compile(r"^[ \t]*(?:[-*+:]|\d+\.|!!!|\?\?\?\+?|===\+?|\[\^[^\]]+\]:)[ \t]", re.M)
MARK = '<span data-formula="{}" data-tex="{}"></span>'
MARKED = re.compile(r'<span data-formula="(inline|display)" data-tex="([^"]*)"></span>')
DOLLAR = "&#36;"


@dataclass(frozen=True)
class Formula:
    """A formula in the file at `path`; `display` if it stands on a line of its own."""

    tex: str
    display: bool
    path: str = ""
    line: int = 0

    @property
    def source(self) -> str:
        """As an author writes it, and Jupyter reads it."""
        return f"$${self.tex}$$" if self.display else f"${self.tex}$"


def mark(text: str, path: str) -> str:
    """The Markdown of the file at `path` with an element for each formula; its lines stay.

    Raises `Problems`: what cannot be a formula.
    """
    problems: list[Problem] = []
    marked = _mark(text, path, 1, problems)
    if problems:
        raise Problems(problems)
    return marked


def find(marked: str, path: str) -> list[Formula]:
    """The formulas in marked text, each with the line in which its TeX begins."""
    found = []
    for match in MARKED.finditer(marked):
        begins = match.end(2) - len(match[2].lstrip())
        found.append(Formula(*read(match), path, 1 + marked.count("\n", 0, begins)))
    return found


def unmark(marked: str, write: Callable[[str], str]) -> str:
    """Marked text with its formulas in TeX again, `write` being what becomes of it."""
    return MARKED.sub(lambda match: write(Formula(*read(match)).source), marked)


def _mark(text: str, path: str, first_line: int, problems: list[Problem]) -> str:
    def marked(match: re.Match[str]) -> str:
        line = first_line + text.count("\n", 0, match.start())
        if match["block"]:
            before = text[: match.start()].rstrip("\n").rpartition("\n\n")[2]
            if not OPENER.search(before):
                return match[0]  # code
            inner = re.sub(r"^(?:[ ]{4}|\t)", "", match[0], flags=re.MULTILINE)
            return re.sub(r"^(?=.)", "    ", _mark(inner, path, line, problems), flags=re.MULTILINE)
        if match["dollar"] or match["escaped"] == "$":
            return DOLLAR
        start = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        tex = match["display"] or match["inline"]
        if match["open"] or (tex is not None and not tex.strip()):
            problems.append(
                Problem(path, line, "write a formula as $$…$$, with no blank line in it")
            )
        elif tex and re.match(r"#{1,6}\s", start):
            what = "no formula in a heading: menus and the search show it as plain text"
            problems.append(Problem(path, line, what, tex))
        elif tex:
            if start.lstrip().startswith(">"):
                tex = re.sub(r"\n[ \t]*>[ \t]?", "\n", tex)
            written = "\n".join(
                map(literal, tex.split("\n"))
            )  # the lines below stay where they are
            return MARK.format("display" if match["display"] else "inline", written)
        return match[0]

    return TOKEN.sub(marked, text)


def read(match: re.Match[str]) -> tuple[str, bool]:
    """TeX without indents, which differ from one rendering of Markdown to the next."""
    lines = html.unescape(match[2]).strip().splitlines()
    return "\n".join(line.strip() for line in lines), match[1] == "display"
