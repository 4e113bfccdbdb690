"""`mkdocs serve`: a save re-runs what depends on it; a broken one leaves the site as it was."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from answerable.cli import new
from answerable.tests.conftest import Project

PAGE, SNIPPET, TEST = Project.page, Project.snippet, Project.test
PATIENCE = 60  # seconds; a save takes one or two


class Server:
    """A running `mkdocs serve`, seen as the reader's browser and the author's terminal see it."""

    def __init__(self, project: Project) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self.url, self.terminal = f"http://{address}", project.root / "terminal.txt"
        self.results = project.root / ".answerable"
        with self.terminal.open("wb") as terminal:
            command = [sys.executable, "-m", "mkdocs", "serve", "--dev-addr", address]
            self.process = subprocess.Popen(
                command,
                cwd=project.root,
                stdout=terminal,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )

    def wait(self, done: Callable[[], bool]) -> None:
        """Wait until the function given says yes."""
        end = time.monotonic() + PATIENCE
        while not done():
            assert self.process.poll() is None, self.terminal.read_text()
            assert time.monotonic() < end, self.terminal.read_text()
            time.sleep(0.05)

    def says(self, text: str, times: int = 1) -> None:
        """Wait until the terminal shows this text so many times."""
        self.wait(lambda: self.terminal.read_text().count(text) >= times)

    def get(self, path: str) -> str:
        """What the server answers."""
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def question(self, stem: str = "dice") -> str:
        """A question's page."""
        return self.get(f"/questions/{stem}/")

    def reloads(self, page: str) -> bool:
        """Whether the script in the page, which asks and waits, would now reload it."""
        epoch, request = re.search(r"livereload\((\d+), (\d+)\)", page).groups()
        return int(self.get(f"/livereload/{epoch}/{request}")) > int(epoch)

    def kept(self) -> set[str]:
        """The results that were kept."""
        return {path.name for path in self.results.glob("*-*")}


def served(page: str) -> str:
    """The page without what tells its script the time of the build."""
    return re.sub(r"livereload\(\d+, \d+\)", "", page)


@pytest.fixture
def server(project: Project) -> Iterator[Server]:
    """The project with two questions, served."""
    new(project.root, "coins", "How fast do coins settle?")
    server = Server(project)
    try:
        server.says("Serving on")
        yield server
    finally:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(PATIENCE) == 0, server.terminal.read_text()


def test_a_save_runs_what_depends_on_it_and_reloads(server, project):
    def after(path, old, new):
        """Save; what was made anew, once the browser would have reloaded."""
        shown, kept = server.question(), server.kept()
        project.edit(path, old, new)
        assert server.reloads(shown)
        return {name.split("-")[0] for name in server.kept() - kept}

    assert after(PAGE, "Name the wrong idea", "Say the wrong idea") == set()
    assert "Say the wrong idea" in server.question()
    assert after(SNIPPET, "standard deviation {spread:.1f}", "spread {spread:.2f}") == {
        "run",
        "check",
    }
    assert "spread 1.71" in server.question()
    assert after(TEST, "20,000 averages know their spread", "They know their spread") == {"check"}
    assert "They know their spread" in server.question()
    assert len(server.kept()) < 20


def test_a_broken_save_keeps_the_last_good_site(server, project):
    shown = server.question()
    project.edit(PAGE, "claim:repeats_do_not_help", "claim:repeats_do_help")
    server.says("Still serving the last good one.")
    assert "docs/questions/dice.md:" in server.terminal.read_text()
    assert "repeats_do_not_help" in server.terminal.read_text()  # the nearest valid name
    assert served(server.question()) == served(shown)

    project.edit(SNIPPET, "import numpy as np", "import numpy as np(")  # another, on top
    server.says("Still serving the last good one.", times=2)
    assert served(server.question()) == served(shown)

    project.edit(SNIPPET, "import numpy as np(", "import numpy as np")
    server.says("Still serving the last good one.", times=3)
    project.edit(PAGE, "claim:repeats_do_help", "claim:repeats_do_not_help")
    assert server.reloads(shown)
    assert "repeats_do_not_help" in server.question()


def test_a_question_added_while_serving_appears(server, project):
    shown = server.get("/")
    new(project.root, "cards", "How fast do cards settle?")
    assert server.reloads(shown)
    server.wait(lambda: "How fast do cards settle?" in server.get("/"))
    assert 'data-claim="centred_on_expectation"' in server.question("cards")


def everything(server):
    """Every page and list that is served, without what is the server's own."""
    paths = ["/", "/about/", "/claims.json", "/llms.txt", "/search/search_index.json"]
    for stem in ("dice", "coins", "cards"):
        paths += [f"/questions/{stem}/", f"/notebooks/{stem}.ipynb"]
    found = {}
    for path in paths:
        try:
            text = server.get(path)
        except urllib.error.HTTPError as error:
            found[path] = str(error.code)
            continue
        text = re.sub(r"livereload\(\d+, \d+\)|Build Date UTC.*|127\.0\.0\.1:\d+", "", text)
        found[path] = re.sub(r'"seconds": [\d.]+', "", text)
    return found


def test_after_many_saves_all_is_as_if_the_server_had_just_been_started(server, project):
    def save(edit, *arguments):
        shown = server.question()
        edit(*arguments)
        assert server.reloads(shown)

    docs = project.root / "docs"
    save((docs / "about.md").write_text, "# About\n\nUs.\n")
    coins = "docs/questions/coins.md"
    save(project.edit, PAGE, "Name the wrong idea", "As with [coins](coins.md), say the wrong idea")
    save(project.edit, SNIPPET, "default_rng(0)", "default_rng(1)")
    save(project.edit, coins, "topic: New questions", "topic: Old questions")
    save(project.edit, coins, "title: ", "title: Really? ")
    save(project.edit, "docs/index.md", "# Home", "# At home")
    save(project.edit, "docs/about.md", "Us.", "Us all.")
    save(project.edit, coins, "Another way in which", "One more way in which")
    save(new, project.root, "cards", "Do cards?")
    for path in (coins, "snippets/coins.py", "tests/test_coins.py"):
        (project.root / path).rename(project.root / path.replace("coins", "dealt"))
        (project.root / path.replace("coins", "dealt")).unlink()
    project.edit(PAGE, "As with [coins](coins.md), say", "Say")
    server.wait(lambda: "Old questions" not in server.get("/"))
    served = everything(server)
    assert "Us all." in served["/about/"]
    assert served["/questions/coins/"] == "404"
    fresh = Server(project)
    try:
        fresh.says("Serving on")
        assert everything(fresh) == served
    finally:
        fresh.process.terminate()
        fresh.process.wait()
