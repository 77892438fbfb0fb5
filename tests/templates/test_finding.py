"""Which templates there are: whose come first, what a broken one does to the others, packs, conditions, search."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from driven.errors import SourceError, UsageError
from driven.format.condition import Facts
from driven.fusion import shelf
from driven.packing import accept, look
from driven.registry import Registry
from driven.templating.conditions import condition_of, holds
from driven.templating.finding import Library
from driven.templating.searching import meant, search

Put = Callable[..., None]
Make = Callable[[], Library]


def pack(root: Path, name: str, template: str, text: str) -> None:
    folder = root / ".driven/packs" / name
    (folder / "templates/standards").mkdir(parents=True)
    (folder / "pack.toml").write_text(f'name = "{name}"\nversion = "1.0.0"\n', encoding="utf-8")
    path = folder / "templates" / f"{template}.md"
    path.write_text(f"---\ndescription: Of a pack\n---\n{text}", encoding="utf-8")


def test_the_projects_own_is_used_then_a_packs_then_ours(root: Path, put: Put, plugins: Registry) -> None:
    pack(root, "acme", "standards/sql", "Of acme.\n")
    accept(str(root), [look(str(root), "acme")], unsigned=True)
    assert Library(str(root), plugins).find("standards/sql").origin == "acme"
    put("standards/sql", "Own.\n")
    found = Library(str(root), plugins)
    assert found.find("standards/sql").text == "Own.\n" and found.find("sql").origin == "project"
    assert found.find("acme:standards/sql").text == "Of acme.\n"
    assert found.find("driven:standards/sql").origin == "driven"
    assert found.names().count("standards/sql") == 1 and found.diagnostics == []


def test_a_pack_that_nobody_accepted_offers_nothing_and_says_so(root: Path, plugins: Registry) -> None:
    pack(root, "acme", "standards/own", "x\n")
    found = Library(str(root), plugins)
    assert "standards/own" not in found.names()
    (told,) = found.diagnostics
    assert (told.code, told.severity) == ("DRV009", "warning") and "not offered" in told.message


def test_a_pack_that_was_changed_offers_nothing(root: Path, plugins: Registry) -> None:
    pack(root, "acme", "standards/own", "x\n")
    accept(str(root), [look(str(root), "acme")], unsigned=True)
    found = Library(str(root), plugins)
    (root / ".driven/packs/acme/templates/standards/own.md").write_text("---\ndescription: y\n---\nEvil.\n")
    with pytest.raises(SourceError, match="not as it was accepted"):  # changed after it was looked at
        found.find("standards/own")
    assert "standards/own" not in Library(str(root), plugins).names()


@pytest.mark.parametrize("name", ["driven", "project"])
def test_a_pack_cannot_take_the_place_of_another_origin(root: Path, plugins: Registry, name: str) -> None:
    pack(root, name, "standards/own", "x\n")
    accept(str(root), [look(str(root), name)], unsigned=True)
    found = Library(str(root), plugins)
    assert found.find("standards/own").origin == f"{name}-pack"
    assert found.find("driven:standards/sql").origin == "driven"


def test_a_broken_one_is_told_and_the_others_live_on(root: Path, put: Put, library: Make) -> None:
    put("good", "Text.\n")
    put("bad", "Text.\n", "kind: none\n")
    (root / ".driven/templates/Odd Name.md").write_text("x", encoding="utf-8")
    found = library()
    assert [one.name for one in found.all()] == ["good"]
    assert {(one.code, one.span.path, one.span.line) for one in found.diagnostics} == {
        ("TPL02", ".driven/templates/bad.md", 3), ("TPL04", ".driven/templates/Odd Name.md", 1),
    }  # fmt: skip
    with pytest.raises(SourceError, match="`bad`: `kind` is `none`") as told:
        found.find("bad")
    assert told.value.span is not None and told.value.span.line == 3


def test_what_is_not_looked_at_is_told(
    root: Path, put: Put, library: Make, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    put("a/b/c/d/e/f/g/h/good", "Text.\n")
    put("a/b/c/d/e/f/g/h/i/deep", "Text.\n")
    found = library()
    assert found.names() == ["a/b/c/d/e/f/g/h/good"]
    (told,) = found.diagnostics
    assert told.message == "`a/b/c/d/e/f/g/h/i` is not looked at: more than 8 folders deep"
    shutil.rmtree(root / ".driven/templates")
    monkeypatch.setattr(shelf, "MAX_FILES", 2)
    for name in ("x", "y"):
        put(name, "Text.\n")
    assert not library().diagnostics
    put("z", "Text.\n")
    found = library()
    (told,) = found.diagnostics
    assert found.names() == ["x", "y"] and told.span.path == ".driven/templates/z.md"
    assert told.message == "`z.md` is not looked at: there are more than 2 templates" and told.hint


def test_links_are_not_followed(root: Path, put: Put, library: Make, tmp_path: Path) -> None:
    put("good", "Text.\n")
    (tmp_path / "secret.md").write_text("---\ndescription: x\n---\nSecret.\n", encoding="utf-8")
    (root / ".driven/templates/link.md").symlink_to(tmp_path / "secret.md")
    (root / ".driven/templates/folder").symlink_to(tmp_path)
    os.mkfifo(root / ".driven/templates/pipe.md")
    found = library()
    assert found.names() == ["good"]
    assert [(one.severity, one.span.path) for one in found.diagnostics] == [
        ("warning", ".driven/templates/folder"), ("warning", ".driven/templates/link.md")
    ]  # fmt: skip
    os.rename(root / ".driven/templates", tmp_path / "away")
    (root / ".driven/templates").symlink_to(tmp_path / "away")
    found = library()
    assert found.names() == [] and [one.span.path for one in found.diagnostics] == [".driven/templates"]


def test_an_end_that_several_have_is_told(put: Put, library: Make) -> None:
    put("one/x", "x")
    assert library().find("x").name == "one/x"
    put("two/x", "x")
    with pytest.raises(UsageError, match="several templates end in `x`") as told:
        library().find("x")
    assert told.value.hint == "name one: `one/x`, `two/x`"


def test_parts_of_others_are_not_listed(put: Put, library: Make) -> None:
    put("base/x", "x")
    put("partials/x", "x")
    put("x", "x")
    assert library().names() == ["x"] and library().find("base/x").text == "x"


@pytest.mark.parametrize(("word", "hint"), [
    ("standards/sqll", "`standards/sql`"), ("sqll", "`standards/sql`"),
    ("driven:standards/sqq", "`driven:standards/sql`"),
    ("kubernetes", "`projects/helm-chart`"),
    ("nothing-like-it-at-all", "`driven template list`"), ("../../etc/passwd", "`driven template list`"),
])  # fmt: skip
def test_one_that_is_not_there(root: Path, plugins: Registry, word: str, hint: str) -> None:
    with pytest.raises(UsageError) as told:
        Library(str(root), plugins).find(word)
    assert hint in told.value.hint


CONDITIONS = {
    "as it stands": ('---\nwhen: lang("python")\n---\nx', 'lang("python")'),
    "in quotes": ("---\nwhen: 'files(\"a''b\") > 0'\n---\nx", 'files("a\'b") > 0'),
    "none": ("---\ndescription: x\n---\nx\nwhen: no\n", ""),
    "no front matter": ("when: lang('go')\n", ""),
    "of a value": ('---\nwhen: lang("{{ language }}")\n---\nx', ""),
    "of a base": ('{% extends "base/b" %}{% block other %}x{% endblock %}', 'lang("go")'),
    "over a base": ('{% extends "base/b" %}\n{%- block on -%}lang("rust"){%- endblock on %}', 'lang("rust")'),
    "over a base, by a value": ('{% extends "base/b" %}{% block on %}{% if a %}x{% endif %}{% endblock %}', ""),
    "a base that is not there": ('{% extends "base/none" %}', ""),
    "a circle": ('{% extends "base/circle" %}', ""),
}


@pytest.mark.parametrize("case", CONDITIONS)
def test_the_condition_is_read_from_the_text(put: Put, library: Make, case: str) -> None:
    text, condition = CONDITIONS[case]
    put("base/b", "---\nwhen: '{% block on %}lang(\"go\"){% endblock %}'\n---\n{% block other %}{% endblock %}")
    put("base/circle", '{% extends "base/circle" %}')
    put("x", text)
    found = library()
    assert condition_of(found, found.find("x")) == condition


def test_what_holds_here() -> None:
    facts = Facts(["a.py"])
    assert (holds('lang("python")', facts), holds('lang("go")', facts)) == (True, False)
    assert holds("", facts) is None and holds("nonsense(", facts) is None


def test_search_puts_what_is_meant_first(root: Path, plugins: Registry) -> None:
    everything = Library(str(root), plugins).all()
    assert search(everything, "python errors")[0].name == "standards/python-errors"
    assert search(everything, "ERROR, Python!")[0].name == "standards/python-errors"
    assert search(everything, "sql")[0].name == "standards/sql"
    assert search(everything, "tdd")[0].name == "workflows/tdd"
    assert all("go" in f"{one.name} {one.description}".lower() for one in search(everything, "go errors"))
    assert search(everything, "zzzz") == [] and search(everything, " .,") == []
    assert meant(everything, "pyton erors") == "python error" and meant(everything, "zzzz") == ""


def test_listing_compiles_nothing_and_imports_no_jinja() -> None:
    code = (
        "import sys, driven.cli.app as a; a.main(['template', 'list', '--json']);"
        "sys.exit(any(m.split('.')[0] == 'jinja2' or m == 'driven.core.dtm' for m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0 and done.stdout.startswith(b"{"), done.stderr
