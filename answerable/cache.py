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
import re
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

log = logging.getLogger("mkdocs.plugins.answerable")

KEEP_SECONDS = 30 * 24 * 3600  # what no build has used for so long is thrown away
UNFINISHED = "unfinished-"  # how the name of a file begins while it is written
NAME = re.compile(rf"[a-z-]+-[0-9a-f]{{64}}|{UNFINISHED}\w+")  # of what is ours in the folder


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
            _use(path)
            return json.loads(text)
        except (OSError, ValueError):
            return None

    def __contains__(self, key: str) -> bool:
        """Whether there is something under `key`, be it not whole; it counts as used."""
        try:
            _use(self.folder / key)
        except OSError:
            return False
        return True

    def take(self, key: str) -> Any:
        """The result, which is not kept any longer."""
        result = self.load(key)
        with contextlib.suppress(OSError):
            (self.folder / key).unlink()
        return result

    def store(self, key: str, result: Any) -> None:
        """Keep a result (anything JSON can say). That it cannot be kept does not stop a build."""
        text = json.dumps(result).encode()
        try:
            write(self.folder / key, hashlib.sha256(text).hexdigest().encode() + b"\n" + text)
        except (OSError, ValueError) as error:
            log.warning("result not kept in the cache: %s", error)

    def prune(self) -> None:
        """Throw away what has not been used for long; nothing that is not ours."""
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                ours = NAME.fullmatch(path.name) and path.is_file()
                if ours and time.time() - path.stat().st_mtime > KEEP_SECONDS:
                    path.unlink()


def _use(path: Path) -> None:
    """Note that the file is used. Raises `OSError` if there is none."""
    now = time.time()
    if now - path.stat().st_mtime > KEEP_SECONDS / 30:
        with contextlib.suppress(OSError):  # others may only read it
            os.utime(path, (now, now))


def write(path: Path, data: bytes) -> None:
    """Write a file so that at any moment it is whole: the old one, or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=UNFINISHED, dir=path.parent)
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
    todo = [package(module) for module in modules]
    while todo:
        name = todo.pop()
        if name and name not in found and (known := _installed(name)):
            found[name] = known[0]
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


def installed(modules: Iterable[str]) -> dict[str, str]:
    """The installed packages that `modules` come from, with their versions."""
    packages = {found for module in modules if (found := package(module))}
    return {name: found for name in sorted(packages) if (found := version(name))}


def version(package: str) -> str | None:
    """The version of an installed package."""
    known = _installed(package)
    return known and known[0]


@functools.cache
def package(module: str) -> str | None:
    """The name of the installed package that provides a module."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return None
    if _installed(top):  # nearly always the names agree, and the whole table is slow to make
        return top
    return next(iter(_packages().get(top, ())), None)


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
