"""Windsurf's files as people write them: read leniently, every oddity told, written back, and edits read back."""

from __future__ import annotations

import pytest
from emitters.mirror import Mirror

from driven.frozen import replace
from driven.hookspecs import Importer, SourceFile
from driven.model.activation import ALWAYS, ON_REQUEST, Activation, ForPaths, WhenRelevant
from driven.model.artefact import Artefact, Settings
from driven.model.rule import Rule
from driven_emitters.windsurf import LIMIT, WindsurfEmitter, WindsurfImporter, driven_importers

EMITTER = WindsurfEmitter()
IMPORTER = WindsurfImporter()
PATH = ".windsurf/rules/rule.md"
TWO = ForPaths(("**/*.ts", "src/**"))
MIRROR = Mirror(EMITTER, IMPORTER, PATH)
imported, emitted, edited = MIRROR.imported, MIRROR.emitted, MIRROR.edited


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ("globs: **/*.ts,src/**", []),
        ('globs: "**/*.ts, src/**"', []),
        ('globs: ["**/*.ts", "src/**"]', []),
        ("globs:\n  - '**/*.ts'\n  - src/**", []),
        ("glob: **/*.ts,src/**", ["WND03"]),
        ("globs: **/*.ts,src/**,../x", ["GEN04"]),
        ("globs: **/*.ts,.\\src\\**", ["GEN04"]),
    ],
)
def test_every_way_to_write_two_globs(lines: str, codes: list[str]) -> None:
    text = f"---\ntrigger: glob\n{lines}\n---\n\nText.\n"
    rule, found = imported(text)
    assert rule.activation == TWO
    assert found == codes
    assert emitted(rule) == Artefact(path=PATH, text=text, rule_ids=("rule",))


@pytest.mark.parametrize(
    ("front", "activation", "codes"),
    [
        ("trigger: always_on", ALWAYS, []),
        ("trigger: always_on\ndescription: D\nglobs: src/**", ALWAYS, []),
        ("trigger: manual", ON_REQUEST, []),
        ("trigger: model_decision\ndescription: D", WhenRelevant("D"), []),
        ("trigger: model_decision", ON_REQUEST, ["WND04"]),
        ("trigger: glob", ON_REQUEST, ["WND03"]),
        ("trigger: glob\nglobs:", ON_REQUEST, ["WND03"]),
        ("trigger: glob\nglobs: **", ALWAYS, ["GEN06"]),
        ("trigger: glob\nglobs: src/**/*.{a,b},x", ForPaths(("src/**/*.{a,b}", "x")), []),
        ("description: D", ALWAYS, ["WND01"]),
        ("trigger: sometimes", ALWAYS, ["WND01"]),
        ("globs: src/**", ForPaths(("src/**",)), ["WND01"]),
        ("alwaysApply: true", ALWAYS, ["WND02", "WND01"]),
        ("trigger: always_on\ntags: [a]", ALWAYS, []),
        ("", ALWAYS, ["WND01"]),
    ],
)
def test_what_the_keys_mean(front: str, activation: Activation, codes: list[str]) -> None:
    text = f"---\n{front}\n---\nText.\n"
    rule, found = imported(text)
    assert rule.activation == activation
    assert found == codes
    assert emitted(rule) == Artefact(path=PATH, text=text, rule_ids=("rule",))


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (b"No front matter.\n", ["WND01"]),
        (b"---\ntrigger: never closed\n", ["WND01"]),
        (b"\n---\ntrigger: manual\n---\nText.\n", ["GEN02", "WND01"]),
        (b"\xef\xbb\xbf---\ntrigger: manual\n---\nText.\n", ["GEN01"]),
        (b"---\r\ntrigger: manual\r\n---\r\n\r\nText.\r\n", []),
        (b"---\ntrigger: manual\n---\n", ["GEN03"]),
        (b"", ["GEN03", "WND01"]),
    ],
)
def test_odd_files_come_back_as_they_were(data: bytes, codes: list[str]) -> None:
    rule, found = imported(data)
    assert found == codes
    assert (emitted(rule).path, emitted(rule).text.encode()) == (PATH, data)


