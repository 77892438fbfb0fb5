"""The helpers for plugin authors, the YAML ones against PyYAML and against our own YAML 1.2 reader."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from driven import plugin_kit as kit
from driven.model.rule import Value

YAMLISH = st.text(st.sampled_from(" -?:,[]{}#&*!|>'\"%@`~=<0123456789_.+eExobntfyYN/\\\t\n\x85\u2028é"), max_size=12)
WORDS = st.sampled_from(
    [
        "yes", "No", "on", "NULL", "~", "1_000", "0x1f", "1e3", "1.", ".5",
        "-.inf", "12:30", "0o17", "2024-01-31", "2024-1-1 1:00:00", "<<", "=",
        "---", "...", "089", "+1", "1:2:3.4",
    ]
)  # fmt: skip


def both(text: str) -> list[object]:
    """What the two readers make of `key: text`."""
    loaded = kit.load_yaml(f"key: {text}", path="x.md", line_offset=0)
    try:
        old = yaml.safe_load(f"key: {text}")
    except (yaml.YAMLError, ValueError):
        return [None, loaded.values.get("key")]
    return [old.get("key") if isinstance(old, dict) else None, loaded.values.get("key")]


@given(YAMLISH | WORDS | st.text(max_size=12))
def test_a_plain_scalar_is_read_back_and_so_is_a_quoted_one(text: str) -> None:
    if kit.is_plain(text):
        assert both(text) == [text, text]
    text = text.encode("utf-8", "ignore").decode()
    assert both(kit.quoted(text)) == [text, text]
    assert "\n" not in kit.quoted(text)


@pytest.mark.parametrize(
    "text",
    ["Use tabs", "it's fine, (really)", "a #b".replace(" ", ""), "-x", "?x", ":x", "C:\\dir", 'say "hi"', "é – ü",
     "1.2.3", "v1", "12:3x", "2024-01-31 is a day", "src/**,*.ts", "0x", "no way", "a - b", "\U0001f600"],
)  # fmt: skip
def test_ordinary_text_needs_no_quotes(text: str) -> None:
    assert kit.is_plain(text)
    assert both(text) == [text, text]


@given(st.text())
def test_one_line(text: str) -> None:
    line = kit.one_line(text)
    assert len((line + "x").splitlines()) == 1
    assert line == kit.one_line(line)
    assert line.split() == "".join(c if c >= " " and not "\x7f" <= c <= "\x9f" else " " for c in text).split() or any(
        not c.isprintable() for c in text
    )


def test_one_line_keeps_what_is_one_line() -> None:
    assert kit.one_line("  a  b\tc\r\n\r\n d ") == "a  b c d"
    assert kit.one_line("a\u2028b\x00c") == "a b c"


@pytest.mark.parametrize(
    "value",
    [None, True, 7, -1, 1e16, 1.5e-7, float("inf"), "yes", "a\nb", [1, ["x", {"k": None}]], {"a b": [], "": {}}],
)
def test_yaml_value_is_read_back(value: Value) -> None:
    text = kit.yaml_value(value)
    assert "\n" not in text
    assert both(text) == [value, value]


def test_yaml_value_refuses_what_nests_too_deep() -> None:
    value: Value = []
    for _ in range(5000):
        value = [value]
    with pytest.raises(ValueError, match="nested deeper than 16"):
        kit.yaml_value(value)


@pytest.mark.parametrize(
    ("lines", "body", "note", "text"),
    [
        ([], "A.\n", "", "A.\n"),
        ([], "A.", "", "A.\n"),
        ([], "\ufeffA.\r\nB.\rC\n\n\n", "", "A.\nB.\nC\n"),
        (["a: 1"], "A.", "", "---\na: 1\n---\n\nA.\n"),
        (["a: 1"], "", "", "---\na: 1\n---\n"),
        ([], "", "", ""),
        ([], " \n\t\n", "<!-- n -->", ""),
        (["a: 1"], "A.", "<!-- n -->", "---\na: 1\n---\n\n<!-- n -->\n\nA.\n"),
        ([], "---\nA.", "", "<!-- -->\n---\nA.\n"),
        ([], "\n\n---\nA.", "", "<!-- -->\n\n\n---\nA.\n"),
        ([], " \r\n\t\n ---\nA.", "", "<!-- -->\n \n\t\n ---\nA.\n"),
        ([], "---\nA.", "<!-- n -->", "<!-- n -->\n\n---\nA.\n"),
        (["a: 1"], "---\nA.", "", "---\na: 1\n---\n\n---\nA.\n"),
    ],
)
def test_document(lines: list[str], body: str, note: str, text: str) -> None:
    assert kit.document(lines, body, note) == text


@pytest.mark.parametrize(("text", "span"), [("a", "`a`"), ("a`b", "``a`b``"), ("``", "``` `` ```"), ("`x", "`` `x ``")])
def test_code_span(text: str, span: str) -> None:
    assert kit.code_span(text) == span


def test_hostile_text_costs_no_time() -> None:
    start = time.process_time()
    for text in (" " * 200_000 + "x", "a " * 100_000 + "\n", "1" * 200_000 + "x", "a:" * 100_000, "_" * 200_000):
        kit.one_line(text + "\n")
        kit.is_plain(text)
        kit.quoted(text)
    assert time.process_time() - start < 30


def test_names_that_load_late() -> None:
    assert kit.rule_id_for("A b.md") == "a-b"
    assert kit.MAX_RULE_BYTES == 1 << 20
    with pytest.raises(AttributeError, match="no_such_name"):
        kit.no_such_name  # noqa: B018
