"""A question answered: page, program and claims, with what came of running and checking them."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import platform
import re
import tomllib
from collections.abc import Callable, Container, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from answerable import cache, claims, formula, mutants, needs, page, run, snippet
from answerable.problem import Problem, Problems
from answerable.question import Question, find
from answerable.session import Output

T = TypeVar("T")
LINK = re.compile(r"\]\((?:\./)?(\w+)\.md\b")  # from one question to another


@dataclass(frozen=True)
class Draft:
    """The three files of a question, read and found to fit together; nothing has run yet.

    `stamps` are those of its files before they were read.
    """

    question: Question
    page: page.Page
    snippet: snippet.Snippet
    claims: list[claims.Claim]
    tests: str
    stamps: list[Any]
    formulas: list[formula.Formula]

    def job(self, limit: float) -> run.Job:
        """All there is to do for this question."""
        values = {value.expression: value for value in reversed(self.page.values)}
        return run.Job(
            root=self.question.root,
            snippet=self.snippet,
            stem=self.question.stem,
            values=tuple((text, self.page.path, value.line) for text, value in values.items()),
            test=self.question.test,
            limit=limit,
        )

    @property
    def modules(self) -> frozenset[str]:
        """What program and tests import, other than the program itself."""
        return (snippet.imports(self.snippet.text) | snippet.imports(self.tests)) - {
            self.question.stem
        }

    @property
    def made_with(self) -> dict[str, str]:
        """The versions of Python and of the packages that its results are made with."""
        modules = snippet.imports(self.snippet.text) | {"pytest"}
        return {"Python": platform.python_version(), **cache.installed(modules)}

    def run_key(self, job: run.Job) -> str:
        """Names the outputs and values: they depend on the program, the packages, what is asked."""
        packages = cache.versions(snippet.imports(self.snippet.text))
        asked = [expression for expression, _, _ in job.values]
        return cache.key("run", job.stem, self.snippet.text, packages, asked)

    def check_key(self, job: run.Job) -> str:
        """Names the verdicts: they depend on tests, conftest and pytest's settings as well."""
        root = self.question.root
        conftests = [self.question.read(path) for path in self.question.conftests]
        modules = {"pytest", *self.modules}.union(*map(snippet.imports, conftests))
        settings = [_pytest_settings(root), conftests, cache.versions(modules)]
        return cache.key("check", job.stem, self.snippet.text, self.tests, settings)


@dataclass(frozen=True)
class Answer:
    """A draft with its results: nothing in it is left to be believed.

    `outputs` by cell, `values` as (raw, shown) by expression, `verdicts` by test name; `needed`
    are the digests of the files that were read besides the question's own.
    """

    draft: Draft
    outputs: dict[str, list[Output]]
    values: dict[str, tuple[str, str]]
    verdicts: dict[str, claims.Verdict]
    seconds: float
    needed: dict[str, str | None]

    def shown(self, value: page.Value) -> str:
        """A value as a reader sees it."""
        return self.values[value.expression][1]

    def text(self, parts: tuple[str | page.Value, ...]) -> str:
        """A claim's sentence, or a figure's alternative text, with its values."""
        text = page.render(parts, lambda value: page.literal(self.shown(value)))
        return page.plain(formula.unmark(text, page.literal))

    @functools.cached_property
    def prose(self) -> str:
        """All of the page's text that is neither claim, value nor cell."""
        return "".join(piece for piece in self.draft.page.pieces if isinstance(piece, str))

    @functools.cached_property
    def links(self) -> frozenset[str]:
        """The questions that its prose links to."""
        return frozenset(LINK.findall(self.prose))

    @functools.cached_property
    def digest(self) -> str:
        """What tells it from any other, and from what it was before."""
        draft, statuses = self.draft, {test: it.status for test, it in self.verdicts.items()}
        texts = [draft.page, draft.snippet.text, draft.tests, draft.made_with]
        content = repr([*texts, self.outputs, self.values, statuses])
        return hashlib.sha256(content.encode(errors="replace")).hexdigest()

    @property
    def said(self) -> dict[str, Any]:
        """What has to be the same wherever it is run: texts by cell, values, and verdicts."""
        printed = {
            cell: [it.content for it in outputs if it.kind in ("text", "value")]
            for cell, outputs in self.outputs.items()
        }
        shown = {expression: pair[1] for expression, pair in self.values.items()}
        verdicts = {test: verdict.status for test, verdict in self.verdicts.items()}
        return {"printed": printed, "shown": shown, "verdicts": verdicts}

    @property
    def record(self) -> mutants.Record | None:
        """Which small wrong changes its claims notice, if that was measured of it as it is."""
        return mutants.load(self.draft.question)

    @functools.cached_property
    def statements(self) -> dict[str, str]:
        """Each claim's sentence, as text, by its id."""
        return {use.id: self.text(use.text) for use in self.draft.page.claims}

    def claims_json(self) -> list[dict[str, Any]]:
        """This question's part of `claims.json`; `page` is relative to the site's root."""
        return [
            {
                "id": claim.id,
                "page": f"questions/{self.draft.question.stem}/",
                "statement": self.statements[claim.id],
                "test": claim.node,
                "kind": claim.kind,
                "status": self.verdicts[claim.test].status,
                "seconds": round(self.verdicts[claim.test].seconds, 3),
            }
            for claim in self.draft.claims
        ]


