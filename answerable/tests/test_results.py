"""Results are kept under all they depend on, and under nothing else; a damaged one is made anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from answerable import answer, cache
from answerable.tests.conftest import Project

PAGE, SNIPPET, TEST = Project.page, Project.snippet, Project.test


@pytest.fixture
def stale(project):
    """Brings the project's results up to date; returns the parts that were made anew."""
    store = cache.Cache(project.root / ".answerable")

    class Here:
        """Runs a job at once; notes it."""

        def submit(self, do, job):
            jobs.append(job)
            future = Future()
            future.set_result(do(job))
            return future

    jobs = []

    def held():
        return {path: path.read_bytes() for path in store.folder.glob("*-*")}

    def bring():
        before = held()
        jobs.clear()
        list(answer.Answers(project.root, store, Here(), 20))
        new = {path.name.split("-")[0] for path, it in held().items() if before.get(path) != it}
        assert bool(jobs) == bool(new)
        return new

    assert bring() == {"run", "check"}
    assert bring() == set()
    return bring


def test_a_change_of_prose_runs_nothing(stale, project):
    project.edit(PAGE, "Name the wrong idea", "State the wrong idea")
    assert stale() == set()


def test_a_change_of_the_program_runs_and_checks_it(stale, project):
    project.edit(SNIPPET, "10_000, rng, repeat", "9_999, rng, repeat")
    assert stale() == {"run", "check"}


def test_a_new_value_runs_the_program_only(stale, project):
    project.edit(PAGE, "One throw has", "`{python} len(sizes)` sizes. One throw has")
    assert stale() == {"run"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (TEST, "\n# more\n"),
        ("tests/conftest.py", ""),
        ("conftest.py", ""),
        ("pyproject.toml", 'filterwarnings = ["error"]\n'),
    ],
)
def test_a_change_around_the_test_checks_the_claims_only(stale, project, path, text):
    with (project.root / path).open("a") as file:
        file.write(text)
    assert stale() == {"check"}


def test_a_version_of_a_package_it_imports_changes_the_key(stale, monkeypatch):
    real = cache._installed
    monkeypatch.setattr(
        cache, "_installed", lambda name: ("9.9", ()) if name == "numpy" else real(name)
    )
    assert stale() == {"run", "check"}


def test_a_version_of_pytest_changes_the_verdicts_only(stale, monkeypatch):
    real = cache._installed
    monkeypatch.setattr(
        cache, "_installed", lambda name: ("9.9", ()) if name == "pytest" else real(name)
    )
    assert stale() == {"check"}


def test_a_package_it_does_not_import_changes_nothing(stale, monkeypatch):
    real = cache._installed
    monkeypatch.setattr(
        cache, "_installed", lambda name: ("9.9", ()) if name == "mkdocs" else real(name)
    )
    assert stale() == set()


def test_the_version_of_python_and_of_the_engine_change_everything(stale, monkeypatch):
    monkeypatch.setattr(cache, "maker", lambda: ["another"])
    assert stale() == {"run", "check"}


def needing(project, path, name, content, code):
    """Have the program or the test read a file."""
    (project.root / name).parent.mkdir(parents=True, exist_ok=True)
    (project.root / name).write_text(content)
    lines = (project.root / path).read_text("utf-8").splitlines(True)
    at = next(i for i, line in enumerate(lines) if line.startswith("import numpy")) + 1
    (project.root / path).write_text("".join([*lines[:at], code + "\n", *lines[at:]]), "utf-8")


READING = {
    "text": "open('data/x.txt').read()",
    "path": "from pathlib import Path; Path('data/x.txt').read_bytes()",
    "numpy": "np.loadtxt('data/x.txt')",
    "memory map": "np.memmap('data/x.txt', mode='r')",
    "descriptor": "import os; os.close(os.open('data/x.txt', os.O_RDONLY))",
    "module": "import sys; sys.path.append('data'); import helper",
    "named module": "import sys; sys.path.append('data'); __import__('helper')",
}


@pytest.mark.parametrize("code", READING.values(), ids=READING.keys())
@pytest.mark.parametrize("path", [SNIPPET, TEST])
def test_a_change_of_what_is_read_makes_the_result_anew(stale, project, path, code):
    name = "data/helper.py" if "helper" in code else "data/x.txt"
    needing(project, path, name, "1", code)
    new = {"run", "check"} if path == SNIPPET else {"check"}
    assert stale() == new
    assert stale() == set()
    (project.root / "data" / "other.txt").write_text("no matter")
    assert stale() == set()
    (project.root / name).write_text("2")
    assert stale() == new
    assert stale() == set()


def test_a_change_of_what_a_module_imports_makes_the_result_anew(stale, project):
    needing(project, SNIPPET, "data/helper.py", "import deeper", READING["module"])
    (project.root / "data" / "deeper.py").write_text("x = 1")
    assert stale() == {"run", "check"}
    subprocess.run([sys.executable, "-m", "compileall", "-q", project.root / "data"], check=True)
    assert stale() == set()
    (project.root / "data" / "deeper.py").write_text("x = 2")
    assert stale() == {"run", "check"}


def test_a_file_that_comes_or_goes_makes_the_result_anew(stale, project):
    code = "try: open('data/late.txt')\nexcept OSError: pass"
    needing(
        project, SNIPPET, "data/x.txt", "", f"{code}\nfrom glob import glob; glob('data/*.csv')"
    )
    assert stale() == {"run", "check"}
    assert stale() == set()
    for name in ("late.txt", "one.csv"):
        (project.root / "data" / name).write_text("1")
        assert stale() == {"run", "check"}
        (project.root / "data" / name).unlink()
        assert stale() == {"run", "check"}


