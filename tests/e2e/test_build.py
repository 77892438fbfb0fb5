"""The wheel, compiled and pure: what is in it, what it says of itself, and that it runs away from the checkout."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_COMPILED = {"__init__", "_rt"}
CORE = {path.stem for path in (ROOT / "driven/core").glob("*.py")} - NOT_COMPILED
COMPILER = shutil.which(os.environ.get("CC", "cc")) and not subprocess.call(
    [os.environ.get("CC", "cc"), "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
)

pytestmark = pytest.mark.xdist_group("build")  # one worker builds the wheels, each once


def pip_wheel(base: Path, name: str, **environment: str) -> tuple[Path, str]:
    """Build in a copy of the sources: the wheel, and all that was said."""
    tree = base / f"{name}-tree"
    tree.mkdir()
    for folder in ("driven", "plugins", "lsp", "templates"):
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    for path in [*ROOT.glob("*.md"), *ROOT.glob("LICENSE*"), ROOT / "pyproject.toml", ROOT / "hatch_build.py"]:
        shutil.copy(path, tree)
    (tree / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "checks.md", tree / "docs")
    before = sorted(tree.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--verbose", "--disable-pip-version-check", "--no-index", "--no-deps",
         "--no-build-isolation", "--wheel-dir", str(base / name), "."],
        cwd=tree, env={**os.environ, "TMPDIR": str(base), **environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, check=False,
    )  # fmt: skip
    left = [path for path in sorted(tree.rglob("*")) if path not in before and "__pycache__" not in path.parts]
    assert left == [], "a build leaves nothing in the tree"
    assert not list(base.glob("driven-build-*")), "a build leaves nothing in the temporary folder"
    wheels = list((base / name).glob("*.whl")) if done.returncode == 0 else []
    return (wheels[0] if wheels else Path()), done.stdout


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, str]]:
    base = tmp_path_factory.mktemp("wheels")
    made = {
        "pure": pip_wheel(base, "pure", DRIVEN_MYPYC="0"),
        "fallback": pip_wheel(base, "fallback", DRIVEN_MYPYC="auto", CC="/bin/false"),
        "refused": pip_wheel(base, "refused", DRIVEN_MYPYC="1", CC="/bin/false"),
        "nonsense": pip_wheel(base, "nonsense", DRIVEN_MYPYC="yes please"),
    }
    if COMPILER:
        ready = os.environ.get("DRIVEN_COMPILED_WHEEL")  # `make test` has just built it from this tree
        made["compiled"] = (Path(ready), "") if ready else pip_wheel(base, "compiled", DRIVEN_MYPYC="1")
    return made


def run(wheel: Path, folder: Path, code: str) -> str:
    """Unpack `wheel` as pip lays it, run `code` on it from another folder with the libraries of this Python."""
    if not folder.exists():
        zipfile.ZipFile(wheel).extractall(folder)
    (folder.parent / "away").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(folder)!r})\n" + code],
        cwd=folder.parent / "away", env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


WHERE = """
import importlib
for name in {names!r}:
    print(name, importlib.import_module("driven.core." + name).__file__)
