"""Globs against an independent oracle (a translation to `re`), against their own promises, and against hostile text."""

from __future__ import annotations

import glob
import posixpath
import re
import time
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from driven.core import globs
from driven.core._rt import FormatError
from driven.core.globs import Glob

# -- the oracle: braces by recursion, wildcards by `re`; it shares no code and no idea with the module


def oracle_braces(pattern: str) -> list[str]:
    depth, start = 0, -1
    commas: list[int] = []
    for at, char in enumerate(pattern):
        if char == "{":
            depth += 1
            if depth == 1:
                start, commas = at, []
        elif char == "}":
            depth -= 1
            if depth == 0:
                tails = oracle_braces(pattern[at + 1 :])
                if commas:
                    edges = [start, *commas, at]
                    parts = [pattern[a + 1 : b] for a, b in pairwise(edges)]
                    inner = [text for part in parts for text in oracle_braces(part)]
                else:
                    inner = ["{" + text + "}" for text in oracle_braces(pattern[start + 1 : at])]
                return [pattern[:start] + text + tail for text in inner for tail in tails]
        elif char == "," and depth == 1:
            commas.append(at)
    return [pattern]


def oracle_regex(pattern: str, dot: bool) -> str:
    """One pattern without braces, as in CPython 3.13's `glob.translate(recursive=True)`, but for the dots."""
    hidden = "" if dot else r"(?!\.)"
    out = ""
    names = pattern.split("/")
    for i, name in enumerate(names):
        last = i == len(names) - 1
        if name == "**":
            out += f"{hidden}[^/]+(?:/{hidden}[^/]+)*" if last else f"(?:{hidden}[^/]+/)*"
            continue
        part = re.sub(r"\*+|\?|\[[!^]?\]?[^]]*\]|.", lambda found: oracle_piece(found[0]), name, flags=re.DOTALL)
        starts_wild = name[0] in "*?["
        out += (hidden if starts_wild else "") + (part if part != "[^/]*" else "[^/]+") + ("" if last else "/")
    return out


def oracle_piece(text: str) -> str:
    if text[0] == "*":
        return "[^/]*"
    if text == "?":
        return "[^/]"
    if text[0] == "[" and len(text) > 2:
        inside = text[1:-1]
        inside = "^" + inside[1:] if inside[0] in "!^" else inside
        escaped = inside.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace("&&", "&\\&")
        return f"(?!/)[{escaped}]"
    return re.escape(text)


def oracle(pattern: str, path: str, dot: bool = True) -> bool:
    return any(re.fullmatch(oracle_regex(line, dot), path, re.DOTALL) for line in oracle_braces(pattern))


names = st.text(alphabet="ab.", min_size=1, max_size=4).filter(lambda name: name not in (".", ".."))
paths = st.lists(names, min_size=1, max_size=5).map("/".join)
pieces = st.sampled_from(["a", "b", ".", "*", "?", "[ab]", "[!a]", "[^.]", "[a-b.]"])
globs_of_one_name = st.lists(pieces, min_size=1, max_size=5).map("".join).filter(lambda s: "**" not in s)
segments = st.one_of(st.just("**"), st.just("*"), globs_of_one_name).filter(lambda s: s not in (".", ".."))
plain_patterns = st.lists(segments, min_size=1, max_size=6).map("/".join)
braced = st.lists(
    st.one_of(
        plain_patterns, st.lists(plain_patterns, min_size=2, max_size=3).map(lambda xs: "{" + ",".join(xs) + "}")
    ),
    min_size=1,
    max_size=3,
).map("/".join)


@settings(max_examples=600)
@given(plain_patterns, paths, st.booleans())
@example("**/a/**/.b/**", "a/.b/a/.b/a", False)
@example("a/**", "a", True)
@example("**/**/**", "a", True)
def test_matches_what_the_oracle_matches(pattern: str, path: str, dot: bool) -> None:
    assert Glob(pattern, dot=dot).match(path) == oracle(pattern, path, dot), oracle_regex(pattern, dot)


@settings(max_examples=300)
@given(braced, paths)
def test_braces_match_what_the_oracle_matches(pattern: str, path: str) -> None:
    assert globs.check(pattern) == pattern
    assert Glob(pattern).match(path) == oracle(pattern, path)


