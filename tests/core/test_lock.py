"""The lines of `outputs.lock`: what is good at a glance is what the careful reader takes, and comes back as it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from driven.core.lock import parse_lines, render_lines
from driven.project.ledger import _escape, _lock_line

DIGEST = "0123456789abcdef" * 2
PATHS = st.sampled_from(
    [
        "CLAUDE.md", ".cursor/rules/a.mdc", "a/../b", "./a", "a//b", "/a", "a/", ".git/x", "x/.GIT/y", ".driven/x",
        ".Driven/x", "x/.driven/y", "a\\b", "a\0b", "a%20b", "%2e%2e/a", "é.md", "a b.md", "<<<", "#a", "=b", ">c",
        "|d", "", "..", ".", "a/..", "..a/b", ".gitignore",
    ]
)  # fmt: skip
PARTS = st.sampled_from(["", "file:", "section:driven:", "entry:read:CONVENTIONS.md:", ":", "outside:"])
DIGESTS = st.sampled_from([DIGEST, DIGEST[::-1], DIGEST[1:], DIGEST.upper(), DIGEST + "0", ""])
LINES = st.builds(lambda path, editor, part, digest: f"{path}\t{editor}\t{part}{digest}", PATHS,
                  st.sampled_from(["cursor", "", "a\tb"]), PARTS, DIGESTS)  # fmt: skip
OTHERS = st.sampled_from(
    ["", "# note", "<<<<<<< HEAD", "=======", ">>>>>>> other", "||||||| base", "a", "a\tb", "\t\t"]
)


@given(st.lists(LINES | OTHERS | st.text(max_size=40), max_size=8))
def test_each_line_is_taken_as_the_careful_reader_takes_it_or_left_to_it(lines: list[str]) -> None:
    text = "\n".join(lines)
    lock, odd = parse_lines(text)
    left = dict(odd)
    wanted: dict = {}
    for number, line in enumerate(text.splitlines(), 1):
        if number in left:
            assert left[number] == line
        elif line and not line.startswith("#"):
            entry = _lock_line(line)
            assert entry is not None, line
            wanted[entry[0]] = wanted.get(entry[0], frozenset()) | {entry[1]}
    assert lock == wanted


@given(
    st.dictionaries(
        st.tuples(PATHS, st.sampled_from(["cursor", "aider"]), st.sampled_from(["file", "section:x", "entry:read:y"])),
        st.frozensets(st.sampled_from([DIGEST, DIGEST[::-1]]), min_size=1), max_size=8,
    )
)  # fmt: skip
def test_what_is_rendered_is_sorted_and_read_again(lock: dict) -> None:
    text = render_lines(lock, _escape)
    assert text == "".join(
        f"{_escape(path)}\t{editor}\t{'' if part == 'file' else part + ':'}{digest}\n"
        for (path, editor, part), digests in sorted(lock.items())
        for digest in sorted(digests)
    )
    again, odd = parse_lines(text)
    for _, line in odd:
        entry = _lock_line(line)
        if entry is not None:
            again[entry[0]] = again.get(entry[0], frozenset()) | {entry[1]}
    good = {owned for owned in lock if owned in again}
    assert {owned: lock[owned] for owned in good} == again


def test_one_thing_on_several_lines_has_several_digests() -> None:
    lock, odd = parse_lines(f"a\tx\t{DIGEST}\n# c\n<<<<<<< HEAD\na\tx\t{DIGEST[::-1]}\n")
    assert lock == {("a", "x", "file"): frozenset((DIGEST, DIGEST[::-1]))}
    assert odd == [(3, "<<<<<<< HEAD")]
