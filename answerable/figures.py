"""What a program drew, as SVG that takes on the colours of the page it stands in.

How figures look is in `matplotlibrc` beside this file.
"""

from __future__ import annotations

import io
import re
import sys
from typing import Any

FONTS = "'DejaVu Sans', Verdana, sans-serif"


def drawn(salt: str) -> list[str]:
    """Every open figure of pyplot as SVG, in order; closes them. `salt` makes ids a cell's own."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    pictures = []
    for number in pyplot.get_fignums() if pyplot else ():
        buffer = io.StringIO()
        with pyplot.rc_context({"svg.hashsalt": f"{salt}-{number}"}):
            pyplot.figure(number).savefig(buffer, format="svg", metadata={"Date": None})
        pictures.append(_clean(buffer.getvalue()))
    if pictures:
        pyplot.close("all")
    return pictures


def on_paper(svg: str) -> str:
    """The figure in black on white, for places that have no colours of their own."""
    paper = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return re.sub(r"(<svg[^>]*>)", rf"\1{paper}", svg, count=1).replace("currentColor", "#000000")


def _clean(svg: str) -> str:
    """Matplotlib's SVG without what only a file needs; black is the colour of the text around."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;\"]*(; |(?=\"))", "", svg)
    svg = svg.replace("#000000", "currentColor")
    used = set(re.findall(r"#([\w.-]+)", svg))
    svg = re.sub(r' id="([^"]*)"', lambda match: match[0] if match[1] in used else "", svg)
    root = f'<svg fill="currentColor" stroke-linejoin="round" font-family="{FONTS}"'
    return svg.replace("<svg", root, 1).strip()