@settings(max_examples=300)
@given(st.text(alphabet="ab{},/", max_size=24))
@example("{a}{}{{a,b},{}}")
def test_expansion_is_lossless_and_counted(pattern: str) -> None:
    try:
        size = globs.count(pattern)
    except FormatError:
        balance = 0
        for char in pattern:
            balance += {"{": 1, "}": -1}.get(char, 0)
            if balance < 0:
                return
        assert balance > 0
        return
    assert globs.expand(pattern, cap=10**6) == oracle_braces(pattern)
    assert size == len(oracle_braces(pattern))


@given(st.text(alphabet="a*?[]!^/.{}(-", min_size=1, max_size=12).filter(lambda s: not s.startswith(("!", "/"))))
def test_an_escaped_name_matches_itself_alone(name: str) -> None:
    escaped = glob.escape(name).replace("{", "[{]").replace("}", "[}]")
    try:
        pattern = globs.check(escaped)
    except FormatError:
        # what stays refused is `!(`, and a name that is no path: `..`, `//`, a last slash
        assert any(part in ("", ".", "..") for part in name.split("/")) or "!(" in name
        return
    assert Glob(pattern).match(posixpath.normpath(name))
    assert not Glob(escaped).match(name + "x")


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*.ts", ["a.ts", ".ts"], ["src/a.ts", "a.tsx"]),
        ("**/*.ts", ["a.ts", "x/y/a.ts", ".x/.a.ts"], ["a.tsx"]),
        ("src/**", ["src/a", "src/x/.y"], ["src", "srcs/a", "x/src/a"]),
        ("src/**/test/*.py", ["src/test/a.py", "src/x/y/test/a.py"], ["src/test/x/a.py"]),
        ("app/(auth)/**", ["app/(auth)/page.tsx"], ["app/auth/page.tsx"]),
        ("app/[[]id]/page.tsx", ["app/[id]/page.tsx"], ["app/i/page.tsx"]),
        ("app/[id]/page.tsx", ["app/i/page.tsx", "app/d/page.tsx"], ["app/[id]/page.tsx"]),
        ("[]a].x", ["].x", "a.x"], ["b.x"]),
        ("[!]a].x", ["b.x"], ["].x", "a.x"]),
        ("[a-c-]x", ["-x", "bx"], ["dx"]),
        ("v{1..3}/**", ["v2/a"], ["v4/a", "v{1..3}/a"]),
        ("a{b}c", ["a{b}c"], ["abc"]),
        ("[{,}]", ["{", ",", "}"], ["a"]),
        ("Makefile", ["Makefile"], ["makefile", "x/Makefile"]),
        ("caf\u00e9/*", ["cafe\u0301/a", "caf\u00e9/a"], ["cafe/a"]),
        ("?", ["\U0001f600", "a"], ["ab"]),
    ],
)
def test_examples(pattern: str, yes: list[str], no: list[str]) -> None:
    compiled = Glob(pattern)
    assert [path for path in yes if not compiled.match(path)] == []
    assert [path for path in no if compiled.match(path)] == []


def test_the_empty_path_matches_nothing() -> None:
    assert not any(Glob(pattern).match("") for pattern in ("*", "**", "**/*", "?", "a"))


def test_dot_off_needs_a_literal_dot() -> None:
    assert not Glob("**/*.ts", dot=False).match(".x/a.ts")
    assert not Glob("*", dot=False).match(".x")
    assert not Glob("[.]x", dot=False).match(".x")
    assert not Glob("?x", dot=False).match(".x")
    assert Glob("**/.x/*.ts", dot=False).match("a/.x/a.ts")
    assert Glob(".*", dot=False).match(".x")


def test_anywhere_is_vs_codes_anchoring() -> None:
    """https://code.visualstudio.com/docs/copilot/copilot-customization (verified 2026-11-21)."""
    assert Glob("src/**", anywhere=True).match("web/src/a.ts")
    assert Glob("src/**", anywhere=True).match("src/a.ts")
    assert Glob("*.py", anywhere=True).match("x/y.py")
    assert not Glob("/src/**", anywhere=True).match("web/src/a.ts")
    assert Glob("/src/**", anywhere=True).match("src/a.ts")
    assert not Glob("src/**").match("web/src/a.ts")


