"""What the tests of all editors share: where the editors are, the server's command, a project to open."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

TOOLS = Path(os.environ.get("DRIVEN_E2E_TOOLS") or Path.home() / ".cache" / "driven-e2e")
"""Where `install.sh` put what is not a Debian package."""
SHOTS = Path(os.environ.get("DRIVEN_E2E_SHOTS") or Path(__file__).resolve().parents[2] / "wheels" / "shots")
"""Screenshots of the editors, kept to be looked at."""
EDITORS = Path(__file__).resolve().parents[2] / "editors"
PATIENCE = 60.0  # seconds: a machine that others share may be slow

STYLE = """\
---
description: How code is written here
apply: always
---

# Style

- Use four spaces.
- Never use `eval`.
"""
API = """\
---
description: Handlers of the HTTP API
paths: ["src/api/**/*.ts"]
---

# API

Handlers answer JSON. See [the style](style.md).
"""
BROKEN = """\
---
description: Tests
prioritty: 10
---

# Tests

- Every fix comes with a test.
"""
FIRST = [".cursor/rules/tests.mdc", ".claude/rules/tests.md", ".windsurf/rules/tests.md"]
"""What is written of the rule that the pages say to write first, in a project that `driven init` made."""
CONFIG = """\
version = 1

[editors]
agents = true
aider = true
claude = true
cline = true
copilot = true
cursor = true
windsurf = true
"""


def server_command() -> list[str]:
    """The server as an editor starts it: `driven lsp` of the environment that runs the tests."""
    return [str(Path(sys.executable).parent / "driven"), "lsp"]


def make_project(folder: Path, *, sync: bool = True) -> Path:
    """A project with two good rules, `style` and `api`, and one that has a misspelt key (RUL06), `broken`; written to
    seven editors with `sync`."""
    root = folder / "project"
    rules = root / ".driven" / "rules"
    rules.mkdir(parents=True)
    (root / "src" / "api").mkdir(parents=True)
    for name in ("orders", "users"):
        (root / "src" / "api" / f"{name}.ts").write_text("export {}\n", encoding="utf-8")
    (root / ".driven" / "config.toml").write_text(CONFIG, encoding="utf-8")
    (rules / "style.md").write_text(STYLE, encoding="utf-8")
    (rules / "api.md").write_text(API, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    if sync:
        command = [server_command()[0], "--root", str(root), "sync", "--quiet"]
        subprocess.run(command, check=True, timeout=PATIENCE)
    (rules / "broken.md").write_text(BROKEN, encoding="utf-8")
    return root


def init_project(folder: Path) -> Path:
    """A folder of which nothing is known but that somebody typed `driven init` in it."""
    root = folder / "project"
    root.mkdir()
    subprocess.run([server_command()[0], "--root", str(root), "init", "--yes", "--quiet"], check=True, timeout=PATIENCE)
    return root


def emitted(root: Path) -> dict[str, str]:
    """Where rule `style` must be found in each editor's file after a sync: path -> text."""
    folders = {".cursor/rules": "mdc", ".windsurf/rules": "md", ".claude/rules": "md", ".clinerules": "md"}
    paths = ("AGENTS.md", *(f"{folder}/style.{ending}" for folder, ending in folders.items()))
    return {path: (root / path).read_text(encoding="utf-8") if (root / path).exists() else "" for path in paths}


def wait_for(what: str, look: Callable[[], T], seconds: float = PATIENCE) -> T:
    """The first true answer of `look`; AssertionError that names `what` when none comes."""
    end = time.monotonic() + seconds
    while True:
        answer = look()
        if answer:
            return answer
        assert time.monotonic() < end, f"waited {seconds:.0f} s in vain for {what}"
        time.sleep(0.05)
