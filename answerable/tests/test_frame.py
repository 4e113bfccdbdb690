"""What stands around an answer: its facts, related questions, how to cite and correct it."""

from __future__ import annotations

import platform
import re
from importlib.metadata import version

import pytest
from bs4 import BeautifulSoup

from answerable.cli import new
from answerable.tests.conftest import Project

PAGE = Project.page


@pytest.fixture
def built(project, monkeypatch):
    """Builds the project, and gives the dice page and the home page."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")  # 1 January 2026

    def build():
        status, output = project.build()
        assert status == 0, output
        return [
            BeautifulSoup((project.root / "site" / name).read_text("utf-8"), "html.parser")
            for name in ("questions/dice/index.html", "index.html")
        ]

    return build


def section(page, title):
    """What stands under a heading, as text."""
    heading = page.find("h2", string=re.compile(title))
    after = []
    for element in heading.find_next_siblings():
        if element.name == "h2":
            break
        after.append(element)
    return BeautifulSoup("".join(map(str, after)), "html.parser")


def test_a_page_and_the_home_page_say_how_much_is_checked_and_when(built):
    page, home = built()
    facts = page.select_one(".answer-facts").get_text()
    assert facts.startswith("New questions · ")
    assert "3 claims checked 1 January 2026" in facts
    assert "1 min to read" in facts
    assert "revised" not in facts
    assert "3 claims, checked 1 January 2026." in home.get_text()


def test_a_page_says_what_its_results_were_made_with(built):
    page, _ = built()
    said = section(page, "Checked").get_text()
    assert f"Python {platform.python_version()}" in said
    for package in ("numpy", "matplotlib", "pytest"):
        assert f"{package} {version(package)}" in said


def test_revisions_are_listed_newest_first_and_date_the_citation(built, project):
    project.edit(
        PAGE, "sources:", "revisions:\n  2030-01-02: A *typo*.\n  2030-02-03: A claim.\nsources:"
    )
    page, _ = built()
    assert "revised 3 February 2030" in page.select_one(".answer-facts").get_text()
    listed = [item.get_text() for item in section(page, "Revisions").select("li")]
    assert listed == ["3 February 2030: A claim.", "2 January 2030: A *typo*."]
    assert "Small (2030)." in section(page, "Cite this").p.get_text()


def test_an_answer_can_be_cited(built, project):
    project.edit("mkdocs.yml", "site_name: Small", "site_name: Q & A\nsite_url: https://q.test/a/")
    page, _ = built()
    cite = section(page, "Cite this")
    plain, bibtex = cite.p.get_text(), cite.find("code").get_text()
    assert plain.startswith("Q & A (")
    assert plain.endswith(" https://q.test/a/questions/dice/")
    assert "@misc{dice,\n" in bibtex
    assert "author = {{Q \\& A}}" in bibtex
    assert "title = {{How fast do averages settle?}}" in bibtex
    assert "url = {https://q.test/a/questions/dice/}" in bibtex


def test_mistakes_are_reported_where_the_repository_is(built, project):
    page, _ = built()
    assert not page.find("a", string="Report a mistake")
    project.edit("mkdocs.yml", "site_name: Small", "site_name: Small\nrepo_url: https://git.test/x")
    page, _ = built()
    report = page.find("a", string="Report a mistake")["href"]
    assert report == (
        "https://git.test/x/issues/new?title=Mistake+in%3A+How+fast+do+averages+settle%3F"
    )
    history = page.find("a", string="History of this page")["href"]
    assert history == f"https://git.test/x/commits/HEAD/{PAGE}"


def test_related_questions_share_links_or_tags_and_not_just_the_site(built, project):
    for stem in ("coins", "cards", "wheels"):
        new(project.root, stem, f"And {stem}?")
    for stem, old, other in (
        ("coins", "topic: New questions", "topic: Coins"),
        ("cards", "topic: New questions", "topic: Cards"),
        ("cards", "tags: [averages]", "tags: [cards]"),
        ("wheels", "topic: New questions", "topic: Wheels"),
        ("wheels", "tags: [averages]", "tags: [wheels]"),
    ):
        project.edit(f"docs/questions/{stem}.md", old, other)
    project.edit(PAGE, "- Averages of independent", "- See [wheels](wheels.md). Averages of")
    page, _ = built()
    listed = [item.get_text() for item in section(page, "Related questions").select("a")]
    assert sorted(listed) == ["And coins?", "And wheels?"]
