"""The notebook is valid, says what the page says, and runs from top to bottom."""

from __future__ import annotations

import json
import re

import nbclient
import nbformat
import pytest

from answerable.tests.conftest import Project


@pytest.fixture
def notebook(project):
    assert project.build()[0] == 0
    path = project.root / "site" / "notebooks" / "dice.ipynb"
    return nbformat.read(path, nbformat.NO_CONVERT)


def test_it_is_valid_and_has_the_pages_prose_code_and_outputs(notebook, project):
    nbformat.validate(notebook)
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert prose.startswith("# How fast do averages settle?\n")
    assert "One throw has a standard deviation of 1.708." in prose
    assert "lie around 3.5, whatever *n* is ✓." in prose
    assert "<summary>What happens</summary>\n\nThe points stay level" in prose
    assert "claim:" not in prose
    assert "{python}" not in prose
    assert "## Sources" in prose

    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    program = (project.root / Project.snippet).read_text()
    assert all(cell.source in program for cell in code)
    assert [cell.metadata.name for cell in code] == ["setup", "averages", "figure"]
    assert [cell.execution_count for cell in code] == [1, 2, 3]
    assert code[1].outputs[0].text.startswith("n =  1: standard deviation 1.7\n")
    figure = code[2].outputs[0].data
    assert figure["image/svg+xml"].startswith("<svg")
    assert "currentColor" not in figure["image/svg+xml"]
    assert figure["text/plain"].startswith("A curve falling from 1.7")


def test_jupyter_runs_it_from_top_to_bottom_to_the_same_text(notebook):
    def texts(cells):
        return ["".join(out.get("text", "") for out in cell.get("outputs", ())) for cell in cells]

    before = texts(notebook.cells)
    nbclient.NotebookClient(notebook, timeout=60).execute()
    assert texts(notebook.cells) == before


def test_two_builds_write_the_same_notebook(project):
    texts = []
    for _ in range(2):
        assert project.build()[0] == 0
        texts.append((project.root / "site/notebooks/dice.ipynb").read_bytes())
        for path in (project.root / ".answerable").iterdir():
            if path.is_file():
                path.unlink()
    assert texts[0] == texts[1]


def test_links_lead_to_pages_of_the_site(project):
    project.edit(Project.page, "Name the wrong idea", "See [it](dice.md).\nName")
    assert project.build()[0] == 0
    read = (project.root / "site/notebooks/dice.ipynb").read_text
    assert "[it](../../questions/dice/)" in read()
    project.edit("mkdocs.yml", "site_name: Small", "site_name: Small\nsite_url: https://a.org/b/")
    assert project.build()[0] == 0
    assert "[it](https://a.org/b/questions/dice/)" in read()


@pytest.fixture
def shown(project):
    project.edit("mkdocs.yml", "browser: false}]", "browser: false}, mkdocs-jupyter, search]")
    project.edit("mkdocs.yml", "name: mkdocs", "name: material, font: false")
    assert project.build("--strict")[0] == 0
    return project


def test_mkdocs_jupyter_shows_it_with_nothing_from_a_third_party(shown):
    folder = shown.root / "site" / "notebooks" / "dice"
    page = (folder / "index.html").read_text()
    assert json.loads((folder / "dice.ipynb").read_text())["nbformat"] == 4
    assert 'href="dice.ipynb"' in page
    assert "jp-OutputArea" in page
    assert 'alt="A curve falling from 1.7' in page
    assert "No description has been provided" not in page
    assert len(page) < 100_000
    for asset in ("notebook.css", "notebook.js"):
        assert f"../../assets/{asset}" in page
        assert (shown.root / "site/assets" / asset).stat().st_size > 1000
    assert not re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(https?:[^"]*)', page)


def test_it_is_not_found_twice_by_the_search(shown):
    index = json.loads((shown.root / "site/search/search_index.json").read_text())
    locations = {entry["location"].split("#")[0] for entry in index["docs"]}
    assert "questions/dice/" in locations
    assert "notebooks/dice/" not in locations
