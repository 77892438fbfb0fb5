"""The JSON Schemas: made from the code as it is now, and of one mind with it about every rule and configuration."""

from __future__ import annotations

import json
import random
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from driven.core._rt import FormatError
from driven.core.front import split_front
from driven.core.globs import check, split_list
from driven.errors import ConfigError
from driven.format.fields import KEYS, _is_tag, _is_target
from driven.format.text import parse_rule
from driven.format.yaml12 import load_yaml
from driven.model.target import Target
from driven.project.config import CONFIG, SYNC_KEYS, TOP_KEYS, _wrong, known_editors, parse_config
from driven.project.validate_table import VALIDATE_KEYS, is_code
from driven.registry import OWN, load
from driven_lsp import schemas
from lsp.test_formatting import LINES
from tests.validate.cases import CASES, read_case

FOLDER = Path(__file__).parent.parent.parent / schemas.FOLDER
RULE = ".driven/rules/a.md"
# What a schema cannot see: YAML that does not parse, what a condition says, what only the whole file tells.
UNSEEN = {"RUL01", "RUL02", "RUL03", "RUL04", "RUL12", "RUL15", "RUL16", "RUL17", "RUL20", "RUL21", "RUL22", "RUL23"}


def own_targets() -> dict[str, Target]:
    """The editors of driven's own plugins, whatever else is installed."""
    registry = load()
    own = {offer for plugin in registry.plugins if plugin.distribution == OWN for offer in plugin.offers}
    return {name: one.target for name, one in registry.emitters.items() if f"emitter {name}" in own}


TARGETS = own_targets()
OPTIONS = {name: target.allowed for name, target in TARGETS.items()}
CONFIGS = Draft7Validator(schemas.config_schema(TARGETS))
RULES = Draft7Validator(schemas.rule_schema(TARGETS))


