"""Times cold, warm and one-edit builds of the same 24 programs, by this engine and by its peers.

    python benchmarks/build.py [--rounds N] [--only NAME ...]

Each program has four cells, 0.2 s of numpy work and one figure. Every tool runs the same programs
in an environment of its own (made on first use, in the user's cache folder), by turns, in one run;
printed are medians over the rounds and ratios to this engine. Two yardsticks stand beside the
peers: plain Material, which executes nothing, and the fork floor, one process that imports numpy
and matplotlib and forks a child for each program, on all cores.

"one edit" changes one program's code; "warm" changes nothing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import textwrap
import time
import venv
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "answerable-benchmarks"
COUNT = 24
SECONDS = 0.2


def calibrate() -> int:
    """How many draws of 10,000 normals take `SECONDS` here, on one core (median of 9 tries)."""
    rng, draws, taken = np.random.default_rng(0), 1000, []
    for _ in range(9):
        started = time.process_time()
        sum(rng.normal(size=10_000).sum() for _ in range(draws))
        taken.append(time.process_time() - started)
    return round(draws * SECONDS / statistics.median(taken))


def cells(number: int, draws: int, edit: int = 0) -> dict[str, str]:
    """The four cells of a program; `edit` changes its code, and nothing else."""
    return {
        "setup": "import matplotlib.pyplot as plt\nimport numpy as np\n\n"
        f"rng = np.random.default_rng({number})\nEDIT = {edit}",
        "work": "def total(draws):\n"
        "    return sum(rng.normal(size=10_000).sum() for _ in range(draws))\n\n"
        f"sums = [total({draws // 4}) for _ in range(4)]",
        "summary": "print(len(sums), 'sums of about', round(float(np.std(sums)), 1))",
        "figure": "fig, ax = plt.subplots()\nax.plot(sums)\nax.set_xlabel('sum')\n"
        "ax.set_ylabel('value')\nplt.show()",
    }


def fresh(folder: Path) -> Path:
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def write(path: Path, text: str) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text).lstrip(), "utf-8")


MKDOCS = "site_name: Benchmark\ntheme: {name: material, font: false}\n"


class Failed(Exception):
    """A build ended badly."""


class Tool:
    """One way to build the site: `packages` for its environment, `command` to build with."""

    name = ""
    packages: tuple[str, ...] = ()
    command: tuple[str, ...] = ("-m", "mkdocs", "build", "--quiet")
    edits = True

    def __init__(self, draws: int) -> None:
        self.draws = draws
        self.folder = HOME / "sites" / self.name.replace(" ", "-")

    def create(self) -> None:
        """Write the whole site's sources."""
        fresh(self.folder)
        self.common()
        for number in range(COUNT):
            self.question(number, 0)

    def common(self) -> None:
        """Write what is not of one question."""
        raise NotImplementedError

    def question(self, number: int, edit: int) -> None:
        """Write one question's sources."""
        raise NotImplementedError

    def built(self) -> Path:
        """A file that a right build has made."""
        return self.folder / "site" / "question_00" / "index.html"

    def python(self) -> str:
        """The interpreter of the tool's own environment, made if need be."""
        home = HOME / "environments" / self.name.replace(" ", "-")
        python, done = home / "bin" / "python", home / "packages.txt"
        wanted = "\n".join(self.packages)
        if not done.is_file() or done.read_text() != wanted:
            print(f"installing {' '.join(self.packages)}", file=sys.stderr)
            venv.create(home, clear=True, with_pip=True)
            install = [python, "-m", "pip", "install", "--quiet", *self.packages]
            subprocess.run(install, check=True, stderr=subprocess.DEVNULL)
            done.write_text(wanted)
        return str(python)

    def build(self) -> float:
        """Build the site; returns the seconds it took."""
        environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
        started = time.perf_counter()
        done = subprocess.run(
            [self.python(), *self.command],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        seconds = time.perf_counter() - started
        if done.returncode or not self.built().is_file():
            raise Failed(f"{self.name} did not build:\n{done.stdout}\n{done.stderr}")
        return seconds


class Ours(Tool):
    """This engine: programs isolated and cached, three claims a page checked, a notebook each."""

    name = "answerable"
    packages = ("-e", str(ROOT))

    def common(self) -> None:
        write(
            self.folder / "mkdocs.yml", MKDOCS + "plugins: [search, answerable, mkdocs-jupyter]\n"
        )
        write(self.folder / "docs/index.md", "# Home\n\n<!-- questions -->\n")

    def question(self, number: int, edit: int) -> None:
        stem = f"question_{number:02d}"
        program = cells(number, self.draws, edit)
        text = "".join(f"# %% {name}\n{code}\n\n" for name, code in program.items())
        write(self.folder / f"snippets/{stem}.py", f'"""Question {number}."""\n\n{text}')
        page = f"---\ntitle: Question {number}\ndescription: An answer.\nasked_as: []\n"
        page += "topic: Benchmark\ntags: []\ndate: 2026-01-01\nsources: []\n---\n\nSome text.\n"
        for name in program:
            alt = "alt: A line of four points.\n" if name == "figure" else ""
            page += f"\n```cell\n{name}\n{alt}```\n"
        page += "\n[Four](claim:four), [all differ](claim:differ), [all finite](claim:finite)\n"
        write(self.folder / f"docs/questions/{stem}.md", page)
        tests = (
            f"import {stem} as snippet\n\n\ndef test_four():\n    assert len(snippet.sums) == 4\n"
        )
        tests += "\n\ndef test_differ():\n    assert len(set(snippet.sums)) == 4\n"
        tests += "\n\ndef test_finite():\n    assert all(abs(s) < 1e9 for s in snippet.sums)\n"
        write(self.folder / f"tests/test_{stem}.py", tests)

    def built(self) -> Path:
        return self.folder / "site" / "questions" / "question_00" / "index.html"


class Material(Tool):
    """Plain Material on the same pages, executing nothing."""

    name = "plain Material"
    packages = ("mkdocs==1.6.1", "mkdocs-material==9.8.1")

    def common(self) -> None:
        write(self.folder / "mkdocs.yml", MKDOCS)
        write(self.folder / "docs/index.md", "# Home\n")

    def page(self, number: int, edit: int, fence: str) -> str:
        """The program as fenced blocks of a Markdown page."""
        program = cells(number, self.draws, edit)
        blocks = "".join(f"\n```{fence}\n{code}\n```\n" for code in program.values())
        return f"# Question {number}\n\nSome text.\n{blocks}"

    def question(self, number: int, edit: int) -> None:
        write(self.folder / f"docs/question_{number:02d}.md", self.page(number, edit, "python"))


class ForkFloor(Tool):
    """One warm process that forks a child a program, all cores; no site."""

    name = "fork floor"
    packages = ("numpy>=2.4,<2.5", "matplotlib>=3.10")
    command = ("floor.py",)

    def common(self) -> None:
        script = """
            import io, os, pathlib
            import matplotlib
            matplotlib.use("svg")
            import matplotlib.pyplot as plt
            import numpy
            plt.show = lambda: plt.gcf().savefig(io.BytesIO())
            waiting = sorted(pathlib.Path("programs").glob("*.py"))
            cores, running = os.cpu_count(), 0
            for path in waiting:
                if running == cores:
                    assert os.wait()[1] == 0
                    running -= 1
                if os.fork() == 0:
                    with open(os.devnull, "w") as nothing:
                        os.dup2(nothing.fileno(), 1)
                    exec(compile(path.read_text(), path, "exec"), {})
                    os._exit(0)
                running += 1
            while running:
                assert os.wait()[1] == 0
                running -= 1
            """
        write(self.folder / "floor.py", script)

    def question(self, number: int, edit: int) -> None:
        code = "\n\n".join(cells(number, self.draws, edit).values())
        write(self.folder / f"programs/question_{number:02d}.py", code)

    def built(self) -> Path:
        return self.folder / "floor.py"


class Jupyter(Tool):
    """mkdocs-jupyter, executing."""

    name = "mkdocs-jupyter"
    packages = (*Material.packages, "mkdocs-jupyter==0.26.3", *ForkFloor.packages)

    def common(self) -> None:
        plugin = "plugins: [search, mkdocs-jupyter: {execute: true, allow_errors: false}]\n"
        write(self.folder / "mkdocs.yml", MKDOCS + plugin)
        write(self.folder / "docs/index.md", "# Home\n")

    def question(self, number: int, edit: int) -> None:
        program = cells(number, self.draws, edit)
        text = "".join(f"# %%\n{code}\n\n" for code in program.values())
        head = f"# %% [markdown]\n# # Question {number}\n#\n# Some text.\n\n"
        write(self.folder / f"docs/question_{number:02d}.py", head + text)


class MarkdownExec(Material):
    """markdown-exec: every block in the build's own process."""

    name = "markdown-exec"
    packages = (*Material.packages, "markdown-exec[ansi]==1.12.6", *ForkFloor.packages)

    def common(self) -> None:
        extra = "plugins: [search, markdown-exec]\nmarkdown_extensions: [pymdownx.superfences]\n"
        write(self.folder / "mkdocs.yml", MKDOCS + extra)
        write(self.folder / "docs/index.md", "# Home\n")

    def question(self, number: int, edit: int) -> None:
        fence = f'python exec="on" source="above" session="q{number}"'
        page = self.page(number, edit, fence)
        picture = (
            "import io\nimport matplotlib\nmatplotlib.use('svg')\nbuffer = io.StringIO()\n"
            "fig.savefig(buffer, format='svg')\nsvg = buffer.getvalue()\n"
            "print('<div>' + svg[svg.index('<svg'):] + '</div>')"
        )
        write(self.folder / f"docs/question_{number:02d}.md", page.replace("plt.show()", picture))


class MystNb(Tool):
    """MyST-NB with its cache of executed notebooks."""

    name = "MyST-NB"
    packages = ("myst-nb==1.4.0", "sphinx>=8,<9", *ForkFloor.packages)
    command = ("-m", "sphinx", "-q", "-j", "auto", "-b", "html", ".", "site")

    def common(self) -> None:
        settings = "extensions = ['myst_nb']\nnb_execution_mode = 'cache'\n"
        settings += "nb_execution_raise_on_error = True\nproject = 'Benchmark'\n"
        write(self.folder / "conf.py", settings)
        (self.folder / ".jupyter_cache").mkdir()  # or its parallel readers all try to make it
        names = "\n".join(f"question_{number:02d}" for number in range(COUNT))
        write(self.folder / "index.md", f"# Home\n\n```{{toctree}}\n{names}\n```\n")

    def question(self, number: int, edit: int) -> None:
        head = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n\n"
        program = cells(number, self.draws, edit)
        blocks = "".join(f"\n```{{code-cell}}\n{code}\n```\n" for code in program.values())
        text = f"{head}# Question {number}\n\nSome text.\n{blocks}"
        write(self.folder / f"question_{number:02d}.md", text)

    def built(self) -> Path:
        return self.folder / "site" / "question_00.html"


class SphinxGallery(MystNb):
    """sphinx-gallery, on all cores."""

    name = "sphinx-gallery"
    packages = ("sphinx-gallery==0.22.1", "sphinx>=8,<9", "pillow", "joblib", *ForkFloor.packages)

    def common(self) -> None:
        settings = "extensions = ['sphinx_gallery.gen_gallery']\nproject = 'Benchmark'\n"
        settings += "sphinx_gallery_conf = {'examples_dirs': 'programs', 'gallery_dirs': 'gallery',"
        settings += " 'filename_pattern': '.', 'abort_on_example_error': True,"
        settings += f" 'parallel': {os.cpu_count()}, 'show_memory': False}}\n"
        write(self.folder / "conf.py", settings)
        write(self.folder / "index.rst", "Home\n====\n\n.. toctree::\n\n   gallery/index\n")
        write(self.folder / "programs/README.rst", "Questions\n=========\n")

    def question(self, number: int, edit: int) -> None:
        program = cells(number, self.draws, edit)
        text = "".join(f"# %%\n# Next\n{code}\n\n" for code in program.values())
        head = f'"""\nQuestion {number}\n===========\n\nSome text.\n"""\n'
        write(self.folder / f"programs/question_{number:02d}.py", head + text)

    def built(self) -> Path:
        return self.folder / "site" / "gallery" / "question_00.html"


TOOLS = (Ours, ForkFloor, Material, Jupyter, MarkdownExec, MystNb, SphinxGallery)
KINDS = ("cold", "warm", "one edit")


def measure(tool: Tool, edit: int, tries: int = 3) -> dict[str, float]:
    """One round: cold, warm, one edit. MyST-NB's kernels, if parallel, at times take one port."""
    try:
        return _measure(tool, edit)
    except Failed as failure:
        if tries == 1:
            raise
        print(f"once more: {str(failure)[:200]}", file=sys.stderr)
        return measure(tool, edit, tries - 1)


def _measure(tool: Tool, edit: int) -> dict[str, float]:
    tool.create()
    seconds = {"cold": tool.build(), "warm": tool.build()}
    tool.question(3, edit)
    return {**seconds, "one edit": tool.build()}


def main() -> None:
    """Measure by turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[t.name for t in TOOLS])
    chosen = parser.parse_args()
    draws = calibrate()
    tools = [make(draws) for make in TOOLS if not chosen.only or make.name in chosen.only]
    for tool in tools:
        tool.python()
    seconds: dict[str, dict[str, list[float]]] = {
        tool.name: {kind: [] for kind in KINDS} for tool in tools
    }
    for number in range(1, chosen.rounds + 1):
        for tool in tools:
            for kind, taken in measure(tool, number).items():
                seconds[tool.name][kind].append(taken)
            print(f"round {number}: {tool.name}", file=sys.stderr)
    report(seconds)


def report(seconds: dict[str, dict[str, list[float]]]) -> None:
    """Print medians with the smallest and largest, and ratios to this engine."""

    def median(name: str, kind: str) -> float:
        return statistics.median(seconds[name][kind])

    print(f"{COUNT} programs on {os.cpu_count()} cores; seconds: median (least to most) [× ours]\n")
    print("| |" + "|".join(KINDS) + "|\n|---|" + "---|" * len(KINDS))
    for name, kinds in seconds.items():
        row = []
        for kind, taken in kinds.items():
            ratio = (
                f" [{median(name, kind) / median(Ours.name, kind):.2f}]"
                if Ours.name in seconds
                else ""
            )
            row.append(f"{median(name, kind):.2f} ({min(taken):.2f} to {max(taken):.2f}){ratio}")
        print(f"| {name} |" + "|".join(row) + "|")
    if {Ours.name, ForkFloor.name, Material.name} <= set(seconds):
        floor = median(ForkFloor.name, "cold") + median(Material.name, "cold")
        ratio = median(Ours.name, "cold") / floor
        print(f"\nours, cold, over fork floor plus plain Material ({floor:.2f} s): {ratio:.2f}")


if __name__ == "__main__":
    main()
