"""The numbers that a figure shows."""

from __future__ import annotations

import json

import matplotlib.pyplot as plt
import pytest

from answerable import figures


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def tables(axes):
    return json.loads(figures.numbers(axes.figure))


def test_curves_over_the_same_places_share_a_table(axes):
    axes.plot([0, 1], [2, 3.14159], label="one")
    axes.plot([0, 1], [-4, 5], label="two")
    axes.plot([7], [8])
    axes.set(xlabel="time (s)", ylabel="speed (m/s)", title="A ride")
    assert tables(axes) == [
        {
            "title": "A ride",
            "columns": ["time (s)", "one", "two"],
            "rows": [["0", "2", "−4"], ["1", "3.142", "5"]],
        },
        {"title": "A ride", "columns": ["time (s)", "speed (m/s)"], "rows": [["7", "8"]]},
    ]


def test_a_curve_is_called_by_the_text_of_its_colour_beside_it(axes):
    axes.plot([0], [1], "C1")
    axes.plot([0], [2], "C2")
    axes.text(0, 1, "the\nfirst", color="C1")
    axes.text(0, 2, "this", color="C2")
    axes.text(0, 3, "or this", color="C2")
    assert tables(axes)[0]["columns"] == ["x", "the first", "y (2)"]


def test_points_and_bars_have_numbers_and_marks_have_none(axes):
    axes.scatter([1, 2], [3, 4], label="points")
    axes.bar(["a", "b"], [5, 6], label="bars")
    axes.axhline(9)
    assert [(table["columns"][1], table["rows"]) for table in tables(axes)] == [
        ("points", [["1", "3"], ["2", "4"]]),
        ("bars", [["a", "5"], ["b", "6"]]),
    ]


def test_long_curves_are_thinned(axes):
    axes.plot(range(1000))
    (table,) = tables(axes)
    assert len(table["rows"]) == figures.ROWS
    assert table["rows"][1] == ["25", "25"]
