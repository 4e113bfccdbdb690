"""Wires the engine into MkDocs's events."""

from __future__ import annotations

import functools
import json
import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from mkdocs.config import config_options as option
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, PluginError
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import get_toc
from mkdocs.utils import get_build_datetime, get_relative_url, write_file
from tqdm import tqdm

from answerable import (
    answer,
    browser,
    cache,
    card,
    feeds,
    frame,
    notebook,
    question,
    references,
    run,
    search,
    web,
)
from answerable.browser.runtime import Unavailable
from answerable.problem import Problem, Problems

log = logging.getLogger("mkdocs.plugins.answerable")

STYLE = "assets/answerable.css"
NOTEBOOK_STYLE, NOTEBOOK_SCRIPT = "assets/notebook.css", "assets/notebook.js"


class Settings(Config):
    """What `mkdocs.yml` may say under `answerable:`."""

    time_limit = option.Type((int, float), default=60)  # seconds, for a program and its tests
    cache_dir = option.Type(str, default=".answerable")  # relative to mkdocs.yml; may be deleted
    browser = option.Type(bool, default=True)  # whether readers can run, edit, check and break
    workers = option.Optional(option.Type(int))  # programs at a time; as many as cores if not set


class AnswerablePlugin(BasePlugin[Settings]):
    """Every question is answered before MkDocs touches the site: a problem leaves it as it was."""

    serving = False

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """Note whether the site is for its author alone: what reloads the page is inline."""
        self.serving = command == "serve"

    def load_config(self, options: Any, config_file_path: str | None = None) -> Any:
        """Begin at once to run programs and check claims: what follows in MkDocs takes a while."""
        faults = super().load_config(options, config_file_path)
        self.root = Path(config_file_path or "mkdocs.yml").resolve().parent
        self.store = cache.Cache(self.root / self.config.cache_dir)
        self.executor = ThreadPoolExecutor(self.config.workers or os.cpu_count())
        limit = self.config.time_limit
        self.coming = answer.Answers(self.root, self.store, self.executor, limit)
        self.live = ThreadPoolExecutor(1).submit(browser.files if self.config.browser else dict)
        return faults

    def on_config(self, config: MkDocsConfig) -> None:
        """Add what the pages need; have `mkdocs serve` watch programs and tests too."""
        if Path(config.docs_dir).resolve() != self.root / "docs":
            raise PluginError(f"questions are in docs/questions, but docs_dir is {config.docs_dir}")
        config.extra_css.append(STYLE)
        self.site = frame.Site(
            name=config.site_name,
            checked=get_build_datetime().date(),
            description=config.site_description or "",
            url=config.site_url or "",
            repository=config.repo_url or "",
            branch=config.remote_branch,
        )
        folders = (question.SNIPPETS, question.TESTS)
        config.watch += [str(self.root / name) for name in folders if (self.root / name).is_dir()]
        self.shows_notebooks = "mkdocs-jupyter" in config.plugins
        if self.shows_notebooks:
            jupyter = config.plugins["mkdocs-jupyter"].config
            jupyter["include_source"] = True  # to download
            jupyter["ignore"].append("questions/*.md")  # it reads each page in search of notebooks

    def on_pre_build(self, config: MkDocsConfig) -> None:
        """Wait for the answers, before the site is touched."""
        started = time.perf_counter()
        self.answers: dict[str, answer.Answer] = {}
        self.views: dict[str, str] = {}
        self.places: dict[str, dict[str, str]] = {}
        self.extras: dict[str, str | bytes] = {}
        doing = "Running programs, checking claims"
        try:
            for item in tqdm(self.coming, doing, leave=False, disable=None):
                self.keep(item, config.site_url or "")
            self.try_pages()
        except (Problem, Problems) as problems:
            log.error(problems)
            raise Abort("Nothing was written; the site is as it was.") from None
        finally:
            self.executor.shutdown(wait=False, cancel_futures=True)
            run.stop()  # if we are interrupted, there may be some
        self.shared: dict[str, bytes | Path] = {}
        try:
            self.shared = self.live.result()
        except Unavailable as missing:
            log.warning(f"Pages will have no Run: {missing}")
        self.store.prune()
        claims = sum(len(item.draft.claims) for item in self.answers.values())
        seconds = time.perf_counter() - started
        log.info(f"{len(self.answers)} questions answered, {claims} claims hold ({seconds:.1f} s)")

    def keep(self, item: answer.Answer, site_url: str) -> None:
        """Note an answer, and write its notebook where mkdocs-jupyter will find it."""
        stem = item.draft.question.stem
        self.answers[stem] = item
        text = notebook.notebook(item, site_url)
        self.extras[feeds.markdown_path(item)] = feeds.markdown(text)
        cache.write(self.notebook_path(stem), text.encode())
        if self.shows_notebooks:
            self.views[stem] = notebook.view(text, self.notebook_path(stem), self.store)

    def try_pages(self) -> None:
        """Raise the problems of pages with bad references, or that ask for lists there are not."""
        paths = sorted((self.root / "docs").rglob("*.md"))
        texts = {
            path.relative_to(self.root).as_posix(): path.read_text("utf-8", "replace")
            for path in paths
        }
        references.check(texts)
        for path, text in texts.items():
            name = path.removeprefix("docs/")
            if not name.startswith("questions/"):
                web.lists(text, name, self.answers.values(), self.site)

    def notebook_file(self, stem: str, config: MkDocsConfig) -> File:
        """The notebook as a page of mkdocs-jupyter's, or for want of it as a file to download."""
        path = self.notebook_path(stem)
        name = path.relative_to(self.store.folder).as_posix()
        file = File(name, str(self.store.folder), config.site_dir, config.use_directory_urls)
        if self.shows_notebooks:
            from mkdocs_jupyter.plugin import NotebookFile

            file = NotebookFile(file, **config)
        file.inclusion = InclusionLevel.NOT_IN_NAV
        return file

    def notebook_path(self, stem: str) -> Path:
        """Where the notebook lies until MkDocs copies it."""
        return self.store.folder / "notebooks" / f"{stem}.ipynb"

    @event_priority(-50)  # after mkdocs-jupyter has looked for other notebooks
    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add the notebooks, `claims.json` and what pages need; list the questions in `nav`."""
        answers = [self.answers[stem] for stem in sorted(self.answers)]
        rows = [row for item in answers for row in item.claims_json()]
        generated: dict[str, str] = {
            "claims.json": json.dumps(rows, indent=1, ensure_ascii=False) + "\n",
            STYLE: Path(__file__).with_name("style.css").read_text("utf-8"),
        }
        if self.shows_notebooks:
            generated[NOTEBOOK_STYLE], generated[NOTEBOOK_SCRIPT] = notebook.assets(self.store)
        for name, content in generated.items():
            files.append(File.generated(config, name, content=content))
        for stem, item in self.answers.items():
            files.append(self.notebook_file(stem, config))
            program = item.draft.snippet.text
            files.append(File.generated(config, web.program_path(item), content=program))
            if self.shared:
                name = browser.PROGRAM.format(stem)
                files.append(File.generated(config, name, content=browser.question(item)))
        for name, given in self.shared.items():
            source = (
                {"content": given} if isinstance(given, bytes) else {"abs_src_path": str(given)}
            )
            files.append(File.generated(config, name, **source))
        config.nav = web.navigation(config.nav, answers)
        return files

    def on_page_markdown(
        self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files
    ) -> str:
        """Expand a question's page; put the list of questions where a page asks for it."""
        if item := self.answers.get(_stem(page, "questions", ".md")):
            page.meta["title"] = escape(item.draft.page.front.title)  # MkDocs takes it for HTML
            expanded = web.expand(item, self.answers.values(), self.site, live=bool(self.shared))
            markdown, self.places[page.file.src_uri] = expanded
            return markdown
        return web.lists(markdown, page.file.src_uri, self.answers.values(), self.site)

    @event_priority(-50)  # after mkdocs-jupyter has said how the page is to be rendered
    def on_pre_page(self, page: Page, *, config: MkDocsConfig, files: Files) -> Page:
        """Show the notebook as it was rendered before, rather than render it anew."""
        stem = _stem(page, "notebooks", ".ipynb")
        if stem in self.views:
            render = functools.partial(self.render_notebook, page, stem)
            page.render = render  # type: ignore[method-assign]
        return page

    def render_notebook(self, page: Page, stem: str, config: MkDocsConfig, files: Files) -> None:
        """Give the page the notebook's view, with its styles, script and the file to download."""
        style, script = (
            get_relative_url(name, page.url) for name in (NOTEBOOK_STYLE, NOTEBOOK_SCRIPT)
        )
        answered = get_relative_url(f"questions/{stem}/", page.url)
        page.meta["search"] = {"exclude": True}  # the question's own page is found already
        page.title = escape(self.answers[stem].draft.page.front.title)
        page.toc = get_toc(notebook.contents(self.answers[stem]))
        page.content = (
            f'<link rel="stylesheet" href="{style}"><script src="{script}" defer></script>'
            f'<p><a href="{stem}.ipynb" download>Download this notebook</a> · '
            f'<a href="{answered}">the page it was made from</a></p>{self.views[stem]}'
        )

    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """Put in place what neither Markdown was to touch nor the search to index."""
        output = web.fill(output, self.places.pop(page.file.src_uri, {}))
        item = self.answers.get(_stem(page, "questions", ".md"))
        to_root = get_relative_url(".", page.url)
        if item and self.shared:
            script = browser.script(item, f"{to_root}/", self.shared)
            output = output.replace("</body>", f"{script}</body>")
        head = feeds.elements(item, self.site) if item else ""
        if self.site.url:
            head += feeds.link(to_root)
        return self.outside(output.replace("</head>", f"{head}</head>", 1), to_root)

    def on_post_template(self, output: str, *, template_name: str, config: MkDocsConfig) -> str:
        """The page for what is not found has scripts too; it is shown at any address."""
        root = urlsplit(config.site_url or "/").path.rstrip("/")
        return self.outside(output, root) if template_name.endswith(".html") else output

    def outside(self, output: str, to_root: str) -> str:
        """The page under a strict policy, and so with its inline scripts in files."""
        output, scripts = web.outside(output, to_root)
        self.extras.update(scripts)
        if self.shared:
            output = search.ours(output, to_root)
        return output if self.serving else web.protected(output)

    @event_priority(-50)  # after the theme has written its index
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Write what is no file of the documentation: feeds, and the scripts that were inline."""
        answers = self.answers.values()
        self.extras["_headers"] = web.HEADERS
        self.extras[feeds.LLMS] = feeds.llms(answers, self.site)
        if self.site.url:
            self.extras[feeds.FEED] = feeds.atom(answers, self.site)
        if self.site.url and not self.serving:  # to its author nobody shows a link
            for item in answers:
                self.extras[card.path(item)] = card.card(item, self.site, self.store)
        index = Path(config.site_dir) / "search" / "search_index.json"
        if config.theme.name == "material" and self.shared and index.is_file():
            whole = json.loads(index.read_text("utf-8"))
            self.extras |= search.files(whole["docs"], answers)
            index.write_text(json.dumps(whole | {"docs": []}), "utf-8")
        for name, content in self.extras.items():
            data = content.encode() if isinstance(content, str) else content
            write_file(data, str(Path(config.site_dir) / name))

    def on_serve(
        self, server: LiveReloadServer, *, config: MkDocsConfig, builder: Callable[..., None]
    ) -> LiveReloadServer:
        """Keep serving the last good site while there is a problem (MkDocs itself would hang)."""

        def rebuild() -> None:
            try:
                builder()
            except Abort as abort:  # what is wrong has been said
                log.info(f"{abort} Still serving the last good one.")
            except Exception:
                log.exception("The site could not be built; still serving the last good one.")

        server.builder = rebuild
        return server


def _stem(page: Page, folder: str, suffix: str) -> str:
    """The stem of a page that lies in `folder` and ends in `suffix`; else no stem."""
    path = PurePosixPath(page.file.src_uri)
    return path.stem if path.parent.as_posix() == folder and path.suffix == suffix else ""
