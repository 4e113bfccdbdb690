"""While a site is served: which pages a save has changed, so that the others may stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answerable.answer import Answer

NAMED = re.compile(r"\A---\n.*?^---$|^# [^\n]*", re.DOTALL | re.MULTILINE)  # where titles are


@dataclass(frozen=True)
class State:
    """What the pages of a site were made from.

    `common` is what all of them show: which pages there are, by what names, and what is near what;
    `listed` is what lists of questions show. `answers` are by stem, `texts` are those of the other
    pages by their place in the docs folder, None for one that has no file.
    """

    common: Any
    listed: Any
    answers: dict[str, Answer]
    texts: dict[str, str | None]

    def same(self, before: State | None, page: str) -> bool:
        """Whether the page at this place in the docs folder is as it was, and may stay."""
        if not before or self.common != before.common:
            return False
        folder, _, name = page.rpartition("/")
        stem = name.rpartition(".")[0]
        if stem in self.answers and folder in ("questions", "notebooks"):
            return self.answers[stem] is before.answers.get(stem)
        text = self.texts.get(page)
        return text is not None and text == before.texts.get(page) and self.listed == before.listed


def state(
    settings: Any,
    answers: Mapping[str, Answer],
    pages: Mapping[str, str | None],
    places: Iterable[str],
) -> State:
    """The state with these files at these `places`; `pages` are those that answer no question."""
    texts = {page: _text(path) for page, path in pages.items()}
    fronts = {stem: answer.draft.page.front for stem, answer in answers.items()}
    near = [
        (stem, front.title, front.topic, sorted(front.tags), sorted(answers[stem].links))
        for stem, front in fronts.items()
    ]
    names = {page: NAMED.findall(text or "") for page, text in texts.items()}
    listed = [(stem, front, len(answers[stem].draft.claims)) for stem, front in fronts.items()]
    common = (settings, near, names, sorted(places))
    return State(common, listed, dict(answers), texts)


def _text(path: str | None) -> str | None:
    try:
        return Path(path).read_text("utf-8", "replace") if path else None
    except OSError:
        return None
