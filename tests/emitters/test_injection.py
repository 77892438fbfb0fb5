"""Nothing that a rule says can become a key, a line or a file of its own: arbitrary rules, read back by two readers.

One is PyYAML; the other reads lines, as editors do that take `key: value` apart without a YAML library. Both must find
exactly the keys and values that the emitter meant.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from emitters.mirror import EMITTERS
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.model.activation import ALWAYS, ON_REQUEST, Activation, Always, ForPaths, OnRequest, WhenRelevant
from driven.model.artefact import Artefact, Section, Settings, WholeFile
from driven.model.rule import Rule
from driven.plugin_kit import FormatError, check, is_universal, one_line, split_list

KNOWN = {"description", "globs", "alwaysApply", "applyTo", "trigger", "paths", "name", "disable-model-invocation"}
NASTY = [
    "---", "\n---\n", "alwaysApply: true", "\nalwaysApply: true\n", ": ", " #", "'", '"', "\\", "{", "}", "[", "]", ",",
    "*", "&", "!", "%", "@", "`", "|", ">", "?", "-", "~", "\r", "\x85", "\u2028", "\x00", "\ufeff", "\t", "yes",
    "null", "1e3", "0x1f", "12:30", "2024-01-31", "<<", "=", "<!-- driven:end copilot -->", "-->", "é", "/", "**",
    "\U0001f600",
]  # fmt: skip
TEXT = st.lists(st.sampled_from(NASTY) | st.text(max_size=4), max_size=6).map("".join)
SAFE_TEXT = TEXT.map(lambda text: text.encode("utf-8", "ignore").decode())


def canonical(pattern: str) -> str | None:
    """The pattern as a rule holds it, None when it can hold no such pattern."""
    try:
        return check(pattern)
    except FormatError:
        return None


GLOB_PARTS = [
    "src", "a b", "**", "*", "*.ts", "{a,b}", "[ab]", "[,]", "x,y", "#", " #c", "k: v", '"q"', "'s'", "@t", "&a", "!",
    "%", "`", "|", ">", "?", "- d", "123", "null", "true", "~x", "é", "a:", "{1..3}", "{x}",
]  # fmt: skip
GLOB = (
    st.lists(st.sampled_from(GLOB_PARTS), min_size=1, max_size=3)
    .flatmap(lambda parts: st.sampled_from(["/".join(parts), "".join(parts)]))
    .map(canonical)
    .filter(lambda glob: glob is not None and not is_universal(glob))
)
VALUE: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | SAFE_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SAFE_TEXT, inner, max_size=3),
    max_leaves=4,
)
ACTIVATION: st.SearchStrategy[Activation] = st.one_of(
    st.just(ALWAYS),
    st.just(ON_REQUEST),
    SAFE_TEXT.map(lambda text: WhenRelevant(one_line(text) or "text")),
    st.lists(GLOB, min_size=1, max_size=4, unique=True).map(lambda globs: ForPaths(tuple(map(str, globs)))),
)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Any rule that a front matter could give, and some that none could."""
    extra = draw(st.dictionaries(st.sampled_from([*sorted(KNOWN), "tags", "x-y", "on"]) | SAFE_TEXT, VALUE, max_size=3))
    return Rule(
        id=draw(st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}(/[a-z0-9]{1,4})?", fullmatch=True)),
        body=draw(SAFE_TEXT) + "\nText.\n",
        description=draw(st.just("") | SAFE_TEXT),
        activation=draw(ACTIVATION),
        extra=dict.fromkeys(EMITTERS, extra),
    )


def split(text: str) -> tuple[list[str], str]:
    """The lines of the front matter and the rest, as every reader cuts them."""
    if not text.startswith("---\n"):
        return [], text
    front, _, rest = text[4:].partition("\n---\n")
    return front.split("\n"), rest


