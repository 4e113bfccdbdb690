"""Reads a test file's claims, and has pytest check them."""

from __future__ import annotations

import ast
import contextlib
import io
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from answerable import snippet
from answerable.problem import Problem, nearest

if TYPE_CHECKING:  # a build with nothing to check need not wait for it
    import pytest

PREFIX = "test_"

# Parts of pytest that have nothing to do for a claim, and take a quarter of its time.
NOT_FOR_CLAIMS = (
    "cacheprovider",
    "debugging",
    "doctest",
    "faulthandler",
    "junitxml",
    "legacypath",
    "pastebin",
    "setuponly",
    "setupplan",
    "stepwise",
    "subtests",
    "terminal",
    "unittest",
)


@dataclass(frozen=True)
class Break:
    """An edit of the program that must turn the claim red."""

    old: str
    new: str
    line: int


@dataclass(frozen=True)
class Claim:
    """One test: `id` is its name without `test_`, `kind` is "claim" or "boundary"."""

    id: str
    path: str
    line: int
    kind: str
    breaks: tuple[Break, ...]
    source: str

    @property
    def test(self) -> str:
        """The name of the test function."""
        return PREFIX + self.id

    @property
    def node(self) -> str:
        """The node id by which pytest knows it."""
        return f"{self.path}::{self.test}"


@dataclass(frozen=True)
class Verdict:
    """What pytest says of a claim: "passed" or "failed", in how many seconds, and why not."""

    status: str
    seconds: float
    explanation: str = ""


def read(text: str, path: str) -> list[Claim]:
    """The claims of the test file at `path`, without running it. Raises `Problem`."""
    try:
        tree = ast.parse(text)
    except snippet.NOT_PYTHON as error:
        line = getattr(error, "lineno", None) or 1
        what = f"not a Python program: {error or 'too deeply nested'}"
        raise Problem(path, line, what) from None
    claims: dict[str, Claim] = {}
    lines = text.split("\n")
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            raise Problem(path, node.lineno, "claims are functions, not methods of a class")
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith(PREFIX):
            continue
        claim = _claim(node, lines, path)
        if other := claims.get(claim.id):
            what = f"two tests are named '{claim.test}' (first: line {other.line})"
            raise Problem(path, claim.line, what)
        claims[claim.id] = claim
    return list(claims.values())


def broken(program: str, edit: Break, claim: Claim, snippet_path: str) -> str:
    """The program after the edit. Raises `Problem` unless the old text stands there just once."""
    count = program.count(edit.old)
    if count != 1 or edit.old == edit.new:
        found = f"{count} times" if count else f"nowhere; {_nearest_line(edit.old, program)}"
        what = (
            f"the old text of 'breaks' must stand in {snippet_path} exactly once; it does {found}"
        )
        if edit.old == edit.new:
            what = "'breaks' changes nothing: old and new text are the same"
        raise Problem(claim.path, edit.line, what, edit.old)
    return program.replace(edit.old, edit.new)


def check(root: Path, path: str, *only: str, to_the_end: bool = True) -> dict[str, Verdict]:
    """Have pytest run the test file at `path` (or `only` these tests of it) in this process.

    Returns a verdict for each test by name; if not `to_the_end`, the last is the first that failed.
    Raises `Problem` if the file cannot be imported.
    """
    import pytest

    from answerable import pytest_plugin

    recorder, printed = _Recorder(), io.StringIO()
    # What `addopts` says is for whoever types `pytest`; other plugins are for conftest to name.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    arguments = [
        *([f"{root / path}::{test}" for test in only] or [str(root / path)]),
        f"--rootdir={root}",
        "--import-mode=importlib",
        "--override-ini=addopts=",
        "--capture=sys",  # below Python, whoever runs a program takes what is written
        *(f"-pno:{plugin}" for plugin in NOT_FOR_CLAIMS),
        *(() if to_the_end else ("--exitfirst",)),
    ]
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = pytest.main(arguments, plugins=[recorder, pytest_plugin])
    here = f"{root}{os.sep}"
    if recorder.errors:
        errors = "\n".join(recorder.errors).replace(here, "")
        raise Problem(path, 1, "pytest cannot import this file", errors)
    if code in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
        reason = printed.getvalue().replace(here, "")
        raise Problem(path, 1, "pytest cannot start on this file", reason)
    return {
        name: replace(verdict, explanation=verdict.explanation.replace(here, ""))
        for name, verdict in recorder.verdicts.items()
    }


class _Recorder:
    """Notes what pytest reports: a claim passes if each of its tests ran and passed."""

    def __init__(self) -> None:
        self.verdicts: dict[str, Verdict] = {}
        self.errors: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.errors.append(str(report.longrepr))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.location[2].split("[")[0]
        before = self.verdicts.get(name, Verdict("passed", 0.0))
        explanation = before.explanation
        if not report.passed:
            reason: Any = report.longrepr
            explanation += reason[2] if isinstance(reason, tuple) else str(reason)
        status = "passed" if report.passed and before.status == "passed" else "failed"
        self.verdicts[name] = Verdict(status, before.seconds + report.duration, explanation)


def _claim(node: ast.FunctionDef, lines: list[str], path: str) -> Claim:
    kind, breaks = "claim", []
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        mark = call.func if call else decorator
        name = mark.attr if isinstance(mark, ast.Attribute) else ""
        if name == "boundary":
            kind = "boundary"
        elif name == "breaks":
            breaks.append(_break(call, decorator.lineno, path))
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    source = "\n".join(lines[first - 1 : node.end_lineno])
    return Claim(node.name.removeprefix(PREFIX), path, node.lineno, kind, tuple(breaks), source)


def _break(call: ast.Call | None, line: int, path: str) -> Break:
    try:
        arguments = [ast.literal_eval(argument) for argument in call.args] if call else []
        if call and not call.keywords and list(map(type, arguments)) == [str, str]:
            old, new = arguments
            return Break(old, new, line)
    except (TypeError, *snippet.NOT_PYTHON):
        pass
    raise Problem(path, line, 'written @pytest.mark.breaks("old text", "new text"), both literal')


def _nearest_line(old: str, program: str) -> str:
    lines = [line.strip() for line in program.splitlines() if line.strip()]
    return nearest(old.strip().splitlines()[0] if old.strip() else old, lines)
