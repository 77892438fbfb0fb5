"""The page of VS Code and the extension's package.json say the same of its commands."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "editors" / "vscode.md"


def test_the_table_names_every_command() -> None:
    package = json.loads((ROOT / "editors" / "vscode" / "package.json").read_text(encoding="utf-8"))
    commands = package["contributes"]["commands"]
    text = PAGE.read_text(encoding="utf-8")
    part = text[text.index("\n## Commands\n") :].partition("\n## Settings\n")[0]
    said = re.findall(r"^\| (.*?) \| `(\w+)` \| (.+) \|$", part, re.MULTILINE)
    assert {(title, f"driven.client.{name}") for title, name, _ in said} == {
        (one["title"], one["command"]) for one in commands
    }
    assert len(said) == len(commands)


def test_it_says_which_are_not_in_the_palette() -> None:
    package = json.loads((ROOT / "editors" / "vscode" / "package.json").read_text(encoding="utf-8"))
    hidden = {one["command"] for one in package["contributes"]["menus"]["commandPalette"] if one["when"] == "false"}
    assert hidden == {"driven.client.refresh"}
    assert "but for *Refresh*" in PAGE.read_text(encoding="utf-8")
