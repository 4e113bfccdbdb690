"""The site as Chromium shows it: on a desk and on a phone, light and dark, under a sub-path."""

from __future__ import annotations

import gzip
import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import STEMS, front_matter

QUESTIONS = [f"questions/{stem}/" for stem in STEMS]
NOTEBOOKS = [f"notebooks/{stem}/" for stem in STEMS]
OWN = (
    *("", "notation/", "glossary/", "posts/", "about/", "contributing/", "references/"),
    "revisions/",
)
# Every page is seen at each width and in each scheme; one of each kind in all four ways.
LOOKS = [(1280, "light"), (390, "dark")]
OTHERS = [(1280, "dark"), (390, "light")]
VISITS = [
    (path, look)
    for path in (*OWN, *QUESTIONS, *NOTEBOOKS)
    for look in LOOKS + OTHERS * (path in ("", QUESTIONS[0], NOTEBOOKS[0]))
]


def left(request):
    """Whether a request was given up because the reader went to another page."""
    return request.failure == "net::ERR_ABORTED"


@pytest.fixture(params=LOOKS, ids=str)
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


@pytest.mark.parametrize(("path", "tab"), VISITS, indirect=["tab"], ids=str)
def test_a_page_fits_and_can_be_used_by_everyone(tab, address, path):
    tab.goto(address + path)
    tab.wait_for_load_state("networkidle")
    width = tab.viewport_size["width"]
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.locator("article h1").first.is_visible()
    found = Axe().run(tab, options={"resultTypes": ["violations"]})
    assert not found.violations_count, found.generate_report()
    figures = tab.locator("section.cell output > svg")
    assert (figures.count() > 0) == path.startswith("questions/")
    for figure in figures.all():  # as wide as the text, and no words on each other
        box = figure.bounding_box()
        assert box["width"] > 250
        assert box["height"] > 140
        overlapping = figure.evaluate(OVERLAPS)
        assert not overlapping


@pytest.mark.parametrize("path", ["", QUESTIONS[0]])
def test_no_line_moves_when_faces_and_scripts_come_late(tab, address, path):
    late = []
    tab.route(
        re.compile(r"\.woff2$|/(bundle|page|site)\b[^/]*\.js$"), lambda route: late.append(route)
    )
    tab.add_init_script(MOVES)
    tab.set_viewport_size({"width": tab.viewport_size["width"], "height": 9000})
    tab.goto(address + path, wait_until="commit")
    while not tab.evaluate("performance.getEntriesByName('first-contentful-paint').length"):
        tab.wait_for_timeout(50)
    tab.wait_for_timeout(500)  # until the 100 ms are over in which a face may still take its place
    assert any(route.request.url.endswith(".woff2") for route in late)
    for route in late:
        route.continue_()
    tab.unroute_all()
    tab.wait_for_load_state("networkidle")
    if path:
        tab.locator("section.cell button[data-action=run]").first.wait_for()
    tab.wait_for_timeout(500)
    assert tab.evaluate("moved") == []


def test_a_mark_leads_to_the_test_behind_the_claim(tab, address):
    tab.goto(address + QUESTIONS[0])
    mark = tab.locator(".claim > a.claim-test").first
    test = tab.locator(f"details{mark.get_attribute('href')}")
    assert not test.locator("pre").is_visible()
    mark.click()
    test.locator("pre").wait_for(state="visible")
    assert "def test_" in test.inner_text()


@pytest.mark.parametrize("tab", LOOKS[:1], indirect=True, ids=str)
def test_the_home_page_leads_to_every_question(tab, address):
    for path in QUESTIONS:
        tab.goto(address)
        tab.locator(f'article a[href="{path}"]').click()
        tab.wait_for_url(address + path)
        assert tab.locator(".claim").count() >= 3


def test_the_home_page_searches_and_the_keyboard_chooses(tab, address):
    tab.goto(address)
    tab.get_by_label("What would you like to know?").fill(front_matter(STEMS[0]).title)
    tab.keyboard.press("Enter")
    tab.locator(".md-search-result__link").first.wait_for()
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    tab.wait_for_url(address + QUESTIONS[0])


@pytest.mark.parametrize("tab", LOOKS[:1], indirect=True, ids=str)
def test_a_question_is_found_by_its_title_and_as_it_was_asked(tab, address):
    tab.goto(f"{address}?q=")
    query = tab.locator(".md-search__input")
    items = ".md-search-result__item"
    for stem, path in zip(STEMS, QUESTIONS, strict=True):
        front = front_matter(stem)
        for asked, within in [(front.title, 1), *((asked, 3) for asked in front.asked_as)]:
            query.fill("")
            query.press("Backspace")  # the theme listens for keys
            tab.locator(items).first.wait_for(state="detached")
            query.fill(asked)
            query.press("End")
            tab.locator(f'{items}:nth-child(-n+{within}) a[href*="/{path}"]').first.wait_for()


