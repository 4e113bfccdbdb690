"""`answerable new` writes three files that build, run and pass, or says why not and writes none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from answerable.cli import main


def files(root):
    return {path.relative_to(root).as_posix() for path in root.rglob("*.*") if path.is_file()}


def test_the_three_files_build_and_pass(project, monkeypatch, capsys):
    monkeypatch.chdir(project.root)
    before = files(project.root)
    title = 'Is "this": a `#question` about 100 % of {x} & <b>?'
    assert main(["new", "another_one", title]) == 0
    printed = capsys.readouterr().out
    added = files(project.root) - before
    assert added == {
        "docs/questions/another_one.md",
        "snippets/another_one.py",
        "tests/test_another_one.py",
    }
    assert all(path in printed for path in added)
    status, output = project.build("--strict")
    assert status == 0, output
    page = (project.root / "site/questions/another_one/index.html").read_text()
    assert "100 % of {x}" in page
    assert "<b>?" not in page
    home = (project.root / "site/index.html").read_text()
    assert 'href="questions/another_one/"' in home

    run = [sys.executable, "snippets/another_one.py"]
    assert subprocess.run(run, capture_output=True, env={"MPLBACKEND": "template"}).returncode == 0
    for option in ([], ["--breaks"], ["--reseed", "3"]):
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", *option], capture_output=True)
        assert done.returncode == 0, done.stdout.decode()


@pytest.mark.parametrize(
    ("stem", "title", "says"),
    [
        ("dice", "Why?", "docs/questions/dice.md exists already"),
        ("Two Words", "Why?", "must be lower-case letters"),
        ("../up", "Why?", "must be lower-case letters"),
        ("/etc/up", "Why?", "must be lower-case letters"),
        ("2nd", "Why?", "must be lower-case letters"),
        ("random", "Why?", "installed module"),
        ("numpy", "Why?", "installed module"),
        ("good", " \n ", "the question is a line of text"),
        ("good", 'a """ b', "the question is a line of text"),
    ],
)
def test_bad_arguments_write_nothing(project, monkeypatch, capsys, stem, title, says):
    monkeypatch.chdir(project.root)
    before = files(project.root)
    assert main(["new", stem, title]) == 1
    assert says in capsys.readouterr().err
    assert files(project.root) == before


def test_outside_a_project_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "good", "Why?"]) == 1
    assert "top folder" in capsys.readouterr().err
    assert not files(tmp_path)
