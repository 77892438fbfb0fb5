"""The guard: a file that is not what it was is told once and withheld for good."""

from __future__ import annotations

import os
import threading
from hashlib import sha256
from pathlib import Path

import pytest

from driven.errors import DrivenError
from driven.model.rule import Rule
from driven.span import Span
from driven.trust.rings import Changed, IntegrityGuard


@pytest.fixture
def guard(project: Path) -> IntegrityGuard:
    for name in ("b", "c"):
        (project / f"docs/{name}.md").write_text(name)
    found = {f"docs/{one.name}": sha256(one.read_bytes()).hexdigest() for one in (project / "docs").iterdir()}
    return IntegrityGuard(os.fspath(project), found)


def test_nothing_changed(guard: IntegrityGuard) -> None:
    assert guard.check() == () == guard.check() and guard.holds("docs/a.md") and not guard.holds("docs/other.md")


def test_a_change_is_told_once_and_stays(guard: IntegrityGuard, project: Path) -> None:
    assert guard.check() == ()
    (project / "docs/a.md").write_text("another")
    (project / "docs/b.md").unlink()
    (project / "docs/c.md").unlink()
    (project / "docs/c.md").symlink_to(project / "docs/a.md")
    found = {one.path: one.what for one in guard.check()}
    assert found["docs/a.md"] == "changed" and found["docs/b.md"] == "missing" and "link" in found["docs/c.md"]
    (project / "docs/a.md").write_text("a rule\n")
    assert guard.check() == () and not guard.holds("docs/a.md") and len(guard.withheld) == 3


def test_the_same_size_and_time_are_not_the_same_file(guard: IntegrityGuard, project: Path) -> None:
    assert guard.check() == ()
    path = project / "docs/a.md"
    before = path.stat()
    path.write_text("b rule\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [one.path for one in guard.check()] == ["docs/a.md"]


def test_rules_of_a_file_that_changed_are_withheld(guard: IntegrityGuard, project: Path) -> None:
    rules = [Rule(id=name, body="x", span=Span(path=f"docs/{name}.md")) for name in ("a", "b", "other")]
    assert [rule.id for rule in guard.kept(rules)] == ["a", "b"]
    (project / "docs/b.md").write_text("x")
    guard.check()
    assert [rule.id for rule in guard.kept(rules)] == ["a"]


def test_it_looks_by_itself(guard: IntegrityGuard, project: Path) -> None:
    told: list[Changed] = []
    seen = threading.Event()

    def tell(one: Changed) -> None:
        told.append(one)
        seen.set()

    with guard.watch(tell, interval=0.02):
        assert told == []
        (project / "docs/a.md").write_text("another")
        assert seen.wait(30)
    assert told == [Changed(path="docs/a.md", what="changed")]


def test_a_root_that_is_gone_holds_nothing(guard: IntegrityGuard, project: Path) -> None:
    project.rename(project.with_name("elsewhere"))
    assert len(guard.check()) == 3 and not guard.holds("docs/a.md")


@pytest.mark.parametrize(("path", "digest"), [("../x", "0" * 64), ("/x", "0" * 64), ("x", "0" * 63), ("x", "G" * 64)])
def test_what_is_no_digest_of_a_path_is_refused(path: str, digest: str, project: Path) -> None:
    with pytest.raises(DrivenError):
        IntegrityGuard(os.fspath(project), {path: digest})