def by_line(lines: list[str]) -> dict[str, Any]:
    """A reader that knows no YAML: `key: value`, a list below its key, one pair of quotes taken off."""
    found: dict[str, Any] = {}
    key = ""
    for line in lines:
        if line.startswith("  - "):
            found[key] = [*(found[key] or []), json.loads(line[4:])]
            continue
        match = re.fullmatch(r"([^:]+):(?: (.*))?", line)
        assert match, line
        key, value = match.group(1).strip('"'), match.group(2) or ""
        assert key not in found
        found[key] = value
    return found


def meant(name: str, artefact: Artefact, rule: Rule) -> dict[str, Any]:
    """The keys that the file of an editor must have, by the tables of the vendors; `...` where any text may stand."""
    about = {"description": one_line(rule.description)} if rule.description else {}
    is_skill = artefact.path.endswith("/SKILL.md")
    match rule.activation:
        case ForPaths(globs):
            listed = {"paths": list(globs)}
            return {
                "cursor": about | {"globs": ..., "alwaysApply": False},
                "copilot": about | {"applyTo": ...},
                "windsurf": {"trigger": "glob"} | about | {"globs": ...},
            }.get(name, listed)
        case WhenRelevant(description):
            decides = {"description": one_line(description) or one_line(rule.summary)}
            if is_skill:
                return {"name": ...} | {"description": ...}
            first = {"trigger": "model_decision"} if name == "windsurf" else {}
            return first | decides | ({"alwaysApply": False} if name == "cursor" else {})
        case _:
            if is_skill:
                return {"name": ..., "description": ..., "disable-model-invocation": True}
            if name == "windsurf":
                return {"trigger": "always_on" if rule.activation == ALWAYS else "manual"}
            return {"alwaysApply": rule.activation == ALWAYS} if name == "cursor" else {}


@pytest.mark.parametrize("name", EMITTERS)
@settings(max_examples=200)
@given(rule=rules(), header=st.booleans())
def test_two_readers_find_what_was_meant(name: str, rule: Rule, header: bool) -> None:
    emission = EMITTERS[name].emit([rule], Settings(header=header))
    for artefact in emission.artefacts:
        artefact.text.encode()
        assert artefact.text.endswith("\n") or artefact.text == "CONVENTIONS.md"
        if isinstance(artefact.ownership, Section):
            assert not any(line.strip().startswith("<!-- driven:") for line in artefact.text.splitlines())
        if not isinstance(artefact.ownership, WholeFile):
            continue
        lines, rest = split(artefact.text)
        assert rest.startswith("\n") or not lines
        keys = meant(name, artefact, rule)
        by_hand = by_line(lines)
        own = [key for key in by_hand if key not in keys]
        held = [key for key in rule.extra[name] if key in own]
        assert list(by_hand) == list(keys) + own
        assert own == held
        assert not KNOWN.intersection(own) or not set(keys).intersection(own)
        bare = by_hand["globs"] if "globs" in keys else ""
        if not bare.startswith("*"):
            by_yaml = yaml.safe_load("\n".join(lines)) or {}
            assert list(by_yaml) == list(by_hand)
            for key, value in keys.items():
                assert value is ... or by_yaml[key] == value
            for key in own:
                assert by_yaml[key] == rule.extra[name][key]
        if bare:
            assert bare == bare.strip() and bare[0] not in "\"'["
        if "applyTo" in keys:
            assert by_yaml["applyTo"] == json.loads(by_hand["applyTo"])


@settings(max_examples=200)
@given(rule=rules())
def test_cursor_reads_back_what_it_wrote(rule: Rule) -> None:
    from driven_emitters.cursor_read import read

    artefact = EMITTERS["cursor"].emit([rule], Settings()).artefacts[0]
    found = read(artefact.text, artefact.path)
    match rule.activation:
        case ForPaths():
            assert isinstance(found.activation, ForPaths)
            written = by_line(split(artefact.text)[0])["globs"]
            assert found.activation.globs == tuple(dict.fromkeys(split_list(written)))
        case WhenRelevant(description) if one_line(description):
            assert found.activation == WhenRelevant(one_line(description))
        case Always() | OnRequest():
            assert found.activation == rule.activation
    assert found.front + found.body == artefact.text
