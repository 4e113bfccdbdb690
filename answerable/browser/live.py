"""A page's program in the reader's browser: what the page's worker calls. Runs under Pyodide."""

from __future__ import annotations

import builtins
import contextlib
import io
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from answerable import claims, snippet
from answerable.problem import Problem
from answerable.session import Session

ROOT = Path("/project")
LIMIT = 100_000  # characters a cell may print


def start(question: str, say: Callable[[str, Any], None]) -> Live:
    """The program of a question; `say` is the worker's function, and takes a JavaScript object."""
    from js import Object  # type: ignore[import-not-found]
    from pyodide.ffi import to_js  # type: ignore[import-not-found]

    def tell(kind: str, **what: Any) -> None:
        say(kind, to_js(what, dict_converter=Object.fromEntries))

    return Live(question, tell)


class Live:
    """One page's program, as far as it has run. `tell(kind, **what)` speaks to the page."""

    def __init__(self, question: str, tell: Callable[..., None]) -> None:
        self.question: dict[str, Any] = json.loads(question)
        self.tell = tell
        self.ran: list[list[str]] = []  # name and source of every cell that has run to its end
        self.session: Session | None = None
        for path, text in self.question["files"].items():
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(text, "utf-8")
        sys.dont_write_bytecode = True
        logging.getLogger("matplotlib.font_manager").setLevel("ERROR")  # it would say that it looks
        warnings.filterwarnings("ignore", ".* is non-interactive, and thus cannot be shown")
        builtins.input = _no_input

    def run(self, cells: str) -> bool:
        """Run these cells, [name, source] each; those that ran already, and nothing else, stand.

        Whether all went well; what went wrong was told.
        """
        wanted: list[list[str]] = json.loads(cells)
        done = len(self.ran)
        if not self.session or self.ran != wanted[:done] or done == len(wanted):
            done, self.ran = 0, []
            flags = 0
            with contextlib.suppress(SyntaxError):  # it will be said of its cell
                flags = snippet.future_flags("\n".join(source for _, source in wanted))
            self.session = Session(ROOT / self.question["snippet"], self.question["stem"], flags)
            _fresh_figures()
        for name, source in wanted[done:]:
            if not self.run_cell(name, source):
                self.session = None  # half a cell has run: no run may build on that
                return False
            self.ran.append([name, source])
        return True

    def run_cell(self, name: str, source: str) -> bool:
        """Run one cell; its output goes to the page as it comes."""
        assert self.session
        self.tell("cell", name=name, state="running")
        path = f"cell {name}"
        self.session.quote(path, source)
        started = time.perf_counter()
        try:
            with _streaming(lambda text: self.tell("text", name=name, text=text)):
                outputs = self.session.run_cell(snippet.Cell(name, source, 1), path)
        except Problem as problem:
            self.tell("error", name=name, line=problem.line, text=_explain(problem))
            return False
        for output in outputs:
            self.tell("output", name=name, form=output.kind, content=output.content)
        self.tell("cell", name=name, state="done", seconds=time.perf_counter() - started)
        return True

    def check(self, cells: str, tests: str) -> None:
        """Have pytest run these tests, in one go, on the program that these cells make."""
        named: list[str] = json.loads(tests)
        verdicts: dict[str, claims.Verdict] = {}
        explanation = "The program does not run to its end."
        if (self.session and self.ran == json.loads(cells)) or self.run(cells):
            self.session = None  # what a test does to the program, no later run shall see
            for name in [name for name in sys.modules if name.split(".")[0] == "tests"]:
                del sys.modules[name]
            try:
                verdicts = claims.check(ROOT, self.question["test"], *named)
            except Problem as problem:
                explanation = str(problem)
        for test in named:
            verdict = verdicts.get(test, claims.Verdict("failed", 0.0, explanation))
            self.tell("verdict", test=test, status=verdict.status, text=verdict.explanation)


@contextlib.contextmanager
def _streaming(tell: Callable[[str], None]) -> Iterator[None]:
    tape = _Tape(tell)
    with contextlib.redirect_stdout(tape), contextlib.redirect_stderr(tape):
        yield
        tape.flush()


class _Tape(io.TextIOBase):
    """What is printed, passed on twenty times a second: so much the page can show."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.pass_on, self.waiting, self.length, self.told = tell, "", 0, time.monotonic()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        room = LIMIT - self.length
        self.length += len(text)
        self.waiting += text[: max(0, room)]
        if time.monotonic() - self.told > 0.05:
            self.flush()
        if len(text) > room:
            self.flush()
            raise RuntimeError(f"a cell may print {LIMIT:,} characters, more than anyone reads")
        return len(text)

    def flush(self) -> None:
        if self.waiting:
            self.pass_on(self.waiting)
            self.waiting, self.told = "", time.monotonic()


def _explain(problem: Problem) -> str:
    """An error as a reader needs it: where in the cell, and what; and what only a page lacks."""
    if not problem.details.startswith("Traceback"):  # it was not even tried
        return f"Line {problem.line}: {problem.what}\n{problem.details}"
    if "ModuleNotFoundError" in problem.what:
        return f"{problem.details}\nOnly numpy, matplotlib and the standard library are here."
    if "SystemExit" in problem.what:
        return f"{problem.details}\nA program in a page runs to its end: take the exit out."
    if "MemoryError" in problem.what:
        return f"{problem.details}\nA page has less memory than a computer: make it smaller."
    return problem.details


def _no_input(prompt: object = "") -> str:
    raise RuntimeError("nobody can answer input() in a page: write the value into the program")


def _fresh_figures() -> None:
    """Every program starts with the same settings, and no figure open."""
    if "matplotlib" in sys.modules:
        import matplotlib as mpl

        mpl.rcdefaults()
        mpl.rc_file(mpl.matplotlib_fname())
        sys.modules["matplotlib.pyplot"].close("all")
