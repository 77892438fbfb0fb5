"""Compiled templates against Jinja2 itself: generated ones, and those of the library, give the same text or fail."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driven.errors import DrivenError
from driven.fusion.compiling import JINJA, Delimiters, compile_template, reference_render
from driven.fusion.dtm_file import open_dtm, render
from driven.fusion.template import Template, Variable, parse_template

NAMES = ["a", "b", "c", "d"]
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
SURE = {  # these are always there, and of that kind
    "t1": st.sampled_from(TEXTS),
    "t2": st.sampled_from(TEXTS),
    "n": st.integers(-3, 12),
    "k": st.sampled_from([0, 1, 7, 1.5, -2.25, 1e20]),
    "yes": st.booleans(),
    "words": st.lists(st.sampled_from(TEXTS), max_size=4),
    "numbers": st.lists(st.integers(-3, 12), max_size=4),
}
CONTEXTS = st.fixed_dictionaries(SURE, optional=dict.fromkeys(NAMES, VALUES))

FILTERS = [
    "upper", "lower", "title", "capitalize", "trim", "trim('x ')", "string", "length", "count", "first", "last", "list",
    "join", "join(', ')", "join(n)", "default('D')", "d('D', true)", "default(boolean=true)", "replace('l', 'LL')",
    "replace('', '-', 2)", "replace(n, 'x')", "sort", "sort(true)", "sort(case_sensitive=true)", "unique | list",
    "unique(true) | join('.')", "map('upper') | list", "map('string') | join('|')", "map('default', 'z') | list",
    "map('length') | list", "select | list", "reject | list", "select('string') | list",
    "reject('equalto', 'x') | list",
    "select('in', words) | list", "reverse | list", "reverse", "indent", "indent(2, true)", "indent('> ', blank=true)",
    "int", "int(7)", "int(base=16)", "float", "float(0.5)", "round", "round(1)", "round(0, 'ceil')",
    "round(method='floor')",
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

    def __init__(self, rng: random.Random, includes: bool = True) -> None:
        self.rng = rng
        self.includes = includes
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
        if r.random() < 0.85:
            return self.typed(r.choice("tttnnlb"), depth, loops)
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

    def typed(self, kind: str, depth: int, loops: int) -> str:
        """An expression that is most likely a text, a number, a list or a yes or no: most of these render."""
        r = self.rng
        if depth <= 0:
            return r.choice({
                "t": ["t1", "t2", "'x'", '"He llo-w"', "''", "missing | default(t1)"],
                "n": ["n", "k", "1", "0", "-2", "2.5", *(["loop.index", "loop.revindex0",
                "loop.length"] if loops else [])],
                "l": ["words", "numbers", "['b', 'A', 'b']", "[]", "(1, 2)"],
                "b": ["yes", "true", "n > 2", "t1 is defined", "missing is defined", *(["loop.first",
                "loop.last"] if loops else [])],
            }[kind])  # fmt: skip
        t, n, x, b, u = (self.typed(one, depth - 1, loops) for one in "tnlbt")
        m = self.typed("n", depth - 1, loops)
        return r.choice({
            "t": [
                f"({t} ~ {n})", f"({t} + {u})", f"({t} if {b} else {u})", f"({t} * 2)", f"({x} | join({t}))",
                f"{x} | join",
                f"({t} | {r.choice(['upper', 'lower', 'title', 'capitalize', 'trim', 'string', 'indent'])})",
                f"({t} | truncate(5))",
                f"({t} | replace({u}, 'Q'))", f"({t} | indent(2, {b}, {b}))",
                f"({t})[{r.choice(['1:', ':-1', '::2', '::-1'])}]",
                f"({t} | default({u}, true))", f"({x} | map('string') | join({t}))", f"({t} | center(9))",
                f"({t} or {u})",
                f"({t} | trim({u}))", f"({x} | unique | map('string') | list | sort | join)", f"({n} | string)",
                f"({t} if {b})",
            ],
            "n": [
                f"({n} + {m})", f"({n} - {m})", f"({n} * {m})", f"({n} // 2)", f"({n} / 4)", f"({n} % 3)", f"(-{n})",
                f"({x} | length)",
                f"({t} | length)", f"({n} | abs)", f"({t} | int(3))", f"({n} | round(1))", f"({t} | wordcount)",
                f"({n} if {b} else {m})",
                f"({t} | float)", "(numbers | sum)", f"({n} and {m})", "(numbers | max | default(0))", f"({n} | int)",
            ],
            "l": [
                f"({x} | list)", f"({x} | reverse | list)", f"({x} | unique | list)", f"[{t}, {u}]", f"[{n}, {m}]",
                f"({t} | list)",
                f"(numbers | sort({b}))", f"(words | sort(case_sensitive={b}))",
                f"(words | map('{r.choice(['upper', 'length', 'first'])}') | list)",
                f"({x} | select('{r.choice(['string', 'number', 'defined'])}') | list)",
                f"({x} | reject('equalto', {t}) | list)",
                f"({x} | list)[{r.choice(['1:', ':2', '::-1'])}]", f"(range({m} | int | abs) | list)",
                f"({x} if {b} else {x})",
                f"({x} | map('default', 1) | list)", f"({x} | select | list)",
            ],
            "b": [
                f"({n} {r.choice(['<', '<=', '==', '!=', '>', '>='])} {m})", f"({t} == {u})", f"({t} in {u})",
                f"({t} not in {x})",
                f"({b} and {b})", f"({b} or {b})", f"(not {b})", f"({n} < {m} < 5)",
                f"({t} is {r.choice(['string', 'lower', 'upper', 'number', 'sequence'])})",
                f"({n} is {r.choice(['number', 'float', 'integer', 'divisibleby 2', 'in [1, 2]', 'ge(2)'])})",
                f"({x} is {r.choice(['sequence', 'iterable', 'mapping'])})",
                f"({t} < {u})", f"({n} in {x})",
            ],
        }[kind])  # fmt: skip

    def tag(self, text: str) -> str:
        return f"{{%{self.pick('', '', '-', '+')} {text} {self.pick('', '', '-')}%}}"

    def text(self) -> str:
        return self.pick(
            "text", " ", "\n", "\n  ", "# H\n", "{# note #}", "a\n\n", "{% raw %}{{ x }}{% endraw %}", "é", "}}"
        )

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
        condition = self.typed("b", 2, loops) if r.random() < 0.8 else self.expression(2, loops)
        name = r.choice([*NAMES, "t1", "n"])
        if kind < 8:
            middle = self.tag(f"elif {self.expression(1, loops)}") + other if r.random() < 0.4 else ""
            return self.tag(f"if {condition}") + body + middle + self.tag("else") + other + self.tag("endif")
        if kind < 11:
            inner = self.statements(depth - 1, loops + 1, False)
            target = r.choice(["a", "b", "c", "item", "item"])
            over = r.choice(
                ["words", "numbers", self.typed("l", 2, loops), "range(3)", "['xy', 'zw']", "words | reverse"]
            )
            if r.random() < 0.15:
                target, over = "p, q", "[[1, 2], 'ab', ('x', t1)]"
            test = f" if {self.typed('b', 1, 0)}" if r.random() < 0.3 else ""
            middle = self.tag("else") + other if r.random() < 0.5 else ""
            return self.tag(f"for {target} in {over}{test}") + inner + middle + self.tag("endfor")
        if kind < 13:
            kinds = {"t1": "t", "n": "n"}.get(name, r.choice("tnlb"))
            return self.tag(f"set {name} = {self.typed(kinds, 2, loops)}")
        if kind == 13:
            piped = self.pick("", " | upper", " | trim | title")
            return self.tag(f"set {r.choice([*NAMES, 't1'])}{piped}") + body + self.tag("endset")
        if kind == 14:
            return (
                self.tag(f"filter {self.pick('upper', 'trim', 'replace(n, 1)', 'indent')}")
                + body
                + self.tag("endfilter")
            )
        inner = self.pick("include 'part'", "include 'gone' ignore missing", "with", "block")
        if inner == "with":
            return self.tag(f"with {r.choice(NAMES)} = {condition}") + body + self.tag("endwith")
        if inner == "block":
            self.blocks += 1
            scoped = self.pick("", " scoped")
            body = self.statements(depth - 1, 0, False)
            return self.tag(f"block k{self.blocks}{scoped}") + body + self.tag("endblock")
        return self.tag(inner) if self.includes else self.text()


def outcome(work: Callable[[], str]) -> str | None:
    """The text, or None for a failure that the user is told about; anything else breaks the test."""
    try:
        return work()
    except DrivenError as error:
        assert error.message
        return None


def agree(
    source: str, values: dict[str, object], others: dict[str, str] | None = None, delimiters: Delimiters = JINJA
) -> str | None:
    """Render both ways and compare. Returns what came out."""
    load = (others or {}).__getitem__
    theirs = outcome(lambda: reference_render(source, values, load=load, delimiters=delimiters))
    ours = outcome(
        lambda: render(open_dtm(compile_template(source, name="t", load=load, delimiters=delimiters)), values)
    )
    assert ours == theirs, source
    return ours


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 62), st.lists(CONTEXTS, min_size=2, max_size=2))
def test_generated_templates_render_as_by_jinja(seed: int, contexts: list[dict[str, object]]) -> None:
    source = Writer(random.Random(seed)).statements(2, 0)
    part = Writer(random.Random(seed + 1), includes=False).statements(1, 0)
    for values in contexts:
        agree(source, values, {"part": part})


def test_most_generated_templates_render() -> None:
    """Failing alike proves little: of these more than half give a text."""
    values: dict[str, object] = {
        "t1": "Hello World", "t2": " a-b ", "n": 3, "k": 1.5, "yes": True, "words": ["b", "A c", "b"],
        "numbers": [3, 1], "a": "x", "b": 2, "c": ["y"], "d": "",
    }  # fmt: skip
    sources = [Writer(random.Random(seed), includes=False).statements(2, 0) for seed in range(40)]
    assert sum(agree(source, values) is not None for source in sources) > 24


LIBRARY = Path(__file__).parents[2] / "templates" / "driven_templates" / "library"


def library() -> dict[str, Template]:
    """The templates that come with driven."""
    found = {}
    for path in sorted(LIBRARY.rglob("*.md")):
        name = path.relative_to(LIBRARY).with_suffix("").as_posix()
        template, _ = parse_template(path.read_bytes(), path=str(path), name=name)
        if template is not None:
            found[name] = template
    return found


def answers(variable: Variable, rng: random.Random) -> object:
    """A value for a variable of a template: a choice, its default, or one of its type."""
    if variable.choices:
        labels = [value for _, value in variable.choices]
        return rng.sample(labels, rng.randint(0, len(labels))) if variable.multiselect else rng.choice(labels)
    if variable.type == "bool":
        return rng.random() < 0.5
    if variable.type in ("int", "float"):
        return rng.choice([0, 1, 7, 90])
    if variable.multiselect:
        return rng.choice([[], ["one"], ["one", "two", "three"]])
    return rng.choice([variable.default or "a", "", "src/app", "two words\n\nand more"])


def test_every_template_of_the_library_renders_as_by_jinja() -> None:
    templates = library()
    texts = {name: template.text for name, template in templates.items()}
    rng = random.Random(7)
    for template in templates.values():
        for _ in range(4):
            values = {variable.name: answers(variable, rng) for variable in template.variables}
            said = agree(template.text, values, texts, template.delimiters)
            assert said is not None or not template.is_listed, template.name
