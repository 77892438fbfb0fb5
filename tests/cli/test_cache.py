"""`driven cache` on the command line: what it shows and deletes, and what it leaves alone."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from driven.fusion.binary_cache import cache_folder, key_of
from driven.fusion.caches import CACHES, NAMES, open_cache
from driven.fusion.precompiling import compile_folder
from driven.grammar.commands import COMMANDS
from driven.packing import accept, look

DAY = 86_400
TEMPLATE = "---\ntitle: Brief\ndescription: Say less.\nkind: standard\n---\n# Brief\n\n{% include 'partials/end' %}\n"
PART = "---\ntitle: End\ndescription: The end.\nkind: standard\n---\nSay where.\n"
# Files as validations and rings leave them, and one of each that nobody of ours wrote.
OURS = {
    "validate": ("fe00-20e174", "fe00-20e174.checks", "fe00-20e174.4711.tmp", "fe00-20e174.checks.4711.tmp"),
    "packs-half": (f"{'c0' * 32}.half",),
    "rings": ("rings.json", "rings.json.4711", f"{'ab' * 32}-50.0.1-x86_64.cwasm", f"probe-{'0f' * 16}.wasm"),
}
NOT_OURS = (
    "notes.txt",
    "x.half",
    "fe00",
    "fe00-20e174.py",
    "-",
    "A" * 64,
    "x-y",
    ".hidden",
    "probe-1.wasm",
    "a.tmp",
    "rings.json.old",
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own; it does not exist."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/driven"


@pytest.fixture
def filled(home: Path) -> Path:
    """Something in each cache, and strangers' files beside it; one template is old."""
    for name in NAMES:
        folder = Path(cache_folder(name) or "")
        for other in NOT_OURS:
            (folder / other).write_text("mine")
        for one in OURS.get(name, ()):
            (folder / one).write_bytes(bytes(100))
    for i, label in enumerate(("standards/one", "standards/two")):
        assert open_cache("templates").put(key_of(label.encode()), bytes(1000), label)
        if i == 0:
            age(home / "templates" / key_of(label.encode()), 40)
    assert open_cache("packs").put(key_of(b"pack"), bytes(5000), "acme 1.0.0")
    return home


def age(path: Path, days: int) -> None:
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def names(folder: Path) -> set[str]:
    return {f"{path.parent.name}/{path.name}" for path in folder.glob("*/*")}


STRANGERS = {f"{cache}/{name}" for cache in NAMES for name in NOT_OURS}


def test_the_grammar_names_every_cache() -> None:
    kinds = [a.choices for c in COMMANDS if c.name == "cache" for v in c.verbs for a in v.arguments if a.name == "kind"]
    assert len(kinds) == 3 and set(kinds) == {NAMES}


def test_a_folder_that_is_not_there_is_no_error(
    empty: Path, home: Path, drive: Callable[..., Any], answer: Callable[..., Any]
) -> None:
    data = answer("cache status")
    assert data["folder"] == str(home) and (data["files"], data["bytes"]) == (0, 0)
    assert [one["name"] for one in data["caches"]] == list(NAMES)
    assert answer("cache list") == {"files": []} and drive("cache", "list").out == "nothing is cached\n"
    for words in (["clear"], ["prune"], ["clear", "packs"]):
        ran = drive("cache", *words)
        assert (ran.code, ran.out, ran.err) == (0, "nothing to delete\n", "")
    assert not home.exists(), "looking makes nothing"


