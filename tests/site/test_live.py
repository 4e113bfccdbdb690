"""Pages that run: cells, claims and breaks in Chromium, under a strict policy, nothing foreign."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from answerable import snippet

from .conftest import ROOT, STEMS

PATIENCE = 120  # seconds; a first run takes ten, a check one
STEM = STEMS[0]


def until(done: Callable[[], object], seconds: float = PATIENCE) -> float:
    """Wait; the seconds it took. (What waits inside the page is against its policy.)"""
    started = time.monotonic()
    while not done():
        assert time.monotonic() - started < seconds, "it takes too long"
        time.sleep(0.05)
    return time.monotonic() - started


@pytest.fixture
def context(browser, address):
    """A reader who comes for the first time; at the end nothing was asked of anybody else."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    asked, trouble = [], []
    context.on("request", lambda request: asked.append(request.url))
    context.on("weberror", lambda error: trouble.append(str(error.error)))
    yield context
    context.close()
    assert not trouble
    assert not [url for url in asked if not url.startswith((address, "data:", "blob:"))]


class Page:
    """A question's page, as its reader uses it."""

    def __init__(self, context, address, stem=STEM):
        self.tab = context.new_page()
        self.tab.goto(f"{address}questions/{stem}/")
        self.cells = self.tab.locator("section.cell").all()

    def cell(self, name):
        return self.tab.locator(f'section.cell[data-cell="{name}"]')

    def press(self, element, action):
        element.locator(f"button[data-action={action}]").first.click()

    def run(self, cell):
        """Run a cell; its state at the end."""
        self.press(cell, "run")
        until(lambda: cell.locator("button[data-action=run]").is_visible())
        state = cell.get_attribute("data-state")
        assert state in ("done", "error", "stopped")
        return state

    def write(self, cell, source):
        cell.evaluate("(cell, source) => { cell.source = source }", source)

    def said(self, cell):
        return cell.locator("output").inner_text()

    def live(self, claim):
        """What the page says of a claim, once it has checked it."""
        until(lambda: claim.get_attribute("data-live"))
        return claim.get_attribute("data-live")


def printed(cell):
    """What a cell shows: text, how many figures, and the numbers in them."""
    text = cell.locator("output > samp").all_text_contents()
    numbers = cell.locator("output > .numbers").all_text_contents()
    return "".join(text), cell.locator("output > svg").count(), numbers


@pytest.mark.parametrize("stem", STEMS)
def test_a_page_gives_what_the_build_gave_and_its_claims_hold_until_broken(context, address, stem):
    page = Page(context, address, stem)
    built = [printed(cell) for cell in page.cells]
    for cell in page.cells:
        assert page.run(cell) == "done"
    assert [printed(cell) for cell in page.cells] == built

    claims = page.tab.locator(".claim").all()
    page.press(page.tab.locator("body"), "check-all")
    assert {page.live(claim) for claim in claims} == {"passed"}
    for claim in claims:
        name = claim.get_attribute("data-claim")
        page.press(claim, "break")
        assert page.live(claim) == "failed", name
        panel = page.tab.locator(".claim-live", has=page.tab.locator("pre:visible"))
        assert "\n+ " in panel.inner_text()
        assert "Error" in panel.inner_text()
        for cell in page.cells:
            if cell.locator("button[data-action=link]").is_visible():  # it was edited
                page.press(cell, "reset")


def test_reset_mends_what_broke_a_claim_and_checks_it_again(context, address):
    page = Page(context, address)
    claim = page.tab.locator(".claim").first
    page.press(claim, "break")
    assert page.live(claim) == "failed"
    page.press(page.tab.locator(".claim-live", has=page.tab.locator("pre:visible")), "reset")
    assert page.live(claim) == "passed"
    page.press(claim, "check")
    assert page.live(claim) == "passed"


