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


def files(docs: Iterable[dict[str, Any]], answers: Iterable[Answer]) -> dict[str, str]:
    """The two files, from the theme's own index of sections (`docs`) and the answers.

    Kept apart, and the second short, so that what comes before a first result stays small when
    the site grows: a page adds its title, the ways it is asked, its answer in one sentence; then
    the `WORDS` words that are most its own (by frequency, and in how few pages they stand).
    """
    pages: dict[str, dict[str, Any]] = {}
    texts: dict[str, str] = {}
    for doc in docs:
        location = doc["location"].partition("#")[0]
        title = html.unescape(re.sub(r"<[^<>]*>", "", doc["title"]))
        if location not in pages:
            pages[location] = {"location": location, "title": title, "asked": [], "description": ""}
            texts[location] = ""
        texts[location] += f" {title} {html.unescape(re.sub('<[^<>]*>', ' ', doc['text']))}"
    for answer in answers:
        front = answer.draft.page.front
        if page := pages.get(f"questions/{answer.draft.question.stem}/"):
            page |= {"title": front.title, "asked": front.asked_as}
            page["description"] = front.description
    counts = {where: Counter(WORD.findall(text.lower())) for where, text in texts.items()}
    spread = Counter(word for count in counts.values() for word in count)
    words = []
    for count in counts.values():
        weight = {
            word: number * math.log((1 + len(counts)) / spread[word])
            for word, number in count.items()
        }
        chosen = sorted(weight, key=lambda word: (-weight[word], word))[:WORDS]
        words.append(" ".join(chosen))
    return {
        TITLES_FILE: json.dumps(list(pages.values()), ensure_ascii=False),
        WORDS_FILE: json.dumps(words, ensure_ascii=False),
    }


def ours(output: str, to_root: str) -> str:
    """A page of Material's that asks our script in place of its own, in a dialog with a name."""
    output = output.replace(DIALOG, f'{DIALOG} aria-label="Search"', 1)
    return THEIRS.sub(lambda _: f'"search": "{to_root}/{SCRIPT}"', output, count=1)
