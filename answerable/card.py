"""The picture that stands for an answer where its link is shown."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator
from typing import Any

from answerable import cache
from answerable.answer import Answer
from answerable.frame import Site, claims

WIDTH, HEIGHT = 1200, 630  # pixels, as Open Graph recommends
INK, PAPER, COLOUR = "#1c2326", "#ffffff", "#00695c"


def path(answer: Answer) -> str:
    """Where the site has it: beside the page."""
    return f"questions/{answer.draft.question.stem}/card.png"


def card(answer: Answer, site: Site, store: cache.Cache) -> bytes:
    """The picture as PNG: the question, how many claims its answer makes, the site's name."""
    said = (answer.draft.page.front.title, f"{claims(answer)}, tested", site.name)
    key = cache.key("card", said, cache.versions(["matplotlib"]))
    if not (kept := store.load(key)):
        kept = _drawn(*said).hex()
        store.store(key, kept)
    return bytes.fromhex(kept)


def _drawn(title: str, count: str, name: str) -> bytes:
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # whatever the settings of whoever builds
        return _picture(title, count, name)


def _picture(title: str, count: str, name: str) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100, facecolor=PAPER)
    FigureCanvasAgg(figure)
    figure.add_artist(Rectangle((0, 0), 1, 0.022, color=COLOUR))
    size, lines = next(it for it in _settings(title) if len(it[1]) <= 260 // it[0])
    look: dict[str, Any] = {
        "fontsize": size,
        "family": "DejaVu Serif",
        "linespacing": 1.25,
        "va": "top",
    }
    figure.text(0.065, 0.88, "\n".join(lines), color=INK, parse_math=False, **look)
    figure.text(0.065, 0.1, name, fontsize=26, color=INK, weight="bold", parse_math=False)
    figure.text(0.935, 0.1, f"✓ {count}", fontsize=26, color=COLOUR, ha="right", parse_math=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor=PAPER, metadata={"Software": None})
    return buffer.getvalue()


def _settings(title: str) -> Iterator[tuple[int, list[str]]]:
    """The title broken into lines that fit the width, in ever smaller letters (points)."""
    for size in (46, 36, 28, 20):
        yield size, textwrap.wrap(title, 1250 // size)
    yield size, textwrap.wrap(title, 1250 // size, max_lines=260 // size, placeholder=" …")
