"""Small wrong changes of a program, one at a time: which of them do its claims notice?

The changes are mutmut's, made in functions and constants: another number, operator, comparison,
truth value or branch. Those that nearly always end in an error (an argument or a value replaced by
None) or that no claim is about (texts) are left out: they would raise the score, or lower it, and
say nothing.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from answerable import run, snippet
from answerable.cache import write
from answerable.problem import Problem

if TYPE_CHECKING:
    import libcst

    from answerable.question import Question

FOLDER = "tests/mutants"
OPERATORS = [
    "number",
    "swap_op",
    "name",
    "if_exp",
    "augmented_assignment",
    "keywords",
    "remove_unary_ops",
]
HEADER = "# Written by `answerable mutants {}`; of it, only the reasons (`why`) are by hand.\n"
LIMIT = 60.0  # seconds, for the program as it is
SLOWER = 5.0  # by that a mutant may be slower; those that never end are many


@dataclass(frozen=True)
class Mutant:
    """A program with one change: in `line`, what `was` there `becomes` something else."""

    line: int
    was: str
    becomes: str
    text: str = field(repr=False)


@dataclass(frozen=True)
class Alive:
    """A mutant that no claim notices; `why`, if it cannot be noticed or need not be."""

    line: int
    was: str
    becomes: str
    why: str = ""


@dataclass(frozen=True)
class Record:
    """What came of all mutants of a question: how many there were, and those that live.

    `stopped` is how many of the others raised an error or did not end, rather than fail a claim.
    `of` names program and tests as they were.
    """

    of: str
    mutants: int
    stopped: int
    alive: tuple[Alive, ...]

    @property
    def equivalent(self) -> int:
        """How many live for a reason."""
        return sum(bool(one.why) for one in self.alive)

    @property
    def counted(self) -> int:
        """How many there are besides those."""
        return self.mutants - self.equivalent

    @property
    def killed(self) -> int:
        """How many the claims noticed."""
        return self.mutants - len(self.alive)

    def __str__(self) -> str:
        return (
            f"{self.killed} of {self.counted} mutants noticed ({self.killed / self.counted:.1%}), "
            f"{self.stopped} of them by an error; {self.equivalent} equivalent"
        )


def of(text: str, number: int | None = None) -> list[Mutant]:
    """Every mutant of a program, in its order; or only a `number`, drawn anew each time."""
    import libcst
    from mutmut.mutation import mutators

    wanted = {f"operator_{name}" for name in OPERATORS}
    operators = [pair for pair in mutators.mutation_operators if pair[1].__name__ in wanted]
    changes: list[tuple[Any, Any]] = []

    class Visitor(libcst.CSTVisitor):
        def on_visit(self, node: libcst.CSTNode) -> bool:
            for kind, change in operators:
                if isinstance(node, kind):
                    changes.extend((node, changed) for changed in change(node))
            return not isinstance(node, libcst.Annotation)

    module = libcst.parse_module(text)
    for statement in module.body:
        if _mutable(statement):
            statement.visit(Visitor())
    if number is not None:
        changes = random.sample(changes, min(number, len(changes)))
    made = (_mutant(text, module.deep_replace(*change).code) for change in changes)
    return list({mutant.text: mutant for mutant in made}.values())


def _mutable(statement: libcst.CSTNode) -> bool:
    """Whether this is a function or a constant, which is written in capitals."""
    import libcst

    if not isinstance(statement, libcst.SimpleStatementLine):
        return isinstance(statement, libcst.FunctionDef | libcst.ClassDef)
    targets = [
        target.target
        for part in statement.body
        if isinstance(part, libcst.Assign)
        for target in part.targets
    ]
    names = [name for target in targets for name in _names(target)]
    return bool(names) and all(name.isupper() for name in names)


def _names(target: Any) -> Iterator[str]:
    """The names that are assigned to, be it to a part of them."""
    if isinstance(target, str):
        yield target
    elif elements := getattr(target, "elements", ()):
        for element in elements:
            yield from _names(element)
    else:
        yield from _names(target.value)


def _mutant(before: str, after: str) -> Mutant:
    old, new = before.splitlines(), after.splitlines()
    pairs = zip(old, new, strict=False)
    first = next((i for i, (a, b) in enumerate(pairs) if a != b), 0)
    return Mutant(first + 1, old[first].strip(), new[first].strip(), after)


def outcome(question: Question, text: str, limit: float = LIMIT) -> str:
    """What becomes of a program: "alive", "failed" (a claim), or "stopped" by an error or for time.

    It may take `limit` seconds.
    """
    try:
        program = snippet.parse(text, question.snippet)
        stem, test = question.stem, question.test
        job = run.Job(question.root, program, stem, test=test, trial=True, limit=limit)
        verdicts = run.run(job).verdicts.values()
    except Problem:
        return "stopped"
    return "failed" if any(verdict.status != "passed" for verdict in verdicts) else "alive"


def outcomes(question: Question, mutants: list[Mutant], go: Callable[..., Any]) -> list[str]:
    """What becomes of each; `go` is a `map`. Raises `Problem` unless the claims hold as it is."""
    started = time.monotonic()
    if (end := outcome(question, question.read(question.snippet))) != "alive":
        raise Problem(question.test, 1, f"claims must hold before mutants are tried: {end}")
    limit = 1 + SLOWER * (time.monotonic() - started)
    return list(go(lambda mutant: outcome(question, mutant.text, limit), mutants))


def measure(question: Question, executor: Executor) -> Record:
    """Try every mutant of a question; reasons given before are kept. Raises `Problem`."""
    mutants = of(question.read(question.snippet))
    known = {(one.was, one.becomes): one.why for one in _alive(question)}
    ends = outcomes(question, mutants, executor.map)
    alive = tuple(
        Alive(one.line, one.was, one.becomes, known.get((one.was, one.becomes), ""))
        for one, end in zip(mutants, ends, strict=True)
        if end == "alive"
    )
    return Record(fingerprint(question), len(mutants), ends.count("stopped"), alive)


def sample(question: Question, number: int) -> list[str]:
    """Try `number` mutants, drawn anew each time; what differs from the record, in words."""
    record = load(question)
    if not record:
        return []
    living = {(one.line, one.was, one.becomes) for one in record.alive}
    chosen = of(question.read(question.snippet), number)
    return [
        f"{question.snippet}:{one.line}: '{one.becomes}' in place of '{one.was}' is {end}; "
        f"the record says otherwise (answerable mutants {question.stem})"
        for one, end in zip(chosen, outcomes(question, chosen, map), strict=True)
        if (end == "alive") != ((one.line, one.was, one.becomes) in living)
    ]


def again(question: Question, executor: Executor) -> list[str]:
    """Try those again that lived for no reason, for whoever is strengthening claims."""
    unexplained = {(it.line, it.was, it.becomes) for it in _alive(question) if not it.why}
    mutants = of(question.read(question.snippet))
    chosen = [it for it in mutants if (it.line, it.was, it.becomes) in unexplained]
    return [
        f"{question.snippet}:{one.line}: '{one.becomes}' in place of '{one.was}': {end}"
        for one, end in zip(chosen, outcomes(question, chosen, executor.map), strict=True)
    ]


def path(question: Question) -> Path:
    """Where the record is kept."""
    return question.root / FOLDER / f"{question.stem}.yml"


def save(question: Question, record: Record) -> None:
    """Write the record."""
    data = asdict(record) | {"alive": [asdict(one) for one in record.alive]}
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=200)
    write(path(question), (HEADER.format(question.stem) + text).encode())


def load(question: Question) -> Record | None:
    """The record, unless there is none of program and tests as they are. Raises `Problem`."""
    data = _data(question)
    if not data or data["of"] != fingerprint(question):
        return None
    return Record(data["of"], data["mutants"], data["stopped"], _alive(question))


def _alive(question: Question) -> tuple[Alive, ...]:
    return tuple(Alive(**one) for one in _data(question).get("alive", ()))


def _data(question: Question) -> dict[str, Any]:
    try:
        return dict(yaml.safe_load(path(question).read_text("utf-8")))
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, yaml.YAMLError) as error:
        where = path(question).relative_to(question.root).as_posix()
        what = f"not a record of mutants; delete it, then: answerable mutants {question.stem}"
        raise Problem(where, 1, what, str(error)) from None


def fingerprint(question: Question) -> str:
    """What tells program and tests from any other."""
    texts = question.read(question.snippet), question.read(question.test)
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
