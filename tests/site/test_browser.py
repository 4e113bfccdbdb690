"""The site as Chromium shows it: on a desk and on a phone, light and dark, under a sub-path."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import STEMS

PATHS = [
    "",
    "notation/",
    *(f"questions/{stem}/" for stem in STEMS),
    *(f"notebooks/{stem}/" for stem in STEMS),
]
LOOKS = [(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]


def left(request):
    """Whether a request was given up because the reader went to another page."""
    return request.failure == "net::ERR_ABORTED"


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def tab(request, browser, address):
    """A tab; at its end nothing has gone wrong in it, and nobody else was asked anything."""
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, service_workers="block"
    )
    page = context.new_page()
    trouble, asked = [], []
    page.on("console", lambda said: said.type in ("error", "warning") and trouble.append(said.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("requestfailed", lambda it: left(it) or trouble.append(f"failed: {it.url}"))
    page.on("request", lambda request: asked.append(request.url))
    yield page
    context.close()
    assert not trouble
    assert not [url for url in asked if not url.startswith((address, "data:", "blob:"))]


@pytest.mark.parametrize("path", PATHS)
def test_a_page_fits_and_can_be_used_by_everyone(tab, address, path):
    tab.goto(address + path)
    tab.wait_for_load_state("networkidle")
    width = tab.viewport_size["width"]
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.locator("article h1").first.is_visible()
    if not path.startswith("notebooks/"):  # their markup is nbconvert's
        found = Axe().run(tab, ".md-content", {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]})
        assert not found.violations_count, found.generate_report()


@pytest.mark.parametrize("stem", STEMS)
def test_figures_are_as_wide_as_the_text_and_their_words_do_not_overlap(tab, address, stem):
    tab.goto(f"{address}questions/{stem}/")
    figures = tab.locator("section.cell output > svg")
    assert figures.count() >= 1
    for figure in figures.all():
        box = figure.bounding_box()
        assert box["width"] > 250
        assert box["height"] > 140
        overlapping = figure.evaluate(OVERLAPS)
        assert not overlapping


@pytest.mark.parametrize("stem", STEMS)
def test_a_mark_leads_to_the_test_behind_the_claim(tab, address, stem):
    tab.goto(f"{address}questions/{stem}/")
    mark = tab.locator(".claim > a.claim-test").first
    test = tab.locator(f"details{mark.get_attribute('href')}")
    assert not test.locator("pre").is_visible()
    mark.click()
    test.locator("pre").wait_for(state="visible")
    assert "def test_" in test.inner_text()


def test_the_home_page_leads_to_every_question(tab, address):
    for stem in STEMS:
        tab.goto(address)
        tab.locator(f'article a[href="questions/{stem}/"]').click()
        tab.wait_for_url(f"{address}questions/{stem}/")
        assert tab.locator(".claim").count() >= 3


# Texts of a figure that lie on each other by more than glyphs leave free in their boxes.
OVERLAPS = """svg => {
  const boxes = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim())
    .map(t => [t.textContent, t.getBoundingClientRect()]);
  const found = [];
  boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
    const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const high = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (wide > 2 && high > 0.35 * Math.min(p.height, q.height)) found.push([a, b]);
  }));
  return found;
}"""
