"""What KaTeX makes of formulas when the site is built: HTML with MathML in it, and its style."""

from __future__ import annotations

import html
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from answerable import cache, formula, glyphs
from answerable.browser import runtime
from answerable.problem import Problem, Problems

STYLE = "assets/formulas.css"
SCRIPT = Path(__file__).with_name("katex.js")
LOOK = """
.katex{font-size:1.1em}
.formula{display:block;margin:1em 0;overflow-x:auto;overflow-y:hidden;padding:.2em 0}
.formula>.katex-display{margin:0}
"""


class Formulas:
    """The formulas of a site as HTML, made by KaTeX unless `store` has them; and their style.

    Raises `Problems`: those that do not parse. Where KaTeX cannot be had, `missing` says why, and
    TeX is shown as code.
    """

    def __init__(self, found: Iterable[formula.Formula], store: cache.Cache) -> None:
        wanted = {(it.tex, it.display): it for it in reversed(list(found))}
        self.html: dict[tuple[str, bool], str] = {}
        self.style = self.missing = ""
        if not wanted:
            return
        try:
            self.html = _rendered(wanted, store)
            self.style = glyphs.style("".join(self.html.values()), store) + LOOK
        except runtime.Unavailable as missing:
            self.html, self.missing = {}, str(missing)

    def fill(self, output: str, to_root: str = "") -> str:
        """The page with its formulas, and if there are any, with a link to their style."""
        filled = formula.MARKED.sub(lambda match: self.shown(*formula.read(match)), output)
        if filled == output or not self.style:
            return filled
        link = f'<link rel="stylesheet" href="{to_root}/{STYLE}">'
        return filled.replace("</head>", f"{link}</head>", 1)

    def shown(self, tex: str, display: bool) -> str:
        """A formula as HTML. One on a line of its own may be wider than a phone: it scrolls."""
        shown = self.html.get((tex, display)) or f"<code>{html.escape(tex)}</code>"
        if not display:
            return shown
        return (
            f'<span class="formula" role="group" aria-label="Formula" tabindex="0">{shown}</span>'
        )


def _rendered(
    wanted: dict[tuple[str, bool], formula.Formula], store: cache.Cache
) -> dict[tuple[str, bool], str]:
    """Each formula as HTML. Raises `Problems`."""
    maker = (SCRIPT.read_text("utf-8"), runtime.locked())
    keys = {it: cache.key("formula", *it, *maker) for it in wanted}
    known = {it: kept for it in wanted if (kept := store.load(keys[it]))}
    new = [it for it in wanted if it not in known]
    problems = []
    for it, (text, error, at) in zip(new, _made(new) if new else [], strict=True):
        if error:
            wrong = wanted[it]
            line = wrong.line + wrong.tex.count("\n", 0, at)
            what = f"KaTeX cannot read this formula: {error}"
            problems.append(Problem(wrong.path, line, what, wrong.source))
        else:
            store.store(keys[it], text)
            known[it] = text
    if problems:
        raise Problems(problems)
    return known


def _made(formulas: list[tuple[str, bool]]) -> Any:
    """For each formula its HTML; or what is wrong, and at which character. One process for all."""
    katex = runtime.katex()["katex.min.js"]
    program = f"{katex}\n{SCRIPT.read_text('utf-8')}\nrender({json.dumps(formulas)});"
    try:
        done = subprocess.run([runtime.node(), "-"], input=program, check=True, **runtime.SAID)
        return json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        said = getattr(error, "stderr", "") or error
        raise runtime.Unavailable(f"KaTeX could not be run: {said}") from None
