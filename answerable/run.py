"""Runs a program's cells in a fresh process; returns what each printed and drew, and values."""

from __future__ import annotations

import ast
import contextlib
import gc
import io
import linecache
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NoReturn

from answerable import claims, snippet
from answerable.figures import drawn
from answerable.problem import Problem, nearest

PRINT_LIMIT = 100_000  # characters a cell may print: more than any reader would read
VALUE_LIMIT = 1_000  # characters a value in the prose may have

# The process of a program starts with these, so that it prints the same on every machine: sets
# have one order, sums are not split among threads, nothing opens a window or leaves files behind.
ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "template",
    "MATPLOTLIBRC": str(Path(__file__).with_name("matplotlibrc")),
}


@dataclass(frozen=True)
class Job:
    """What to run: a program, then expressions over its names, then the tests in a file.

    `values` are (expression, path, line). `limit` is in seconds, for all of it.
    """

    root: Path
    snippet: snippet.Snippet
    stem: str
    values: tuple[tuple[str, str, int], ...] = ()
    test: str | None = None
    only: str | None = None
    limit: float = 60.0


@dataclass
class Output:
    """What a cell gave: `kind` is "text" (printed), "value" (last expression) or "figure" (SVG)."""

    kind: str
    content: str


@dataclass
class Result:
    """What came of a job; `values` are (raw, shown), `seconds` those of the program alone."""

    outputs: dict[str, list[Output]] = field(default_factory=dict)
    values: list[tuple[str, str]] = field(default_factory=list)
    verdicts: dict[str, claims.Verdict] = field(default_factory=dict)
    seconds: float = 0.0


def preload(modules: Iterable[str]) -> None:
    """Import `modules` once, in the process that all programs' processes are forked from.

    Where a platform cannot fork this does nothing, and each process imports for itself.
    """
    context = _context()
    if context.get_start_method() == "forkserver":
        from multiprocessing import forkserver

        context.set_forkserver_preload([*sorted(modules), "answerable.warm"])

        with _start_lock, _clean_start():
            forkserver.ensure_running()


