"""The pictures show what the program prints today."""

from __future__ import annotations

import html
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TIME = re.compile(r"\b[0-9.]+ (?:ms|s)\b")
STAMP = re.compile(r"\b\d{8}T\d{6}-\d+\b")
NAMES = sorted(path.stem for path in (ROOT / "docs/pictures").glob("*.svg"))

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal")


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs/pictures.py"))


def text_of(svg: str) -> str:
    """The text of a picture: the pieces of each line in the order of their `x`."""
    pieces = re.findall(r'<text [^>]*x="([\d.]+)"[^>]*url\(#driven-line-(\d+)\)"[^>]*>([^<]*)</text>', svg)
    ordered = sorted((int(line), float(x), html.unescape(piece).replace("\xa0", " ")) for x, line, piece in pieces)
    return plain("".join(piece for _, _, piece in ordered))


def plain(text: str) -> str:
    """Without blanks, which are layout, and what differs from run to run."""
    return re.sub(r"\s", "", STAMP.sub("S", TIME.sub("T", text)))


def test_a_bar_that_a_busy_machine_shows_is_not_drawn(script: dict[str, Any], tmp_path: Path) -> None:
    shows = """
from rich.console import Console
from rich.progress import Progress
bar = Progress(console=Console(stderr=True), transient=True)
bar.start()
bar.update(bar.add_task("reading", total=4), completed=3)
bar.stop()
print("done")
"""
    assert script["on_terminal"]([sys.executable, "-c", shows], tmp_path) == "done\n"


def test_every_scene_is_drawn(script: dict[str, Any]) -> None:
    assert sorted(script["SCENES"]) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_is_current(name: str, script: dict[str, Any]) -> None:
    screen = script["play"](name)
    drawn = text_of((ROOT / f"docs/pictures/{name}.svg").read_text(encoding="utf-8"))
    assert len(drawn) > 100
    assert drawn == plain(screen.plain), "python docs/pictures.py draws it anew"


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_needs_nothing_from_elsewhere(name: str) -> None:
    svg = (ROOT / f"docs/pictures/{name}.svg").read_text(encoding="utf-8")
    assert re.findall(r"url\((?!#)[^)]*\)|href=|<script|@import|@font-face", svg) == []
    assert "/tmp" not in svg and str(Path.home()) not in svg


def test_a_terminal_is_what_the_program_sees(script: dict[str, Any], tmp_path: Path) -> None:
    code = "import os, sys; print(sys.stdout.isatty(), os.get_terminal_size().columns)"
    assert script["on_terminal"]([sys.executable, "-c", code], tmp_path) == f"True {script['COLUMNS']}\n"
