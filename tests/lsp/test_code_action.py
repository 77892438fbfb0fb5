"""Code actions: what is proposed where, and that it does what its title says when it is done."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from driven.format.text import parse_rule
from driven.model.activation import activation_word
from driven.model.diagnostic import Diagnostic
from driven.model.plan import Conflict, Plan
from driven.model.rule import Rule
from driven.validation.live import Live
from driven_lsp.features.code_action import actions, fix_all
from driven_lsp.ignoring import in_file, on_line
from driven_lsp.values import Action, Here
from lsp.kit import CURSOR, here, snapshot_of

RULE = ".driven/rules/api.md"
OTHER = {".driven/rules/style.md": "# Style\n\nUse tabs.\n"}


def titles(found: list[Action]) -> list[str]:
    return [action.title for action in found]


def named(found: list[Action], title: str) -> Action:
    (action,) = [action for action in found if action.title.startswith(title)]
    return action


def done(asked: Here, action: Action) -> str:
    """The document's text with the action's edits; what it creates and renames is written, too."""
    document = asked.snapshot.document(asked.path)
    assert document is not None and action.edits is not None
    text = document.text
    for edit in sorted(action.edits.edits, key=lambda edit: -edit.place.start):
        assert edit.place.path == asked.path
        text = text[: edit.place.start] + edit.text + text[edit.place.end :]
    root = Path(asked.snapshot.root)
    (root / asked.path).write_bytes(text.encode())
    for path, made in action.edits.creates.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(made.encode())
    for old, new in action.edits.renames:
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        (root / old).rename(root / new)
    return text


def codes(asked: Here, path: str = "") -> list[str]:
    """The codes that are told of the file as it now stands on the disk."""
    view = Live(asked.snapshot.root).refresh({})
    return [told.code for told in view.told.get(path or asked.path, ())]


def rule_of(text: str) -> Rule:
    rule, found = parse_rule(text.encode(), path=RULE, rule_id="api")
    assert rule is not None, found
    return rule


# Repairs


def test_a_safe_repair_is_preferred_and_repairs(tmp_path: Path) -> None:
    asked = here(
        tmp_path, OTHER, ".cursor/rules/a.mdc", f'---\ndescription: x\nalwaysApply: {CURSOR}"true"\n---\nHi.\n'
    )
    found = actions(asked, (), ("quickfix",))
    assert titles(found) == [
        "Write it without quotes", "Ignore CUR06 on this line", "Ignore CUR06 in this file", "Explain CUR06",
    ]  # fmt: skip
    assert [action.preferred for action in found] == [True, False, False, False]
    assert [told.code for told in found[0].repairs] == ["CUR06"]
    assert done(asked, found[0]) == "---\ndescription: x\nalwaysApply: true\n---\nHi.\n"
    assert "CUR06" not in codes(asked)


def test_an_unsafe_repair_says_so_and_is_not_preferred(tmp_path: Path) -> None:
    asked = here(tmp_path, {}, RULE, f'---\nglo{CURSOR}bs: ["src/**"]\n---\n\nHi.\n')
    action = named(actions(asked, (), ()), "Rename to `paths`")
    assert action.title == "Rename to `paths` (unsafe: it may mean something else then)"
    assert (action.kind, action.preferred) == ("quickfix", False)
    assert done(asked, action) == '---\npaths: ["src/**"]\n---\n\nHi.\n'
    assert not [found for found in actions(asked, (), ()) if found.kind == "source.fixAll.driven"]


def test_a_slip_of_the_finger_is_repaired_by_fix_all(tmp_path: Path) -> None:
    """The first example of every editor's page."""
    asked = here(tmp_path, {}, RULE, f"---\nprio{CURSOR}ritty: 10\n---\n\nHi.\n")
    action = named(actions(asked, (), ("quickfix",)), "Rename to `priority`")
    assert (action.title, action.preferred) == ("Rename to `priority`", True)
    (action,) = actions(asked, (), ("source.fixAll",))
    assert done(asked, action) == "---\npriority: 10\n---\n\nHi.\n"
    assert codes(asked) == []


