"""Times a page's Run in Chromium, beside the same cells in a JupyterLite console.

    python benchmarks/run_in_page.py [--rounds N]

Everything is served by this machine; medians in seconds. "first" has an empty browser cache, "warm"
is a new tab of the same browser, "second" the same cell run again, less the seconds that computing
took, as the page's worker measured them. Ours counts from the click on Run, JupyterLite
from following the link that opens it with the code. Its build is the one in a package that also
holds Pyodide, unpacked into the user's cache folder. "first figure", rounded, is what the button of
a first Run says: `seconds` in `answerable/browser/runtime.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import zipfile
from collections.abc import Callable
from pathlib import Path

from host import ROOT, build, chromium, serving
from playwright.sync_api import BrowserContext, Page

from answerable import snippet
from answerable.browser import runtime

HOME = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "answerable-benchmarks"
STEM = min((ROOT / "docs" / "questions").glob("*.md")).stem
PROGRAM = snippet.parse((ROOT / "snippets" / f"{STEM}.py").read_text("utf-8"), STEM)


def jupyterlite() -> Path:
    """JupyterLite and its Pyodide, unpacked on first use."""
    folder = HOME / "jupyterlite"
    if not (folder / "lite").is_dir():
        line = next(line for line in runtime.LOCK["index"] if "notebook" in line)
        with tempfile.TemporaryDirectory() as name:
            download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            subprocess.run([*download, "--dest", name, line.split()[0]], check=True)
            with zipfile.ZipFile(next(Path(name).glob("*.whl"))) as archive:
                for member in archive.infolist():
                    _, found, path = member.filename.partition("/assets/")
                    if found and not member.is_dir() and not path.endswith(".map"):
                        (folder / path).parent.mkdir(parents=True, exist_ok=True)
                        (folder / path).write_bytes(archive.read(member))
        settings = folder / "lite" / "jupyter-lite.json"
        known = json.loads(settings.read_text("utf-8"))
        kernel = "@jupyterlite/pyodide-kernel-extension:kernel"
        plugins = known["jupyter-config-data"]["litePluginSettings"]
        plugins[kernel]["loadPyodideOptions"] = {}  # not what that package adds to it
        plugins[kernel]["pyodideUrl"] = "/jupyterlite/pyodide/pyodide.js"
        settings.write_text(json.dumps(known), "utf-8")
    return folder


def until(done: Callable[[], object], started: float) -> float:
    """Seconds since `started` when it is done."""
    while not done():
        if time.perf_counter() - started > 120:
            raise SystemExit("it takes too long")
        time.sleep(0.01)
    return time.perf_counter() - started


def ours(page: Page, address: str, cell: str) -> Callable[[], float]:
    """Open the question's page; what runs the cell and says how long that took."""
    page.goto(f"{address}site/questions/{STEM}/")
    section = page.locator(f'section.cell[data-cell="{cell}"]')
    button = section.locator("button[data-action=run]")

    def run() -> float:
        started = time.perf_counter()
        button.click()
        return until(lambda: button.is_visible() and button.is_enabled(), started)

    return run


def theirs(page: Page, address: str, cells: list[str], figure: bool) -> float:
    """Open JupyterLite's console with the cells' code; seconds to their output."""
    code = "\n\n".join(cells) + ("" if figure else "\nprint('the', 'end')")
    query = urllib.parse.urlencode({"kernel": "python", "code": code, "execute": "1"})
    started = time.perf_counter()
    page.goto(f"{address}jupyterlite/lite/repl/index.html?{query}")
    output = page.locator(".jp-OutputArea-output img" if figure else "text=the end")
    return until(lambda: output.count() > 0, started)


def measure(new: Callable[[], BrowserContext], address: str) -> dict[tuple[str, str], float]:
    """One round: by what is measured and who does it."""
    names = PROGRAM.names
    drawing = next(c for c in PROGRAM.cells if "plt.show()" in c.source)
    printing = next(c for c in PROGRAM.cells if "print(" in c.source)
    seconds: dict[tuple[str, str], float] = {}
    for what, cell in (("text", printing.name), ("figure", drawing.name)):
        sources = [one.source for one in PROGRAM.cells[: names.index(cell) + 1]]
        for who in ("this page", "JupyterLite"):
            context = new()
            for when in ("first", "warm"):
                page = context.new_page()
                if who == "this page":
                    run = ours(page, address, cell)
                    seconds[f"{when} {what}", who] = run()
                    if when == "warm":
                        again = run()
                        cells = page.locator("section.cell[data-seconds]").all()
                        own = sum(float(one.get_attribute("data-seconds") or 0) for one in cells)
                        seconds[f"second {what}, less its own computing", who] = again - own
                else:
                    taken = theirs(page, address, sources, what == "figure")
                    seconds[f"{when} {what}", who] = taken
                page.close()
            context.close()
    return seconds


def main() -> None:
    """Measure by turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    taken: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        build(Path(name) / "site")
        (Path(name) / "jupyterlite").symlink_to(jupyterlite())
        with serving(Path(name)) as address, chromium() as browser:
            for _ in range(rounds):
                for key, value in measure(browser.new_context, address).items():
                    taken.setdefault(key, []).append(value)
    print("seconds: median (least to most)\n")
    print("| |this page|JupyterLite|\n|---|---|---|")
    for what in sorted({what for what, _ in taken}):
        row = []
        for who in ("this page", "JupyterLite"):
            values = taken.get((what, who))
            row.append(
                f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
                if values
                else ""
            )
        print(f"|{what}|{'|'.join(row)}|")


if __name__ == "__main__":
    main()
