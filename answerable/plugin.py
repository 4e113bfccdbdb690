"""Wires the engine into MkDocs's events."""

from __future__ import annotations

import functools
import json
import logging
import platform
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import escape
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import mkdocs
from jinja2 import Environment
from mkdocs.commands import build, serve
from mkdocs.commands.build import build as build_all
from mkdocs.config import config_options as option
from mkdocs.config.base import Config, ValidationError
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, PluginError
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import get_toc
from mkdocs.utils import CountHandler, get_build_datetime, get_relative_url, write_file
from tqdm import tqdm

from answerable import (
    answer,
    browser,
    cache,
    card,
    executor,
    feeds,
    formula,
    frame,
    glossary,
    katex,
    kept,
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
    executor = option.Optional(option.Type(str))  # this machine, if not set; "dask", "module:func"
    scheduler = option.Optional(option.Type(str))  # the address of Dask's, "tcp://host:8786"


@dataclass(frozen=True)
class Parts:
    """What is made of an answer besides its page; texts as UTF-8, since they are many."""

    answer: answer.Answer
    notebook: bytes
    markdown: bytes
    program: bytes


class AnswerablePlugin(BasePlugin[Settings]):
    """Every question is answered before MkDocs touches the site: a problem leaves it as it was."""

    serving = False
    notebooks: TemporaryDirectory[str] | None = None  # each build's own, until they are copied

    def __init__(self) -> None:
        self.on_shutdown()

    def on_shutdown(self) -> None:
        """What is known from one build to the next, other than by its record, is forgotten."""
        for module in (build, serve):
            vars(module)["build"] = build_all
        self.memory = answer.Memory()
        self.parts: dict[str, Parts] = {}
        self.record = kept.Record()
        self.written: dict[str, str | bytes] = {}
        self.index = search.Index()

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """Note whether the site is for its author alone: what reloads the page is inline.

        All builds are "dirty": MkDocs leaves as they are the pages of which we say that they may.
        """
        self.serving = command == "serve"
        for module in (build, serve):
            vars(module)["build"] = _build
        logging.getLogger("mkdocs.commands.build").addFilter(_matters)

    def load_config(self, options: Any, config_file_path: str | None = None) -> Any:
        """Begin at once to run programs and check claims: what follows in MkDocs takes a while."""
        errors, warnings = super().load_config(options, config_file_path)
        for name in ("time_limit", "workers"):
            value = self.config[name]
            if isinstance(value, (int, float)) and not 0 < value < 1e6:  # what is not a number, too
                errors.append((name, ValidationError(f"{value} is not a number above 0")))
        if errors:
            return errors, warnings
        self.root = Path(config_file_path or "mkdocs.yml").resolve().parent
        self.store = cache.Cache(self.root / self.config.cache_dir)
        chosen = self.config.executor, self.config.scheduler, self.config.workers
        try:
            self.executor = executor.chosen(self.root, *chosen)
            limit = self.config.time_limit
            self.coming = answer.Answers(self.root, self.store, self.executor, limit, self.memory)
        except executor.Unusable as error:
            return [("executor", ValidationError(str(error)))], warnings
        self.live = ThreadPoolExecutor(1).submit(browser.files if self.config.browser else dict)
        return errors, warnings

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
        self.places: dict[str, dict[str, str]] = {}
        self.scripts: dict[str, dict[str, str]] = {}
        self.extras: dict[str, str | bytes] = {}
        self.warnings = CountHandler(level=logging.WARNING)
        logging.getLogger("mkdocs").addHandler(self.warnings)
        self.notebooks = TemporaryDirectory(prefix="answerable-")
        doing = "Running programs, checking claims"
        try:
            for item in tqdm(self.coming, doing, leave=False, disable=None):
                self.keep(item, config.site_url or "")
            self.answers = dict(sorted(self.answers.items()))  # however fast each was
            self.neighbours = frame.Neighbours(self.answers.values())
            formulas = [found for item in self.answers.values() for found in item.draft.formulas]
            self.glossary = self.read_glossary()
            self.formulas = katex.Formulas([*formulas, *self.read_pages()], self.store)
        except (Problem, Problems) as problems:
            log.error(problems)
            raise Abort("Nothing was written; the site is as it was.") from None
        finally:
            self.executor.shutdown(wait=False, cancel_futures=True)
            run.stop()  # if we are interrupted, there may be some
        self.shared: dict[str, bytes | Path] = {}
        try:
            self.shared = self.live.result()
        except (Unavailable, OSError) as missing:
            log.warning(f"Pages will have no Run: {missing}")
        if self.formulas.missing:
            log.warning(f"Formulas are shown as TeX: {self.formulas.missing}")
        self.store.prune()
        claims = sum(len(item.draft.claims) for item in self.answers.values())
        seconds = time.perf_counter() - started
        log.info(f"{len(self.answers)} questions answered, {claims} claims hold ({seconds:.1f} s)")

    def keep(self, item: answer.Answer, site_url: str) -> None:
        """Note an answer, and what its page is not made of; of one we know, that is known."""
        stem = item.draft.question.stem
        self.answers[stem] = item
        if stem not in self.parts or self.parts[stem].answer is not item:
            text = notebook.notebook(item, site_url)
            if self.shows_notebooks:
                notebook.prepare(text, self.store)
            made = text, feeds.markdown(text), browser.question(item)
            self.parts[stem] = Parts(item, *(it.encode() for it in made))
        self.extras[feeds.markdown_path(item)] = self.parts[stem].markdown

    def write_notebook(self, stem: str, text: bytes) -> None:
        """Put a notebook where MkDocs will find it."""
        path = self.notebook_path(stem)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text)

    def read_pages(self) -> Iterator[formula.Formula]:
        """The formulas of pages that are no questions. Raises what is wrong in any page."""
        paths = [path for path in sorted((self.root / "docs").rglob("*.md")) if not path.is_dir()]
        names = [path.relative_to(self.root).as_posix() for path in paths]
        texts = {name: question.read(self.root, name) for name in names}
        references.check(texts)
        for path, text in texts.items():
            name = path.removeprefix("docs/")
            if not name.startswith("questions/"):
                web.lists(text, name, self.answers.values(), self.site)
                yield from formula.find(formula.mark(text, f"docs/{name}"), f"docs/{name}")

    def read_glossary(self) -> glossary.Glossary:
        """The project's terms, if it has a page for them."""
        path = self.root / "docs" / glossary.PLACE
        text = path.read_text("utf-8", "replace") if path.is_file() else ""
        return glossary.read(text, f"docs/{glossary.PLACE}")

    def notebook_file(self, stem: str, config: MkDocsConfig) -> File:
        """The notebook as a page of mkdocs-jupyter's, or for want of it as a file to download."""
        name, folder = f"notebooks/{stem}.ipynb", str(self.notebook_path(stem).parents[1])
        file = File(name, folder, config.site_dir, config.use_directory_urls)
        if self.shows_notebooks:
            from mkdocs_jupyter.plugin import NotebookFile

            file = NotebookFile(file, **config)
        file.inclusion = InclusionLevel.NOT_IN_NAV
        return file

    def notebook_path(self, stem: str) -> Path:
        """Where the notebook lies until MkDocs copies it."""
        assert self.notebooks
        return Path(self.notebooks.name) / "notebooks" / f"{stem}.ipynb"

    @event_priority(-50)  # after mkdocs-jupyter has looked for other notebooks
    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add the notebooks, `claims.json` and what pages need; list the questions in `nav`."""
        answers = list(self.answers.values())
        rows = [row for item in answers for row in item.claims_json()]
        generated: dict[str, str] = {
            "claims.json": json.dumps(rows, indent=1, ensure_ascii=False) + "\n",
            STYLE: Path(__file__).with_name("style.css").read_text("utf-8"),
        }
        if self.formulas.style:
            generated[katex.STYLE] = self.formulas.style
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
                self.extras[name] = self.parts[stem].program
        for name, given in self.shared.items():
            source = (
                {"content": given} if isinstance(given, bytes) else {"abs_src_path": str(given)}
            )
            files.append(File.generated(config, name, **source))
        config.nav = web.navigation(config.nav, answers)
        self.compare(files, config)
        for stem in self.answers:
            if files.src_uris[f"notebooks/{stem}.ipynb"].is_modified is not _never:
                self.write_notebook(stem, self.parts[stem].notebook)
        return files

    def compare(self, files: Files, config: MkDocsConfig) -> None:
        """Find out which pages may stay as they are; all others, and what is old, make room."""
        self.pages = pages = files.documentation_pages()
        self.state = kept.state(
            self.settings(config),
            self.answers,
            (file.src_uri for file in files if not file.src_uri.startswith("assets/")),
            {file.src_uri: file.content_string for file in pages if not _ours(file)},
        )
        if not self.serving:
            self.record = kept.load(self.store, config.site_dir)
        same = self.record.same(self.state) if _self_contained(config) else set()
        for file in pages:
            stays = file.src_uri in same
            file.is_modified = _never if stays else _always  # type: ignore[method-assign]
        if not (self.serving and same):
            self.written, self.index = {}, search.Index()
            kept.clean(config.site_dir, (self.record.files[page][0] for page in same))

    def settings(self, config: MkDocsConfig) -> Any:
        """All that pages depend on besides what the project's files say."""
        folders = [Path(it) for it in config.theme.dirs if Path(it).is_relative_to(self.root)]
        templates = [path for it in folders for path in sorted(it.rglob("*.html"))]
        overrides = [(str(path.relative_to(self.root)), path.read_text()) for path in templates]
        packages = sorted(it.name for it in Path(mkdocs.__file__).parents[1].glob("*.dist-info"))
        said = [Path(config.config_file_path).read_text("utf-8"), self.site]
        for values in (config, config.theme):
            said.append({name: values[name] for name in values if _plain(values[name])})
        has = sorted(self.shared), bool(self.formulas.style), self.glossary
        return said, overrides, packages, has, platform.python_version()

    def on_nav(self, nav: Navigation, *, config: MkDocsConfig, files: Files) -> Navigation:
        """Pages that are not read again have the names they had."""
        for page in nav.pages:
            if page.file.is_modified is _never:
                page.title, page.meta = self.record.names[page.file.src_uri]
        return nav

    def on_page_markdown(
        self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files
    ) -> str:
        """Expand a question's page; put the list of questions where a page asks for it."""
        if item := self.answers.get(_stem(page.file, "questions", ".md")):
            front = item.draft.page.front
            for key in ("title", "description"):  # the theme takes them for HTML
                page.meta[key] = escape(getattr(front, key))
            expanded = web.expand(item, self.neighbours, self.site, live=bool(self.shared))
            markdown, self.places[page.file.src_uri] = expanded
            return markdown
        marked = formula.mark(markdown, page.file.src_uri)
        return web.lists(marked, page.file.src_uri, self.answers.values(), self.site)

    def on_page_content(self, html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Show what terms mean."""
        return html if page.file.src_uri == glossary.PLACE else self.glossary.mark(html)

    def on_env(self, env: Environment, *, config: MkDocsConfig, files: Files) -> None:
        """Compile the theme's templates once: it takes long."""
        env.bytecode_cache = notebook.Templates(self.store)

    @event_priority(-50)  # after mkdocs-jupyter has said how the page is to be rendered
    def on_pre_page(self, page: Page, *, config: MkDocsConfig, files: Files) -> Page:
        """Show the notebook as it was rendered before, rather than render it anew."""
        stem = _stem(page.file, "notebooks", ".ipynb")
        if stem in self.answers and self.shows_notebooks:
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
        page.meta["title"] = escape(self.answers[stem].draft.page.front.title)
        page.toc = get_toc(notebook.contents(self.answers[stem]))
        view = notebook.view(self.parts[stem].notebook.decode(), self.store)
        page.content = (
            f'<link rel="stylesheet" href="{style}"><script src="{script}" defer></script>'
            f'<p><a href="{stem}.ipynb" download>Download this notebook</a> · '
            f'<a href="{answered}">the page it was made from</a></p>{view}'
        )

    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """Put in place what neither Markdown was to touch nor the search to index."""
        output = web.fill(output, self.places.pop(page.file.src_uri, {}))
        item = self.answers.get(_stem(page.file, "questions", ".md"))
        to_root = get_relative_url(".", page.url)
        output = self.formulas.fill(output, to_root)
        if item and self.shared:
            script = browser.script(item, f"{to_root}/", self.shared)
            output = output.replace("</body>", f"{script}</body>")
        head = feeds.elements(item, self.site) if item else ""
        if self.site.url:
            head += feeds.link(to_root)
        output = output.replace("</head>", f"{head}</head>", 1)
        output, self.scripts[page.file.src_uri] = self.outside(output, to_root)
        return output

    def on_post_template(self, output: str, *, template_name: str, config: MkDocsConfig) -> str:
        """The page for what is not found has scripts too; it is shown at any address."""
        root = urlsplit(config.site_url or "/").path.rstrip("/")
        if template_name.endswith(".html"):
            output, scripts = self.outside(output, root)
            self.extras |= scripts
        return output

    def outside(self, output: str, to_root: str) -> tuple[str, dict[str, str]]:
        """The page under a strict policy, and so its inline scripts as files."""
        output, scripts = web.outside(output, to_root)
        if self.shared:
            output = search.ours(output, to_root)
        return output if self.serving else web.protected(output), scripts

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
        self.record_pages(config)
        for name, content in self.extras.items():
            if self.written.get(name) != content:
                data = content.encode() if isinstance(content, str) else content
                write_file(data, str(Path(config.site_dir) / name))
        self.written |= self.extras
        self.end()

    def record_pages(self, config: MkDocsConfig) -> None:
        """Note what was made of each page, for the next build; add what the pages need."""
        record = kept.Record(self.state)
        for file in self.pages:
            page = file.src_uri
            if file.is_modified is _never:
                record.names[page] = self.record.names[page]
                record.scripts[page] = names = self.record.scripts[page]
                record.inline |= {name: self.record.inline[name] for name in names}
            elif file.page and page in self.scripts:
                texts = {key: it for key, it in file.page.meta.items() if isinstance(it, str)}
                record.names[page] = [file.page.title, texts]
                record.scripts[page] = list(self.scripts[page])
                record.inline |= self.scripts[page]
            record.files[page] = [file.abs_dest_path, kept.written(file.abs_dest_path)]
            if stem := self.shows_notebooks and _stem(file, "notebooks", ".ipynb"):
                place = PurePosixPath(file.dest_path).parent / f"{stem}.ipynb"
                self.extras[str(place)] = self.parts[stem].notebook
        record.search = self.searched(config)
        self.extras |= record.inline | record.search
        self.record = record
        if not (self.serving or self.warnings.counts):
            kept.save(self.store, config.site_dir, record, self.index.sections)

    def searched(self, config: MkDocsConfig) -> dict[str, str]:
        """What the search looks through, if it is our own; else the theme's index is made whole."""
        index = Path(config.site_dir) / "search" / "search_index.json"
        if not index.is_file():
            return {}
        ours = config.theme.name == "material" and self.shared
        whole = json.loads(index.read_text("utf-8"))
        sections = search.by_page(whole["docs"])
        if not sections and ours and self.record.search:
            found = self.record.search
        else:
            if not self.index.sections:  # a record's, and in the order of the pages
                sections = self.record.sections(self.store) | sections
                urls = (re.sub(r"^\./?$", "", file.url) for file in self.pages)
                sections = {url: sections[url] for url in urls if url in sections}
            self.index.add(sections)
            found = self.index.files(self.answers.values()) if ours else {}
        docs = [] if ours else self.index.docs()
        index.write_text(json.dumps(whole | {"docs": docs}), "utf-8")
        return found

    def end(self) -> None:
        """The build is over, one way or the other."""
        logging.getLogger("mkdocs").removeHandler(self.warnings)
        if self.notebooks:
            self.notebooks.cleanup()

    def on_build_error(self, *, error: Exception) -> None:
        """A full disk is no fault of a program's, nor lists in lists in lists: one line says it."""
        self.end()
        if isinstance(error, (OSError, UnicodeError, RecursionError)):
            log.error(f"The site could not be written: {error}")
            raise Abort("It is not whole; the next build writes all of it.") from None

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


def _always() -> bool:
    return True


def _never() -> bool:
    return False


def _build(config: MkDocsConfig, *, serve_url: str | None = None, dirty: bool = False) -> None:
    build_all(config, serve_url=serve_url, dirty=True)


def _matters(record: logging.LogRecord) -> bool:
    """MkDocs warns that links will not be right, and old files stay; here neither is so."""
    return "'dirty' build" not in record.msg and "stale files" not in record.msg


def _self_contained(config: MkDocsConfig) -> bool:
    """Whether pages come from nothing but what we know of: no plugin or file that we do not."""
    known = {"search", "material/search", "answerable", "mkdocs-jupyter"}
    includes = [name for name in config.markdown_extensions if re.search("snippet|include", name)]
    inherits = "INHERIT" in Path(config.config_file_path).read_text("utf-8")
    return set(config.plugins) <= known and not (includes or inherits or config.hooks)


def _plain(value: Any) -> bool:
    """Whether a setting is text, a number, or made of such."""
    if isinstance(value, dict):
        return all(map(_plain, value.values()))
    return all(map(_plain, value)) if isinstance(value, list) else not hasattr(value, "__dict__")


def _ours(file: File) -> bool:
    """Whether this is the page of a question, or of its notebook."""
    return bool(_stem(file, "questions", ".md") or _stem(file, "notebooks", ".ipynb"))


def _stem(file: File, folder: str, suffix: str) -> str:
    """The stem of a page that lies in `folder` and ends in `suffix`; else no stem."""
    path = PurePosixPath(file.src_uri)
    return path.stem if path.parent.as_posix() == folder and path.suffix == suffix else ""
