"""The three files that make one question, found by their stem."""

from __future__ import annotations

import contextlib
import datetime
import functools
import importlib.machinery
import re
import reprlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from answerable.problem import Problem, Problems, closest, nearest

PAGES, SNIPPETS, TESTS = "docs/questions", "snippets", "tests"
STEM = re.compile(r"[a-z][a-z0-9_]{0,99}")
INDEX = "index"  # the page of the folder itself, which is no question
RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)\d")  # no file of Windows's can have such a name
UNSHOWABLE = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # not of XML
# In a source, which is Markdown: HTML, a link that may lead anywhere, a definition of such a link.
MARKUP = re.compile(
    r"<(?!https?://)[a-z/!?]"
    r"|\]\(\s*<?(?!https?://|mailto:|[\w./#-]*[\s)])"
    r"|^\[(?:\\.|[^\[\]\\])*\]:",
    re.IGNORECASE,
)


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

    @property
    def conftests(self) -> list[str]:
        """What pytest reads besides the tests."""
        paths = ((folder / "conftest.py").as_posix() for folder in Path(self.test).parents)
        return [path for path in paths if (self.root / path).is_file()]

    def read(self, path: str) -> str:
        """The text of one of the files. Raises `Problem` unless it is UTF-8."""
        return read(self.root, path)


def read(root: Path, path: str) -> str:
    """The text of a file of the project, line ends made plain. Raises `Problem` unless UTF-8."""
    try:
        data = (root / path).read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise Problem(path, 1, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what = f"not UTF-8: byte 0x{data[error.start]:02x}; save the file as UTF-8"
        raise Problem(path, line, what) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def find(root: Path) -> list[Question]:
    """Every question of the project. Raises `Problems` where one of the three files is missing."""
    stems = {
        "page": {path.stem for path in (root / PAGES).glob("*.md")} - {INDEX},
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
        return (
            f"'{stem}' must be lower-case letters, digits, underscores, at most 100, "
            "and start with a letter"
        )
    if stem == INDEX or RESERVED.fullmatch(stem):
        return f"'{stem}' is a name with another meaning; choose another"
    elsewhere = _elsewhere(root / SNIPPETS, tuple(sys.path))
    taken = stem in sys.stdlib_module_names or importlib.machinery.PathFinder.find_spec(
        stem, elsewhere
    )
    return (
        f"'{stem}' is the name of an installed module; tests could not import the snippet"
        if taken
        else None
    )


@functools.lru_cache
def _elsewhere(folder: Path, paths: tuple[str, ...]) -> list[str]:
    """Where modules are looked for besides the folder of programs."""
    return [path for path in paths if Path(path or ".").resolve() != folder]


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
    block = match[1] or ""
    try:
        data = _load(block) or {}
    except yaml.reader.ReaderError as error:
        line = block.count("\n", 0, error.position) + 2
        what = f"the character U+{error.character:04X} cannot be shown"
        raise Problem(path, line, what) from None
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error)
        what = f"the front matter is not YAML: {reason} (put text with ': ' or '#' in it in quotes)"
        line = block.count("\n", 0, mark.index) + 2 if mark else 1
        raise Problem(path, line, what) from None
    if not isinstance(data, dict):
        raise Problem(path, 2, "the front matter must be 'key: value' lines")
    front = _check(data, block, path)
    return front, text[match.end() :], text.count("\n", 0, match.end()) + 1


def _load(block: str) -> Any:
    """What the YAML says: the fast loader's word, if it has nothing against it.

    That one does not survive deep nesting, each level of which takes one of a few characters.
    """
    fast = getattr(yaml, "CSafeLoader", None)
    if fast and sum(map(block.count, "[{-:?")) < 1000:
        with contextlib.suppress(yaml.YAMLError):
            return yaml.load(block, _loader(fast))
    return yaml.load(block, _loader(yaml.SafeLoader))


@functools.cache
def _loader(base: Any) -> Any:
    class Loader(base):  # type: ignore[misc]
        """Reads texts as a page shows them, each in one line; says where one makes no sense."""

        def construct_scalar(self, node: Any) -> Any:
            text = super().construct_scalar(node)
            if isinstance(text, str):
                text = " ".join(text.split())
                if found := UNSHOWABLE.search(text):
                    what = f"the character U+{ord(found[0]):04X} cannot be shown"
                    raise yaml.MarkedYAMLError(problem=what, problem_mark=node.start_mark)
            return text

        def construct_object(self, node: Any, deep: bool = False) -> Any:
            try:
                value = super().construct_object(node, deep)
                if isinstance(value, int):
                    str(value)  # which has a limit
                return value
            except (ValueError, LookupError, AttributeError) as error:  # 2025-02-30 is no date
                what = f"{node.value!s:.40}: {error}"
                raise yaml.MarkedYAMLError(problem=what, problem_mark=node.start_mark) from None

    return Loader


def _check(data: dict[Any, Any], block: str, path: str) -> FrontMatter:
    problems = []

    def line_of(key: str) -> int:
        lines = block.splitlines()
        return next((i for i, line in enumerate(lines, 2) if line.startswith(f"{key}:")), 1)

    def wrong(key: str, expected: str) -> None:
        if key in data:
            got = f"not {type(data[key]).__name__} {reprlib.repr(data[key]):.100}"
            problems.append(Problem(path, line_of(key), f"'{key}' must be {expected}, {got}"))
        else:
            unknown = [str(other) for other in data if other not in FrontMatter.__annotations__]
            typo = closest(key, unknown)
            hint = f"; is '{typo}' meant?" if typo else ""
            problems.append(Problem(path, 1, f"the front matter lacks '{key}' ({expected}){hint}"))

    known = FrontMatter.__annotations__
    for key in map(str, data):
        if key not in known:
            what = f"the front matter has no '{key}': {nearest(key, known)}"
            problems.append(Problem(path, line_of(key), what))
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
    for source in values["sources"]:
        if isinstance(source, str) and (found := MARKUP.search(source)):
            what = "a source holds no HTML, and links to pages and http addresses alone: "
            problems.append(
                Problem(path, line_of("sources"), f"{what}{source[found.start() :]:.40}")
            )
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
