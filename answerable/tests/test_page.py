"""A page's cells, claims and values are found where they are meant, and nowhere else."""

from __future__ import annotations

import pytest

from answerable import page
from answerable.page import CellUse, ClaimUse, Value
from answerable.problem import Problems

FRONT = """\
---
title: A question?
description: An answer.
asked_as: []
topic: Things
tags: []
date: 2025-11-24
sources: []
---
"""


def parse(body):
    return page.parse(FRONT + body, "page.md")


def problems(body):
    with pytest.raises(Problems) as caught:
        parse(body)
    return [(problem.line - FRONT.count("\n"), problem.what) for problem in caught.value.problems]


def test_the_three_forms():
    body = "A [claim `{python} x`](claim:one), `{python} f'{y:.2f}'`.\n\n```cell\nrun\n```\n"
    found = [piece for piece in parse(body).pieces if not isinstance(piece, str)]
    assert found == [
        ClaimUse("one", ("claim ", Value("x", 10)), 10),
        Value("f'{y:.2f}'", 10),
        CellUse("run", (), False, 12),
    ]


def test_what_is_not_expanded_stays_letter_for_letter():
    body = """
`code [a](claim:b)` and ``two ` ticks {python} x``, \\[a](claim) and [link](other.md).
<!-- [a](claim:b) `{python} x` -->

```python
[a](claim:b) `{python} x`
```

~~~~
```cell
~~~~
"""
    assert "".join(piece for piece in parse(body).pieces if isinstance(piece, str)) == body
    assert all(isinstance(piece, str) for piece in parse(body).pieces)


def test_a_claims_text_may_hold_brackets_code_and_values():
    (claim,) = parse("[V[s] of `f([1])` is `{python} v[0]`](claim:c)").claims
    assert claim.text == ("V[s] of `f([1])` is ", Value("v[0]", 10))


def test_alternative_texts_go_on_and_hold_values():
    (cell,) = parse(
        "```cell\nplot\nalt: Left: a line\n  to `{python} x`.\nalt: Two.\nfold: true\n```\n"
    ).cells
    assert cell.alts == (("Left: a line to ", Value("x", 10), "."), ("Two.",))
    assert cell.fold
    assert parse("```cell\nplot\nalt: `{python} a`\n```\n`{python} b`").values == [
        Value("a", 10),
        Value("b", 14),
    ]


def test_cells_in_lists_and_admonitions_keep_their_indent():
    (cell,) = parse("- item\n\n    ```cell\n    run\n    ```\n").cells
    assert (cell.name, cell.indent) == ("run", "    ")


def test_lines_of_problems_are_those_of_the_file():
    assert problems("one\n\n`a\n\n(claim:x)\n") == [
        (5, "'(claim:' is not well formed here; write [its sentence](claim:name)")
    ]
    assert [line for line, _ in problems("\n\n{python} x\n\n[](claim:a)\n")] == [3, 5]


def test_values_may_run_over_lines_but_not_over_paragraphs():
    assert parse("`{python}\n x + 1`").values == [Value("x + 1", 10)]
    assert problems("`{python} x\n\n1`")


@pytest.mark.parametrize(
    ("used", "whats"),
    [
        ([("a", 1), ("b", 2), ("c", 3)], []),
        ([("a", 1), ("c", 2)], [(2, "'b' is not on the page")]),
        ([("b", 1), ("a", 2), ("c", 3)], [(2, "'a' is out of order")]),
        ([("a", 1), ("a", 2), ("b", 3), ("c", 4)], [(2, "'a' a second time (first: line 1)")]),
        ([("a", 1), ("bb", 2), ("c", 3)], [(2, "no cell 'bb'"), (3, "'b' is not on the page")]),
    ],
)
def test_names_are_all_there_once_and_in_order(used, whats):
    found = page.check_names("page.md", "cell", used, ["a", "b", "c"], "mend {name}")
    assert len(found) == len(whats)
    for problem, (line, what) in zip(found, whats, strict=True):
        assert problem.line == line
        assert what in problem.what


def test_plain_text_of_markdown():
    assert page.plain("*p* < `a_b` & [c](d.md)") == "p < a_b & c"
