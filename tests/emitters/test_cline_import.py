"""Cline's rules, workflows and skills as people write them: read leniently, written back, and edits read back."""

from __future__ import annotations

import pytest
from emitters.mirror import Mirror

from driven.frozen import replace
from driven.hookspecs import Importer, SourceFile
from driven.model.activation import ALWAYS, ON_REQUEST, Activation, ForPaths, WhenRelevant
from driven.model.artefact import Artefact, Settings
from driven.model.rule import Rule
from driven_emitters.cline import ClineEmitter, ClineImporter, driven_importers

EMITTER = ClineEmitter()
IMPORTER = ClineImporter()
PATH = ".clinerules/rule.md"
TWO = ForPaths(("**/*.ts", "src/**"))
MIRROR = Mirror(EMITTER, IMPORTER, PATH)
imported, emitted, edited = MIRROR.imported, MIRROR.emitted, MIRROR.edited


@pytest.mark.parametrize(
    ("front", "activation", "codes"),
    [
        ('paths:\n  - "**/*.ts"\n  - "src/**"', TWO, ["CLN05"]),
        ("paths: ['**/*.ts', src/**]", TWO, ["CLN05"]),
        ("paths:\n- '**/*.ts'\n- src/\n", TWO, ["GEN04", "CLN05"]),
        ("paths: ['**/*.ts', src/**, ../x]", TWO, ["GEN04", "CLN05"]),
        ('paths: "**/*.ts,src/**"', ALWAYS, ["CLN01"]),
        ("paths: src/**", ALWAYS, ["CLN01"]),
        ("paths:", ALWAYS, ["CLN01"]),
        ("paths: []", ON_REQUEST, ["CLN02"]),
        ("paths: [../x]", ON_REQUEST, ["GEN04", "CLN05"]),
        ("paths: ['**']", ALWAYS, ["CLN05", "GEN06"]),
        ("paths: ['src/**/*.{a,b}', x]", ForPaths(("src/**/*.{a,b}", "x")), ["CLN05"]),
        ("paths: [**/*.ts]", ALWAYS, ["CLN04"]),
        ("globs: src/**\nalwaysApply: true\napplyTo: x", ALWAYS, ["CLN03"] * 3),
        ("name: n\ndescription: D", ALWAYS, []),
        ("disabled: true", ON_REQUEST, []),
        ("enabled: false\npaths: [a]", ForPaths(("a",)), ["CLN05"]),
        ("", ALWAYS, []),
    ],
)
def test_what_the_keys_mean(front: str, activation: Activation, codes: list[str]) -> None:
    text = f"---\n{front}\n---\n\nText.\n"
    rule, found = imported(text)
    assert rule.activation == activation
    assert found == codes
    assert emitted(rule) == Artefact(path=PATH, text=text, rule_ids=("rule",))


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (b"No front matter.\n", []),
        (b"---\nnever: closed\n", []),
        (b"\n---\npaths: [a]\n---\nText.\n", ["GEN02"]),
        (b"\xef\xbb\xbf---\npaths: [a]\n---\nText.\n", ["GEN01", "CLN05"]),
        (b"---\r\npaths: [a]\r\n---\r\n\r\nText.\r\n", ["CLN05"]),
        (b"---  \npaths: [a]\n---\nText.\n", ["CLN04"]),
        (b"---\n---\nText.\n", []),
        (b"---\npaths: [a]\n---\n", ["GEN03", "CLN05"]),
        (b"No final line end", []),
        (b"", ["GEN03"]),
    ],
)
def test_odd_files_come_back_as_they_were(data: bytes, codes: list[str]) -> None:
    rule, found = imported(data)
    assert found == codes
    assert (emitted(rule).path, emitted(rule).text.encode()) == (PATH, data)


@pytest.mark.parametrize(
    ("path", "rule_id", "activation", "codes"),
    [
        (".clinerules", "clinerules", ALWAYS, ["CLN08"]),
        (".clinerules/01-Name.txt", "01-name", ALWAYS, []),
        (".clinerules/a.markdown", "a", ALWAYS, []),
        (".clinerules/team/a.md", "team/a", ALWAYS, ["CLN07"]),
        (".cline/rules/a.md", "a", ALWAYS, []),
        (".clinerules/workflows/Release.md", "release", ON_REQUEST, []),
        (".cline/workflows/release.md", "release", ON_REQUEST, []),
        (".cline/skills/my-skill/SKILL.md", "my-skill", WhenRelevant("When x"), []),
        (".clinerules/skills/my-skill/SKILL.md", "my-skill", WhenRelevant("When x"), []),
    ],
)
def test_what_a_file_is(path: str, rule_id: str, activation: Activation, codes: list[str]) -> None:
    front = "---\nname: my-skill\ndescription: When x\n---\n\n" if "skills" in path else ""
    rule, found = imported(f"{front}Text.\n", path)
    assert (rule.id, rule.activation, found) == (rule_id, activation, codes)
    assert emitted(rule) == Artefact(path=path, text=f"{front}Text.\n", rule_ids=(rule_id,))
    assert edited(rule, "Text", "New") == replace(rule, body="New.\n")


