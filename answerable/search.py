"""What the search looks through: first titles and short answers, then the words of each page."""

from __future__ import annotations

import html
import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from answerable.answer import Answer
from answerable.browser import FOLDER

WORDS = 100  # of a page, those that tell it best from the others
TITLES_FILE, WORDS_FILE = (f"{FOLDER}search-{name}" for name in ("titles.json", "words.json"))
SCRIPT = f"{FOLDER}search.js"
WORD = re.compile(r"[^\W_]{3,}")
DIALOG = 'data-md-component="search" role="dialog"'
THEIRS = re.compile(r'"search": "[^"]*/workers/search\.[^"]*"')  # in a page of Material's


class Index:
    """What is known of each page of the site, by its address.

    Kept in two files, and the second short, so that what comes before a first result stays small
    when the site grows: a page adds its title, the ways it is asked, its answer in one sentence;
    then the `WORDS` words that are most its own (by frequency, and in how few pages they stand).
    """

    def __init__(self) -> None:
        self.sections: dict[str, list[dict[str, Any]]] = {}
        self.pages: dict[str, dict[str, Any]] = {}
        self.counts: dict[str, Counter[str]] = {}
        self.words: dict[str, str] = {}
        self.spread: Counter[str] = Counter()

    def add(self, sections: dict[str, list[dict[str, Any]]]) -> None:
        """Take pages in, or anew."""
        for location, docs in sections.items():
            titles = [html.unescape(re.sub(r"<[^<>]*>", "", doc["title"])) for doc in docs]
            texts = [html.unescape(re.sub("<[^<>]*>", " ", doc["text"])) for doc in docs]
            page = {"location": location, "title": titles[0], "asked": [], "description": ""}
            self.pages[location], self.sections[location] = page, docs
            self.spread.subtract(self.counts.get(location, {}).keys())
            self.counts[location] = Counter(WORD.findall(" ".join(titles + texts).lower()))
            self.spread.update(self.counts[location].keys())
        for location in sections:
            self.words[location] = self.telling(self.counts[location])

    def telling(self, count: Counter[str]) -> str:
        """The words that tell a page best from the others."""
        weight = {
            word: number * math.log((1 + len(self.counts)) / self.spread[word])
            for word, number in count.items()
        }
        return " ".join(sorted(weight, key=lambda word: (-weight[word], word))[:WORDS])

    def docs(self) -> list[dict[str, Any]]:
        """The theme's own index, of all pages."""
        return [doc for docs in self.sections.values() for doc in docs]

    def files(self, answers: Iterable[Answer]) -> dict[str, str]:
        """The two files."""
        for answer in answers:
            front = answer.draft.page.front
            if page := self.pages.get(f"questions/{answer.draft.question.stem}/"):
                page |= {"title": front.title, "asked": front.asked_as}
                page["description"] = front.description
        words = [self.words[location] for location in self.pages]
        return {
            TITLES_FILE: json.dumps(list(self.pages.values()), ensure_ascii=False),
            WORDS_FILE: json.dumps(words, ensure_ascii=False),
        }


def by_page(docs: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The theme's index of sections, by the address of the page they are of."""
    pages: dict[str, list[dict[str, Any]]] = {}
    for doc in docs:
        pages.setdefault(doc["location"].partition("#")[0], []).append(doc)
    return pages


def ours(output: str, to_root: str) -> str:
    """A page of Material's that asks our script in place of its own, in a dialog with a name."""
    output = output.replace(DIALOG, f'{DIALOG} aria-label="Search"', 1)
    return THEIRS.sub(lambda _: f'"search": "{to_root}/{SCRIPT}"', output, count=1)
