"""Page and program as one executed notebook (nbformat), and how mkdocs-jupyter shows it."""

from __future__ import annotations

import functools
import html
import json
import posixpath
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jinja2
import markdown
from jinja2.bccache import Bucket
from markdown.extensions.toc import TocExtension

from answerable import cache, formula, page
from answerable.answer import Answer
from answerable.figures import on_paper

LINK = re.compile(r"\]\((?!\w+:|#)([^()\s#]+)\.md(#[^()\s]*)?\)")
DETAILS = re.compile(
    r'^(?:\?\?\?\+?|!!!) \w+(?: "(?P<title>[^"]*)")?\n(?P<body>(?:(?: {4}.*)?\n)*)', re.MULTILINE
)
SVG = "image/svg+xml"
# Colours of mkdocs-jupyter's that are too faint to read, made just readable.
CONTRAST = """
.jupyter-wrapper {
  --jp-cell-prompt-not-active-opacity: 1;
  --jp-cell-inprompt-font-color: #1f6aa8;
  --jp-mirror-editor-comment-color: #3a7575;
  --jp-mirror-editor-number-color: #070;
  --jp-mirror-editor-operator-color: #9010e0;
}
@media screen {
  [data-md-color-scheme="slate"] .jupyter-wrapper {
    --jp-cell-inprompt-font-color: #64b5f6;
    --jp-mirror-editor-comment-color: #7fb8b8;
    --jp-mirror-editor-def-color: #64b5f6;
    --jp-mirror-editor-operator-color: #d48cff;
    --jp-mirror-editor-meta-color: #d48cff;
    --jp-mirror-editor-builtin-color: #66bb6a;
    --jp-mirror-editor-string-color: #ff8a80;
  }
}
"""
DARK = re.compile(r"\[data-md-color-scheme=slate\][^{}]*\{[^{}]*\}")  # a rule for it
PAPER = """
@media print {
  .zeroclipboard-container, p:has(> a[download]) { display: none; }
  .jupyter-wrapper :is(pre, svg, img) { break-inside: avoid; }
}
"""
SCROLLS = '<div class="highlight-ipynb'  # where code is wider than a phone: the keyboard scrolls it
NO_ALT = "No description has been provided for this image"  # what nbconvert writes for want of one


def notebook(answer: Answer, site_url: str = "") -> str:
    """The notebook's text: prose, code and outputs of the page; it runs from top to bottom.

    Links to other pages lead to `site_url`, or if that is empty, from the notebook's own page.
    """
    cells = []
    for number, part in enumerate(_parts(answer, site_url)):
        cell = _prose(part) if isinstance(part, str) else _code(answer, part)
        cells.append({"id": f"cell-{number}", **cell})
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    whole = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _parts(answer: Answer, site_url: str) -> Iterator[str | page.CellUse]:
    """Prose as Markdown, between the cells of the program."""
    front = answer.draft.page.front
    prose = f"# {page.escaped(front.title)}\n\n"

    def shown(value: page.Value) -> str:
        return page.escaped(answer.shown(value))

    for piece in answer.draft.page.pieces:
        if isinstance(piece, page.CellUse):
            if prose.strip():
                yield _markdown(prose, site_url)
            yield piece
            prose = ""
        else:
            prose += page.render(
                [piece],
                value=shown,
                claim=lambda use: f"{page.render(use.text, shown)} ✓",
            )
    if front.sources:
        sources = "\n".join(f"- {source}" for source in front.sources)
        prose += f"\n\n## Sources\n\n{sources}".replace("$", formula.DOLLAR)
    tests = answer.draft.question.test
    prose += f"\n\n✓ marks a claim that a test stands for; the tests are in `{tests}`."
    yield _markdown(prose, site_url)


def _markdown(prose: str, site_url: str) -> str:
    """The site's Markdown as Jupyter's."""

    def link(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("questions", match[1]))
        return f"]({site_url or '../../'}{target}/{match[2] or ''})"

    def details(match: re.Match[str]) -> str:
        body = re.sub(r"^ {4}", "", match["body"], flags=re.MULTILINE).strip()
        title = match["title"] or "Note"
        return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>\n\n"

    text = DETAILS.sub(details, LINK.sub(link, prose + "\n")).strip()
    return formula.unmark(text, str).replace(formula.DOLLAR, r"\$")


