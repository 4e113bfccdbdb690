"""The same answers for readers other than browsers."""

from __future__ import annotations

import datetime
import json
import struct
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup

from answerable.feeds import ATOM
from answerable.tests.conftest import Project

PAGE = Project.page
TITLE = "How fast do averages settle?"


@pytest.fixture
def built(project):
    """Builds the project; gives a file of the site as text."""

    def build():
        status, output = project.build()
        assert status == 0, output
        return lambda name: (project.root / "site" / name).read_text("utf-8")

    return build


def test_a_page_is_there_as_markdown_with_everything_a_reader_sees(built):
    text = built()("questions/dice/index.html.md")
    assert text.startswith(f"# {TITLE}\n")
    assert "One throw has a standard deviation of 1.708." in text  # a value
    assert "√*n*](claim:" not in text
    assert "√*n* ✓" in text  # a claim
    assert "```python\ndef averages(" in text
    assert "```text\nn =  1: standard deviation 1.7\n" in text
    assert "*Figure: A curve falling from 1.71" in text


def test_language_models_find_every_page(built):
    site = built()
    lines = site("llms.txt").splitlines()
    assert lines[0] == "# Small"
    assert "## New questions" in lines
    (line,) = [line for line in lines if line.startswith("- ")]
    address = line.partition("](")[2].partition("):")[0]
    assert site(address).startswith(f"# {TITLE}")


def test_the_feed_lists_questions_last_revised_first_where_the_site_is_known(built, project):
    built()
    assert not (project.root / "site/feed.xml").exists()
    project.edit("mkdocs.yml", "site_name: Small", "site_name: A & B\nsite_url: https://q.test/")
    project.edit(PAGE, "sources:", "revisions:\n  2030-01-02: A typo.\nsources:")
    site = built()
    feed = ElementTree.fromstring(site("feed.xml"))
    name = {"a": ATOM}
    assert feed.findtext("a:title", namespaces=name) == "A & B"
    entry = feed.find("a:entry", name)
    assert entry.findtext("a:title", namespaces=name) == TITLE
    assert entry.find("a:link", name).get("href") == "https://q.test/questions/dice/"
    assert entry.findtext("a:updated", namespaces=name) == "2030-01-02T00:00:00Z"
    assert feed.findtext("a:updated", namespaces=name) == "2030-01-02T00:00:00Z"
    assert 'href="../../feed.xml"' in site("questions/dice/index.html")
    page = BeautifulSoup(site("questions/dice/index.html"), "html.parser")
    image = page.find("meta", property="og:image")["content"]
    assert image == "https://q.test/questions/dice/card.png"
    picture = (project.root / "site/questions/dice/card.png").read_bytes()
    assert struct.unpack(">II", picture[16:24]) == (1200, 630)  # as a PNG's header has them


def test_search_engines_and_previews_are_told_question_and_answer(built, project):
    project.edit(PAGE, "description: ", 'description: "</script><b>1 < 2</b>" # ')
    page = BeautifulSoup(built()("questions/dice/index.html"), "html.parser")
    data = json.loads(page.find("script", type="application/ld+json").string)
    assert data["@type"] == "QAPage"
    question = data["mainEntity"]
    assert question["name"] == TITLE
    assert question["acceptedAnswer"]["text"] == "</script><b>1 < 2</b>"
    assert page.find("meta", property="og:title")["content"] == TITLE
    assert page.find("meta", property="og:description")["content"] == "</script><b>1 < 2</b>"
    assert not page.select("head b")


# By type: what Google requires; what it recommends or schema.org has besides, of which we say some.
# (developers.google.com/search/docs/appearance/structured-data/qapage; schema.org/QAPage.) Votes
# are recommended too: there are none.
SAID = {
    "QAPage": ({"@context", "mainEntity"}, {"url"}),
    "Question": (
        {"name", "answerCount", "acceptedAnswer"},
        {"text", "author", "datePublished", "dateModified", "url"},
    ),
    "Answer": ({"text"}, {"author", "datePublished", "dateModified", "url"}),
    "Organization": ({"name"}, {"url"}),
}


@pytest.mark.parametrize("url", ["", "https://q.test/"])
def test_structured_data_has_what_is_asked_for_and_nothing_unknown(built, project, url):
    project.edit("mkdocs.yml", "site_name: Small", f"site_name: Small\nsite_url: {url}")
    page = BeautifulSoup(built()("questions/dice/index.html"), "html.parser")
    seen = []

    def look(thing):
        required, other = SAID[thing["@type"]]
        told = set(thing) - {"@type"}
        assert required <= told, thing["@type"]
        assert told == required | (other if url else other - {"url"}), thing["@type"]
        seen.append(thing["@type"])
        for key, value in thing.items():
            if isinstance(value, dict):
                look(value)
            elif key.startswith("date"):
                assert datetime.date.fromisoformat(value)
            elif key == "url":
                assert value.startswith(url)
            elif key == "answerCount":
                assert value == 1
            else:
                assert value.strip()

    look(json.loads(page.find("script", type="application/ld+json").string))
    assert seen.count("Organization") == 2


def test_a_notebook_opens_in_colab_where_the_repository_is_on_github(built, project):
    def links():
        page = BeautifulSoup(built()("questions/dice/index.html"), "html.parser")
        return [link["href"] for link in page.find_all("a", string="open in Colab")]

    assert not links()
    project.edit(
        "mkdocs.yml", "site_name: Small", "site_name: S\nrepo_url: https://github.com/a/b/"
    )
    project.edit("mkdocs.yml", "site_name: S", "remote_branch: built\nsite_name: S")
    (link,) = links()
    assert link == (
        "https://colab.research.google.com/github/a/b/blob/built/notebooks/dice/dice.ipynb"
    )
