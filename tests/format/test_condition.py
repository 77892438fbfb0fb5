"""Conditions: against Python's own `eval`, against their own promises, and against hostile text."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.core import machine
from driven.errors import SourceError
from driven.format.condition import Facts, compile_condition, evaluate, explain_condition, lang_of
from driven.format.languages import LANGUAGES, language

FACTS = Facts(["src/app.py", "src/util.py", "infra/a.tf", "infra/b.tf", "web/x.ts", "Dockerfile", "é/ü.md"])


def python_says(text: str) -> bool:
    """The oracle: the same text as Python runs it, with the functions answered by hand."""
    text = text.replace("&&", " and ").replace("||", " or ")
    text = " ".join(re.sub(r"!(?!=)", " not ", text).split())

    def files(pattern: str) -> int:
        regex = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        return sum(re.fullmatch(regex, path) is not None for path in FACTS.paths)

    def lang(name: str) -> bool:
        return name in ("python", "terraform", "typescript", "dockerfile", "markdown")

    return bool(eval(text, {"__builtins__": {}}, {"files": files, "lang": lang, "true": True, "false": False}))


@pytest.mark.parametrize(
    "text",
    [
        'lang("python") and files("**/*.tf") > 0', 'lang("go") or lang("python")', 'not lang("go")', 'files("**/*.go")',
        'files("**/*.py")', '1 < files("**/*.py") <= 2', '3 > files("*.py") > 0', 'files("**/*.tf") in [1, 2, 3]',
        'files("**/*.tf") not in [1, 2, 3]', '"a" in ["b", "a"]', "'a' == \"a\"", '"a" != "a"', 'true and not false',
        "True", "!lang('go') && files('web/*.ts') >= 1 || false", "-1 < 0", "files('**/*.tf') > -1", "- -1 == 1",
        "(lang('go') or lang('python')) and (files('*.md') == 0)", "(1 < 2) == (3 < 4)", "not not lang('python')",
        "  lang('python')\n  and lang('terraform')\t", "files('infra/*.tf') == files('src/*.py') == 2",
        "files('é/*.md') == 1", "1 == 1 != 2 >= 2 > 1",
    ],
)  # fmt: skip
def test_agrees_with_python(text: str) -> None:
    program = compile_condition(text)
    machine.validate(program)
    assert evaluate(text, FACTS) == evaluate(program, FACTS) == python_says(text)


numbers = st.one_of(
    st.integers(-3, 3).map(str), st.sampled_from(['files("**/*.tf")', 'files("src/*.py")', 'files("*.x")'])
)
truths = st.recursive(
    st.one_of(
        st.sampled_from(["true", "False", 'lang("python")', 'lang("go")', 'lang("terraform")', '"a" == "b"']),
        st.tuples(numbers, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers).map(" ".join),
        st.tuples(numbers, st.sampled_from(["<", "=="]), numbers, st.sampled_from([">=", "!="]), numbers).map(" ".join),
        st.tuples(numbers, st.sampled_from([" in [", " not in ["]), numbers, numbers).map(
            lambda parts: f"{parts[0]}{parts[1]}{parts[2]}, {parts[3]}]"
        ),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or ", " && ", "||"]), inner).map("".join),
        inner.map(lambda text: f"not ({text})"),
        inner.map(lambda text: f"!({text})"),
        inner.map(lambda text: f"({text})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}) == ({pair[1]})"),
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(truths)
def test_any_condition_agrees_with_python(text: str) -> None:
    program = compile_condition(text)
    machine.validate(program)
    want = python_says(text)
    assert evaluate(program, FACTS) == want
    parts = explain_condition(text, FACTS)
    assert parts[-1] == (text, want) or not parts[-1][0].startswith(text)


@pytest.mark.parametrize(
    ("text", "column", "end", "words"),
    [
        ("", 1, 1, "empty"), ("   ", 1, 4, "empty"), ('lng("x")', 1, 4, "did you mean `lang`"),
        ('   lang("go") &&  lng("x")', 19, 22, "`lng`"), ('lang("pyton")', 6, 13, "did you mean `python`"),
        ('lang("qqq")', 6, 11, "**/*.ext"), ("lang(1)", 1, 8, "one text in quotes"),
        ('files("a", "b")', 1, 16, "one text in quotes"), ('lang(name="go")', 10, 11, "`==`"),
        ('files("../x")', 8, 13, "leaves the project"), ('files("src/**.py") > 0', 12, 18, "stand alone"),
        ('files("é") > 0 and files("a{b")', 28, 31, "never closed"), ("python", 1, 7, "nothing is called `python`"),
        ('files("*.py") > "a"', 17, 20, "a number is compared with text"), ('lang("go") > true', 14, 18, "no order"),
        ('lang("go") == 1', 15, 16, "compared with a number"), ('"a" < "b"', 7, 10, "no order"),
        ('files("a") = 1', 12, 13, "`==`"), ('lang("go") & true', 12, 13, "`and`"), ('"abc"', 1, 6, "no condition"),
        ('lang("go") and "x"', 16, 19, "neither true nor false"), ('{{ lang("go") }}', 1, 2, "`{`"),
        ("1.5 < 2", 1, 4, "whole number"), ("1or 2", 1, 4, "whole number"), ('f"x"', 1, 2, "before a quote"),
        ('true if 1 else 2', 1, 17, "means nothing"), ('files("a") is 1', 1, 16, "`is`"), ("[1]", 1, 4, "after `in`"),
        ('1 in "a"', 6, 9, "wants a list"), ("1 in []", 6, 8, "list is empty"), ("None", 1, 5, "means nothing"),
        ("99999999999999999999", 1, 21, "too large"),
        ('lang("go")  # and', 13, 14, "`#`"), ('lang("go', 6, 9, "closing"),
        ('files("a\\\\b")', 7, 13, "backslash"), ("a.b()", 1, 4, "nothing is called `a.b`"), ("é", 1, 2, "`é`"),
        ("(" * 100, 33, 34, "too deeply"),
        ("not " * 40 + "true", 129, 132, "too deeply"), ("x" * 5000, 1, 5001, "4096"),
        ("1 < " * 300 + "1", 1025, 1202, "512"),
        ('lang("go") and', 1, 15, "does not read"), (")", 1, 2, "does not read"),
    ],
)  # fmt: skip
def test_refused_with_a_place_a_reason_and_a_hint(text: str, column: int, end: int, words: str) -> None:
    with pytest.raises(SourceError) as caught:
        compile_condition(text)
    error = caught.value
    assert error.span is not None
    assert words in f"{error.message} {error.hint}"
    assert (error.span.line, error.span.column, error.span.end_column) == (1, column, end)


def test_every_part_is_explained_inner_parts_first() -> None:
    assert explain_condition('lang("py") && files("**/*.tf") > 1 or ! lang("go")', FACTS) == [
        ('lang("py")', True),
        ('files("**/*.tf")', 2),
        ('files("**/*.tf") > 1', True),
        ('lang("py") && files("**/*.tf") > 1', True),
        ('lang("go")', False),
        ('! lang("go")', True),
        ('lang("py") && files("**/*.tf") > 1 or ! lang("go")', True),
    ]
    assert explain_condition("true", FACTS) == [("true", True)]
    with pytest.raises(SourceError):
        explain_condition('"a"', FACTS)


def test_a_glob_is_counted_once() -> None:
    class Counting(list[str]):
        looked = 0

        def __iter__(self):  # type: ignore[no-untyped-def]
            Counting.looked += 1
            return super().__iter__()

    facts = Facts()
    facts.paths = Counting(["a.tf", "b.tf"])
    for _ in range(3):
        assert evaluate('files("*.tf") == 2 and files("*.tf") < 3', facts)
    assert Counting.looked == 1


def test_facts_may_be_given_languages() -> None:
    assert evaluate('lang("JS") and not lang("go")', Facts([], ["javascript"]))
    assert evaluate('lang("typescript")', Facts([], ["ts"]))


def test_languages() -> None:
    paths = ("a/b.TSX", "Dockerfile", "x/Makefile", "a.unknown", ".py", "py", "a.b.rs", "Dockerfile.dev")
    named = ["typescript", "dockerfile", "makefile", "", "", "", "rust", "dockerfile"]
    assert [lang_of(path) for path in paths] == named
    assert [language(name) for name in ("JS", " C++ ", "Golang", "nope", "vim  script")] == [
        "javascript", "c++", "go", "", "vim script",
    ]  # fmt: skip
    assert all(language(name) == name for name in LANGUAGES)
    assert FACTS.languages == {"python", "terraform", "typescript", "dockerfile", "markdown"}


def test_hostile_programs_are_source_errors() -> None:
    too_new = machine.pack([(9, 0)], ["x"], bytes([machine.CALL, 0, 0]))
    bad_glob = machine.pack([(1, 0)], ["../x"], bytes([machine.CALL, 0, 0]))
    bomb = machine.pack([(1, i) for i in range(9)], [f"{i}{{1..999}}" for i in range(9)], bytes([machine.CALL, 0, 0]))
    for program in (b"", b"\x01", too_new, bad_glob, bomb):
        with pytest.raises(SourceError, match="broken"):
            evaluate(program, FACTS)


def test_brace_bombs_over_many_globs_are_refused() -> None:
    with pytest.raises(SourceError, match="1000 patterns"):
        compile_condition('files("a{1..600}") or files("b{1..600}")')


@settings(max_examples=500)
@given(st.text(alphabet=st.sampled_from("ab1 \n\t\"'()[]!&|=<>,.-_{}#\\é\x00\ud800"), max_size=30))
def test_any_text_is_a_condition_or_a_source_error(text: str) -> None:
    try:
        machine.validate(compile_condition(text))
    except SourceError as error:
        assert error.span is not None
        assert 1 <= error.span.column <= error.span.end_column <= len(text) + 1
        assert error.message.isprintable()


WORDS = """not ! and or in is if else lambda await ( ) [ ] , - 1 true "a" files("*") lang("c") == < files True None for
x yield"""


@settings(max_examples=300)
@given(st.lists(st.sampled_from(WORDS.split()), max_size=20))
def test_any_words_are_a_condition_or_a_source_error(some: list[str]) -> None:
    text = " ".join(some)
    try:
        program = compile_condition(text)
    except SourceError:
        return
    machine.validate(program)
    evaluate(program, FACTS)
    assert explain_condition(text, FACTS)


def test_long_conditions_cost_little() -> None:
    began = time.process_time()
    for text in ("await " * 500 + "1", "1 if 1 else " * 120 + "1", "x[" * 31, "true and " * 250 + "true", "9" * 4000):
        try:
            compile_condition(text)
        except SourceError:
            continue
    assert time.process_time() - began < 30
