"""What a claim's test may use, and how pytest tries claims harder: `--reseed` and `--breaks`."""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
from collections import defaultdict
from collections.abc import Generator, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from answerable import claims, session, snippet
from answerable.problem import Problem

if TYPE_CHECKING:
    import numpy as np

    from answerable.question import Question

# As when the site is built. It has to be set before numpy and matplotlib load.
for name, value in session.ENVIRONMENT.items():
    os.environ.setdefault(name, value)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("answerable", "claims")
    reseed = "repeat every claim that uses rng under N fresh seeds, and run nothing but claims"
    group.addoption("--reseed", type=int, metavar="N", help=reseed)
    again = "the seeds of an earlier --reseed, which printed this number"
    group.addoption("--reseed-from", type=int, metavar="SEED", help=again)
    breaks = "make each claim's breaking edits, one by one, and expect the claim to fail"
    group.addoption("--breaks", action="store_true", help=breaks)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers; choose the seeds."""
    config.addinivalue_line("markers", "boundary: the claim shows where the answer stops holding")
    config.addinivalue_line("markers", "breaks(old, new): an edit of the program that fails it")
    if config.option.reseed and config.option.breaks:
        raise pytest.UsageError("--reseed and --breaks are for separate runs")
    if config.option.breaks and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("--breaks uses all cores by itself: leave -n out")
    if worker := getattr(config, "workerinput", None):  # under pytest-xdist, all use the same
        config.option.reseed_from = worker["reseed_from"]
    elif config.option.reseed and config.option.reseed_from is None:
        config.option.reseed_from = secrets.randbits(32)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of pytest-xdist's the seeds."""
    node.workerinput["reseed_from"] = node.config.option.reseed_from


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say how a run under fresh seeds can be had again."""
    if not config.option.reseed:
        return None
    return f"fresh seeds: the same again with --reseed-from {config.option.reseed_from}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Under `--reseed N`, make N tests of each that uses `rng`."""
    if metafunc.config.option.reseed and "rng" in metafunc.fixturenames:
        first = metafunc.config.option.reseed_from
        seeds = range(first, first + metafunc.config.option.reseed)
        metafunc.parametrize("rng", seeds, indirect=True, ids=[f"seed{seed}" for seed in seeds])


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """A numpy `Generator` seeded from the test's id, and under `--reseed` from a fresh seed."""
    import numpy as np

    name = f"{request.path.name}::{request.node.originalname}"
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest())
    return np.random.default_rng([seed, getattr(request, "param", 0)])


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Close what programs drew when tests imported them: it adds up, and pyplot warns of many."""
    report = yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
    return report


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Under `--reseed` keep the claims only; under `--breaks` put their breaks in their place."""
    if config.option.reseed or config.option.breaks:
        claimed = [item for item in items if isinstance(item, pytest.Function) and _question(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in claimed])
        items[:] = list(_breaks(claimed)) if config.option.breaks else claimed


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Under `--reseed`, say of each claim that ever failed how often, and under which seeds."""
    if not config.option.reseed:
        return
    failed, ran = defaultdict(list), set()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            claim, _, seed = report.nodeid.partition("[seed")
            ran.add(claim)
            if outcome == "failed":
                failed[claim].append(seed.rstrip("]"))
    number = config.option.reseed
    terminalreporter.section(f"claims under {number} fresh seeds")
    for claim, seeds in failed.items():
        terminalreporter.line(f"{claim} failed {len(seeds)} times: {', '.join(seeds)}")
    terminalreporter.line(f"{len(ran) - len(failed)} of {len(ran)} claims never failed")


class Break(pytest.Item):
    """A breaking edit of a claim, tried in a fresh process; `outcome` is the claim's verdict."""

    def __init__(self, outcome: Future[claims.Verdict], **arguments: Any) -> None:
        super().__init__(**arguments)
        self.outcome = outcome

    def runtest(self) -> None:
        """Pass if the claim failed."""
        if self.outcome.result().status == "passed":
            pytest.fail("the claim holds in spite of the edit", pytrace=False)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """A problem with the edit, as an author reads it."""
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where pytest says it is."""
        return self.path, None, self.name


def pytest_unconfigure(config: pytest.Config) -> None:
    """Start no more breaks once pytest is done, be it early."""
    if executor := config.stash.get(_EXECUTOR, None):
        executor.shutdown(wait=False, cancel_futures=True)


_EXECUTOR = pytest.StashKey[Executor]()


def _question(item: pytest.Item) -> Question | None:
    """The question whose claim this is; tests of other things have none."""
    from answerable.question import TESTS, Question

    question = Question(item.path.parent.parent, item.path.stem.removeprefix("test_"))
    is_claim = item.path.parent.name == TESTS and (question.root / question.snippet).is_file()
    return question if is_claim else None


def _breaks(claimed: list[pytest.Function]) -> Iterator[Break]:
    """An item for each breaking edit of these claims; all are being tried, on all cores."""
    functions = {(item.path, item.originalname): item for item in claimed}
    questions = {question for item in claimed if (question := _question(item))}
    if not functions:
        return
    from answerable import run  # where there are no processes, there are no breaks to try

    executor = ThreadPoolExecutor(os.cpu_count())
    claimed[0].config.stash[_EXECUTOR] = executor
    run.preload(set().union(*(snippet.imports(it.read(it.snippet)) for it in questions)))
    for (_, name), item in functions.items():
        question = _question(item)
        assert question is not None
        assert item.parent is not None
        stated = claims.read(question.read(question.test), question.test)
        claim = next(claim for claim in stated if claim.test == name)
        for number, edit in enumerate(claim.breaks or (None,), 1):
            outcome = executor.submit(_try, question, claim, edit)
            yield Break.from_parent(item.parent, name=f"{name}[break{number}]", outcome=outcome)


def _try(question: Question, claim: claims.Claim, edit: claims.Break | None) -> claims.Verdict:
    """The claim's verdict on the edited program. Raises `Problem` if that cannot be had."""
    if not edit:
        what = "no @pytest.mark.breaks: a claim whose test nothing can break is not a claim"
        raise Problem(claim.path, claim.line, what)
    text = claims.broken(question.read(question.snippet), edit, claim, question.snippet)
    program = snippet.parse(text, question.snippet)
    from answerable import run

    stem, test = question.stem, question.test
    job = run.Job(question.root, program, stem, test=test, only=(claim.test,), trial=True)
    return run.run(job).verdicts[claim.test]