def test_a_finding_that_lost_its_repair_on_the_way_gets_it_back(tmp_path: Path) -> None:
    asked = here(
        tmp_path, OTHER, ".cursor/rules/a.mdc", f'{CURSOR}---\ndescription: x\nalwaysApply: "true"\n---\nHi.\n'
    )
    (told,) = [told for told in asked.snapshot.told(asked.path) if told.code == "CUR06"]
    bare = Diagnostic(code=told.code, severity=told.severity, message=told.message, span=told.span)
    assert titles(actions(asked, [bare], ("quickfix",)))[0] == "Write it without quotes"
    assert "Write it without quotes" not in titles(actions(asked, (), ("quickfix",)))  # the cursor stands elsewhere


def test_a_file_that_is_to_stand_elsewhere_is_renamed(tmp_path: Path) -> None:
    asked = here(tmp_path, OTHER, ".cursor/rules/a.md", f"---\nalwaysApply: true\n---\n\n{CURSOR}Use spaces.\n")
    told = [one for one in asked.snapshot.told(asked.path) if one.fix is not None and one.fix.rename]
    assert told
    action = next(action for action in actions(asked, told, ("quickfix",)) if action.edits and action.edits.renames)
    assert action.edits is not None and action.edits.renames == ((asked.path, ".cursor/rules/a.mdc"),)
    done(asked, action)
    assert told[0].code not in codes(asked, ".cursor/rules/a.mdc")
    (tmp_path / ".cursor/rules/a.md").write_text("x")  # where it shall go, somebody stands now
    again = actions(asked, told, ("quickfix",))
    assert not [action for action in again if action.edits and action.edits.renames]


def test_fix_all_takes_what_goes_together(tmp_path: Path) -> None:
    text = f"---\ndescription: x\nalwaysApply: 'true'\n---\n\nSee [a](./gone.md).\u200b\n{CURSOR}\n"
    asked = here(tmp_path, OTHER, ".cursor/rules/a.mdc", text)
    safe = [told for told in asked.snapshot.told(asked.path) if told.fix and told.fix.safe and not told.fix.rename]
    assert safe
    (action,) = actions(asked, (), ("source.fixAll",))
    assert action.kind == "source.fixAll.driven" and len(action.repairs) == len(safe)
    assert "alwaysApply: true\n" in done(asked, action)
    assert not {told.code for told in safe} & set(codes(asked))


def test_all_of_a_code(tmp_path: Path) -> None:
    text = f"# X\n\n[a](#rning-tests){CURSOR}\n\n[b](#runing-tests)\n\n## Running tests\n\nRun `make`.\n"
    asked = here(tmp_path, OTHER, "AGENTS.md", text, config="[editors]\ncursor = true\n")
    told = [one for one in asked.snapshot.told("AGENTS.md") if one.code == "LNK01" and one.fix]
    if len(told) < 2:
        pytest.fail(f"{asked.snapshot.told('AGENTS.md')}")
    action = named(actions(asked, told[:1], ()), "Fix all 2 findings of LNK01 in this file")
    assert not action.preferred
    done(asked, action)
    assert "LNK01" not in codes(asked)


def test_all_of_several_files(tmp_path: Path) -> None:
    bad = "---\ndescription: x\nalwaysApply: 'true'\n---\n\nUse tabs.\n"
    files = {".cursor/rules/a.mdc": bad, ".cursor/rules/b.mdc": bad, RULE: "---\nglobs: [a/**]\n---\n\nUse {}.\n"}
    snapshot = snapshot_of(tmp_path, files, config="[editors]\n")
    edits, left, unsafe = fix_all(snapshot, list(files))
    assert {(edit.place.path, edit.text) for edit in edits.edits} >= {(path, "true") for path in list(files)[:2]}
    assert not [edit for edit in edits.edits if edit.place.path == RULE]
    assert unsafe == 1
    more, fewer, unsafe = fix_all(snapshot, list(files), unsafe=True)
    assert [edit.text for edit in more.edits if edit.place.path == RULE] == ["paths"]
    assert (fewer, unsafe) == (left - 1, 0)
    assert fix_all(snapshot, ["gone.md"]) == (type(edits)(), 0, 0)


# Silencing

