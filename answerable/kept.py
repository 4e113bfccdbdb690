"""Which pages of the last build are still right, and may stay as they are."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from answerable import cache, mutants, needs, references
from answerable.answer import Answer

TITLES = re.compile(r"\A---\n.*?^---$|^# [^\n]*", re.DOTALL | re.MULTILINE)  # where they are
ANCHORS = re.compile(r"\.(md|ipynb)#")  # what they lead to may change with any page
Sections = dict[str, list[dict[str, Any]]]  # of the theme's index, by address of the page
LISTS = "<!-- "  # in a page that shows more than its own text


@dataclass(frozen=True)
class State:
    """What the pages of a site are made from, as digests: all of them, and each.

    What is `common` to them is which pages there are, by what names, and what is near what.
    """

    common: str
    pages: dict[str, str]


@dataclass
class Record:
    """What a build made: from what, and by page where it is (with its stamp), and what it adds.

    `names` are titles and front matter, `scripts` the names of the files of what was `inline`;
    `search` are the files of the search, and `found` is where what they were made of is kept.
    """

    state: State = State("", {})
    files: dict[str, list[Any]] = field(default_factory=dict)
    names: dict[str, list[Any]] = field(default_factory=dict)
    scripts: dict[str, list[str]] = field(default_factory=dict)
    inline: dict[str, str] = field(default_factory=dict)
    search: dict[str, str] = field(default_factory=dict)
    found: str = ""

    def sections(self, store: cache.Cache) -> Sections:
        """What the theme's index has of each page."""
        return store.load(f"sections-{self.found}") or {}

    def same(self, state: State) -> set[str]:
        """The pages that are as they would be made from this state, by place in the docs."""
        if self.state.common != state.common:
            return set()
        return {
            page
            for page, digest in state.pages.items()
            if self.state.pages.get(page) == digest and self.whole(page)
        }

    def whole(self, page: str) -> bool:
        """Whether the page's file is the one that was written."""
        path, stamp = self.files.get(page, ("", None))
        return stamp is not None and written(path) == stamp


def state(
    settings: Any, answers: Mapping[str, Answer], places: Iterable[str], texts: Mapping[str, str]
) -> State:
    """The state with files at these `places` in the docs; `texts` are of pages no question has."""
    fronts = {stem: answer.draft.page.front for stem, answer in answers.items()}
    near = [
        (stem, front.title, front.topic, sorted(front.tags), sorted(answers[stem].links))
        for stem, front in fronts.items()
    ]
    names = {page: TITLES.findall(text) for page, text in texts.items()}
    records = [needs.digest(mutants.path(answer.draft.question)) for answer in answers.values()]
    shown = [
        (answer.draft.page.front, len(answer.draft.claims), references.find(answer.prose, ""))
        for answer in answers.values()
    ]
    listed = _digest([shown, records])
    pages = {
        page: _digest([text, listed if LISTS in text else ""])
        for page, text in texts.items()
        if not ANCHORS.search(text)
    }
    for stem, answer in answers.items():
        if not ANCHORS.search(answer.prose):
            pages[f"questions/{stem}.md"] = pages[f"notebooks/{stem}.ipynb"] = answer.digest
    return State(_digest([settings, _engine(), near, names, sorted(places)]), pages)


def written(path: str) -> list[int] | None:
    """What tells whether a file has been written to."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return [status.st_mtime_ns, status.st_size]


def load(store: cache.Cache, site: str) -> Record:
    """The record of the site in this folder. It is used up: should this build fail, all is new."""
    data = store.take(_name(site))
    return Record(**{**data, "state": State(**data["state"])}) if data else Record()


def save(store: cache.Cache, site: str, record: Record, sections: Sections) -> None:
    """Keep the record for the next build, and `sections` if there are other ones than before."""
    if sections:
        record.found = _digest(sections)
        store.store(f"sections-{record.found}", sections)
    store.store(_name(site), dataclasses.asdict(record))


def clean(site: str, keep: Iterable[str]) -> None:
    """Throw away the site, but for the files to `keep` and what is hidden, as MkDocs does."""
    kept = set(map(os.path.normpath, keep))
    for entry in os.scandir(site) if os.path.isdir(site) else ():
        if entry.name.startswith("."):
            continue
        if not entry.is_dir() or entry.is_symlink():
            _discard(entry.path, kept)
            continue
        for folder, folders, names in os.walk(entry.path, topdown=False):
            for name in names:
                _discard(os.path.join(folder, name), kept)
            for name in folders:
                if os.path.islink(path := os.path.join(folder, name)):
                    os.unlink(path)
            if not os.listdir(folder):
                os.rmdir(folder)


def _discard(path: str, kept: set[str]) -> None:
    if os.path.normpath(path) not in kept:
        os.unlink(path)


def _name(site: str) -> str:
    return f"site-{hashlib.sha256(os.path.abspath(site).encode()).hexdigest()}"


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()


@functools.cache
def _engine() -> str:
    """All of the engine's own files."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.read_bytes())
    return digest.hexdigest()
