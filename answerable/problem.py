"""What is wrong in an author's files: where, what, and how to mend it."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable
from pathlib import Path

MANY = 1000  # valid names that are looked at for a nearest: it takes time, for each wrong one


class Problem(Exception):
    """One thing an author has to mend; `str()` is the message they read.

    `path` is as the author knows it (relative to the project's root), `line` counts from 1.
    """

    def __init__(self, path: str | Path, line: int, what: str, details: str = "") -> None:
        super().__init__(path, line, what, details)
        self.path, self.line, self.what, self.details = str(path), line, what, details

    def __str__(self) -> str:
        message = f"{Path(self.path).as_posix()}:{self.line}: {self.what}"
        return f"{message}\n{indent(self.details)}" if self.details else message


class Problems(Exception):
    """Everything that was found wrong at one go."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.path, problem.line))
        super().__init__("\n".join(map(str, self.problems)))


def closest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name that `name` was most likely meant to be, if any is near."""
    return next(iter(difflib.get_close_matches(name, list(valid), n=1, cutoff=0.5)), None)


def nearest(name: str, valid: Iterable[str]) -> str:
    """End of a sentence that names the valid name nearest to `name`, or else the valid ones."""
    names = list(dict.fromkeys(itertools.islice(valid, MANY)))
    if match := closest(name, names):
        return f"did you mean '{match}'?"
    listed = ", ".join(f"'{other}'" for other in names[:8])
    return f"there is {listed}{' and more' if len(names) > 8 else ''}" if names else "there is none"


def indent(text: str) -> str:
    """`text` set off from the message it belongs to."""
    return "\n".join(f"    {line}" if line else "" for line in text.rstrip().splitlines())
