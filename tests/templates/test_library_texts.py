"""The texts of the library: each is whole, renders whatever is answered, and says what every editor can hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import chain
from pathlib import Path, PurePosixPath

import pytest
from emitters.mirror import EMITTERS

import driven_templates
from driven.core.globs import Glob
from driven.format.condition import compile_condition
from driven.format.text import parse_rule
from driven.fusion.compiling import compile_template, reference_render
from driven.fusion.dtm_file import open_dtm, render
from driven.fusion.template import Template, Variable, parse_template
from driven.model.activation import ForPaths, WhenRelevant
from driven.model.artefact import Artefact, Settings
from driven.model.rule import Rule, Value
from driven.validation.engine import Choice
from driven.validation.validate import validate

Answers = Mapping[str, Value]

(SHELF,) = driven_templates.driven_templates()
NAMES = tuple(SHELF.names())
OFFERED = tuple(name for name in NAMES if not name.startswith(("base/", "partials/")))
PROJECTS = tuple(name for name in OFFERED if name.startswith("projects/"))
KINDS = {"persona": "personas", "project": "projects", "standard": "standards", "workflow": "workflows"}
RULE_KINDS = {"persona": "persona", "project": "context", "standard": "standard", "workflow": "workflow"}
LEAST = 40
LONGEST = 1_800  # characters of a body: one that is read with every request is short
CHAIN = 32_768  # bytes of the AGENTS.md files from the root to a folder
MARKS = 256  # bytes of the lines around our section

# A repository with all that the library is about; each glob of a default finds a file in it.
_TREE = """
.dockerignore .env.example CHANGELOG.md Dockerfile Makefile README.md compose.yaml go.mod next.config.ts package.json
pnpm-lock.yaml pyproject.toml vitest.config.ts .github/workflows/ci.yml api/openapi.yaml api/schema.graphql
app/page.tsx charts/shop/Chart.yaml charts/shop/values.yaml cmd/shop/main.go crates/core/Cargo.toml
crates/core/src/lib.rs dbt/dbt_project.yml dbt/models/orders.sql docs/decisions/0001-orders.md docs/guide.md
infra/main.tf infra/prod.tfvars internal/orders/orders.go
internal/orders/orders_test.go migrations/0001_orders.sql notebooks/01-ab-churn.ipynb packages/ui/package.json
packages/ui/src/index.ts scripts/setup.sh server/main.ts src/Login.vue src/app/__init__.py src/app/api/orders.py
src/app/jobs/mail.py src/features/cart/Cart.test.tsx src/features/cart/Cart.tsx src/features/cart/cart.css
src/features/cart/cart.ts src/main/java/shop/Order.java tests/test_orders.py till/Till.cs web/index.html
"""
TREE = _TREE.split()
TEXTS = {"Makefile": "test:\n\ttrue\n", "package.json": '{"scripts": {}}\n'}
# Where each language stands in it: what a team answers there, so that a folder's AGENTS.md holds its own rules.
FOLDERS = {"python": "src/app", "typescript": "packages", "rust": "crates", "go": "internal", "java": "src/main/java",
           "csharp": "till"}  # fmt: skip


@cache
def template(name: str) -> Template:
    made, found = parse_template(SHELF.read(name), path=f"{name}.md", name=name)
    assert not found
    assert made is not None
    return made


def text_of(name: str) -> str:
    return template(name).text


@cache
def defaults(name: str) -> Answers:
    """The defaults, those that follow from others too."""
    values: dict[str, Value] = {}
    for one in template(name).variables:
        value = one.default
        if isinstance(value, str) and "{{" in value:
            value = reference_render(value, values, name=name, delimiters=template(name).delimiters)
        values[one.name] = value
    return values


@cache
def compiled(name: str) -> bytes:
    one = template(name)
    return compile_template(one.text, name=name, load=text_of, delimiters=one.delimiters)


RENDERED: dict[str, str] = {}


def rendered(name: str, answers: Answers) -> str:
    """What the compiled template gives, which is what Jinja2 gives."""
    known = f"{name} {sorted(answers.items())}"
    if known not in RENDERED:
        RENDERED[known] = both(name, answers)
    return RENDERED[known]


def both(name: str, answers: Answers) -> str:
    text = render(open_dtm(compiled(name)), answers)
    one = template(name)
    assert text == reference_render(one.text, answers, name=name, load=text_of, delimiters=one.delimiters)
    return text


def rule_of(name: str, answers: Answers | None = None) -> Rule:
    """The rule that a template gives, held to be one without any mistake."""
    text = rendered(name, {**defaults(name), **(answers or {})})
    rule, found = parse_rule(text.encode(), rule_id=template(name).rule_id, path=f"{name}.md")
    assert not found, text
    assert rule is not None
    return rule


@cache
def default_rule(name: str) -> Rule:
    return rule_of(name)


@cache
def folder_rule(name: str) -> Rule:
    return rule_of(name, folder_answers(name))


def files_answers(name: str) -> dict[str, Value]:
    """Those that make it a rule for its files."""
    return {"attach": "files"} if "attach" in defaults(name) else {}


@cache
def files_rule(name: str) -> Rule:
    return rule_of(name, files_answers(name))


def folder_answers(name: str) -> dict[str, Value]:
    language = template(name).rule_id.partition("-")[0]
    return {"folder": FOLDERS[language]} if "folder" in defaults(name) else {}


def complaint(name: str, variable: Variable, value: Value) -> str:
    """What a validator says of a value."""
    answers = {**defaults(name), variable.name: value, "value": value}
    return reference_render(variable.validator, answers, name=name, delimiters=template(name).delimiters).strip()


def closure(names: Iterable[str]) -> list[str]:
    """Templates with all that they include."""
    found: dict[str, None] = {}
    todo = list(names)
    while todo:
        name = todo.pop(0)
        if name not in found:
            found[name] = None
            todo += template(name).include
    return list(found)


# --- what each of them is ---------------------------------------------------------------------------------------------


def test_there_are_enough_of_each_kind() -> None:
    assert len(OFFERED) >= LEAST
    counts = {folder: sum(name.startswith(f"{folder}/") for name in OFFERED) for folder in KINDS.values()}
    assert sum(counts.values()) == len(OFFERED)
    assert min(counts.values()) >= 8, counts
    used = "".join(map(text_of, NAMES))
    assert [name for name in NAMES if name not in OFFERED and f'"{name}"' not in used] == []


@pytest.mark.parametrize("what", ["title", "description", "rule_id"])
def test_no_two_have_the_same(what: str) -> None:
    said = [getattr(template(name), what).lower() for name in NAMES]
    assert sorted({one for one in said if said.count(one) > 1}) == []


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is(name: str) -> None:
    one = template(name)
    assert one.title and len(one.title) <= 40
    assert one.description.endswith(".") and 20 <= len(one.description) <= 110
    assert "\n" not in one.title + one.description
    assert set(one.include) <= set(OFFERED) - {name}
    if name in OFFERED:
        assert name.partition("/")[0] == KINDS[one.kind]
        assert one.tags


@pytest.mark.parametrize("name", OFFERED)
def test_its_variables_are_typed_and_explained(name: str) -> None:
    said = text_of(name) + "".join(map(text_of, re.findall(r'{% (?:include|extends) "(\S+)" %}', text_of(name))))
    said += "".join(map(text_of, re.findall(r'{% include "(\S+)" %}', said)))
    for variable in template(name).variables:
        assert len(variable.help) > 8, variable.name
        assert variable.default is not None
        handed_on = any(variable.name in defaults(one) for one in closure([name])[1:])
        assert handed_on or re.search(rf"\b{variable.name}\b", said), f"`{variable.name}` is asked for and not used"
        bounded = variable.validator or variable.choices or variable.type == "bool"
        assert bounded or variable.name in ("glossary", "issue_key"), f"`{variable.name}` takes anything"


@pytest.mark.parametrize("name", [name for name in OFFERED if any(v.validator for v in template(name).variables)])
def test_its_validators_take_the_default_and_refuse_something(name: str) -> None:
    for variable in template(name).variables:
        if variable.validator:
            assert complaint(name, variable, defaults(name)[variable.name]) == ""
            strange: tuple[Value, ...] = (-1, 10**6) if variable.type == "int" else ("", "..", "a b/c-d")
            refused = [said for value in strange if (said := complaint(name, variable, value))]
            assert refused, variable.name
            assert all(len(said) < 60 for said in refused)


NO_NAMES = ("2", "2a", "a b", "a-b", "a.b", "a/b", "ä", "")


@pytest.mark.parametrize(("name", "variable", "good", "bad"), [
    ("projects/python-service", "package", ("app", "_x", "App2"), NO_NAMES),
    ("projects/python-library", "package", ("app", "_x", "App2"), NO_NAMES),
    ("standards/python-errors", "base_error", ("AppError", "Error2"), NO_NAMES),
    ("projects/typescript-monorepo", "scope", ("@acme", "@a-b"), ("2", "acme", "a@b", "@", "@a/b", "@a b", "")),
    ("projects/cli-tool", "command", ("tool", "git-x"), ("-x", "a b", "a/b", "../x", "")),
])  # fmt: skip
def test_names_are_names(name: str, variable: str, good: Sequence[str], bad: Sequence[str]) -> None:
    one = next(v for v in template(name).variables if v.name == variable)
    assert [value for value in good if complaint(name, one, value)] == []
    assert [value for value in bad if not complaint(name, one, value)] == []


def test_a_variable_means_the_same_in_all_of_them() -> None:
    """The answers of a project go to whatever it includes; what it asks itself, it may know a better default for."""
    known: dict[str, tuple[str, Variable]] = {}
    for name in OFFERED:
        for one in template(name).variables:
            first, same = known.setdefault(one.name, (name, one))
            assert (one.type, one.choices, one.multiselect) == (same.type, same.choices, same.multiselect), first
            own = template(name).kind == "project" or template(first).kind == "project"
            assert own or one.default == same.default, f"`{one.name}` of {name} and of {first}"


# --- what they give ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OFFERED)
def test_it_gives_a_rule_that_is_short_and_whole(name: str) -> None:
    rule = default_rule(name)
    assert rule.kind == RULE_KINDS[template(name).kind]
    assert rule.when
    compile_condition(rule.when)
    assert rule.description == rule.description.strip() != ""
    assert len(rule.description) > 20 or not isinstance(rule.activation, WhenRelevant)
    assert len(rule.body) <= LONGEST
    assert 9 <= rule.body.count("\n") <= 40
    assert rule.body.startswith("# ") and rule.body.endswith("\n")
    assert "\n\n\n" not in rule.body
    assert not re.search(r"[ \t]$", rule.body, re.MULTILINE)


@pytest.mark.parametrize("name", OFFERED)
def test_it_says_which_files_it_is_for(name: str) -> None:
    """A role and a procedure are for a task: an agent takes them up by their description, unless whoever applies them
    wants them with their files. `apply: model` beside `paths` would say both, and RUL14 warns of it."""
    rule = files_rule(name)
    assert isinstance(rule.activation, ForPaths)
    globs = [Glob(glob) for glob in rule.activation.globs]
    assert any(glob.match(path) for glob in globs for path in TREE)
    is_task = template(name).kind in ("persona", "workflow") or name == "standards/commit-messages"
    assert ("attach" in defaults(name)) == is_task
    if is_task:
        assert isinstance(default_rule(name).activation, WhenRelevant)
        assert rule.body == default_rule(name).body


@pytest.mark.parametrize("name", [name for name in OFFERED if template(name).variables])
def test_every_choice_gives_a_rule(name: str) -> None:
    for variable in template(name).variables:
        values: list[Value] = [value for _, value in variable.choices]
        if variable.type == "bool":
            values = [True, False]
        elif variable.type == "int" and not values:
            values = [one for one in (0, 1, 100) if not complaint(name, variable, one)]
        elif variable.name == "folder":
            values = ["lib/inner"]
        elif variable.name == "glossary":
            values = ["docs/words.md"]
        for value in values:
            body = rule_of(name, {variable.name: [value] if variable.multiselect else value}).body
            assert "\n\n\n" not in body
            assert len(body) <= LONGEST


# --- all of them at once ----------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The repository, with every editor on."""
    for path in TREE:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(TEXTS.get(path, "x\n"))
    (tmp_path / ".driven/rules").mkdir(parents=True)
    (tmp_path / ".driven/config.toml").write_text(
        "version = 1\n[editors]\n" + "".join(f"{name} = true\n" for name in EMITTERS)
    )
    return tmp_path


