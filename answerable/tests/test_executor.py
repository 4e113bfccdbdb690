"""Work done by other executors gives the same results; what goes wrong there is said here."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from distributed import Client, LocalCluster

from answerable import answer, cache, executor, run
from answerable.problem import Problem, Problems
from answerable.tests.conftest import Project

SNIPPET, TEST = Project.snippet, Project.test
HERE = "time_limit: 20"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler and two workers, each a process under a nanny, as `dask worker` has them."""
    folder = tmp_path_factory.mktemp("workers")
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=":0",
        local_directory=str(folder),
        env={"TMPDIR": str(folder)},
    ) as cluster:
        yield cluster
        with Client(cluster, set_as_default=False) as client:
            client.run(run.preload, [])  # of these tests, another process may have run all
        processes = [psutil.Process(worker) for worker in workers(cluster)]
        processes += [child for process in processes for child in process.children(recursive=True)]
        assert len(processes) > 2  # programs are forked from some
    assert not psutil.wait_procs(processes, timeout=60)[1]


@pytest.fixture
def answered(cluster, project):
    """Makes the project's one answer on the cluster, or `here`. Raises the first problem."""

    def make(name="dask", limit=20):
        scheduler = cluster.scheduler_address if name == "dask" else None
        with executor.chosen(project.root, name, scheduler, None) as chosen:
            answers = answer.Answers(project.root, cache.Cache(project.root / "x"), chosen, limit)
            try:
                (found,) = answers
            except Problems as problems:
                (problem,) = problems.problems
                raise problem from None
            finally:
                chosen.shutdown(wait=False, cancel_futures=True)
        return found

    return make


def said(answered, *arguments, **options):
    """The problem, as an author reads it."""
    with pytest.raises(Problem) as caught:
        answered(*arguments, **options)
    return str(caught.value)


def add(project, code):
    """Put code at the end of the program's first cell."""
    project.edit(SNIPPET, "\n\n# %% averages\n", f"\n{code}\n\n# %% averages\n")


def wait_until(condition, seconds=60):
    """What the condition gives, once that is something."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def waits(project):
    """Have the program note its process in the folder `pids`, and wait until a file `go` is there.

    Returns what lists the processes.
    """
    (project.root / "pids").mkdir()
    add(
        project,
        "import os, pathlib, time\n"
        f"root = pathlib.Path({str(project.root)!r})\n"
        "(root / 'pids' / str(os.getpid())).touch()\n"
        "while not (root / 'go').exists():\n    time.sleep(0.02)",
    )
    return lambda: [int(path.name) for path in (project.root / "pids").iterdir()]


def workers(cluster):
    """Their processes' numbers."""
    with Client(cluster, set_as_default=False) as client:
        return sorted(client.run(os.getpid).values())


def worker_of(program):
    """The worker's process that runs a program: between them is what programs are forked from."""
    return psutil.Process(program).parents()[1]


def test_the_site_is_the_same(cluster, project):
    """And nothing ran here: this process can start none."""
    add(project, "import os\nprint({str(i) for i in range(9)}, os.environ['OMP_NUM_THREADS'])")
    assert project.build()[0] == 0
    here = project.built()
    project.edit(
        "mkdocs.yml",
        HERE,
        f"{HERE}, executor: dask, scheduler: '{cluster.scheduler_address}', cache_dir: other",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "_context", None)
        status, output = project.build("--strict")
    assert status == 0, output
    there = project.built()
    claims = [json.loads(built.pop("claims.json")) for built in (here, there)]
    for build in claims:  # a quick one's are rounded to 0
        assert sum(claim.pop("seconds") for claim in build) > 0
    assert claims[0] == claims[1]
    assert here == there


@pytest.mark.parametrize(
    "code",
    [
        "print('é'); 1 / 0",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import os; os._exit(3)",
        "print('x' * 200_000)",
    ],
)
def test_a_problem_there_is_the_problem_here(answered, project, cluster, code):
    before = workers(cluster)
    add(project, code)
    assert said(answered) == said(answered, None)
    assert workers(cluster) == before


