"""Page and program as one executed notebook (nbformat), and how mkdocs-jupyter shows it."""

from __future__ import annotations

import html
import posixpath
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import markdown
import nbformat
from markdown.extensions.toc import TocExtension
from nbformat import v4

from answerable import cache, page
from answerable.answer import Answer
from answerable.figures import on_paper

LINK = re.compile(r"\]\((?!\w+:|#)([^()\s#]+)\.md(#[^()\s]*)?\)")
DETAILS = re.compile(
    r'^(?:\?\?\?\+?|!!!) \w+(?: "(?P<title>[^"]*)")?\n(?P<body>(?:(?: {4}.*)?\n)*)', re.MULTILINE
)
NO_ALT = "No description has been provided for this image"  # what nbconvert writes for want of one


def notebook(answer: Answer, site_url: str = "") -> str:
    """The notebook's text: prose, code and outputs of the page; it runs from top to bottom.

    Links to other pages lead to `site_url`, or if that is empty, from the notebook's own page.
    """
    cells: list[Any] = []
    for part in _parts(answer, site_url):
        cell = v4.new_markdown_cell(part) if isinstance(part, str) else _code(answer, part)
        cell.id = f"cell-{len(cells)}"
        cells.append(cell)
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    whole = v4.new_notebook(cells=cells, metadata=metadata)
    return f"{nbformat.writes(whole)}\n"


def _parts(answer: Answer, site_url: str) -> Iterator[str | page.CellUse]:
    """Prose as Markdown, between the cells of the program."""
    front = answer.draft.page.front
    prose = f"# {front.title}\n\n"
    for piece in answer.draft.page.pieces:
        if isinstance(piece, page.CellUse):
            if prose.strip():
                yield _markdown(prose, site_url)
            yield piece
            prose = ""
        else:
            prose += page.render(
                [piece],
                value=answer.shown,
                claim=lambda use: f"{page.render(use.text, answer.shown)} ✓",
            )
    if front.sources:
        prose += "\n\n## Sources\n\n" + "\n".join(f"- {source}" for source in front.sources)
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

    return DETAILS.sub(details, LINK.sub(link, prose + "\n")).strip()


def _code(answer: Answer, use: page.CellUse) -> Any:
    program = answer.draft.snippet
    number = program.names.index(use.name) + 1
    alts = iter(use.alts)
    outputs = []
    for output in answer.outputs[use.name]:
        if output.kind == "text":
            outputs.append(v4.new_output("stream", name="stdout", text=output.content))
        elif output.kind == "value":
            data = {"text/plain": output.content}
            outputs.append(v4.new_output("execute_result", data=data, execution_count=number))
        else:
            data = {
                "image/svg+xml": on_paper(output.content),
                "text/plain": answer.text(next(alts)),
            }
            outputs.append(v4.new_output("display_data", data=data))
    source = program.cells[number - 1].source
    return v4.new_code_cell(
        source, outputs=outputs, execution_count=number, metadata={"name": use.name}
    )


def contents(answer: Answer) -> list[Any]:
    """The notebook's headings, as python-markdown's table of contents has them."""
    converter = markdown.Markdown(extensions=[TocExtension(toc_depth="1-3")])
    converter.convert("\n\n".join(part for part in _parts(answer, "") if isinstance(part, str)))
    return converter.toc_tokens  # type: ignore[attr-defined, no-any-return]


def view(text: str, path: Path, store: cache.Cache) -> str:
    """The notebook with this text, lying at `path`, as mkdocs-jupyter shows it: its body alone."""
    key = cache.key("view", text, cache.versions(["mkdocs_jupyter"]))
    if not (kept := store.load(key)):
        _, body = _convert(path)
        alts = [
            output["data"]["text/plain"]
            for cell in nbformat.reads(text, nbformat.NO_CONVERT).cells
            for output in cell.get("outputs", ())
            if "image/svg+xml" in output.get("data", ())
        ]
        for alt in alts:
            body = body.replace(NO_ALT, html.escape(alt), 1)
        kept = {"body": body}
        store.store(key, kept)
    return str(kept["body"])


def assets(store: cache.Cache) -> tuple[str, str]:
    """Style and script that the bodies need; mkdocs-jupyter writes them into each (0.6 MB).

    MathJax, which it would have come from a third party, is left out.
    """
    key = cache.key("view-assets", cache.versions(["mkdocs_jupyter"]))
    if not (kept := store.load(key)):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "empty.ipynb"
            path.write_text(nbformat.writes(v4.new_notebook()), "utf-8")
            head, _ = _convert(path)
        styles = re.findall(r"<style[^>]*>(.*?)</style>", head, re.DOTALL)
        scripts = re.findall(r"<script>(.*?)</script>", head, re.DOTALL)
        kept = {"style": "".join(styles) + _dark(), "script": "".join(scripts)}
        store.store(key, kept)
    return kept["style"], kept["script"]


def _convert(path: Path) -> tuple[str, str]:
    """What mkdocs-jupyter makes of a notebook: the head with styles and scripts, and the body."""
    from mkdocs_jupyter import nbconvert2

    with mock.patch.object(nbconvert2, "HTMLExporter", _exporter):
        whole = nbconvert2.nb2html(str(path), theme="light")
    head, wrapper, rest = whole.partition('<div class="jupyter-wrapper">')
    return head, wrapper + rest[: rest.rindex("<style>")]


_made: list[Any] = []


def _exporter(**settings: Any) -> Any:
    """nbconvert's exporter, made once: making it, and its templates, is most of the work."""
    if not _made:
        from nbconvert.exporters.html import HTMLExporter

        _made.append(HTMLExporter(**settings))
    return _made[0]


def _dark() -> str:
    """mkdocs-jupyter's dark colours, for when the theme is dark."""
    from mkdocs_jupyter.config import settings

    folder = Path(settings.templates_dir) / "mkdocs_html" / "assets"
    dark = (folder / "theme-dark.css").read_text("utf-8")
    return dark.replace(".jupyter-wrapper", '[data-md-color-scheme="slate"] .jupyter-wrapper')
