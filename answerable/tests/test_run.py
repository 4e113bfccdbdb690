"""A program runs cell by cell in a process of its own, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from answerable import run, snippet
from answerable.problem import Problem
from answerable.run import Output


@pytest.fixture
def result(tmp_path):
    """Runs a program given as text; `tmp_path` is the project."""
    (tmp_path / "snippets").mkdir()

    def runs(text, values=(), limit=30.0):
        program = snippet.parse(textwrap.dedent(text), "snippets/it.py")
        asked = tuple((value, "page.md", 7) for value in values)
        return run.run(run.Job(tmp_path, program, "it", values=asked, limit=limit))

    return runs


def test_each_cell_has_what_it_printed_and_its_last_value(result):
    outputs = result(
        """
        # %% one
        import sys
        print("a")
        print("b", file=sys.stderr)
        # %% two
        x = 2
        # %% three
        x + 1
        # %% four
        None
        """
    ).outputs
    assert outputs == {
        "one": [Output("text", "a\nb\n")],
        "two": [],
        "three": [Output("value", "3")],
        "four": [],
    }


def test_what_is_printed_below_python_is_caught(result, capfd):
    outputs = result(
        "# %% a\nimport os, subprocess\nos.write(1, b'low\\n')\nos.system('echo sh')\n0"
    )
    assert outputs.outputs["a"][0] == Output("text", "low\nsh\n")
    assert capfd.readouterr().out == ""


def test_figures_are_drawn_after_their_cell_in_the_pages_colours(result):
    outputs = result(
        """
        # %% draw
        import matplotlib.pyplot as plt
        for _ in range(2):
            plt.figure()
            plt.plot([1, 2], label="<b>&")
            plt.legend()
        plt.show()
        # %% none
        print(plt.get_fignums())
        """
    ).outputs
    first, numbers, *second = outputs["draw"]
    assert [first.kind, numbers.kind] == [it.kind for it in second] == ["figure", "numbers"]
    assert '"<b>&"' in numbers.content
    assert first.content.startswith("<svg ")
    assert "currentColor" in first.content
    assert "#000000" not in first.content
    assert "&lt;b&gt;&amp;" in first.content
    assert "<style" not in first.content
    assert outputs["none"] == [Output("text", "[]\n")]


def test_ids_in_figures_are_used_and_are_of_one_figure(result):
    import re

    text = "# %% {0}\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\n\n"
    outputs = result(text.format("a") + text.format("b")).outputs
    ids = [set(re.findall(r'id="([^"]+)"', outputs[cell][0].content)) for cell in "ab"]
    used = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', outputs["a"][0].content))
    assert ids[0] == {name for pair in used for name in pair if name}
    assert not ids[0] & ids[1]


def test_values_are_shown_and_kept_in_full(result):
    text = "# %% a\nimport numpy as np\nx = np.float64(2) / 3\n"
    values = result(text, ["f'{x:.2f}'", "x", "f'{x:.1f} of {x:.2f}'", "'a'"]).values
    assert values == [
        ("0.6666666666666666", "0.67"),
        ("0.6666666666666666", "0.6666666666666666"),
        ("0.7 of 0.67", "0.7 of 0.67"),
        ("a", "a"),
    ]


def test_the_module_is_the_one_that_tests_import(result):
    text = "# %% a\nimport it\nprint(__name__, __file__[-14:])\nprint(it.__name__)"
    assert result(text).outputs["a"][0].content == "it snippets/it.py\nit\n"


def test_programs_do_not_see_one_another(result):
    result("# %% a\nimport numpy as np, os, builtins\nnp.x = os.environ['X'] = builtins.x = '1'\n")
    text = "# %% a\nimport numpy as np, os\nprint(hasattr(np, 'x'), os.environ.get('X'))\ntry: x\n"
    assert (
        result(text + "except NameError: print('no')").outputs["a"][0].content == "False None\nno\n"
    )


def test_a_program_prints_the_same_every_time(result):
    text = "# %% a\nprint({str(i) for i in range(50)})"
    assert result(text).outputs == result(text).outputs


def test_what_a_program_started_ends_with_it(result, tmp_path):
    text = """
        # %% a
        import subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print(child.pid)
        """
    pid = int(result(text).outputs["a"][0].content)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        status = subprocess.run(["ps", "-o", "stat=", str(pid)], capture_output=True, text=True)
        if status.stdout.strip()[:1] in ("", "Z"):
            return
        time.sleep(0.05)
    pytest.fail("still running")


def test_a_program_out_of_time_is_killed_at_once(result):
    started = time.monotonic()
    with pytest.raises(Problem, match=r"still running cell 'a' after 0\.5 s"):
        result(
            "# %% a\nimport time\ntry:\n    time.sleep(60)\nfinally:\n    time.sleep(60)", limit=0.5
        )
    assert time.monotonic() - started < 5


def test_programs_run_side_by_side(result):
    text = "# %% a\nimport time\ntime.sleep(0.5)"
    result("# %% a\n0")  # starts what they are forked from
    started = time.monotonic()
    with ThreadPoolExecutor(6) as executor:
        list(executor.map(lambda _: result(text), range(6)))
    assert time.monotonic() - started < 2


def test_an_exception_that_cannot_be_printed_is_reported(result):
    text = "# %% a\nclass E(Exception):\n    def __str__(self): raise ValueError\nraise E"
    with pytest.raises(Problem, match=r"cell 'a' raised E"):
        result(text)


def test_where_a_platform_cannot_fork_results_are_the_same(tmp_path):
    """Each in a fresh interpreter, since how to start processes is settled once."""
    (tmp_path / "snippets").mkdir()
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import multiprocessing, pathlib, sys
        if __name__ == "__main__":
            multiprocessing.get_all_start_methods = lambda: [sys.argv[1]]
            from answerable import run, snippet
            text = "# %% a\\nimport matplotlib.pyplot as plt\\nprint({'a', 'b'})\\nplt.plot([1, 2])"
            program = snippet.parse(text, "snippets/it.py")
            run.preload(["matplotlib.pyplot"])
            result = run.run(run.Job(pathlib.Path(sys.argv[2]), program, "it"))
            text, _, figure, _ = result.outputs["a"]
            print(text.content, figure.content)
        """)
    )
    printed = []
    for seed, method in enumerate(("forkserver", "spawn")):
        command = [sys.executable, script, method, tmp_path]
        environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert done.stderr == ""
        printed.append(done.stdout)
    assert "<svg" in printed[0]
    assert printed[0] == printed[1]
