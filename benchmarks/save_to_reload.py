"""Times a save under `mkdocs serve` until Chromium has reloaded the page, on a copy of this site.

    python benchmarks/save_to_reload.py [--rounds N]

Saved are one question's page (prose), program and test, by turns.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("docs", "snippets", "tests", "mkdocs.yml", "pyproject.toml")


def copy(to: Path) -> None:
    """A copy of the site's sources."""
    for part in PARTS:
        source = ROOT / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, to / part)


def serve(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start the server; returns it and its address once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "mkdocs", "serve", "--quiet", "--dev-addr", address]
    process = subprocess.Popen(command, cwd=folder)
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"http://{address}/").close()
            return process, f"http://{address}/"
        except OSError:
            time.sleep(0.1)
    raise SystemExit("mkdocs serve did not start")


def main() -> None:
    """Measure by turns and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    stem = min((ROOT / "docs" / "questions").glob("*.md")).stem
    edits = {  # what a save adds at the end of a file
        f"docs/questions/{stem}.md": "\n\nOne more paragraph, the {}th.\n",
        f"snippets/{stem}.py": "\n# one more comment, the {}th\n",
        f"tests/test_{stem}.py": "\n# one more comment, the {}th\n",
    }
    seconds: dict[str, list[float]] = {path: [] for path in edits}
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        copy(folder)
        server, address = serve(folder)
        chromium = shutil.which("chromium") or playwright.chromium.executable_path
        browser = playwright.chromium.launch(executable_path=chromium, chromium_sandbox=False)
        tab = browser.new_page()
        tab.goto(f"{address}questions/{stem}/")
        for number in range(rounds):
            for path, text in edits.items():
                with tab.expect_event("load", timeout=60_000), (folder / path).open("a") as file:
                    started = time.perf_counter()
                    file.write(text.format(number))
                seconds[path].append(time.perf_counter() - started)
                time.sleep(1)  # let the server come to rest
        browser.close()
        server.terminate()
        server.wait()
    print("saved, until Chromium had reloaded; seconds: median (least to most)")
    for path, taken in seconds.items():
        print(f"{path}: {statistics.median(taken):.2f} ({min(taken):.2f} to {max(taken):.2f})")


if __name__ == "__main__":
    main()
