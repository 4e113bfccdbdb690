"""An answer as a page of the site: Markdown, with places for HTML that Markdown must not touch."""

from __future__ import annotations

import functools
import hashlib
import html
import json
import posixpath
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

import pygments
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from answerable import claims, frame, glossary, page, problem, references
from answerable.answer import Answer
from answerable.page import literal

# In any page: here stands the list of all questions, or of those whose front matter says so.
LIST = re.compile(r"<!-- questions(?: (\w+): ((?:(?!<!--).)+?))? -->")
CHOICES = ("posts", "tags", "topic")
REFERENCES = "<!-- references -->"  # in any page: here stands every work that an answer cites
MUTANTS = "<!-- mutants -->"  # in any page: here stands how many small errors claims notice
REVISIONS = "<!-- revisions -->"  # in any page: here stands what was changed in answers, and when

# Room for what makes a page live, so that nothing moves when it comes.
CELL_TOOLS, CLAIM_TOOLS = '<div class="cell-tools"></div>', ' <span class="claim-tools"></span>'
PAGE_TOOLS = '<div class="claim-live page-tools"></div>'

# What a browser may do in a page: run the site's own scripts, and ask nobody else for anything.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'self'",
        "form-action 'self'",
    ]
)
HEADERS = f"/*\n  Content-Security-Policy: {POLICY}\n"  # for hosts that read a file `_headers`


def expand(
    answer: Answer, neighbours: frame.Neighbours, site: frame.Site, live: bool
) -> tuple[str, dict[str, str]]:
    """The page's Markdown, and by place the HTML to put there once the Markdown is converted.

    `live` tells whether the page's buttons will come, so that room is kept for them.
    """
    places: dict[str, str] = {}

    def put(markup: str, indent: str = "") -> str:
        place = f"answerable-place-{len(places)}-"
        places[place] = markup
        return f"\n{indent}{place}\n\n"

    body = page.render(
        answer.draft.page.pieces,
        value=lambda value: _value(answer, value),
        claim=lambda use: _claim(answer, use, live),
        cell=lambda use: put(_cell(answer, use, live), use.indent),
    )
    facts, around = put(frame.head(answer, site)), frame.foot(answer, neighbours, site)
    end = f"{_sources(answer)}{around}{_checked(answer, site)}{put(_checks(answer, live))}"
    return f"{facts}{body.rstrip()}\n\n{glossary.END}\n\n{end}", places


def program_path(answer: Answer) -> str:
    """Where the site has the program: beside the page."""
    stem = answer.draft.question.stem
    return f"questions/{stem}/{stem}.py"


def fill(converted: str, places: dict[str, str]) -> str:
    """The page's HTML with everything in its place."""
    pattern = r"<p>\s*(answerable-place-\d+-)\s*</p>"
    return re.sub(pattern, lambda match: places.get(match[1], match[0]), converted)


def outside(converted: str, to_root: str) -> tuple[str, dict[str, str]]:
    """The page without inline scripts, and by name in the site the files that hold them now."""
    scripts: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        if not match[2]:  # it never ends, so no browser runs it
            return match[0]
        name = f"assets/inline-{hashlib.sha256(match[1].encode()).hexdigest()[:16]}.js"
        scripts[name] = match[1]
        return f'<script src="{to_root}/{name}"></script>'

    return re.sub(r"<script>(.*?)(</script>|\Z)", name, converted, flags=re.DOTALL), scripts


def protected(converted: str) -> str:
    """The page with the policy in its head, for hosts that cannot send it."""
    element = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    return converted.replace("<head>", f"<head>{element}", 1)


def lists(text: str, from_page: str, answers: Collection[Answer], site: frame.Site) -> str:
    """The Markdown of the page at `from_page` in the docs folder, its lists of questions in place.

    Raises `Problem` where a list is asked for that would be empty.
    """
    folder = posixpath.dirname(from_page) or "."

    def link(item: Answer) -> str:
        title = literal(item.draft.page.front.title)
        return f"[{title}]({posixpath.relpath(_source(item), folder)})"

    def expanded(match: re.Match[str]) -> str:
        key, value = match.groups()
        if key is None:
            return _index(answers, link, site)
        line = text.count("\n", 0, match.start()) + 1
        if key not in CHOICES:
            what = f"questions are listed by no '{key}': {problem.nearest(key, CHOICES)}"
            raise problem.Problem(f"docs/{from_page}", line, what)
        held = [(_held(item, key), item) for item in sorted(answers, key=link)]
        lines = [
            f"- {link(item)}" + (f": {literal(said[value])}" if said[value] else "")
            for said, item in held
            if value in said
        ]
        if not lines:
            known = sorted({name for said, _ in held for name in said})
            what = f"no question has {key}: {value}; {problem.nearest(value, known)}"
            raise problem.Problem(f"docs/{from_page}", line, what)
        return "\n".join(lines)

    text = LIST.sub(expanded, text)
    if MUTANTS in text:
        text = text.replace(MUTANTS, _mutants(answers, link))
    if REVISIONS in text:
        text = text.replace(REVISIONS, _revisions(answers, link))
    if REFERENCES in text:
        text = text.replace(REFERENCES, references.listed(sorted(answers, key=link), link))
    return text


