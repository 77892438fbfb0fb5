"""Unified diffs: git applies them, and none costs more than it should."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.cli.diff import added_removed, unified

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "long line\n", "\n", "x\r\n", "é\n"]), max_size=30)
FILES = st.builds(lambda lines, tail: "".join(lines) + tail, LINES, st.sampled_from(["", "no newline"]))


def patched(before: str, diff: list[str]) -> str:
    """Apply a diff by the book: an independent reader of what `unified` writes."""
    old = before.split("\n")
    result: list[str] = []
    at = 0
    body = [line for line in diff if not line.startswith(("diff ", "--- ", "+++ ", "new file", "deleted file"))]
    for i, line in enumerate(body):
        if line.startswith("@@ "):
            start, _, length = line.split()[1][1:].partition(",")
            first = int(start) - (1 if int(length) else 0)
            result += [text + "\n" for text in old[at:first]]
            at = first
            continue
        if line.startswith("\\"):
            continue
        end = "" if body[i + 1 : i + 2] == ["\\ No newline at end of file"] else "\n"
        if line[0] in " -":
            assert old[at] == line[1:]
            at += 1
        if line[0] in " +":
            result.append(line[1:] + end)
    rest = "\n".join(old[at:]) if at < len(old) else ""
    return "".join(result) + rest


@given(FILES, FILES)
def test_a_diff_gives_the_new_text(before: str, after: str) -> None:
    diff = unified("f", before.encode(), after.encode())
    assert patched(before, diff) == after
    plus = sum(line.startswith("+") and not line.startswith("+++ ") for line in diff)
    minus = sum(line.startswith("-") and not line.startswith("--- ") for line in diff)
    assert added_removed(before.encode(), after.encode()) == (plus, minus)


@pytest.mark.skipif(not shutil.which("git"), reason="no git here")
@settings(max_examples=15)
@given(before=st.none() | FILES, after=st.none() | FILES)
def test_git_applies_it(tmp_path: Path, before: str | None, after: str | None) -> None:
    old = None if before is None else before.encode()
    new = None if after is None else after.encode()
    if old == new:
        return
    file = tmp_path / "sub/f.md"
    shutil.rmtree(tmp_path / "sub", ignore_errors=True)
    if old is not None:
        file.parent.mkdir()
        file.write_bytes(old)
    patch = "".join(line + "\n" for line in unified("sub/f.md", old, new))
    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], input=patch.encode(), cwd=tmp_path, check=True)
    assert (file.read_bytes() if file.exists() else None) == new


def test_golden() -> None:
    before = b"".join(b"line %d\n" % i for i in range(20))
    after = before.replace(b"line 3\n", b"line three\n").replace(b"line 18\n", b"")
    assert unified("a.md", before, after) == [
        "diff --git a/a.md b/a.md", "--- a/a.md", "+++ b/a.md", "@@ -1,7 +1,7 @@", " line 0", " line 1", " line 2",
        "-line 3", "+line three", " line 4", " line 5", " line 6", "@@ -16,5 +16,4 @@", " line 15", " line 16",
        " line 17", "-line 18", " line 19",
    ]  # fmt: skip


def test_huge_and_unlike_texts_cost_little() -> None:
    before = b"".join(b"%d\n" % (i % 7) for i in range(200_000))
    after = b"".join(b"%d\n" % (i % 5) for i in range(200_000))
    began = time.perf_counter()
    diff = unified("f", before, after)
    assert time.perf_counter() - began < 60
    assert len(diff) > 300_000


def test_bytes_that_are_no_text() -> None:
    assert unified("f", None, b"\xff\x00")[-2:] == ["+\udcff\x00", "\\ No newline at end of file"]
