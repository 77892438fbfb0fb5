"""Compiled templates against Jinja2 itself: generated templates with generated values give the same text, or both fail."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driven.errors import DrivenError
from driven.fusion.compiling import compile_template, reference_render
from driven.fusion.dtm_file import open_dtm, render

NAMES = ["a", "b", "c", "d", "words", "n"]
TEXTS = ["", "x", "Hello World", "a-b (c", "  pad ", "é ß ǆ", "one\ntwo\n\n three", "1", "2.5", "ΑΣ ΑΣΑ"]
VALUES = st.one_of(
    st.sampled_from(TEXTS),
    st.integers(-3, 12),
    st.sampled_from([0.0, 1.5, -2.25, 1e20]),
    st.booleans(),
    st.none(),
    st.lists(st.sampled_from(TEXTS), max_size=4),
    st.lists(st.one_of(st.integers(-3, 12), st.sampled_from(["B", "a"])), max_size=4),
    st.lists(st.integers(-3, 12), max_size=4),
    st.lists(st.lists(st.sampled_from(TEXTS), min_size=2, max_size=2), max_size=3),
)
CONTEXTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6)

FILTERS = [
    "upper", "lower", "title", "capitalize", "trim", "trim('x ')", "string", "length", "count", "first", "last", "list",
    "join", "join(', ')", "join(n)", "default('D')", "d('D', true)", "default(boolean=true)", "replace('l', 'LL')",
    "replace('', '-', 2)", "replace(n, 'x')", "sort", "sort(true)", "sort(case_sensitive=true)", "unique | list",
    "unique(true) | join('.')", "map('upper') | list", "map('string') | join('|')", "map('default', 'z') | list",
    "map('length') | list", "select | list", "reject | list", "select('string') | list", "reject('equalto', 'x') | list",
    "select('in', words) | list", "reverse | list", "reverse", "indent", "indent(2, true)", "indent('> ', blank=true)",
    "int", "int(7)", "int(base=16)", "float", "float(0.5)", "round", "round(1)", "round(0, 'ceil')", "round(method='floor')",
    "abs", "sum", "min", "max", "max(case_sensitive=true)", "center(9)", "truncate(5)", "truncate(5, true, '..', 0)",
    "wordcount", "sort | first", "unique | sort | join",
]  # fmt: skip
TESTS = [
    "defined", "undefined", "none", "odd", "even", "string", "number", "sequence", "iterable", "mapping", "boolean",
    "true", "false", "integer", "float", "lower", "upper", "divisibleby 2", "eq 1", "equalto('x')", "ne n", "lt 3",
    "ge(n)", "in words", "in ['x', 1]", "greaterthan 0",
]  # fmt: skip
LOOP = ["index", "index0", "first", "last", "length", "revindex", "revindex0", "previtem", "nextitem", "depth"]


class Writer:
    """Writes one random template. `loops`: how many stand around the place that is written."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.blocks = 0

    def pick(self, *options: str) -> str:
        return self.rng.choice(options)

    def expression(self, depth: int, loops: int) -> str:
        r = self.rng
        if depth <= 0 or r.random() < 0.2:
            return r.choice([
                *NAMES, "1", "0", "-2", "2.5", "'x'", '"He llo"', "''", "true", "false", "none", "[]", "()",
                "12345678901234567890123", *([f"loop.{r.choice(LOOP)}"] * 6 if loops else []),
            ])  # fmt: skip
        one, two, three = (self.expression(depth - 1, loops) for _ in range(3))
        return r.choice([
            f"({one} {r.choice(['+', '-', '*', '/', '//'])} {two})",
            f"({one} {r.choice(['==', '!=', '<', '<=', '>', '>='])} {two})",
            f"({one} {r.choice(['<', '==', '>='])} {two} {r.choice(['<', '!=', 'in'])} {three})",
            f"({one} {r.choice(['and', 'or', 'in', 'not in'])} {two})",
            f"(not {one})", f"(-{one})", f"(+{one})", f"({one} ~ {two})", f"({one} ** 2)", f"({one} ~ {two} ~ {three})",
            f"({one} if {two} else {three})", f"({one} if {two})",
            f"({one} | {r.choice(FILTERS)})", f"({one} | {r.choice(FILTERS)})", f"({one} | {r.choice(FILTERS)})",
            f"({one} is {r.choice(TESTS)})", f"({one} is not {r.choice(TESTS)})",
            f"{r.choice(NAMES)}[{r.choice(['0', '-1', '5', 'n', '1:', ':2', '::-1', '-2:', '::n'])}]",
            f"[{one}, {two}]", f"({one}, {two})", f"[{one}]",
            *([f"loop.cycle({one}, {two})"] if loops else []),
        ])  # fmt: skip

    def tag(self, text: str) -> str:
        return f"{{%{self.pick('', '', '-', '+')} {text} {self.pick('', '', '-')}%}}"

    def text(self) -> str:
        return self.pick("text", " ", "\n", "\n  ", "# H\n", "{# note #}", "a\n\n", "{% raw %}{{ x }}{% endraw %}", "é", "}}")

    def statements(self, depth: int, loops: int, top: bool = True) -> str:
        return "".join(self.statement(depth, loops, top) for _ in range(self.rng.randint(1, 4)))

    def statement(self, depth: int, loops: int, top: bool) -> str:
        r = self.rng
        kind = r.randrange(16) if depth > 0 else r.randrange(5)
        if kind < 2:
            return self.text()
        if kind < 5:
            return "{{ " + self.expression(r.randint(0, 2), loops) + self.pick(" }}", " -}}")
        body = self.statements(depth - 1, loops, False)
        other = self.statements(depth - 1, loops, False)
        condition = self.expression(2, loops)
        name = r.choice(NAMES)
        if kind < 8:
            middle = self.tag(f"elif {self.expression(1, loops)}") + other if r.random() < 0.4 else ""
            return self.tag(f"if {condition}") + body + middle + self.tag("else") + other + self.tag("endif")
        if kind < 11:
            inner = self.statements(depth - 1, loops + 1, False)
            target = r.choice([name, name, f"{name}, {r.choice(['p', 'q'])}"])
            over = r.choice(["words", self.expression(1, loops), "range(3)", "['xy', 'zw']", "words | reverse", "[[1, 2], 'ab']"])
            test = f" if {self.expression(1, 0)}" if r.random() < 0.3 else ""
            middle = self.tag("else") + other if r.random() < 0.5 else ""
            return self.tag(f"for {target} in {over}{test}") + inner + middle + self.tag("endfor")
        if kind < 13:
            return self.tag(f"set {name} = {condition}")
        if kind == 13:
            piped = self.pick("", " | upper", " | trim | title")
            return self.tag(f"set {name}{piped}") + body + self.tag("endset")
        if kind == 14:
            return self.tag(f"filter {self.pick('upper', 'trim', 'replace(n, 1)', 'indent')}") + body + self.tag("endfilter")
        inner = self.pick("include 'part'", "include 'gone' ignore missing", "with", "block")
        if inner == "with":
            return self.tag(f"with {name} = {condition}") + body + self.tag("endwith")
        if inner == "block":
            self.blocks += 1
            scoped = self.pick("", " scoped")
            body = self.statements(depth - 1, 0, False)
            return self.tag(f"block k{self.blocks}{scoped}") + body + self.tag("endblock")
        return self.tag(inner)


def outcome(work: object) -> str | None:
    """The text, or None for a failure that the user is told about; anything else breaks the test."""
    try:
        return work()  # type: ignore[operator, no-any-return]
    except DrivenError as error:
        assert error.message
        return None


def agree(source: str, values: dict[str, object], others: dict[str, str] | None = None) -> str | None:
    """Render both ways and compare. Returns what came out."""
    load = (others or {}).__getitem__
    theirs = outcome(lambda: reference_render(source, values, load=load))
    ours = outcome(lambda: render(open_dtm(compile_template(source, name="t", load=load)), values))
    assert ours == theirs, source
    return ours


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 62), st.lists(CONTEXTS, min_size=3, max_size=3))
def test_generated_templates_render_as_by_jinja(seed: int, contexts: list[dict[str, object]]) -> None:
    writer = Writer(random.Random(seed))
    source = writer.statements(3, 0)
    part = Writer(random.Random(seed + 1)).statements(1, 0)
    for values in contexts:
        agree(source, values, {"part": part})
