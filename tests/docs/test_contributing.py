"""CONTRIBUTING.md says what the house is: its layers, its files, its commands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_arrows_are_those_of_the_contract() -> None:
    found = re.search(r"Arrows go down: `([^`]+)`", TEXT)
    assert found is not None
    said = [re.split(r"\s*\|\s*", layer.strip()) for layer in found[1].split("→")]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(one["layers"] for one in contracts if one["name"] == "Arrows go down")
    assert said == [layer.split(" | ") for layer in layers if layer != "__main__"]


def test_the_files_are_there() -> None:
    emitters = ROOT / "plugins/driven_emitters"
    named = re.findall(r"`(\w+\.py)`", TEXT.partition("## How to add an editor")[2].partition("\n2. ")[0])
    assert len(named) >= 8 and [name for name in named if not (emitters / name).is_file()] == []


def test_the_targets_of_make_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|\$ |=all )make ([a-z0-9]+)", TEXT))
    assert {"test", "check", "soak", "bench"} <= named
    assert [name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []
