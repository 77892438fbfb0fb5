"""What stands at a place of front matter and of settings files, also while it is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.document.document import Document
from driven_lsp.front_place import FrontPlace, front_bounds, part_at, place_at, places_of

RULE = ".driven/rules/a.md"
CONFIG = ".driven/config.toml"
AIDER = ".aider.conf.yml"


def at(text: str, path: str = RULE) -> FrontPlace | None:
    """The place of the cursor."""
    return place_at(Document(path, text.replace("▮", "").encode()), text.index("▮"))


# text with the cursor, kind, key, path, text, where it begins and ends beside the cursor, what else is true of it
YAML = [
    ("---\n▮\n---\n", "blank", "", (), "", 0, 0, ""),
    ("---\nap▮\n---\nx", "key", "ap", (), "ap", -2, 0, ""),
    ("---\nap▮ply : always\n---\n", "key", "apply", (), "apply", -2, 3, ""),
    ("---\napply: ▮\n---\n", "value", "apply", (), "", 0, 0, ""),
    ("---\napply:▮\n---\n", "value", "apply", (), "", 0, 0, ""),
    ("---\napply: al▮ways # c\nkind: x\n---\n", "value", "apply", (), "always", -2, 4, ""),
    ("---\ndescription: a ▮\n---\n", "value", "description", (), "a ", -2, 0, ""),
    ('---\ndescription: "a: \'b▮"\n---\n', "value", "description", (), "a: 'b", -5, 0, "quoted"),
    ("---\ndescription: |\n  one▮ two\nkind: x\n---\n", "value", "description", (), "one two", -3, 4, ""),
    ("---\ndescription: one\n  two▮\n---\n", "value", "description", (), "two", -3, 0, ""),
    ('---\npaths: ["src/**", "▮"]\n---\n', "item", "paths", (), "", 0, 0, "quoted in_list flow"),
    ('---\npaths: ["src/**", ▮\n---\n', "item", "paths", (), "", 0, 0, "in_list flow"),
    ('---\npaths: ["▮\n---\n', "item", "paths", (), "", 0, 0, "quoted in_list flow"),
    ("---\npaths: [a, src/{a,▮b}/x]\n---\n", "item", "paths", (), "src/{a,b}/x", -7, 4, "in_list flow"),
    ("---\npaths: [a, src/[id]/▮x]\n---\n", "item", "paths", (), "src/[id]/x", -9, 1, "in_list flow"),
    ("---\npaths:\n  - 'a'\n  - ▮\n---\n", "item", "paths", (), "", 0, 0, "in_list"),
    ("---\npaths:\n- a\n- b▮\nkind: x\n---\n", "item", "paths", (), "b", -1, 0, "in_list"),
    ("---\npaths:\n  - src/▮", "item", "paths", (), "src/", -4, 0, "in_list"),
    ("---\npaths:\n  ▮\n---\n", "blank", "", ("paths",), "", 0, 0, ""),
    ("---\npaths:\n  - a\n  ▮\n---\n", "blank", "", ("paths",), "", 0, 0, "in_list"),
    ("---\npaths:\n  - a\n▮\n---\n", "blank", "", (), "", 0, 0, ""),
    ('---\npaths: [\n  "a",\n  "b▮"\n]\nkind: x\n---\n', "item", "paths", (), "b", -1, 0, "quoted in_list flow"),
    ('---\npaths: [\n  "a",\n  ▮\nkind: x\n---\n', "item", "paths", (), "", 0, 0, "in_list flow"),
    ("---\ntargets: [-cu▮rsor, a]\n---\n", "item", "targets", (), "-cursor", -3, 4, "in_list flow"),
    ("---\nextra:\n  cu▮\n---\n", "key", "cu", ("extra",), "cu", -2, 0, ""),
    ("---\nextra:\n  a:\n    x: 1\n  ▮\n---\n", "blank", "", ("extra",), "", 0, 0, ""),
    ("---\nextra:\n  cursor:\n    g: x▮\n    y: z\n---\n", "value", "g", ("extra", "cursor"), "x", -1, 0, ""),
    ("---\nextra: {cursor: {a: b, ▮}}\n---\n", "blank", "", ("extra", "cursor"), "", 0, 0, "flow"),
    ("---\nextra: {cursor: {a: ▮}}\n---\n", "value", "a", ("extra", "cursor"), "", 0, 0, "flow"),
    ("---\nextra: {cu▮}\n---\n", "key", "cu", ("extra",), "cu", -2, 0, "flow"),
    ("---\nx:\n  - name: v▮\n---\n", "value", "name", ("x",), "v", -1, 0, ""),
    ("---\nkind: x\n▮", "blank", "", (), "", 0, 0, ""),
    ("\ufeff---\r\napply: a▮\r\nkind: y\r\n---\r\n", "value", "apply", (), "a", -1, 0, ""),
    ("---\rapply: a▮\rkind: y\r---\r", "value", "apply", (), "a", -1, 0, ""),
    ("---\ndescription: é😀▮ü\n---\n", "value", "description", (), "é😀ü", -2, 1, ""),
]
TOML = [
    ("▮", "blank", "", (), "", 0, 0, ""),
    ("[edi▮]", "key", "edi", (), "edi", -3, 0, "is_table"),
    ("[editors.▮]", "key", "", ("editors",), "", 0, 0, "is_table"),
    ("[editors.wind▮surf]", "key", "windsurf", ("editors",), "windsurf", -4, 4, "is_table"),
    ("[editors]\n▮\n", "blank", "", ("editors",), "", 0, 0, ""),
    ("[editors]\ncursor = ▮\n", "value", "cursor", ("editors",), "", 0, 0, ""),
    ("editors.cur▮sor = true", "key", "cursor", ("editors",), "cursor", -3, 3, ""),
    ('[editors]\nw = { dir = "▮" }\n', "value", "dir", ("editors", "w"), "", 0, 0, "quoted flow"),
    ("[editors]\nw = { ▮ }\n", "blank", "", ("editors", "w"), "", 0, 0, "flow"),
    ('[sync]\nmode = "two▮"\n', "value", "mode", ("sync",), "two", -3, 0, "quoted"),
    ("[sync]\nmo▮", "key", "mo", ("sync",), "mo", -2, 0, ""),
    ('[v]\nignore = [\n "CUR▮",\n]\n', "item", "ignore", ("v",), "CUR", -3, 0, "quoted in_list flow"),
    ('[v]\nignore = ["▮\n[sync]\n', "item", "ignore", ("v",), "", 0, 0, "quoted in_list flow"),
    ('[v.p]\n"**/▮x.md" = ["G"]', "key", "**/x.md", ("v", "p"), "**/x.md", -3, 4, "quoted"),
]


def check(text: str, path: str, *due: object) -> None:
    place = at(text, path)
    assert place is not None, text
    kind, key, above, word, start, end, flags = due
    offset = text.index("▮")
    found = (place.kind, place.key, place.path, place.text, place.start - offset, place.end - offset)
    assert found == (kind, key, above, word, start, end), text
    true = {name for name in ("quoted", "in_list", "is_table", "flow") if getattr(place, name)}
    assert true == set(str(flags).split()), text
    assert text.replace("▮", "")[place.start : place.end].strip() == place.text.strip()


@pytest.mark.parametrize("case", YAML, ids=[repr(case[0]) for case in YAML])
def test_front_matter(case: tuple[object, ...]) -> None:
    check(str(case[0]), RULE, *case[1:])


@pytest.mark.parametrize("case", TOML, ids=[repr(case[0]) for case in TOML])
def test_configuration(case: tuple[object, ...]) -> None:
    check(str(case[0]), CONFIG, *case[1:])


def test_a_whole_file_of_yaml() -> None:
    check("# c\nread:\n  - CONV▮\nauto: x\n", AIDER, "item", "read", (), "CONV", -4, 0, "in_list")


@pytest.mark.parametrize(
    "text",
    [
        "▮", "# T▮\n", "---▮", "---▮\na: b\n---\n", "---\na: b\n---\n▮", "---\na: b\n---▮\n", "---\na: b # c▮\n---\n",
        "---\n# c▮\n---\n", "---\nkind: x\n\n# Title▮\n", "---\nkind: x\n\nA text.▮\n", '---\na: "b" ▮\n---\n',
        "---\na: [b] ▮\n---\n", "a: ▮\n---\n",
    ],
)  # fmt: skip
def test_nothing_there(text: str) -> None:
    assert at(text) is None


def test_what_stands_beside() -> None:
    def used(text: str, path: str = RULE) -> tuple[str, ...]:
        place = at(text, path)
        assert place is not None
        return place.used

    assert used("---\nkind: x\nap▮: a\npaths: [b]\n---\n") == ("kind", "paths")
    assert used("---\nkind: x\n▮\ntags: [b]\n---\n") == ("kind", "tags")
    assert used("---\npaths: [a, ▮, 'c']\n---\n") == ("a", "c")
    assert used("---\npaths:\n  - a\n  - ▮\n  - c\n---\n") == ("a", "c")
    assert used("---\nextra:\n  a: {}\n  ▮\n  b: {}\n---\n") == ("a", "b")
    assert used("[editors]\na = true\n▮\n[editors.b]\n[sync]\nmode = 1\n", CONFIG) == ("a", "b")
    assert used("▮\n[editors]\n[sync]\n", CONFIG) == ("editors", "sync")


def test_one_of_several_globs() -> None:
    for text, due in (
        ("---\nglobs: a/**,b▮/{c,d}/*, e\n---\n", "b/{c,d}/*"),
        ("---\nglobs: a/**,b/{c,▮d}/*, e\n---\n", "b/{c,d}/*"),
        ("---\nglobs: a▮/**,b\n---\n", "a/**"),
        ("---\nglobs: a,b, e▮\n---\n", "e"),
        ("---\nglobs: a,▮\n---\n", ""),
    ):
        place = at(text)
        assert place is not None
        start, end, glob = part_at(place, text.index("▮"))
        assert glob == due, text
        assert text.replace("▮", "")[start:end] == due


def test_every_place() -> None:
    text = '---\napply: paths\npaths: ["a", b]\nextra:\n  cursor: {x: 1}\ntags:\n  - t\n---\n'
    found = [(place.kind, place.path, place.key, place.text) for place in places_of(Document(RULE, text.encode()))]
    assert found == [
        ("key", (), "apply", "apply"), ("value", (), "apply", "paths"), ("key", (), "paths", "paths"),
        ("item", (), "paths", "a"), ("item", (), "paths", "b"), ("key", (), "extra", "extra"),
        ("key", ("extra",), "cursor", "cursor"), ("key", ("extra", "cursor"), "x", "x"),
        ("value", ("extra", "cursor"), "x", "1"), ("key", (), "tags", "tags"), ("item", (), "tags", "t"),
    ]  # fmt: skip


def test_bounds_agree_with_the_reader() -> None:
    for text in ("---\na: b\n---\nx", "\ufeff---\r\na: b\r\n--- \r\nx", "---  \na: b\n---", "---\n---\n", "x", ""):
        document = Document(RULE, text.encode())
        bounds = front_bounds(document)
        front = document.front
        if front is None:
            assert bounds is None
        else:
            assert bounds is not None and bounds.closed == (front.end >= 0)
            assert bounds.start == front.start
            assert text[bounds.start : bounds.end] == front.text


PIECES = st.sampled_from(
    ["---\n", "apply: ", "paths: ", "[", "]", "{", "}", '"', "'", ",", "- ", "  ", "\n", "\r\n", "\r", "#", ":", "=",
     "a/**", "é😀", "\ufeff", "|\n", "extra:\n", "[editors]\n", "cursor = true\n", "\\", "\t", "k: v\n"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30), st.sampled_from([RULE, CONFIG, AIDER]), st.integers(0, 80))
def test_any_text(pieces: list[str], path: str, offset: int) -> None:
    text = "".join(pieces)
    document = Document(path, text.encode())
    place = place_at(document, offset)
    if place is not None:
        assert 0 <= place.start <= place.end <= len(text)
        assert "\n" not in place.text or not place.in_list
        part_at(place, offset)
    for one in places_of(document):
        assert 0 <= one.start <= one.end <= len(text)
