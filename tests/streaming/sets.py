"""Releases for the tests: any two, and two of which one was made from the other by edits as people make them."""

from __future__ import annotations

from typing import Any

import strategies
from hypothesis import strategies as st

from driven.frozen import replace
from driven.model.activation import ALWAYS, ForPaths
from driven.model.rule import Rule, RuleSet, Source
from driven.streaming.release import Release

paths = st.sampled_from(["pack.toml", "templates/a.md", "rules/Not A Rule.md", "docs/über.md", "a", "rules/x.txt"])
files = st.dictionaries(paths, st.binary(max_size=120), max_size=4)
releases = st.builds(lambda rules, files: Release(rules=rules, files=files), strategies.rule_sets, files)


@st.composite
def edited(draw: st.DrawFn) -> tuple[Release, Release]:
    """A release, and what became of it."""
    before = draw(releases)
    rules = list(before.rules)
    rest = dict(before.files)
    for _ in range(draw(st.integers(0, 5))):
        rules = _edited(draw, rules)
        if draw(st.booleans()):
            path = draw(paths)
            if path in rest and draw(st.booleans()):
                del rest[path]
            else:
                rest[path] = rest.get(path, b"") + draw(st.binary(max_size=40))
    return before, Release(rules=RuleSet.of(rules), files=rest)


def _edited(draw: st.DrawFn, rules: list[Rule]) -> list[Rule]:
    if not rules:
        return [draw(strategies.rules)]
    at = draw(st.integers(0, len(rules) - 1))
    rule = rules[at]
    free = draw(strategies.ids.filter(lambda one: all(one != known.id for known in rules)))
    more: list[Any] = [
        None,
        replace(rule, body=rule.body + "\n\n## More\n\n- One more thing.\n"),
        replace(rule, body=rule.body.replace("e", "ee", 1)),
        replace(rule, body=rule.body[: len(rule.body) // 2] + "## Between\n" + rule.body[len(rule.body) // 2 :]),
        replace(rule, body=rule.body.swapcase()),
        replace(rule, priority=draw(st.integers(0, 255))),
        replace(rule, activation=draw(st.sampled_from([ALWAYS, ForPaths(("src/**",))]))),
        replace(rule, source=draw(strategies.sources)),
        replace(rule, source=Source(front=rule.source.front, newline="\r\n", bom=not rule.source.bom)),
        replace(rule, id=free),
    ]
    new = draw(st.sampled_from(more))
    left = rules[:at] + rules[at + 1 :]
    if new is None:
        return left
    if draw(st.booleans()) and new.id == rule.id:
        return [*rules, replace(new, id=free)]  # a copy
    return [*left, new]