def test_ignore_case() -> None:
    assert Glob("SRC/**/*.TS", ignore_case=True).match("src/A.ts")
    assert Glob("src/[A-C]x?.ts", ignore_case=True).match("SRC/bXy.ts")
    assert Glob("[^a]", ignore_case=True).match("b")
    assert not Glob("[^a]", ignore_case=True).match("A")
    assert Glob("*\u03a3", ignore_case=True).match("\u0391\u03a3")
    assert Glob("stra\u00dfe?", ignore_case=True).match("STRA\u00dfEN")
    assert not Glob("SRC/**").match("src/a")


def test_without_braces_they_are_text() -> None:
    assert Glob("a.{ts,js}", braces=False).match("a.{ts,js}")
    assert not Glob("a.{ts,js}", braces=False).match("a.ts")


@pytest.mark.parametrize(
    ("pattern", "canonical"),
    [("./src/*.py", "src/*.py"), ("  ././a ", "a"), (".//a", "a"), (".github/**", ".github/**"), ("~$x", "~$x"),
     ("a b/*.py", "a b/*.py"), ("+page.svelte", "+page.svelte"), ("@types/**", "@types/**"), ("a]", "a]")],
)  # fmt: skip
def test_canonical_form(pattern: str, canonical: str) -> None:
    assert globs.check(pattern) == canonical
    assert globs.check(canonical) == canonical


@pytest.mark.parametrize(
    ("pattern", "offset", "word"),
    [
        ("", 0, "empty"), (" \t", 0, "empty"), ("./", 2, "empty"), ("/src", 0, "absolute"), (".", 0, "`.`"),
        ("C:\\x", 0, "drive"), ("c:/x", 0, "drive"), ("~", 0, "~"), ("~/x", 0, "~"), ("\\\\server", 0, "backslash"),
        ("src\\*.py", 3, "backslash"), ("a/../b", 2, ".."), ("../a", 0, ".."), ("{a,..}/b", 0, ".."),
        ("a/./b", 2, "`.`"), ("a//b", 2, "`//`"), ("src/", 3, "`/**`"), ("  !a", 2, "`!`"), ("{!a,b}", 0, "`!`"),
        ("{/a,b}", 0, "absolute"), ("{,a}", 0, "alternative"), ("a{b", 1, "never closed"), ("ab}", 2, "without"),
        ("x/[ab", 2, "never closed"), ("[]", 0, "never closed"), ("[a/b]", 0, "`/`"), ("x[z-a]", 1, "out of order"),
        ("[[:alpha:]]", 0, "named"), ("src/**.py", 4, "alone"), ("a**", 1, "alone"), ("***", 0, "alone"),
        ("x/{*,a}*y", 2, "alone"), ("a/*.+(ts|js)", 4, "braces"), ("{a?,b}(x)", 0, "braces"), ("a\nb", 1, "U+000A"),
        ("a\x7f", 1, "U+007F"), ("a\u2028", 1, "U+2028"), ("[\x00]", 1, "U+0000"), ("a\ud800", 1, "U+D800"),
        ("a" * 4097, 0, "longer"), ("{a,b}" * 10, 0, "1024"), ("{a,b}" * 40, 0, "1099511627776"),
        ("{a,b}" * 800, 0, "10^18"), ("{1..1001}", 0, "1001"), ("{1..999999999999999999}", 0, "999999999999999999"),
    ],
)  # fmt: skip
def test_refused_with_a_place_and_a_reason(pattern: str, offset: int, word: str) -> None:
    with pytest.raises(FormatError) as caught:
        globs.check(pattern)
    assert word in caught.value.message
    assert caught.value.offset == offset


def test_expansion_as_bash_writes_it() -> None:
    assert globs.expand("a{b,c{d,e}}f") == ["abf", "acdf", "acef"]
    assert globs.expand("{a}{}{{x,y}}") == ["{a}{}{x}", "{a}{}{y}"]
    assert globs.expand("{01..10..4}") == ["01", "05", "09"]
    assert globs.expand("{3..1}{c..a..2}") == ["3c", "3a", "2c", "2a", "1c", "1a"]
    assert globs.expand("{-1..1}") == ["-1", "0", "1"]
    assert globs.expand("{1..a}{1..}{..}") == ["{1..a}{1..}{..}"]
    assert globs.expand("x[{,}]") == ["x[{,}]"]
    with pytest.raises(FormatError):
        globs.expand("{a,b,c}", cap=2)


