"""Runs a program's cells in a fresh process; returns what each printed and drew, and values."""

from __future__ import annotations

import contextlib
import gc
import io
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from answerable import cache, claims, snippet
from answerable.needs import Needs, Watch
from answerable.problem import Problem
from answerable.session import ENVIRONMENT as EVERYWHERE
from answerable.session import Output, Session

PRINT_LIMIT = 100_000  # characters a cell may print: more than any reader would read

# The process of a program starts with these, so that it prints the same on every machine: sets
# have one order, figures one style, and no files are left behind.
ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "MATPLOTLIBRC": str(Path(__file__).with_name("matplotlibrc")),
    **EVERYWHERE,
}


@dataclass(frozen=True)
class Job:
    """What to run: a program, then expressions over its names, then the tests in a file.

    `values` are (expression, path, line). `limit` is in seconds, for all of it. If `trial`, only
    whether claims hold matters: nothing is drawn, and the first claim that fails ends it.
    `build` is a name by which others may `stop` it.
    """

    root: Path
    snippet: snippet.Snippet
    stem: str
    values: tuple[tuple[str, str, int], ...] = ()
    test: str | None = None
    only: tuple[str, ...] = ()
    trial: bool = False
    limit: float = 60.0
    build: str = ""


@dataclass
class Result:
    """What came of a job; `values` are (raw, shown), `seconds` those of the program alone.

    `ran` is what that needed, and `checked` what it needed with the tests.
    """

    outputs: dict[str, list[Output]] = field(default_factory=dict)
    values: list[tuple[str, str]] = field(default_factory=list)
    verdicts: dict[str, claims.Verdict] = field(default_factory=dict)
    seconds: float = 0.0
    ran: Needs = field(default_factory=Needs)
    checked: Needs = field(default_factory=Needs)


def preload(modules: Iterable[str]) -> None:
    """Import `modules` once, in the process that all programs' processes are forked from.

    Those of no installed package are left out: an author may change them meanwhile.

    Where a platform cannot fork this does nothing, and each process imports for itself.
    """
    context = _context()
    if context.get_start_method() == "forkserver":
        from multiprocessing import forkserver

        installed = (module for module in sorted(modules) if cache.package(module))
        context.set_forkserver_preload([*installed, "answerable.warm"])

        with _start_lock, _clean_start():
            forkserver.ensure_running()


def run(job: Job) -> Result:
    """Do the job in a fresh process. Raises `Problem` on anything an author has to mend."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = _context().Process(target=_child, args=(sender, job), daemon=True)
    try:
        with _start_lock, _clean_start():
            if job.build in _stopped:
                raise OSError("the build was stopped")
            process.start()
            _running[process] = job.build
    except (OSError, EOFError) as error:
        receiver.close()
        raise Problem(job.snippet.path, 1, f"no process could be started: {error}") from None
    finally:
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
            except (EOFError, OSError):
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
            del _running[process]
            _kill(process)
        process.join()
        process.close()


def stop(build: str = "") -> None:
    """Kill every program of a build that is running; its `run` raises `Problem`.

    A build with a name is over: no more of its programs start.
    """
    with _start_lock:
        _stopped.update([build] if build else [])
        for process, of in _running.items():
            if of == build:
                _kill(process)


def _context() -> Any:
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    return multiprocessing.get_context(method)


_start_lock = threading.Lock()
_running: dict[Any, str] = {}  # processes, and the builds they are of
_stopped: set[str] = set()


@contextlib.contextmanager
def _clean_start() -> Iterator[None]:
    """While a process starts: the environment it shall have, and no main module to import.

    Nor are we a daemon, as a worker of Dask's is: daemons may have no children, but ours end with
    us all the same.
    """
    environment, main = os.environ.copy(), sys.modules["__main__"]
    us = multiprocessing.current_process()
    daemon, us.daemon = us.daemon, False
    os.environ.update(ENVIRONMENT)
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        us.daemon = daemon
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
        connection.send(_result(connection, job))
    except Problem as problem:
        connection.send(problem)


def _result(connection: Connection, job: Job) -> Result:
    """Do the job in this process."""
    program, result = job.snippet, Result()
    watch = Watch(job.root)
    session = Session(job.root / program.path, job.stem, snippet.future_flags(program.text))
    session.draws = not job.trial
    session.quote(program.path, program.text)
    sys.argv = [program.path]
    started = time.perf_counter()
    tape = _Tape(connection)
    with tape.recording():
        for cell in program.cells:
            connection.send((program.path, cell.line, f"running cell '{cell.name}'"))
            tape.cell = (program.path, cell)
            given = session.run_cell(cell, program.path)
            printed = [Output("text", text)] if (text := tape.take()) else []
            result.outputs[cell.name] = printed + given
        result.seconds = time.perf_counter() - started
        for expression, path, line in job.values:
            connection.send((path, line, f"computing {expression}"))
            result.values.append(session.value(expression, path, line))
        result.ran = watch.needs()
    if job.test:
        connection.send((job.test, 1, "checking the claims"))
        result.verdicts = claims.check(job.root, job.test, *job.only, to_the_end=not job.trial)
        result.checked = watch.needs()
    return result


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
        text.encode()  # raises what a terminal or a file would, where it is no UTF-8
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
