"""Templates that came compiled: used without Jinja2 while they are those of the text beside them, else made anew."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from driven.errors import TemplateError
from driven.fusion.compiling import compile_template
from driven.fusion.dtm_file import open_dtm
from driven.fusion.precompiling import META, compile_folder, digest_of
from driven.fusion.shelf import TemplateFolder
from driven.registry import Registry
from driven.templating.answering import answers
from driven.templating.finding import Library
from driven.templating.rendering import Renderer

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "templates/driven_templates/library"
TEXT = """---
description: x
variables:
  v: {type: str, default: "{{ 'a' }}b", validator: "{% if v == 'no' %}not that{% endif %}"}
---
Text of {{ v }}{% include "partials/p" %}.
"""


class NoLoader:
    """Stands where a compiler would: nothing may be compiled."""

    def dtm(self, *_: object) -> None:
        raise AssertionError("it was compiled")


def folder(path: Path) -> Path:
    (path / "partials").mkdir(parents=True)
    (path / "x.md").write_text(TEXT, encoding="utf-8")
    (path / "partials/p.md").write_text("---\ndescription: p\n---\n, and more", encoding="utf-8")
    return path


def library(path: Path) -> Library:
    return Library(str(path.parent), Registry(templates={"acme": TemplateFolder("acme", str(path))}))


def test_what_came_compiled_is_used_with_its_small_texts(tmp_path: Path) -> None:
    path = folder(tmp_path / "t")
    assert compile_folder(str(path)) == [str(path / "x.dtm")]
    found = library(path)
    renderer = Renderer(found, NoLoader())  # type: ignore[arg-type]
    values = answers(renderer, [found.find("x")], {})
    assert renderer.text(found.find("x"), values) == "Text of ab, and more.\n"
    with pytest.raises(Exception, match="not that"):
        answers(renderer, [found.find("x")], {"v": "no"})


def test_a_pack_brings_its_own_compiled(tmp_path: Path) -> None:
    from driven.packing import accept, look

    pack = tmp_path / ".driven/packs/acme"
    (tmp_path / ".driven/rules").mkdir(parents=True)
    folder(pack / "templates")
    (pack / "pack.toml").write_text('name = "acme"\nversion = "1.0.0"\n', encoding="utf-8")
    compile_folder(str(pack / "templates"))
    accept(str(tmp_path), [look(str(tmp_path), "acme")], unsigned=True)
    found = Library(str(tmp_path), Registry())
    renderer = Renderer(found, NoLoader())  # type: ignore[arg-type]
    assert renderer.text(found.find("x"), answers(renderer, [found.find("x")], {})) == "Text of ab, and more.\n"


@pytest.mark.parametrize("changed", ["x.md", "partials/p.md"])
def test_one_of_another_text_is_not_used(tmp_path: Path, changed: str) -> None:
    path = folder(tmp_path / "t")
    compile_folder(str(path))
    file = path / changed
    file.write_text(file.read_text(encoding="utf-8") + "New.\n", encoding="utf-8")
    found = library(path)
    with pytest.raises(AssertionError, match="it was compiled"):
        Renderer(found, NoLoader()).text(found.find("x"), {"v": "a"})  # type: ignore[arg-type]
    assert "New." in Renderer(found).text(found.find("x"), {"v": "a"})


@pytest.mark.parametrize("data", [b"", b"nonsense", b"DTM1" + bytes(200)])
def test_a_damaged_one_is_made_anew(tmp_path: Path, data: bytes) -> None:
    path = folder(tmp_path / "t")
    compile_folder(str(path))
    for broken in (data, bytearray((path / "x.dtm").read_bytes()[:-1])):
        (path / "x.dtm").write_bytes(broken)
        found = library(path)
        assert Renderer(found).text(found.find("x"), {"v": "a"}) == "Text of a, and more.\n"


def test_what_lies_compiled_beside_a_projects_own_is_not_used(tmp_path: Path) -> None:
    """Its meta may say that it is of that text, and its code give another."""
    path = folder(tmp_path / ".driven/templates")
    own = Library(str(tmp_path), Registry()).find("x")
    meta = {"version": META, "uses": {"": digest_of(own)}, "parts": {}}
    (path / "x.dtm").write_bytes(compile_template("Something else.", name="x", meta=json.dumps(meta).encode()))
    found = Library(str(tmp_path), Registry())
    assert Renderer(found).text(found.find("x"), {"v": "a"}) == "Text of a, and more.\n"


@pytest.mark.parametrize("part", ["", "no Base64!", "RFRN", "é"])
def test_a_small_text_that_is_damaged_is_made_anew(tmp_path: Path, part: str) -> None:
    path = folder(tmp_path / "t")
    compile_folder(str(path))
    one = library(path).find("x")
    meta = json.loads(open_dtm((path / "x.dtm").read_bytes()).meta())
    meta["parts"] = dict.fromkeys(meta["parts"], part)
    (path / "x.dtm").write_bytes(compile_template("Text.", name="x", meta=json.dumps(meta).encode()))
    renderer = Renderer(library(path))
    assert renderer.is_shipped(one) and answers(renderer, [one], {}) == {"v": "ab"}


def test_what_does_not_compile_is_told(tmp_path: Path) -> None:
    path = folder(tmp_path / "t")
    (path / "partials/p.md").unlink()
    with pytest.raises(TemplateError, match="partials/p"):
        compile_folder(str(path))
    (path / "x.md").write_text("nothing", encoding="utf-8")
    with pytest.raises(TemplateError, match="`x`"):
        compile_folder(str(path))


def test_the_library_as_a_wheel_has_it_needs_no_jinja(tmp_path: Path) -> None:
    """In a process that cannot import Jinja2, with an empty cache: every template of the library becomes a rule."""
    out = tmp_path / "compiled"
    made = compile_folder(str(LIBRARY), str(out))
    assert len(made) >= 40 and all(open_dtm(Path(path).read_bytes()).meta() for path in made)
    for source in LIBRARY.rglob("*.md"):
        target = out / source.relative_to(LIBRARY)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    code = """
import sys
sys.modules["jinja2"] = None
from driven.fusion.shelf import TemplateFolder
from driven.registry import Registry
from driven.templating.answering import answers
from driven.templating.applying import make
from driven.templating.finding import Library
from driven.templating.rendering import Renderer
found = Library(sys.argv[2], Registry(templates={"driven": TemplateFolder("driven", sys.argv[1])}))
renderer = Renderer(found)
for one in found.all():
    made = make(renderer, one, answers(renderer, [one], {}))
    assert made.rule is not None, (one.name, made.diagnostics)
"""
    run(code, str(out), str(tmp_path), cache=tmp_path / "cache")


def test_a_projects_own_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / ".driven/templates").mkdir(parents=True)
    (tmp_path / ".driven/templates/own.md").write_text("---\ndescription: x\n---\nText.\n", encoding="utf-8")
    code = """
import sys
sys.modules["jinja2"] = None
from driven.cli.app import main
sys.exit(main(["template", "show", "own", "--root", sys.argv[1]]))
"""
    done = run(code, str(tmp_path), cache=tmp_path / "cache", code=2)
    assert 'pip install "driven[templates]"' in done


def run(source: str, *words: str, cache: Path, code: int = 0) -> str:
    import os

    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", source, *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stderr
