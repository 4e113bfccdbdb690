"""Splits a percent-format program into named cells."""

from __future__ import annotations

import ast
import functools
import importlib
import io
import re
import threading
import tokenize
from dataclasses import dataclass

from answerable.problem import Problem

MARKER = re.compile(r"#\s*%%(?P<title>.*)")
NAME = re.compile(r"[A-Za-z]\w*")
# What reading a text as Python may raise: on what is none, has a zero byte or is nested too deeply.
NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)
_parsing = threading.Lock()  # `ast.parse` in several threads at once can fail (Python 3.11)


@dataclass(frozen=True)
class Cell:
    """One named part of a program; `line` is where its first line of code stands in the file."""

    name: str
    source: str
    line: int


@dataclass(frozen=True)
class Snippet:
    """A program: `text` as it stands in the file, and the cells it consists of."""

    path: str
    text: str
    cells: tuple[Cell, ...]
    head: str = ""  # what stands before the first cell: the docstring, comments

    @property
    def names(self) -> list[str]:
        """The cells' names, in the program's order."""
        return [cell.name for cell in self.cells]


def parse(text: str, path: str) -> Snippet:
    """Split `text` (the file at `path`) at its `# %% name` markers.

    Raises `Problem` on a syntax error (also of one cell alone, since a cell is run alone), on a
    marker that is not just a name, on a repeated name, and on code outside any cell.
    """
    with _parsing:
        return _parse(text, path)


def _parse(text: str, path: str) -> Snippet:
    try:
        tree = ast.parse(text)
    except NOT_PYTHON as error:
        raise _syntax_problem(error, path) from None
    lines = text.split("\n")  # as the tokenizer counts them: not at form feeds and the like
    markers = _markers(text)
    if not markers:
        raise Problem(path, 1, "no cells: start each part of the program with a line '# %% name'")
    for node in tree.body:
        if node.lineno < markers[0][0] and not _is_docstring(node):
            raise Problem(path, node.lineno, "code before the first cell: no reader would see it")
    cells: list[Cell] = []
    first: dict[str, int] = {}
    ends = [line for line, _ in markers[1:]] + [len(lines) + 1]
    for (line, title), end in zip(markers, ends, strict=True):
        if not NAME.fullmatch(title):
            hint = " (prose has one home, the page)" if "[" in title else ""
            raise Problem(
                path,
                line,
                f"'# %%' takes one name of letters, digits and underscores, not '{title}'{hint}",
            )
        if title in first:
            raise Problem(path, line, f"two cells are named '{title}' (first: line {first[title]})")
        first[title] = line
        body = lines[line : end - 1]
        skipped = next((i for i, text_line in enumerate(body) if text_line.strip()), 0)
        cells.append(Cell(title, "\n".join(body[skipped:]).rstrip(), line + 1 + skipped))
    head = "\n".join(lines[: markers[0][0] - 1]).rstrip()
    snippet = Snippet(path, text, tuple(cells), head)
    for cell in cells:
        _tree(cell, path)
    return snippet


def compile_cell(cell: Cell, path: str) -> ast.Module:
    """The cell's syntax tree, its line numbers those of the file at `path`. Raises `Problem`."""
    return ast.increment_lineno(_tree(cell, path), cell.line - 1)


def _tree(cell: Cell, path: str) -> ast.Module:
    try:
        return ast.parse(cell.source, filename=path)
    except NOT_PYTHON as error:
        alone = f"in cell '{cell.name}' alone: "
        raise _syntax_problem(error, path, alone, cell.line) from None


def future_flags(text: str) -> int:
    """The compiler flags set by a program's `from __future__ import …`, for all its cells."""
    features = importlib.import_module("__future__")
    flags = 0
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                flags |= getattr(features, alias.name).compiler_flag
    return flags


BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")  # where statements have statements


@functools.lru_cache(4096)  # of one program it is asked often
def imports(text: str) -> frozenset[str]:
    """The dotted names of the modules that a program imports, anywhere in it."""
    found: set[str] = set()
    todo: list[ast.AST] = [ast.parse(text)]
    while todo:
        node = todo.pop()
        for block in BLOCKS:  # expressions, which are most of a program, import nothing
            todo += getattr(node, block, ())
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return frozenset(found)


def _markers(text: str) -> list[tuple[int, str]]:
    """Line and title of every marker; a marker is a comment, so one inside a string is none."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [
        (token.start[0], match["title"].strip())
        for token in tokens
        if token.type == tokenize.COMMENT and token.start[1] == 0
        if (match := MARKER.fullmatch(token.string))
    ]


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _syntax_problem(error: Exception, path: str, where: str = "", first: int = 1) -> Problem:
    """What is wrong in a text whose first line is the file's line `first`."""
    if isinstance(error, SyntaxError):
        line, code = (error.lineno or 1) + first - 1, (error.text or "").rstrip()
        return Problem(path, line, f"{where}{type(error).__name__}: {error.msg}", code)
    return Problem(path, first, f"{where}not a Python program: {error or 'too deeply nested'}")
