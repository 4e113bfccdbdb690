"""The three files that make one question, found by their stem."""

from __future__ import annotations

import datetime
import importlib.machinery
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from answerable.problem import Problem, Problems, closest, nearest

PAGES, SNIPPETS, TESTS = "docs/questions", "snippets", "tests"
STEM = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Question:
    """One question of the project at `root`. The paths are relative to it, with slashes."""

    root: Path
    stem: str

    @property
    def page(self) -> str:
        """The answer, in prose."""
        return f"{PAGES}/{self.stem}.md"

    @property
    def snippet(self) -> str:
        """The program that the answer rests on."""
        return f"{SNIPPETS}/{self.stem}.py"

    @property
    def test(self) -> str:
        """The claims, one test each."""
        return f"{TESTS}/test_{self.stem}.py"

    @property
    def files(self) -> tuple[str, str, str]:
        """All three."""
        return self.page, self.snippet, self.test

    def read(self, path: str) -> str:
        """The text of one of the files, line ends made plain. Raises `Problem` unless UTF-8."""
        data = (self.root / path).read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            what = f"not UTF-8: byte 0x{data[error.start]:02x}; save the file as UTF-8"
            raise Problem(path, line, what) from None
        return text.replace("\r\n", "\n")


def find(root: Path) -> list[Question]:
    """Every question of the project. Raises `Problems` where one of the three files is missing."""
    stems = {
        "page": {path.stem for path in (root / PAGES).glob("*.md")} - {"index"},
        "snippet": {path.stem for path in (root / SNIPPETS).glob("*.py")},
        "test": {path.stem.removeprefix("test_") for path in (root / TESTS).glob("test_*.py")},
    }
    problems = []
    for stem in sorted(set().union(*stems.values())):
        question = Question(root, stem)
        present = [kind for kind in stems if stem in stems[kind]]
        missing = [kind for kind in stems if stem not in stems[kind]]
        at = getattr(question, present[0])
        if fault := stem_fault(root, stem):
            problems.append(Problem(at, 1, fault))
        for kind in missing:
            unmatched = [s for s in stems[kind] if any(s not in stems[other] for other in present)]
            hint = (
                nearest(stem, unmatched)
                if unmatched
                else f"'answerable new {stem}' writes all three"
            )
            wanted = getattr(question, kind)
            problems.append(Problem(at, 1, f"this {present[0]} has no {kind} {wanted}; {hint}"))
    if problems:
        raise Problems(problems)
    return [Question(root, stem) for stem in sorted(stems["page"])]


def stem_fault(root: Path, stem: str) -> str | None:
    """What is wrong with a stem, if anything; a test imports the snippet by it."""
    if not STEM.fullmatch(stem):
        return f"'{stem}' must be lower-case letters, digits, underscores, and start with a letter"
    elsewhere = [path for path in sys.path if Path(path or ".").resolve() != root / SNIPPETS]
    taken = stem in sys.stdlib_module_names or importlib.machinery.PathFinder.find_spec(
        stem, elsewhere
    )
    return (
        f"'{stem}' is the name of an installed module; tests could not import the snippet"
        if taken
        else None
    )


@dataclass(frozen=True)
class FrontMatter:
    """What a page says about itself."""

    title: str
    description: str
    topic: str
    date: datetime.date
    asked_as: tuple[str, ...]
    tags: tuple[str, ...]
    sources: tuple[str, ...]
    posts: dict[str, str] = field(default_factory=dict)  # what it answers, and the verdict if any
    revisions: dict[datetime.date, str] = field(default_factory=dict)  # what changed, by day

    @property
    def latest(self) -> datetime.date:
        """The day of the page as it is: of its last revision, if it has any."""
        return max([self.date, *self.revisions])

    TEXTS = ("title", "description", "topic")
    LISTS = ("asked_as", "tags", "sources")


def split_front_matter(text: str, path: str) -> tuple[FrontMatter, str, int]:
    """A page's front matter, its body, and the body's first line number. Raises `Problems`."""
    match = re.match(r"---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|\Z)", text, re.DOTALL)
    if not match:
        raise Problem(
            path, 1, "no front matter: the page must start with a block between two lines '---'"
        )
    try:
        data = yaml.safe_load(match[1] or "") or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        reason = getattr(error, "problem", None) or str(error)
        what = f"the front matter is not YAML: {reason} (put text with ': ' or '#' in it in quotes)"
        raise Problem(path, line, what) from None
    if not isinstance(data, dict):
        raise Problem(path, 2, "the front matter must be 'key: value' lines")
    front = _check(data, match[1] or "", path)
    return front, text[match.end() :], text.count("\n", 0, match.end()) + 1


def _check(data: dict[Any, Any], block: str, path: str) -> FrontMatter:
    problems = []

    def line_of(key: str) -> int:
        lines = block.splitlines()
        return next((i for i, line in enumerate(lines, 2) if line.startswith(f"{key}:")), 1)

    def wrong(key: str, expected: str) -> None:
        if key in data:
            got = f"not {type(data[key]).__name__} {data[key]!r}"
            problems.append(Problem(path, line_of(key), f"'{key}' must be {expected}, {got}"))
        else:
            unknown = [str(other) for other in data if other not in FrontMatter.__annotations__]
            typo = closest(key, unknown)
            hint = f"; is '{typo}' meant?" if typo else ""
            problems.append(Problem(path, 1, f"the front matter lacks '{key}' ({expected}){hint}"))

    values: dict[str, Any] = {}
    for key in FrontMatter.TEXTS:
        value = data.get(key)
        values[key] = str(value).strip()
        if not isinstance(value, str) or not value.strip():
            wrong(key, "a text")
    for key in FrontMatter.LISTS:
        value = data.get(key)
        values[key] = tuple(value) if isinstance(value, list) else ()
        if not isinstance(value, list) or not _texts(value):
            wrong(key, "a list of texts")
    posts = data.get("posts", [])
    if isinstance(posts, list) and _texts(posts):
        posts = dict.fromkeys(posts, "")
    elif not (isinstance(posts, dict) and _texts(posts) and _texts(posts.values())):
        wrong("posts", "a list of ids, or 'id: verdict' lines")
    values["posts"] = posts
    values["date"] = data.get("date")
    if not _days([values["date"]]):
        wrong("date", "a date such as 2025-11-24")
    values["revisions"] = revisions = data.get("revisions", {})
    if not (isinstance(revisions, dict) and _texts(revisions.values()) and _days(revisions)):
        wrong("revisions", "'date: what changed' lines")
    elif _days([values["date"]]) and any(day < values["date"] for day in revisions):
        what = f"a revision is older than the page, which is of {values['date']} ('date')"
        problems.append(Problem(path, line_of("revisions"), what))
    if problems:
        raise Problems(problems)
    return FrontMatter(**values)


def _days(values: Iterable[object]) -> bool:
    return all(type(value) is datetime.date for value in values)


def _texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)
