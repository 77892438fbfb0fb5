"""The audit log, read: what is told of one that was edited, cut, written anew, or is no log at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.errors import DrivenError, SignatureError
from driven.trust.audit_file import parse
from driven.trust.audit_read import entries, last, verify
from tests.trust.sessions.logs import fill, forged, kinds, lines


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state" / "audit.jsonl")


def edit(found: list[bytes]) -> list[bytes]:
    return [*found[:3], found[3].replace(b"docs/2", b"docs/x"), *found[4:]]


@pytest.mark.parametrize(
    "change, told",
    [
        pytest.param(edit, [(4, "edited")], id="edited"),
        pytest.param(lambda found: [*found[:3], *found[4:]], [(4, "removed")], id="removed"),
        pytest.param(lambda found: [*found[:2], *found[5:]], [(3, "removed")], id="three removed"),
        pytest.param(lambda found: [*found[:3], found[4], found[3], *found[5:]],
                     [(4, "removed"), (5, "inserted"), (6, "removed")], id="reordered"),
        pytest.param(lambda found: [*found[:3], found[2], *found[3:]], [(4, "inserted")], id="inserted: one twice"),
        pytest.param(lambda found: [*found[:3], b"junk\n", *found[3:]],
                     [(4, "unreadable"), (5, "inserted")], id="junk"),
        pytest.param(lambda found: [*found[:3], b"x" * 200_000 + b"\n", *found[3:]], [(4, "unreadable")], id="huge"),
        pytest.param(lambda found: found[1:], [(1, "beginning")], id="beginning cut"),
        pytest.param(lambda found: [*found[:3], found[3].replace(b":", b": ", 1), *found[4:]],
                     [(4, "unreadable"), (4, "edited")], id="other spelling"),
    ],
)  # fmt: skip
def test_what_breaks_the_chain_is_told_where_it_broke(path: str, change, told: list[tuple[int, str]]) -> None:
    fill(path, 6)
    Path(path).write_bytes(b"".join(change(lines(path))))
    assert kinds(path) == told


def test_a_signed_head_tells_of_a_cut_end_and_of_a_log_written_anew(path: str) -> None:
    fill(path, 6, sign=lambda head: b"signed " + str(len(head)).encode())
    whole = lines(path)
    assert verify(path).signed == 6
    Path(path).write_bytes(b"".join(whole[:-2]))
    assert kinds(path) == [(0, "cut")]
    assert "entry 6, the last one here is 4" in verify(path).faults[0].message
    Path(path).write_bytes(forged(9))
    assert kinds(path) == [(7, "rewritten"), (0, "rewritten")]
    os.unlink(path)
    assert kinds(path) == [(0, "cut")]


def test_a_head_that_was_kept_elsewhere_is_as_good(path: str) -> None:
    fill(path, 6)
    kept = verify(path).seq, verify(path).hash
    fill(path, 2)
    assert verify(path, kept=kept).whole
    assert kinds(path, kept=(3, "0" * 64)) == [(4, "rewritten")]
    Path(path).write_bytes(b"".join(lines(path)[:4]))
    assert verify(path).whole, "a chain alone says nothing of its end"
    assert kinds(path, kept=kept) == [(0, "cut")]


@pytest.mark.parametrize("text", [b"", b"{}", b"{}\n", b'{"head":{},"signature":""}\n', b"\xff", b"[" * 70_000])
def test_a_head_that_is_none_is_a_finding(path: str, text: bytes) -> None:
    fill(path, 2, sign=lambda head: b"x")
    Path(path + ".head").write_bytes(text)
    assert kinds(path) == [(0, "head")]


def test_a_signature_is_checked_by_who_can(path: str) -> None:
    fill(path, 2, sign=lambda head: b"by ana")

    def check(message: bytes, signature: bytes) -> str:
        if signature != b"by ana" or b'"seq":2' not in message:
            raise SignatureError("by nobody")
        return "ana@example.org"

    assert verify(path).unchecked
    assert verify(path, check=check).signer == "ana@example.org"
    head = Path(path + ".head")
    head.write_bytes(head.read_bytes().replace(b'"seq":2', b'"seq":1'))
    assert (0, "signature") in kinds(path, check=check)


@settings(max_examples=150)
@given(data=st.data())
def test_a_hostile_log_is_read_and_written_on(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = str(tmp_path_factory.mktemp("log") / "audit.jsonl")
    text = bytearray(forged(5))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(text)))
        text[at : at + data.draw(st.integers(0, 40))] = data.draw(
            st.binary(max_size=60) | st.just(b"\n") | st.just(b"[" * 5000)
        )
    Path(path).write_bytes(text)
    os.chmod(path, 0o600)
    assert all(parse(line) or True for line in lines(path))
    verify(path)
    fill(path, 2)
    verify(path)
    assert [one["target"] for one in last(path, 2)] == ["docs/0.md", "docs/1.md"]


@settings(max_examples=100)
@given(data=st.data())
def test_no_change_gets_past_a_head_that_was_kept(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever is done to a log that somebody knows the head of: it is found, or the log still begins as it was."""
    path = str(tmp_path_factory.mktemp("log") / "audit.jsonl")
    whole = forged(7)
    Path(path).write_bytes(whole)
    os.chmod(path, 0o600)
    kept = (6, verify(path).hash)
    changed = whole.splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(0, len(changed) - 1)))
        match data.draw(st.sampled_from(["drop", "double", "swap", "flip", "cut", "insert"])):
            case "drop":
                del changed[at : at + 1]
            case "double":
                changed[at:at] = changed[at : at + 1]
            case "swap":
                changed[at:at] = [changed.pop()] if changed else []
            case "flip":
                line = bytearray(b"".join(changed[at : at + 1]))
                if line:
                    line[data.draw(st.integers(0, len(line) - 1))] ^= 1 << data.draw(st.integers(0, 7))
                changed[at : at + 1] = [bytes(line)]
            case "cut":
                text = b"".join(changed)
                changed = text[: data.draw(st.integers(0, len(text)))].splitlines(keepends=True)
            case _:
                changed[at:at] = [data.draw(st.binary(max_size=30)) + b"\n" * data.draw(st.integers(0, 1))]
    text = b"".join(changed)
    Path(path).write_bytes(text)
    if not text.startswith(whole):
        assert not verify(path, kept=kept).whole
    elif text == whole:
        assert verify(path, kept=kept).whole


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_a_hostile_head_is_a_finding_or_nothing(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    path = str(tmp_path_factory.mktemp("log") / "audit.jsonl")
    Path(path + ".head").write_bytes(text)
    os.chmod(path + ".head", 0o600)
    try:
        assert not verify(path).whole
    except DrivenError:
        raise AssertionError("a head is a finding") from None


MEMORY = """
import resource, sys
from driven.trust.audit_read import last, verify
verify(sys.argv[1]), last(sys.argv[1], 5)
small = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = verify(sys.argv[2])
assert found.whole and len(last(sys.argv[2], 5)) == 5
print(found.entries, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - small)
"""


def test_a_hundred_thousand_entries_are_verified_in_the_memory_of_a_few(path: str, tmp_path: Path) -> None:
    small, large = str(tmp_path / "small"), str(tmp_path / "large")
    Path(small).write_bytes(forged(2000))
    Path(large).write_bytes(forged(100_000))
    for one in (small, large):
        os.chmod(one, 0o600)
    done = subprocess.run([sys.executable, "-c", MEMORY, small, large], capture_output=True, text=True, check=True)
    many, grown = map(int, done.stdout.split())
    assert many == 100_000 and grown < 2048, "KiB"


def test_the_last_entries_and_the_denied_ones(path: str) -> None:
    fill(path, 10)
    assert [one["target"] for one in last(path, 2)] == ["docs/8.md", "docs/9.md"]
    assert [one["target"] for one in last(path, 2, denied=True)] == ["docs/7.md", "docs/9.md"]
    assert len(last(path, 0)) == len(last(path, 99)) == 11 and last(path, 0) == list(entries(path))
    with open(path, "ab") as file:
        file.write(b'{"event":"re')
    assert [one["target"] for one in last(path, 1)] == ["docs/9.md"]
