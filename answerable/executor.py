"""Where programs run: on this machine's cores, or on the workers of another executor.

A worker may be on a machine that shares no files with this one, so each job takes along what it
may read, and runs only where the engine, Python and packages are those that name its result.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import io
import logging
import os
import pkgutil
import platform
import tempfile
import uuid
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from answerable import cache, needs, question, run, snippet
from answerable.problem import Problem

log = logging.getLogger("mkdocs.plugins.answerable")

SENT = f"{question.SNIPPETS}/, {question.TESTS}/ and the files of the top folder"
HAS = f"A worker ('executor' in mkdocs.yml) has of the project's files {SENT}."
SENT_LIMIT = 10_000_000  # bytes, packed: every job takes them along
CONNECT_SECONDS = 10
SAME = "scheduler and workers need what is installed here: 'pip install' it there, start them again"


class Unusable(Exception):
    """What `mkdocs.yml` says of the executor cannot be had; `str()` says why, and what to do."""


def chosen(root: Path, name: str | None, scheduler: str | None, workers: int | None) -> Executor:
    """The executor that `mkdocs.yml` names. Raises `Unusable` if it names none."""
    if scheduler and name != "dask":
        raise Unusable(f"'scheduler: {scheduler}' goes with 'executor: dask'")
    if not name:
        return ThreadPoolExecutor(workers or os.cpu_count())
    if name != "dask":
        return Elsewhere(root, functools.partial(_named, name))
    if not scheduler:
        raise Unusable("say where its scheduler is, such as 'scheduler: tcp://host:8786'")
    return Dask(root, scheduler)


@dataclass
class Done:
    """What came of a job on a worker: nothing, unless `environment` is as it has to be.

    `loaded` are the packages that were, with their versions.
    """

    worker: str
    environment: dict[str, str]
    loaded: dict[str, str] = field(default_factory=dict)
    outcome: run.Result | Problem | None = None


class Elsewhere(Executor):
    """Gives jobs, and what they need, to the executor that `start` makes once there are any.

    Whatever goes wrong there is the `Problem` of a job.
    """

    def __init__(self, root: Path, start: Callable[[], Executor]) -> None:
        self.root, self.start = root, start
        self.build = uuid.uuid4().hex

    @functools.cached_property
    def executor(self) -> Executor:
        """Raises `Unusable` if there is none to be had."""
        return self.start()

    @functools.cached_property
    def files(self) -> bytes:
        """What programs and tests may read, as a ZIP file. Raises `Unusable` if it is too much."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
            for path in _sent(self.root):
                archive.write(path, path.relative_to(self.root))
                if packed.tell() > SENT_LIMIT:
                    limit = f"more than {SENT_LIMIT / 1e6:g} MB, with {path}"
                    raise Unusable(f"workers are sent {SENT}, and these are {limit}")
        return packed.getvalue()

    def submit(self, do: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        """Have a worker `do` a job."""
        (job,) = arguments
        modules = _modules(job)
        files, wanted = self.files, _environment(modules)
        job = dataclasses.replace(job, build=self.build)
        ours: Future[Any] = Future()
        theirs = self.executor.submit(_there, do, job, files, modules, wanted)
        theirs.add_done_callback(functools.partial(self.hand_on, ours, job.snippet.path, wanted))
        return ours

    def hand_on(
        self, ours: Future[Any], path: str, wanted: dict[str, str], theirs: Future[Done]
    ) -> None:
        """What came of a job there is what came of it here, if it is what would have."""
        try:
            done = theirs.result()
            outcome = self.differing(path, wanted, done) or done.outcome
        except BaseException as error:
            what = "not run: the executor lost it, or its worker ('executor' in mkdocs.yml)"
            outcome = Problem(path, 1, what, f"{type(error).__name__}: {error}\n{SAME}")
        if isinstance(outcome, Problem):
            ours.set_exception(outcome)
        else:
            ours.set_result(outcome)

    def differing(self, path: str, wanted: dict[str, str], done: Done) -> Problem | None:
        """Versions or files that are not the same there as here, if the program needed any."""
        # What is not installed here was not needed: a worker may have loaded it for others.
        loaded = {name: found for name in done.loaded if (found := cache.version(name))}
        here = wanted | loaded
        there = done.environment | {name: done.loaded[name] for name in loaded}
        if names := [name for name in here | there if here.get(name) != there.get(name)]:
            theirs, ours = (
                ", ".join(f"{name} {it.get(name, 'missing')}" for name in names)
                for it in (there, here)
            )
            what = f"no result: worker {done.worker} has {theirs}, this machine {ours}"
            return Problem(path, 1, f"{what} ('executor' in mkdocs.yml)", SAME)
        if isinstance(done.outcome, run.Result):
            read = done.outcome.ran.files | done.outcome.checked.files
            if names := [
                it for it, before in read.items() if needs.digest(self.root / it) != before
            ]:
                what = f"no result: {', '.join(names)} is not the same there as here"
                return Problem(path, 1, what, HAS)
        return None

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the executor, if there was anything to do for it."""
        if "executor" in vars(self):
            self.executor.shutdown(wait, cancel_futures=cancel_futures)


class Dask(Elsewhere):
    """The workers of a Dask cluster, whose scheduler is at an address."""

    def __init__(self, root: Path, scheduler: str) -> None:
        super().__init__(root, self.connect)
        self.scheduler = scheduler

    def connect(self) -> Executor:
        """Raises `Unusable` if there is no Dask here, or no scheduler there."""
        try:
            from distributed import Client, Security
            from distributed.comm.core import connect
        except ImportError as error:
            raise Unusable(f"{error}; install it: pip install distributed") from None

        async def reach() -> None:  # a client that finds nobody cannot be closed
            safely = Security().get_connection_args("client")
            comm = await connect(self.scheduler, CONNECT_SECONDS, **safely)
            await comm.close()

        try:
            with ThreadPoolExecutor(1) as apart:  # this thread may have a loop of its own
                apart.submit(lambda: asyncio.run(reach())).result()
            self.client = Client(self.scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
        except Exception as error:
            what = f"no scheduler of Dask answers at '{self.scheduler}'"
            advice = "start it ('dask scheduler'), or mend 'scheduler', or leave 'executor' out"
            raise Unusable(f"{what}: {advice} ({type(error).__name__}: {error})") from None
        if not self.client.nthreads():
            log.info(f"{self.scheduler} has no workers yet: waiting for one")
        executor: Executor = self.client.get_executor(pure=False)
        return executor

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Part from the cluster. What we still wanted of it is ended, running programs too."""
        if "executor" not in vars(self):
            return
        wanted = any(future.status == "pending" for future in self.client.futures.values())
        with contextlib.suppress(Exception):  # there may be no cluster any more
            self.executor.shutdown(wait)
            if wanted and not wait:
                self.client.run(run.stop, self.build, on_error="ignore", callback_timeout=5)
        self.client.close(timeout=5)


def _named(name: str) -> Executor:
    """What the callable `name` ("module:function") returns."""
    try:
        executor = pkgutil.resolve_name(name)()
    except Exception as error:
        what = "'dask', or 'module:function' that returns a concurrent.futures executor"
        raise Unusable(f"'{name}' is not {what} ({type(error).__name__}: {error})") from None
    if not isinstance(executor, Executor):
        raise Unusable(f"'{name}' returns {executor!r}: no concurrent.futures executor")
    return executor


def _sent(root: Path) -> Iterator[Path]:
    """The files a worker gets; none that is hidden, nor what Python keeps for itself."""
    yield from (path for path in sorted(root.iterdir()) if _seen(path, root))
    for folder in (question.SNIPPETS, question.TESTS):
        yield from (path for path in sorted((root / folder).rglob("*")) if _seen(path, root))


def _seen(path: Path, root: Path) -> bool:
    parts = path.relative_to(root).parts
    return path.is_file() and not any(part[0] == "." or part == "__pycache__" for part in parts)


def _modules(job: run.Job) -> list[str]:
    """What the program, its tests and their conftests import, other than the program itself."""
    found = {"pytest", *snippet.imports(job.snippet.text)}
    if job.test:
        test = Path(job.test)
        conftests = (folder / "conftest.py" for folder in test.parents)
        for path in (job.root / it for it in (test, *conftests)):
            if path.is_file():
                found |= snippet.imports(path.read_text("utf-8-sig"))
    return sorted(found - {job.stem})


def _environment(modules: list[str]) -> dict[str, str]:
    """What has to be the same there as here, since it is in the name of a result."""
    implementation, version, system, machine, engine = cache.maker()
    return {
        "Python": f"{implementation} {version}",
        "system": f"{system} {machine}",
        "engine": engine[:12],
        **cache.versions(modules),
    }


def _there(
    do: Callable[[run.Job], run.Result],
    job: run.Job,
    files: bytes,
    modules: list[str],
    wanted: dict[str, str],
) -> Done:
    """On the worker: do the job in a copy of the project's files, made for it alone."""
    done = Done(platform.node(), _environment(modules))
    if done.environment != wanted:
        return done
    with tempfile.TemporaryDirectory(prefix="answerable-") as folder:
        zipfile.ZipFile(io.BytesIO(files)).extractall(folder)
        run.preload(snippet.imports(job.snippet.text))
        try:
            result = do(dataclasses.replace(job, root=Path(folder).resolve()))
        except Problem as problem:
            details = _explained(problem.details)
            done.outcome = Problem(problem.path, problem.line, problem.what, details)
            return done
    for name, verdict in result.verdicts.items():
        explanation = _explained(verdict.explanation)
        result.verdicts[name] = dataclasses.replace(verdict, explanation=explanation)
    done.outcome = result
    done.loaded = cache.installed({*result.ran.modules, *result.checked.modules})
    return done


def _explained(text: str) -> str:
    """Of a file that is missing: which files a worker has."""
    if "FileNotFoundError" in text or "ModuleNotFoundError" in text:
        return f"{text.rstrip()}\n{HAS}"
    return text
