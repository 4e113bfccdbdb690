"""Programs are split as jupytext splits them, and every marker is a comment."""

from __future__ import annotations

import jupytext
import pytest

from answerable import snippet
from answerable.problem import Problem

PROGRAM = '''\
"""What it is about."""

# %% setup
import numpy as np

# %% work

TEXT = """
# %% not_a_marker
"""
x = np.ones(3)  # %% nor this


#%% last
print(x)
'''


def test_cells_have_names_sources_and_lines():
    cells = snippet.parse(PROGRAM, "a.py").cells
    assert [(cell.name, cell.line) for cell in cells] == [("setup", 4), ("work", 8), ("last", 15)]
    lines = PROGRAM.splitlines()
    for cell in cells:
        assert cell.source.splitlines()[0] == lines[cell.line - 1]


def test_sources_are_those_jupytext_reads():
    text = PROGRAM.replace("# %% not_a_marker\n", "")  # which jupytext takes for one
    notebook = jupytext.reads(text, fmt="py:percent")
    theirs = [cell.source.strip() for cell in notebook.cells if cell.cell_type == "code"][-3:]
    assert [cell.source for cell in snippet.parse(text, "a.py").cells] == theirs


def test_cells_compiled_apart_keep_lines_and_future():
    program = snippet.parse(
        "# %% a\nfrom __future__ import annotations\n\n# %% b\nx: y = 1\n", "a.py"
    )
    tree = snippet.compile_cell(program.cells[1], program.path)
    assert tree.body[0].lineno == 5
    assert snippet.future_flags(program.text)


def test_imports_are_found_anywhere():
    text = "import a.b, c\ndef f():\n    from d import e\n    from . import g\n"
    assert snippet.imports(text) == {"a.b", "c", "d"}


@pytest.mark.parametrize("text", ["", "x = 1\n", '"""Only words."""\n'])
def test_a_program_without_cells_is_refused(text):
    with pytest.raises(Problem, match="no cells"):
        snippet.parse(text, "a.py")


def test_an_empty_cell_is_a_cell():
    cells = snippet.parse("# %% a\n# %% b\n", "a.py").cells
    assert [(cell.name, cell.source) for cell in cells] == [("a", ""), ("b", "")]
