"""A small project to try the engine on: one question, as `answerable new` writes it."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from mkdocs.__main__ import cli

from answerable.cli import new

# In the background of a shell it is ignored, and what tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

MKDOCS = """\
site_name: Small
theme: {name: mkdocs}
nav: [index.md, questions/]
plugins: [answerable: {time_limit: 20, browser: false}]
markdown_extensions: [pymdownx.details]
"""
PYTEST = '[tool.pytest.ini_options]\npythonpath = ["snippets"]\n'


@dataclass
class Project:
    """A project in a folder of its own; its one question is `dice`."""

    root: Path

    page = "docs/questions/dice.md"
    snippet = "snippets/dice.py"
    test = "tests/test_dice.py"

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace text that stands in the file just once."""
        text = (self.root / path).read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        (self.root / path).write_text(text.replace(old, new), "utf-8")

    def build(self, *options: str) -> tuple[int, str]:
        """`mkdocs build`: its exit status, and all it printed."""
        arguments = ["build", "--config-file", str(self.root / "mkdocs.yml"), *options]
        result = CliRunner().invoke(cli, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result.exit_code, result.output

    def built(self) -> dict[str, bytes]:
        """Every file of the built site, but for the theme's note of the time."""
        site = self.root / "site"
        return {
            str(path.relative_to(site)): re.sub(rb"Build Date UTC.*", b"", path.read_bytes())
            for path in site.rglob("*")
            if path.is_file() and path.name != "sitemap.xml.gz"
        }


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A fresh project; nothing is built yet."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Home\n\n<!-- questions -->\n")
    (tmp_path / "mkdocs.yml").write_text(MKDOCS)
    (tmp_path / "pyproject.toml").write_text(PYTEST)
    new(tmp_path, "dice", "How fast do averages settle?")
    return Project(tmp_path)
