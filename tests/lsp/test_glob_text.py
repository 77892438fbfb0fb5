"""What a glob matches, by the short ways that the index of files takes, held against a look at every file."""

from __future__ import annotations

import itertools
import random
import subprocess
from pathlib import Path

import pytest

from driven.core.globs import Glob, expand
from driven.model.target import Dialect
from driven_lsp.files import FileIndex
from driven_lsp.glob_text import in_dialect
from driven_lsp.snapshot import Snapshot
from lsp import kit

FOLDERS = ("src", "Src", "api", "a.b", "web", ".x", "p.py", "Äb")
NAMES = ("a.py", "b.PY", "py", ".py", "c.test.ts", "Makefile", "file1.py", "d.d.ts", "é.py", ".env", "[id].ts")
PARTS = ("src", "**", "*", "a*", "api", "{src,web}", "*.py", "[as]*", ".*", "Src", "*.b", "é")
LASTS = (
    "*.py",
    "a*",
    "file*.py",
    "*t.ts",
    "c*s",
    "**",
    "*",
    "*.ts",
    "*.{py,ts}",
    "a.py",
    "*.test.ts",
    "Makefile",
    "*.p",
    "?.py",
    "f*1.py",
    "*.*",
)
FLAGS = ("anywhere", "ignore_case", "dot", "braces")
CHOICES = [dict(zip(FLAGS, chosen, strict=True)) for chosen in itertools.product((False, True), repeat=4)]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    root = tmp_path_factory.mktemp("globs")
    subprocess.run(["git", "init", "-q", str(root)], check=True)  # else names that begin with a dot are left out
    pick = random.Random(5)
    paths = {"/".join([*pick.choices(FOLDERS, k=pick.randint(0, 3)), pick.choice(NAMES)]) for _ in range(400)}
    made: Snapshot = kit.here(root, dict.fromkeys(sorted(paths), ""), ".driven/rules/a.md", "# A▮\n").snapshot
    return made


def patterns() -> list[str]:
    pick = random.Random(7)
    return sorted({"/".join([*pick.choices(PARTS, k=pick.randint(0, 3)), pick.choice(LASTS)]) for _ in range(500)})


def test_a_glob_matches_what_a_look_at_every_file_finds(snapshot: Snapshot) -> None:
    files = snapshot.files.files()
    assert len(files) > 150
    for pattern in patterns():
        globs = [Glob(part) for part in expand(pattern)]
        wanted = tuple(path for path in files if any(glob.match(path) for glob in globs))
        assert snapshot.files.matching(pattern) == wanted, pattern


@pytest.mark.parametrize("flags", CHOICES, ids=lambda flags: "-".join(name for name in FLAGS if flags[name]) or "none")
def test_a_dialect_matches_what_a_look_at_every_file_finds(snapshot: Snapshot, flags: dict[str, bool]) -> None:
    dialect = Dialect(**flags)  # type: ignore[arg-type]
    files = snapshot.files.files()
    for pattern in patterns():
        glob = Glob(pattern, dialect.ignore_case, dialect.dot, dialect.anywhere, dialect.braces)
        assert in_dialect(snapshot, pattern, dialect) == tuple(filter(glob.match, files)), pattern


def test_a_file_called_as_an_ending_has_none(tmp_path: Path) -> None:
    for name in ("py", "a.py"):
        (tmp_path / name).write_text("", encoding="utf-8")
    index = FileIndex(str(tmp_path))
    assert index.matching("**/*.py") == ("a.py",)
    assert [path for path, _ in index.listing().ending(".py")] == ["a.py"]