@pytest.mark.parametrize(
    ("path", "rule_id", "activation", "codes"),
    [
        (".devin/rules/My Rule.md", "my-rule", ALWAYS, []),
        ("apps/web/.devin/rules/x.md", "apps/web/x", ForPaths(("apps/web/**",)), []),
        ("apps/.windsurf/rules/x.md", "apps/x", ForPaths(("apps/**",)), []),
        (".devin/rules/sub/x.md", "sub/x", ALWAYS, ["WND09"]),
    ],
)
def test_where_a_file_stands(path: str, rule_id: str, activation: Activation, codes: list[str]) -> None:
    rule, found = imported("---\ntrigger: always_on\n---\n\nText.\n", path)
    assert (rule.id, rule.activation, found) == (rule_id, activation, codes)
    assert emitted(rule).path == path
    assert edited(rule, "Text", "New") == replace(rule, body="New.\n")


def test_where_a_file_that_is_too_deep_should_stand() -> None:
    found = IMPORTER.read([SourceFile(path="a/.devin/rules/sub/x.md", data=b"---\ntrigger: manual\n---\nT\n")])
    (finding,) = found.diagnostics
    assert finding.message == "only files directly in a/.devin/rules/ are read"
    assert finding.hint == "move it up, or to a/sub/.devin/rules/"


def test_files_of_both_names_of_the_editor() -> None:
    text = b"---\ntrigger: manual\n---\n\nText.\n"
    files = [SourceFile(path=f"{folder}/rules/x.md", data=text) for folder in (".windsurf", ".devin", "a/.devin")]
    found = IMPORTER.read(files)
    assert found.files == {"x": ".devin/rules/x.md", "x-2": ".windsurf/rules/x.md", "a/x": "a/.devin/rules/x.md"}
    assert [item.code for item in found.diagnostics] == ["IMP03", "WND08"]


def test_the_legacy_file_is_read_and_not_written() -> None:
    rule, codes = imported("Text.\n" + "x" * 6000, ".windsurfrules")
    assert (rule.id, rule.activation, rule.extra) == ("windsurfrules", ALWAYS, {})
    assert codes == ["WND07", "WND06"]
    assert emitted(rule).path == ".windsurf/rules/windsurfrules.md"
    assert IMPORTER.read([SourceFile(path=".windsurfrules", data=b"T\n")]).diagnostics[0].severity == "info"


def test_a_file_over_the_limit_stays_one() -> None:
    text = "---\ntrigger: always_on\n---\n\n" + "Word.\n\n" * 2000
    rule, codes = imported(text)
    assert codes == ["WND05"]
    emission = EMITTER.emit([rule], Settings())
    assert [artefact.text for artefact in emission.artefacts] == [text]
    assert len(emission.losses) == 1


def test_an_edit_of_one_of_several_files() -> None:
    body = "".join([f"# Part {n}\r\n\r\n[a](mdc:b.md) {'word ' * 700}\r\n\r\n" for n in range(9)])
    rule = Rule(id="long", body=body)
    files = EMITTER.emit([rule], Settings()).artefacts
    assert len(files) == 3
    for artefact in files:
        assert IMPORTER.read_back(rule, artefact.path, artefact.text).rule == rule
    text = files[1].text.replace("# Part 4", "# Chapter 4")
    assert IMPORTER.read_back(rule, files[1].path, text).rule == replace(rule, body=body.replace("Part 4", "Chapter 4"))
    text = files[1].text.replace("always_on", "manual")
    assert IMPORTER.read_back(rule, files[1].path, text).rule == replace(rule, activation=ON_REQUEST)
    text = files[0].text + "\nMore.\n"
    back = IMPORTER.read_back(rule, files[0].path, text).rule
    assert back is not None
    assert back.body.count("\r\n\r\nMore.\r\n\r\n# Part ") == 1
    back = IMPORTER.read_back(rule, files[0].path, text.replace("---\n", "", 1)).rule
    assert back is None


