"""Keeps results under a hash of everything they depend on."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import json
import logging
import os
import platform
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

log = logging.getLogger("mkdocs.plugins.answerable")

KEEP_SECONDS = 30 * 24 * 3600  # what no build has used for so long is thrown away


class Cache:
    """A folder of results, one file each. It may be deleted, shared and damaged: see `load`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, key: str) -> Any:
        """The result stored under `key`, or None if there is none, or none that is whole."""
        path = self.folder / key
        try:
            digest, _, text = path.read_bytes().partition(b"\n")
            if hashlib.sha256(text).hexdigest().encode() != digest:
                return None
            if time.time() - path.stat().st_mtime > KEEP_SECONDS / 30:
                os.utime(path)
            return json.loads(text)
        except (OSError, ValueError):
            return None

    def store(self, key: str, result: Any) -> None:
        """Keep a result (anything JSON can say). That it cannot be kept does not stop a build."""
        text = json.dumps(result).encode()
        try:
            write(self.folder / key, hashlib.sha256(text).hexdigest().encode() + b"\n" + text)
        except OSError as error:
            log.warning("result not kept in the cache: %s", error)

    def prune(self) -> None:
        """Throw away what has not been used for long."""
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                if path.is_file() and time.time() - path.stat().st_mtime > KEEP_SECONDS:
                    path.unlink()


def write(path: Path, data: bytes) -> None:
    """Write a file so that at any moment it is whole: the old one, or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def key(kind: str, *parts: Any) -> str:
    """The name of the result of this `kind` that depends on `parts` and on who makes it."""
    text = json.dumps([kind, maker(), parts], sort_keys=True, default=str)
    return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()}"


def versions(modules: Iterable[str]) -> dict[str, str]:
    """The installed packages that `modules` come from and that those need, with their versions.

    A module of no installed package (the standard library's, or one that is missing) has none.
    """
    found: dict[str, str] = {}
    todo = [_package(module.split(".")[0]) for module in modules]
    while todo:
        package = todo.pop()
        if package and package not in found and (known := _installed(package)):
            found[package] = known[0]
            todo.extend(known[1])
    return dict(sorted(found.items()))


@functools.cache
def maker() -> list[str]:
    """Python, the machine, and this engine's own code."""
    folder = Path(__file__).parent
    ours = hashlib.sha256()
    for path in sorted([*folder.glob("*.py"), folder / "matplotlibrc"]):
        ours.update(path.read_bytes())
    return [
        platform.python_implementation(),
        platform.python_version(),
        platform.system(),
        platform.machine(),
        ours.hexdigest(),
    ]


@functools.cache
def _package(module: str) -> str | None:
    """The name of the installed package that provides a top-level module."""
    if _installed(module):  # nearly always the names agree, and the whole table is slow to make
        return module
    return next(iter(_packages().get(module, ())), None)


@functools.cache
def _packages() -> Any:
    return importlib.metadata.packages_distributions()


@functools.cache
def _installed(package: str) -> tuple[str, tuple[str, ...]] | None:
    """A package's version, and the packages it needs here."""
    try:
        distribution = importlib.metadata.distribution(package)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return None
    needed = []
    for text in distribution.requires or ():
        if "extra ==" in text:  # wanted by none here, and there are many
            continue
        with contextlib.suppress(InvalidRequirement):
            requirement = Requirement(text)
            if not requirement.marker or requirement.marker.evaluate():
                needed.append(requirement.name)
    return distribution.version, tuple(needed)
