"""Small wrong changes: which there are, which are noticed, and what is kept of it."""

from __future__ import annotations

import pytest

from answerable import mutants, run
from answerable.cli import main
from answerable.question import Question
from answerable.tests.conftest import Project

TEXT = '''"""A program."""

# %% one
import numpy as np

LIMIT, PAIR = 3, (1, 2)
start = 5


def grow(x, by=1):
    """Not 7."""
    while x < LIMIT and True:
        x += by
    return -x if x == 4 else not x


print(grow(1) * 2)
'''


def test_functions_and_constants_are_changed_one_thing_at_a_time():
    found = mutants.of(TEXT)
    changed = {(one.line, one.becomes) for one in found}
    assert (6, "LIMIT, PAIR = 4, (1, 2)") in changed
    assert (6, "LIMIT, PAIR = 3, (1, 3)") in changed
    assert (10, "def grow(x, by=2):") in changed
    assert (12, "while x <= LIMIT and True:") in changed
    assert (12, "while x < LIMIT or True:") in changed
    assert (12, "while x < LIMIT and False:") in changed
    assert (13, "x = by") in changed
    assert (13, "x -= by") in changed
    assert (14, "return -x if x != 4 else not x") in changed
    assert {line for line, _ in changed} == {6, 10, 12, 13, 14}  # nothing that is only run
    assert len({one.text for one in found}) == len(found)
    assert all(one.text != TEXT for one in found)


@pytest.fixture
def small(project, monkeypatch):
    """The project's question, from its own folder."""
    monkeypatch.chdir(project.root)
    return Question(project.root, "dice")


def test_what_lives_is_recorded_and_reasons_are_kept(small, project, capsys):
    assert mutants.load(small) is None
    assert main(["mutants", "dice"]) == 0
    record = mutants.load(small)
    assert record.mutants == len(mutants.of(small.read(small.snippet)))
    assert 0 < record.killed < record.mutants
    lives = next(one for one in record.alive if "36 / 12" in one.becomes)
    assert f"'{lives.becomes}' in place of '{lives.was}'" in capsys.readouterr().out

    path = mutants.path(small)
    path.write_text(path.read_text().replace("why: ''", "why: no matter", 1))
    assert mutants.load(small).equivalent == 1
    assert main(["mutants"]) == 0
    assert mutants.load(small).equivalent == 1
    assert main(["mutants", "--sample", "3"]) == 0
    assert main(["mutants", "--alive"]) == 0
    path.write_text(path.read_text().replace("36 / 12", "37 / 12"))
    assert main(["mutants", "--sample", "100"]) == 1
    assert "the record says otherwise" in capsys.readouterr().out
    project.edit(Project.test, "abs=0.12", "abs=0.13")
    assert mutants.load(small) is None  # it was of another test
    assert main(["mutants", "--sample", "3"]) == 0  # nothing to compare with


def test_a_program_that_fails_or_never_ends_is_noticed(small):
    run.preload([])
    for text in ("1 / 0", "while True: pass"):
        assert mutants.outcome(small, f'"""D."""\n\n# %% setup\n{text}\n', 2.0) == "stopped"


def test_claims_that_do_not_hold_notice_nothing(small, project, capsys):
    project.edit(Project.test, "abs=0.12", "abs=0")
    assert main(["mutants", "dice"]) == 1
    assert "claims must hold before mutants are tried" in capsys.readouterr().err
    assert not mutants.path(small).exists()


def test_an_unknown_stem_and_a_damaged_record_are_said(small, capsys):
    assert main(["mutants", "nonesuch"]) == 1
    assert "nonesuch" in capsys.readouterr().err
    mutants.path(small).parent.mkdir()
    mutants.path(small).write_text("- no record")
    assert main(["mutants", "--alive"]) == 1
    assert "tests/mutants/dice.yml:1: not a record" in capsys.readouterr().err


def test_a_page_shows_the_score_and_what_was_not_measured(small, project):
    with (project.root / "docs" / "index.md").open("a") as file:
        file.write("\n<!-- mutants -->\n")

    def home():
        status, output = project.build()
        assert status == 0, output
        return (project.root / "site" / "index.html").read_text()

    assert "not measured yet" in home()
    made = mutants.Record(mutants.fingerprint(small), 9, 2, (mutants.Alive(1, "a", "b", "c"),))
    mutants.save(small, made)
    shown = home()
    assert "Of 9 such changes the claims notice 8 (88.9%)" in shown
    assert "<strong>100.0%</strong>" in shown
