"""What other programs rely on, and what a reader finds: read off the built files."""

from __future__ import annotations

import copy
import gzip
import re
import subprocess
import sys

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient

from .conftest import ROOT, STEMS, front_matter

DATA = ("application/json", "application/ld+json")


def test_the_build_is_strict_and_warns_of_nothing(site):
    assert "WARNING -" not in site.printed
    assert f"{len(STEMS)} questions answered" in site.printed


def test_claims_json_lists_every_test_of_every_question(site):
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "tests",
        "--ignore=tests/site",
    ]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    collected = [line for line in listed.splitlines() if "::" in line]
    claims = site.claims()
    assert sorted(claim["test"] for claim in claims) == sorted(collected)
    for claim in claims:
        assert claim.keys() == {"id", "page", "statement", "test", "kind", "status", "seconds"}
        assert claim["kind"] in ("claim", "boundary")
        assert claim["status"] == "passed"
        assert 0 <= claim["seconds"] < 20
        assert (site.folder / claim["page"] / "index.html").is_file()


@pytest.mark.parametrize("stem", STEMS)
def test_a_page_holds_its_cells_claims_and_values(site, stem):
    page = site.page(f"questions/{stem}")
    program = (ROOT / "snippets" / f"{stem}.py").read_text("utf-8")
    cells = page.select("section.cell")
    assert [cell["data-cell"] for cell in cells] == re.findall(r"^# %% (\w+)", program, re.M)
    assert {(cell["data-snippet"], cell["data-state"]) for cell in cells} == {(stem, "idle")}
    assert all(cell.find("output") for cell in cells)
    for claim in (claim for claim in site.claims() if claim["page"] == f"questions/{stem}/"):
        (shown,) = page.select(f'.claim[data-claim="{claim["id"]}"]')
        assert (shown["data-kind"], shown["data-status"]) == (claim["kind"], claim["status"])
        test = page.find(id=shown.find("a", class_="claim-test")["href"].removeprefix("#"))
        assert claim["test"] in test.get_text()
        shown = copy.copy(shown)
        for formula in shown.select(".katex"):
            formula.replace_with(f"${formula.find('annotation').get_text()}$")
        said = shown.get_text().removesuffix(shown.find("a", class_="claim-test").get_text())
        assert said.rstrip() == claim["statement"]  # before the place of its buttons is a space
    assert all(value["value"] and value.get_text() for value in page.select("data"))
    for figure in page.select("output > svg"):
        assert len(figure["aria-label"]) > 40


@pytest.mark.parametrize("stem", STEMS)
def test_a_question_is_found_from_every_page_and_from_the_list(site, stem):
    for path in site.pages():
        links = site.page(path).select("nav.md-nav--primary a[href]")
        assert any(
            link["href"].rstrip("/").endswith((f"questions/{stem}", f"../{stem}"))
            or path == f"questions/{stem}"
            for link in links
        ), path
    home = site.page(".").find("article")
    assert home.select(f'a[href="questions/{stem}/"]')


@pytest.mark.parametrize("stem", STEMS)
def test_the_notebook_runs_top_to_bottom_and_prints_what_the_page_shows(site, stem, tmp_path):
    notebook = nbformat.read(site.folder / "notebooks" / stem / f"{stem}.ipynb", as_version=4)
    nbformat.validate(notebook)
    printed = ["".join(text_of(cell)) for cell in notebook.cells if cell.cell_type == "code"]
    ran = NotebookClient(notebook, timeout=60, kernel_name="python3").execute(cwd=str(tmp_path))
    again = ["".join(text_of(cell)) for cell in ran.cells if cell.cell_type == "code"]
    assert again == printed
    rendered = site.page(f"notebooks/{stem}")
    assert rendered.select(f'a[href="{stem}.ipynb"][download]')
    assert len(rendered.select(".jp-CodeCell .jp-InputArea-editor")) == len(printed)


def text_of(cell):
    """What a notebook's cell has printed."""
    return (output.text for output in cell.outputs if output.output_type == "stream")


def test_the_scripts_of_a_page_are_small(site):
    for name in ("page.js", "search.js"):
        script = (site.folder / "assets/answerable" / name).read_bytes()
        assert len(gzip.compress(script)) <= 15_000


def test_no_script_is_inline(site):
    for path in site.pages():
        page = site.page(path)
        for script in page.find_all("script"):
            assert script.get("src") or script.get("type") in DATA, path
        assert not page.find_all(lambda tag: any(name.startswith("on") for name in tag.attrs)), path


def test_every_page_carries_the_policy_that_hosts_are_asked_to_send(site):
    policy = (site.folder / "_headers").read_text("utf-8").partition("Policy: ")[2].strip()
    assert "default-src 'none'" in policy
    for path in site.folder.rglob("*.html"):
        head = BeautifulSoup(path.read_text("utf-8"), "html.parser").head
        first = head.find(True)
        assert first.get("http-equiv") == "Content-Security-Policy", path
        assert first["content"] == policy


def test_nothing_is_asked_of_a_third_party(site):
    for path in site.pages():
        page = site.page(path)
        asked = [
            element.get(attribute, "")
            for name, attribute in (("script", "src"), ("img", "src"), ("iframe", "src"))
            for element in page.find_all(name)
        ]
        asked += [
            link["href"]
            for link in page.find_all("link")
            if not set(link["rel"]) & {"canonical", "alternate", "prev", "next"}
        ]
        assert not [url for url in asked if re.match(r"(https?:)?//", url)], path
    for style in site.folder.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", style.read_text("utf-8"))


def test_every_post_that_is_answered_is_listed_with_each_answer_and_its_verdict(site):
    posts = site.page("posts").find("article")
    for stem in STEMS:
        for post, verdict in front_matter(stem).posts.items():
            assert verdict, f"{stem}: what about {post}?"
            heading = posts.find(id=post.lower())
            (link,) = heading.find_next("ul").select(f'a[href="../questions/{stem}/"]')
            assert link.find_parent("li").get_text().strip().endswith(f": {verdict}")
