"""Every mistake of a project's own templates at once, each at its place; and what is told where Jinja2 is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from driven.cli.app import main
from driven.errors import DrivenError, TemplateError, UsageError
from driven.registry import Registry
from driven.templating.applying import prepare
from driven.templating.checking import check
from driven.templating.finding import Library
from driven.templating.rendering import Renderer

Put = Callable[..., None]
Make = Callable[[], Library]
Run = Callable[..., tuple[int, str]]
HEAD = "---\ndescription: x\n---\n\n"


@pytest.fixture
def run(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`driven WORDS…` in the project: its exit code, and all that it prints."""
    monkeypatch.chdir(root)
    monkeypatch.setenv("NO_COLOR", "1")

    def drive(*words: str) -> tuple[int, str]:
        code = main(words)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return drive


def told(library: Library, *names: str) -> list[str]:
    found = check(library, names).diagnostics
    return [f"{one.span.path.removeprefix('.driven/templates/')}:{one.span.line}:{one.span.column} {one.message}"
            for one in found]  # fmt: skip


def test_a_good_one_has_no_mistake(put: Put, library: Make) -> None:
    put("base/b", "{% block a %}{% endblock %}{{ folder }}\n")
    put("partials/p", "{{ folder }} {{ other }}\n")  # who includes it has them
    put("x", '{% extends "base/b" %}{% block a %}- A rule for {{ folder }}.\n{% include "partials/p" %}{% endblock %}',
        'variables:\n  folder: {default: src, validator: "{% if value == folder ~ 1 %}no{% endif %}"}\n'
        '  other: "{{ folder }}/x"\n')  # fmt: skip
    put("y", "{% if z is defined %}{{ z }}{% endif %}{{ v | default('-') }} A rule.\n")
    made = check(library())
    assert made.diagnostics == () and made.names == ("base/b", "partials/p", "x", "y")


def test_all_mistakes_of_all_of_them_are_told_at_once(root: Path, put: Put, library: Make) -> None:
    put("a", f'{HEAD}{{% include "partials/q" %}}\n{{{{ 1 | nope }}}} {{{{ v | upperr }}}}\n{{{{ folder }} }}}}\n',
        "variables: {folder: src}\n")  # fmt: skip
    put("b", "{{ folder }}\n{% for w in ws.x %}{{ w.y }}{% endfor %}\n", "kindd: x\nvariables:\n  f: {type: strr}\n")
    put("c", "Text\n", "include: [d, nobody]\n")
    put("d", "{% macro m() %}{% endmacro %}\n{{ one two }}\n{% if %}\n")
    put("partials/p", "\n{% include 'partials/p' %}{{ a.b }}\n")
    (root / ".driven/templates/E_e.md").write_text("x", encoding="utf-8")
    assert told(library()) == [
        "E_e.md:1:1 `E_e` is no name of a template",
        "a.md:9:13 there is no template `partials/q`",
        "a.md:10:8 the filter `nope` does not compile",
        "a.md:10:19 `v` is no variable of the template `a`",
        "a.md:10:23 the filter `upperr` does not compile",
        "a.md:11:1 template `a` is not Jinja: unexpected '}'",
        "b.md:3:1 the key `kindd` is unknown",
        "b.md:5:7 the type of `f` is `strr`",
        "b.md:7:4 `folder` is no variable of the template `b`",
        "b.md:8:16 `.x` does not compile: values have no attributes",
        "b.md:8:25 `.y` does not compile: values have no attributes",
        "c.md:3:14 `include`: there is no template `nobody`",
        "d.md:5:1 template `d` is not Jinja: expected `}}`, got 'two'",
        "d.md:6:1 template `d` is not Jinja: expected an expression, got `%}`",
        "partials/p.md:5:13 `partials/p` includes itself in a circle",
        "partials/p.md:5:32 `.b` does not compile: values have no attributes",
    ]


def test_near_names_are_told(put: Put, library: Make) -> None:
    put("partials/footer", "x\n")
    put(
        "x",
        '{% include "partials/footr" %}{% extends "bse/y" %}{{ 1 | lenght }}{{ foldr }}\n',
        "variables: {folder: a}\n",
    )
    hints = {one.message.split("`")[1]: one.hint for one in check(library(), ["x"]).diagnostics}
    assert "`partials/footer`" in hints["partials/footr"] and "`length`" in hints["lenght"]
    assert hints["foldr"] == "did you mean `folder`?"


