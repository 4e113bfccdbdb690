"""How well the search finds what people ask: is the right page among the first three results?

    python benchmarks/search.py ASKINGS.jsonl [--scale N]

Each line of the file has `question`, as somebody asked it, and `stem`, the page that answers it;
those whose page there is are asked, in Chromium, of the search of the site as it is built. With
--scale, says what would be loaded before a first result if there were N questions like these.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import string
import tempfile
from pathlib import Path
from typing import Any

from host import ROOT, build, chromium, serving

ASK = """questions => new Promise(resolve => {
  const worker = new Worker("/assets/answerable/search.js"), found = [];
  const next = () => found.length < questions.length
    ? worker.postMessage({type: 2, data: questions[found.length]}) : resolve(found);
  let whole = false; // the first answer may come from titles alone: ask for it again
  worker.onmessage = ({data: {type, data}}) => {
    if (type !== 3) return next();
    if (!whole) { whole = true; return setTimeout(next, 1000); }
    if (data.query !== questions[found.length]) return;
    found.push(data.items.map(([page]) => page.location));
    next();
  };
  worker.postMessage({type: 0});
})"""


def ask(site: Path, questions: list[str]) -> list[list[str]]:
    """The pages found for each question, best first."""
    with serving(site) as address, chromium() as browser:
        page = browser.new_page(bypass_csp=True)
        page.goto(address)
        found: list[list[str]] = page.evaluate(ASK, questions)
    return found


def compressed(*parts: bytes) -> float:
    """Kilobytes that are sent."""
    return sum(len(gzip.compress(part)) for part in parts) / 1000


def main() -> None:
    """Build, ask and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("askings", type=Path)
    parser.add_argument("--scale", type=int, default=1000)
    given = parser.parse_args()
    stems = {path.stem for path in (ROOT / "docs" / "questions").glob("*.md")}
    lines = [json.loads(line) for line in given.askings.read_text("utf-8").splitlines()]
    asked = [line for line in lines if line["stem"] in stems]
    with tempfile.TemporaryDirectory() as name:
        site = Path(name) / "site"
        build(site)
        found = ask(site, [line["question"] for line in asked])
        assets = site / "assets" / "answerable"
        script = (assets / "search.js").read_bytes()
        titles, words = (
            json.loads((assets / f"search-{part}.json").read_text("utf-8"))
            for part in ("titles", "words")
        )
    ranks = [
        places.index(place) + 1 if (place := f"questions/{line['stem']}/") in places else None
        for line, places in zip(asked, found, strict=True)
    ]
    for line, rank in zip(asked, ranks, strict=True):
        print(f"{rank or '-':>3}  {line['stem']:34s} {line['question']}")
    hits = sum(rank is not None and rank <= 3 for rank in ranks)
    print(f"\n{hits} of {len(asked)} ({hits / len(asked):.0%}) among the first three")
    print(
        f"{len(titles)} pages: script {compressed(script):.1f} kB, before the first result "
        f"{compressed(json.dumps(titles).encode()):.1f} kB more, "
        f"then {compressed(json.dumps(words).encode()):.1f} kB"
    )
    # As if every word were another one in each copy: nothing is gained by repetition.
    copies, letters = -(-given.scale // len(titles)), list(string.ascii_lowercase)
    tables = []
    for copy in range(copies):
        mixed = letters[:]
        random.Random(copy).shuffle(mixed)
        tables.append(str.maketrans(dict(zip(letters, mixed, strict=True))))
    made = [
        json.dumps([other(part, table) for table in tables]).encode() for part in (titles, words)
    ]
    print(
        f"{copies * len(titles)} pages: before the first result "
        f"{compressed(script, made[0]):.0f} kB in all, then {compressed(made[1]):.0f} kB"
    )


def other(value: Any, table: dict[int, Any]) -> Any:
    """The value with its letters exchanged, in all texts within it."""
    if isinstance(value, str):
        return value.translate(table)
    if isinstance(value, dict):
        return {key: other(item, table) for key, item in value.items()}
    return [other(item, table) for item in value]


if __name__ == "__main__":
    main()
