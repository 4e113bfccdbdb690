"""Text to text: expands a page's cells, claims and values."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import markdown

from answerable.problem import Problem, Problems, nearest
from answerable.question import FrontMatter, split_front_matter

FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)")
OPTION = re.compile(r"(?P<key>alt|fold):[ \t]*(?P<value>.*)")
INLINE = re.compile(
    r"""\\.                                                       # an escaped character
    | <!--(?:(?!<!--).)*?-->                                      # a comment
    | (?<!`)(?P<ticks>`++)(?P<code>                               # a code span, in it no blank line
      (?:[^`\n]++|\n(?![ \t]*\n)|(?!(?P=ticks)(?!`))`++)++)(?P=ticks)(?!`)  # nor as many ticks
    | \[(?P<text>(?:[^\[\]`\\]|\\.|`[^`]*`|\[[^\[\]]*\])*)\]      # a link's text …
      \(claim:(?P<claim>[^\s()]*)\)                               # … and its target, a claim
    """,
    re.VERBOSE | re.DOTALL,
)
EXPRESSION = re.compile(r"\{python\}\s+(?P<expression>.+)", re.DOTALL)
STRAY = re.compile(r"\(\s*claim:|\{python\}")


@dataclass(frozen=True)
class Value:
    """An expression over the program's names, shown as what it came to when the site was built."""

    expression: str
    line: int


@dataclass(frozen=True)
class ClaimUse:
    """A sentence of the prose that a test stands for."""

    id: str
    text: tuple[str | Value, ...]
    line: int


@dataclass(frozen=True)
class CellUse:
    """The place of a cell, its figures' alternative texts, and whether its code is folded away."""

    name: str
    alts: tuple[tuple[str | Value, ...], ...]
    fold: bool
    line: int
    indent: str = ""


Piece = str | Value | ClaimUse | CellUse


@dataclass(frozen=True)
class Page:
    """A page taken apart: front matter, and the body's prose, cells, claims and values in order."""

    path: str
    front: FrontMatter
    pieces: tuple[Piece, ...]

    @property
    def cells(self) -> list[CellUse]:
        """The cells shown, in order."""
        return [piece for piece in self.pieces if isinstance(piece, CellUse)]

    @property
    def claims(self) -> list[ClaimUse]:
        """The claims made, in order."""
        return [piece for piece in self.pieces if isinstance(piece, ClaimUse)]

    @property
    def values(self) -> list[Value]:
        """Every value asked for: in the prose, in claims and in alternative texts."""
        found: list[Value] = []
        for piece in self.pieces:
            if isinstance(piece, CellUse):
                parts: Sequence[Piece] = [part for alt in piece.alts for part in alt]
            else:
                parts = piece.text if isinstance(piece, ClaimUse) else [piece]
            found += [part for part in parts if isinstance(part, Value)]
        return found


def parse(text: str, path: str) -> Page:
    """Take the page at `path` apart. Raises `Problems`: all that the page alone shows."""
    front, body, first_line = split_front_matter(text, path)
    parser = _Parser(path)
    pieces = tuple(parser.blocks(body, first_line))
    if parser.problems:
        raise Problems(parser.problems)
    return Page(path, front, pieces)


def check_names(
    path: str, kind: str, used: list[tuple[str, int]], known: list[str], unused: str
) -> list[Problem]:
    """Problems where the names used on a page are not exactly the known ones, in order.

    `used` has names and lines; `unused` says how to mend a known name that is not used.
    """
    problems = []
    seen: dict[str, int] = {}
    place = {name: at for at, name in enumerate(known)}
    last = -1
    for name, line in used:
        if name not in place:
            problems.append(Problem(path, line, f"no {kind} '{name}'; {nearest(name, known)}"))
        elif name in seen:
            what = f"{kind} '{name}' a second time (first: line {seen[name]})"
            problems.append(Problem(path, line, what))
        elif place[name] < last:
            what = f"{kind} '{name}' is out of order: it stands before '{known[last]}' in its file"
            problems.append(Problem(path, line, what))
        else:
            last = place[name]
        seen.setdefault(name, line)
    for name in known:
        if name not in seen:
            end = used[-1][1] if used else 1
            what = f"{kind} '{name}' is not on the page; {unused.format(name=name)}"
            problems.append(Problem(path, end, what))
    return problems


def render(
    pieces: Sequence[Piece],
    value: Callable[[Value], str],
    claim: Callable[[ClaimUse], str] = lambda claim: "",
    cell: Callable[[CellUse], str] = lambda cell: "",
) -> str:
    """The pieces as one text, each form written by its function."""
    written = []
    for piece in pieces:
        match piece:
            case Value():
                written.append(value(piece))
            case ClaimUse():
                written.append(claim(piece))
            case CellUse():
                written.append(cell(piece))
            case _:
                written.append(piece)
    return "".join(written)


WORDS = re.compile(r"[^\W\d_](?:[^\W_]|[ ,;:?.%'()/–—-])*")  # no Markdown in them


def plain(text: str) -> str:
    """A line of Markdown as the text a reader sees."""
    if WORDS.fullmatch(text):  # most are, and a converter takes long
        return text.strip()
    return html.unescape(re.sub(r"<[^<>]+>", "", unlinked(text)))


def unlinked(text: str) -> str:
    """A line of Markdown as HTML, its links as text."""
    return re.sub(r"</?(?:p|a)\b[^<>]*>", "", markdown.markdown(text)).strip()


def literal(text: str) -> str:
    """Text that Markdown and HTML leave alone."""
    return re.sub(r"[\\`*_{}\[\]()#+!|~^=$<>&\"'\n]", lambda match: f"&#{ord(match[0])};", text)


def escaped(text: str) -> str:
    """Text in one line of Markdown that is read as it stands, too (CommonMark)."""
    text = re.sub(r"[\\`*_~\[\]]", r"\\\g<0>", html.escape(text, quote=False))
    return " ".join(text.replace("$", "&#36;").split())


class _Parser:
    """Reads the body of the page at `path`; `problems` fills with what is wrong in it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def fault(self, line: int, what: str) -> None:
        self.problems.append(Problem(self.path, line, what))

    def blocks(self, body: str, first_line: int) -> Iterator[Piece]:
        """Prose piece by piece, fenced blocks as they stand, `cell` blocks as `CellUse`."""
        lines = re.findall(r".*\n|.+", body)  # what `splitlines` takes for more ends is no end here
        prose_from = at = 0
        while at < len(lines):
            opening = FENCE.match(lines[at])
            if not opening:
                at += 1
                continue
            yield from self.inline("".join(lines[prose_from:at]), first_line + prose_from)
            end = _fence_end(lines, at, opening["fence"])
            if opening["info"].strip() != "cell":
                yield "".join(lines[at : end + 1])
            elif end == len(lines):
                self.fault(first_line + at, "this cell's block is never closed")
            else:
                inside = [line.strip() for line in lines[at + 1 : end]]
                yield from self.cell(inside, opening["indent"], first_line + at)
            at = prose_from = end + 1
        yield from self.inline("".join(lines[prose_from:]), first_line + prose_from)

    def cell(self, lines: list[str], indent: str, line: int) -> Iterator[CellUse]:
        """A cell's name, then options, each of which may go on in the lines below it."""
        name, *rest = lines or [""]
        if not re.fullmatch(r"\w+", name):
            self.fault(line + 1, f"a cell's block starts with the cell's name alone, not '{name}'")
            return
        options: list[tuple[str, list[str]]] = []
        for number, text in enumerate(rest, line + 2):
            if match := OPTION.fullmatch(text):
                options.append((match["key"], [match["value"]]))
            elif options and options[-1][0] == "alt":
                options[-1][1].append(text)
            elif text:
                what = f"'{text}': expected 'alt: what the figure shows' or 'fold: true'"
                self.fault(number, what)
        fold = [value for key, (value, *_) in options if key == "fold"]
        if any(value not in ("true", "false") for value in fold):
            self.fault(line, f"'fold' is 'true' or 'false', not '{fold[0]}'")
        alts = tuple(
            tuple(part for part in self.inline(alt, line) if isinstance(part, str | Value))
            for key, texts in options
            if key == "alt" and (alt := " ".join(filter(None, texts)))
        )
        yield CellUse(name, alts, "true" in fold, line, indent)

    def inline(self, text: str, line: int) -> Iterator[Piece]:
        """Prose as plain text, values and claims."""
        plain_from = counted = 0
        here = line
        for match in INLINE.finditer(text):
            here += text.count("\n", counted, match.start())
            counted = match.start()
            if match["claim"] is not None:
                piece: Piece = self.claim(match["claim"], match["text"], here)
            elif match["code"] and (code := EXPRESSION.fullmatch(match["code"].strip())):
                piece = Value(" ".join(code["expression"].split()), here)
            else:
                continue
            before = text[plain_from : match.start()]
            yield from self.prose(before, here - before.count("\n"))
            yield piece
            plain_from = match.end()
        rest = text[plain_from:]
        yield from self.prose(rest, here + text.count("\n", counted) - rest.count("\n"))

    def claim(self, name: str, text: str, line: int) -> ClaimUse:
        parts = tuple(part for part in self.inline(text, line) if isinstance(part, str | Value))
        if not name or not parts:
            self.fault(line, "a claim is written [its sentence](claim:name)")
        return ClaimUse(name, parts, line)

    def prose(self, text: str, line: int) -> Iterator[str]:
        """Plain text. A claim or value that is not well formed would pass for such: say so."""
        visible = INLINE.sub(lambda match: re.sub(".", " ", match[0]), text)
        for stray in STRAY.finditer(visible):
            here = line + visible.count("\n", 0, stray.start())
            form = "`{python} expression`" if "python" in stray[0] else "[its sentence](claim:name)"
            self.fault(here, f"'{stray[0]}' is not well formed here; write {form}")
        if text:
            yield text


def _fence_end(lines: list[str], start: int, fence: str) -> int:
    """The line that closes the block opened at `start`, or the end of the text."""
    closing = re.compile(rf"[ \t]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*\n?")
    return next(
        (i for i in range(start + 1, len(lines)) if closing.fullmatch(lines[i])), len(lines)
    )