def test_split_list_keeps_commas_in_braces_and_classes() -> None:
    assert globs.split_list(" **/*.{a,b} ,src/**,, [x,y].c,") == ["**/*.{a,b}", "src/**", "[x,y].c"]
    assert globs.split_list("") == []
    assert globs.split_list("{a,{b,c},d},e") == ["{a,{b,c},d}", "e"]
    assert globs.split_list("a},b,[c") == ["a}", "b", "[c"]


def test_prefixes() -> None:
    assert [p for p in ("**", "**/*", "**/**", "*", "src/**", "**/*.py", "*/*") if globs.is_universal(p)] == [
        "**", "**/*", "**/**",
    ]  # fmt: skip
    assert globs.literal_prefix("src/api/**/*.ts") == "src/api"
    assert globs.literal_prefix("src/{a,b}/x") == "src"
    assert globs.literal_prefix("*.ts") == ""
    assert globs.literal_prefix("src/app.py") == "src"
    assert globs.under_directory("web/api/**") == "web/api"
    assert globs.under_directory("web/api/**/*") == "web/api"
    assert globs.under_directory("web/*/**") == globs.under_directory("**/*") == globs.under_directory("**") == ""
    assert globs.under_directory("web/**/*.ts") == globs.under_directory("{a,b}/**") == ""


def test_plain_first_is_the_golden_order() -> None:
    """formats: the expanded list of the golden rule, plain-starting patterns first."""
    assert globs.plain_first(["**/*.route.ts", "src/api/**/*.{ts,tsx}"]) == [
        "src/api/**/*.ts", "src/api/**/*.tsx", "**/*.route.ts",
    ]  # fmt: skip
    assert globs.plain_first(["**/a", "b", "**/a", "{b,c}"]) == ["b", "c", "**/a"]


def test_starts_plain_is_what_yaml_says() -> None:
    import yaml

    for code in range(33, 127):
        for rest in ("x.ts", ""):
            text = chr(code) + rest
            try:
                same = yaml.safe_load(f"k: {text}") == {"k": text}
            except yaml.YAMLError:
                same = False
            if not text.isdigit() and text not in ("~", "="):  # plain, but read as a number, a null and a merge sign
                assert globs.starts_plain(text) == same, text


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("**/" * 1300 + "a", "b/" * 3000 + "b"),
        ("*a" * 2000 + "b", "a" * 20_000),
        ("?*" * 1500 + "z", "a" * 20_000),
        ("/".join(["**", "*a*a*b"] * 400) + "/**", "/".join(["aaba"] * 5000)),
        ("**/x/" * 800 + "y/**", "x/" * 5000 + "z"),
        ("*" + "a" * 300 + "b*", "a" * 5000),
        ("**/" + "a/" * 300 + "b/**", "a/" * 3000 + "c"),
    ],
)
def test_no_pattern_takes_more_than_pattern_times_path(pattern: str, path: str) -> None:
    compiled = Glob(pattern)
    began = time.process_time()
    assert not compiled.match(path)
    assert time.process_time() - began < 8  # an interpreter takes 0.1 µs a step; exponential would take for ever


def test_bombs_cost_nothing() -> None:
    began = time.process_time()
    for text in ("{a,b}" * 800, "{" * 4096, "}" * 4096, "[" * 4096, "{1..9}" * 600, "{{{{1,2},3},4},5}" * 200):
        with pytest.raises(FormatError):
            globs.check(text)
    assert len(globs.split_list("a," * 50_000 + "[" * 50_000 + "{" * 50_000)) == 50_001
    assert time.process_time() - began < 2


@settings(max_examples=500)
@given(st.text(alphabet=st.sampled_from("ab/*?[]!^{},.-~\\ \n:@(\u00e9\U0001f600"), max_size=30), paths)
def test_any_text_is_a_pattern_or_a_format_error(text: str, path: str) -> None:
    globs.split_list(text)
    globs.is_universal(text)
    globs.literal_prefix(text)
    globs.under_directory(text)
    try:
        canonical = globs.check(text)
    except FormatError as error:
        assert 0 <= error.offset <= len(text)
        return
    assert globs.check(canonical) == canonical
    assert Glob(text).match(path) == any(Glob(line).match(path) for line in globs.expand(canonical))
    assert Glob(text, ignore_case=True).match(path.upper()) or not Glob(text).match(path)