@pytest.mark.parametrize("how", ["default", "folder", "files"])
def test_together_they_validate_without_a_word(project: Path, how: str) -> None:
    answers = {"default": lambda name: {}, "folder": folder_answers, "files": files_answers}[how]
    for name in OFFERED:
        text = rendered(name, {**defaults(name), **answers(name)})
        (project / f".driven/rules/{template(name).rule_id}.md").write_text(text, encoding="utf-8")
    report = validate(str(project), Choice())
    assert [f"{one.code} {one.span.path}:{one.span.line} {one.message}" for one in report.diagnostics] == []


def written(rules: list[Rule], editor: str) -> list[Artefact]:
    """What an editor gets of the rules. Nothing may be cut, split or left out for its size."""
    emitter = EMITTERS[editor]
    emission = emitter.emit(rules, Settings(editors=frozenset((editor,))))  # alone: nobody writes its skills for it
    for rule in rules:
        text = "\n".join(one.text for one in emission.artefacts if rule.id in one.rule_ids)
        lines = [line.strip() for line in rule.body.split("\n") if line.strip() and not line.startswith("#")]
        assert [line for line in lines if line not in text] == [], f"{editor}, {rule.id}"
    for one in emission.artefacts:
        for limit in emitter.target.limits:
            assert not limit.characters or len(one.text) <= limit.characters, one.path
            assert not limit.lines or one.text.count("\n") <= limit.lines, one.path
            assert not limit.bytes or len(one.text.encode()) + MARKS <= limit.bytes, one.path
    if editor == "windsurf":
        assert len(emission.artefacts) == len(rules)  # none is split
    if editor == "agents":
        sizes = {one.path: len(one.text.encode()) + MARKS for one in emission.artefacts}
        for path in sizes:
            above = [str(folder / "AGENTS.md") for folder in PurePosixPath(path).parents]
            assert sum(sizes.get(file, 0) for file in above) <= CHAIN, path
    return list(emission.artefacts)


@pytest.mark.parametrize("editor", EMITTERS)
def test_each_of_them_fits_every_editor(editor: str) -> None:
    for name in OFFERED:
        assert written([default_rule(name)], editor)
        assert written([files_rule(name)], editor)


@pytest.mark.parametrize("editor", EMITTERS)
def test_all_of_them_fit_every_editor(editor: str) -> None:
    """Each language in its own folder; and, where no chain of files is bounded, with the defaults too."""
    assert written([folder_rule(name) for name in OFFERED], editor)
    if editor != "agents":
        assert written([default_rule(name) for name in OFFERED], editor)


@pytest.mark.parametrize("kind", PROJECTS)
def test_a_project_with_all_it_includes_and_every_role_and_workflow_fits_agents_md(kind: str) -> None:
    own = closure([kind])
    assert len(own) > 3
    values: dict[str, Value] = {}
    rules = []
    for name in dict.fromkeys(chain(own, [name for name in OFFERED if template(name).kind in ("persona", "workflow")])):
        values = {**defaults(name), **values}  # what was answered first holds for all
        rules.append(rule_of(name, {key: values[key] for key in defaults(name)}))
    assert written(rules, "agents")
