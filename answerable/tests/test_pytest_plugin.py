"""`rng`, `--reseed` and `--breaks`, on the claims of a small project."""

from __future__ import annotations

import subprocess
import sys

import pytest

from answerable.cli import new
from answerable.tests.conftest import Project

STRICT = '[tool.pytest.ini_options]\nfilterwarnings = ["error"]\n'
SNIPPET, TEST = Project.snippet, Project.test


@pytest.fixture
def claims(project):
    """Runs pytest on the project; returns exit status and what it printed."""

    def runs(*options):
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
        done = subprocess.run(command, cwd=project.root, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    return runs


def add(project, text):
    with (project.root / TEST).open("a") as file:
        file.write(f"\n\n{text}\n")


def test_rng_depends_on_the_test_and_on_nothing_else(claims, project):
    note = "    with open('drawn', 'a') as file: print(rng.random(), file=file)"
    add(project, f"def test_one(rng):\n{note}")
    add(project, f"def test_two(rng):\n{note}")
    claims()
    claims("-k", "test_two")
    one, two, again = (project.root / "drawn").read_text().split()
    assert one != two
    assert two == again


def test_reseed_repeats_claims_under_fresh_seeds_and_names_those_that_failed(claims, project):
    add(project, "def test_often(rng):\n    assert rng.random() < 0.5")
    add(project, "def test_sure():\n    pass")
    (project.root / "tests" / "test_site.py").write_text("def test_site():\n    assert False\n")
    status, output = claims("--reseed", "40")
    assert status == 1
    assert "4 of 5 claims never failed" in output
    assert "test_dice.py::test_often failed" in output
    assert "test_site" not in output
    first = output.split("--reseed-from ")[1].split()[0]
    failures = output.split("test_often failed")[1].splitlines()[0]
    assert failures in claims("--reseed", "40", "--reseed-from", first)[1]
    assert f"--reseed-from {first}" not in claims("--reseed", "40")[1]


def test_fresh_seeds_are_tried_on_several_processes(claims, project):
    add(project, "def test_often(rng):\n    assert rng.random() < 0.5")

    def failed(output):
        return set(output.split("test_often failed")[1].splitlines()[0].split(": ")[1].split(", "))

    status, output = claims("--reseed", "40", "-n", "2")
    assert status == 1
    assert "3 of 4 claims never failed" in output
    first = output.split("--reseed-from ")[1].split()[0]
    assert failed(output) == failed(claims("--reseed", "40", "--reseed-from", first)[1])


def test_breaks_on_several_processes_are_refused(claims):
    status, output = claims("--breaks", "-n", "2")
    assert status == 4
    assert "uses all cores by itself" in output


def test_breaks_pass_if_every_edit_fails_its_claim(claims):
    status, output = claims("--breaks")
    assert status == 0, output
    assert "3 passed" in output


@pytest.mark.parametrize(
    ("path", "old", "new", "says"),
    [
        (
            TEST,
            "throws.sum(axis=1)",
            "throws.mean(axis=-1)",
            "the claim holds in spite of the edit",
        ),
        (TEST, '"throws.mean(axis=1)"', '"nowhere"', "exactly once; it does nowhere"),
        (TEST, '"throws.sum(axis=1)"', '"(("', "SyntaxError"),
        (TEST, '"throws.sum(axis=1)"', '"nonesuch"', "cell 'averages' raised NameError"),
        (
            TEST,
            '@pytest.mark.breaks("rng.integers(1, 7", "rng.integers(0, 6")\n',
            "",
            "nothing can break",
        ),
    ],
)
def test_a_break_that_does_not_break_is_a_failure(claims, project, path, old, new, says):
    project.edit(path, old, new)
    status, output = claims("--breaks")
    assert status == 1
    assert says in output
    assert "1 failed, 2 passed" in output


def test_a_break_leaves_the_files_alone(claims, project):
    before = (project.root / SNIPPET).read_bytes()
    claims("--breaks")
    assert (project.root / SNIPPET).read_bytes() == before


def test_the_figures_of_many_programs_do_not_add_up(claims, project):
    project.edit("pyproject.toml", "[tool.pytest.ini_options]\n", STRICT)
    for stem in ("coins", "cards"):
        new(project.root, stem, "And?")
        many = "for _ in range(15):\n    plt.figure()\nplt.show()\n"
        project.edit(f"snippets/{stem}.py", "plt.show()\n", many)
    status, output = claims()
    assert status == 0, output


def test_the_two_options_exclude_each_other(claims):
    status, output = claims("--breaks", "--reseed", "2")
    assert status == 4
    assert "separate runs" in output