ABUSES = {
    "an error": ("x = 1\nx / 0", "line 2"),
    "a flood": ("for i in range(1_000_000):\n    print(i)", "may print"),
    "a gigabyte": ("x = [bytes(2**29) for _ in range(8)]", "memory"),
    "a question": ("input('who? ')", "write the value into the program"),
    "a missing package": ("import pandas", "pandas"),
    "an exit": ("import sys\nsys.exit()", "runs to its end"),
    "a mistake": ("def f(:\n    pass", "SyntaxError"),
}


def test_what_goes_wrong_is_said_and_the_page_survives(context, address):
    page = Page(context, address)
    first = page.cells[0]
    for name, (source, message) in ABUSES.items():
        page.write(first, source)
        assert page.run(first) == "error", name
        said = page.said(first) + first.locator(".cell-tools").inner_text()
        assert message in said, (name, said)
        page.write(first, "print('still here')")
        assert page.run(first) == "done", name
        assert "still here" in page.said(first)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_figure_can_be_enlarged_and_its_numbers_read(browser, address, width):
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = Page(context, address)
    cell = page.tab.locator("section.cell:has(output > svg)").first
    before = cell.locator("output > svg").bounding_box()["width"]
    page.press(cell, "enlarge")
    figure = page.tab.locator("dialog[open] > svg").first
    assert figure.bounding_box()["width"] > max(700, before)
    page.tab.keyboard.press("Escape")
    figure.wait_for(state="detached")
    table = cell.locator(".numbers table").first
    assert not table.is_visible()
    cell.locator(".numbers > summary").click()
    assert table.is_visible()
    context.close()


def test_stop_ends_an_endless_loop_at_once(context, address):
    page = Page(context, address)
    first = page.cells[0]
    page.write(first, "print('before')\nwhile True: pass")
    page.press(first, "run")
    until(lambda: first.get_attribute("data-state") == "running")
    until(lambda: "Running" in first.locator(".cell-tools").inner_text())
    page.press(first, "stop")
    assert until(lambda: first.get_attribute("data-state") == "stopped") < 0.5
    page.write(first, "print('after')")
    assert page.run(first) == "done"
    assert page.said(first).strip() == "after"


def test_loading_can_be_given_up_and_taken_up(context, address):
    page = Page(context, address)
    first = page.cells[0]
    page.write(first, "print('loaded')")
    page.press(first, "run")
    assert first.get_attribute("data-state") == "loading"
    until(lambda: "Loading Python: " in first.locator(".cell-tools").inner_text())
    page.press(first, "stop")
    assert until(lambda: first.get_attribute("data-state") == "stopped") < 0.5
    assert page.run(first) == "done"
    assert page.said(first).strip() == "loaded"


def test_text_comes_while_it_is_printed(context, address):
    page = Page(context, address)
    first = page.cells[0]
    page.write(first, "import time\nfor i in range(3):\n    print(i)\n    time.sleep(0.7)")
    page.press(first, "run")
    until(lambda: "1" in page.said(first) and "2" not in page.said(first))
    until(lambda: "2" in page.said(first))
    assert first.get_attribute("data-state") == "running"


def test_a_cell_runs_after_those_it_needs_from_a_clean_start(context, address):
    page = Page(context, address)
    first, second = page.cells[:2]
    page.write(first, "runs = globals().get('runs', 0) + 1")
    page.write(second, "runs += 10\nprint(runs)")
    for _ in range(2):
        assert page.run(second) == "done"
        assert page.said(second).strip() == "11"


def test_edits_outlive_the_page_and_travel_in_a_link(context, address):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = Page(context, address)
    first = page.cells[0]
    page.write(first, "print('ü, edited')")
    page.tab.reload()
    assert page.cells[0].evaluate("cell => cell.source") == "print('ü, edited')"
    page.press(page.cells[0], "link")
    until(lambda: "copied" in page.cells[0].locator(".cell-tools").inner_text())
    link = page.tab.evaluate("navigator.clipboard.readText()")
    page.press(page.cells[0], "reset")
    page.tab.reload()
    assert "edited" not in page.cells[0].evaluate("cell => cell.source")
    other = context.new_page()
    other.goto(link)
    changed = other.locator("section.cell").first
    until(lambda: changed.evaluate("cell => cell.source") == "print('ü, edited')")


