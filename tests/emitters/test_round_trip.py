"""Import and emission are each other's mirror, for every editor whose files have front matter.

A file that was imported is written back to its path byte for byte, whatever its layout; its text read back is the
rule; and what is emitted of any rule, read back, changes nothing.
"""

from __future__ import annotations

import importlib
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import rules

from driven.hookspecs import Emitter, Importer, SourceFile
from driven.model.activation import ForPaths
from driven.model.artefact import Artefact, Outside, Section, Settings
from driven.model.rule import Rule
from driven.plugin_kit import body_text, parse_rule, render_rule

EDITORS = ("cursor", "copilot", "windsurf", "cline")
PATHS = {
    "cursor": [".cursor/rules/rule.mdc", ".cursor/rules/Team/My Rule.mdc", "apps/web/.cursor/rules/x.mdc"],
    "copilot": [
        ".github/instructions/rule.instructions.md", ".github/instructions/Team/My Rule.instructions.md",
        ".github/copilot-instructions.md",
    ],
    "windsurf": [
        ".windsurf/rules/rule.md", ".devin/rules/My Rule.md", "apps/web/.devin/rules/x.md", ".windsurf/rules/sub/x.md",
    ],
    "cline": [
        ".clinerules/rule.md", ".clinerules/Team/My Rule.txt", ".clinerules/a.markdown", ".clinerules",
        ".cline/rules/x.md",
        ".clinerules/workflows/w.md", ".cline/skills/my-skill/SKILL.md", ".clinerules/skills/Odd Name/SKILL.md",
    ],
}  # fmt: skip


def plugin(editor: str) -> tuple[Emitter, Importer]:
    """The emitter and the importer of one of our own editors."""
    module = importlib.import_module(f"driven_emitters.{editor}")
    return next(iter(module.driven_emitters())), next(iter(module.driven_importers()))


def through_text(rule: Rule) -> Rule:
    """The rule after it was written to its own file and read again."""
    again, found = parse_rule(render_rule(rule), path=f".driven/rules/{rule.id}.md", rule_id=rule.id)
    assert again is not None, found
    return again


def check_file(editor: str, path: str, data: bytes) -> None:
    """That the file comes back as it was: by the rule as read, and by the rule as it stands in `.driven/rules`."""
    emitter, importer = plugin(editor)
    found = importer.read([SourceFile(path=path, data=data)])
    assert all(item.severity != "error" for item in found.diagnostics) or not found.rules
    if not found.rules:
        return
    (rule,) = found.rules
    for one in (rule, through_text(rule)):
        (artefact,) = emitter.emit([one], Settings()).artefacts
        assert (artefact.path, artefact.text.encode()) == (path, data)
        back = importer.read_back(one, path, data.decode())
        assert back.rule == one, back
    assert {item.outcome for item in found.fidelity} <= {"mapped", "approximated", "dropped", "unsupported"}
    assert all(item.note for item in found.fidelity if item.outcome == "approximated"), "it says why"
    assert all((item.path, item.rule_id, item.editor) == (path, rule.id, editor) for item in found.fidelity)


