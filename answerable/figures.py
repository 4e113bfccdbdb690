"""What a program drew, as SVG that takes on the colours of the page it stands in; and its numbers.

How figures look is in `matplotlibrc` beside this file.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

ROWS = 40  # of a table of numbers; where a curve has more points, they are evenly thinned
FONTS = "'DejaVu Sans', Verdana, sans-serif"


def drawn(salt: str) -> list[tuple[str, str]]:
    """Every open figure of pyplot, in order: as SVG, and its `numbers`; closes them.

    `salt` makes ids a cell's own.
    """
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    pictures = []
    for number in pyplot.get_fignums() if pyplot else ():
        buffer = io.StringIO()
        with pyplot.rc_context({"svg.hashsalt": f"{salt}-{number}"}):
            figure = pyplot.figure(number)
            figure.savefig(buffer, format="svg", metadata={"Date": None})
        pictures.append((_clean(buffer.getvalue()), numbers(figure)))
    if pictures:
        pyplot.close("all")
    return pictures


def numbers(figure: Any) -> str:
    """What the figure shows as tables, in JSON: a list of {"title", "columns", "rows"}.

    A table for each axes and each set of places that its curves, points and bars stand at. Rows
    are texts of four digits. What marks a place, such as a level line, is not in them.
    """
    tables: list[dict[str, Any]] = []
    for axes in figure.axes:
        by_place: dict[tuple[str, ...], list[tuple[str, list[str]]]] = {}
        for name, places, values in _series(axes):
            where = tuple(map(_text, places))
            by_place.setdefault(where, []).append((name, list(map(_text, values))))
        for where, found in by_place.items():
            rows = list(zip(where, *(values for _, values in found), strict=True))
            tables.append(
                {
                    "title": axes.get_title(),
                    "columns": [axes.get_xlabel() or "x", *_names(axes, [it[0] for it in found])],
                    "rows": rows[:: -(-len(rows) // ROWS) or 1],
                }
            )
    return json.dumps(tables, ensure_ascii=False)


def _series(axes: Any) -> Iterator[tuple[str, Iterable[Any], Iterable[Any]]]:
    """Curves, points and bars: name, places and values of each."""
    for line in axes.lines:
        if line.get_transform() == axes.transData:
            yield (
                _name(axes, line, line.get_color()),
                line.get_xdata(orig=True),
                line.get_ydata(orig=True),
            )
    for points in axes.collections:
        if type(points).__name__ == "PathCollection":
            colours = (
                points.get_facecolor() if len(points.get_facecolor()) else points.get_edgecolor()
            )
            yield _name(axes, points, colours[0]), *points.get_offsets().T
    for bars in axes.containers:
        if type(bars).__name__ == "BarContainer" and len(bars):
            upright = bars.orientation == "vertical"
            axis = axes.xaxis if upright else axes.yaxis
            labels = [label.get_text() for label in axis.get_ticklabels()]
            ticks = dict(zip(axis.get_ticklocs(), labels, strict=True))
            boxes = [(bar.get_x(), bar.get_width(), bar.get_y(), bar.get_height()) for bar in bars]
            middles = [x + w / 2 if upright else y + h / 2 for x, w, y, h in boxes]
            yield (
                _name(axes, bars, bars[0].get_facecolor()),
                [ticks.get(middle) or middle for middle in middles],
                [h if upright else w for _, w, _, h in boxes],
            )


def _names(axes: Any, given: list[str]) -> list[str]:
    """What the columns of values are called: by their labels, else by what is measured."""
    up = axes.get_ylabel() or "y"
    return [name or (up if len(given) == 1 else f"{up} ({n})") for n, name in enumerate(given, 1)]


def _name(axes: Any, artist: Any, colour: Any) -> str:
    """The artist's label; for want of one, a text in its colour, which stands beside it."""
    from matplotlib.colors import same_color

    label = str(artist.get_label())
    if not label.startswith("_"):
        return label
    beside = [text.get_text() for text in axes.texts if same_color(text.get_color(), colour)]
    return " ".join(beside[0].split()) if len(beside) == 1 else ""


def _text(value: Any) -> str:
    try:
        return f"{float(value):z.4g}".replace("-", "−")
    except (TypeError, ValueError):
        return str(value)


def on_paper(svg: str) -> str:
    """The figure in black on white, for places that have no colours of their own."""
    paper = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return re.sub(r"(<svg[^>]*>)", rf"\1{paper}", svg, count=1).replace("currentColor", "#000000")


def _clean(svg: str) -> str:
    """Matplotlib's SVG without what only a file needs; black is the colour of the text around."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"(?<!\s)\s*<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    style = r"(?<!\s)\s*<defs>\s*<style.*?</style>\s*</defs>"
    svg = re.sub(style, "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;:<\"]*(; |(?=\"))", "", svg)
    svg = re.sub(r"</?a\b[^>]*>", "", svg)  # a link would lead anywhere, `javascript:` included
    svg = svg.replace("#000000", "currentColor")
    used = set(re.findall(r"#([\w.-]+)", svg))
    svg = re.sub(r' id="([^"]*)"', lambda match: match[0] if match[1] in used else "", svg)
    root = f'<svg fill="currentColor" stroke-linejoin="round" font-family="{FONTS}"'
    return svg.replace("<svg", root, 1).strip()