def test_a_thread_with_a_loop_of_its_own_may_build(answered):
    async def build():
        return answered()

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(lambda: asyncio.run(build())).result().verdicts


def test_a_failing_claim_is_explained_as_here(answered, project):
    project.edit(TEST, "approx(3.5, abs", "approx(3.9, abs")
    here, there = (re.sub("0x[0-9A-F]+", "0x", said(answered, name)) for name in (None, "dask"))
    assert "3.9" in there
    assert there == here


def test_the_time_limit_holds(answered, project):
    add(project, "while True: pass")
    assert "still running cell 'setup' after 1 s" in said(answered, limit=1)


def test_files_beside_programs_and_tests_are_sent(answered, project):
    (project.root / "snippets/parts").mkdir()
    (project.root / "snippets/parts/helper.py").write_text("x = 1")
    (project.root / "tests/conftest.py").write_text(
        "import pytest\n@pytest.fixture\ndef two(): return 2\n"
    )
    (project.root / "tests/data").mkdir()
    (project.root / "tests/data/numbers.txt").write_text("1 2")
    add(project, "import parts.helper\nassert open('tests/data/numbers.txt').read() == '1 2'")
    project.edit(
        TEST, "def test_repeats_do_not_help(rng):", "def test_repeats_do_not_help(rng, two):"
    )
    assert answered().verdicts["test_repeats_do_not_help"].status == "passed"


@pytest.mark.parametrize("path", [SNIPPET, TEST])
def test_a_file_that_is_not_sent_is_named(answered, project, path):
    (project.root / "data").mkdir()
    (project.root / "data/numbers.txt").write_text("1 2")
    text = (project.root / path).read_text()
    code = "import numpy as np\nopen('data/numbers.txt').close()\n"
    (project.root / path).write_text(text.replace("import numpy as np\n", code, 1))
    there = said(answered)
    assert "No such file or directory: 'data/numbers.txt'" in there
    assert (
        "A worker ('executor' in mkdocs.yml) has of the project's files snippets/, tests/" in there
    )
    answered(None)


@pytest.mark.parametrize(
    "code", ["try: open('data/x.txt')\nexcept OSError: pass", "import glob; glob.glob('data/*')"]
)
def test_a_file_that_would_have_been_read_here_is_named(answered, project, code):
    (project.root / "data").mkdir()
    (project.root / "data/x.txt").write_text("1 2")
    add(project, code)
    assert re.search(r"no result: data(/x\.txt)? is not the same there as here", said(answered))


def test_hidden_files_are_not_sent(project):
    (project.root / ".env").write_text("SECRET=1")
    (project.root / "tests/__pycache__").mkdir()
    (project.root / "tests/__pycache__/x.pyc").touch()
    names = {path.relative_to(project.root).as_posix() for path in executor._sent(project.root)}
    assert names == {"mkdocs.yml", "pyproject.toml", SNIPPET, TEST}


def test_too_much_to_send_is_said(answered, project):
    (project.root / "snippets/big.bin").write_bytes(os.urandom(executor.SENT_LIMIT + 1))
    with pytest.raises(executor.Unusable, match=r"more than 10 MB, with .*big\.bin"):
        answered()


def test_a_worker_with_other_versions_makes_no_results(answered, project, monkeypatch):
    real = cache._installed
    monkeypatch.setattr(
        cache, "_installed", lambda name: ("9.9", ()) if name == "numpy" else real(name)
    )
    there = said(answered)
    assert f"{SNIPPET}:1: no result: worker" in there
    assert f"has numpy {real('numpy')[0]}, this machine numpy 9.9" in there
    assert not list((project.root / "x").glob("*"))


