"""KaTeX's style with its fonts inside, cut down to what a site's formulas use.

Whole, a formula's fonts weigh about as much as the page, and cost a request each.
"""

from __future__ import annotations

import base64
import html
import io
import re

from answerable import cache
from answerable.browser import runtime

FACE = re.compile(r"@font-face\{[^}]*\}")
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
VISIBLE = re.compile(r'<span class="katex-mathml">.*?</math></span>', re.DOTALL)


def style(formulas: str, store: cache.Cache) -> str:
    """The style that formulas (as HTML) need. Raises `runtime.Unavailable`."""
    seen = VISIBLE.sub("", formulas)
    letters = "".join(sorted(set(html.unescape(re.sub(r"<[^>]*>", "", seen)))))
    classes = sorted(set(" ".join(re.findall(r'class="([^"]*)"', formulas)).split()))
    versions = cache.versions(["fontTools", "brotli"])
    key = cache.key("formula-style", runtime.locked(), letters, classes, versions)
    if not (kept := store.load(key)):
        kept = _style(letters, set(classes), runtime.katex())
        store.store(key, kept)
    return str(kept)


def _style(letters: str, classes: set[str], files: dict[str, str]) -> str:
    whole = files["katex.min.css"]
    rules = [
        (selectors, block)
        for selectors, block in RULE.findall(FACE.sub("", whole))
        if any(_matches(each, classes) for each in selectors.split(","))
    ]
    used = {_face(block) for _, block in rules}
    faces = [
        re.sub(r"src:[^;}]*", f"src:url({font}) format('woff2')", block)
        for block in FACE.findall(whole)
        if _face(block) in used and (font := _font(block, letters, files))
    ]
    return "".join([*faces, *(f"{selectors}{{{block}}}" for selectors, block in rules)])


def _face(block: str) -> tuple[str, bool, bool] | None:
    """The font that a rule asks for, or that a face is: family, italic, bold."""
    family = re.search(r"KaTeX_\w+", block)
    if not family and not re.search(r"font-(style|weight):", block):
        return None
    bold = "font-weight:700" in block
    return family[0] if family else "KaTeX_Main", "font-style:italic" in block, bold


def _matches(selector: str, classes: set[str]) -> bool:
    """Whether a selector may fit an element: all the classes that it names are in use."""
    return set(re.findall(r"\.([\w-]+)", selector)) <= classes


def _font(face: str, letters: str, files: dict[str, str]) -> str:
    """The face's font as a data URL, with these letters alone; none if it has none of them."""
    from fontTools import subset

    name = re.search(r"([\w-]+\.woff2)", face)
    assert name
    options = subset.Options(flavor="woff2", hinting=False, layout_features=["*"])
    options.recalc_timestamp = False  # the same bytes each time
    buffer = io.BytesIO()
    with subset.load_font(io.BytesIO(base64.b64decode(files[name[0]])), options) as font:
        wanted = set(map(ord, letters)) & set(font.getBestCmap())
        if not wanted:
            return ""
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=wanted)
        subsetter.subset(font)
        subset.save_font(font, buffer, options)
    return f"data:font/woff2;base64,{base64.b64encode(buffer.getvalue()).decode()}"
