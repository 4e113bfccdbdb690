"""How building and serving grow with the number of questions, beside Material alone.

    python benchmarks/scale.py [--counts N ...] [--rounds N]

Every question has three files as `answerable new` writes them, each of another program, other
numbers, topic and tags. Beside them, the same pages for Material without this engine: the prose
with its values, no cells, no notebooks. For each count the two are built by turns, in one run:
cold, warm, and after one edit of a program (its page, for Material); then served, one page is
saved, and the time taken until its new text can be had. Seconds are medians (least to most).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from save_to_reload import serve

from answerable.cli import new

TOPICS = 12
KINDS = ("cold", "warm", "one edit", "saved")
MKDOCS = """\
site_name: Scale
theme:
  name: material
  font: false
  features: [navigation.prune, content.code.copy]
nav: [index.md, {nav}]
plugins: [search{plugins}]
markdown_extensions: [admonition, attr_list, pymdownx.details, pymdownx.superfences, tables]
"""


class Site:
    """This engine's site of `count` questions."""

    name = "answerable"
    nav, plugins = "questions/", ", answerable, mkdocs-jupyter"

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder / self.name.replace(" ", "-"), count
        self.edits = 0

    def create(self) -> None:
        """Write the sources."""
        (self.folder / "docs").mkdir(parents=True)
        text = MKDOCS.format(nav=self.nav, plugins=self.plugins)
        (self.folder / "mkdocs.yml").write_text(text)
        (self.folder / "docs" / "index.md").write_text("# Home\n\n<!-- questions -->\n")
        for number in range(self.count):
            self.question(number)

    def question(self, number: int) -> None:
        """Write one question, told from the others by its numbers, topic and tags."""
        stem = stem_of(number)
        page, program, test = new(self.folder, stem, f"How fast does average {number} settle?")
        self.replace(program, ("default_rng(0)", f"default_rng({number})"), ("10_000", "1_000"))
        self.replace(program, ("[1, 4, 16, 64]", f"[1, 4, 16, {64 + number}]"))
        self.replace(test, ("20_000", "5_000"), ("rel=0.05", "rel=0.1"), ("abs=0.12", "abs=0.24"))
        topic, tags = f"Topic {number % TOPICS}", f"[averages, tag{number % 40}, tag{number % 77}]"
        self.replace(page, ("New questions", topic), ("[averages]", tags))

    def replace(self, path: str, *edits: tuple[str, str]) -> None:
        """Edit a file."""
        text = (self.folder / path).read_text("utf-8")
        for old, by in edits:
            assert old in text, (path, old)
            text = text.replace(old, by)
        (self.folder / path).write_text(text, "utf-8")

    def page(self, number: int) -> Path:
        """Where the prose of a question is."""
        return self.folder / "docs" / "questions" / f"{stem_of(number)}.md"

    def edit(self) -> None:
        """Change one program."""
        self.edits += 1
        with (self.folder / "snippets" / f"{stem_of(0)}.py").open("a") as file:
            file.write(f"\n# edit {self.edits}\n")

    def build(self) -> tuple[float, float]:
        """Build; returns the seconds it took, and the most memory that its process held, in MB."""
        command = [sys.executable, "-m", "mkdocs", "build", "--quiet"]
        environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=self.folder, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        assert process.returncode == 0, self.name
        assert (self.folder / "site" / "questions").is_dir(), self.name
        return seconds, usage.ru_maxrss / 1024

    def saved(self, rounds: int) -> list[float]:
        """Seconds from saving one page until the server has its new text, some times over."""
        taken = []
        server, address = serve(self.folder)
        url = f"{address}questions/{stem_of(1)}/"
        with self.page(1).open("a") as file:
            for number in range(rounds):
                time.sleep(2)  # let the server come to rest
                word = f"word{number}x{self.edits}"
                started = time.perf_counter()
                file.write(f"\nOne {word} more.\n")
                file.flush()
                while word not in read(url):
                    time.sleep(0.02)
                taken.append(time.perf_counter() - started)
        server.terminate()
        server.wait()
        return taken

    def sizes(self) -> tuple[float, float]:
        """Megabytes: of the site, and of what is loaded, compressed, before a first result."""
        site = self.folder / "site"
        index = [*site.glob("assets/answerable/search-*.json"), site / "search/search_index.json"]
        packed = sum(len(gzip.compress(path.read_bytes())) for path in index)
        files = [path.stat().st_size for path in site.rglob("*") if path.is_file()]
        return sum(files) / 1e6, packed / 1e6


