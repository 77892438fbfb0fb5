"""`python docs/pictures.py`: the pictures of README and guide, drawn from what the program prints on a terminal.

    python docs/pictures.py [FOLDER]

Each scene prepares a copy of docs/sample, runs real commands on a pseudo-terminal, and writes the screen as
docs/pictures/NAME.svg (or FOLDER/NAME.svg). A test runs the scenes again and compares the text.
"""

from __future__ import annotations

import io
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path

from rich.console import Console
from rich.text import Text

SAMPLE = Path(__file__).resolve().parent / "sample"
PICTURES = Path(__file__).resolve().parent / "pictures"
COLUMNS, ROWS = 100, 50
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
# What hides the cursor, draws and then erases itself is a progress bar.
PROGRESS = re.compile(r"\x1b\[\?25l.*?\x1b\[\?25h\r?(?:\x1b\[1A)?\x1b\[2K", re.DOTALL)


def on_terminal(words: list[str], folder: Path) -> str:
    """What a command prints on a terminal of COLUMNS × ROWS, escape codes and all."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    dropped = ("PYTHONPATH", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "DRIVEN_DISABLE_PLUGINS")
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment |= {"PATH": path, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONUTF8": "1"}
    with subprocess.Popen(words, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        chunks = []
        try:
            while chunk := os.read(ours, 65_536):
                chunks.append(chunk)
        except OSError:  # Linux: EIO once the other side is closed
            pass
        finally:
            os.close(ours)
    return PROGRESS.sub("", b"".join(chunks).decode().replace("\r\n", "\n"))


class Stage:
    """A copy of the sample to work in, and the screen of what was run there."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "parcel"
        self.screen = Text()
        shutil.copytree(SAMPLE, self.root)
        self.quietly("driven init --yes")
        config = self.root / ".driven/config.toml"
        config.write_text(config.read_text(encoding="utf-8").replace("= false", "= true"), encoding="utf-8")
        self.quietly("driven sync")

    def quietly(self, command: str) -> str:
        """What a command prints."""
        return on_terminal(["sh", "-c", command], self.root)

    def run(self, command: str) -> None:
        """Run a command on screen. The folder reads `~/parcel`, wherever it really stands."""
        printed = self.quietly(command).replace(os.fspath(self.root), "~/parcel")
        self.screen.append("$ ", "bright_black").append(command + "\n", "bold")
        if printed:
            self.screen.append_text(Text.from_ansi(printed.rstrip("\n"))).append("\n\n")


def session(stage: Stage) -> None:
    stage.run("echo '- Log an error once, where it is handled.' >> .driven/rules/errors.md")
    stage.run("driven sync")
    stage.run("driven explain web/TrackingPage.tsx --editor copilot")


def conflict(stage: Stage) -> None:
    stage.run("sed -i 's/one per file/one in each file/' .driven/rules/migrations.md")
    stage.run("sed -i 's/one per file/two per file/' .windsurf/rules/migrations.md")
    stage.run("driven sync")
    stage.run("driven sync --adopt")


def two_way(stage: Stage) -> None:
    stage.run("sed -i 's/and answers. Nothing else./and answers./' .windsurf/rules/api-handlers.md")
    stage.run("driven sync")
    stage.run("grep -rh 'and answers.$' .driven/rules .cursor/rules .claude/rules")


def status(stage: Stage) -> None:
    stage.run("driven status")


SCENES: dict[str, Callable[[Stage], None]] = {scene.__name__: scene for scene in (session, two_way, conflict, status)}


def play(name: str) -> Text:
    """The screen at the end of a scene."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder).resolve())
        SCENES[name](stage)
        stage.screen.rstrip()
        return stage.screen


def draw(screen: Text) -> str:
    """A screen as SVG, without fonts from elsewhere."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), color_system="truecolor", force_terminal=True)
    console.print(screen)
    svg = console.export_svg(title="parcel", unique_id="driven")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return re.sub(r"font-family: (?:Fira Code|arial)[^;]*;", f"font-family: {FONTS};", svg)


def main(argv: list[str]) -> int:
    """Draw every scene."""
    folder = Path(argv[0]) if argv else PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    for name in SCENES:
        (folder / f"{name}.svg").write_text(draw(play(name)), encoding="utf-8", newline="")
        print(folder / f"{name}.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