VAGUE = "Write clean, maintainable code."


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"- {VAGUE}\n", f"<!-- driven-ignore VAG01 -->\n- {VAGUE}\n"),
        (f"1. a\n   - {VAGUE}\n", f"1. a\n   <!-- driven-ignore VAG01 -->\n   - {VAGUE}\n"),
        (f"a\n{VAGUE}  \nMore.\n", f"a\n{VAGUE} <!-- driven-ignore VAG01 -->  \nMore.\n"),
        (f"a\n{VAGUE}\\\nMore.\n", f"a\n{VAGUE} <!-- driven-ignore VAG01 -->\\\nMore.\n"),
        (f"| {VAGUE} |\n", f"| {VAGUE} <!-- driven-ignore VAG01 --> |\n"),
        (f"é𝄞\r\n\r\n{VAGUE}\r\n", f"é𝄞\r\n\r\n<!-- driven-ignore VAG01 -->\r\n{VAGUE}\r\n"),
        (f"## {VAGUE}\r\n", f"<!-- driven-ignore VAG01 -->\r\n## {VAGUE}\r\n"),
        (f"[{VAGUE}]: x.md\n", f"<!-- driven-ignore VAG01 -->\n[{VAGUE}]: x.md\n"),
        (f"a <!-- driven-ignore GEN01 --> {VAGUE}\n", f"a <!-- driven-ignore GEN01 VAG01 --> {VAGUE}\n"),
        (f"<!-- driven-ignore GEN01: why -->\n{VAGUE}\n", f"<!-- driven-ignore GEN01 VAG01: why -->\n{VAGUE}\n"),
        (f"```py\n{VAGUE}\n```\n", f"```py\n# driven-ignore VAG01\n{VAGUE}\n```\n"),
        (f"```ts\n  {VAGUE}\n```\n", f"```ts\n  // driven-ignore VAG01\n  {VAGUE}\n```\n"),
        (f"```{VAGUE}\nx\n```\n", f"<!-- driven-ignore VAG01 -->\n```{VAGUE}\nx\n```\n"),
        (f"```text\n{VAGUE}\n```\n", None),
        (f"<!--\n{VAGUE}\n-->\n", None),
        (f"Hi.\n\n    {VAGUE}\n", None),
        (VAGUE, f"<!-- driven-ignore VAG01 -->\n{VAGUE}"),
        (f"\ufeff{VAGUE}\n", f"\ufeff<!-- driven-ignore VAG01 -->\n{VAGUE}\n"),
        (f"\ufeffa\n\n{VAGUE}\n", f"\ufeffa\n\n<!-- driven-ignore VAG01 -->\n{VAGUE}\n"),
        (f"---\na: {VAGUE}\n---\nx\n", f"---\n# driven-ignore VAG01\na: {VAGUE}\n---\nx\n"),
        (f"---\r\na:\r\n  - {VAGUE}\r\n---\r\n", f"---\r\na:\r\n  # driven-ignore VAG01\r\n  - {VAGUE}\r\n---\r\n"),
        (f"---\na: |\n  b\n  {VAGUE}\n---\nx\n", None),
        (f"---\na: [b,\n  {VAGUE}]\n---\nx\n", f"---\na: [b,\n  # driven-ignore VAG01\n  {VAGUE}]\n---\nx\n"),
    ],
)
def test_a_comment_for_a_line(text: str, wanted: str | None) -> None:
    from driven.document.document import Document
    from driven.validation.repairs import apply_cuts
    from driven.validation.silence import silences_of

    document = Document(RULE, text.encode())
    line = document.line_of(text.index(VAGUE))
    cut = on_line(document, "VAG01", line)
    assert (cut and apply_cuts(text, [cut])) == wanted
    if wanted is not None:
        after = Document(RULE, wanted.encode())
        line = after.line_of(wanted.index(VAGUE))
        assert any(line in one.lines and "VAG01" in dict(one.codes) for one in silences_of(after))


@pytest.mark.parametrize(
    ("path", "text", "wanted"),
    [
        (RULE, "Hi.\n", "---\n# driven-ignore-file GEN05\n---\n\nHi.\n"),
        (RULE, "---\napply: model\n---\nHi.\n", "---\n# driven-ignore-file GEN05\napply: model\n---\nHi.\n"),
        (RULE, "---\n{apply: model\n---\nHi.\n", "---\n# driven-ignore-file GEN05\n{apply: model\n---\nHi.\n"),
        ("AGENTS.md", "\ufeffHi.\r\n", "\ufeff<!-- driven-ignore-file GEN05 -->\r\n\r\nHi.\r\n"),
        (
            ".cursor/rules/a.mdc",
            "---\na: b\n---\n\nHi.\n",
            "---\na: b\n---\n\n<!-- driven-ignore-file GEN05 -->\n\nHi.\n",
        ),
        (".aider.conf.yml", "read: a\n", "# driven-ignore-file GEN05\nread: a\n"),
        (".codex/config.toml", "a = 1\n", "# driven-ignore-file GEN05\na = 1\n"),
        (".vscode/settings.json", "{}\n", "// driven-ignore-file GEN05\n{}\n"),
        (".mcp.json", "{}\n", None),
        (RULE, "---\napply: model\nHi.\n", None),
        (RULE, "<!-- driven-ignore-file GEN01 -->\n", "<!-- driven-ignore-file GEN01 GEN05 -->\n"),
    ],
)
def test_a_comment_for_a_file(path: str, text: str, wanted: str | None) -> None:
    from driven.document.document import Document
    from driven.validation.repairs import apply_cuts

    cut = in_file(Document(path, text.encode()), "GEN05")
    assert (cut and apply_cuts(text, [cut])) == wanted