NAMES = (
    "description", "globs", "alwaysApply", "applyTo", "paths", "trigger", "glob", "name", "excludeAgent", "disabled",
    "disable-model-invocation", "tags", "$path", "x y",
)  # fmt: skip
VALUES = (
    "", " true", " false", " yes", ' "true"', " src/**", " **/*.ts,src/**", ' "**/*.ts, src/**"', " '**'", " **/*",
    " [a, 'b/**']", "\n  - src/**\n  - \"**/*.{ts,tsx}\"", "\n- a\n- b", " |\n  one\n  two", " >-\n  one\n  two",
    " always_on", " model_decision", " glob", " manual", " API: handlers # all", ' "a \\"b\\""', " Words of use",
    " 'it''s'", " {a: [1, 2.5, null]}", " &a x", " \"unclosed", " [1, [2, [3]]]", " ~", " 007", " .nan", " .inf",
    " src\\**", " *", "  spaced  ", " # only a comment", " []", " my-skill", " ../up", " coding-agent", " a,b,,",
)  # fmt: skip
LINES = st.one_of(
    st.builds("{}:{}".format, st.sampled_from(NAMES), st.sampled_from(VALUES)),
    st.sampled_from(["", "# a comment", "  ", "not a key", "\tx: 1", "- item", "---x"]),
)
BODIES = st.one_of(
    st.sampled_from([
        "", "Text.\n", "\nText.\n", "Text.", "\n\n# A\n\n- b  \n\n\n", "---\nx: 1\n---\n", "[a](mdc:b.md)\n", "\ttab\n",
        "\ufeffx\n", " \n", "<!-- -->\n---\n", "<!-- a -->\nText.\n", "a\rb\n", "x\u2028y\n", "<!-- driven:begin x\n",
        "Mentions `<!-- driven:begin copilot -->` in a line.\n",
    ]),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=60),
)  # fmt: skip


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A file of front matter and text in one of many layouts."""
    lines = draw(st.lists(LINES, max_size=5))
    fence = draw(st.sampled_from(["---", "---", "---", "---  ", "----"]))
    front = "\n".join([fence, *lines, draw(st.sampled_from(["---", "---", "---", "--- ", "..."])), ""])
    gap = draw(st.sampled_from(["\n", "\n", "", "\n\n", "  \n"]))
    text = (
        draw(st.sampled_from(["", "", "", "\n", " "])) + (front if draw(st.integers(0, 5)) else "") + gap + draw(BODIES)
    )
    if draw(st.integers(0, 4)) == 0:
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    if draw(st.integers(0, 4)) == 0:
        text = text.rstrip("\n")
    bom = "\ufeff" if draw(st.integers(0, 6)) == 0 else ""
    return (bom + text).encode()


@pytest.mark.parametrize("editor", EDITORS)
@settings(max_examples=200)
@given(data=st.data())
def test_any_layout_comes_back_byte_for_byte(editor: str, data: st.DataObject) -> None:
    check_file(editor, data.draw(st.sampled_from(PATHS[editor])), data.draw(files()))


@pytest.mark.parametrize("editor", EDITORS)
def test_real_files_come_back_byte_for_byte(editor: str, corpus: list[Path]) -> None:
    ends = {"cursor": ".mdc", "copilot": ".instructions.md", "windsurf": ".md", "cline": ".md"}
    folder = PATHS[editor][0].rpartition("/")[0]
    for path in corpus:
        check_file(editor, f"{folder}/{path.stem}{ends[editor]}", path.read_bytes())


def whole_file(editor: str, rule: Rule, header: bool = False) -> Artefact | None:
    """The one file that carries the rule alone; None where it shares a section, or is split."""
    artefacts = plugin(editor)[0].emit([rule], Settings(header=header)).artefacts
    return artefacts[0] if len(artefacts) == 1 and not isinstance(artefacts[0].ownership, Section) else None


@pytest.mark.parametrize("editor", EDITORS)
@settings(max_examples=200)
@given(rule=rules)
def test_what_is_emitted_of_any_rule_reads_back_as_that_rule(editor: str, rule: Rule) -> None:
    for header in (False, True):
        artefact = whole_file(editor, rule, header)
        if artefact is not None:
            back = plugin(editor)[1].read_back(rule, artefact.path, artefact.text)
            assert back.rule == rule, back


@pytest.mark.parametrize("editor", EDITORS)
@settings(max_examples=200)
@given(rule=rules)
def test_a_line_that_is_added_to_the_text_is_all_that_changes(editor: str, rule: Rule) -> None:
    artefact = whole_file(editor, rule)
    if artefact is None or not body_text(rule.body):
        return
    newline = "\r\n" if artefact.text.endswith("\r\n") else "\n"
    text = artefact.text + ("" if artefact.text.endswith(("\n", "\r")) else newline) + f"- Added.{newline}"
    back = plugin(editor)[1].read_back(rule, artefact.path, text).rule
    assert back is not None
    assert replace(back, body=rule.body, extra=rule.extra) == rule
    assert back.body.rstrip("\r\n").endswith("- Added.")
    assert back.body.startswith(rule.body.rstrip("\r\n"))
    again = whole_file(editor, back)
    assert again is not None
    assert again.text.replace("\r\n", "\n").rstrip("\n") == text.replace("\r\n", "\n").rstrip("\n")


@pytest.mark.parametrize("editor", EDITORS)
@settings(max_examples=100)
@given(emitted=rules, rule=rules)
def test_the_edit_is_the_difference_though_the_rule_changed_since(editor: str, emitted: Rule, rule: Rule) -> None:
    artefact = whole_file(editor, emitted)
    if artefact is None or not body_text(emitted.body):
        return
    rule = replace(rule, id=emitted.id, extra={**rule.extra, editor: emitted.extra.get(editor, {})})
    importer = plugin(editor)[1]
    text = artefact.text.rstrip("\r\n") + "\n- Added.\n"
    base, after = (importer.read_back(rule, artefact.path, one).rule for one in (artefact.text, text))
    if base is None or after is None:  # the form of `rule` has no place for that text: refused both times
        assert base is after
        return
    assert replace(after, body=base.body, extra=base.extra) == base
    assert after.body.rstrip("\r\n").endswith("- Added.")
    own = {key: value for key, value in after.extra.get(editor, {}).items() if key != "$front"}
    assert repr(own) == repr({key: value for key, value in base.extra.get(editor, {}).items() if key != "$front"})


PIECES = [
    "---\n", "---\r\n", "\n", "\r", "\ufeff", "globs:", "applyTo: ", "paths: ", "trigger: glob\n", "  - ", "- x\n", "[",
    "]", '"', "'", "{a,", "}", "é", "description: ", "alwaysApply: ", "true", "|\n", "key: ", "#", "\\", "/", "**/*",
    "\x00", "&a", "*a", "\t", "<!-- -->\n", "<!-- driven:begin x -->\n", "<!-- driven:end x -->\n", "name: ",
]  # fmt: skip


@pytest.mark.parametrize("editor", EDITORS)
@settings(max_examples=100)
@given(
    text=st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=20).map("".join),
    rule=rules,
    data=st.data(),
)
def test_any_text_comes_back_and_any_edit_is_taken_or_refused(
    editor: str, text: str, rule: Rule, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(PATHS[editor]))
    clean = text.encode("utf-8", "ignore")
    check_file(editor, path, clean)
    back = plugin(editor)[1].read_back(rule, path, clean.decode())
    assert (back.rule is None) == bool(back.problem)
    if back.rule is not None:
        assert (back.rule.id, back.rule.targets, back.rule.when) == (rule.id, rule.targets, rule.when)
        plugin(editor)[0].emit([back.rule], Settings())


@pytest.mark.parametrize("editor", EDITORS)
def test_hostile_files_cost_no_time(editor: str) -> None:
    key = {"cursor": "globs", "copilot": "applyTo", "windsurf": "globs", "cline": "paths"}[editor]
    start = time.process_time()
    fronts = [
        f"{key}: " + "{a,b}" * 60, f"{key}: " + "a," * 70_000, "x: " + "[" * 100_000, f"{key}: [" + "\n" * 100_000,
        "description: " + " " * 400_000 + "x", f"{key}: " + "**/" * 100_000, "a" * 500_000 + "\n" + ": " * 9000,
        f'{key}: "' + "\\" * 300_000, "\n".join([f"k{n}: v" for n in range(20_000)]),
        f"{key}:\n" + "  - x\n" * 35_000, "---x\n" * 100_000,
    ]  # fmt: skip
    texts = [f"---\n{front}\n---\nText.\n" for front in fronts]
    texts += ["\n" * 500_000, "<!-- " * 200_000, "x\r" * 400_000, "<!-- driven:begin x -->\n" * 30_000]
    rule = Rule(id="rule", body="a\r\n" * 50_000, activation=ForPaths(("src/**",)))
    for path in [PATHS[editor][0], *[path for path in PATHS[editor] if path.endswith("/copilot-instructions.md")]]:
        for text in texts:
            plugin(editor)[1].read([SourceFile(path=path, data=text.encode())])
            plugin(editor)[1].read_back(rule, path, text)
    assert time.process_time() - start < 90


def test_shared_files_are_what_a_person_wrote() -> None:
    emitter, importer = plugin("copilot")
    path = ".github/copilot-instructions.md"
    text = "# House\n\nText.\n"
    (rule,) = importer.read([SourceFile(path=path, data=text.encode())]).rules
    (artefact,) = emitter.emit([rule], Settings(header=True)).artefacts
    assert artefact == Artefact(path=path, text=text, ownership=Outside(), rule_ids=(rule.id,))
    assert emitter.group(rule, Settings()) == rule.id or emitter.group(rule, Settings()) == path
    assert replace(rule, extra={}) == Rule(id="copilot-instructions", body=text)