def test_without_a_home_it_says_so(
    empty: Path, monkeypatch: pytest.MonkeyPatch, drive: Callable[..., Any], answer: Callable[..., Any]
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    for words in (["status"], ["clear"]):
        ran = drive("cache", *words)
        assert ran.code == 0 and ran.out.startswith("there is no folder for caches")
    assert answer("cache status")["folder"] == "" and answer("cache clear")["files"] == 0


def test_status(empty: Path, filled: Path, drive: Callable[..., Any], answer: Callable[..., Any]) -> None:
    lines = drive("cache", "status").out.splitlines()
    assert lines[0].split() == ["Cache", "Files", "Size", "At", "most", "Oldest", "Newest", "Holds"]
    assert re.match(r"templates +2 +2\.2 KB +64\.0 MB +\d{4}-\d\d-\d\d +\d+ s ago +compiled templates", lines[1])
    assert lines[-1].startswith("12 files, 8.") and lines[-1].endswith(
        f"in {filled}, each cache in the folder of its name"
    )
    data = answer("cache status")
    by_name = {one["name"]: one for one in data["caches"]}
    assert by_name["validate"]["files"] == 4 and by_name["rings"]["bytes"] == 400
    assert by_name["packs"]["limit"] == next(one.limit for one in CACHES if one.name == "packs")
    assert all(one["others"] == len(NOT_OURS) and one["refused"] == "" for one in by_name.values())
    assert by_name["templates"]["oldest"] < by_name["templates"]["newest"] and by_name["prefetch"]["oldest"] == ""
    assert "11 things that are not driven's" in drive("cache", "status", "--verbose").out


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 140])
def test_no_terminal_is_too_narrow_for_a_number(
    empty: Path, filled: Path, on_terminal: Callable[..., str], columns: int
) -> None:
    shown = on_terminal(columns, "cache", "status")
    assert re.search(r"^templates +2 +2\.2 KB", shown, re.M) and "…" not in shown
    assert ("64.0 MB" in shown) is (columns >= 60) and ("Holds" in shown) is (columns >= 80)
    assert all(len(line) <= columns for line in shown.splitlines()[:-1])


def test_list(empty: Path, filled: Path, drive: Callable[..., Any], answer: Callable[..., Any]) -> None:
    rows = answer("cache list", "templates")["files"]
    assert sorted((row["what"], row["cache"], row["bytes"]) for row in rows) == [
        ("standards/one", "templates", 1101), ("standards/two", "templates", 1101),
    ]  # fmt: skip
    assert {row["name"] for row in answer("cache list")["files"]} >= {"rings.json", key_of(b"pack")}
    short, long = drive("cache", "list", "packs").out, drive("cache", "list", "packs", "--verbose").out
    assert key_of(b"pack") in long and key_of(b"pack") not in short and key_of(b"pack")[:16] in short
    assert "acme 1.0.0" in short


def test_clear_deletes_what_is_ours_and_nothing_else(
    empty: Path, filled: Path, drive: Callable[..., Any], answer: Callable[..., Any]
) -> None:
    before = names(filled)
    dry = answer("cache clear", "--dry-run")
    assert names(filled) == before and dry["applied"] is False and dry["files"] == 12
    assert drive("cache", "clear", "-n").out.endswith("(12 files)\n")
    done = drive("cache", "clear", "rings")
    assert done.out == "- rings: 4 files, 400 B\nfreed 400 B (4 files)\n"
    assert {name for name in names(filled) if name.startswith("rings/")} == {f"rings/{name}" for name in NOT_OURS}
    data = answer("cache clear")
    assert data["applied"] and data["files"] == 8 and sum(one["bytes"] for one in data["caches"]) == data["bytes"]
    assert names(filled) == STRANGERS and all(path.read_text() == "mine" for path in filled.glob("*/*"))
    assert drive("cache", "clear", "--quiet").out == ""


def test_prune_deletes_what_is_old(
    empty: Path, filled: Path, drive: Callable[..., Any], answer: Callable[..., Any]
) -> None:
    age(filled / "validate/fe00-20e174", 8)
    age(filled / "validate/notes.txt", 1000)
    assert answer("cache prune", "--days", "100")["files"] == 0
    assert answer("cache prune", "-n")["files"] == 1, "30 days when nothing is said"
    assert answer("cache prune", "templates", "--days", "7")["files"] == 1
    assert not (filled / "templates" / key_of(b"standards/one")).exists()
    assert drive("cache", "prune", "--days", "7").out == "- validate: 1 file, 100 B\nfreed 100 B (1 file)\n"
    assert (filled / "validate/notes.txt").exists() and (filled / "templates" / key_of(b"standards/two")).exists()
    for days in ("0", "-1", "40000", "x"):
        assert drive("cache", "prune", "--days", days).code == 2


def test_nothing_is_deleted_through_links(empty: Path, home: Path, tmp_path: Path, drive: Callable[..., Any]) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    precious = elsewhere / key_of(b"precious")
    precious.write_text("x")
    home.mkdir(parents=True)
    (home / "packs").symlink_to(elsewhere)
    (home / "templates").mkdir(0o700)
    (home / "templates" / precious.name).symlink_to(precious)
    ran = drive("cache", "clear")
    assert ran.out == "nothing to delete\n" and f"left alone: {home}/packs: it is a link" in ran.err
    assert precious.exists() and (home / "templates" / precious.name).is_symlink()
    assert f"not used: {home}/packs: it is a link" in drive("cache", "status").err


