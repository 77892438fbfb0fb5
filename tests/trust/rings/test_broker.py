"""What a plugin may ask of the host: what is granted, what is refused, what is counted and what is written down."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from driven.errors import PolicyError, SandboxError
from driven.trust.budget import BudgetPool
from driven.trust.capability import CapabilityManifest
from driven.trust.rings.broker import Broker
from driven.trust.rings.protected import PLACES, why
from trust.rings.conftest import ring


class Desk:
    """A broker, and what it wrote down."""

    def __init__(self, project: Path, **wanted: list[str]) -> None:
        self.entries: list[dict[str, Any]] = []
        self.budget = BudgetPool(
            {"io_bytes": 1000, "net_calls": 2, "net_bytes": 1000, "output_bytes": 1000, "cpu": 9000}
        )
        self.broker = Broker(
            CapabilityManifest.of(wanted, quota="medium"), os.fspath(project), budget=self.budget,
            audit=self.entries.append, signer=lambda key, data: key.encode() + data, guest="p.py",
        )  # fmt: skip

    def ask(self, method: str, **params: Any) -> Any:
        return self.broker.call(method, params)


def test_reading_is_granted_counted_and_written_down(project: Path) -> None:
    desk = Desk(project, FileRead=["docs"])
    assert desk.ask("read", path="docs/a.md") == "a rule\n"
    assert desk.budget.used["io_bytes"] == 7 and desk.broker.calls == 1
    assert desk.entries == [
        {"event": "host.read", "outcome": "allowed", "subject": "p.py", "target": "FileRead(docs/a.md)", "bytes": 7}
    ]


@pytest.mark.parametrize(
    "path",
    ["secret", "../secret", "/etc/passwd", "docs/../../secret", "docs/./a.md", "docs//a.md", "C:/x", "docs\\a.md",
     "docs/a.md\0", "", "docs2/a.md", "docs/\ud800", "x" * 5000, "Docs/a.md"],
)  # fmt: skip
def test_a_path_that_is_not_granted_or_no_path_at_all(path: str, project: Path) -> None:
    desk = Desk(project, FileRead=["docs"])
    with pytest.raises((PolicyError, OSError)):
        desk.ask("read", path=path)
    assert [one["outcome"] for one in desk.entries] == ["denied"] and desk.entries[0]["why"]
    assert desk.budget.used["io_bytes"] == 0


def test_no_link_and_no_device_is_followed(project: Path, tmp_path: Path) -> None:
    (project / "docs/link").symlink_to(tmp_path / "secret")
    (project / "docs/folder").symlink_to(tmp_path)
    os.mkfifo(project / "docs/pipe")
    desk = Desk(project, FileRead=["."], FileWrite=["."])
    for path in ("docs/link", "docs/folder/secret", "docs/pipe", "docs"):
        with pytest.raises(OSError, match=r"link|pipe|folder"):
            desk.ask("read", path=path)
    for path in ("docs/link", "docs/folder/new"):
        with pytest.raises(OSError, match="link"):
            desk.ask("write", path=path, text="x")
    assert (tmp_path / "secret").read_text() == "secret\n" and not (tmp_path / "new").exists()


def test_writing_makes_folders_and_replaces_names(project: Path, tmp_path: Path) -> None:
    os.link(tmp_path / "secret", project / "hard")
    desk = Desk(project, FileWrite=["new", "hard"])
    desk.ask("write", path="new/deep/file", text="ä")
    desk.ask("write", path="hard", text="x")
    assert (project / "new/deep/file").read_text(encoding="utf-8") == "ä"
    assert (tmp_path / "secret").read_text() == "secret\n" and (project / "hard").read_text() == "x"
    assert desk.ask("read", path="hard") == "x"  # who may write may read


@pytest.mark.parametrize(
    "path",
    [*PLACES, ".Git/Hooks/pre-commit", "sub/.git/config", ".GIT", ".git", "docs/.VSCode/tasks.json", ".claude/hooks/x",
     "driven.lock", ".github/workflows/a.yml", ".git\u200b/hooks/x", ".git /hooks/x", ".git./hooks/x",
     ".gıt/hooks/x".replace("ı", "i"), ".MCP.JSON", "Ａ/.mcp.json"],
)  # fmt: skip
def test_what_runs_by_itself_later_is_never_written(path: str, project: Path) -> None:
    desk = Desk(project, FileWrite=["."])
    with pytest.raises(PolicyError):
        desk.ask("write", path=path, text="x")
    assert not (project / path).exists()


def test_what_a_pack_is_asked_about_no_plugin_writes() -> None:
    """One list of what runs by itself, in two places: what is told of a pack's files is not to be written either."""
    from driven.trust.surfaces import PROGRAMS
    from trust.safe.test_pack_surfaces import TOLD

    settings = [path for path, _, _ in TOLD.values() if not path.endswith(".md")]
    assert len(settings) > 10
    assert not [path for path in (*PROGRAMS, *settings) if not why(path)]


@pytest.mark.parametrize("path", ["git/hooks", ".github/dependabot.yml", ".claude/CLAUDE.md", ".gitignore", "docs/a"])
def test_what_only_looks_like_it_is_written(path: str, project: Path) -> None:
    assert why(path) == ""
    Desk(project, FileWrite=["."]).ask("write", path=path, text="x")
    assert (project / path).read_text() == "x"


def test_a_budget_that_is_spent_stops_the_call_and_not_the_count(project: Path) -> None:
    desk = Desk(project, FileWrite=["docs"])
    desk.ask("write", path="docs/one", text="x" * 900)
    with pytest.raises(SandboxError, match="budget"):
        desk.ask("write", path="docs/two", text="x" * 900)
    assert not (project / "docs/two").exists() and desk.entries[-1]["outcome"] == "denied"


def test_a_program_runs_confined_as_the_plugin_is(project: Path, tmp_path: Path) -> None:
    ring("L")
    desk = Desk(project, ProcessSpawn=["cat"], FileRead=["docs"])
    done = desk.ask("spawn", argv=["cat", "docs/a.md", os.fspath(tmp_path / "secret"), "-"], input="in")
    assert done["stdout"] == "a rule\nin" and "Permission denied" in done["stderr"] and done["code"] == 1
    for argv in (["ls"], ["/bin/cat"], ["sh", "-c", "true"], [], ["cat\0"], "cat", [1]):
        with pytest.raises(PolicyError):
            desk.ask("spawn", argv=argv)


def test_a_key_signs_and_stays(project: Path) -> None:
    desk = Desk(project, CryptoOperations=["SHA256:abc"])
    assert base64.b64decode(desk.ask("sign", key="SHA256:abc", data="x")) == b"SHA256:abcx"
    with pytest.raises(PolicyError, match="lacks CryptoOperations"):
        desk.ask("sign", key="SHA256:other", data="x")


@pytest.mark.parametrize(
    ("method", "params"),
    [("nothing", {}), ("read", {}), ("read", {"path": 1}), ("read", {"path": None}), ("read", {"path": ["a"]}),
     ("read", {"path": "a", "more": "b"}), ("write", {"path": "a"}), ("__init__", {}), ("fetch", {"url": {"a": "b"}}),
     ("write", {"path": "a", "text": "\ud800"}), ("fetch", {"url": "https://a", "headers": "x"})],
)  # fmt: skip
def test_words_that_make_no_sense_are_refused(method: str, params: dict[str, Any], project: Path) -> None:
    desk = Desk(project, FileRead=["."], FileWrite=["."])
    with pytest.raises((PolicyError, OSError)):
        desk.ask(method, **params)
    assert desk.entries[-1]["outcome"] == "denied"