def test_hooks_and_what_stands_beside_a_skill_are_no_rules() -> None:
    paths = (".clinerules/hooks/x.md", ".clinerules/skills/a/reference.md", ".clinerules/skills/readme.md")
    assert not IMPORTER.read([SourceFile(path=path, data=b"Text.\n") for path in paths]).rules


def test_a_skill_that_people_ask_for_stays_one() -> None:
    text = "---\nname: ask\ndescription: D\ndisable-model-invocation: true\n---\n\nText.\n"
    rule, _ = imported(text, ".cline/skills/ask/SKILL.md")
    assert (rule.activation, rule.description) == (ON_REQUEST, "D")
    changed = replace(rule, description="E")
    assert emitted(changed) == Artefact(
        path=".cline/skills/ask/SKILL.md", text=text.replace("description: D", "description: E"), rule_ids=("ask",)
    )
    shared = EMITTER.emit(
        [replace(rule, activation=WhenRelevant("D"))], Settings(editors=frozenset(("cline", "claude")))
    )
    assert not shared.artefacts


def test_the_one_file_may_hold_anything() -> None:
    for text in ("---\npaths: [a]\n---\nText.\n", "---\n", "\ufeffText", "A\r\nB"):
        rule, _ = imported(text, ".clinerules")
        assert rule.activation == ALWAYS
        assert emitted(rule).text == text
        assert emitted(rule).path == ".clinerules"


def test_edits_of_a_file_are_edits_of_the_rule() -> None:
    rule = Rule(
        id="api", body="[a](mdc:x)\r\n\r\nOld.", description="Kept", extra={"cline": {"owner": "me"}},
        activation=ForPaths(("src/**/*.{ts,tsx}", "**/*.md")),
    )  # fmt: skip
    assert edited(rule, "Old.", "New.") == replace(rule, body="[a](mdc:x)\r\n\r\nNew.")
    assert edited(rule, '  - "**/*.md"\n', "").activation == ForPaths(("src/**/*.{ts,tsx}",))
    assert edited(rule, '  - "**/*.md"\n', '  - "**/*.md"\n  - "a"\n').activation == ForPaths(
        ("src/**/*.{ts,tsx}", "**/*.md", "a")
    )
    assert edited(rule, "owner: me", "owner: you").extra == {"cline": {"owner": "you"}}
    assert edited(rule, "owner: me", "description: Said\nowner: me").description == "Said"
    bare = edited(rule, emitted(rule).text.partition("[a]")[0], "")
    assert bare == replace(rule, activation=ALWAYS, extra={"cline": {}})


def test_an_edit_of_a_skill_is_an_edit_of_the_rule() -> None:
    rule = Rule(id="deploy", body="# Deploy\n\nText.\n", activation=WhenRelevant("Deploy"))
    assert edited(rule, "description: Deploy", "description: When it is to go live") == replace(
        rule, activation=WhenRelevant("When it is to go live"), description="When it is to go live"
    )
    assert edited(rule, "name: deploy\n", "name: deploy\ndisable-model-invocation: true\n").activation == ON_REQUEST


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('  - "src/**"', '  - "src/**', "not YAML"),
        ('  - "src/**"', '  - "../x"', "cannot be used"),
        ("\n---\n", "\n", "never closed"),
        ("Text.\n", "", "text is gone"),
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
    text = b"---\npaths: x\nglobs: y\ndescription: d\n---\nT\n"
    found = IMPORTER.read([SourceFile(path=PATH, data=text)])
    assert [(item.name, item.outcome, item.line) for item in found.fidelity] == [
        ("`paths`", "dropped", 2), ("key `globs`", "unsupported", 3), ("`description`", "mapped", 4),
        ("body", "mapped", 0),
    ]  # fmt: skip


def test_it_is_an_importer() -> None:
    (importer,) = driven_importers()
    assert isinstance(importer, Importer)
    assert importer.target.name == "cline"
    assert importer.follows(SourceFile(path=PATH, data=b"@x.md")) == ()
