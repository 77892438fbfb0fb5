"""Every reader of YAML refuses a bomb: aliases that grow, brackets that nest, tags, keys twice, a megabyte."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from driven.document.document import Document
from driven.errors import SourceError
from driven.format.text import parse_rule
from driven.format.yaml12 import MAX_BYTES, MAX_DEPTH, MAX_NODES, load_yaml
from driven.format.yaml_list import put_entry
from driven.trust.scan import scan
from driven.trust.settings import values
from driven.trust.surfaces import surfaces
from driven_checks import aider_conf
from driven_emitters.aider_read import _config

ROOT = Path(__file__).resolve().parents[3]
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "laughs": (LAUGHS, "RUL02"), "an alias": ("a: &x 1\nb: *x\n", "RUL02"), "a merge": ("<<: &x {a: 1}\n", "RUL02"),
    "brackets": ("a: " + "[" * 3_000, "RUL03"), "braces": ("a: " + "{a: " * 3_000, "RUL03"),
    "dashes": ("a:\n" + "- " * 3_000 + "x\n", "RUL03"), "a tag": ("a: !!python/object:x []\n", "RUL02"),
    "a local tag": ("a: !x y\n", "RUL02"), "twice": ("a: 1\na: 2\n", "RUL04"),
    "many": ("a: [" + "1," * 3_000 + "]\n", "RUL03"),
    "large": ("a: " + "x" * (1 << 20), "RUL03"), "two documents": ("a: 1\n---\nb: 2\n", "RUL01"),
    "a long number": ("a: " + "9" * 5_000 + "\n", "RUL01"), "a key that is a list": ("? [a]\n: b\n", "RUL05"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_front_matter(name: str) -> None:
    text, code = HOSTILE[name]
    loaded = load_yaml(text, path="a.md")
    assert [told.code for told in loaded.diagnostics] == [code]
    assert loaded.values == {}
    rule, found = parse_rule(f"---\n{text}\n---\nText.\n".encode(), path="a.md", rule_id="a")
    if name not in ("two documents",):  # there the front matter ends, and the rest is text
        assert rule is None and found


def _list(text: str) -> object:
    return put_entry(text.encode(), "read", b"AGENTS.md")


READERS: dict[str, Callable[[str], object]] = {
    "lists of Aider": _list,
    "configuration of Aider": lambda text: _config(text.encode()),
    "checks of Aider": lambda text: aider_conf._parse(Document(".aider.conf.yml", text.encode())),
    "settings": lambda text: values(Document(".continue/config.yaml", text.encode())),
    "front matter of an agent": lambda text: values(Document(".claude/agents/a.md", f"---\n{text}\n---\n".encode())),
    "surfaces": lambda text: surfaces(".continue/config.yaml", text.encode()),
    "the scanner": lambda text: scan("a.md", f"---\n{text}\n---\n"),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", HOSTILE)
def test_no_reader_breaks_or_grows(reader: str, name: str) -> None:
    try:
        found = READERS[reader](HOSTILE[name][0])
    except SourceError as error:
        assert len(str(error)) < 300
        return
    assert len(str(found)) < 3 << 20


def test_the_bounds_are_below_those_that_were_asked_for() -> None:
    assert MAX_BYTES <= 1 << 20
    assert MAX_DEPTH <= 64
    assert MAX_NODES <= 10_000


def test_nobody_loads_yaml_by_another_way() -> None:
    """`yaml.load` and its kin build what the text says before anybody can count it."""
    found = [
        str(file.relative_to(ROOT))
        for top in ("driven", "lsp", "plugins")
        for file in (ROOT / top).rglob("*.py")
        if re.search(r"\byaml\.(?:\w*load\w*)\(|yaml\.unsafe|UnsafeLoader|FullLoader", file.read_text(encoding="utf-8"))
    ]
    assert found == ["driven/benchmarks/files.py"]  # what ours is measured against, on a text of the benchmark's own