def _revisions(answers: Iterable[Answer], link: Callable[[Answer], str]) -> str:
    """What was changed, in which answer, the newest first."""
    changes = [
        (date, link(item), what)
        for item in answers
        for date, what in item.draft.page.front.revisions.items()
    ]
    lines = [
        f"- {frame.day(date)}, {where}: {literal(what)}"
        for date, where, what in sorted(changes, reverse=True)
    ]
    return "\n".join(lines) or "No answer has been revised yet."


def _mutants(answers: Iterable[Answer], link: Callable[[Answer], str]) -> str:
    """How many small wrong changes of the programs their claims notice, in all and by question."""
    known = {link(item): item.record for item in sorted(answers, key=link)}
    records = {title: record for title, record in known.items() if record}
    if not records:
        return "That was not measured yet."
    made, killed, without = (
        sum(getattr(record, name) for record in records.values())
        for name in ("mutants", "killed", "equivalent")
    )
    share = killed / max(1, made - without)
    lines = [
        f"Of {made:,} such changes the claims notice {killed:,} ({killed / made:.1%}). Each of the "
        f"others was looked at: {without:,} make no difference that a claim should see, for a "
        f"reason that is noted with it. Without these, **{share:.1%}** are noticed.",
        "",
        '??? note "By question"',
        "",
        "    | Question | Changes | No difference | Noticed | of them by an error |",
        "    |---|--:|--:|--:|--:|",
    ]
    for title, it in records.items():
        share = f"{it.killed} ({it.killed / max(1, it.counted):.0%})"
        lines.append(f"    | {title} | {it.mutants} | {it.equivalent} | {share} | {it.stopped} |")
    if missing := [title for title, record in known.items() if not record]:
        lines += ["", f"Not measured since they last changed: {'; '.join(missing)}."]
    return "\n".join(lines)


def _held(item: Answer, key: str) -> dict[str, str]:
    """What a question's front matter holds under a key, and what it says of each, if anything."""
    held = getattr(item.draft.page.front, key)
    return held if isinstance(held, dict) else dict.fromkeys([held] if key == "topic" else held, "")


def _index(answers: Iterable[Answer], link: Callable[[Answer], str], site: frame.Site) -> str:
    """All questions by topic."""
    lines = []
    for topic, items in frame.by_topic(answers).items():
        lines += [f"## {literal(topic)}", ""]
        for item in items:
            lines.append(
                f"- **{link(item)}**<br>{literal(item.draft.page.front.description)} "
                f"<small>{frame.claims(item)}, checked {frame.day(site.checked)}.</small>"
            )
        lines.append("")
    return "\n".join(lines)


def navigation(nav: list[Any] | None, answers: Iterable[Answer]) -> list[Any] | None:
    """MkDocs's `nav`, with all questions by topic where it says `questions/`."""
    if nav is None:
        return None
    topics = [
        {html.escape(topic): list(map(_source, items))}  # MkDocs takes it for HTML
        for topic, items in frame.by_topic(answers).items()
    ]
    made: list[Any] = []
    for entry in nav:
        if entry == "questions/":
            made += topics
        elif isinstance(entry, dict) and "questions/" in entry.values():
            made.append({title: topics for title in entry})
        else:
            made.append(entry)
    return made


def _source(answer: Answer) -> str:
    """The page's file as MkDocs knows it."""
    return answer.draft.question.page.removeprefix("docs/")


def _value(answer: Answer, value: page.Value) -> str:
    raw, shown = answer.values[value.expression]
    return f'<data value="{literal(raw)}">{literal(shown)}</data>'