def test_a_block_that_nobody_calls_is_told(put: Put, library: Make) -> None:
    put("base/b", "{% block summary %}{% endblock %}\n")
    put("x", '{% extends "base/b" %}\n{% block sumary %}{% block own %}A.{% endblock %}{% endblock %}\n')
    (found,) = check(library(), ["x"]).diagnostics
    assert found.message.startswith("the block `sumary` is none") and found.hint == "did you mean `summary`?"
    assert (found.span.line, found.span.column) == (5, 10)


def test_the_library_has_none(root: Path, plugins: Registry) -> None:
    found = Library(str(root), plugins)
    names = found.names()
    made = check(found, names)
    assert len(made.names) == len(names) > 40 and made.diagnostics == ()


def test_nothing_is_written_of_several_where_one_is_unknown(root: Path, put: Put, run: Run) -> None:
    put("one", "A rule.\n")
    code, said = run("template", "apply", "one", "standards/sqll", "kubernetes")
    assert code == 2 and not list((root / ".driven/rules").iterdir())
    assert "there is no template `standards/sqll`: nothing was written" in said and "`standards/sql`" in said
    assert "there is no template `kubernetes`: nothing was written" in said and "`projects/helm-chart`" in said


def test_a_check_ends_as_a_validation_does(root: Path, put: Put, run: Run) -> None:
    assert run("template", "check") == (
        0,
        "there is no template in .driven/templates  `driven template new NAME` begins one\n",
    )
    put("one", "A rule.\n")
    assert run("template", "check") == (0, "no findings (1 template)\n")
    (root / ".driven/templates/far").symlink_to(root)  # a warning
    assert run("template", "check")[0] == 0 and run("template", "check", "--strict")[0] == 1
    put("two", "{{ nobody }}\n")
    code, said = run("template", "check", "--json")
    (warning, error) = sorted(
        json.loads(said)["data"]["diagnostics"], key=lambda one: str(one["severity"]), reverse=True
    )
    assert code == 1 and warning["code"] == "TPL04" and error["code"] == "DRV012" and "nobody" in error["message"]


def test_what_is_missing_may_be_left_out(put: Put, library: Make) -> None:
    put("x", '{% include "partials/none" ignore missing %}A rule.\n')
    assert check(library()).diagnostics == () and prepare(library(), ["x"], {}).is_sound


def test_small_texts_are_read_where_they_stand(put: Put, library: Make) -> None:
    put("x", "- {{ a }}{{ b }}\n", 'variables:\n  a:\n    default: "{{ b }}"\n    validator: "{{ value | nope }}"\n'
        '  b:\n    default: x\n    when: "{{ a"\n')  # fmt: skip
    assert told(library()) == [
        "x.md:5:5 `default` of `a`: `b` is no variable of the template `x`",
        "x.md:6:5 `validator` of `a`: the filter `nope` does not compile",
        "x.md:9:5 `when` of `b`: template `x` is not Jinja: `{{` is not closed: there is no `}}` after it",
    ]


def test_what_comes_out_is_read_with_every_choice(put: Put, library: Make) -> None:
    put("x", "---\n{% if deep %}\nprioritty: 3\n{% endif %}\n---\nA rule.\n{% if how == 'b' %}{{ 1 }}{% endif %}\n"
        "{% if how == 'c' %}{{ 1 / 0 }}{% endif %}\n",
        "variables:\n  deep: {type: bool, default: false}\n  how: {choices: [a, b, c], default: a}\n")  # fmt: skip
    first, second = told(library())
    assert first.startswith("x.md:2:1 the rule `x` that it gives: ") and "prioritty" in first
    assert second.startswith("x.md:14:") and "cannot be rendered" in second
    put("y", "A rule.\n", "variables:\n  d: {default: a, validator: \"{% if value == 'a' %}not a{% endif %}\"}\n")
    assert told(library(), "y") == ["y.md:4:7 the variable `d` cannot be `a`: not a"]


