"""What stands around an answer: its facts above it; related questions and how to cite it below."""

from __future__ import annotations

import datetime
import html
import re
import urllib.parse
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from answerable.answer import Answer
from answerable.page import literal

WORDS_A_MINUTE = 220
RELATED = 4  # questions named at the end of one


@dataclass(frozen=True)
class Site:
    """The site as its configuration has it; `checked` is the day of the build.

    `branch` is the one of `repository` that holds the built site, notebooks included.
    """

    name: str
    checked: datetime.date
    description: str = ""
    url: str = ""
    repository: str = ""
    branch: str = "gh-pages"

    def at(self, path: str) -> str:
        """The address of something in the site: a whole one if the site's own is known."""
        return f"{self.url.rstrip('/')}/{path}" if self.url else path

    def page(self, answer: Answer) -> str:
        """The address of an answer."""
        return self.at(f"questions/{answer.draft.question.stem}/")

    def colab(self, stem: str) -> str:
        """Where Google Colab opens the notebook; nowhere unless the repository is on GitHub."""
        _, _, name = self.repository.rstrip("/").partition("://github.com/")
        opened = "https://colab.research.google.com/github"
        return f"{opened}/{name}/blob/{self.branch}/notebooks/{stem}/{stem}.ipynb" if name else ""

    def history(self, path: str) -> str:
        """Where the changes of the file at `path` are listed."""
        return f"{self.repository.rstrip('/')}/commits/HEAD/{path}"

    def report(self, title: str) -> str:
        """Where to say what is wrong with the page of this title."""
        query = urllib.parse.urlencode({"title": f"Mistake in: {title}"})
        return f"{self.repository.rstrip('/')}/issues/new?{query}"


def head(answer: Answer, site: Site) -> str:
    """The line of facts under a page's title."""
    front = answer.draft.page.front
    facts = [html.escape(front.topic), f"{_time(front.date)}"]
    if front.revisions:
        facts.append(f"revised {_time(front.latest)}")
    facts += [
        f"{claims(answer)} checked {_time(site.checked)}",
        f"{minutes(answer)} min to read",
    ]
    return f'<p class="answer-facts">{" · ".join(facts)}</p>'


def foot(answer: Answer, neighbours: Neighbours, site: Site) -> str:
    """Markdown for the end of a page: related questions, then how to cite, report and trace it."""
    front, path = answer.draft.page.front, answer.draft.question.page
    lines = []
    if near := neighbours.of(answer):
        lines += ["## Related questions", ""]
        lines += [
            f"- [{literal(x.draft.page.front.title)}]({x.draft.question.stem}.md)" for x in near
        ]
        lines.append("")
    plain, bibtex = cite(answer, site)
    lines += ["## Cite this", "", literal(plain), "", "```bibtex", bibtex, "```", ""]
    if front.revisions:
        lines += ["## Revisions", ""]
        for date, what in sorted(front.revisions.items(), reverse=True):
            lines.append(f"- {day(date)}: {literal(what)}")
        lines.append("")
    if site.repository:
        lines += [
            f"[Report a mistake]({site.report(front.title)}) · "
            f"[History of this page]({site.history(path)})",
            "",
        ]
    return "\n".join(lines)


def by_topic(answers: Iterable[Answer]) -> dict[str, list[Answer]]:
    """Topics by name, the questions of each by title."""
    by_topic: dict[str, list[Answer]] = {}
    fronts = [(item.draft.page.front, item) for item in answers]
    for front, item in sorted(fronts, key=lambda pair: (pair[0].topic, pair[0].title)):
        by_topic.setdefault(front.topic, []).append(item)
    return by_topic


def day(date: datetime.date) -> str:
    """A date as a reader says it."""
    return f"{date.day} {date:%B %Y}"


def claims(answer: Answer) -> str:
    """How many claims an answer makes."""
    count = len(answer.draft.claims)
    return f"{count} claim{'s' * (count != 1)}"


def minutes(answer: Answer) -> int:
    """How long the prose takes to read."""
    pieces = (piece for piece in answer.draft.page.pieces if isinstance(piece, str))
    said = sum(len(re.findall(r"\w[\w'’.-]*", re.sub(r"<[^>]*>", "", it))) for it in pieces)
    said += sum(len(answer.text(use.text).split()) for use in answer.draft.page.claims)
    return max(1, round(said / WORDS_A_MINUTE))


class Neighbours:
    """How near questions are to one another, by the tags they share, topics, and links.

    A tag counts the more, the fewer questions have it.
    """

    def __init__(self, answers: Iterable[Answer]) -> None:
        self.answers = {answer.draft.question.stem: answer for answer in answers}
        self.holders: dict[str, set[str]] = {}  # by what they share
        self.linking: dict[str, set[str]] = {}
        for stem, answer in self.answers.items():
            front = answer.draft.page.front
            for shared in {*front.tags, f"topic {front.topic}"}:
                self.holders.setdefault(shared, set()).add(stem)
            for other in answer.links:
                self.linking.setdefault(other, set()).add(stem)

    def of(self, answer: Answer) -> list[Answer]:
        """The nearest to this one, the nearest first."""
        stem, front = answer.draft.question.stem, answer.draft.page.front
        nearness: dict[str, float] = defaultdict(float)
        for tag in sorted(set(front.tags)):  # a sum is in one order
            for other in self.holders[tag]:
                nearness[other] += 1 / len(self.holders[tag])
        for other in self.holders[f"topic {front.topic}"]:
            nearness[other] += 1 / 4
        for linked in (answer.links & set(self.answers), self.linking.get(stem, set())):
            for other in linked:
                nearness[other] += 1 / 2
        nearness.pop(stem, None)
        ranked = sorted(nearness, key=lambda other: (-nearness[other], other))
        return [self.answers[other] for other in ranked[:RELATED]]


def cite(answer: Answer, site: Site) -> tuple[str, str]:
    """How to refer to an answer: in plain words, and as a BibTeX entry."""
    front, stem = answer.draft.page.front, answer.draft.question.stem
    latest, url = front.latest, site.page(answer) if site.url else ""
    plain = (
        f"{site.name} ({latest.year}). {front.title} Version of {day(latest)}."
        + f" {url}" * bool(url)
    )
    fields = {
        "author": f"{{{site.name}}}",
        "title": f"{{{front.title}}}",
        "year": str(latest.year),
        "note": f"Version of {day(latest)}",
        **({"url": url} if url else {}),
    }
    inside = ",\n".join(f"  {key} = {{{_bibtex(value)}}}" for key, value in fields.items())
    return plain, f"@misc{{{stem},\n{inside}\n}}"


def _bibtex(text: str) -> str:
    return re.sub(r"[%&#$_]", lambda match: f"\\{match[0]}", text)


def _time(date: datetime.date) -> str:
    return f'<time datetime="{date.isoformat()}">{day(date)}</time>'
