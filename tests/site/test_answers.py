"""What every answer must be, as far as a program can tell."""

from __future__ import annotations

import re

import pytest

from answerable import claims, mutants, question
from answerable.formula import find, mark

from .conftest import ROOT, STEMS, front_matter

NAMES = (
    "cdot frac leftarrow ln max mid nabla partial quad sum tfrac"  # in TeX, of what needs no word
)
HEADINGS = ("Where it stops being true", "In summary", "Change this and predict")


@pytest.fixture(params=STEMS)
def stem(request):
    return request.param


@pytest.fixture
def prose(stem):
    """The page's text without front matter, cells and folded code."""
    text = (ROOT / "docs" / "questions" / f"{stem}.md").read_text("utf-8")
    body = text.split("\n---\n", 1)[1]
    return re.sub(r"^( *)```.*?^\1```", "", body, flags=re.M | re.S)


def words(text):
    """How many words a reader reads: links and values count as what they show."""
    text = re.sub(r"`\{python\}[^`]*`", "value", text)
    text = re.sub(r"\$\$?[^$]+\$\$?", "formula", text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return len(re.findall(r"\w[\w'’.-]*", text))


def test_the_short_answer_comes_first_and_is_short(prose):
    assert 15 <= words(prose.split("\n## ", 1)[0]) <= 60


def test_a_page_has_600_to_1500_words(prose):
    assert 600 <= words(prose) <= 1500


def test_a_page_says_where_it_stops_and_sums_up_and_asks_to_predict(prose):
    found = [line[3:] for line in prose.splitlines() if line.startswith("## ")]
    assert [heading for heading in found if heading in HEADINGS] == list(HEADINGS)


def test_the_boundary_is_tested_where_the_page_says_it_stops(prose, stem):
    read = {claim.id: claim.kind for claim in of(stem)}
    section = prose.split(f"\n## {HEADINGS[0]}\n")[1].split("\n## ")[0]
    assert "boundary" in [read[used] for used in re.findall(r"\]\(claim:(\w+)\)", section)]


def test_symbols_are_explained_on_the_notation_page(prose, stem):
    assert "(../notation.md" in prose
    assert "\\(" not in prose
    notation = (ROOT / "docs" / "notation.md").read_text("utf-8")
    assert symbols(prose) <= symbols(notation)


def symbols(text):
    """The letters that stand for something in the formulas of a text."""
    found = set()
    for formula in find(mark(text, ""), ""):
        tex = re.sub(r"\\(text|operatorname)\{[^}]*\}", "", formula.tex)
        found |= set(re.findall(r"\\[A-Za-z]+|[A-Za-z]", tex))
    return found - {f"\\{name}" for name in NAMES.split()}


def test_three_to_six_claims_and_each_can_be_broken(stem):
    assert 3 <= len(of(stem)) <= 6
    assert all(claim.breaks for claim in of(stem))


def test_sources_and_askings_are_given(stem):
    front = front_matter(stem)
    assert front.asked_as
    assert front.sources
    assert all(re.search(r"\]\(https?:|\b(1[6-9]|20)\d\d\b", source) for source in front.sources)


def test_the_program_is_short_and_shows_a_figure(stem, site):
    program = (ROOT / "snippets" / f"{stem}.py").read_text("utf-8")
    assert len(program.splitlines()) <= 120
    assert max(map(len, program.splitlines())) <= 88  # a phone is narrow
    assert site.page(f"questions/{stem}").select("output > svg")


def of(stem):
    """The claims of a question."""
    this = question.Question(ROOT, stem)
    return claims.read(this.read(this.test), this.test)


def test_claims_notice_nine_small_errors_in_ten(stem):
    record = mutants.load(question.Question(ROOT, stem))
    assert record, f"not measured since program or tests changed: answerable mutants {stem}"
    assert record.killed >= 0.9 * record.counted, record