def test_a_version_that_is_seen_only_as_it_runs_counts(answered, project, monkeypatch):
    add(project, "import importlib\nimportlib.import_module('markdown')")
    real = cache._installed
    monkeypatch.setattr(
        cache, "_installed", lambda name: ("9.9", ()) if name == "markdown" else real(name)
    )
    assert "this machine markdown 9.9 ('executor' in mkdocs.yml)" in said(answered)


def test_a_worker_with_another_engine_makes_no_results(answered, monkeypatch):
    ours = [*cache.maker()[:-1], "0123456789abcdef"]
    monkeypatch.setattr(cache, "maker", lambda: ours)
    assert "this machine engine 0123456789ab ('executor' in mkdocs.yml)" in said(answered)


def test_a_worker_killed_in_mid_build_is_replaced(answered, project):
    started = waits(project)
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(answered)
        (first,) = wait_until(started)
        worker_of(first).kill()
        wait_until(lambda: len(started()) == 2)
        (project.root / "go").touch()
        assert {verdict.status for verdict in found.result().verdicts.values()} == {"passed"}


def test_a_program_whose_workers_die_is_a_problem(answered, project, cluster, monkeypatch):
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    started = waits(project)
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(said, answered)
        (first,) = wait_until(started)
        worker_of(first).kill()
        there = found.result()
    (project.root / "go").touch()  # should it still wait
    assert f"{SNIPPET}:1: not run: the executor lost it, or its worker" in there
    assert "KilledWorker" in there


def test_an_interrupted_build_ends_its_programs_on_the_workers(project, cluster):
    started = waits(project)
    project.edit(
        "mkdocs.yml", HERE, f"{HERE}, executor: dask, scheduler: '{cluster.scheduler_address}'"
    )
    command = [sys.executable, "-m", "mkdocs", "build", "-q", "-f", project.root / "mkdocs.yml"]
    build = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    (program,) = wait_until(started)
    worker = worker_of(program).pid
    build.send_signal(signal.SIGINT)
    said, _ = build.communicate()
    assert build.returncode
    assert b"still running" not in said  # at the time limit it would have ended, too
    wait_until(lambda: not psutil.pid_exists(program))
    assert psutil.pid_exists(worker)
    assert not (project.root / "site").exists()


def test_any_executor_will_do(answered):
    assert answered("concurrent.futures:ThreadPoolExecutor").outputs == answered(None).outputs


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("executor: dask", "say where its scheduler is, such as 'scheduler: tcp://host:8786'"),
        ("executor: dask, scheduler: nonsense", "no scheduler of Dask answers at 'nonsense'"),
        ("executor: dask, scheduler: 'tcp://127.0.0.1:{port}'", "start it ('dask scheduler')"),
        ("scheduler: 'tcp://127.0.0.1:{port}'", "goes with 'executor: dask'"),
        ("executor: dusk", "'dusk' is not 'dask', or 'module:function'"),
        ("executor: 'nonesuch:x'", "No module named 'nonesuch'"),
        ("executor: 'os:getpid'", "no concurrent.futures executor"),
    ],
)
def test_an_executor_that_is_not_to_be_had_is_said(project, monkeypatch, settings, says):
    monkeypatch.setattr(executor, "CONNECT_SECONDS", 0.5)
    project.edit("mkdocs.yml", HERE, f"{HERE}, {settings.format(port=free_port())}")
    status, output = project.build()
    assert status == 1
    assert "Plugin 'answerable' option 'executor': " in output
    assert says in output
    assert not (project.root / "site").exists()


def test_without_the_package_it_says_what_to_install(project, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    project.edit("mkdocs.yml", HERE, f"{HERE}, executor: dask, scheduler: 'tcp://127.0.0.1:1'")
    status, output = project.build()
    assert status == 1
    assert "pip install distributed" in output


def test_results_that_are_kept_need_no_executor(project):
    assert project.build()[0] == 0
    project.edit("mkdocs.yml", HERE, f"{HERE}, executor: dask, scheduler: 'tcp://127.0.0.1:1'")
    assert project.build()[0] == 0
