"""One entry of a YAML list: put and taken by edits of the text that PyYAML confirms."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from driven.errors import SourceError
from driven.format.yaml_list import find_entry, put_entry, take_entry

OURS = b"CONVENTIONS.md"
CASES = {
    "empty": ("", "read:\n  - CONVENTIONS.md\n"),
    "other keys": ("model: sonnet # mine\n", "model: sonnet # mine\nread:\n  - CONVENTIONS.md\n"),
    "no final newline": ("model: x", "model: x\nread:\n  - CONVENTIONS.md\n"),
    "block list": ("read:\n- a.md # first\nlint: x\n", "read:\n- a.md # first\n- CONVENTIONS.md\nlint: x\n"),
    "indented list": ("read:\n    - a.md\n", "read:\n    - a.md\n    - CONVENTIONS.md\n"),
    "list at the end, no newline": ("read:\n  - a.md", "read:\n  - a.md\n  - CONVENTIONS.md\n"),
    "flow list": ("read: [a.md, b.md] # two\n", "read: [a.md, b.md, CONVENTIONS.md] # two\n"),
    "empty flow list": ("read: []\n", "read: [CONVENTIONS.md]\n"),
    "flow over lines": ("read: [\n  a.md,\n]\nx: 1\n", "read: [\n  a.md, CONVENTIONS.md]\nx: 1\n"),
    "scalar": ("read: a.md # one\n", "read: [a.md, CONVENTIONS.md] # one\n"),
    "quoted scalar": ('read: "a b.md"\n', 'read: ["a b.md", CONVENTIONS.md]\n'),
    "null": ("read:\nmodel: x\n", "read: [CONVENTIONS.md]\nmodel: x\n"),
    "tilde": ("read: ~\n", "read: [CONVENTIONS.md]\n"),
    "comments only": ("# nothing yet\n", "# nothing yet\nread:\n  - CONVENTIONS.md\n"),
    "crlf": ("read:\r\n  - a.md\r\n", "read:\r\n  - a.md\r\n  - CONVENTIONS.md\r\n"),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_put(before: str, after: str) -> None:
    assert put_entry(before.encode(), "read", OURS) == after.encode()
    assert find_entry(after.encode(), "read", OURS) == OURS
    assert put_entry(after.encode(), "read", OURS) == after.encode()


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_take_leaves_the_other_entries_and_keys(before: str, after: str) -> None:
    left = take_entry(after.encode(), "read", OURS)
    wanted = yaml.safe_load(before) or {}
    entries = wanted.get("read") or []
    entries = entries if isinstance(entries, list) else [entries]
    wanted = {key: value for key, value in wanted.items() if key != "read"} | ({"read": entries} if entries else {})
    assert (yaml.safe_load(left or b"") or {}) == wanted
    assert find_entry(left or b"", "read", OURS) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("read: [a\n", "not valid YAML"),
        ("- a\n", "not a map"),
        ("read: &a [x]\nother: *a\n", "aliases"),
        ("read: a\nread: b\n", "twice"),
        ("{" * 200_000, "nested too deeply"),
        ("read: " + "[\n" * 90_000, "nested too deeply"),
        ("\n".join(" " * depth + "a:" for depth in range(700)), "nested too deeply"),
        ("a: !!python/object:os.system x\n", "YAML"),
        ("\xff", "UTF-8"),
        ("read: |\n  text\n  more\n", "cannot be edited"),
    ],
)
def test_what_cannot_be_edited_is_refused(text: str, says: str) -> None:
    data = text.encode("latin-1")
    with pytest.raises(SourceError, match=says):
        put_entry(data, "read", OURS)


@pytest.mark.parametrize(
    "value", ["{a: 1}", "7", "true", "2024-01-31", "[a.md, 7]", "[a.md, null]", "[[a.md]]", "\n  - {a: 1}"]
)
def test_entries_are_texts(value: str) -> None:
    data = f"model: x\nread: {value}\n".encode()
    for edit in (find_entry, put_entry, take_entry):
        with pytest.raises(SourceError, match="`read` is not a text or a list of texts"):
            edit(data, "read", OURS)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("read: ./CONVENTIONS.md\n", None),
        ("read: [a.md, .//CONVENTIONS.md]\n", "read: [a.md]\n"),
        ("read:\n  - docs/../CONVENTIONS.md # mine\n  - a.md\n", "read:\n  - a.md\n"),
        ("read: ['./CONVENTIONS.md', CONVENTIONS.md]\n", "read: ['./CONVENTIONS.md']\n"),
    ],
)
def test_an_entry_is_a_path_however_it_is_spelled(text: str, left: str | None) -> None:
    data = text.encode()
    assert find_entry(data, "read", OURS) == OURS
    assert put_entry(data, "read", OURS) == data
    assert take_entry(data, "read", OURS) == (None if left is None else left.encode())


def test_another_folders_file_is_another_entry() -> None:
    data = b"read: docs/CONVENTIONS.md\n"
    assert find_entry(data, "read", OURS) is None
    assert put_entry(data, "read", OURS) == b"read: [docs/CONVENTIONS.md, CONVENTIONS.md]\n"
    assert take_entry(data, "read", OURS) == data


names = st.from_regex(r"[a-z][a-z0-9_.-]{0,8}\.md", fullmatch=True)


@given(entries=st.lists(names, unique=True, max_size=5), flow=st.booleans(), others=st.dictionaries(names, names))
def test_put_and_take_on_any_list_that_pyyaml_writes(entries, flow, others) -> None:
    others.pop("read", None)
    before = {**others, "read": entries}
    data = yaml.safe_dump(before, default_flow_style=None if flow else False, sort_keys=False).encode()
    put = put_entry(data, "read", OURS)
    assert yaml.safe_load(put) == {**others, "read": [*entries, "CONVENTIONS.md"]}
    taken = take_entry(put, "read", OURS)
    assert (yaml.safe_load(taken or b"") or {}) == ({**others, "read": entries} if entries else others)
