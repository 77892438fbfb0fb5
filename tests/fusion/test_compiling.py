"""Compiling templates: hand cases beside Jinja2, what does not compile and what the error says, and the file itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from driven.core import dtm_layout as L
from driven.errors import SourceError, TemplateError
from driven.fusion import compiling_tables
from driven.fusion.compiling import JINJA, Delimiters, compile_template, reference_render
from driven.fusion.dtm_file import open_dtm, render

VALUES: dict[str, object] = {
    "x": "hello", "n": 3, "words": ["b", "a", "c"], "yes": True, "no": False, "nothing": None, "empty": [],
    "pairs": [["k", 1], ["l", 2]], "mixed": ["B", "a", "b"],
}  # fmt: skip

CASES = [
    "plain text\n", "", "{{ x }}", "a {{ x }} b {{ x }}\n", "{# note #}a{#- b -#} c",
    "{{ x }}{{ missing }}", "{{ missing | default('d') }}", "{{ missing is defined }}{{ x is defined }}",
    "{{ nothing | default('d') }}{{ nothing | default('d', true) }}{{ '' | d('e', boolean=true) }}",
    "{% if yes %}A{% elif x %}B{% else %}C{% endif %}", "{% if no %}A{% elif n > 5 %}B{% else %}C{% endif %}",
    "{% if missing %}A{% endif %}", "{% if not missing is defined %}A{% endif %}",
    "  {% if yes %}\n  kept\n  {% endif %}\nafter\n", "a\n  {%- if yes -%}\n  b\n  {%- endif -%}\n c",
    "  {%+ if yes %}x{% endif %}\n", "{% raw %}{{ x }} {% if %}{% endraw %}!",
    "{% for w in words %}{{ w }}{% endfor %}", "{% for w in empty %}x{% else %}none{% endfor %}",
    "{% for w in words %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}"
    "{{ loop.revindex }}{{ loop.revindex0 }};{% endfor %}",
    "{% for w in words %}{{ loop.previtem | default('-') }}{{ loop.nextitem is defined }}{% endfor %}",
    "{% for w in words %}{% for v in words %}{{ loop.index }}{{ w }}{{ v }}{% endfor %}{{ loop.index }}{% endfor %}",
    "{% for w in words if w != 'a' %}{{ loop.index }}/{{ loop.length }}{{ w }}{% else %}none{% endfor %}",
    "{% for w in words if w == 'z' %}{{ w }}{% else %}none{% endfor %}",
    "{% for k, v in pairs %}{{ k }}={{ v }} {% endfor %}", "{% for a, b in words %}{% endfor %}",
    "{% for (a, b), c in [['xy', 1]] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "{% for c in x %}{{ c }}.{% endfor %}",
    "{% for i in range(2, 8, 3) %}{{ i }}{% endfor %}{{ range(3) | list }}{{ range(4) | length }}",
    "{% for w in words %}{{ loop.cycle('odd', 'even') }}{% endfor %}", "{% for w in n %}{% endfor %}",
    "{% set a = 1 %}{% for w in words %}{{ a }}{% set a = w %}{{ a }}{% endfor %}{{ a }}",
    "{% for w in words %}{% set t = w %}{% endfor %}{{ t is defined }}",
    "{% for w in words %}{% if loop.first %}{% set x = w %}{% endif %}{{ x }}{% endfor %}{{ x }}",
    "{% if yes %}{% set a = 2 %}{% endif %}{{ a }}", "{% if no %}{% set a = 2 %}{% endif %}{{ a }}",
    "{{ x }}{% set x = 'new' %}{{ x }}", "{% set a, b = 1, 2 %}{{ a + b }}", "{% set a = missing %}{{ a is defined }}",
    "{% set a %}<{{ x }}>{% endset %}{{ a }}{{ a | length }}", "{% set a | upper %}{{ x }}{% endset %}{{ a }}",
    "{% filter upper %}{{ x }}{% for w in words %}{{ w }}{% endfor %}{% endfilter %}",
    "{% filter trim | title %} a b {{ x }} {% endfilter %}",
    "{% with a = 1, b = x %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}",
    "{{ 1 + 2 * 3 - 4 / 2 }}{{ 7 // 2 }}{{ -7 // 2 }}{{ 7 % 3 }}{{ 2 ** 3 }}{{ -n }}{{ +n }}{{ 10 / 4 }}",
    "{{ 'a' + x }}{{ 'ab' * 3 }}{{ [1] + [2] }}{{ [0] * 2 }}{{ x ~ n ~ nothing ~ yes }}", "{{ 1 / 0 }}",
    "{{ 'a' + 1 }}", "{{ 1 < n < 5 }}{{ 1 < n < 2 }}{{ n == 3 != 4 }}{{ 1 < 2 in [2] }}",
    "{{ x and n }}{{ '' or 'b' }}{{ not x }}{{ missing or 1 }}", "{{ yes or missing }}{{ no and missing }}",
    "{{ 'a' in words }}{{ 'z' not in words }}{{ 'ell' in x }}", "{{ 1 in x }}",
    "{{ 'a' if yes else 'b' }}{{ 'a' if no else 'b' }}", "{{ 'a' if no }}", "{{ ('a' if no) is defined }}",
    "{{ words[0] }}{{ words[-1] }}{{ words[1:] }}{{ words[::-1] }}{{ x[1:3] }}{{ x[0] }}{{ words.0 }}",
    "{{ words[9] }}", "{{ words[9] is defined }}{{ words[9] | default('d') }}", "{{ n[0] is defined }}",
    "{{ [1, 'a', [2]] }}{{ (1, 'a') }}{{ (1,) }}{{ () }}{{ [] }}{{ true }}{{ none }}{{ 1.0 }}{{ 1e30 }}",
    "{{ 123456789012345678901234567890 }}{{ 1_000 }}{{ 0x1f }}", "{{ 'é' ~ '\\n' ~ \"q\" }}", "{{ [missing] }}",
    "{{ words | join(', ') }}{{ words | join }}{{ words | sort | join('-') }}{{ mixed | sort }}",
    "{{ mixed | sort(reverse=true) }}{{ mixed | sort(case_sensitive=true) }}{{ mixed | unique | list }}",
    "{{ words | map('upper') | join }}{{ words | select('equalto', 'a') | list }}",
    "{{ words | reject('in', 'ab') | list }}",
    "{{ ['', 'a', none] | select | list }}{{ ['', 'a'] | reject | list }}{{ nothing | map('upper') | list }}",
    "{{ words | first }}{{ words | last }}{{ empty | first | default('e') }}{{ empty | last is defined }}",
    "{{ words | length }}{{ words | count }}{{ n | length }}", "{{ n | length }}",
    "{{ words | reverse | list }}{{ x | reverse }}",
    "{{ x | upper }}{{ 'A B' | lower }}{{ 'aB c' | capitalize }}{{ ' a ' | trim }}{{ 'xax' | trim('x') }}",
    "{{ \"hello wORLD-foo (bar [baz] it's ßtart ǆ\" | title }}",
    "{{ 'aaa' | replace('a', 'b') }}{{ 'aaa' | replace('a', 'b', 2) }}",
    "{{ 'a\\nb\\n\\nc' | indent }}{{ 'a\\nb' | indent(2, first=true) }}{{ 'a\\n\\nb' | indent('> ', blank=true) }}",
    "{{ '3' | int + 1 }}{{ '3.7' | int }}{{ 'x' | int(9) }}{{ 'ff' | int(base=16) }}{{ nothing | int }}",
    "{{ '2.5' | float }}{{ nothing | float }}{{ 'x' | float(1.5) }}",
    "{{ 2.567 | round }}{{ 2.567 | round(2) }}{{ 2.1 | round(method='ceil') }}{{ 25 | round(-1) }}{{ -3 | abs }}",
    "{{ [1, 2] | sum }}{{ [3, 1] | min }}{{ ['b', 'A'] | max }}{{ empty | max is defined }}{{ 'a b c' | wordcount }}",
    "{{ 'a long text here' | truncate(9) }}{{ 'a long text here' | truncate(9, true, '.', 0) }}{{ 'ab' | center(6) }}|",
    "{{ n is odd }}{{ n is even }}{{ n is divisibleby 3 }}{{ n is number }}{{ x is string }}{{ words is sequence }}",
    "{{ yes is true }}{{ yes is boolean }}{{ 1 is integer }}{{ yes is integer }}{{ 1.5 is float }}",
    "{{ nothing is none }}{{ no is false }}{{ no is none }}",
    "{{ x is lower }}{{ 'A' is upper }}{{ words is iterable }}{{ words is mapping }}{{ n is eq 3 }}{{ n is in [3] }}",
    "{{ n is not odd }}{{ missing is string }}{{ missing is odd }}", "{{ missing is none }}", "{{ missing ~ 'a' }}",
    "{{ loop }}", "line\r\nline\rline\n", "{{ x }}\n\n", "\n", "{{ 'a' 'b' }}", "{{ x|upper|lower|title }}",
    "{% block a %}{{ x }}{% endblock %}{% block b scoped %}{{ n }}{% endblock %}",
    "{% for w in words %}{% block c %}{{ w is defined }}{{ loop is defined }}{% endblock %}{% endfor %}",
    "{% for w in words %}{% block d scoped %}{{ w }}{{ loop.index }}{% endblock %}{% endfor %}",
]  # fmt: skip

OTHERS = {
    "base": "H{% block head %}[{{ x }}]{% endblock %}{% block body %}body{% endblock %}\nF{{ extra | default('-') }}\n",
    "middle": "{% extends 'base' %}{% block head %}<{{ super() }}>{% endblock %}{% set extra = 'set' %}",
    "part": "({{ x }}{% set x = 'inner' %}{{ x }}{{ w is defined }})",
    "loop": "{{ loop.index }}{{ loop.last }}",
    "outer": "{% include 'part' %}+{% include 'part' %}{{ x }}",
    "required": "{% block r required %}{% endblock %}",
    "me": "{% include 'me' %}",
    "ring": "{% extends 'ring2' %}",
    "ring2": "{% extends 'ring' %}",
    "nested": "{% block a %}A{% block b %}B{% endblock %}{% endblock %}",
}

FAMILIES = [
    "{% include 'part' %}{{ x }}", "{% for w in words %}{% include 'part' %}{% endfor %}{{ x }}",
    "{% set x = 5 %}{% include 'part' %}", "{% for w in words %}{% include 'loop' %}{{ loop.first }}{% endfor %}",
    "{% include 'outer' %}", "{% include 'gone' ignore missing %}.", "{% include 'gone' %}",
    "{% with x = 'with' %}{% include 'part' %}{% endwith %}",
    "{% set t %}{% include 'part' %}{% endset %}{{ t | upper }}",
    "{% extends 'base' %}", "{% extends 'base' %}ignored{{ missing }}{% block body %}mine {{ super() }}{% endblock %}",
    "{% extends 'middle' %}{% block head %}({{ super() }}){{ super() | upper }}{% endblock %}",
    "{% extends 'base' %}{% set extra = 1 %}{% block head %}{{ extra }}{% endblock %}",
    "{% extends 'base' %}{% if yes %}{% set extra = 2 %}{% endif %}", "{% extends 'gone' %}",
    "{% extends 'required' %}{% block r %}filled{% endblock %}",
    "{% extends 'nested' %}{% block b %}mine{% endblock %}",
    "{% extends 'nested' %}{% block a %}[{{ super() }}]{% endblock %}{% block b %}x{% endblock %}",
    "before {% extends 'base' %}after", "{% block k %}{% include 'part' %}{% endblock %}",
    "{% include 'middle' %}{% block head %}own{% endblock %}",
    "{% if no %}{% set q = 1 %}{% endif %}{% include 'part' %}{% block z %}{{ q is defined }}{% endblock %}",
]  # fmt: skip


def outcomes(source: str, values: dict[str, object] = VALUES) -> tuple[str | None, str | None]:
    """What the compiled template and Jinja2 make of it, None for a failure."""
    found: list[str | None] = []
    works: tuple[Callable[[], str], ...] = (
        lambda: render(open_dtm(compile_template(source, name="t", load=OTHERS.__getitem__)), values),
        lambda: reference_render(source, values, load=OTHERS.__getitem__),
    )
    for work in works:
        try:
            found.append(work())
        except TemplateError:
            found.append(None)
    return found[0], found[1]


@pytest.mark.parametrize("source", CASES)
def test_a_template_renders_as_by_jinja(source: str) -> None:
    ours, theirs = outcomes(source)
    assert ours == theirs


@pytest.mark.parametrize("source", FAMILIES)
def test_includes_and_blocks_render_as_by_jinja(source: str) -> None:
    ours, theirs = outcomes(source)
    assert ours == theirs


def test_most_cases_render() -> None:
    """Failing alike proves little."""
    assert sum(outcomes(source)[0] is None for source in CASES + FAMILIES) < 18


@pytest.mark.parametrize(
    ("source", "line", "message", "hint"),
    [
        ("a\n{{ x.upper() }}", 2, "`.upper` does not compile", "write `| upper`"),
        ("{{ x.__class__ }}", 1, "`.__class__` does not compile", "its own variable"),
        ("{{ x['__class__'] }}", 1, "`.__class__` does not compile", "its own variable"),
        ("{{ x | attr('y') }}", 1, "the filter `attr` does not compile", "one of: abs"),
        ("{{ x is callable }}", 1, "the test `callable` does not compile", "one of: !="),
        ("\n\n{% macro m() %}{% endmacro %}", 3, "`macro` does not compile", "include it"),
        ("{% import 'part' as p %}", 1, "`import` does not compile", "include it"),
        ("{% set ns = namespace(a=1) %}", 1, "`namespace(…)` does not compile", "`range`"),
        ("{{ {'a': 1} }}", 1, "a dictionary does not compile", "write a list"),
        ("{{ words | map('upper') }}", 1, "`map` alone makes an iterator", "| list`"),
        ("{{ words | unique }}", 1, "`unique` alone makes an iterator", "| list`"),
        ("{{ range(3) }}", 1, "`range` alone is no list", "| list`"),
        ("{{ words | map(attribute='a') | list }}", 1, "`map` needs the name of a filter", "map('…')"),
        ("{{ x | replace('a') }}", 1, "`replace` needs `new`", "replace(old, new, count)"),
        ("{{ x | upper(1) }}", 1, "`upper` has 0 arguments", "give no more"),
        ("{{ words | sort(attribute='a') }}", 1, "`sort` cannot be given `attribute`", "reverse"),
        ("{% for a in words recursive %}{% endfor %}", 1, "a recursive loop", "one loop within the other"),
        ("{% for a in words %}{{ loop }}{% endfor %}", 1, "`loop` is no value", "loop.index"),
        ("{% for a in words %}{{ loop.changed(a) }}{% endfor %}", 1, "`.changed` does not compile", "variable"),
        ("{% for loop in words %}{% endfor %}", 1, "`loop` cannot be set", "another name"),
        ("{% include x %}", 1, "`include` needs a name in quotes", "`if`"),
        ("{% include ['a', 'b'] %}", 1, "`include` needs a name in quotes", "`if`"),
        ("{% include 'part' without context %}", 1, "without context", "leave"),
        ("{% extends x %}", 1, "`extends` needs a name in quotes", "blocks"),
        ("{% if x %}{% extends 'base' %}{% endif %}", 1, "`extends` stands once", "blocks"),
        ("{{ x }}{% extends 'base' %}", 1, "stands before `extends`", "begin"),
        ("{% extends 'base' %}{% include 'part' %}", 1, "writes only in its blocks", "block"),
        ("{% include 'me' %}", 1, "includes itself in a circle", "break the circle"),
        ("{% extends 'ring' %}", 1, "in a circle", "break the circle"),
        ("{% include 'required' %}", 1, "is required", "write it"),
        ("{% block a %}{{ super() }}{% endblock %}", 1, "no block `a` above", "leave"),
        ("{{ super() }}", 1, "`super()` outside of a block", "block"),
        ("{{ self.a() }}{% block a %}{% endblock %}", 1, "`.a` does not compile", "variable"),
        ("{% block a %}{% endblock %}{% block a %}{% endblock %}", 1, "there twice", "another name"),
        ("a\n\n{% if %}", 3, "is not Jinja", "docs/dtm.md"),
        ("{{ x", 1, "is not Jinja", "raw"),
        ("{% do x %}", 1, "`do` is no statement", "there are if, for"),
        ("{{ a }.", 1, "`{{` is not closed: there is no `}}` after it", "write `}}` where it ends"),
        ("a {{ b\n{{ c }}", 1, "`{{` is not closed", "write `}}`"),
        ("{{ 'a }}", 1, "or a quote stays open", "write `}}`"),
        ("{% if x %}\n{{ y }}\n", 1, "`{% if … %}` is not ended", "write `{% endif %}`"),
        ("{% if x %}\n{% endfo %}", 2, "`endfo` is no statement", "`{% endfor %}`"),
        ("{% if x %}\n{% endfor %}", 2, "`{% endfor %}` stands where `{% if %}` is open", "`{% endif %}`"),
        ("a\n{% endif %}", 2, "stands where nothing is open", "leave it out"),
        ("{{ x }}\n{{ a b }}", 2, "is not Jinja: expected `}}`, got 'b'", "docs/dtm.md"),
        ("{% raw %}{{ a }.{% endraw %}{{ b }", 1, "`{{` is not closed", "write `}}`"),
        ("{# {{ #}{{ '}}' }}{{ b }", 1, "`{{` is not closed", "write `}}`"),
        ("{% filter length %}a{% endfilter %}", 1, "the block filter `length`", "upper"),
        ("{% set x.y = 1 %}", 1, "only names can be set", "set a variable"),
        ("{{ 1" + " + 1" * 3000 + " }}", 1, "nested too deeply", "set"),
        ("{% set y | default(z) %}a{% endset %}", 1, "`z` cannot be used here", "filter the variable"),
        ("{{ " + "1" * 5000 + " }}", 1, "is not Jinja", "shorter number"),
        ("{% for a in x %}" * 40 + "{% endfor %}" * 40, 1, "more than 32 loops", "fewer"),
    ],
)
def test_what_does_not_compile_says_where_and_what_to_write(source: str, line: int, message: str, hint: str) -> None:
    with pytest.raises(TemplateError) as caught:
        compile_template(source, name="t.md", load=OTHERS.__getitem__)
    assert message in caught.value.message
    assert hint in caught.value.hint
    if "deeply" not in message:
        assert caught.value.span is not None and caught.value.span.line == line


def test_an_error_in_an_included_template_is_shown_there() -> None:
    with pytest.raises(TemplateError) as caught:
        compile_template("{% include 'p' %}", name="t", load={"p": "\n{{ a.b }}"}.__getitem__)
    assert str(caught.value).startswith("p:2:1: ")


def test_half_a_character_is_refused() -> None:
    for source in ("\ud800", "{{ '\\ud800' }}"):
        with pytest.raises(TemplateError, match="half of a character"):
            compile_template(source, name="t")


def test_includes_that_multiply_are_refused_before_they_fill_the_memory() -> None:
    bomb = {f"b{i}": f"{{% include 'b{i + 1}' %}}" * 8 for i in range(12)} | {"b12": "{{ x | upper }}"}
    with pytest.raises(TemplateError, match="too large"):
        compile_template("{% include 'b0' %}", name="t", load=bomb.__getitem__)


def test_the_same_source_gives_the_same_bytes() -> None:
    for source in CASES[:40] + FAMILIES[:6]:
        try:
            first = compile_template(source, name="one", load=OTHERS.__getitem__, meta=b"m")
        except TemplateError:
            continue
        assert compile_template(source, name="another", load=OTHERS.__getitem__, meta=b"m") == first
        assert open_dtm(first).meta() == b"m"


def test_the_bytes_do_not_hang_on_the_seed_of_hashes(tmp_path: Path) -> None:
    source = "{% if a %}{% set q, r, s = 1, 2, 3 %}{% elif b %}{% set t = 4 %}{% set u = 5 %}{% endif %}"
    script = (
        "import sys\nfrom driven.fusion.compiling import compile_template\n"
        "load = {'p': '{% set b = a %}{{ c }}{{ d }}{{ e }}'}.__getitem__\n"
        "print(compile_template(sys.argv[1] + \"{% include 'p' %}\", name='t', load=load).hex())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script, source + "{{ q ~ r ~ s ~ t ~ u }}"],
            capture_output=True, text=True, timeout=60, cwd=tmp_path, check=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(said) == 1


def test_variables_are_those_that_the_caller_gives() -> None:
    def names(source: str) -> list[str]:
        return open_dtm(compile_template(source, name="t", load=OTHERS.__getitem__)).names()

    assert names("{{ b }}{{ a }}{{ b }}") == ["b", "a"]
    assert names("{% set a = 1 %}{{ a }}{% for w in words %}{{ w }}{{ loop.index }}{% endfor %}") == ["words"]
    assert names("{% set a = 1 %}{% block k %}{{ a }}{{ c }}{% endblock %}") == ["c"]
    assert names("{% extends 'middle' %}") == ["x"]
    assert sorted(names("{% include 'part' %}")) == ["w", "x"]


def test_other_delimiters_leave_braces_alone() -> None:
    marks = Delimiters(
        variable_start_string="[[", variable_end_string="]]", block_start_string="[%", block_end_string="%]"
    )
    source = "${{ secrets.X }} [[ x ]][% if yes %]{% y %}[% endif %]"
    data = compile_template(source, name="t", delimiters=marks)
    expected = "${{ secrets.X }} hello{% y %}"
    assert render(open_dtm(data), VALUES) == expected
    assert reference_render(source, VALUES, delimiters=marks) == expected
    assert Delimiters() == JINJA
    with pytest.raises(TemplateError, match="told apart"):
        compile_template("", name="t", delimiters=Delimiters(variable_start_string="{%"))


def test_a_changed_file_is_refused() -> None:
    data = compile_template("{{ x }} and more", name="t")
    for at in (*range(8, len(data)),):
        broken = bytearray(data)
        broken[at] ^= 1
        with pytest.raises(SourceError, match=r"`t.dtm`"):
            open_dtm(bytes(broken), "t.dtm")
    for end in range(len(data)):
        with pytest.raises(SourceError):
            open_dtm(data[:end])


def test_a_variable_without_a_value_is_named_with_the_template() -> None:
    dtm = open_dtm(compile_template("{{ who | upper }}", name="t"), "library/x.dtm")
    with pytest.raises(TemplateError, match=r"`library/x.dtm`.*`who` is undefined") as caught:
        render(dtm, {})
    assert "give `who` a value" in caught.value.hint
    with pytest.raises(TemplateError, match="`who` is a value that a template cannot have"):
        render(dtm, {"who": {"a": 1}})


def test_rendering_does_not_import_jinja(tmp_path: Path) -> None:
    path = tmp_path / "t.dtm"
    path.write_bytes(compile_template("{% for w in words %}{{ w | title }}{% endfor %}", name="t"))
    script = (
        "import sys\nfrom driven.fusion.dtm_file import open_dtm, render\n"
        "import driven.fusion.compiling\n"
        "print(render(open_dtm(open(sys.argv[1], 'rb').read()), {'words': ['a', 'b']}))\n"
        "print(sorted({'jinja2', 'markupsafe', 're', 'json', 'typing'} & set(sys.modules)))\n"
    )
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=60, env=env, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    said, imported = done.stdout.splitlines()
    assert said == "AB"
    assert "jinja2" not in imported and "markupsafe" not in imported


def page() -> str:
    return (Path(__file__).parents[2] / "docs" / "dtm.md").read_text(encoding="utf-8")


def test_the_page_lists_every_filter_test_and_instruction() -> None:
    rows = {row.split("|")[1].strip(): row for row in page().splitlines() if row.startswith("| ")}
    words = {name: set(re.findall(r"`([a-z]+)`", rows[name])) for name in ("filters", "tests")}
    assert words["filters"] == {*compiling_tables.FILTERS, *compiling_tables.ACROSS}
    assert words["tests"] - {"equalto", "greaterthan"} == set(L.TESTS)
    assert set(compiling_tables.FILTERS) - {"count", "d"} == set(L.FILTERS)
    numbers = {name: number for name, number in vars(L).items() if name.isupper() and 0 < number_of(number) <= L.LAST}
    for name in re.findall(r"\b\d+ ([A-Z_]+)\b", page()):
        assert name in numbers, name
    for name in ("PUSH", "CHAIN", "GATHER", "EMIT", "LOOP", "UNPACK"):
        assert f"{numbers[name]} {name}" in page()


def number_of(value: object) -> int:
    return value if isinstance(value, int) else 0


def test_the_example_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    code = page().split("```python\n")[1].split("```")[0]
    exec(compile(code, "docs/dtm.md", "exec"), {})
    assert capsys.readouterr().out == "['title', 'globs']\n# Errors\n- `**/*.py`\n\n"