def problems(validator: Draft7Validator, value: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def pattern(*path: str) -> Draft7Validator:
    """The validator of one part of the schema of rules."""
    part: Any = RULES.schema
    for name in path:
        part = part[name]
    return Draft7Validator(part)


def judge_rule(data: bytes) -> str:
    """Hold driven's word on a rule against the schema's: `accepted`, `refused` or, where a schema sees nothing,
    `unseen`."""
    rule, found = parse_rule(data, path=RULE, rule_id="a")
    errors = {told.code for told in found if told.severity == "error"}
    start, end, _ = split_front(data)
    if errors & UNSEEN or (start and end < 0):
        return "unseen"
    loaded = load_yaml(data[start:end].decode() if start else "", path=RULE)
    wrong = problems(RULES, loaded.values) if not loaded.diagnostics else ["RUL05"]
    if rule is not None:
        assert wrong == [], data
        return "accepted"
    if not wrong and errors == {"RUL10"}:  # deep inside of a glob
        return "unseen"
    assert wrong != [], (data, found)
    return "refused"


def judge_config(data: bytes) -> str:
    """The same of a configuration."""
    try:
        found = known_editors(parse_config(data, CONFIG), OPTIONS)[1]
    except ConfigError as error:
        if error.message.startswith(("not valid TOML", "not UTF-8")):
            return "unseen"
        found = [error]  # type: ignore[list-item]
    wrong = problems(CONFIGS, tomllib.loads(data.decode()))
    assert bool(wrong) == bool(found), (data, wrong, found)
    return "refused" if wrong else "accepted"


def test_the_files_are_up_to_date(tmp_path: Path) -> None:
    made = {"config.schema.json": schemas.config_schema(TARGETS), "rule.schema.json": schemas.rule_schema(TARGETS)}
    assert sorted(made) == sorted(schemas.NAMES) == sorted(path.name for path in FOLDER.iterdir())
    for name, schema in made.items():
        Draft7Validator.check_schema(schema)
        hint = "run `python -m driven_lsp.schemas`"
        assert (FOLDER / name).read_text(encoding="utf-8") == schemas.rendered(schema), hint
    assert len(schemas.write(str(tmp_path / "new"), TARGETS)) == 2
    assert schemas.write(str(tmp_path / "new"), TARGETS) == []
    (tmp_path / "new" / "rule.schema.json").write_text("{}")
    assert schemas.write(str(tmp_path / "new"), TARGETS) == [str(tmp_path / "new" / "rule.schema.json")]


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert schemas.main([str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(schemas.NAMES)
    assert json.loads((tmp_path / "rule.schema.json").read_text(encoding="utf-8"))["properties"]["apply"]
    assert str(tmp_path) in capsys.readouterr().out
    assert schemas.main(["a", "b"]) == 2


def test_every_key_is_there_and_told() -> None:
    rule, config = RULES.schema["properties"], CONFIGS.schema["properties"]
    assert tuple(rule) == KEYS and tuple(config) == TOP_KEYS
    assert tuple(config["sync"]["properties"]) == tuple(SYNC_KEYS)
    assert tuple(config["validate"]["properties"]) == VALIDATE_KEYS
    assert list(config["editors"]["properties"]) == sorted(TARGETS)
    assert config["editors"]["properties"]["windsurf"]["properties"]["dir"]["enum"] == [
        ".windsurf/rules",
        ".devin/rules",
    ]
    told = 0
    todo: list[Any] = [rule, config]
    while todo:
        part = todo.pop()
        for name, schema in part.items():
            assert schema.get("description"), name
            if "enumDescriptions" in schema:
                assert len(schema["enumDescriptions"]) == len(schema["enum"]), name
                told += 1
            todo.append(schema.get("properties", {}))
    assert told == 6  # apply, kind, category, mode, always, dir


def test_the_cases_of_validate() -> None:
    rules: dict[str, int] = {}
    configs: dict[str, int] = {}
    for path in sorted(CASES.glob("*/*.txtar")):
        for name, data in read_case(path).files.items():
            if name.startswith(".driven/rules/") and name.endswith(".md"):
                rules[judge_rule(data)] = rules.get(judge_rule(data), 0) + 1
            elif name == CONFIG:
                configs[judge_config(data)] = configs.get(judge_config(data), 0) + 1
    assert rules["accepted"] > 100 and rules["refused"] > 10, rules
    assert configs["accepted"] > 50 and configs["refused"] > 0, configs


def test_the_corpus(corpus: list[Path]) -> None:
    """Cursor's files are no rules of driven: `globs` is none of its keys."""
    words = [judge_rule(path.read_bytes()) for path in corpus]
    assert words.count("refused") > 4  # of the others the YAML does not parse: `globs: **/*.ts`
    without = [path.read_bytes().replace(b"globs:", b"paths:").replace(b"alwaysApply:", b"#") for path in corpus]
    assert [judge_rule(data) for data in without].count("accepted") > 4


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "accepted"),
        ("version = 1\n[editors]\ncursor = true\nclaude = false\nwindsurf = { dir = '.devin/rules' }\n", "accepted"),
        ("[editors]\ncursor = {}\n", "accepted"),
        ("[sync]\nmode = 'one-way'\nalways = 'agents'\ndebounce_ms = 0\nheader = true\nsnapshots = 1\n", "accepted"),
        ("[validate]\nselect = ['CUR']\nignore = ['CUR14']\nstrict = true\nbaseline = 'known.json'\n", "accepted"),
        ("[validate.per_path_ignores]\n'docs/**' = ['GEN05']\n'a/{b,c}/[!x]*.md' = []\n", "accepted"),
        ("version = 2\n", "refused"),
        ("[editor]\ncursor = true\n", "refused"),
        ("[editors]\nvim = true\n", "refused"),
        ("[editors]\ncursor = 'on'\n", "refused"),
        ("[editors]\ncursor = { dir = 'x' }\n", "refused"),
        ("[editors]\nwindsurf = { dir = 'x' }\n", "refused"),
        ("[editors]\nwindsurf = { dri = '.devin/rules' }\n", "refused"),
        ("editors = 3\n", "refused"),
        ("[sync]\nmod = 'x'\n", "refused"),
        ("[sync]\nmode = 'both'\n", "refused"),
        ("[sync]\ndebounce_ms = true\n", "refused"),
        ("[sync]\ndebounce_ms = -1\n", "refused"),
        ("[sync]\nsnapshots = 0\n", "refused"),
        ("[sync]\nsnapshot_days = 40000\n", "refused"),
        ("[sync]\nheader = 'yes'\n", "refused"),
        ("[validate]\nignore = 'CUR14'\n", "refused"),
        ("[validate]\nignore = ['cur14']\n", "refused"),
        ("[validate]\nstrict = 1\n", "refused"),
        ("[validate]\nbaseline = true\n", "refused"),
        ("[validate.per_path_ignores]\n'/docs/**' = ['GEN05']\n", "refused"),
        ("[validate.per_path_ignores]\n'docs/**' = 'GEN05'\n", "refused"),
        ("[editors\n", "unseen"),
    ],
)
def test_configurations(text: str, word: str) -> None:
    assert judge_config(text.encode()) == word