def read(question: Question) -> Draft:
    """Read a question's three files. Raises `Problems`: all that can be seen without running."""
    problems: list[Problem] = []
    stamps = _stamps(question)

    def attempt(
        parse: Callable[[str, str], T],
        path: str,
        prepare: Callable[[str, str], str] = lambda text, path: text,
    ) -> tuple[str, T | None]:
        try:
            text = prepare(question.read(path), path)
            return text, parse(text, path)
        except Problem as problem:
            problems.append(problem)
        except Problems as several:
            problems.extend(several.problems)
        return "", None

    marked, prose = attempt(page.parse, question.page, formula.mark)
    _, program = attempt(snippet.parse, question.snippet)
    tests, stated = attempt(claims.read, question.test)
    if prose and program:
        cells = [(cell.name, cell.line) for cell in prose.cells]
        unused = f"add a block ```cell with the line {{name}} (it is in {question.snippet})"
        problems += page.check_names(question.page, "cell", cells, program.names, unused)
    if prose and stated is not None:
        made = [(claim.id, claim.line) for claim in prose.claims]
        unused = f"link a sentence to claim:{{name}} ({question.test} tests it)"
        problems += page.check_names(
            question.page, "claim", made, [claim.id for claim in stated], unused
        )
    if program and stated:
        for claim in stated:
            for edit in claim.breaks:
                try:
                    claims.broken(program.text, edit, claim, question.snippet)
                except Problem as problem:
                    problems.append(problem)
    if problems or not (prose and program and stated is not None):
        raise Problems(problems)
    formulas = formula.find(marked, question.page)
    return Draft(question, prose, program, stated, tests, stamps, formulas)


def read_all(root: Path, known: Container[str] = ()) -> list[Draft]:
    """Every question of the project at `root`, but those `known`. Raises `Problems` of them all."""
    drafts, problems = [], []
    questions = find(root)
    for question in (it for it in questions if it.stem not in known):
        try:
            drafts.append(read(question))
        except Problems as several:
            problems += several.problems
    for question in questions[:1]:  # what all tests share
        for path in question.conftests:
            try:
                claims.read(question.read(path), path)
            except Problem as problem:
                problems.append(problem)
    if problems:
        raise Problems(problems)
    return drafts


@dataclass(frozen=True)
class Work:
    """What is to be done for a draft, and the names its results will have.

    Of those, `ran` and `checked` are whether they are known already.
    """

    draft: Draft
    job: run.Job
    run_key: str
    check_key: str
    ran: bool = False
    checked: bool = False

    def unedited(self) -> bool:
        """Whether the tests, which pytest has read anew, are still those of the draft."""
        question, tests = self.draft.question, self.draft.tests
        try:
            return (
                question.read(question.test) == tests
                and self.draft.check_key(self.job) == self.check_key
            )
        except (OSError, Problem):
            return False


