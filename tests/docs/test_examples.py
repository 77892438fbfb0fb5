"""Every example of README.md and of the pages for users is run, from top to bottom, in a copy of the sample project.

A ```console block holds commands after `$ ` and what they print, stdout and stderr as on a terminal; `…` in a line
stands for anything, alone on a line for any number of lines; times are not compared. A port that an example serves on
(`--port N`) is another one here, which is free. A block with a path behind its language is that file. A ```sh block
sets a machine up: its make targets must exist. A block without a language is a picture in text.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "README.md",
    "docs/guide.md",
    "docs/two-way.md",
    "docs/conflicts.md",
    "docs/validate.md",
    "docs/packs.md",
    "docs/templates.md",
    "docs/caches.md",
    "docs/trust.md",
    "docs/mcp.md",
    "docs/serve.md",
    "docs/streaming.md",
)
FENCE = re.compile(r"^```(?P<language>\w*) ?(?P<path>\S*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
TIME = re.compile(r"\b[0-9.]+ (?:ms|s)\b")
PORT = re.compile(r"--port (\d{4,5})\b")
SETUP_PROGRAMS = {"make", "pip"}


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, the path behind it, its text and its first line in the page."""

    language: str
    path: str
    text: str
    line: int


def blocks(page: str) -> list[Block]:
    return blocks_of((ROOT / page).read_text(encoding="utf-8"))


def blocks_of(text: str) -> list[Block]:
    return [
        Block(found["language"], found["path"], found["text"], text.count("\n", 0, found.start()) + 2)
        for found in FENCE.finditer(text)
    ]


def on_free_ports(text: str) -> str:
    """A page whose servers listen where nobody else does: each of its ports is another one, everywhere in the page."""
    for port in set(PORT.findall(text)):
        with socket.create_server(("127.0.0.1", 0)) as found:
            text = re.sub(rf"(?<=--port ){port}\b|(?<=127\.0\.0\.1:){port}\b", str(found.getsockname()[1]), text)
    return text


def steps(block: Block) -> list[tuple[str, str]]:
    """(command, what it prints) of a console block."""
    found = re.split(r"^\$ (.*)\n", block.text, flags=re.MULTILINE)
    assert not found[0], f"line {block.line}: a console block begins with a command"
    return list(zip(found[1::2], found[2::2], strict=True))


def pattern(expected: str) -> str:
    """The regular expression that an example's output stands for."""
    lines = []
    for line in expected.splitlines():
        if line.strip() == "…":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(".*".join(re.escape(part) for part in TIME.sub("T", line.rstrip()).split("…")) + r"\n")
    return "".join(lines)


def fits(expected: str, printed: str) -> bool:
    plain = "".join(f"{TIME.sub('T', line.rstrip())}\n" for line in printed.splitlines())
    return re.fullmatch(pattern(expected), plain) is not None


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the sample."""
    return Path(shutil.copytree(ROOT / "docs/sample", tmp_path / "parcel"))


def shell(command: str, folder: Path) -> str:
    """What a command prints on stdout and stderr, in the order in which it says it."""
    dropped = ("PYTHONPATH", "SSH_AUTH_SOCK", "DRIVEN_SIGNING_KEY", "NO_COLOR", "FORCE_COLOR", "DRIVEN_DISABLE_PLUGINS")
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    environment |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"}
    environment["XDG_CONFIG_HOME"] = str(folder.parent / "config")  # a person without keys
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout.decode()


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_do_what_the_page_says(page: str, project: Path) -> None:
    ran = 0
    for block in blocks_of(on_free_ports((ROOT / page).read_text(encoding="utf-8"))):
        if block.path:
            file = project / block.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8", newline="")
        elif block.language == "console":
            for command, expected in steps(block):
                printed = shell(command, project)
                place = f"{page}, block at line {block.line}: $ {command}"
                assert fits(expected, printed), f"{place}\n--- the page says\n{expected}--- it printed\n{printed}"
                ran += 1
    assert ran >= 4, "the page has lost its examples"


def test_the_sample_keeps_its_own_rules(project: Path) -> None:
    """Its rules say how to run its tests; they pass."""
    command = "python -m unittest discover tests"
    assert command in (project / ".cursor/rules/parcel.mdc").read_text(encoding="utf-8")
    assert shell(command, project).endswith("\nOK\n")


@pytest.mark.parametrize("page", PAGES)
def test_there_is_no_other_kind_of_example(page: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for block in blocks(page):
        assert block.path or block.language in ("console", "sh", ""), f"{page}:{block.line}: nothing runs this block"
        for line in block.text.splitlines() if block.language == "sh" else ():
            program, *words = line.partition("#")[0].split()
            assert program in SETUP_PROGRAMS, f"{page}:{block.line}: nothing runs `{line}`"
            if program == "make":
                assert re.search(rf"^{re.escape(words[0])}:", makefile, re.MULTILINE), f"there is no `make {words[0]}`"


@pytest.mark.parametrize("page", PAGES)
def test_the_fences_are_all_read(page: str) -> None:
    """A fence that the runner cannot read would be an example that nobody runs."""
    text = (ROOT / page).read_text(encoding="utf-8")
    assert len(re.findall(r"^\s*(?:```|~~~)", text, re.MULTILINE)) == 2 * len(blocks(page))


@pytest.mark.parametrize("page", [*PAGES, "docs/editors.md"])
def test_links_lead_somewhere(page: str) -> None:
    text = FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not link.startswith("http")]
    missing = []
    for link in links:
        path, _, anchor = link.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        if not file.exists():
            missing.append(link)
        elif anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            if anchor not in [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]:
                missing.append(link)
    assert missing == []


@pytest.mark.parametrize(
    ("expected", "printed", "whether"),
    [
        ("a\n", "a\n", True),
        ("a\n", "a\nb\n", False),
        ("a\n…\n", "a\nb\nc\n", True),
        ("…\nb\n", "a\nb\nc\n", False),
        ("a … c\n", "a b c\n", True),
        ("done (0.1 s)\n", "done (12 ms)\n", True),
        ("2 files\n", "3 files\n", False),
        ("", "a warning\n", False),
    ],
)
def test_the_runner_can_tell(expected: str, printed: str, whether: bool) -> None:
    assert fits(expected, printed) is whether


def test_each_port_is_another_one_and_the_same_in_all_of_a_page() -> None:
    page = "$ driven serve --port 7450 &\n$ curl http://127.0.0.1:7450/packs 74501\nserving http://127.0.0.1:7450  x\n"
    made = on_free_ports(page)
    (port,) = set(re.findall(r"127\.0\.0\.1:(\d+)", made))
    assert port != "7450" and made == page.replace("7450", port).replace(f"{port}1\n", "74501\n")
    assert on_free_ports("http://127.0.0.1:7450") == "http://127.0.0.1:7450"
