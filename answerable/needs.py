"""What a program turned out to need as it ran: files it read, folders it listed, modules it loaded.

What can be seen without running it (its text, what it imports) is in a result's key. The rest is
noted while it runs, and a result that was kept is used only while all of it is as it was.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import platformdirs

OURS = str(Path(__file__).parent)
# Outside the project, what belongs to the machine is not the author's: Python and its packages
# (whose versions count), fonts, what programs keep for themselves.
SYSTEM = (
    *(sys.prefix, sys.base_prefix, OURS, "/usr", "/etc", "/proc", "/dev", "/sys", "/System"),
    *(tempfile.gettempdir(), platformdirs.user_cache_dir(), platformdirs.user_config_dir()),
)


@dataclass
class Needs:
    """Digests by path (relative to the project's root if within), None if there was no file.

    `modules` are the top-level names of all that was loaded, but for Python's own.
    """

    files: dict[str, str | None] = field(default_factory=dict)
    modules: list[str] = field(default_factory=list)


class Watch:
    """Notes what the code of the project at `root` needs in this process, from now on.

    Python's audit events tell (PEP 578), so it cannot be stopped. What a program does by way of
    another program it starts is not seen, nor a file that it only asks for and does not open.
    """

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.before = set(sys.modules)
        self.files: dict[str, str | None] = {}
        self.written: set[str] = set()
        self.busy = False
        sys.addaudithook(self._heard)

    def needs(self) -> Needs:
        """All that was noted until now."""
        preloaded: set[str] = getattr(sys.modules.get("answerable.warm"), "BEFORE", set())
        loaded = (set(sys.modules) - self.before) | preloaded
        modules = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
        return Needs(dict(self.files), sorted(modules - {"__main__", "answerable"}))

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in ("open", "os.listdir", "os.scandir", "sqlite3.connect") or self.busy:
            return
        self.busy = True
        try:
            frame = _caller(self.root)
            if frame and (path := _path(arguments[0])):
                self._note(path, event, arguments)
        finally:
            self.busy = False

    def _note(self, path: str, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and arguments[2] & (os.O_WRONLY | os.O_CREAT | os.O_TRUNC):
            self.written.add(path)
        elif event.endswith("dir") and _imports():
            return  # it looks for a module
        elif path not in self.written and not _system(path, self.root):
            name = os.path.relpath(path, self.root) if _within(path, self.root) else path
            self.files.setdefault(name, digest(path))


def digest(path: str | Path) -> str | None:
    """What tells a file, or a folder by the names in it, from any other; None if there is none."""
    try:
        if os.path.isdir(path):
            content = "\0".join(sorted(os.listdir(path))).encode(errors="surrogateescape")
        else:
            content = Path(path).read_bytes()
    except OSError:
        return None
    return hashlib.sha256(content).hexdigest()


def unchanged(root: Path, files: dict[str, str | None]) -> bool:
    """Whether all these are as they were."""
    return all(digest(root / name) == before for name, before in files.items())


def _path(given: Any) -> str | None:
    """The file that was meant; of compiled code, its source."""
    try:
        path = os.path.abspath(os.fsdecode(given if given is not None else "."))
        return importlib.util.source_from_cache(path) if path.endswith(".pyc") else path
    except (TypeError, ValueError):  # it is open already, and known by a number
        return None


def _caller(root: str) -> FrameType | None:
    """The innermost code of the project that is running; none if an engine or a library acts."""
    frame: FrameType | None = sys._getframe(2)
    while frame:
        name = frame.f_code.co_filename
        if name[:1] != "<" and (not os.path.isabs(name) or not _system(name, root)):
            return frame
        frame = frame.f_back
    return None


def _imports() -> bool:
    """Whether Python is looking for a module."""
    frame: FrameType | None = sys._getframe(4)
    return bool(frame and frame.f_code.co_filename.startswith("<frozen importlib"))


def _system(path: str, root: str) -> bool:
    """Whether the path is none of the author's."""
    inside = _within(path, root)
    return any(_within(path, place) for place in SYSTEM if not inside or _within(place, root))


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