def test_of_a_rule_that_is_not_all_written_no_edit_is_taken() -> None:
    rule = Rule(id="long", body="A.\n\n" * 4000 + "x" * LIMIT)
    path = EMITTER.emit([rule], Settings()).artefacts[0].path
    back = IMPORTER.read_back(rule, path, "---\ntrigger: always_on\n---\n\nB.\n")
    assert back.rule is None
    assert ".driven/rules/long.md" in back.hint


def test_edits_of_a_file_are_edits_of_the_rule() -> None:
    rule = Rule(
        id="api", body="Old.\n", description="APIs", extra={"windsurf": {"owner": "me"}, "cursor": {"tags": "x"}},
        activation=ForPaths(("src/**/*.{ts,tsx}", "**/*.md")),
    )  # fmt: skip
    assert edited(rule, "Old.", "New.") == replace(rule, body="New.\n")
    assert edited(rule, "APIs", "All of it") == replace(rule, description="All of it")
    quoted = edited(rule, "APIs", "'All: of it'")
    assert quoted.description == "All: of it"
    assert emitted(quoted).text == emitted(rule).text.replace("APIs", "'All: of it'")
    assert emitted(replace(quoted, description="More")).text == emitted(rule).text.replace("APIs", "More")
    wider = edited(rule, ",**/*.md", ",**/*.md,lib/**")
    assert wider.activation == ForPaths(("src/**/*.{ts,tsx}", "**/*.md", "lib/**"))
    assert edited(rule, "trigger: glob", "trigger: manual").activation == ON_REQUEST
    assert edited(rule, "trigger: glob", "trigger: model_decision").activation == WhenRelevant("APIs")
    assert edited(rule, "trigger: glob", "trigger: always_on").activation == ALWAYS
    assert edited(rule, "owner: me\n", "").extra == {"windsurf": {}, "cursor": {"tags": "x"}}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("---\ntrigger: glob\nglobs: src/**\n---\n\n", "", "is missing"),
        ("\n---\n", "\n", "never closed"),
        ("globs: src/**", 'globs: "src/**', "quote that is never closed"),
        ("trigger: glob", "trigger: [glob", "not YAML"),
        ("trigger: glob", "trigger: glob\ndescription: All: of it", "not YAML"),
        ("globs: src/**", "globs: src/**,a//b", "cannot be used"),
        ("Text.\n", " \n", "text is gone"),
    ],
)
def test_what_cannot_be_meant(old: str, new: str, problem: str) -> None:
    rule = Rule(id="api", body="Text.\n", activation=ForPaths(("src/**",)))
    artefact = emitted(rule)
    assert old in artefact.text
    back = IMPORTER.read_back(rule, artefact.path, artefact.text.replace(old, new))
    assert back.rule is None
    assert problem in back.problem
    assert back.hint


def test_what_became_of_each_construct() -> None:
    text = b"---\ntrigger: always_on\nglobs: src/**\ntags: x\n$path: ../y\n---\nT\n"
    found = IMPORTER.read([SourceFile(path=PATH, data=text)])
    assert [(item.name, item.outcome, item.line) for item in found.fidelity] == [
        ("`trigger`", "mapped", 2), ("key `tags`", "unsupported", 4), ("key `$path`", "dropped", 5),
        ("`globs`", "dropped", 3), ("body", "mapped", 0),
    ]  # fmt: skip


def test_it_is_an_importer() -> None:
    (importer,) = driven_importers()
    assert isinstance(importer, Importer)
    assert importer.target.name == "windsurf"
    assert importer.follows(SourceFile(path=PATH, data=b"@x.md")) == ()