@pytest.mark.timeout(120)
def test_what_never_ends_is_told_with_its_line(put: Put, library: Make) -> None:
    put(
        "partials/long", "\n{% for a in range(100000) %}\n{% for b in range(1000) %}{{ b }}{% endfor %}\n{% endfor %}\n"
    )
    put("x", 'A rule.\n{% include "partials/long" %}\n')
    with pytest.raises(TemplateError) as caught:
        found = library()
        Renderer(found).text(found.find("x"), {})
    assert str(caught.value.span) == ".driven/templates/partials/long.md:6:1" and "`x`" in caught.value.message
    assert "does too much" in caught.value.message and "shorter" in caught.value.hint
    put("y", "A.\n\n{{ nobody }}\n")
    with pytest.raises(TemplateError) as caught:
        Renderer(library()).text(library().find("y"), {})
    assert str(caught.value.span) == ".driven/templates/y.md:6:4"


def test_rendering_tells_all_of_them_too(put: Put, library: Make) -> None:
    put("x", "{{ 1 | nope }}\n{{ 2 | nope }}\n")
    with pytest.raises(DrivenError) as caught:
        prepare(library(), ["x"], {})
    assert [one.span.line for one in caught.value.all if one.span] == [4, 5]
    put("y", "x", "kindd: x\ntags: 3\n")
    with pytest.raises(DrivenError) as caught:
        library().find("y")
    assert len(caught.value.all) == 2


def test_unknown_names_are_refused(put: Put, library: Make) -> None:
    put("x", "A rule.\n")
    with pytest.raises(UsageError, match="there is no template `xx`"):
        check(library(), ["x", "xx"])


# -- without Jinja2 ---------------------------------------------------------------------------------------------------

WITHOUT = """
import sys
sys.modules["jinja2"] = None
from driven.cli.app import main
sys.exit(main(sys.argv[1:]))
"""


def without(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A real run in which Jinja2 cannot be imported, with a cache of its own."""
    env = {**os.environ, "XDG_CACHE_HOME": str(root / "cache"), "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, *words], cwd=root, env=env, capture_output=True, text=True, timeout=60
    )


def test_without_jinja_it_is_said_what_to_install(root: Path, put: Put) -> None:
    put("standards/one", "A rule.\n")
    put("standards/two", "{{ 1 | nope }}\n")
    install = 'pip install "driven[templates]"'
    ran = without(root, "template", "check")
    assert (ran.returncode, ran.stdout) == (2, "") and ran.stderr.count("\n") == 2 and install in ran.stderr
    ran = without(root, "cache", "warm", "--json")
    problems = [one for one in json.loads(ran.stdout)["data"]["diagnostics"] if "Jinja2" in one["message"]]
    assert ran.returncode == 2 and len(problems) == 1 and install in problems[0]["hint"]
    assert "need Jinja2 to be compiled, and it is not installed: " in problems[0]["message"]
    (root / ".driven/templates/standards/two.md").unlink()
    plain = {**os.environ, "XDG_CACHE_HOME": str(root / "cache")}
    words = [sys.executable, "-m", "driven", "cache", "warm"]
    assert subprocess.run(words, cwd=root, env=plain, capture_output=True, timeout=300).returncode == 0
    assert without(root, "cache", "warm").returncode == 0  # what is in the cache needs nobody


def test_the_doctor_knows_whether_it_is_needed(root: Path, put: Put) -> None:
    def said(ran: subprocess.CompletedProcess[str]) -> dict[str, str]:
        checks = json.loads(ran.stdout)["data"]["checks"]
        return next(one for one in checks if one["name"] == "templates")

    assert said(without(root, "doctor", "--json"))["state"] == "ok"
    put("standards/one", "A rule.\n")
    found = said(without(root, "doctor", "--json"))
    assert found["state"] == "fail" and found["message"].startswith("1 template of this project")
    assert "driven[templates]" in found["hint"]
    ran = subprocess.run(
        [sys.executable, "-m", "driven", "doctor", "--json"], cwd=root, capture_output=True, text=True, timeout=60
    )
    assert said(ran)["state"] == "ok" and "Jinja2 3" in said(ran)["message"]