@pytest.mark.parametrize("way", ["on this line", "in this file"])
@pytest.mark.parametrize("path", [RULE, "AGENTS.md", ".cursor/rules/a.mdc"])
def test_a_silenced_finding_is_gone(tmp_path: Path, path: str, way: str) -> None:
    asked = here(tmp_path, OTHER, path, f"# Api\n\n- Write clean,{CURSOR} maintainable code\n", config="[editors]\n")
    assert "VAG01" in codes(asked)
    done(asked, named(actions(asked, (), ("quickfix",)), f"Ignore VAG01 {way}"))
    assert not {"VAG01", "SUP01", "SUP02"} & set(codes(asked))


def test_what_is_no_check_of_text_is_explained_and_not_silenced(tmp_path: Path) -> None:
    asked = here(tmp_path, {}, RULE, f"---\npaths: [a]\napply: model{CURSOR}\n---\n\nHi.\n")
    asked = Here(snapshot=asked.snapshot, path=RULE, offset=6)
    found = actions(asked, (), ("quickfix",))
    assert titles(found) == ["Delete `paths` (unsafe: it may mean something else then)", "Explain RUL14"]
    assert found[1].command is not None
    assert (found[1].command.name, found[1].command.argument) == ("driven.explainCode", {"code": "RUL14"})


# What is missing


def test_a_rule_that_a_link_leads_to_is_made(tmp_path: Path) -> None:
    asked = here(
        tmp_path, OTHER, ".driven/rules/web/api.md", f"See [x](error-hand{CURSOR}ling.md) and [y](../style.md).\n"
    )
    action = named(actions(asked, (), ("quickfix",)), "Create rule")
    assert action.title == "Create rule `web/error-handling`"
    assert action.edits is not None
    assert dict(action.edits.creates) == {".driven/rules/web/error-handling.md": "# Error handling\n\n"}
    outside = Here(
        snapshot=asked.snapshot, path=asked.path, offset=asked.snapshot.document(asked.path).text.index("style")
    )  # type: ignore[union-attr]
    assert not [title for title in titles(actions(outside, (), ())) if title.startswith("Create")]


def test_a_page_that_an_import_names_is_made(tmp_path: Path) -> None:
    asked = here(tmp_path, OTHER, "CLAUDE.md", f"Use tabs.\n\n@docs/st{CURSOR}yle.md\n")
    action = named(actions(asked, (), ("quickfix",)), "Create `docs/style.md`")
    assert [told.code for told in action.repairs] == ["CLA07"]
    done(asked, action)
    assert "CLA07" not in codes(asked)


def test_nothing_is_made_outside_of_the_project(tmp_path: Path) -> None:
    asked = here(tmp_path, {}, RULE, f"See [x](../../../out{CURSOR}side.md) or [y](.git/x.md) .\n")
    assert not [title for title in titles(actions(asked, (), ())) if title.startswith("Create")]


# Refactors


def test_a_selection_becomes_a_rule(tmp_path: Path) -> None:
    text = (
        "---\ndescription: all\npaths:\n  - \"src/**\"  # ours\nextra:\n  cursor: {a: 1}\n---\n\n# Api\n\nUse tabs.\n\n"
        f"{CURSOR}## Errors & more\n\nRaise them.\n\n### Kinds\n\n```sh\n## no heading\n```\n{CURSOR}\n## More\n\nx\n"
    )  # fmt: skip
    asked = here(tmp_path, {".driven/rules/errors-more.md": "x\n"}, RULE, text)
    action = named(actions(asked, (), ("refactor",)), "Extract")
    assert (action.title, action.kind) == ("Extract to a new rule `errors-more-2`", "refactor.extract")
    assert action.edits is not None
    assert dict(action.edits.creates) == {
        ".driven/rules/errors-more-2.md": (
            '---\npaths:\n  - "src/**"  # ours\n---\n\n# Errors & more\n\nRaise them.\n\n## Kinds\n\n'
            "```sh\n## no heading\n```\n"
        )
    }
    assert titles(actions(asked, (), ("refactor.extract",))) == [action.title]
    assert "Use tabs.\n\n[Errors & more](errors-more-2.md)\n\n## More\n" in done(asked, action)
    assert not [code for code in codes(asked) if code.startswith(("RUL", "LNK", "GEN"))]


