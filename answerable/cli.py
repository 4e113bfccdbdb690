"""`answerable new STEM "The question?"` writes the three files of a question.

`answerable mutants` tries small wrong changes of programs, and records which of them no claim sees.
`answerable results` says what all programs print here, and which claims hold.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from answerable.problem import Problem, Problems
from answerable.question import Question, find, stem_fault

TEMPLATE = Path(__file__).with_name("template")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="answerable", description=__doc__)
    commands = parser.add_subparsers(required=True)
    adding = commands.add_parser("new", help="write a page, a program and a test file that pass")
    adding.add_argument("stem", help="the name of the three files, such as sparse_reward")
    adding.add_argument("question", help="the page's title, as people ask it")
    adding.set_defaults(do=lambda chosen: _new(chosen.stem, chosen.question))
    trying = commands.add_parser("mutants", help="which small wrong changes do claims not notice?")
    trying.add_argument("stem", nargs="*", help="questions; all, if none is named")
    again = "compare N mutants of each, chosen by chance, with what was recorded; record nothing"
    trying.add_argument("--sample", type=int, metavar="N", help=again)
    over = "try those again that lived, and are not explained; record nothing"
    trying.add_argument("--alive", action="store_true", help=over)
    trying.set_defaults(do=lambda chosen: _mutants(chosen.stem, chosen.sample, chosen.alive))
    saying = commands.add_parser("results", help="what programs print and claims come to, as JSON")
    saying.set_defaults(do=lambda _: _results(Path.cwd()))
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.do(chosen))
    except (OSError, ValueError, Problem, Problems) as error:
        print(f"answerable: {error}", file=sys.stderr)
        return 1


def _new(stem: str, title: str) -> int:
    files = new(Path.cwd(), stem, title)
    print("\n".join(["Wrote", *(f"  {path}" for path in files), "See it with: mkdocs serve"]))
    return 0


def _mutants(stems: list[str], number: int | None, alive: bool) -> int:
    """Measure, or compare with what was measured; the exit status."""
    from answerable import mutants, run, snippet

    questions = [it for it in find(Path.cwd()) if not stems or it.stem in stems]
    if unknown := set(stems) - {question.stem for question in questions}:
        raise ValueError(f"no question has the stem {', '.join(sorted(unknown))}")
    run.preload(set().union(*(snippet.imports(it.read(it.snippet)) for it in questions)))
    wrong = False
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        if number:
            found = executor.map(lambda question: mutants.sample(question, number), questions)
        elif alive:
            found = (mutants.again(question, executor) for question in questions)
        else:
            found = (_measured(question, executor) for question in questions)
        for said in tqdm(found, "Trying mutants", len(questions), leave=False, disable=None):
            wrong |= bool(number and said)
            for line in said:
                tqdm.write(line)
    return wrong


def _measured(question: Question, executor: Executor) -> list[str]:
    """Try all mutants and record them; the score, and which live for no reason yet."""
    from answerable import mutants

    record = mutants.measure(question, executor)
    mutants.save(question, record)
    return [
        f"{question.stem}: {record}",
        *(
            f"  {question.snippet}:{one.line}: '{one.becomes}' in place of '{one.was}'"
            for one in record.alive
            if not one.why
        ),
    ]


def _results(root: Path) -> int:
    """Print what two environments should agree on; the exit status."""
    from answerable import answer, cache

    with ThreadPoolExecutor(os.cpu_count()) as executor:
        answers = answer.Answers(root, cache.Cache(root / ".answerable"), executor, 60.0)
        said = {item.draft.question.stem: item.said for item in answers}
    print(json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False))
    return 0


def new(root: Path, stem: str, title: str) -> tuple[str, ...]:
    """Write the three files of a new question; returns their paths, relative to `root`.

    Raises `ValueError` and writes nothing outside a project, on a bad stem or title, and if one
    of the files exists.
    """
    if not (root / "mkdocs.yml").is_file():
        raise ValueError(f"no mkdocs.yml in {root}: run this in the project's top folder")
    if fault := stem_fault(root, stem):
        raise ValueError(fault)
    title = " ".join(title.split())
    if not title or '"""' in title or "\\" in title:
        raise ValueError('the question is a line of text, without \\ and """')
    question = Question(root, stem)
    taken = [path for path in question.files if (root / path).exists()]
    if taken:
        raise ValueError(f"{taken[0]} exists already")
    today = datetime.date.today().isoformat()
    for path, template in zip(question.files, ("page.md", "snippet.py", "test.py"), strict=True):
        text = (TEMPLATE / template).read_text("utf-8").replace("STEM", stem).replace("DATE", today)
        # In YAML a text in JSON's quotes stands for itself, whatever is in it.
        shown = json.dumps(title, ensure_ascii=False) if template == "page.md" else title
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text.replace("QUESTION", shown), "utf-8")
    return question.files
