"""The house rules that a machine can check."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import driven

ROOT = Path(__file__).resolve().parents[1]
HIDDEN_FROM_TOOLS = {"build", "dist", "generated", "fixtures", "vendor", "out", "target", "third_party"}
LONGEST = 350
# Folders that a checkout has and the repository has not.
LOCAL = re.compile(
    r"(^|/)(\.venv[^/]*|\.git|__pycache__|node_modules|wheels|\.\w+_cache|\.hypothesis|\.cache|[^/]+\.egg-info)(/|$)"
)


def files(*suffixes: str) -> list[Path]:
    """The files of the repository: all that git would keep, were everything added."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        here = os.path.relpath(folder, ROOT)
        folders[:] = [name for name in folders if not LOCAL.search(name if here == "." else f"{here}/{name}")]
        found += [Path(folder, name) for name in names if not suffixes or name.endswith(suffixes)]
    return found


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


SOURCES = [path for path in files(".py") if not name(path).startswith("tests/")]


def docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def test_the_search_finds_the_house() -> None:
    names = {name(path) for path in SOURCES}
    assert {"driven/__init__.py", "driven/core/_rt.py", "hatch_build.py", "plugins/driven_emitters/cursor.py"} <= names
    assert not [found for found in names if "site-packages" in found]


def test_line_one_says_what_the_file_is_for() -> None:
    wrong = []
    for path in files(".py"):
        text = path.read_text(encoding="utf-8")
        if not text.startswith(('"""', "#!")) or not docstring(path):
            wrong.append(name(path))
    assert wrong == []


def test_a_long_file_explains_itself() -> None:
    long = [path for path in SOURCES if path.read_text(encoding="utf-8").count("\n") > LONGEST]
    assert [name(path) for path in long if f"{LONGEST} lines" not in docstring(path)] == []


def test_no_name_that_structure_tools_skip() -> None:
    folders = {part for path in files() for part in Path(name(path)).parts[:-1]}
    assert folders & HIDDEN_FROM_TOOLS == set()
    assert [name(path) for path in files(".py") if path.name == "testing.py" or path.name.endswith("_test.py")] == []


def test_nothing_of_one_machine_is_written_down() -> None:
    """No home folder, no place of a checkout, no mark of unfinished work."""
    homes = r"/(home|Users)/(?!(you|me|user|someone|ada|runner)\b)\w+/|/(?:root|work)/|/tmp/(?!x\b)\w+"
    machine = re.compile(homes + r"|\b(?:TODO|FIXME|XXX)\b")
    found = []
    for path in SOURCES + files(".md", ".toml", ".sh", "Makefile", "run"):
        if name(path).startswith("tests/"):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if machine.search(line):
                found.append(f"{name(path)}:{number}: {line.strip()}")
    assert found == []


def test_public_names_are_all_there_and_documented() -> None:
    public = driven.__all__
    assert len(set(public)) == len(public)
    assert "__version__" in public
    for word in public:
        value = getattr(driven, word)
        assert word == "__version__" or getattr(value, "__doc__", None), f"driven.{word} has no docstring"
    assert set(public) <= set(dir(driven))


def test_importing_driven_imports_next_to_nothing() -> None:
    code = "import sys; before = set(sys.modules); import driven; print(*sorted(set(sys.modules) - before))"
    home = Path(driven.__file__).parents[1]  # the checkout, or where the wheel is installed
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=home)
    assert done.stdout.split() == ["driven"]


def test_one_version() -> None:
    text = (ROOT / "driven/__init__.py").read_text(encoding="utf-8")
    assert re.search(r'^__version__ = "(\d+\.\d+\.\d+)"$', text, re.MULTILINE)
    assert driven.__version__ in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_arrows_go_down() -> None:
    """The import contracts of pyproject.toml, run as `make check` runs them."""
    program = shutil.which("lint-imports", path=os.path.dirname(sys.executable))
    if program is None:
        pytest.fail("import-linter is not installed: make setup")
    roots = os.pathsep.join(str(ROOT / part) for part in ("", "plugins", "lsp", "templates"))
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, env={**os.environ, "PYTHONPATH": roots},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


def test_the_entry_points_are_the_files() -> None:
    """Each emitter is reached by its entry point, and by nothing else."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    points = project["entry-points"]["driven"]
    assert points.pop("checks") == "driven_checks"
    assert points.pop("templates") == "driven_templates"
    assert points == {name: f"driven_emitters.{name}" for name in points}
    sources = (ROOT / "plugins/driven_emitters").glob("*.py")
    assert set(points) == {path.stem for path in sources if "@hookimpl" in path.read_text(encoding="utf-8")}


def test_licences() -> None:
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT OR Apache-2.0\n")
    import hashlib

    apache = hashlib.sha256((ROOT / "LICENSE-APACHE").read_bytes()).hexdigest()
    assert apache == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"  # as apache.org publishes it
    assert "THE SOFTWARE IS PROVIDED" in (ROOT / "LICENSE-MIT").read_text(encoding="utf-8")
