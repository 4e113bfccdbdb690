"""A term shows what it means: to a mouse, to a finger, to the keyboard, and without JavaScript."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

PAGE = "questions/on_vs_off_policy/"
TERM = "article abbr[title]"


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")], ids=str)
def tab(request, browser, address):
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, has_touch=width < 400
    )
    page = context.new_page()
    page.goto(address + PAGE)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    yield page
    context.close()


@pytest.mark.parametrize("way", ["point", "focus"])
def test_pointing_tapping_or_focus_shows_it_where_it_can_be_read(tab, way):
    whole = "it => it.getClientRects().length == 1"  # on one line, so that its middle is its own
    term = next(it for it in tab.locator(TERM).all() if it.evaluate(whole))
    meant = term.get_attribute("title")
    width = tab.viewport_size["width"]
    ways = {"focus": term.focus, "point": term.tap if width < 400 else term.hover}
    ways[way]()
    shown = tab.locator(".md-tooltip2--active")
    shown.wait_for()
    assert shown.inner_text() == meant
    tab.wait_for_function("it => getComputedStyle(it).opacity == 1", arg=shown.element_handle())
    box = shown.locator("> *").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    found = Axe().run(tab, options={"resultTypes": ["violations"]})
    assert not found.violations_count, found.generate_report()
    if way == "focus":
        tab.keyboard.press("Escape")
    else:
        tab.locator("article h1").click(position={"x": 2, "y": 2})
    shown.wait_for(state="detached")


def test_the_keyboard_reaches_it(tab):
    tab.locator("article h1").click()
    for _ in range(60):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.matches('article abbr')"):
            break
    tab.locator(".md-tooltip2--active").wait_for()
    described = tab.evaluate("document.activeElement.getAttribute('aria-describedby')")
    assert tab.locator(f"#{described}").get_attribute("role") == "tooltip"


def test_without_javascript_it_follows_the_term(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + PAGE)
    term = page.locator(TERM).first
    assert len(term.get_attribute("title")) > 20
    term.focus()
    after = term.evaluate("it => getComputedStyle(it, '::after').content")
    assert term.get_attribute("title") in after
    context.close()


def test_every_term_is_used_and_has_an_anchor(site):
    entries = site.page("glossary").select("article h2[id]")
    assert len(entries) >= 25
    meant = {entry.find_next("p").get_text() for entry in entries}
    used = {
        term["title"]
        for path in site.pages()
        for term in site.page(path).select("article abbr[title]")
    }
    assert used == meant


def test_a_term_is_marked_once_a_page_and_not_in_links_claims_or_code(site):
    for path in site.pages():
        terms = site.page(path).select("article abbr[title]")
        assert len({term["title"] for term in terms}) == len(terms), path
        assert not [term for term in terms if term.find_parent(["a", "code", "h1", "h2", "h3"])]
        assert not [term for term in terms if term.find_parent(class_="claim")]
