"""Strangers' plugins as they really come: distributions of their own, installed by pip beside `driven`.

The good one is the example of docs/plugins.md as it stands there; the others lie in tests/plugins_third_party.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BROKEN = ROOT / "tests/plugins_third_party"

pytestmark = pytest.mark.xdist_group("third-party")  # one worker makes the environment, once


@dataclass(frozen=True)
class Environment:
    """A virtual environment with `driven` and the plugins, and a folder to work in."""

    bin: Path
    folder: Path
    example: Path

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment away from the checkout, without its PYTHONPATH."""
        clean = {
            name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "DRIVEN_DISABLE_PLUGINS")
        }
        return subprocess.run(
            [str(self.bin / words[0]), *words[1:]],
            cwd=self.folder, env={**clean, **environment}, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def python(self, code: str, **environment: str) -> Any:
        """What `code` prints as JSON."""
        done = self.run("python", "-c", code, **environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def source_tree(folder: Path) -> Path:
    """A copy of what the distribution is built from, so that no build touches the checkout."""
    for name in ("driven", "plugins", "lsp", "templates"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    for path in [*ROOT.glob("*.md"), *ROOT.glob("LICENSE*"), ROOT / "pyproject.toml", ROOT / "hatch_build.py"]:
        shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Made once: about 10 s. The libraries that `driven` needs are those of the running Python, by a path file;
    `driven` itself and the three plugins are built and installed by pip."""
    base = tmp_path_factory.mktemp("third-party")
    folder = base / "env"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin/python"
    libraries = Path(sysconfig.get_path("purelib"))
    # A plain line: the environment's own folder stands before it, and `.pth` files in there are not followed.
    (folder / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages/libraries.pth").write_text(
        f"{libraries}\n", encoding="utf-8"
    )
    example = base / "driven-notes"
    docs = (ROOT / "docs/plugins.md").read_text(encoding="utf-8")
    for name, text in re.findall(r"^`([\w./]+)`\n```\w+\n(.*?)^```$", docs, re.MULTILINE | re.DOTALL):
        (example / name).parent.mkdir(parents=True, exist_ok=True)
        with (example / name).open("a", encoding="utf-8") as file:
            file.write(text)
    (base / "driven").mkdir()
    sources = [source_tree(base / "driven"), example]
    for name in ("driven-raises", "driven-misspelt"):
        sources.append(Path(shutil.copytree(BROKEN / name, base / name)))
    subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps",
         "--no-build-isolation", "--force-reinstall", *map(str, sources)],
        env={**os.environ, "DRIVEN_MYPYC": "0", "PYTHONPATH": ""}, cwd=base, check=True, timeout=300,
    )  # fmt: skip
    work = base / "work"
    work.mkdir()
    return Environment(bin=folder / "bin", folder=work, example=example)


LIST = """
import json, driven.registry
found = driven.registry.load()
print(json.dumps({
    "file": driven.registry.__file__,
    "plugins": {p.name: [p.distribution, p.version, p.status, list(p.offers), p.error] for p in found.plugins},
    "editors": list(found.emitters),
    "diagnostics": [[d.code, d.message] for d in found.diagnostics],
}))
"""
ENTRY_POINTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["driven"]
OURS = set(ENTRY_POINTS) - {"checks", "templates"}


def test_a_stranger_stands_beside_ours_and_the_broken_ones_are_named(environment: Environment) -> None:
    found = environment.python(LIST)
    assert found["file"].startswith(str(environment.bin.parent))
    # Our checks are asked for by a validation alone, our templates by who wants one: see below.
    assert set(found["plugins"]) == OURS | {"notes", "raises", "misspelt"}
    assert found["plugins"]["notes"][:3] == ["driven-notes", "1.2.0", "loaded"]
    offers = ["command hello", "command notes", "counter words", "emitter notes", "importer notes"]
    assert sorted(found["plugins"]["notes"][3]) == offers
    assert {found["plugins"][name][2] for name in OURS} == {"loaded"}
    assert set(found["editors"]) == OURS | {"notes"}
    (misspelt, raises) = found["diagnostics"]
    assert misspelt[0] == "PLG02"
    assert "`misspelt` (driven-misspelt 0.1.0)" in misspelt[1]
    assert raises[0] == "PLG01"
    assert "`raises` (driven-raises 0.1.0)" in raises[1]
    assert "SystemExit: driven-raises needs a newer kernel" in raises[1]


def test_our_own_plugins_come_through_the_same_door(environment: Environment) -> None:
    found = environment.python(LIST)
    for name in OURS:
        distribution, _, status, offers, _ = found["plugins"][name]
        assert (distribution, status) == ("driven", "loaded")
        assert f"emitter {name}" in offers


def test_our_own_checks_come_through_it_too(environment: Environment) -> None:
    found = environment.python(LIST.replace("load()", "load(checks=True)"))
    assert found["plugins"]["checks"][:3:2] == ["driven", "loaded"]
    assert "check CUR01" in found["plugins"]["checks"][3]
    assert "check NOT01" in found["plugins"]["notes"][3]
    found = environment.python(LIST.replace("load()", "load(templates=True)"))
    assert found["plugins"]["templates"][:3:2] == ["driven", "loaded"]


def test_the_index_answers_the_same_and_sees_an_uninstall(environment: Environment) -> None:
    code = LIST.replace("load()", "load(index_path='plugins.index')")
    assert environment.python(code) == environment.python(LIST)
    assert (environment.folder / "plugins.index").read_text(encoding="utf-8").startswith("driven ")
    assert environment.python(code) == environment.python(LIST)
    pip = ["python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    assert environment.run(*pip, "uninstall", "-y", "driven-raises").returncode == 0
    assert "raises" not in environment.python(code)["plugins"]
    back = environment.run(*pip, "install", "--no-index", "--no-deps", "--no-build-isolation",
                           str(environment.example.parent / "driven-raises"))  # fmt: skip
    assert back.returncode == 0, back.stderr
    assert "raises" in environment.python(code)["plugins"]


def test_the_strangers_can_be_turned_off(environment: Environment) -> None:
    found = environment.python(LIST, DRIVEN_DISABLE_PLUGINS="all-third-party")
    assert {name for name, plugin in found["plugins"].items() if plugin[2] == "disabled"} == {
        "notes",
        "raises",
        "misspelt",
    }
    assert set(found["editors"]) == OURS
    assert found["diagnostics"] == []


def test_the_command_line_lists_them_and_emits_with_the_stranger(environment: Environment) -> None:
    listed = environment.run("driven", "plugin", "list", "--json")
    answer = json.loads(listed.stdout)
    assert answer["ok"], answer
    for word in ("driven-notes", "driven-raises", "driven-misspelt", "PLG01", "PLG02"):
        assert word in listed.stdout
    project = environment.folder / "project"
    (project / ".driven/rules").mkdir(parents=True)
    (project / ".driven/config.toml").write_text(
        "version = 1\n[editors]\nnotes = true\ncursor = true\n", encoding="utf-8"
    )
    (project / ".driven/rules/tabs.md").write_text("---\npaths: ['src/**']\n---\n\nUse tabs.\n", encoding="utf-8")
    synced = environment.run("driven", "sync", "--root", str(project))
    assert synced.returncode == 0, synced.stderr
    assert (project / ".notes/tabs.txt").read_text(encoding="utf-8") == "for: src/**\nUse tabs.\n"
    assert (project / ".cursor/rules/tabs.mdc").is_file()
    assert environment.run("driven", "hello", "you").stdout == "Hello, you!\n"
    grammar = json.loads(environment.run("driven", "grammar", "notes", "--json").stdout)["data"]["commands"][0]
    assert grammar["plugin"] == "notes" and [verb["name"] for verb in grammar["verbs"]] == ["list", "drop"]
    assert grammar["verbs"][1]["capabilities"] == ["FileRead(.notes)", "FileWrite(.notes)"]
    assert "driven notes drop NAME" in environment.run("driven", "notes", "drop", "--help").stdout


def test_the_example_is_type_checked_as_its_author_would(environment: Environment) -> None:
    def check(package: Path) -> subprocess.CompletedProcess[str]:
        return environment.run(
            "python", "-m", "mypy", "--strict", "--cache-dir", str(environment.folder / "mypy"), str(package),
            MYPYPATH=str(package.parent),
        )  # fmt: skip

    good = check(environment.example / "driven_notes")
    assert good.returncode == 0, good.stdout + good.stderr
    wrong = Path(shutil.copytree(environment.example, environment.folder / "wrong")) / "driven_notes"
    text = (wrong / "__init__.py").read_text(encoding="utf-8")
    misfit = text.replace("def emit(self, rules: Sequence[Rule], settings: Settings)", "def emit(self, rules: int)")
    assert misfit != text
    (wrong / "__init__.py").write_text(misfit, encoding="utf-8")
    bad = check(wrong)
    assert bad.returncode == 1
    assert 'expected "Emitter"' in bad.stdout