class Material(Site):
    """Material alone, with the same prose."""

    name = "Material alone"
    plugins = ""

    def __init__(self, folder: Path, count: int) -> None:
        super().__init__(folder, count)
        topics = [
            {f"Topic {topic}": [f"questions/{stem_of(n)}.md" for n in range(topic, count, TOPICS)]}
            for topic in range(min(TOPICS, count))
        ]
        self.nav = json.dumps(topics)[1:-1]

    def question(self, number: int) -> None:
        """The page alone, without what only the engine knows."""
        super().question(number)
        for kind in ("snippets/{}.py", "tests/test_{}.py"):
            (self.folder / kind.format(stem_of(number))).unlink()
        text = self.page(number).read_text("utf-8")
        text = re.sub(r"```cell\n.*?```\n", "", text, flags=re.DOTALL)
        text = re.sub(r"`\{python\}[^`]*`", "1.708", text)
        text = re.sub(r"\[([^]]*)\]\(claim:\w+\)", r"\1", text)
        title = f"# How fast does average {number} settle?\n"
        self.page(number).write_text(re.sub(r"\A---.*?---\n", title, text, flags=re.DOTALL))

    def edit(self) -> None:
        """Change one page."""
        self.edits += 1
        with self.page(0).open("a") as file:
            file.write(f"\nEdit {self.edits}.\n")


def stem_of(number: int) -> str:
    """The name of a question's files."""
    return f"question_{number:04}"


def read(url: str) -> str:
    """What the server has at this address now."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def shown(values: list[float]) -> str:
    """Median, least and most."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def measure(count: int, rounds: int, folder: Path) -> None:
    """All of both sites, at one size, by turns."""
    sites = [kind(folder / str(count), count) for kind in (Site, Material)]
    seconds: dict[str, dict[str, list[float]]] = {
        site.name: {kind: [] for kind in KINDS} for site in sites
    }
    memory: dict[str, list[float]] = {site.name: [] for site in sites}  # cold, then warm
    for site in sites:
        site.create()
    for turn in range(rounds):
        for site in sites:
            taken = seconds[site.name]
            if not turn:
                cold, most = site.build()
                taken["cold"].append(cold)
                memory[site.name].append(most)
            warm, most = site.build()
            taken["warm"].append(warm)
            memory[site.name].append(most)
            site.edit()
            taken["one edit"].append(site.build()[0])
    for site in sites:
        seconds[site.name]["saved"] = site.saved(rounds)
    for site in sites:
        first, *rest = memory[site.name]
        row = [shown(seconds[site.name][kind]) for kind in KINDS]
        row += [f"{value:.2f}" for value in (*site.sizes(), first)]
        row += [shown(rest)]
        print(f"| {count} | {site.name} | {' | '.join(row)} |", flush=True)
    ours, theirs = (statistics.median(seconds[site.name]["warm"]) for site in sites)
    print(f"| {count} | warm, ours over Material's | | {ours / theirs:.2f} |", flush=True)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[100, 1000, 5000])
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    header = ["questions", "", *KINDS, "site, MB", "search index, MB"]
    header += ["memory cold, MB", "memory warm, MB"]
    print(f"| {' | '.join(header)} |\n|{'---|' * len(header)}", flush=True)
    folder = Path(tempfile.mkdtemp())
    for count in chosen.counts:
        measure(count, chosen.rounds, folder)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
