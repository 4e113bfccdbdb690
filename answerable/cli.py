"""`answerable new STEM "The question?"` writes the three files of a question."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path

from answerable.question import Question, stem_fault

TEMPLATE = Path(__file__).with_name("template")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="answerable", description=__doc__)
    commands = parser.add_subparsers(required=True)
    adding = commands.add_parser("new", help="write a page, a program and a test file that pass")
    adding.add_argument("stem", help="the name of the three files, such as sparse_reward")
    adding.add_argument("question", help="the page's title, as people ask it")
    chosen = parser.parse_args(arguments)
    try:
        files = new(Path.cwd(), chosen.stem, chosen.question)
    except ValueError as error:
        print(f"answerable: {error}", file=sys.stderr)
        return 1
    print("\n".join(["Wrote", *(f"  {path}" for path in files), "See it with: mkdocs serve"]))
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
