"""A program's cells run one after the other, in this process: what each gave, and values."""

from __future__ import annotations

import ast
import linecache
import sys
import traceback
import types
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from answerable import snippet
from answerable.figures import drawn
from answerable.problem import Problem, nearest

# Wherever a program runs: its sums are not split among threads, and its figures open no window.
ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "template",
}
VALUE_LIMIT = 1_000  # characters a value in the prose may have
OUTPUT_LIMIT = {"value": 100_000, "figure": 2_000_000}  # characters, of a cell's


@dataclass
class Output:
    """What a cell gave, by `kind`.

    "text" was printed, "value" is that of the last expression, "figure" is SVG, and "numbers" are
    those of the figure before it, as tables in JSON (`figures.numbers`).
    """

    kind: str
    content: str


class Session:
    """One program, as the module that its tests will import.

    `file` is where the program lies, `flags` are the compiler's (`snippet.future_flags`).
    """

    draws = True  # whether a cell gives the figures that it drew

    def __init__(self, file: Path, stem: str, flags: int = 0) -> None:
        self.stem, self.flags = stem, flags
        self.module = types.ModuleType(stem)
        self.module.__file__ = str(file)
        sys.modules[stem] = self.module
        if str(file.parent) not in sys.path:
            sys.path.insert(0, str(file.parent))

    def quote(self, path: str, text: str) -> None:
        """Have tracebacks quote this text, which need not be what the file at `path` holds."""
        linecache.cache[path] = (len(text), None, text.splitlines(True), path)

    def run_cell(self, cell: snippet.Cell, path: str) -> list[Output]:
        """Run a cell of the program known as `path`; what it gave besides what it printed.

        Raises `Problem` if it raises anything.
        """
        names = vars(self.module)
        tree = snippet.compile_cell(cell, path)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        value = None
        try:
            exec(compile(tree, path, "exec", self.flags, dont_inherit=True), names)
            if isinstance(last, ast.Expr):
                tail = ast.Expression(last.value)
                value = eval(compile(tail, path, "eval", self.flags, dont_inherit=True), names)
            outputs = [] if value is None else [_output("value", repr(value))]
            for svg, numbers in drawn(f"{self.stem}-{cell.name}") if self.draws else ():
                outputs += [_output("figure", svg), _output("numbers", numbers)]
        except BaseException as error:
            _raise_problem(error, cell, path)
        return outputs

    def value(self, expression: str, path: str, line: int) -> tuple[str, str]:
        """The value as text in full, and as it is to be shown. Raises `Problem`."""
        names = vars(self.module)
        try:
            tree = ast.parse(expression, mode="eval")
            shown = str(eval(compile(tree, path, "eval"), names))
            raw = shown
            # f"{x:.2f}" shows a rounded x: what stands in the braces is the value in full.
            if isinstance(tree.body, ast.JoinedStr) and len(tree.body.values) == 1:
                formatted = tree.body.values[0]
                if isinstance(formatted, ast.FormattedValue):
                    raw = str(eval(compile(ast.Expression(formatted.value), path, "eval"), names))
            shown, raw = _text(shown), _text(raw)
        except BaseException as error:
            reason = f"{type(error).__name__}: {error}"
            if isinstance(error, NameError) and error.name:
                reason += f"; {nearest(error.name, [name for name in names if name[0] != '_'])}"
            raise Problem(path, line, f"{{python}} {expression}", reason) from None
        if len(shown) > VALUE_LIMIT:
            raise Problem(path, line, f"{{python}} {expression} gives {len(shown):,} characters")
        return raw[:VALUE_LIMIT], shown


def _output(kind: str, content: str) -> Output:
    """The output, if a page can show it."""
    content = _text(content)
    if len(content) > (limit := OUTPUT_LIMIT.get(kind, len(content))):
        raise ValueError(f"a {kind} of {len(content):,} characters; a page shows {limit:,}")
    return Output(kind, content)


def _text(said: str) -> str:
    """What was said as plain text; raises what a terminal would, where it is no UTF-8."""
    return said.encode().decode()


def _raise_problem(error: BaseException, cell: snippet.Cell, path: str) -> NoReturn:
    frames = error.__traceback__
    while frames and frames.tb_frame.f_code.co_filename != path:
        frames = frames.tb_next
    lines = [frame.lineno for frame in traceback.extract_tb(frames) if frame.filename == path]
    report = "".join(traceback.format_exception(type(error), error, frames))
    what = f"cell '{cell.name}' raised {type(error).__name__}"
    if isinstance(error, ModuleNotFoundError):
        what += f": install '{error.name}' and add it to the project's dependencies"
    elif isinstance(error, SystemExit):
        what += ": a program runs to its end"
    raise Problem(path, (lines or [cell.line])[-1] or cell.line, what, report) from None
