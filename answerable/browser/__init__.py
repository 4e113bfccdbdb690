"""What makes a page run: Python in a Web Worker, an editor, and the script that wires them."""

from __future__ import annotations

import hashlib
import html
import io
import json
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from answerable import snippet
from answerable.answer import Answer
from answerable.browser import runtime

FOLDER = "assets/answerable/"
PROGRAM = "questions/{}/program.json"
HERE = Path(__file__).parent
ENGINE = (  # as much of the engine as runs in the page
    "__init__.py",
    "browser/live.py",
    "claims.py",
    "figures.py",
    "matplotlibrc",
    "problem.py",
    "pytest_plugin.py",
    "session.py",
    "snippet.py",
)


def files() -> dict[str, bytes | Path]:
    """The files that all pages share, by their place in the site. Raises `runtime.Unavailable`."""
    fetched = runtime.fetch()
    bundle = runtime.bundle()
    engine = _engine()
    sizes = {name: path.stat().st_size for name, path in fetched.items()}
    known = {name: _entry(runtime.LOCK["files"][name], size) for name, size in sizes.items()}
    known["engine.zip"] = _entry(hashlib.sha256(engine).hexdigest(), len(engine))
    lock = {name: runtime.LOCK[name] for name in ("pyodide", "core", "packages")} | {"files": known}
    content = hashlib.sha256(json.dumps(lock).encode()).hexdigest()[:16]
    shared: dict[str, bytes | Path] = {
        "runtime.json": json.dumps({"cache": f"answerable-{content}", **lock}).encode(),
        "engine.zip": engine,
        **bundle,
        "page.js": HERE / "page.js",
        "worker.js": HERE / "worker.js",
        **fetched,
    }
    return {FOLDER + name: content for name, content in shared.items()}


def question(answer: Answer) -> str:
    """What a page's script must know of its question, as JSON."""
    draft = answer.draft
    shared = {path: draft.question.read(path) for path in draft.question.conftests}
    return json.dumps(
        {
            "stem": draft.question.stem,
            "snippet": draft.question.snippet,
            "head": draft.snippet.head,
            "test": draft.question.test,
            "files": {draft.question.test: draft.tests, **shared},
            "breaks": {
                claim.id: [[edit.old, edit.new] for edit in claim.breaks] for claim in draft.claims
            },
        }
    )


def script(answer: Answer, to_root: str, shared: Mapping[str, bytes | Path]) -> str:
    """The element that makes this page live; `to_root` leads from the page to the site's root."""
    needed = {*runtime.LOCK["core"], "engine.zip"}
    for module in snippet.imports(answer.draft.snippet.text):
        needed.update(runtime.LOCK["packages"].get(module.split(".")[0], ()))
    attributes: dict[str, Any] = {
        "src": f"{to_root}{FOLDER}page.js",
        "data-question": f"{to_root}{PROGRAM.format(answer.draft.question.stem)}",
        "data-megabytes": round(sum(_size(shared[FOLDER + name]) for name in needed) / 1e6),
        "data-seconds": runtime.LOCK["seconds"],
        "data-numpy": version("numpy"),
    }
    written = " ".join(f'{name}="{html.escape(str(it))}"' for name, it in attributes.items())
    return f"<script {written} defer></script>"


def _entry(digest: str, size: int) -> dict[str, Any]:
    return {"sha256": digest, "size": size}


def _size(content: bytes | Path) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _engine() -> bytes:
    """The engine as a zip file, the same bytes for the same engine."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("answerable/browser/__init__.py"), "")
        for name in ENGINE:
            path = HERE.parent / name
            archive.writestr(zipfile.ZipInfo(f"answerable/{name}"), path.read_bytes())
    return buffer.getvalue()
