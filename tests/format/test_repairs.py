"""The repairs of rule files, on front matter of random pieces: each does what it says and spoils nothing else."""

from __future__ import annotations

import random

import pytest

from driven.document.document import Document
from driven.format.text import parse_rule
from driven.model.diagnostic import Diagnostic
from driven.validation.fixing import _apply

PATH = ".driven/rules/a.md"
HEADS = ("", "", "", "\n", "\r\n \n", "\ufeff", "\ufeff\n", "  ", "é𝄞\n")
LINES = (
    "apply: always", "apply: alway", "apply: manual", "paths: [a/**]", "paths:\n  - a/**\n  # c\n- b", "globs: a/**",
    "alwaysApply: false", "trigger: glob", "prioritty: 3", "# c", "", "kind: 'standart'", '"title": é𝄞', "text",
    '"applyTo": "x"', "{globs: x, apply: always, paths: [b]}", "? paths\n: x", "---", "extra: {cursor: {globs: x}}",
)  # fmt: skip
ENDS = ("\n", "\n", "\n", "\r\n", "\r", "\r\r\n")
NO_YAML = {"RUL01", "RUL02", "RUL04", "RUL05"}


def said_of(text: str) -> list[Diagnostic]:
    return parse_rule(text.encode(), path=PATH, rule_id="a")[1]


def made(dice: random.Random) -> str:
    lines = ["---", *dice.sample(LINES, k=dice.randint(0, 4)), "---", *dice.sample(("", "Use tabs.", "globs: x"), k=2)]
    common = dice.choice(ENDS)
    ends = [dice.choice(ENDS) if dice.random() < 0.1 else common for _ in lines]
    return dice.choice(HEADS) + "".join(f"{line}{end}" for line, end in zip(lines, ends, strict=True))


def count(found: list[Diagnostic], code: str) -> int:
    return sum(d.code == code for d in found)


@pytest.mark.parametrize("seed", range(3))
def test_a_repair_ends_its_finding_and_spoils_nothing(seed: int) -> None:
    dice = random.Random(seed)
    seen = set()
    for _ in range(700):
        text = made(dice)
        found = said_of(text)
        had = {d.code for d in found}
        for d in found:
            if d.fix is None:
                continue
            seen.add(d.code)
            done, after = _apply(Document(PATH, text.encode()), [(d, d.fix)])
            told = (text, after, d)
            assert done == [d] and after != text, told
            again = said_of(after)
            assert count(again, d.code) < count(found, d.code) or d.code in ("RUL06", "RUL30"), told
            assert not d.fix.safe or d.code not in ("RUL06", "RUL08") or not {e.code for e in again} - had, told
            assert d.fix.safe or not ({e.code for e in again} - had) & NO_YAML, told
    assert {"RUL06", "RUL08", "RUL14", "RUL16", "RUL30", "RUL31", "RUL32"} <= seen


@pytest.mark.parametrize(
    ("front", "fixed"),
    [
        ("globs: src/**", "paths: src/**"),
        ("globs:\nalwaysApply: true", "paths:\napply: always"),
        ("globs: [src/**]\nalwaysApply: false", "paths: [src/**]\napply: paths"),
        ("alwaysApply: false", "apply: manual"),
        ("description: x\nalwaysApply: false", "description: x\napply: model"),
        ("inclusion: fileMatch\nfileMatchPattern: src/**", "apply: paths\npaths: src/**"),
        ("trigger: always_on", "apply: always"),
        ("editors: [cursor]", "targets: [cursor]"),
        # What cannot be told stays as it is.
        ("globs: src/**\nalwaysApply: true", "paths: src/**\nalwaysApply: true"),
        ("globs: src/**\nglob: test/**", ""),
        ("globs: 3", ""),
        ("globs: {a: b}", ""),
        ("trigger: glob", ""),
        ("trigger: sometimes", ""),
        ("alwaysApply: 'false'", ""),
        ("editors: cursor", ""),
        ("tools: [Read]", ""),
        ("title: [a]", ""),
        ("if: big", ""),
        ("name: x", ""),
        ("description: x\ntitle: y", ""),
        ("kind: stamp", ""),
        ("{apply: manual,\n paths: [a/**]}", ""),
    ],
)
def test_keys_of_other_tools(front: str, fixed: str) -> None:
    text = f"---\n{front}\n---\n\nUse tabs.\n"
    fixes = [(d, d.fix) for d in said_of(text) if d.fix is not None]
    assert not any(fix.safe for _, fix in fixes)
    assert _apply(Document(PATH, text.encode()), fixes)[1] == f"---\n{fixed or front}\n---\n\nUse tabs.\n"


@pytest.mark.parametrize(
    ("front", "safe"),
    [
        ("prioritty: 10", [True]),
        ("Priority: 10", [True]),
        ("prioritty: high", [False]),
        ("prioritty: 300", [False]),
        ("prioritty:", [True]),
        ("tag: [api]", [True]),
        ("tag: api", [False]),
        ("pathss: src/**", [True]),
        ("pathss: /etc", [False]),
        ("path: src/**", [False]),  # another tool's
        ("whne: files('**/*.tf') > 0", [True]),
        ("whne: file('**/*.tf')", [False]),
        ("target: [cursor]", [True]),
        ("target: [-cursor]", [False]),
        ("aply: manual", [True]),
        ("aply: paths", [False]),
        ("aply: manual\npaths: a/**", [False]),
        ("aply: manual\npathss: a/**", [False, False]),  # each alone would do
        ("aply: manual\nglobs: a/**", [False, False]),
        ("prioritty: 1\npriorrity: 2", []),
        ("prioritty: 1\npriority: 2", []),
        ("apply: alway", [True]),
        ("apply: alway\npaths: a/**", [False]),
        ("apply: alway\npathss: a/**", [False, True]),
        ("kind: 'standart'", [True]),
        ("kind: stndrd", [True]),
        ("category: perform", [False]),
        ("{prioritty: 3, descripton: x}", [True, True]),
    ],
)
def test_what_is_certain_is_safe(front: str, safe: list[bool]) -> None:
    found = said_of(f"---\n{front}\n---\n\nUse tabs.\n")
    assert [d.fix.safe for d in found if d.fix is not None] == safe


def test_many_unknown_keys_cost_no_more_than_their_number() -> None:
    """Each of them is near to the same key: none may ask all others."""
    front = "".join(f"prioritty{number}: 3\n" for number in range(990))
    found = said_of(f"---\n{front}---\n\nUse tabs.\n")
    assert count(found, "RUL06") == 990
    assert not any(d.fix is not None for d in found)
