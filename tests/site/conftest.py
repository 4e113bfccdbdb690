"""The built site, and a browser to see it with."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from filelock import FileLock
from playwright.sync_api import Browser, sync_playwright

from answerable.page import parse
from answerable.question import FrontMatter, Question

ROOT = Path(__file__).parents[2]
STEMS = sorted(path.stem for path in (ROOT / "docs" / "questions").glob("*.md"))
FLAGS = [  # no calls home
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm"}
HOW_TO_GET = "no Chromium: `apt install chromium` or `playwright install chromium` gets one"


@dataclass
class Site:
    """The site as `mkdocs build --strict` left it."""

    folder: Path
    printed: str
    parsed: dict[str, BeautifulSoup] = field(default_factory=dict)

    def page(self, path: str) -> BeautifulSoup:
        """A page, parsed: once, for all tests that look at it."""
        if path not in self.parsed:
            text = (self.folder / path / "index.html").read_text("utf-8")
            self.parsed[path] = BeautifulSoup(text, "html.parser")
        return self.parsed[path]

    def claims(self) -> list[dict[str, Any]]:
        """What `claims.json` says."""
        return json.loads((self.folder / "claims.json").read_text("utf-8"))

    def pages(self) -> list[str]:
        """Every page's address within the site, the not-found page left out."""
        found = self.folder.rglob("index.html")
        return sorted(path.parent.relative_to(self.folder).as_posix() for path in found)


def front_matter(stem: str) -> FrontMatter:
    """What a question's page says about itself."""
    this = Question(ROOT, stem)
    return parse(this.read(this.page), this.page).front


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site, built anew: once for all processes of a run."""
    run = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent  # which they share
    folder, said = run / "site", run / "site.txt"
    with FileLock(run / "site.lock"):
        if not said.exists():
            command = [sys.executable, "-m", "mkdocs", "build", "--strict", f"--site-dir={folder}"]
            environment = os.environ | {"COLUMNS": "100"}
            done = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, env=environment
            )
            said.write_text(f"{done.returncode}\n{done.stdout}{done.stderr}", "utf-8")
    status, _, printed = said.read_text("utf-8").partition("\n")
    assert status == "0", printed
    return Site(folder, printed)


@pytest.fixture(scope="session")
def address(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the site is served: by a static host, in a sub-path, with the headers it asks for.

    At the root of the host it is served as well.
    """
    rules = (site.folder / "_headers").read_text("utf-8").splitlines()
    assert rules[0] == "/*"
    headers = [rule.strip().split(": ", 1) for rule in rules[1:]]
    hosted = tmp_path_factory.mktemp("host")
    (hosted / "sub" / "path").parent.mkdir()
    (hosted / "sub" / "path").symlink_to(site.folder)
    for entry in site.folder.iterdir():
        (hosted / entry.name).symlink_to(entry)

    class Strict(SimpleHTTPRequestHandler):
        extensions_map = SimpleHTTPRequestHandler.extensions_map | TYPES

        def send_error(self, code: int, *_: Any, **__: Any) -> None:
            self.send_response(code)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write((site.folder / "404.html").read_bytes())

        def end_headers(self) -> None:
            for name, value in headers:
                self.send_header(name, value)
            super().end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Strict, directory=str(hosted)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/sub/path/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium: the system's, else Playwright's own. Without one, CI fails and others skip."""
    with sync_playwright() as playwright:
        found = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
        path = next(found, playwright.chromium.executable_path)
        if not Path(path).exists():
            (pytest.fail if os.environ.get("CI") else pytest.skip)(HOW_TO_GET)
        browser = playwright.chromium.launch(
            executable_path=path, args=FLAGS, chromium_sandbox=os.geteuid() != 0
        )
        yield browser
        browser.close()
