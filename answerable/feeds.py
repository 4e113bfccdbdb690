"""The same answers for readers other than browsers: Markdown, llms.txt, a feed, structured data."""

from __future__ import annotations

import datetime
import html
import json
import re
from collections.abc import Iterable
from xml.etree import ElementTree

from answerable import card
from answerable.answer import Answer
from answerable.frame import Site, by_topic
from answerable.page import escaped

FEED, LLMS = "feed.xml", "llms.txt"
ATOM = "http://www.w3.org/2005/Atom"


def markdown(notebook: str) -> str:
    """A page as Markdown alone: prose, code, what it printed, and what its figures show."""
    parts = []
    for cell in json.loads(notebook)["cells"]:
        if cell["cell_type"] == "markdown":
            parts.append(cell["source"])
            continue
        parts.append(_fenced("python", cell["source"]))
        for output in cell["outputs"]:
            if text := output.get("text"):
                parts.append(_fenced("text", text.rstrip()))
            elif output["output_type"] == "display_data":
                parts.append(f"*Figure: {escaped(output['data']['text/plain'])}*")
            else:
                parts.append(_fenced("text", output["data"]["text/plain"]))
    return "\n\n".join(parts) + "\n"


def _fenced(language: str, text: str) -> str:
    """A block of code; its fence is longer than any inside it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def markdown_path(answer: Answer) -> str:
    """Where the site has it: beside the page, by the rule of llmstxt.org."""
    return f"questions/{answer.draft.question.stem}/index.html.md"


def llms(answers: Iterable[Answer], site: Site) -> str:
    """The table of contents for language models (llmstxt.org)."""
    lines = [f"# {site.name}", "", *([f"> {site.description}", ""] if site.description else [])]
    for topic, items in by_topic(answers).items():
        lines += [f"## {escaped(topic)}", ""]
        for item in items:
            front, address = item.draft.page.front, site.at(markdown_path(item))
            title, description = escaped(front.title), escaped(front.description)
            lines.append(f"- [{title}]({address}): {description}")
        lines.append("")
    return "\n".join(lines)


def atom(answers: Iterable[Answer], site: Site) -> str:
    """The questions as an Atom feed (RFC 4287), those last revised first."""
    ElementTree.register_namespace("", ATOM)
    feed = ElementTree.Element(f"{{{ATOM}}}feed")

    def add(to: ElementTree.Element, name: str, text: str = "", **attributes: str) -> None:
        ElementTree.SubElement(to, f"{{{ATOM}}}{name}", attributes).text = text

    newest = sorted(answers, key=lambda it: it.draft.page.front.latest, reverse=True)
    add(feed, "title", site.name)
    add(feed, "id", site.at(""))
    add(feed, "link", href=site.at(FEED), rel="self")
    add(feed, "link", href=site.at(""))
    add(feed, "updated", _moment(newest[0].draft.page.front.latest if newest else site.checked))
    author = ElementTree.SubElement(feed, f"{{{ATOM}}}author")
    add(author, "name", site.name)
    for answer in newest:
        front = answer.draft.page.front
        entry = ElementTree.SubElement(feed, f"{{{ATOM}}}entry")
        add(entry, "title", front.title)
        add(entry, "id", site.page(answer))
        add(entry, "link", href=site.page(answer))
        add(entry, "published", _moment(front.date))
        add(entry, "updated", _moment(front.latest))
        add(entry, "summary", front.description)
        add(entry, "category", term=front.topic)
    return ElementTree.tostring(feed, encoding="unicode", xml_declaration=True) + "\n"


def link(to_root: str) -> str:
    """What a page says in its head of the feed.

    Material takes what is "alternate" and nothing else for a translation, and asks for its sitemap.
    """
    return f'<link rel="alternate feed" type="application/atom+xml" href="{to_root}/{FEED}">'


def elements(answer: Answer, site: Site) -> str:
    """What a question's page says in its head to search engines, and to whoever shows a link."""
    front = answer.draft.page.front
    said = {"og:type": "article", "og:title": front.title, "og:description": front.description}
    said |= {"og:site_name": site.name, "article:published_time": front.date.isoformat()}
    if site.url:
        said |= {"og:url": site.page(answer), "og:image": site.at(card.path(answer))}
        said |= {"og:image:width": str(card.WIDTH), "og:image:height": str(card.HEIGHT)}
        said["og:image:alt"] = front.title
    url = {"url": site.page(answer)} if site.url else {}
    made = {
        "author": {
            "@type": "Organization",
            "name": site.name,
            **({"url": site.url} if url else {}),
        },
        "datePublished": front.date.isoformat(),
        "dateModified": front.latest.isoformat(),
        **url,
    }
    data = {
        "@context": "https://schema.org",
        "@type": "QAPage",
        **url,
        "mainEntity": {
            "@type": "Question",
            "name": front.title,
            "text": front.title,
            "answerCount": 1,
            **made,
            "acceptedAnswer": {"@type": "Answer", "text": front.description, **made},
        },
    }
    tags = [
        f'<meta property="{name}" content="{html.escape(text)}">' for name, text in said.items()
    ]
    written = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    return "".join([*tags, f'<script type="application/ld+json">{written}</script>'])


def _moment(date: datetime.date) -> str:
    return f"{date.isoformat()}T00:00:00Z"
