"""Whatever happens to a build, the next one is that which never failed; and the same anywhere."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from multiprocessing import forkserver
from pathlib import Path

import pytest

from answerable import answer, cache
from answerable.tests.conftest import PYTEST, Project

MKDOCS = """\
site_name: Small
site_url: https://example.org/
theme: {name: mkdocs}
nav: [index.md, questions/]
plugins: [answerable: {time_limit: 20, browser: false}]
"""
PAGE = """\
---
title: "NAME?"
description: NAME.
asked_as: []
topic: Things
tags: [one, two]
date: 2025-11-24
sources: []
---
It is `{python} x`.

```cell
a
```

[It is](claim:is).
"""
PROGRAM = "# %% a\nimport time\ntime.sleep(SECONDS)\nx = 'NAME'\nprint(x)\n"
TEST = "from NAME import x\ndef test_is():\n    assert x == 'NAME'\n"
EPOCH = {"SOURCE_DATE_EPOCH": "1700000000", "NO_MKDOCS_2_WARNING": "1"}
NAMES = {"apple": 0.2, "berry": 0, "cherry": 0.1}  # how long each takes: none is done in order


def write(root: Path, mkdocs: str = MKDOCS) -> Project:
    """A project of three small questions."""
    files = {
        "mkdocs.yml": mkdocs,
        "docs/index.md": "<!-- questions -->\n",
        "pyproject.toml": PYTEST,
    }
    for name, seconds in NAMES.items():
        files[f"docs/questions/{name}.md"] = PAGE.replace("NAME", name)
        program = PROGRAM.replace("NAME", name).replace("SECONDS", str(seconds))
        files[f"snippets/{name}.py"] = program
        files[f"tests/test_{name}.py"] = TEST.replace("NAME", name)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return Project(root)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name, value in EPOCH.items():
        monkeypatch.setenv(name, value)
    return write(tmp_path / "small")


def start(project: Project, **settings: object) -> subprocess.Popen[str]:
    """`mkdocs build` in a process of its own; `settings` are its own, or its environment's."""
    command = [sys.executable, "-m", "mkdocs", "build", "-f", str(project.root / "mkdocs.yml")]
    environment = {name: value for name, value in settings.items() if name.isupper()}
    others = {name: value for name, value in settings.items() if not name.isupper()}
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | EPOCH | environment,
        **others,
    )


def site(project: Project) -> dict[str, bytes]:
    """Every file of the site, without the times that checks took."""
    folder = project.root / "site"
    files = {it.relative_to(folder).as_posix(): it for it in folder.rglob("*") if it.is_file()}
    content = {name: path.read_bytes() for name, path in files.items()}
    content["claims.json"] = re.sub(rb'"seconds": [\d.]+', b"", content["claims.json"])
    return content


def built(project: Project) -> dict[str, bytes]:
    status, said = project.build()
    assert status == 0, said
    return site(project)


# Builds as often as it is told, and kills it after so many seconds; what it imports, it does once.
BUILDER = """
import os, sys, time
import answerable.plugin, mkdocs.commands.build
from mkdocs.__main__ import cli
for line in sys.stdin:
    started = time.monotonic()
    child = os.fork()
    if not child:
        cli(["build", "-q", "-f", sys.argv[1]])
    if line != "all\\n":
        time.sleep(float(line))
        os.kill(child, 9)
    status = os.waitpid(child, 0)[1]
    print(status, time.monotonic() - started, flush=True)
"""


def test_a_build_killed_at_any_moment_leaves_the_next_one_right(small):
    small.edit("mkdocs.yml", "site_url: https://example.org/\n", "")  # no cards: they take time
    command = [sys.executable, "-c", BUILDER, str(small.root / "mkdocs.yml")]
    builder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def build(seconds: object = "all") -> tuple[int, float]:
        print(seconds, file=builder.stdin, flush=True)
        status, took = builder.stdout.readline().split()
        return int(status), float(took)

    moments = random.Random(2)
    with builder:
        assert build()[0] == 0
        right = site(small)
        shutil.rmtree(small.root / ".answerable")
        whole = build()[1]
        for number in range(20):
            if number % 2:  # every other one has some results already
                shutil.rmtree(small.root / ".answerable", ignore_errors=True)
            build(moments.uniform(0, whole))
            assert build()[0] == 0
            assert site(small) == right


def test_a_disk_that_fills_up_is_said_and_the_next_build_is_right(small):
    right = built(small)

    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    shutil.rmtree(small.root / ".answerable")
    build = start(small, preexec_fn=little)
    said, _ = build.communicate()
    assert build.returncode == 1
    assert "Traceback" not in said
    assert re.search(r"ERROR +- +The site could not be written: .*File too large", said)
    assert built(small) == right


def test_a_cache_that_is_full_is_said_and_the_site_is_right(small, monkeypatch):
    right = built(small)
    shutil.rmtree(small.root / ".answerable")

    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    with monkeypatch.context() as patched:
        patched.setattr(cache, "write", full)
        status, said = small.build()
    assert status == 0
    assert "result not kept in the cache: [Errno 28] No space left on device" in said
    assert site(small) == right
    assert built(small) == right