def run(job: Job) -> Result:
    """Do the job in a fresh process. Raises `Problem` on anything an author has to mend."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = _context().Process(target=_child, args=(sender, job), daemon=True)
    with _start_lock, _clean_start():
        process.start()
        _running.add(process)
    sender.close()
    deadline = time.monotonic() + job.limit
    path, line, doing = job.snippet.path, 1, "starting"
    try:
        while True:
            ready = wait([receiver, process.sentinel], max(0.0, deadline - time.monotonic()))
            if not ready:
                what = f"still {doing} after {job.limit:g} s: does it end?"
                raise Problem(path, line, f"{what} ('time_limit' in mkdocs.yml)")
            try:
                message = receiver.recv()
            except EOFError:
                process.join()
                raise Problem(path, line, f"{_death(process.exitcode)} while {doing}") from None
            if isinstance(message, Result):
                return message
            if isinstance(message, Problem):
                raise message
            path, line, doing = message
    finally:
        receiver.close()
        with _start_lock:
            _running.discard(process)
            _kill(process)
        process.join()
        process.close()


def stop() -> None:
    """Kill every program that is running; its `run` raises `Problem`."""
    with _start_lock:
        for process in _running:
            _kill(process)


def _context() -> Any:
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    return multiprocessing.get_context(method)


_start_lock = threading.Lock()
_running: set[Any] = set()


@contextlib.contextmanager
def _clean_start() -> Iterator[None]:
    """While a process starts: the environment it shall have, and no main module to import."""
    environment, main = os.environ.copy(), sys.modules["__main__"]
    os.environ.update(ENVIRONMENT)
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        sys.modules["__main__"] = main


def _kill(process: Any) -> None:
    """Kill the process, and whatever it started itself."""
    with contextlib.suppress(OSError, AttributeError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _death(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"the process was killed by {signal.Signals(-exitcode).name}"
    return f"the process ended (exit status {exitcode})"


def _child(connection: Connection, job: Job) -> None:
    """The fresh process: runs the job, sending word of what it is doing, then the result."""
    gc.freeze()  # what was here before the job is not garbage, and need not be looked at
    if hasattr(os, "setsid"):
        os.setsid()
        signal.alarm(int(job.limit) + 5)  # should nobody be left to stop us
    os.environ.update(ENVIRONMENT)
    os.chdir(job.root)
    try:
        connection.send(_Session(connection, job).result())
    except Problem as problem:
        connection.send(problem)


class _Session:
    """One program in one process, as the module that its tests will import."""

    def __init__(self, connection: Connection, job: Job) -> None:
        self.connection, self.job = connection, job
        self.module = types.ModuleType(job.stem)
        self.module.__file__ = str(job.root / job.snippet.path)
        sys.modules[job.stem] = self.module
        sys.argv = [job.snippet.path]
        sys.path.insert(0, str(Path(self.module.__file__).parent))
        # Tracebacks quote the text that ran, which need not be what the file holds.
        text = job.snippet.text
        linecache.cache[job.snippet.path] = (
            len(text),
            None,
            text.splitlines(True),
            job.snippet.path,
        )

    def result(self) -> Result:
        job, result = self.job, Result()
        started = time.perf_counter()
        tape = _Tape(self.connection)
        with tape.recording():
            for cell in job.snippet.cells:
                self.doing(job.snippet.path, cell.line, f"running cell '{cell.name}'")
                tape.cell = (job.snippet.path, cell)
                value = self.run_cell(cell)
                outputs = [Output("text", text)] if (text := tape.take()) else []
                if value is not None:
                    outputs.append(Output("value", repr(value)))
                outputs += [Output("figure", svg) for svg in drawn(f"{job.stem}-{cell.name}")]
                result.outputs[cell.name] = outputs
            result.seconds = time.perf_counter() - started
            for expression, path, line in job.values:
                self.doing(path, line, f"computing {expression}")
                result.values.append(self.value(expression, path, line))
        if job.test:
            self.doing(job.test, 1, "checking the claims")
            result.verdicts = claims.check(job.root, job.test, job.only)
        return result

    def doing(self, path: str, line: int, what: str) -> None:
        self.connection.send((path, line, what))

    def run_cell(self, cell: snippet.Cell) -> Any:
        """Run a cell; return the value of its last statement, if that is an expression."""
        program, names = self.job.snippet, vars(self.module)
        flags = snippet.future_flags(program)
        tree = snippet.compile_cell(program, cell)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        try:
            exec(compile(tree, program.path, "exec", flags, dont_inherit=True), names)
            if isinstance(last, ast.Expr):
                tail = compile(
                    ast.Expression(last.value), program.path, "eval", flags, dont_inherit=True
                )
                return eval(tail, names)
        except BaseException as error:
            self.raise_problem(error, cell)
        return None

    def value(self, expression: str, path: str, line: int) -> tuple[str, str]:
        """The value as text in full, and as it is to be shown."""
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
        except BaseException as error:
            reason = f"{type(error).__name__}: {error}"
            if isinstance(error, NameError) and error.name:
                reason += f"; {nearest(error.name, [name for name in names if name[0] != '_'])}"
            raise Problem(path, line, f"{{python}} {expression}", reason) from None
        if len(shown) > VALUE_LIMIT:
            raise Problem(path, line, f"{{python}} {expression} gives {len(shown):,} characters")
        return raw[:VALUE_LIMIT], shown

    def raise_problem(self, error: BaseException, cell: snippet.Cell) -> NoReturn:
        path, frames = self.job.snippet.path, error.__traceback__
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


class _Tape(io.TextIOBase):
    """Standard output and error of a program, cell by cell, up to `PRINT_LIMIT`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.cell: tuple[str, snippet.Cell] | None = None
        self.written: list[str] = []
        self.length = 0
        self.raw = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Take what is written by Python, and by anything below it, to descriptors 1 and 2."""
        with open(os.devnull) as nothing:
            os.dup2(nothing.fileno(), 0)
        for descriptor in (1, 2):
            os.dup2(self.raw.fileno(), descriptor)
        with contextlib.redirect_stdout(self), contextlib.redirect_stderr(self):
            yield

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.length += len(text)
        if self.length > PRINT_LIMIT and self.cell:
            path, cell = self.cell
            what = f"cell '{cell.name}' prints more than {PRINT_LIMIT:,} characters"
            self.connection.send(Problem(path, cell.line, what))
            os._exit(1)  # an exception might be caught by the program
        self.written.append(text)
        return len(text)

    def take(self) -> str:
        """What was written since the last time."""
        self.raw.seek(0)
        self.write(self.raw.read(PRINT_LIMIT + 1).decode(errors="replace"))
        self.raw.seek(0)
        self.raw.truncate()
        text = "".join(self.written)
        self.written, self.length = [], 0
        return text
