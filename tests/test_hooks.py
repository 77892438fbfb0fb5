"""A hook is typed, told and tested, or it is not there; and docs/plugins.md is run as it stands."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from driven import hookspecs, registry
from driven.model.activation import ON_REQUEST, ForPaths, WhenRelevant
from driven.model.artefact import Settings
from driven.model.rule import Rule

ROOT = Path(__file__).resolve().parents[1]
DOCS = (ROOT / "docs/plugins.md").read_text(encoding="utf-8")
HOOKS = [name for name in vars(hookspecs.Hooks) if not name.startswith("__")]


def files() -> dict[str, str]:
    """The files of the example: blocks below a line with a file's name; several blocks of one file are joined."""
    found: dict[str, str] = {}
    for name, text in re.findall(r"^`([\w./]+)`\n```\w+\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL):
        found[name] = found.get(name, "") + text
    return found


def snippet() -> str:
    """The block that tries the example out: Python that belongs to no file."""
    (found,) = re.findall(r"(?<!`)\n\n```python\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[registry.Registry]:
    """The example of the docs, installed alone; our own plugins are told apart by the test of the door itself."""
    import tomllib

    made = files()
    modules = {"driven_notes/__init__.py", "driven_notes/hello.py", "driven_notes/verbs.py"}
    assert set(made) == {"pyproject.toml", *modules}
    project = tomllib.loads(made.pop("pyproject.toml"))["project"]
    for name, text in made.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    info = tmp_path / "driven_notes-1.2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n", encoding="utf-8")
    points = "".join(f"{name} = {value}\n" for name, value in project["entry-points"]["driven"].items())
    (info / "entry_points.txt").write_text(f"[driven]\n{points}", encoding="utf-8")
    monkeypatch.delenv("DRIVEN_DISABLE_PLUGINS", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield registry.load(checks=True, templates=True)
    for module in [name for name in sys.modules if name.partition(".")[0] == "driven_notes"]:
        del sys.modules[module]


def test_there_are_hooks_and_every_one_says_what_it_is() -> None:
    assert HOOKS
    for name in HOOKS:
        function = getattr(hookspecs.Hooks, name)
        assert name.startswith("driven_")
        assert inspect.getdoc(function), f"{name} has no docstring"
        assert "Called once" in (inspect.getdoc(function) or ""), f"{name} does not say when it is called"
        assert inspect.signature(function).return_annotation != inspect.Signature.empty, f"{name} is not typed"


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_documented_with_its_arguments(name: str) -> None:
    signature = inspect.signature(getattr(hookspecs.Hooks, name))
    arguments = ", ".join(str(argument) for argument in list(signature.parameters.values())[1:])
    assert f"### `{name}({arguments}) -> {signature.return_annotation}`\n" in DOCS


def test_no_hook_is_documented_that_is_not_there() -> None:
    assert set(re.findall(r"^### `(\w+)\(", DOCS, re.MULTILINE)) == set(HOOKS)
    assert set(re.findall(r"\bdriven_(?:emit|import|command|counter|check|template)\w*", DOCS)) <= set(HOOKS)


def test_every_method_of_what_is_offered_is_documented() -> None:
    offered = (hookspecs.Emitter, hookspecs.Importer, hookspecs.TokenCounter, hookspecs.Check, hookspecs.TemplateShelf)
    for protocol in offered:
        for member, declared in vars(protocol).items():
            if member.startswith("_"):
                continue
            if isinstance(declared, property):
                assert f"`{member}`" in DOCS
            else:
                arguments = ", ".join(list(inspect.signature(declared).parameters)[1:])
                assert f"`{member}({arguments})`" in DOCS


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_exercised_by_the_example(example: registry.Registry, name: str) -> None:
    (plugin,) = [plugin for plugin in example.plugins if plugin.name == "notes"]
    assert (plugin.status, plugin.error) == ("loaded", "")
    kind = name.removeprefix("driven_").removesuffix("s")
    assert [offer for offer in plugin.offers if offer.startswith(f"{kind} ")], (
        f"{name} offers nothing in docs/plugins.md"
    )
    assert getattr(example, name.removeprefix("driven_")), f"the registry does not carry what {name} offers"


def test_the_example_does_what_the_page_says(example: registry.Registry) -> None:
    exec(compile(snippet(), "docs/plugins.md", "exec"), {})
    rules = [
        Rule(id="a", body="A", activation=ForPaths(("src/**", "docs/**"))),
        Rule(id="b", body="B\n", activation=WhenRelevant("when b")),
        Rule(id="c", body="C\n", activation=ON_REQUEST),
    ]
    emission = example.emitters["notes"].emit(rules, Settings())
    assert [file.text for file in emission.artefacts] == ["for: src/** docs/**\nA\n", "B\n"]
    assert [(loss.rule_id, loss.kind) for loss in emission.losses] == [("b", "approximated"), ("c", "dropped")]


def test_the_example_command_runs(example: registry.Registry, capsys: pytest.CaptureFixture[str]) -> None:
    from argparse import Namespace
    from importlib import import_module

    module, _, function = example.commands["hello"].run.partition(":")
    assert getattr(import_module(module), function)(Namespace(who="you"), None) == 0
    assert capsys.readouterr().out == "Hello, you!\n"


def test_every_code_is_documented_and_used() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "driven/registry").glob("*.py"))
    documented = set(re.findall(r"^\| (PLG\d\d) \|", DOCS, re.MULTILINE))
    assert documented == set(re.findall(r'"(PLG\d\d)"', source))
    tests = (ROOT / "tests/test_registry.py").read_text(encoding="utf-8")
    assert documented == set(re.findall(r'"(PLG\d\d)"', tests))