@pytest.mark.parametrize(
    ("front", "word"),
    [
        ("", "accepted"),
        ("description:\napply:\npaths:\nkind:\ncategory:\npriority:\ntargets:\ntags:\nwhen:\nextra:\n", "accepted"),
        ("apply: paths\npaths: a/**, {b,c}.ts\n", "accepted"),
        ("paths: ['**/*.py', './src/', './/x', ' a b ', '[a-z]/{x,y}', '.github/*', '~x', 'a.b/..c']\n", "refused"),
        ("paths: ['**/*.py', './/x', ' a b ', '[a-z]/{x,y}', '.github/*', '~x', 'a.b/..c', '[!a]*']\n", "accepted"),
        ("targets: [cursor, -aider, '!cline', new-one]\ntags: [a b, é𝄞]\npriority: 255\n", "accepted"),
        ("extra: {copilot: {excludeAgent: mine}, other: {a: [1, {b: null}]}}\n", "accepted"),
        ("apply: model\npaths: [a]\n", "accepted"),  # a warning
        ("aply: model\n", "refused"),
        ("apply: sometimes\n", "refused"),
        ("apply: paths\n", "refused"),
        ("apply: paths\npaths:\n", "refused"),
        ("description: 5\n", "refused"),
        ("paths: []\n", "refused"),
        ("paths: ' , '\n", "refused"),
        ("paths: [a, 5]\n", "refused"),
        ("paths: a/**, /b\n", "refused"),
        ("paths: a/**, b/../c\n", "refused"),
        ("paths: 'x{a,!b}, ..c, d.., {e,/../}f'\n", "unseen"),
        ("paths: 'x{a,!b}, ..c, d.., e'\n", "accepted"),
        ("paths: ['/src/**']\n", "refused"),
        ("paths: ['src\\x']\n", "refused"),
        ("paths: ['../x']\n", "refused"),
        ("paths: ['**.py']\n", "refused"),
        ("paths: ['!x']\n", "refused"),
        ("paths: ['C:/x']\n", "refused"),
        ("paths: {a: b}\n", "refused"),
        ("kind: Persona\n", "refused"),
        ("category: [style]\n", "refused"),
        ("priority: 256\n", "refused"),
        ("priority: true\n", "refused"),
        ("priority: '5'\n", "refused"),
        ("targets: cursor\n", "refused"),
        ("targets: [Cursor]\n", "refused"),
        ("targets: ['--a']\n", "refused"),
        ("tags: ['']\n", "refused"),
        ("tags: [' a']\n", "refused"),
        ("when: true\n", "refused"),
        ("extra: [a]\n", "refused"),
        ("extra: {cursor: 5}\n", "refused"),
        ("extra: {Cursor: {}}\n", "refused"),
        ("when: lang(\n", "unseen"),
        ("kind: [\n", "unseen"),
    ],
)
def test_rules(front: str, word: str) -> None:
    assert judge_rule(f"---\n{front}---\n\nHi.\n".encode()) == word


def test_random_front_matter() -> None:
    dice = random.Random(3)
    for _ in range(300):
        lines = dice.sample(LINES, k=dice.randint(0, 6))
        judge_rule("\n".join(["---", *lines, "---", "Hi."]).encode())


@given(
    st.lists(st.sampled_from(["a", "*", "**", "/", ".", "..", "{", "}", ",", "[", "]", "!", "~", ":", " ", "\\", "é"]))
)
def test_a_glob_that_driven_takes_is_taken(parts: list[str]) -> None:
    text = "".join(parts)
    if takes([text]):
        assert not problems(pattern("properties", "paths", "items"), text)
    if takes(split_list(text)):
        assert not problems(pattern("properties", "paths"), text)


def takes(globs: list[str]) -> bool:
    try:
        return [check(glob) for glob in globs] != []
    except FormatError:
        return False


@given(st.text("ab-Z!0_ \t\u2028\u0085é\xa0", max_size=6))
def test_targets_tags_and_codes_are_read_as_driven_does(text: str) -> None:
    assert (not problems(pattern("properties", "targets", "items"), text)) == _is_target(text)
    assert (not problems(pattern("properties", "tags", "items"), text)) == _is_tag(text)
    assert (not problems(Draft7Validator(schemas._CODES), [text.upper()])) == is_code(text.upper())


@given(
    st.lists(st.sampled_from(["a", "/", ".", "..", ":", ".git", ".GIT", ".driven", "\\", " ", "é", "\t"]), max_size=5)
)
def test_an_option_that_is_a_path(parts: list[str]) -> None:
    """No editor has one yet; a plugin's may."""
    validator = Draft7Validator({"type": "string", "pattern": schemas._PATH})
    text = "".join(parts)
    assert (not problems(validator, text)) == (not _wrong(text, ()))
    target = Target(name="x", title="X", docs="", verified="", ways={}, files=(), options={"dir": "rules"})
    schema = Draft7Validator(schemas.config_schema({"x": target}))
    assert (not problems(schema, {"editors": {"x": {"dir": text}}})) == (not _wrong(text, ()))