def test_what_a_program_writes_itself_is_no_need(stale, project):
    code = "import time; open('mine.txt', 'w').write(str(time.time())); open('mine.txt').read()"
    needing(project, SNIPPET, "data/x.txt", "", code)
    assert stale() == {"run", "check"}
    assert stale() == set()


def test_a_version_of_a_package_that_only_its_module_imports_counts(stale, project, monkeypatch):
    needing(project, SNIPPET, "data/helper.py", "import markdown", READING["named module"])
    assert stale() == {"run", "check"}
    assert stale() == set()
    real = cache._installed
    monkeypatch.setattr(
        cache, "_installed", lambda it: ("9.9", ()) if it.lower() == "markdown" else real(it)
    )
    assert "run" in stale()


def test_tests_edited_while_they_are_checked_are_checked_again(project):
    store = cache.Cache(project.root / ".answerable")

    class Edited:
        def submit(self, do, job):
            future = Future()
            future.set_result(do(job))
            project.edit(TEST, "approx(3.5, abs", "approx(3.9, abs")
            return future

    list(answer.Answers(project.root, store, Edited(), 20))
    with ThreadPoolExecutor(1) as executor, pytest.raises(answer.Problems, match="fails"):
        list(answer.Answers(project.root, store, executor, 20))


def test_a_failing_claim_is_checked_every_time(stale, project):
    project.edit(TEST, "approx(3.5, abs", "approx(3.9, abs")
    for _ in range(2):
        with pytest.raises(answer.Problems):
            stale()


def test_packages_are_found_with_what_they_need():
    found = cache.versions(["matplotlib.pyplot", "os", "yaml", "nonesuch"])
    assert {"matplotlib", "numpy", "pillow", "PyYAML"} <= set(found)
    assert not {"os", "nonesuch", "pytest"} & set(found)


@pytest.mark.parametrize("damage", [b"", b"x", None, "half", "flip"])
def test_a_damaged_result_is_no_result(tmp_path, damage):
    store = cache.Cache(tmp_path)
    store.store("a", {"x": [1.5, "é"]})
    assert store.load("a") == {"x": [1.5, "é"]}
    whole = (tmp_path / "a").read_bytes()
    if damage == "half":
        damage = whole[: len(whole) // 2]
    elif damage == "flip":
        damage = whole.replace(b"1.5", b"1.6")
    elif damage is None:
        damage = whole[:-1]
    (tmp_path / "a").write_bytes(damage)
    assert store.load("a") is None


def test_a_cache_that_cannot_be_written_does_not_stop_a_build(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    store = cache.Cache(tmp_path / "file")
    store.store("a", 1)
    assert "not kept" in caplog.text
    assert store.load("a") is None
    store.prune()


def test_what_was_not_used_for_long_is_thrown_away(tmp_path):
    store = cache.Cache(tmp_path)
    old, new, used = (cache.key("run", name) for name in ("old", "new", "used"))
    for key in (old, new, used):
        store.store(key, 1)
    for other in ("mine.txt", "unfinished-x1"):  # the second was left by a build that was killed
        (tmp_path / other).write_text("")
    long_ago = time.time() - cache.KEEP_SECONDS - 1
    for key in (old, used, "mine.txt", "unfinished-x1"):
        os.utime(tmp_path / key, (long_ago, long_ago))
    assert store.load(used) == 1
    store.prune()
    assert {path.name for path in tmp_path.iterdir()} == {new, used, "mine.txt"}


def test_a_build_after_any_damage_is_the_build_before(project):
    assert project.build()[0] == 0
    before = project.built()
    for path in list((project.root / ".answerable").rglob("*")):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:40])
    status, output = project.build()
    assert status == 0, output
    after = project.built()
    for built in (before, after):
        built.pop("claims.json")  # the time each check took is new
    assert after == before


def mkdocs(project):
    command = [sys.executable, "-m", "mkdocs", "build", "-q", "-f", project.root / "mkdocs.yml"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_builds_killed_at_any_moment_leave_the_next_one_right(project):
    assert project.build()[0] == 0
    before = project.built()
    for wait in (0.1, 0.3, 0.5, 0.7, 0.9, 1.1):
        project.edit(SNIPPET, "default_rng(0)", "default_rng(1)")
        killed = mkdocs(project)
        time.sleep(wait)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        project.edit(SNIPPET, "default_rng(1)", "default_rng(0)")
    status, output = project.build()
    assert status == 0, output
    assert project.built() == before


def test_two_builds_at_once_leave_the_next_one_right(project):
    builds = [mkdocs(project) for _ in range(2)]
    for build in builds:
        build.communicate(timeout=60)
    assert project.build()[0] == 0
    first = project.built()
    assert project.build()[0] == 0
    assert project.built() == first
    assert b'"status": "passed"' in first["claims.json"]


def test_an_interrupted_build_ends_at_once_and_so_do_its_programs(project):
    note = "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\n"
    project.edit(SNIPPET, "\n# %% figure\n", f"{note}time.sleep(1000)\n# %% figure\n")
    build, pid = mkdocs(project), project.root / "pid"
    wait_until(lambda: pid.exists() and pid.read_text())
    build.send_signal(signal.SIGINT)
    build.communicate(timeout=5)
    assert build.returncode
    wait_until(lambda: not Path(f"/proc/{pid.read_text()}").exists())


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