def _claim(answer: Answer, use: page.ClaimUse, live: bool) -> str:
    claim = next(claim for claim in answer.draft.claims if claim.id == use.id)
    status = answer.verdicts[claim.test].status
    text = page.render(use.text, lambda value: _value(answer, value))
    label = (
        f"{'Boundary, tested' if claim.kind == 'boundary' else 'Tested'}: {status}. Show the test."
    )
    return (
        f'<span class="claim" id="claim-{use.id}" data-claim="{use.id}" data-kind="{claim.kind}" '
        f'data-status="{status}">{text}<a class="claim-test" href="#{claim.test}" '
        f'title="{label}" aria-label="{label}"></a>'
        f"{CLAIM_TOOLS * live}</span>"
    )


def _cell(answer: Answer, use: page.CellUse, live: bool) -> str:
    stem = answer.draft.question.stem
    cell = next(cell for cell in answer.draft.snippet.cells if cell.name == use.name)
    code = highlight(cell.source)
    if use.fold:
        code = f"<details><summary>Set-up: <code>{cell.name}</code></summary>{code}</details>"
    code += CELL_TOOLS * live
    alts = iter(use.alts)
    shown = []
    for output in answer.outputs[use.name]:
        if output.kind == "figure":
            label = html.escape(answer.text(next(alts)))
            shown.append(output.content.replace("<svg", f'<svg role="img" aria-label="{label}"', 1))
        elif output.kind == "numbers":
            shown.append(_numbers(json.loads(output.content)))
        else:
            shown.append(f'<samp data-kind="{output.kind}">{html.escape(output.content)}</samp>')
    return (
        f'<section class="cell" id="cell-{cell.name}" aria-label="Cell {cell.name} of the program" '
        f'data-cell="{cell.name}" data-snippet="{stem}" data-state="idle">'
        f'{code}<output tabindex="0">{"".join(shown)}</output></section>'
    )


def _numbers(tables: list[dict[str, Any]]) -> str:
    """The numbers that a figure shows, folded away."""
    if not tables:
        return ""
    parts = []
    for table in tables:
        title = f"<caption>{html.escape(table['title'])}</caption>" if table["title"] else ""
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in table["columns"])
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in table["rows"]
        )
        parts.append(f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
    return (
        f'<details class="numbers"><summary>The numbers shown</summary>{"".join(parts)}</details>'
    )


def _sources(answer: Answer) -> str:
    front = answer.draft.page.front
    parts = []
    if front.sources:
        # They are Markdown, but what stands in braces is no attribute list.
        sources = [f"- {source.replace('{', '&#123;')}" for source in front.sources]
        parts += ["## Sources", "", *sources, ""]
    if front.asked_as:
        asked = [f"- {literal(asking)}" for asking in front.asked_as]
        parts += ["## Also asked as", "", *asked, ""]
    return "\n".join(parts)


def _checked(answer: Answer, site: frame.Site) -> str:
    stem = answer.draft.question.stem
    notebook = f"[as a notebook](../notebooks/{stem}.ipynb)"
    if colab := site.colab(stem):
        notebook += f" ([open in Colab]({colab}))"
    made = [f"{name} {version}" for name, version in answer.draft.made_with.items()]
    return (
        f"## Checked\n\nEvery claim above is a test. Here are also [the program]({stem}/{stem}.py) "
        f"alone and this page {notebook}. Made with {', '.join(made[:-1])} and {made[-1]}.\n"
    )


def _checks(answer: Answer, live: bool) -> str:
    uses = {use.id: use for use in answer.draft.page.claims}
    checks = "".join(_check(answer, claim, uses[claim.id]) for claim in answer.draft.claims)
    return PAGE_TOOLS * live + checks


def _check(answer: Answer, claim: claims.Claim, use: page.ClaimUse) -> str:
    status = answer.verdicts[claim.test].status
    kind = " <em>boundary</em>" if claim.kind == "boundary" else ""
    text = page.unlinked(page.render(use.text, lambda value: literal(answer.shown(value))))
    return (
        f'<details class="claim-source" id="{claim.test}" data-status="{status}">'
        f"<summary>{text}{kind}</summary>"
        f"<p><code>{html.escape(claim.node)}</code>: {status}</p>"
        f"{highlight(claim.source)}</details>"
    )


@functools.lru_cache(4096)  # while serving, most code is that of the build before
def highlight(code: str) -> str:
    """Python as HTML, coloured by the theme's classes."""
    formatter: HtmlFormatter[str] = HtmlFormatter(cssclass="highlight", wrapcode=True)
    return pygments.highlight(code, PythonLexer(), formatter)