def test_a_part_without_heading_gets_one(tmp_path: Path) -> None:
    asked = here(
        tmp_path, {}, RULE, f"Use tabs.\r\n\r\n- Never{CURSOR} block the loop, not even once a day.\r\n- x{CURSOR}\r\n"
    )
    action = named(actions(asked, (), ("refactor",)), "Extract")
    assert action.edits is not None
    assert dict(action.edits.creates) == {
        ".driven/rules/never-block-the-loop-not-even.md": (
            "# Never block the loop, not even\r\n\r\n- Never block the loop, not even once a day.\r\n- x\r\n"
        )
    }
    link = "[Never block the loop, not even](never-block-the-loop-not-even.md)"
    assert done(asked, action) == f"Use tabs.\r\n\r\n{link}\r\n"


@pytest.mark.parametrize(
    "text", ["{c}Use tabs.\n{c}", "---\n{c}apply: model\n---\n\nUse{c} tabs.\n", "a\n{c}\n\n{c}b\n"]
)
def test_nothing_to_extract(tmp_path: Path, text: str) -> None:
    asked = here(tmp_path, {}, RULE, text.replace("{c}", CURSOR))
    assert not [action for action in actions(asked, (), ()) if action.kind == "refactor.extract"]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("paths: src/**, {a,b}.ts", 'paths: ["src/**", "{a,b}.ts"]'),
        ("paths: 'src/**'  # why", 'paths: ["src/**"]  # why'),
        ("paths: a/** # why", 'paths: ["a/**"] # why'),
    ],
)
def test_paths_as_a_list(tmp_path: Path, line: str, wanted: str) -> None:
    asked = here(tmp_path, {}, RULE, f"---\n{CURSOR}{line}\n---\n\nHi.\n")
    action = named(actions(asked, (), ("refactor.rewrite",)), "Write `paths` as a list")
    text = done(asked, action)
    assert text == f"---\n{wanted}\n---\n\nHi.\n"
    assert rule_of(text).activation == rule_of(f"---\n{line}\n---\n\nHi.\n").activation


@pytest.mark.parametrize("word", ["always", "paths", "model", "manual"])
@pytest.mark.parametrize(
    "front",
    [
        "", "---\ntags: [a]\n---\n\n", "---\napply: manual # c\npaths:\n  - a/**\n  - b\nkind: persona\n---\n\n",
        "---\ntags: [a]\ndescription: Say it\npaths: [a/**]\n---\n\n", "---\ndescription:\napply: model\n---\n\n",
        "---\r\nkind: persona\r\ndescription: >\r\n  two\r\n  lines\r\npriority: 3\r\n---\r\n", "---\n---\n", "\ufeff",
    ],
)  # fmt: skip
def test_another_activation(tmp_path: Path, front: str, word: str) -> None:
    text = front + "# The title\n\nHi.\n"
    before = rule_of(text)
    asked = here(tmp_path, {}, RULE, text) if CURSOR in text else here(tmp_path, {}, RULE, _cursor(text))
    found = [
        action for action in actions(asked, (), ("refactor",)) if action.title.startswith(f"Convert to `apply: {word}`")
    ]
    if activation_word(before.activation) == word:
        assert found == []
        return
    (action,) = found
    after = rule_of(done(asked, action))
    assert activation_word(after.activation) == word
    assert (after.body, after.kind, after.tags, after.priority) == (
        before.body,
        before.kind,
        before.tags,
        before.priority,
    )
    assert word == "model" or after.description == before.description
    assert after.summary == before.summary
    assert not [code for code in codes(asked) if code.startswith("RUL") and code not in ("RUL30", "RUL31")]


def _cursor(text: str) -> str:
    """The cursor below the `---`, or at the beginning."""
    at = text.index("\n") + 1 if text.startswith("---") else 0
    return text[:at] + CURSOR + text[at:]


