"""Terms and what they mean: defined on one page, shown wherever a page first uses them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from answerable import formula, page
from answerable.problem import Problem, Problems

PLACE = "glossary.md"  # in the docs folder
# A term is a heading; its other forms are an attribute of it, its definition the paragraph below.
ENTRY = re.compile(
    r'^## (?P<term>[^{\n]+?)[ \t]*(?:\{:?[^}\n]*?data-forms="(?P<forms>[^"]*)"[^}\n]*\})?[ \t]*\n'
    r"\s*(?P<definition>(?!#).+(?:\n(?!#).+)*)?",
    re.MULTILINE,
)
END = "<!-- end of prose -->"  # below it no term is marked
TAG = re.compile(r"<!--.*?-->|<(/?)(\w+)([^>]*)>", re.DOTALL)
# Where a term is not marked: in what can be pressed, is no prose, or has a mark of its own.
NOT_IN = re.compile(r"a|abbr|button|code|data|h\d|kbd|label|math|pre|samp|script|style|summary|svg")
CLAIM = 'class="claim"'


@dataclass(frozen=True)
class Glossary:
    """Definitions by the forms of their terms, in small letters."""

    terms: dict[str, str]
    definitions: dict[str, str]

    def mark(self, content: str) -> str:
        """A page's HTML in which the first use of each term shows what it means."""
        if not self.terms:
            return content
        forms = sorted(self.terms, key=len, reverse=True)
        words = "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in forms)
        term = re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE)
        seen: set[str] = set()

        def marked(match: re.Match[str]) -> str:
            name = self.terms[" ".join(match[0].lower().split())]
            if name in seen:
                return match[0]
            seen.add(name)
            definition = html.escape(self.definitions[name])
            return f'<abbr title="{definition}" tabindex="0">{match[0]}</abbr>'

        before, end, after = content.partition(END)
        parts = (term.sub(marked, text) if prose else text for text, prose in _parts(before))
        return "".join(parts) + end + after


def read(text: str, path: str) -> Glossary:
    """The glossary that the page at `path` is. Raises `Problems`."""
    terms: dict[str, str] = {}
    definitions: dict[str, str] = {}
    problems = []
    for entry in ENTRY.finditer(text):
        name, line = entry["term"], 1 + text.count("\n", 0, entry.start())
        if not entry["definition"]:
            what = f"'{name}' is not defined; write what it means in a paragraph below it"
            problems.append(Problem(path, line, what))
            continue
        marked = formula.mark(entry["definition"], path)
        definitions[name] = " ".join(page.plain(formula.unmark(marked, page.literal)).split())
        for form in (name, *filter(None, map(str.strip, (entry["forms"] or "").split(",")))):
            other = terms.setdefault(form.lower(), name)
            if other != name:
                what = f"'{form}' is a form of '{other}' already"
                problems.append(Problem(path, line, what))
    if problems:
        raise Problems(problems)
    return Glossary(terms, definitions)


def _parts(content: str) -> Iterator[tuple[str, bool]]:
    """The HTML piece by piece, and whether a piece is prose, in which terms may be marked."""
    within, depth, at = "", 0, 0
    for tag in TAG.finditer(content):
        yield content[at : tag.start()], not within
        yield tag[0], False
        at = tag.end()
        closing, name, attributes = tag[1], tag[2], tag[3] or ""
        if not within and name and not closing and (NOT_IN.fullmatch(name) or CLAIM in attributes):
            within, depth = name, 1
        elif within and name == within:
            depth += -1 if closing else 1
            within = within if depth else ""
    yield content[at:], not within
