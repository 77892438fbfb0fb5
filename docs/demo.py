"""`make demo`: the sample project's Cursor rules become one source and then the files of seven editors, step by step.

    python docs/demo.py [FOLDER]

Works on a copy of docs/sample, in FOLDER or a new temporary folder, and leaves it there to be tried. Every step runs
the installed command line and checks what it did; the first that misbehaves ends the demo with exit code 1.
"""

from __future__ import annotations

import difflib
import filecmp
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

SAMPLE = Path(__file__).resolve().parent / "sample"
BIN = Path(sys.executable).parent
EDITORS = ("agents", "aider", "claude", "cline", "copilot", "cursor", "windsurf")
LINES_SHOWN = 10  # of each file that stands side by side
NARROWEST, PLAIN_WIDTH = 60, 100  # columns: below which nothing is laid out, and where there is no terminal


class Misbehaved(Exception):
    """A step did not do what the demo says it does."""


class Demo:
    """A project to walk through, and the terminal that it is shown on."""

    def __init__(self, root: Path) -> None:
        self.root = root
        width = max(NARROWEST, shutil.get_terminal_size().columns) if sys.stdout.isatty() else PLAIN_WIDTH
        self.console = Console(width=width, highlight=False, soft_wrap=False)
        self.steps = 0
        path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
        # Unbuffered: what a command says on stdout and on stderr keeps its order, in a pipe as well.
        self.environment = {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"}
        self.environment.pop("PYTHONPATH", None)

    def step(self, title: str, why: str) -> None:
        """Head the next step: one line that says what happens and why."""
        self.steps += 1
        self.console.print()
        self.console.rule(Text(f"{self.steps}  {title}", "bold"), align="left", style="dim")
        self.console.print(Text(why, "italic"))
        self.console.print()

    def run(self, words: str, *, expect: int = 0, show: bool = True) -> None:
        """Run a `driven` command in the project as a person would, output and all. It must end with code `expect`."""
        if show:
            self.console.print(Text.assemble(("$ ", "dim"), (words, "bold cyan")))
        sys.stdout.flush()
        done = subprocess.run(
            words.split(), cwd=self.root, env=self.environment, check=False, timeout=60,
            stdout=None if show else subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        if show and expect:
            self.console.print(Text(f"exit code {done.returncode}", "dim"))
        if done.returncode != expect:
            said = "" if show else "\n" + done.stdout.decode(errors="replace")
            raise Misbehaved(f"`{words}` ended with {done.returncode}, not {expect}{said}")

    def edit(self, path: str, old: str, new: str, *, show: str = "-+") -> None:
        """Change a file by hand, and show what changes: the lines that go, those that come, or both."""
        before = self.text(path)
        if old not in before:
            raise Misbehaved(f"{path} does not hold {old!r}")
        after = before.replace(old, new)
        (self.root / path).write_text(after, encoding="utf-8", newline="")
        self.console.print(Text.assemble(("edit ", "dim"), (path, "bold")))
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""):
            if line[0] in show and not line.startswith(("---", "+++")):
                self.console.print(Text(f"  {line[0]} {line[1:]}", "red" if line[0] == "-" else "green"))
        self.console.print()

    def text(self, path: str) -> str:
        """What stands in a file of the project."""
        file = self.root / path
        if not file.is_file():
            raise Misbehaved(f"{path} is not there")
        return file.read_text(encoding="utf-8")

    def check(self, holds: bool, claim: str) -> None:
        """Say `claim` with a tick, or end the demo."""
        if not holds:
            raise Misbehaved(f"it does not hold that {claim}")
        self.console.print(Text.assemble(("✓ ", "bold green"), claim))


def a_project(demo: Demo) -> None:
    demo.step("A project", "Parcel: an API, a web client, migrations, and eight rules that its team wrote for Cursor.")
    for file in sorted(demo.root.rglob("*")):
        if file.is_file():
            path = file.relative_to(demo.root).as_posix()
            demo.console.print(Text("  " + path, "cyan" if path.startswith(".cursor/") else "dim"))


def one_source(demo: Demo) -> None:
    demo.step("One source", "`init` finds the editors and makes rules of their files; what is odd about them it says.")
    demo.run("driven init --yes")
    rules = list((demo.root / ".driven/rules").rglob("*.md"))
    demo.check(len(rules) == len(list(SAMPLE.rglob("*.mdc"))), "every Cursor rule is a rule of .driven/rules now")


def seven_editors(demo: Demo) -> None:
    demo.step("Seven editors", "Turn the others on in .driven/config.toml, and `sync` writes what each of them reads.")
    demo.edit(".driven/config.toml", "= false", "= true", show="+")
    demo.run("driven sync --quiet")
    demo.console.print(_tree(demo))
    demo.check(
        all(filecmp.cmp(file, demo.root / file.relative_to(SAMPLE), shallow=False) for file in SAMPLE.rglob("*.mdc")),
        "Cursor's own files are byte for byte what they were, oddities and all",
    )


def _tree(demo: Demo) -> Table:
    """Editor, folder, files: from the list that `sync` keeps of what is its own."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(style="default")
    places: dict[tuple[str, str], list[str]] = {}
    for line in demo.text(".driven/outputs.lock").splitlines():
        if line.startswith("#"):
            continue
        path, editor, _ = line.split("\t")
        skill = path.endswith("/SKILL.md")
        folder, _, name = path.removesuffix("/SKILL.md").rpartition("/")
        places.setdefault((editor, f"{folder}/" if folder else "./"), []).append(f"{name}/SKILL.md" if skill else name)
    before = ""
    for (editor, folder), names in sorted(places.items()):
        table.add_row("" if editor == before else editor, folder, "  ".join(names))
        before = editor
    if not {editor for editor, _ in places}.issuperset(EDITORS):
        raise Misbehaved(f"files were written for {sorted({editor for editor, _ in places})}")
    return table


def side_by_side(demo: Demo) -> None:
    demo.step("One rule, three editors", "The same rule in each editor's own words, to the byte that its reader wants.")
    files = (
        ".cursor/rules/migrations.mdc",
        ".github/instructions/migrations.instructions.md",
        ".windsurf/rules/migrations.md",
    )
    width = max(24, demo.console.width // len(files) - 1)
    panels = []
    for path in files:
        text = Text("\n".join(demo.text(path).splitlines()[:LINES_SHOWN]), no_wrap=True, overflow="ellipsis")
        text.highlight_regex(r"(?m)^(globs|applyTo|trigger|description|alwaysApply)(?=:)", "cyan")
        panels.append(Panel(text, title=path.rpartition("/")[0], border_style="dim", width=width))
    demo.console.print(Columns(panels, padding=(0, 1, 0, 0)))


def a_change(demo: Demo) -> None:
    demo.step("A change", "Edit the rule once; `sync` writes the files that it reaches, says which, and no others.")
    demo.edit(
        ".driven/rules/testing.md",
        "- A bug gets a test",
        "- No sleeping: wait for what must happen.\n- A bug gets a test",
    )
    demo.run("driven sync")
    files = [".cursor/rules/testing.mdc", ".claude/rules/testing.md", "AGENTS.md", "CONVENTIONS.md"]
    demo.check(all("No sleeping" in demo.text(file) for file in files), "it stands in every editor's files")
    demo.console.print()
    demo.run("driven sync")


def a_hand_edit(demo: Demo) -> None:
    demo.step("A hand edit", "Somebody edits Windsurf's file: the rule takes it up, and every other editor follows.")
    path = ".windsurf/rules/migrations.md"
    demo.edit(path, "a third forbids NULL", "a week later a third forbids NULL")
    demo.run("driven sync")
    files = [".driven/rules/migrations.md", path, ".cursor/rules/migrations.mdc", "AGENTS.md"]
    demo.check(all("a week later" in demo.text(file) for file in files), "it stands in the rule, and everywhere else")


def a_conflict(demo: Demo) -> None:
    demo.step("A conflict", "The rule and Cursor's file are edited in one place: both are shown, neither is lost.")
    rule, path = ".driven/rules/migrations.md", ".cursor/rules/migrations.mdc"
    demo.edit(rule, "a week later", "a month later")
    demo.edit(path, "a week later", "a day later")
    demo.run("driven sync", expect=4)
    demo.check("a month later" in demo.text(rule) and "a day later" in demo.text(path), "both edits are still there")
    demo.console.print()
    demo.run("driven sync --adopt")
    demo.check("a day later" in demo.text(rule), "now the edited side won")
    demo.run("driven undo")
    demo.check("a month later" in demo.text(rule) and "a day later" in demo.text(path), "and `undo` took it back")
    demo.run("driven sync --force", show=False)


def why(demo: Demo) -> None:
    demo.step("Why?", "Which rules hold for a file, in one editor and in another, and what is lost on the way.")
    for editor in ("cursor", "copilot"):
        demo.run(f"driven explain src/api/shipments.py --editor {editor}")
        demo.console.print()


def a_mistake(demo: Demo) -> None:
    demo.step("A mistake", "A typing error in a rule: told with its place; what the rule wrote before stays as it is.")
    path = ".driven/rules/carriers.md"
    before = demo.text(path)
    demo.edit(path, "apply: model", "apply: modle")
    demo.run("driven sync", expect=2)
    demo.check((demo.root / ".windsurf/rules/carriers.md").is_file(), "no file of the rule is lost")
    (demo.root / path).write_text(before, encoding="utf-8", newline="")
    demo.run("driven sync", show=False)


def all_of_it(demo: Demo) -> None:
    demo.step("All of it", "One screen: the rules, how each editor gets them, what is lost, how near the limits.")
    demo.run("driven status")
    demo.run("driven sync --check --quiet", show=False)


STEPS: tuple[Callable[[Demo], None], ...] = (
    a_project, one_source, seven_editors, side_by_side, a_change, a_hand_edit, a_conflict, why, a_mistake, all_of_it,
)  # fmt: skip


def main(argv: list[str]) -> int:
    """Walk through all steps; 1 when one of them misbehaves."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows no ✓ still sees the demo
    root = Path(argv[0] if argv else tempfile.mkdtemp(prefix="driven-demo-")).resolve() / "parcel"
    shutil.copytree(SAMPLE, root)
    demo = Demo(root)
    try:
        for step in STEPS:
            step(demo)
    except KeyboardInterrupt:
        return 130
    except (Misbehaved, subprocess.TimeoutExpired, OSError) as error:
        demo.console.print(Text(f"\nthe demo stopped: {error}\nthe project is in {root}", "bold red"))
        return 1
    demo.console.print()
    demo.console.rule(Text("Now you", "bold"), align="left", style="dim")
    demo.console.print(Text("The project is yours to try:", "italic"))
    for line in (
        f"cd {root}",
        f'export PATH="{BIN}:$PATH"',
        "driven explain web/TrackingPage.tsx            # every editor",
        "driven status --verbose                        # every loss",
        "driven sync --dry-run                          # after an edit in .driven/rules",
    ):
        demo.console.print(Text("  " + line, "bold cyan"), soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
