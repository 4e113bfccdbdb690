"""Pages that stay as they are from one build to the next are those that a new build would make."""

from __future__ import annotations

import shutil

import pytest

from answerable.cli import new
from answerable.tests.conftest import Project

PAGE, SNIPPET, TEST = Project.page, Project.snippet, Project.test
MKDOCS = """\
site_name: Small
theme: {name: material, font: false}
nav: [index.md, about.md, questions/]
plugins: [search, answerable: {browser: false}, mkdocs-jupyter]
markdown_extensions: [pymdownx.details]
"""


@pytest.fixture
def two(project, monkeypatch):
    """A project of two questions, built with all that goes with them."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    (project.root / "mkdocs.yml").write_text(MKDOCS)
    (project.root / "docs" / "about.md").write_text("# About\n\nUs.\n")
    (project.root / "docs" / "index.md").write_text("# Home\n\n<!-- questions -->\n")
    new(project.root, "coins", "Do coins remember?")
    assert project.build("--strict")[0] == 0
    return project


def made(project):
    """Builds; the pages that were made anew."""
    site = project.root / "site"
    before = {path: path.stat().st_mtime_ns for path in site.rglob("index.html")}
    status, output = project.build("--strict")
    assert status == 0, output
    return {
        str(path.parent.relative_to(site))
        for path in site.rglob("index.html")
        if path.stat().st_mtime_ns != before.get(path)
    }


def assert_as_new(project):
    """What is there is what a build from nothing makes."""
    kept = project.built()
    shutil.rmtree(project.root / "site")
    assert project.build("--strict")[0] == 0
    assert project.built() == kept


DICE, COINS = (
    {f"{kind}/{stem}" for kind in ("questions", "notebooks")} for stem in ("dice", "coins")
)
EVERYTHING = DICE | COINS | {".", "about"}


def test_nothing_is_made_anew_where_nothing_changed(two):
    assert made(two) == set()
    assert_as_new(two)


@pytest.mark.parametrize(
    ("path", "old", "by", "pages"),
    [
        (PAGE, "Name the wrong idea", "Say the wrong idea", DICE),
        (SNIPPET, "default_rng(0)", "default_rng(1)", DICE),
        (TEST, "ten standard errors away", "ten of them", DICE),
        (PAGE, "description: The", "description: A", DICE | {"."}),
        (PAGE, "topic: New", "topic: Old", EVERYTHING),
        (PAGE, "Name the", "[Coins](coins.md): the", EVERYTHING),
        ("docs/about.md", "Us.", "Us all.", {"about"}),
        ("docs/about.md", "# About", "# About us", EVERYTHING),
        ("mkdocs.yml", "site_name: Small", "site_name: Tiny", EVERYTHING),
    ],
)
def test_what_changed_is_made_anew_and_so_is_what_shows_it(two, path, old, by, pages):
    two.edit(path, old, by)
    assert made(two) == pages
    assert made(two) == set()
    assert_as_new(two)


def test_a_page_that_somebody_wrote_to_is_made_anew_and_what_is_not_ours_goes(two):
    site = two.root / "site"
    before = two.built()
    (site / "about" / "index.html").write_text("mine")
    (site / "questions" / "dice" / "index.html").unlink()
    (site / "old").mkdir()
    (site / "old" / "index.html").write_text("old")
    (site / ".git").mkdir()
    assert made(two) == {"about", "questions/dice"}
    assert (site / ".git").is_dir()
    assert two.built() == before


def test_a_question_that_is_gone_leaves_nothing(two):
    for path in ("docs/questions/coins.md", "snippets/coins.py", "tests/test_coins.py"):
        (two.root / path).unlink()
    made(two)
    assert not list((two.root / "site").rglob("*coins*"))
    assert_as_new(two)


def test_a_page_that_was_warned_of_is_made_and_warned_of_again(two):
    two.edit("docs/about.md", "Us.", "[Nobody](nobody.md).")
    for _ in range(2):
        status, output = two.build()
        assert status == 0
        assert "nobody.md" in output
    assert two.build("--strict")[0] == 1


def test_an_anchor_that_is_gone_is_seen_from_the_page_that_leads_there(two):
    two.edit("docs/about.md", "Us.", "[See](questions/dice.md#in-summary).")
    with (two.root / "mkdocs.yml").open("a") as file:
        file.write("validation: {links: {anchors: warn}}\n")
    assert two.build("--strict")[0] == 0
    two.edit(PAGE, "## In summary", "## Summary")
    status, output = two.build("--strict")
    assert status == 1
    assert "#in-summary" in output


def test_pages_stay_only_where_all_they_come_from_is_known(two):
    text = MKDOCS.replace("[pymdownx.details]", "[pymdownx.details, pymdownx.snippets]")
    (two.root / "mkdocs.yml").write_text(text)
    assert made(two) == EVERYTHING
    assert made(two) == EVERYTHING