class Memory:
    """Answers of this process's last build, while their files have not been touched since."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[Answer, list[Any]]] = {}

    def untouched(self) -> dict[str, Answer]:
        """Those that still hold, by stem."""
        return {
            stem: answer
            for stem, (answer, stamps) in self.answers.items()
            if stamps == _stamps(answer.draft.question, answer.needed)
        }

    def keep(self, answer: Answer) -> None:
        """Note an answer, unless something was written to meanwhile."""
        draft, root = answer.draft, answer.draft.question.root
        stamps = _stamps(draft.question, answer.needed)
        if stamps[: len(draft.stamps)] == draft.stamps and needs.unchanged(root, answer.needed):
            self.answers[draft.question.stem] = answer, stamps


def _stamps(question: Question, needed: Iterable[str] = ()) -> list[Any]:
    """What tells whether somebody has written to any file that an answer depends on."""
    conftests = (folder / "conftest.py" for folder in Path(question.test).parents)
    paths: tuple[str | Path, ...] = (*question.files, "pyproject.toml", *conftests, *needed)
    return [_stamp(question.root / path) for path in paths]


def _stamp(path: Path) -> Any:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class Answers:
    """Every question's answer: results from `store`, or being made by `executor` from now on.

    Making one starts the work; going through it yields each answer as soon as it is known, and at
    the end raises `Problems` if anything in the project is not right. What is in `memory` is taken
    as it is; what is not comes to be in it.
    """

    def __init__(
        self,
        root: Path,
        store: cache.Cache,
        executor: Executor,
        limit: float,
        memory: Memory | None = None,
    ) -> None:
        self.store, self.memory = store, memory or Memory()
        self.problems: list[Problem] = []
        self.known: list[tuple[Work, run.Result]] = []
        self.pending: dict[Future[run.Result], Work] = {}
        self.remembered = self.memory.untouched()
        try:
            drafts = read_all(root, self.remembered)
        except Problems as several:
            self.problems = several.problems
            return
        stale: list[Work] = []
        for draft in drafts:
            job = draft.job(limit)
            work = Work(draft, job, draft.run_key(job), draft.check_key(job))
            ran, checked = (_kept(store, key, root) for key in (work.run_key, work.check_key))
            if ran and checked:
                self.known.append((work, _result(ran, checked)))
            else:
                stale.append(dataclasses.replace(work, ran=bool(ran), checked=bool(checked)))
        if stale and isinstance(executor, ThreadPoolExecutor):  # they will run on this machine
            run.preload(set().union(*(snippet.imports(it.draft.snippet.text) for it in stale)))
        self.pending = {executor.submit(run.run, work.job): work for work in stale}

    def __len__(self) -> int:
        """How many there will be, if all is right."""
        return len(self.remembered) + len(self.known) + len(self.pending)

    def __iter__(self) -> Iterator[Answer]:
        """Each answer as soon as it is known."""
        yield from self.remembered.values()
        for work, result in self.known:
            yield from self.accept(work, result)
        for future in as_completed(self.pending):
            work = self.pending[future]
            try:
                result = future.result()
            except Problem as problem:
                self.problems.append(problem)
                continue
            if work.unedited():
                self.keep(work, result)
            yield from self.accept(work, result)
        if self.problems:
            raise Problems(self.problems)

    def accept(self, work: Work, result: run.Result) -> Iterator[Answer]:
        """The answer, if it is one; it is remembered."""
        for answer in _accept(work, result, self.problems):
            self.memory.keep(answer)
            yield answer

    def keep(self, work: Work, result: run.Result) -> None:
        """Store a new result. A claim that fails is checked again each time."""
        parts = dataclasses.asdict(result)
        verdicts, ran, checked = (parts.pop(name) for name in ("verdicts", "ran", "checked"))
        if not work.ran:
            self.store.store(work.run_key, {**parts, "needs": _versioned(**ran)})
        passed = all(verdict.status == "passed" for verdict in result.verdicts.values())
        if passed and not work.checked:
            kept = {"verdicts": verdicts, "needs": _versioned(**checked)}
            self.store.store(work.check_key, kept)


def _versioned(files: dict[str, str | None], modules: list[str]) -> dict[str, Any]:
    """What was needed, as it is kept."""
    return {"files": files, "packages": cache.installed(modules)}


def _kept(store: cache.Cache, key: str, root: Path) -> Any:
    """The result kept under `key`, if all that it needed is as it was."""
    if kept := store.load(key):
        packages, files = kept["needs"]["packages"], kept["needs"]["files"]
        same = all(cache.version(name) == before for name, before in packages.items())
        return kept if same and needs.unchanged(root, files) else None
    return None


def _accept(work: Work, result: run.Result, problems: list[Problem]) -> Iterator[Answer]:
    """The answer, if every claim passed and every figure has its text; else `problems` grows."""
    draft, before = work.draft, len(problems)
    for claim in draft.claims:
        verdict = result.verdicts.get(claim.test)
        if not verdict or verdict.status != "passed":
            what = f"claim '{claim.id}' {'fails' if verdict else 'was not run by pytest'}"
            details = verdict.explanation if verdict else ""
            problems.append(Problem(claim.path, claim.line, what, details))
    for use in draft.page.cells:
        drawn = sum(output.kind == "figure" for output in result.outputs[use.name])
        if drawn != len(use.alts):
            what = (
                f"figures of cell '{use.name}': {drawn}, alternative texts: {len(use.alts)}; "
                "under the cell's name write for each figure a line 'alt: what it shows'"
            )
            problems.append(Problem(draft.page.path, use.line, what))
    if len(problems) == before:
        values = {
            expression: pair
            for (expression, *_), pair in zip(work.job.values, result.values, strict=True)
        }
        needed = {**result.ran.files, **result.checked.files}
        yield Answer(draft, result.outputs, values, result.verdicts, result.seconds, needed)


def _result(ran: dict[str, Any], checked: dict[str, Any]) -> run.Result:
    """A result as it was stored."""
    return run.Result(
        outputs={
            cell: [Output(**output) for output in outputs]
            for cell, outputs in ran["outputs"].items()
        },
        values=[(raw, shown) for raw, shown in ran["values"]],
        verdicts={test: claims.Verdict(**verdict) for test, verdict in checked["verdicts"].items()},
        seconds=ran["seconds"],
        ran=needs.Needs(ran["needs"]["files"]),
        checked=needs.Needs(checked["needs"]["files"]),
    )


def _pytest_settings(root: Path) -> Any:
    """What pytest is told in this project, other than by conftest."""
    try:
        return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]
    except (OSError, KeyError, ValueError):
        return None