def test_the_whole_program_can_be_taken_away_as_edited(context, address, tmp_path):
    page = Page(context, address)
    parts = snippet.parse((ROOT / "snippets" / f"{STEM}.py").read_text("utf-8"), STEM)
    last = page.cells[-1]
    page.write(last, last.evaluate("cell => cell.source") + "\nprint('ü, edited')")
    # no leave to copy: as a file
    page.tab.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject() }")
    with page.tab.expect_download() as saved:
        page.press(page.tab.locator(".page-tools"), "copy")
    assert saved.value.suggested_filename == f"{STEM}.py"
    taken = saved.value.path().read_text("utf-8")
    page.tab.reload()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.press(page.tab.locator(".page-tools"), "copy")
    until(lambda: "as you edited it: copied" in page.tab.locator(".page-tools").inner_text())
    assert page.tab.evaluate("navigator.clipboard.readText()") == taken
    copied = snippet.parse(taken, STEM)
    assert copied.head == parts.head
    assert copied.names == parts.names
    assert [cell.source for cell in copied.cells[:-1]] == [c.source for c in parts.cells[:-1]]
    (tmp_path / "program.py").write_text(taken, "utf-8")
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"MPLBACKEND": "agg", "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("ü, edited\n")


def test_the_program_is_served_as_it_stands(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = Page(context, address)
    link = page.tab.locator(f"article a[href$='{STEM}.py']")
    served = context.request.get(f"{page.tab.url}{link.get_attribute('href')}").text()
    assert served == (ROOT / "snippets" / f"{STEM}.py").read_text("utf-8")
    assert not page.tab.locator(":is(.cell-tools, .claim-tools, .page-tools):visible").count()
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_keyboard_alone_edits_runs_and_leaves(browser, address, width):
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = Page(context, address)
    second = page.cells[1]
    second.locator("button[data-action=edit]").focus()
    page.tab.keyboard.press("Enter")
    second.locator(".cm-content").wait_for()
    until(lambda: second.evaluate("cell => cell.contains(document.activeElement)"))
    page.tab.keyboard.press("Control+Home")
    page.tab.keyboard.type("if 1:\nprint('typed')")  # the editor indents
    page.tab.keyboard.press("Shift+Enter")
    until(lambda: second.get_attribute("data-state") in ("done", "error"))
    until(lambda: "typed" in page.said(second))
    page.tab.keyboard.press("Escape")
    page.tab.keyboard.press("Tab")
    assert not page.tab.evaluate("Boolean(document.activeElement.closest('.cm-editor'))")
    assert page.tab.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_two_pages_run_at_once(context, address):
    pages = [Page(context, address, stem) for stem in (STEM, STEMS[-1])]
    for page in pages:
        page.write(page.cells[0], f"print({len(page.tab.url)})")
        page.press(page.cells[0], "run")
    for page in pages:
        until(lambda page=page: page.cells[0].get_attribute("data-state") == "done")
        assert page.said(page.cells[0]).strip() == str(len(page.tab.url))


def test_a_reader_who_only_reads_loads_no_more_than_two_small_scripts(context, address, site):
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    page = Page(context, address)
    page.tab.wait_for_load_state("networkidle")
    ours = [url for url in asked if "/assets/answerable/" in url]
    assert {url.rpartition("/")[2] for url in ours} == {"page.js", "search.js"}
    run = page.cells[0].locator("button[data-action=run]")
    assert "MB" in run.inner_text()
    page.write(page.cells[0], "print(1)")
    page.run(page.cells[0])
    page.tab.reload()
    until(lambda: run.inner_text() == "Run")  # nothing is left to load


@pytest.mark.parametrize("stem", STEMS)
def test_without_javascript_the_page_is_complete(browser, address, stem):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{address}questions/{stem}/")
    for cell in tab.locator("section.cell").all():
        assert cell.locator("pre").count() >= 1
    assert tab.locator("section.cell output > svg").first.is_visible()
    assert tab.locator(".claim").count() >= 3
    assert not tab.locator("button[data-action]").count()
    context.close()
