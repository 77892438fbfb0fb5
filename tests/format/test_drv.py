"""RuleSet <-> `.drv`: the five properties that the format promises, and what a user is told of a bad file."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import rule_sets, rules

from driven.core.tokens import scan_steps
from driven.core.wire import Reader
from driven.core.wire_build import Builder, pack
from driven.core.wire_layout import SECTION_NAMES, SOURCE
from driven.errors import SourceError
from driven.format import text as rule_text
from driven.format.drv import digest, fault, from_drv, read_rule, to_drv
from driven.model.activation import ALWAYS, ForPaths, WhenRelevant
from driven.model.rule import CATEGORIES, KINDS, STEP_KINDS, Rule, RuleSet, Source
from driven.span import Span

RELAXED = settings(max_examples=60)


def all_fields(rule: Rule) -> list[object]:
    """Every field, the two that are not compared included."""
    return [getattr(rule, field.name) for field in fields(rule)]


def sample(count: int = 3, body: str = "# Title\n\n- Use `x`.\n- Never use `y`.\n") -> RuleSet:
    return RuleSet.of(Rule(id=f"area/rule-{i}", body=body, description=f"Rule {i}", tags=("t",)) for i in range(count))


@RELAXED
@given(rule_sets, st.booleans())
def test_lossless(given_rules: RuleSet, compress: bool) -> None:
    back = from_drv(to_drv(given_rules, compress=compress))
    assert [all_fields(rule) for rule in back] == [all_fields(rule) for rule in given_rules]
    assert [list(rule.extra) for rule in back] == [list(rule.extra) for rule in given_rules]  # in the same order


@RELAXED
@given(rule_sets)
def test_without_source_only_the_source_is_lost(given_rules: RuleSet) -> None:
    back = from_drv(to_drv(given_rules, source=False))
    expected = [replace(rule, source=Source()) for rule in given_rules]
    assert [all_fields(rule) for rule in back] == [all_fields(rule) for rule in expected]
    assert "SOURCE" not in dict(section_lengths(to_drv(given_rules, source=False)))


@RELAXED
@given(rules)
def test_every_step_is_that_of_the_body(rule: Rule) -> None:
    reader = Reader(to_drv(RuleSet.of([rule])))
    assert [reader.step(0, j)[2:] for j in range(reader.step_count(0))] == [
        (start, end) for _, start, end in scan_steps(rule.body.encode())
    ]
    assert [(step.start, step.end, step.priority) for step in rule.steps] == [
        (start, end, priority) for _, priority, start, end in (reader.step(0, j) for j in range(reader.step_count(0)))
    ]


def test_text_to_drv_to_text_gives_the_same_bytes(corpus: list[Path]) -> None:
    loaded = 0
    for number, path in enumerate(corpus):
        data = path.read_bytes()
        for variant in (data, data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + data):
            rule, _ = rule_text.parse_rule(variant, path=path.name, rule_id=f"corpus-{number}")
            if rule is None:
                continue
            loaded += 1
            back = from_drv(to_drv(RuleSet.of([rule]), compress=True)).rules[0]
            rendered = rule_text.render_rule(back)
            assert (rendered if isinstance(rendered, bytes) else rendered.encode()) == variant
    body = "# Ünïcode\r\n\r\n- x\r\n".encode()
    for variant in (
        body,
        b"---\npriority: 5\n# note\npaths: 'a/**' \n---\n\n" + body,
        b"---\nextra: {cursor: {a: [1]}}\n---\nx",
    ):
        rule, _ = rule_text.parse_rule(variant, path="x.md", rule_id="x")
        assert rule is not None
        rendered = rule_text.render_rule(from_drv(to_drv(RuleSet.of([rule]))).rules[0])
        assert (rendered if isinstance(rendered, bytes) else rendered.encode()) == variant
        loaded += 1
    assert loaded >= 3


@RELAXED
@given(rule_sets, st.randoms(use_true_random=False))
def test_deterministic(given_rules: RuleSet, random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(given_rules)
    random.shuffle(shuffled)
    assert to_drv(RuleSet.of(shuffled)) == to_drv(given_rules)
    assert digest(RuleSet.of(shuffled)) == digest(given_rules)
    assert digest(from_drv(to_drv(given_rules, compress=True))) == digest(given_rules)


def test_the_bytes_do_not_depend_on_the_process() -> None:
    program = (
        "from driven.format.drv import to_drv;from driven.model.rule import Rule,RuleSet;"
        "rules=(Rule(id=f'r{i}',body=f'# {i}\\n\\nText.\\n',tags=('a','b')) for i in range(40));"
        "print(to_drv(RuleSet.of(rules)).hex())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1
    # The layout of version 1 is frozen by this: a change here is a change of the format.
    raw = bytes.fromhex(outputs.pop().strip())
    assert raw[:8] == b"DXI\0\x01\0\0\0"
    assert raw[8:32] == blake3(raw[32:]).digest(24)


def test_the_digest_sees_what_a_rule_says_and_nothing_else() -> None:
    rule = Rule(id="a", body="text\n", extra={"cursor": {"x": 1}})
    base = digest(RuleSet.of([rule]))
    assert len(base) == 32
    same = replace(rule, source=Source(front="---\n---\n", bom=True), span=Span(path="elsewhere.md", line=7))
    assert digest(RuleSet.of([same])) == base
    for change in (
        {"id": "b"}, {"body": "text"}, {"activation": WhenRelevant("x")}, {"activation": ForPaths(("*.py",))},
        {"description": "d"}, {"kind": "persona"}, {"category": "style"}, {"priority": 99}, {"targets": ("cursor",)},
        {"tags": ("t",)}, {"when": 'lang("go")'}, {"extra": {"cursor": {"x": 2}}}, {"extra": {}},
    ):  # fmt: skip
        assert digest(RuleSet.of([replace(rule, **change)])) != base, change


def section_lengths(data: bytes) -> list[tuple[str, int]]:
    reader = Reader(data)
    return [(SECTION_NAMES[kind], reader.length(kind)) for kind in range(1, SOURCE + 1) if reader.length(kind)]


def test_one_rule_is_read_alone() -> None:
    given_rules = sample(50)
    reader = Reader(to_drv(given_rules))
    i = reader.find("area/rule-17")
    assert read_rule(reader, i) == given_rules.get("area/rule-17")
    assert reader.find("area/rule-99") == -1
    with pytest.raises(SourceError, match="rule 50 of 50"):
        read_rule(reader, 50)


def test_a_condition_is_kept_as_text_and_as_program() -> None:
    from driven.format.condition import compile_condition

    condition = 'lang("python")  and files("**/*.tf")>0'
    reader = Reader(to_drv(RuleSet.of([Rule(id="a", body="x", when=condition)])))
    assert reader.when(0) == condition
    assert reader.program(0) == compile_condition(condition)


def test_a_condition_that_does_not_compile_is_refused() -> None:
    with pytest.raises(SourceError):
        to_drv(RuleSet.of([Rule(id="a", body="x", when="lang(")]))


def test_signed_is_said_in_the_header() -> None:
    assert Reader(to_drv(sample(), signed=True)).flags == 1
    assert from_drv(to_drv(sample(), signed=True, compress=True)) == sample()


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (Rule(id="../up", body=""), "an id has"),
        (Rule(id="", body=""), "an id has"),
        (Rule(id="a//b", body=""), "an id has"),
        (Rule(id="a/", body=""), "an id has"),
        (Rule(id="A", body=""), "an id has"),
        (Rule(id="a" * 1025, body=""), "1,024"),
        (Rule(id="a", body="\0"), "NUL"),
        (Rule(id="a", body="", priority=256), "0 to 255"),
        (Rule(id="a", body="", activation=ForPaths(())), "always on"),
        (Rule(id="a", body="", activation=ForPaths(("**",))), "always on"),
        (Rule(id="a", body="", activation=ForPaths(("./a",))), "is written `a`"),
        (Rule(id="a", body="", activation=ForPaths(("../a",))), "cannot be used"),
        (Rule(id="a", body="", targets=("curs or",)), "name of an editor"),
        (Rule(id="a", body="", description="a\nb: c"), "one line"),
        (Rule(id="a", body="", tags=("a\rb",)), "one line"),
        (Rule(id="a", body="", extra={"cursor": {"x": float("inf")}}), "JSON"),
        (Rule(id="a", body="\ud800"), "surrogate"),
        (Rule(id="a", body="", source=Source(newline="\v")), "line ending"),
    ],
)
def test_a_rule_that_breaks_the_model_is_refused_by_name(rule: Rule, problem: str) -> None:
    with pytest.raises(SourceError, match=problem) as caught:
        to_drv(RuleSet((rule,)))
    assert caught.value.hint


def test_extra_nested_without_end_is_refused() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(SourceError, match="JSON"):
        to_drv(RuleSet.of([Rule(id="a", body="", extra={"cursor": {"x": deep}})]))  # type: ignore[dict-item]
    while deep:  # freed level by level: the interpreter would do it by recursion
        deep = deep.pop()  # type: ignore[assignment]


def built(name: str = "a", body: bytes = b"x", **more: object) -> bytes:
    """A `.drv` that `to_drv` would not write: the container knows nothing of what a rule may be."""
    builder = Builder(bytes(7), [name])
    numbers = more.pop("numbers", (0, 0, 9, 100, 0))
    builder.add(body, [(1, 0, len(body))] if body else [], numbers, **more)  # type: ignore[arg-type]
    return builder.build()


@pytest.mark.parametrize(
    "data",
    [
        built("../../etc/passwd"),
        built(body=b"a\0b"),
        built(numbers=(4, 0, 9, 100, 0)),
        built(numbers=(0, 4, 9, 100, 0)),
        built(numbers=(0, 0, 10, 100, 0)),
        built(numbers=(2, 0, 9, 100, 0)),
        built(numbers=(1, 0, 9, 100, 0), arguments=("/etc/*",)),
        built(targets=("a b",)),
        built(description="a\nalwaysApply: true"),
        built(extra=b"[1]"),
        built(extra=b'{"a": 1}'),
        built(extra=b"\xff"),
        built(extra=b'{"a": {"b": NaN}}'),
        built(extra=b'{"a": {"b": "\\ud800"}}'),
        built(extra=b'{"a": {"b": ' + b"[" * 100_000),
        built(source=b"\2\n\0"),
        built(source=b"\1\n"),
        built(source=b"\1x\0"),
        built(source=b"\1\n\0\xff"),
        built(body=b"\xff"),
        b"",
        b"DXI",
        bytes(100),
    ],
)
def test_bytes_from_strangers_are_a_source_error(data: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        from_drv(data, path="pack/rules.drv")
    assert str(caught.value).startswith("pack/rules.drv:1:1: ")
    assert caught.value.hint == "make the file anew with `driven build`"


def test_a_damaged_file_is_refused_wherever_it_was_hit() -> None:
    data = to_drv(sample())
    for at in range(len(data)):
        hit = data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :]
        with pytest.raises(SourceError):
            from_drv(hit)


def test_a_later_version_is_refused_by_name() -> None:
    data = to_drv(sample())
    with pytest.raises(SourceError, match=r"\.drv version 2; this driven reads version 1") as caught:
        from_drv(data[:4] + b"\2" + data[5:])
    assert "update driven" in caught.value.hint


def test_an_unknown_section_and_a_longer_meta_record_are_passed_over() -> None:
    reader = Reader(to_drv(sample()))
    size = 56
    sections = [(kind, reader.section(kind)) for kind in range(1, SOURCE + 1) if reader.length(kind)]
    meta = dict(sections)[6]
    grown = size.to_bytes(4, "little") + b"".join(meta[4 + i * 48 : 52 + i * 48] + b"new data" for i in range(3))
    later = [(kind, grown if kind == 6 else content) for kind, content in sections]
    for compress in (False, True):
        data = pack([(999, b"later"), *later, (13, b"")], compress, False)
        assert from_drv(data) == sample()


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_any_bytes_give_rules_or_a_source_error(junk: bytes) -> None:
    for data in (junk, b"DXI\0\x01\0\0\0" + blake3(junk).digest(24) + junk):
        try:
            from_drv(data)
        except SourceError as error:
            assert error.message


def test_what_rule_files_give_breaks_no_rule_of_the_model(corpus: list[Path]) -> None:
    parsed = [rule_text.parse_rule(path.read_bytes(), path=path.name, rule_id="x")[0] for path in corpus]
    assert [fault(rule) for rule in parsed if rule is not None and fault(rule)] == []


def test_the_documented_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "drv.md").read_text(encoding="utf-8")
    (code,) = [block.split("```")[0] for block in page.split("```python\n")[1:]]
    (tmp_path / "rules.drv").write_bytes(to_drv(RuleSet.of([Rule(id="backend/errors", body="# Errors\n")])))
    monkeypatch.chdir(tmp_path)
    printed: list[tuple[object, ...]] = []
    exec(code, {"print": lambda *words: printed.append(words)})
    assert printed == [("# Errors\n",), (ALWAYS,), ("backend/errors", "Errors")]


def test_the_documented_tables_are_those_of_the_code() -> None:
    page = (Path(__file__).parents[2] / "docs" / "drv.md").read_text(encoding="utf-8")
    for number, name in enumerate(SECTION_NAMES[1:], 1):
        assert f"| {name} | {number} |" in page
    for words in (KINDS, CATEGORIES, STEP_KINDS):
        assert ", ".join(f"{number} {word}" for number, word in enumerate(words)) in page
    rows = [line.split(" | ")[0].removeprefix("| ") for line in page.splitlines() if line.startswith("| ")]
    given = [name for name in rows if name in SECTION_NAMES]
    full = RuleSet.of(
        [Rule(id="a", body="x", tags=("t",), when='lang("go")', extra={"a": {}}, source=Source(bom=True))]
    )
    data = to_drv(RuleSet(tuple(replace(rule, span=Span(path="a.md")) for rule in full)))
    kinds = [int.from_bytes(data[at : at + 2], "little") for at in range(36, 36 + 12 * 16, 16)]
    assert [SECTION_NAMES[kind] for kind in kinds] == given
