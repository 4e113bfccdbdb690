"""What a page costs its reader, beside a plain Material page and a mkdocs-jupyter page.

    python benchmarks/reader.py [--rounds N] [--question STEM]

The same question three times: as this site has it, its text and code as a page of Material for
MkDocs as it comes, and its notebook as mkdocs-jupyter shows it. All are served compressed by this
machine, to Chromium with an empty cache behind a slow line (1.6 Mbit/s, 150 ms round trip), by
turns in one run. Bytes are those sent, in kB; times are medians (least to most) in milliseconds.
What is asked of third parties is only counted: they are made to fail at once, which flatters.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

from host import Compressing, build, chromium, serving
from playwright.sync_api import Browser

LINE = {"offline": False, "latency": 150, "downloadThroughput": 2e5, "uploadThroughput": 1e5}
WATCH = """
window.seen = {paint: 0, largest: 0, shift: 0};
const on = (type, note) => new PerformanceObserver(list => list.getEntries().forEach(note))
  .observe({type, buffered: true});
on("paint", entry => { if (/first-contentful/.test(entry.name)) seen.paint = entry.startTime; });
on("largest-contentful-paint", entry => { seen.largest = entry.startTime; });
on("layout-shift", entry => { if (!entry.hadRecentInput) seen.shift += entry.value; });
"""


def sites(folder: Path, stem: str) -> dict[str, tuple[Path, str]]:
    """Build the three sites; by name, their folder and the page's path."""
    ours = folder / "ours"
    build(ours)
    made = {"this site": (ours, f"questions/{stem}/")}
    for name, plugins, source in (
        ("plain Material", "[search]", ours / "questions" / stem / "index.html.md"),
        ("mkdocs-jupyter", "[search, mkdocs-jupyter]", ours / f"notebooks/{stem}/{stem}.ipynb"),
    ):
        project = folder / name.replace(" ", "-")
        (project / "docs").mkdir(parents=True)
        (project / "docs" / "index.md").write_text("# Home\n")
        shutil.copy(source, project / "docs" / f"page{source.suffix}")
        config = f"site_name: {name}\ntheme: {{name: material}}\nplugins: {plugins}\n"
        config += "markdown_extensions: [pymdownx.superfences]\n"
        (project / "mkdocs.yml").write_text(config)
        build(project / "site", project)
        made[name] = (project / "site", "page/")
    return made


def visit(browser: Browser, address: str, path: str) -> dict[str, float]:
    """Read a page once, with an empty cache: what was asked and sent, and when it was seen."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, bypass_csp=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route(lambda url: not url.startswith((address, "data:", "blob:")), lambda it: it.abort())
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", LINE)
    sent: list[float] = []
    session.on("Network.loadingFinished", lambda event: sent.append(event["encodedDataLength"]))
    page.add_init_script(WATCH)
    page.goto(address + path, wait_until="networkidle", timeout=120_000)
    page.wait_for_timeout(500)
    seen: dict[str, float] = page.evaluate("window.seen")
    context.close()
    mine = [url for url in asked if url.startswith(address)]
    return {
        "kB": sum(sent) / 1000,
        "requests": len(mine),
        "of third parties": len([url for url in asked if url.startswith("http")]) - len(mine),
        "first contentful paint": seen["paint"],
        "largest contentful paint": seen["largest"],
        "layout shift": seen["shift"],
    }


def main() -> None:
    """Build, visit by turns, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--question", default="sparse_reward")
    given = parser.parse_args()
    taken: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        made = sites(Path(name), given.question)
        for _ in range(given.rounds):
            for who, (folder, page) in made.items():
                with serving(folder, Compressing) as address:
                    taken.setdefault(who, []).append(visit(browser, address, page))
    print(f"| |{'|'.join(taken)}|\n|---|{'---|' * len(taken)}")
    for what in next(iter(taken.values()))[0]:
        digits = 3 if what == "layout shift" else 0
        row = []
        for visits in taken.values():
            values = [one[what] for one in visits]
            middle, least, most = statistics.median(values), min(values), max(values)
            row.append(f"{middle:.{digits}f} ({least:.{digits}f} to {most:.{digits}f})")
        print(f"|{what}|{'|'.join(row)}|")


if __name__ == "__main__":
    main()