def refuse(*_: object) -> None:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def never(*_: object) -> None:
    raise AssertionError("this is known already")


@pytest.mark.parametrize("jupyter", [False, True])
def test_a_cache_that_can_only_be_read_serves(small, monkeypatch, jupyter):
    if jupyter:
        small.edit("mkdocs.yml", "false}]", "false}, mkdocs-jupyter]")
    right = built(small)
    for path in (small.root / ".answerable").glob("*-*"):
        os.utime(path, (0, time.time() - 3 * 24 * 3600))
    for owner, name in ((os, "utime"), (os, "replace"), (cache, "write"), (Path, "mkdir")):
        within = getattr(owner, name)

        def locked(path, *given, within=within, **named):
            mine = str(small.root / ".answerable") in str(path)
            return (refuse if mine else within)(path, *given, **named)

        monkeypatch.setattr(owner, name, locked)
    monkeypatch.setattr(answer.run, "run", never)
    assert built(small) == right


@pytest.mark.parametrize("jump", [-(10**9), 10**9])
def test_a_clock_that_jumps_makes_no_difference(small, monkeypatch, jump):
    right, real = built(small), time.time
    for age in (0, jump):
        for path in (small.root / ".answerable").glob("*-*"):
            os.utime(path, (real() + age, real() + age))
        with monkeypatch.context() as patched:
            patched.setattr(cache.time, "time", lambda: real() + jump)
            patched.setattr(answer.run, "run", never)
            assert built(small) == right


def test_checkouts_that_share_a_cache_build_at_once_what_each_would_alone(small, tmp_path):
    shared = MKDOCS.replace("false}", f"false, cache_dir: {tmp_path / 'shared'}}}")
    alone = write(tmp_path / "alone")
    projects = [write(tmp_path / name, shared) for name in ("one", "two")]
    for project in (projects[1], alone):  # which is another branch, say
        project.edit("snippets/berry.py", "print(x)", "print(x, 'too')")
        project.edit("docs/questions/apple.md", "It is `", "So it is `")
    right = [built(small), built(alone)]
    for _ in range(2):
        builds = [start(project) for project in [*projects, projects[0]][:2]]
        assert [build.communicate() and build.returncode for build in builds] == [0, 0]
        assert [site(project) for project in projects] == right


def test_a_program_killed_from_outside_is_said(small):
    right = built(small)
    note = "import os, pathlib\npathlib.Path('pid').write_text(str(os.getpid()))\n"
    small.edit("snippets/berry.py", "# %% a\n", f"# %% a\n{note}")
    small.edit("snippets/berry.py", "sleep(0)", "sleep(1000)")
    build, pid = start(small), small.root / "pid"
    while not (pid.exists() and pid.read_text()):
        assert build.poll() is None
        time.sleep(0.02)
    os.kill(int(pid.read_text()), signal.SIGKILL)
    said, _ = build.communicate()
    assert build.returncode == 1
    what = "snippets/berry.py:2: the process was killed by SIGKILL while running cell 'a'"
    assert what in said or "the process ended (exit status 255) while running cell 'a'" in said
    assert site(small) == right
    write(small.root)
    assert built(small) == right


def test_the_process_that_all_are_forked_from_may_be_killed(small):
    right = built(small)
    shutil.rmtree(small.root / ".answerable")
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
    time.sleep(0.1)
    assert built(small) == right


def test_a_site_is_the_same_bytes_wherever_and_however_it_is_built(tmp_path):
    """Another folder, order, cache, umask, locale, time zone, hash seed, others' settings."""
    mkdocs = MKDOCS.replace("false}]", "false, workers: 3}, mkdocs-jupyter, search]")
    one = write(tmp_path / "one", mkdocs)
    settings = "false, workers: 1, cache_dir: else/where}"
    two = write(tmp_path / "two words", mkdocs.replace("false, workers: 3}", settings))
    (tmp_path / "matplotlibrc").write_text("font.size: 30\nsavefig.dpi: 50\nsavefig.bbox: tight\n")
    builds = [
        start(one, umask=0o022, PYTHONHASHSEED="1", TZ="UTC", LC_ALL="C.UTF-8"),
        start(
            two,
            umask=0o077,
            cwd=tmp_path,
            **{"PYTHONHASHSEED": "2", "TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONUTF8": "0"},
            **{"PYTHONCOERCECLOCALE": "0", "MATPLOTLIBRC": str(tmp_path / "matplotlibrc")},
            **{"PYTEST_ADDOPTS": "-k nothing", "PYTEST_PLUGINS": "nonesuch"},
        ),
    ]
    said = [build.communicate()[0] for build in builds]
    assert [build.returncode for build in builds] == [0, 0], said
    assert site(one) == site(two)
    rows = json.loads((one.root / "site/claims.json").read_text("utf-8"))
    assert [row["id"] for row in rows] == ["is"] * 3
