"""References to the world, collected."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from answerable.references import fault, find
from answerable.tests.conftest import Project

SOURCES = """sources:
  - "Zeno (1999). [On *Arrows*](https://doi.org/10.1000/a(b)c#2), part two."
  - "A. Author (2001). [Dice?](https://example.org/dice) first; also [On Arrows](https://doi.org/10.1000/a(b)c)."
"""


def test_each_work_is_listed_once_by_first_author_with_who_cites_it(project):
    home = project.root / "docs/index.md"
    home.write_text("# Home\n\n<!-- references -->\n")
    project.edit(Project.page, "sources:\n", SOURCES)
    status, output = project.build()
    assert status == 0, output
    page = BeautifulSoup((project.root / "site/index.html").read_text("utf-8"), "html.parser")
    lines = [line.get_text(" ", strip=True) for line in page.select("li:has(> small)")]
    title = "How fast do averages settle?"
    assert lines == [
        f"A. Author (2001). Dice? {title}",
        f"Jacob Bernoulli (1713). Ars Conjectandi , part four. {title}",
        f"Zeno (1999). On Arrows . {title}",
    ]
    assert page.select_one("li small a")["href"] == "questions/dice/"


@pytest.mark.parametrize(
    "address",
    [
        "https://arxiv.org/abs/2402.03300v2",
        "https://arxiv.org/abs/cs/0703062",
        "https://doi.org/10.1016/0004-3702(94)00011-O",
        "http://incompleteideas.net/book/the-book-2nd.html#page=3",
        "https://openreview.net/forum?id=r1lgTGL5DE",
    ],
)
def test_a_good_address_passes(address):
    assert not fault(address)
    (found,) = find(f'one\n[Two *or* three]({address} "titled")', "a.md")
    assert (found.address, found.line) == (address, 2)


def test_what_is_code_or_leads_within_the_site_is_no_reference():
    text = "`[a](htp://x)` [b](c.md) [d](claim:e)\n\n```md\n[f](htp://y)\n```\n[g](mailto:h@i.org)"
    assert not find(text, "a.md")
