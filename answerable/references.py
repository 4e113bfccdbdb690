"""References to the world: whether addresses are well formed, and which works who cites."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from answerable import page
from answerable.answer import Answer
from answerable.problem import Problem, Problems

LINK = re.compile(
    r"\[(?P<title>(?:[^\[\]\\]|\\.|\[[^\[\]]*\])+)\]"
    r"\((?P<address>(?:[^()\n]|\([^()\n]*\))*?)(?:\s+\"[^\"]*\")?\)"
)
CODE = re.compile(r"^([ \t]*(`{3,}|~{3,})).*?^[ \t]*\2|(`+)[^`].*?\3", re.DOTALL | re.MULTILINE)
SCHEME = re.compile(r"(?!claim:|mailto:)[A-Za-z][\w+.-]*:|//")
HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
TRACKER = re.compile(r"utm_\w+|fbclid|gclid|igshid|mc_[ce]id|ref_src")
FORMS = {  # how a work is cited that has a lasting address
    ("arxiv.org", "export.arxiv.org"): (
        "https://arxiv.org/abs/2402.03300",
        re.compile(
            r"https://arxiv\.org/abs/(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?"
        ),
    ),
    ("doi.org", "dx.doi.org"): (
        "https://doi.org/10.1038/nature24270",
        re.compile(r"https://doi\.org/10\.\d{4,9}/\S+"),
    ),
}


@dataclass(frozen=True)
class Reference:
    """A link that leads out of the site, and where it stands."""

    title: str
    address: str
    path: str
    line: int

    @property
    def names(self) -> list[str]:
        """What two links have in common if they lead to one work: its place, its title."""
        words = re.findall(r"[^\W_]+", self.title.casefold())
        titled = len(words) > 2 and self.title.lstrip("*_")[0].isupper()
        return [work(self.address), *([" ".join(words)] if titled else [])]


plain = functools.lru_cache(2**16)(page.plain)  # while serving, most is that of the build before


@functools.lru_cache(2**16)
def find(text: str, path: str) -> tuple[Reference, ...]:
    """The references in a page's text, front matter included; code is no text."""
    return tuple(_find(text, path))


def _find(text: str, path: str) -> Iterator[Reference]:
    text = CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    line, counted = 1, 0
    for match in LINK.finditer(text):
        if SCHEME.match(match["address"]):
            line += text.count("\n", counted, match.start())
            counted = match.start()
            yield Reference(match["title"], match["address"], path, line)


def check(texts: Mapping[str, str]) -> None:
    """Raise `Problems` where an address is malformed, or a work is cited under two. By path."""
    problems = []
    known: dict[str, Reference] = {}
    for path in sorted(texts):
        for reference in find(texts[path], path):
            if what := fault(reference.address):
                problems.append(Problem(path, reference.line, f"{reference.address}: {what}"))
                continue
            firsts = [known.setdefault(name, reference) for name in reference.names]
            for first in firsts:
                if _page(first.address) != _page(reference.address):
                    what = (
                        f"{reference.address}: the same work is cited as {first.address} "
                        f"({first.path}:{first.line}); cite it under one address"
                    )
                    problems.append(Problem(path, reference.line, what))
                    break
    if problems:
        raise Problems(problems)


def fault(address: str) -> str:
    """What is wrong with an address, if anything."""
    if re.search(r"\s", address):
        return "an address has no spaces; write %20"
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError as error:
        return f"not an address: {error}"
    if parts.scheme not in ("https", "http"):
        return "an address starts with https:// or http://"
    if not HOST.fullmatch(host):
        return f"'{host}' is not the name of a host"
    for key, _ in parse_qsl(parts.query, keep_blank_values=True):
        if TRACKER.fullmatch(key):
            return f"'{key}' tells who followed the link; leave it out"
    for hosts, (example, form) in FORMS.items():
        if host.removeprefix("www.") in hosts and not form.fullmatch(address):
            return f"such a work is cited in the form {example}"
    return ""


def work(address: str) -> str:
    """The place of a work, however its address is spelled, and whatever part of it is meant."""
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.")
    path = parts.path.rstrip("/")
    if host == "arxiv.org":
        path = re.sub(r"v\d+$", "", path)
    return f"{host}{path}{'?' * bool(parts.query)}{parts.query}"


def listed(answers: Iterable[Answer], link: Callable[[Answer], str]) -> str:
    """Markdown: each work that an answer cites, by its first words, with the answers that do."""
    said: dict[str, Counter[tuple[str, str]]] = {}  # by work: in which words, and its title there
    citing: dict[str, list[str]] = {}
    for item in answers:
        front = item.draft.page.front
        cited = [found for source in front.sources for found in _cited(source)]
        cited += [
            (work(it.address), f"[{it.title}]({it.address})", "") for it in find(item.prose, "")
        ]
        for key, words, title in cited:
            said.setdefault(key, Counter())[words, title] += 1
            if link(item) not in citing.setdefault(key, []):
                citing[key].append(link(item))

    def best(key: str) -> str:
        counts = said[key]
        return max(counts, key=lambda it: (len(it[1]), counts[it], -len(it[0])))[0]

    lines = []
    for key in sorted(said, key=lambda key: plain(best(key)).casefold()):
        words = best(key) + "." * (plain(best(key))[-1] not in ".?!")
        lines.append(f"- {words}<br><small>{'; '.join(citing[key])}</small>")
    return "\n".join(lines) or "No answer cites anything yet."


def _cited(source: str) -> Iterator[tuple[str, str, str]]:
    """The works in a line of a page's sources: each with the words up to it, and its title."""
    links = [match for match in LINK.finditer(source) if SCHEME.match(match["address"])]
    for match in links:
        yield work(match["address"]), source[: match.end()], plain(match["title"])
    if not links:
        yield plain(source), source.rstrip(" ."), ""


def _page(address: str) -> str:
    return address.partition("#")[0]