def test_a_folder_that_others_may_write_is_left_alone(empty: Path, filled: Path, drive: Callable[..., Any]) -> None:
    (filled / "packs").chmod(0o777)
    before = {name for name in names(filled) if name.startswith("packs/")}
    ran = drive("cache", "clear", "packs")
    assert ran.code == 0 and "others may write it" in ran.err
    assert {name for name in names(filled) if name.startswith("packs/")} == before


# Warming


@pytest.fixture
def templates(project: Path) -> Path:
    """Two templates of the project and a part that one includes."""
    folder = project / ".driven/templates"
    for name, text in {
        "standards/brief": TEMPLATE,
        "standards/long": TEMPLATE.replace("# Brief", "# {{ 'Long' }}"),
        "partials/end": PART,
    }.items():
        path = folder / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def own(answer: Callable[..., Any], *, code: int = 0) -> tuple[int, int]:
    """Of the project's templates: how many were compiled, and how many were there."""
    data = answer("cache warm", code=code)
    assert data["templates"] == data["compiled"] + data["there"] + data["shipped"] + len(data["diagnostics"])
    return data["compiled"], data["there"]


def test_warm(templates: Path, home: Path, drive: Callable[..., Any], answer: Callable[..., Any]) -> None:
    compiled, there = own(answer)
    assert compiled >= 2 and there == 0 and stat.S_IMODE((home / "templates").stat().st_mode) == 0o700
    assert own(answer) == (0, compiled)
    assert "were there already" in drive("cache", "warm").out
    (templates / "partials/end.md").write_text(PART.replace("where", "what"))
    assert own(answer) == (2, compiled - 2)
    assert {"standards/brief", "standards/long"} <= {row["what"] for row in answer("cache list", "templates")["files"]}


def test_warm_leaves_what_came_compiled(templates: Path, project: Path, home: Path, answer: Callable[..., Any]) -> None:
    """With a pack; what lies beside the project's own templates is not used."""
    compile_folder(os.fspath(templates))
    pack = project / ".driven/packs/acme"
    shutil.copytree(templates, pack / "templates")
    (pack / "pack.toml").write_text('name = "acme"\nversion = "1.0.0"\n')
    before = answer("cache warm")
    accept(os.fspath(project), [look(os.fspath(project), "acme")], unsigned=True)
    shutil.rmtree(templates)
    after = answer("cache warm")
    assert (after["shipped"], after["compiled"]) == (before["shipped"] + 2, 0)
    # The library comes compiled in a wheel, and not in a checkout.
    assert before["shipped"] + before["compiled"] > 50


def test_warm_says_what_does_not_compile(
    templates: Path, drive: Callable[..., Any], answer: Callable[..., Any]
) -> None:
    (templates / "standards/long.md").write_text(TEMPLATE + "{% if %}\n")
    (templates / "standards/lost.md").write_text(TEMPLATE + '{% include "partials/none" %}\n')
    compiled, _ = own(answer, code=2)
    assert compiled >= 1, "the others are compiled all the same"
    ran = drive("cache", "warm")
    assert ran.code == 2 and ".driven/templates/standards/long.md:9:" in ran.err
    assert "`standards/lost`: there is no template `partials/none`" in ran.err


def test_warm_says_what_the_disk_refused(
    templates: Path, home: Path, monkeypatch: pytest.MonkeyPatch, drive: Callable[..., Any]
) -> None:
    """It has nothing else to do, so that is no success."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    ran = drive("cache", "warm")
    assert ran.code == 2 and "cannot be kept: there is no folder for it" in ran.err


def test_a_full_disk_fails_warm_and_nothing_else(templates: Path, home: Path) -> None:
    """No file may grow beyond 50 bytes, in a process of its own."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-P", "-m", "driven", *words]
        return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False, preexec_fn=limit)

    ran = run("cache", "warm")
    assert ran.returncode == 2 and f"the disk refuses it in `{home}/templates`" in ran.stderr
    assert list((home / "templates").iterdir()) == []
    ran = run("template", "render", "standards/brief")
    assert ran.returncode == 0 and "Say where." in ran.stdout
    assert list((home / "templates").iterdir()) == []