def test_nothing_moves_for_those_who_ask_for_it(browser, address):
    moving = {}
    for motion in ("no-preference", "reduce"):
        context = browser.new_context(reduced_motion=motion, service_workers="block")
        page = context.new_page()
        page.goto(address + QUESTIONS[0], wait_until="networkidle")
        page.locator("section.cell button[data-action=edit]").first.click()
        page.locator(".cm-content").wait_for()
        page.locator(".md-search__input").click()
        moving[motion] = page.evaluate(MOVING)
        context.close()
    assert moving["no-preference"]
    assert moving["reduce"] == []


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("path", ["", QUESTIONS[0], NOTEBOOKS[0]])
def test_on_paper_all_is_there_to_read_and_nothing_to_press(browser, address, path, scripts):
    width = 660  # of A4 between its margins
    context = browser.new_context(
        color_scheme="dark", viewport={"width": width, "height": 900}, java_script_enabled=scripts
    )
    page = context.new_page()
    page.goto(address + path, wait_until="networkidle")
    if scripts and path in QUESTIONS:
        page.locator("section.cell button[data-action=edit]").last.click()
        page.locator(".cm-content").wait_for()
    page.emulate_media(media="print", color_scheme="dark")
    for pressed in ("button", "input", "form", "nav", "header", "footer", "clipboard-copy"):
        assert not page.locator(f"{pressed}:visible").count(), pressed
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shown = page.locator(":is(h1, p, li, pre, samp, .cm-line):visible")
    assert shown.count() > 5
    for element in shown.all():
        dark, light = element.evaluate(COLOURS)
        assert dark < 0.5 < light, element.inner_text()
    for code in page.locator(":is(.cell pre, .cell samp, .cm-content, .jp-Cell pre)").all():
        assert code.evaluate("it => it.scrollWidth - it.clientWidth") <= 0
    if path in QUESTIONS:
        cells = page.locator("section.cell").all()
        code = [cell.locator(".highlight pre:visible, .cm-content:visible") for cell in cells]
        assert [one.first.bounding_box()["height"] > 0 for one in code] == [True] * len(cells)
        assert page.locator("section.cell output > svg:visible").count()
        assert not page.locator(".claim-source pre:visible, .numbers:visible").count()
        address_of = "getComputedStyle(it, '::after').content"
        links = page.locator("#sources ~ ul a[href^=http]").first
        assert links.get_attribute("href") in links.evaluate(f"it => {address_of}")
    assert page.pdf().startswith(b"%PDF")
    context.close()


def with_formulas(site):
    """The addresses of the pages that hold formulas, notebooks left out."""
    paths = [path.replace(".", "") for path in site.pages() if not path.startswith("notebooks")]
    return [f"{path}/" for path in paths if path and site.page(path).select(".katex")]


def test_a_page_costs_its_reader_at_most_220_kb(browser, address, site):
    longest = max(QUESTIONS, key=lambda path: (site.folder / path / "index.html").stat().st_size)
    for path in {longest, *with_formulas(site)}:
        page = browser.new_page()
        asked = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(address + path, wait_until="networkidle")
        page.close()
        assert len(asked) <= 20, path
        sent = 0
        for url in asked:
            file = site.folder / url.removeprefix(address)
            content = (file / "index.html" if file.is_dir() else file).read_bytes()
            sent += len(content if file.suffix == ".woff2" else gzip.compress(content))
        assert sent <= 220_000, path


def test_only_pages_with_formulas_load_their_style(site):
    for path in site.pages():
        page = site.page(path)
        assert bool(page.select('link[href$="formulas.css"]')) == bool(page.select(".katex")), path
    assert "notation/" in with_formulas(site)


def test_a_formula_is_typeset_without_javascript(browser, address, site):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 900})
    page = context.new_page()
    for path in with_formulas(site):
        for kind in (path, path.replace("questions", "notebooks")):
            page.goto(address + kind)
            page.locator(".katex").first.wait_for()
            assert page.evaluate(
                "document.fonts.ready.then(fonts => fonts.check('1em KaTeX_Math'))"
            )
            box = page.locator(".katex-html").first.bounding_box()
            assert box["height"] > 10
            assert not page.locator("article").inner_text().count("$")
    context.close()


@pytest.mark.parametrize("tab", LOOKS[1:], indirect=True, ids=str)
def test_a_long_formula_scrolls_on_a_phone_and_by_keyboard(tab, address):
    tab.goto(f"{address}questions/ddpg_gradient/")
    wide = tab.locator(".formula").filter(has_text="∑").first
    assert wide.evaluate("it => it.scrollWidth > it.clientWidth")
    assert wide.evaluate("it => it.scrollHeight <= it.clientHeight")
    wide.focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("it => it.scrollLeft > 0", arg=wide.element_handle())


def test_an_address_that_leads_nowhere_offers_a_search(browser, address):
    page = browser.new_page()
    root = address.removesuffix("sub/path/")
    assert page.goto(f"{root}no/such/page/").status == 404
    page.get_by_label("What would you like to know?").fill(front_matter(STEMS[0]).title)
    page.keyboard.press("Enter")
    page.locator(f'.md-search-result__link[href*="{QUESTIONS[0]}"]').wait_for()
    page.close()


# How light an element's text is, and the ground that it stands on.
COLOURS = """element => {
  const light = colour => {
    const [red, green, blue, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
    return alpha && [(red + green + blue) / 765 * alpha + 1 - alpha];
  };
  let ground = element;
  while (ground && !light(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
  return [...light(getComputedStyle(element).color),
          ...(ground ? light(getComputedStyle(ground).backgroundColor) : [1])];
}"""
# The elements whose changes of style take time, that are animated, or that scroll smoothly.
MOVING = """[...document.querySelectorAll("*")].filter(element =>
  ["", "::before", "::after"].some(part => {
    const style = getComputedStyle(element, part || null);
    return /[1-9]/.test(style.transitionDuration) || style.animationName !== "none"
      || style.scrollBehavior === "smooth";
  })).map(element => element.className).concat(document.getAnimations().map(String))"""
# What moved up or down without the reader's doing. (Beside a button it may move by a little.)
MOVES = """window.moved = []; new PerformanceObserver(list => {
  for (const {sources} of list.getEntries())
    for (const {node, previousRect, currentRect} of sources)
      if (Math.abs(currentRect.y - previousRect.y) > 2) moved.push(node?.textContent.slice(0, 40));
}).observe({type: "layout-shift", buffered: true});"""
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