"""


@pytest.mark.skipif(not COMPILER, reason="this machine has no C compiler: the fallback is what is tested")
def test_the_compiled_wheel(wheels: dict[str, tuple[Path, str]], tmp_path: Path) -> None:
    wheel, said = wheels["compiled"]
    assert wheel.name, said
    python = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    assert re.fullmatch(rf"driven-[\d.]+-{python}-{python}-\w+\.whl", wheel.name)
    names = zipfile.ZipFile(wheel).namelist()
    libraries = sorted(name for name in names if name.endswith((".so", ".pyd")))
    expected = sorted(["driven/_native__mypyc", *(f"driven/core/{name}" for name in CORE)])
    assert [name.partition(".")[0] for name in libraries] == expected
    assert not [name for name in names if name.count("/") == 0], "nothing lies at the top of site-packages"
    files = dict(line.split() for line in run(wheel, tmp_path / "site", WHERE.format(names=sorted(CORE))).splitlines())
    assert set(files) == CORE
    assert [name for name, file in files.items() if file.endswith(".py")] == []
    assert all(file.startswith(str(tmp_path)) for file in files.values())
    record = zipfile.ZipFile(wheel).read("driven/core/_build.txt").decode()
    assert re.fullmatch(rf"compiled by mypyc [\d.]+ for cpython-\d+: {', '.join(sorted(CORE))}\n", record)
    assert not said or record.strip() in said


@pytest.mark.parametrize("kind", ["pure", "fallback"])
def test_the_pure_wheel(wheels: dict[str, tuple[Path, str]], tmp_path: Path, kind: str) -> None:
    wheel, said = wheels[kind]
    assert wheel.name.endswith("-py3-none-any.whl"), said
    archive = zipfile.ZipFile(wheel)
    assert not [name for name in archive.namelist() if name.endswith((".so", ".pyd"))]
    lines = run(wheel, tmp_path / "site", WHERE.format(names=sorted(CORE))).splitlines()
    assert all(line.endswith(".py") for line in lines)
    record = archive.read("driven/core/_build.txt").decode().strip()
    assert (
        record
        == {
            "pure": "pure Python: asked for by DRIVEN_MYPYC=0",
            "fallback": "pure Python: no working C compiler (/bin/false), or no headers of this Python",
        }[kind]
    )
    assert f"driven: {record}" in said


def test_what_was_asked_for_and_cannot_be_is_an_error(wheels: dict[str, tuple[Path, str]]) -> None:
    wheel, said = wheels["refused"]
    assert not wheel.name
    assert "DRIVEN_MYPYC=1, and the core does not compile: no working C compiler" in said
    wheel, said = wheels["nonsense"]
    assert not wheel.name
    assert "DRIVEN_MYPYC is `yes please`: say auto, 1 or 0" in said


def test_the_wheel_carries_all_and_only_its_packages(wheels: dict[str, tuple[Path, str]]) -> None:
    names = zipfile.ZipFile(wheels["pure"][0]).namelist()
    top = {name.split("/")[0] for name in names}
    assert "driven_lsp/checks.md" in names, "where the server sends who asks what a code means"
    assert {name for name in top if not name.endswith(".dist-info")} >= {"driven", "driven_emitters"}
    assert all(name.startswith("driven") for name in top), "nothing generic lands in site-packages"
    (info,) = [name for name in top if name.endswith(".dist-info")]
    for name in ("LICENSE", "LICENSE-MIT", "LICENSE-APACHE"):
        assert f"{info}/licenses/{name}" in names
    for folder, package in (("driven", "driven"), ("plugins/driven_emitters", "driven_emitters")):
        sources = {f"{package}/{path.relative_to(ROOT / folder).as_posix()}" for path in (ROOT / folder).rglob("*.py")}
        assert sources <= set(names)
    assert "driven/py.typed" in names


@pytest.mark.skipif("DRIVEN_EXPECT" not in os.environ, reason="`make test` says which build it means to test")
def test_these_tests_run_on_the_build_they_claim() -> None:
    for name in sorted(CORE):
        file = importlib.import_module(f"driven.core.{name}").__file__ or ""
        assert file.endswith(".py") == (os.environ["DRIVEN_EXPECT"] == "pure"), file
        assert file.startswith(str(ROOT) + os.sep + "driven" + os.sep) == (os.environ["DRIVEN_EXPECT"] == "pure"), file


def test_no_compiled_module_lies_in_the_checkout() -> None:
    """It would shadow its edited source. Built libraries live in wheels and temporary folders only."""
    found = [path for top in ("driven", "plugins", "lsp", "templates") for path in (ROOT / top).rglob("*.so")]
    assert found == []
