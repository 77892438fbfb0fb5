"""The one classifier of drift, and what two editors may share."""

from __future__ import annotations

import pytest

from driven.errors import PlanError
from driven.format.hashes import digest
from driven.format.sections import put_section
from driven.model.artefact import Artefact, ListEntry, Piece, Section
from driven.model.plan import Conflict, Create, Delete, Keep, Replace, Standing
from driven.planning import classify, group_by_path, make_plan

ABSENT = Standing("absent")


def piece(editor: str, path: str, text: str = "text\n", rule: str = "r", ownership=None) -> Piece:
    kind = {} if ownership is None else {"ownership": ownership}
    return Piece(editor, Artefact(path=path, text=text, rule_ids=(rule,), **kind))


def file(data: bytes) -> Standing:
    return Standing("file", data)


def only(pieces, standing, lock=None, gone=(), **options):
    planned = make_plan(group_by_path(pieces), list(gone), standing, lock or {}, **options)
    assert len(planned.plan.changes) == 1
    return planned.plan.changes[0], planned.lock


@pytest.mark.parametrize(
    ("now", "ours", "drift"),
    [
        (None, frozenset(), "absent"),
        (b"new", frozenset(), "same"),
        (b"old", frozenset({digest(b"old")}), "ours"),
        (b"other", frozenset({digest(b"old")}), "edited"),
        (b"other", frozenset(), "foreign"),
    ],
)
def test_the_classifier(now, ours, drift) -> None:
    assert classify(now, b"new", ours) == drift


@pytest.mark.parametrize(
    ("standing", "written", "kind"),
    [
        (ABSENT, None, Create),
        (file(b"text\n"), None, Keep),
        (file(b"old\n"), b"old\n", Replace),
        (file(b"edited\n"), b"old\n", Conflict),
        (file(b"foreign\n"), None, Conflict),
        (Standing("blocked", note="is a link"), None, Conflict),
    ],
)
def test_a_whole_file(standing, written, kind) -> None:
    one = piece("cursor", "a.mdc")
    lock = {one.owned: frozenset({digest(written)})} if written else {}
    change, after = only([one], {"a.mdc": standing}, lock)
    assert type(change) is kind
    wanted = lock.get(one.owned) if kind is Conflict else frozenset({digest(b"text\n")})
    assert after.get(one.owned) == wanted


def test_force_overwrites_an_edit_but_never_writes_through_a_link() -> None:
    one = piece("cursor", "a.mdc")
    change, _ = only([one], {"a.mdc": file(b"edited\n")}, force=lambda _path: True)
    assert isinstance(change, Replace) and change.forced and change.before == b"edited\n"
    change, _ = only([one], {"a.mdc": Standing("blocked", note="is a link")}, force=lambda _path: True)
    assert isinstance(change, Conflict)


def test_what_no_rule_gives_any_more() -> None:
    owned = ("a.mdc", "cursor", "file")
    lock = {owned: frozenset({digest(b"old\n")})}
    change, after = only([], {"a.mdc": file(b"old\n")}, lock, [owned])
    assert isinstance(change, Delete) and change.after is None and after == {}
    change, after = only([], {"a.mdc": file(b"edited\n")}, lock, [owned])
    assert isinstance(change, Conflict) and change.after is None and after == lock
    change, after = only([], {"a.mdc": ABSENT}, lock, [owned])
    assert isinstance(change, Keep) and after == {}


def test_a_section_and_an_entry_come_and_go_in_a_persons_file() -> None:
    section = piece("copilot", "c.md", ownership=Section("copilot"))
    change, lock = only([section], {"c.md": file(b"# Mine\n")})
    assert isinstance(change, Create) and change.after.startswith(b"# Mine\n\n<!-- driven:begin")
    back, _ = only([], {"c.md": file(change.after)}, lock, [section.owned])
    assert isinstance(back, Delete) and back.after == b"# Mine\n"
    entry = piece("aider", ".aider.conf.yml", "CONVENTIONS.md", ownership=ListEntry("read"))
    change, lock = only([entry], {".aider.conf.yml": file(b"model: x\n")})
    assert change.after == b"model: x\nread:\n  - CONVENTIONS.md\n"
    back, _ = only([], {".aider.conf.yml": file(change.after)}, lock, [entry.owned])
    assert back.after == b"model: x\n"
    broken, _ = only([entry], {".aider.conf.yml": file(b"read: [\n")})
    assert isinstance(broken, Conflict) and "YAML" in broken.message and broken.before == b"read: [\n"


def test_two_editors_share_a_file_by_sections() -> None:
    one = piece("agents", "AGENTS.md", "one\n", ownership=Section("agents"))
    two = piece("codex", "AGENTS.md", "two\n", ownership=Section("codex"))
    change, lock = only([one, two], {"AGENTS.md": ABSENT})
    assert change.after == put_section(put_section(None, "agents", b"one\n"), "codex", b"two\n")
    left, _ = only([one], {"AGENTS.md": file(change.after)}, lock, [two.owned])
    assert left.after == put_section(None, "agents", b"one\n")


@pytest.mark.parametrize(
    ("one", "two", "says"),
    [
        (piece("a", "x.md", "1\n", "r1"), piece("b", "x.md", "2\n", "r2"), "two editors want different text"),
        (piece("a", "x.md", "1\n", "r1"), piece("a", "x.md", "1\n", "r2"), "two rules give one file"),
        (piece("a", "X.md", rule="r1"), piece("b", "x.md", rule="r2"), "one file on some disks"),
        (piece("a", "caf\u00e9.md", rule="r1"), piece("b", "cafe\u0301.md", rule="r2"), "one file on some disks"),
        (piece("a", "x.md"), piece("b", "x.md", ownership=Section("b")), "whole file"),
        (
            piece("a", "x.md", "1\n", ownership=Section("m")),
            piece("b", "x.md", "2\n", ownership=Section("m")),
            "same part",
        ),
    ],
)
def test_what_cannot_share_a_path_names_both(one: Piece, two: Piece, says: str) -> None:
    with pytest.raises(PlanError, match=says) as error:
        group_by_path([one, two])
    assert f"`{one.artefact.rule_ids[0]}`" in str(error.value) and f"`{two.artefact.rule_ids[0]}`" in str(error.value)


def test_two_editors_may_agree_byte_for_byte() -> None:
    change, lock = only([piece("a", "x.md"), piece("b", "x.md")], {"x.md": ABSENT})
    assert isinstance(change, Create) and change.editors == ("a", "b") and len(lock) == 2


@pytest.mark.parametrize(
    "path", ["../x", "/x", "a/../x", "a//x", "", ".git/hooks/x", ".GIT/x", ".driven/rules/x.md", "a\\x", "a\0"]
)
def test_a_path_outside_what_an_editor_may_have_is_refused(path: str) -> None:
    with pytest.raises(PlanError):
        group_by_path([piece("a", path)])


def test_a_conflict_holds_back_the_same_rule_elsewhere_and_no_other() -> None:
    pieces = [piece("a", "a.md", rule="one"), piece("b", "b.md", rule="one"), piece("b", "c.md", rule="two")]
    standing = {"a.md": file(b"foreign"), "b.md": ABSENT, "c.md": ABSENT}
    planned = make_plan(group_by_path(pieces), [], standing, {})
    assert [type(change) for change in planned.plan.changes] == [Conflict, Keep, Create]
    assert set(planned.lock) == {("c.md", "b", "file")}
