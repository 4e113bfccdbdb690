"""Terms show what they mean where a page first uses them, and nowhere else."""

from __future__ import annotations

import re

import pytest

from answerable import glossary
from answerable.problem import Problems

PAGE = """\
# Glossary

Words.

## Mean {: data-forms="means, average of all" }

The *sum* over the
number of `things`.

## Off-policy

Not "on".
"""
TERMS = glossary.read(PAGE, "g.md")
MEAN = '<abbr title="The sum over the number of things." tabindex="0">{}</abbr>'


def test_a_glossary_is_read():
    assert TERMS.definitions == {
        "Mean": "The sum over the number of things.",
        "Off-policy": 'Not "on".',
    }
    assert TERMS.terms.keys() == {"mean", "means", "average of all", "off-policy"}


@pytest.mark.parametrize("form", ["mean", "Means", "average of all", "average\nof all"])
def test_the_first_use_is_marked_in_any_form(form):
    marked = TERMS.mark(f"<p>The {form} <em>and the mean</em> again.</p>")
    assert marked == f"<p>The {MEAN.format(form)} <em>and the mean</em> again.</p>"


@pytest.mark.parametrize(
    "other",
    [
        "meaning, on-mean, mean-field",
        "<code>mean</code>",
        "<pre><span>x</span> mean</pre>",
        '<a href="mean/">the mean</a>',
        "<h2>The <em>mean</em></h2>",
        '<span class="claim" id="x">the <span>means</span> is the mean</span>',
        '<img alt="mean">',
        "<!-- mean -->",
        "<summary>mean</summary>",
        '<span data-formula="inline" data-tex="mean"></span>',
    ],
)
def test_what_is_no_prose_is_left_alone(other):
    assert TERMS.mark(other) == other
    assert TERMS.mark(f"{other}<p>mean</p>") == f"{other}<p>{MEAN.format('mean')}</p>"


def test_after_the_end_of_the_prose_nothing_is_marked():
    text = f"<p>none</p>{glossary.END}<p>mean</p>"
    assert TERMS.mark(text) == text


def test_definitions_are_escaped():
    assert 'title="Not &quot;on&quot;."' in TERMS.mark("off-policy")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("# G\n\n## Mean\n\n## Sum\n\nAll.\n", 3, "'Mean' is not defined"),
        (
            '## A {: data-forms="x" }\n\nOne.\n\n## B {: data-forms="X" }\n\nTwo.\n',
            5,
            "form of 'A'",
        ),
    ],
)
def test_a_glossary_that_is_not_clear_is_a_problem(text, line, what):
    with pytest.raises(Problems, match=re.escape(what)) as caught:
        glossary.read(text, "g.md")
    assert [problem.line for problem in caught.value.problems] == [line]


def test_terms_of_a_project_are_marked_on_its_pages_but_not_on_their_own(project):
    docs = project.root / "docs"
    (docs / glossary.PLACE).write_text("# G\n\n## Deviation\n\nHow far off.\n\nA deviation.\n")
    assert project.build("--strict")[0] == 0
    shown = '<abbr title="How far off." tabindex="0">deviation</abbr>'
    page = (project.root / "site/questions/dice/index.html").read_text()
    assert page.count(shown) == 1
    assert "abbr" not in (project.root / "site/glossary/index.html").read_text()
    (docs / glossary.PLACE).write_text("# G\n\n## Deviation\n")
    status, said = project.build()
    assert status == 1
    assert "docs/glossary.md:3: 'Deviation' is not defined" in said