# Editors' files


def test_a_conflict_is_decided(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, OTHER)
    path = ".cursor/rules/style.mdc"
    assert snapshot.output(path) is not None
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text("mine\n")
    change = Conflict(path=path, drift="edited", before=b"mine\n", after=b"ours\n", message="x", hint="y")
    snapshot.plan = Plan(changes=(change,))
    found = actions(Here(snapshot=snapshot, path=path), (), ("quickfix",))
    assert [
        (action.title, action.command and (action.command.name, dict(action.command.argument))) for action in found
    ] == [
        ("Take the rule's side", ("driven.resolveConflict", {"path": path, "take": "rule"})),
        ("Take the edited file's side", ("driven.resolveConflict", {"path": path, "take": "edited"})),
        ("Compare both sides", ("driven.sides", {"path": path})),
    ]
    snapshot.trusted = False
    assert titles(actions(Here(snapshot=snapshot, path=path), (), ("quickfix",))) == ["Compare both sides"]


def test_a_hand_written_file_is_taken_in(tmp_path: Path) -> None:
    asked = here(tmp_path, OTHER, ".windsurf/rules/mine.md", f"---\ntrigger: always_on\n---\n{CURSOR}Hi.\n")
    (action,) = [
        action for action in actions(asked, (), ()) if action.command and action.command.name == "driven.import"
    ]
    assert (action.kind, dict(action.command.argument)) == ("refactor", {"path": ".windsurf/rules/mine.md"})  # type: ignore[union-attr]
    for path in (RULE, ".cursor/rules/style.mdc", "README.md"):
        snapshot = snapshot_of(tmp_path, {path: "Hi.\n", **OTHER})
        found = actions(Here(snapshot=snapshot, path=path), (), ("refactor",))
        assert not [action for action in found if action.command and action.command.name == "driven.import"], path
    snapshot = snapshot_of(tmp_path / "b", {".windsurf/rules/mine.md": "Hi.\n"}, config="")
    assert actions(Here(snapshot=snapshot, path=".windsurf/rules/mine.md"), (), ("refactor",)) == []


def test_kinds_are_those_asked_for(tmp_path: Path) -> None:
    asked = here(
        tmp_path, OTHER, ".cursor/rules/a.mdc", f'---\ndescription: x\nalwaysApply: {CURSOR}"true"\n---\nHi.\n'
    )
    every = actions(asked, (), ())
    assert {action.kind for action in every} == {"quickfix", "source.fixAll.driven", "refactor"}
    for only in (("quickfix",), ("source",), ("source.fixAll",), ("source.fixAll.driven",), ("refactor",)):
        found = actions(asked, (), only)
        assert found and all(action.kind == only[0] or action.kind.startswith(only[0] + ".") for action in found)
    assert actions(asked, (), ("source.organizeImports",)) == []
    assert actions(asked, (), ("source.fixAll.ruff",)) == []
    assert len(actions(asked, (), ("",))) == len(every)
    assert actions(Here(snapshot=asked.snapshot, path="gone.md"), (), ()) == []


def test_mangled_rules_never_raise(tmp_path: Path, corpus: list[Path]) -> None:
    snapshot = snapshot_of(tmp_path, OTHER)
    live = Live(str(tmp_path))
    view = live.refresh({})
    dice = random.Random(5)
    for path in corpus[::8]:
        text = path.read_text(encoding="utf-8", errors="replace")[:4000]
        for name in (RULE, ".cursor/rules/a.mdc", "CLAUDE.md", ".driven/config.toml", ".aider.conf.yml"):
            mangled = text
            for _ in range(dice.randint(0, 4)):
                at = dice.randrange(len(mangled) + 1)
                piece = dice.choice(
                    ("---\n", "\r\n", "<!--", "```", "é𝄞", "\ufeff", "paths: ", "[a](b.md)", "\0", "\u2028")
                )
                mangled = mangled[:at] + piece + mangled[at + dice.randint(0, 30) :]
            snapshot._touched[name] = live.touch(view, name, mangled.encode())
            first, last = sorted(dice.randrange(len(mangled) + 1) for _ in range(2))
            asked = Here(snapshot=snapshot, path=name, offset=first, end=last)
            for action in actions(asked, (), ()):
                assert action.edits is not None or action.command is not None
                for edit in action.edits.edits if action.edits else ():
                    assert 0 <= edit.place.start <= edit.place.end <= len(mangled)