def _prose(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def _code(answer: Answer, use: page.CellUse) -> dict[str, Any]:
    program = answer.draft.snippet
    number = program.names.index(use.name) + 1
    alts = iter(use.alts)
    outputs: list[dict[str, Any]] = []
    for output in answer.outputs[use.name]:
        if output.kind == "numbers":
            continue
        data = {"text/plain": output.content}
        if output.kind == "text":
            outputs.append({"output_type": "stream", "name": "stdout", "text": output.content})
            continue
        if output.kind == "figure":
            data = {SVG: on_paper(output.content), "text/plain": answer.text(next(alts))}
        result = {"output_type": "execute_result", "execution_count": number}
        kind = result if output.kind == "value" else {"output_type": "display_data"}
        outputs.append({**kind, "data": data, "metadata": {}})
    return {
        "cell_type": "code",
        "execution_count": number,
        "metadata": {"name": use.name},
        "outputs": outputs,
        "source": program.cells[number - 1].source,
    }


def contents(answer: Answer) -> list[Any]:
    """The notebook's headings, as python-markdown's table of contents has them."""
    converter = markdown.Markdown(extensions=[TocExtension(toc_depth="1-3")])
    converter.convert("\n\n".join(part for part in _parts(answer, "") if isinstance(part, str)))
    return converter.toc_tokens  # type: ignore[attr-defined, no-any-return]


def prepare(text: str, store: cache.Cache) -> None:
    """Have `view` at hand, should it be asked for: it takes long."""
    if _view(text) not in store:
        view(text, store)


def view(text: str, store: cache.Cache) -> str:
    """The notebook with this text as mkdocs-jupyter shows it: its body alone, formulas marked."""
    key = _view(text)
    if not (kept := store.load(key)):
        whole = json.loads(text)
        for cell in whole["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = formula.mark(cell["source"], "notebook")
        _, body = _convert(json.dumps(whole), store)
        for cell in whole["cells"]:
            for output in cell.get("outputs", ()):
                if SVG in output.get("data", ()):
                    alt = html.escape(output["data"]["text/plain"])
                    body = body.replace(NO_ALT, alt, 1)
        kept = {"body": body.replace(SCROLLS, SCROLLS.replace("<div", '<div tabindex="0"'))}
        store.store(key, kept)
    return str(kept["body"])


def _view(text: str) -> str:
    return cache.key("view", text, cache.versions(["mkdocs_jupyter"]))


def assets(store: cache.Cache) -> tuple[str, str]:
    """Style and script that the bodies need; mkdocs-jupyter writes them into each (0.6 MB).

    MathJax, which it would have come from a third party, is left out.
    """
    key = cache.key("view-assets", cache.versions(["mkdocs_jupyter"]))
    if not (kept := store.load(key)):
        empty = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
        head, _ = _convert(empty, store)
        head += "".join(_included.values())
        styles = re.findall(r"<style[^>]*>(.*?)</style>", head, re.DOTALL)
        scripts = re.findall(r"<script\s*>(.*?)</script>", head, re.DOTALL)
        light = DARK.sub(r"@media screen { \g<0> }", "".join(styles))  # paper is white
        kept = {
            "style": light + _dark() + CONTRAST + PAPER,
            "script": ";\n".join(scripts),
        }
        store.store(key, kept)
    return kept["style"], kept["script"]


def _convert(text: str, store: cache.Cache) -> tuple[str, str]:
    """What mkdocs-jupyter makes of a notebook: the head with styles and scripts, and the body."""
    from mkdocs_jupyter import nbconvert2

    nbconvert2.HTMLExporter = functools.partial(_exporter, Templates(store))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "notebook.ipynb"
        path.write_text(text, "utf-8")
        whole = nbconvert2.nb2html(str(path), theme="light")
    head, wrapper, rest = whole.partition('<div class="jupyter-wrapper">')
    return head, wrapper + rest[: rest.rindex("<style>")]


_made: list[Any] = []
_included: dict[str, str] = {}


class Templates(jinja2.BytecodeCache):
    """Compiled templates, kept as all results are."""

    def __init__(self, store: cache.Cache) -> None:
        self.store = store

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket, if it was ever filled."""
        if kept := self.store.load(cache.key("template", bucket.key)):
            bucket.bytecode_from_string(bytes.fromhex(kept))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what is in the bucket."""
        self.store.store(cache.key("template", bucket.key), bucket.bytecode_to_string().hex())


def _exporter(templates: Templates, **settings: Any) -> Any:
    """nbconvert's exporter, made once, its templates compiled once and kept: most of the work.

    The files that the template would write into each notebook's head it puts into `_included`.
    """
    from nbconvert.exporters.html import HTMLExporter

    class Exporter(HTMLExporter):
        def _create_environment(self) -> Any:
            environment = super()._create_environment()  # type: ignore[no-untyped-call]
            environment.bytecode_cache = templates
            return environment

        def _init_resources(self, resources: Any) -> Any:
            resources = super()._init_resources(resources)  # type: ignore[no-untyped-call]
            for kind in ("include_css", "include_js"):
                resources[kind] = _kept(resources[kind])
            return resources

    if not _made:
        _made.append(Exporter(**settings))  # type: ignore[no-untyped-call]
    return _made[0]


def _kept(include: Callable[[str], str]) -> Callable[[str], str]:
    def keep(name: str) -> str:
        _included[name] = include(name)
        return ""

    return keep


def _dark() -> str:
    """mkdocs-jupyter's dark colours, for when the theme is dark."""
    from mkdocs_jupyter.config import settings

    folder = Path(settings.templates_dir) / "mkdocs_html" / "assets"
    dark = (folder / "theme-dark.css").read_text("utf-8")
    dark = dark.replace(".jupyter-wrapper", '[data-md-color-scheme="slate"] .jupyter-wrapper')
    return f"@media screen {{ {dark} }}"
