"""Import and emission are each other's mirror for CLAUDE.md, AGENTS.md, CONVENTIONS.md, Claude Code's rules and skills.

A file that was imported is written back to its path byte for byte; its text read back is the rule; and what is emitted
of any rule, read back, changes nothing.
"""

from __future__ import annotations

import importlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import rules

from driven.format.sections import put_section
from driven.hookspecs import Emitter, Importer, SourceFile
from driven.model.artefact import ListEntry, Outside, Settings
from driven.model.rule import Rule
from driven.plugin_kit import outside_text, parse_rule, render_rule

EDITORS = ("claude", "agents", "aider")
PATHS = {
    "claude": [
        "CLAUDE.md", ".claude/CLAUDE.md", "web/CLAUDE.md", "a b/[x]/.claude/CLAUDE.md", ".claude/rules/rule.md",
        ".claude/rules/Team/My Rule.md", "web/.claude/rules/x.md", ".claude/skills/a-skill/SKILL.md",
        ".claude/skills/Odd Name/SKILL.md", ".claude/rules/CLAUDE.md",
    ],
    "agents": [
        "AGENTS.md", "web/AGENTS.md", "a/[id]/AGENTS.md", "a/(b)/{c}/AGENTS.md", ".agents/skills/a-skill/SKILL.md",
        ".agents/skills/Odd Name/SKILL.md",
    ],
    "aider": ["CONVENTIONS.md"],
}  # fmt: skip
FILES = [(editor, path) for editor in EDITORS for path in PATHS[editor]]


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
    if not found.rules:
        if not any(item.severity == "error" for item in found.diagnostics):
            assert not outside_text(data.decode()).removeprefix("\ufeff").strip()
        return
    (rule,) = found.rules
    whole = "/skills/" in path or "/rules/" in path
    for one in (rule, through_text(rule)):
        (artefact,) = emitter.emit([one], Settings()).artefacts
        text = data.decode() if whole else outside_text(data.decode())
        assert (artefact.path, artefact.text, isinstance(artefact.ownership, Outside)) == (path, text, not whole)
        back = importer.read_back(one, path, text)
        assert back.rule == one, back
        edited = importer.read_back(one, path, text + "\nMore.\n")
        assert edited.rule is not None
        assert edited.rule != one
        (again,) = emitter.emit([edited.rule], Settings()).artefacts
        assert (again.path, again.text) == (path, text + "\nMore.\n")
    assert all((item.path, item.rule_id, item.editor) == (path, rule.id, editor) for item in found.fidelity)
    assert ("body", "mapped") in [(item.name, item.outcome) for item in found.fidelity]


NAMES = ("description", "globs", "applyTo", "paths", "name", "path", "disable-model-invocation", "tags", "$path", "x y")
VALUES = (
    "", " true", " false", " yes", ' "true"', " src/**", " **/*.ts,src/**", ' "**/*.ts, src/**"', " '**'", " **/*",
    " [a, 'b/**']", "\n  - src/**\n  - \"**/*.{ts,tsx}\"", "\n- a\n- b", " |\n  one\n  two", " >-\n  one\n  two",
    " API: handlers # all", ' "a \\"b\\""', " Words of use", " {a: [1, 2.5, null]}", " &a x", ' "unclosed', " .nan",
    " src\\**", " *", "  spaced  ", " # only a comment", " []", " a-skill", " ../up", ' ["a[b", "c\\\\[d\\\\]/*"]',
)  # fmt: skip
LINES = st.one_of(
    st.builds("{}:{}".format, st.sampled_from(NAMES), st.sampled_from(VALUES)),
    st.sampled_from(["", "# a comment", "  ", "not a key", "\tx: 1", "- item", "---x"]),
)
BODIES = st.one_of(
    st.sampled_from([
        "", "Text.\n", "\nText.\n", "Text.", "\n\n# A\n\n- b  \n\n\n", "---\nx: 1\n---\n", "[a](mdc:b.md)\n", "\ttab\n",
        "\ufeffx\n", " \n", "a\rb\n", "x\u2028y\n", "See @docs/a.md and `@b`.\n", "```\n@x\n", "<!-- @y\n-->\n",
        "Mentions `<!-- driven:begin agents -->` in a line.\n", "<!-- driven:begin agents -->\n",
        "One.\n\n<!-- driven:begin agents -->\nx\n<!-- driven:end agents -->\n",
        "<!-- driven:begin a -->\n<!-- driven:end a -->\nTwo",
    ]),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=60),
)  # fmt: skip


@st.composite
def contents(draw: st.DrawFn) -> bytes:
    """A file of front matter, or none, and text in one of many layouts."""
    lines = draw(st.lists(LINES, max_size=4))
    fence = draw(st.sampled_from(["---", "---", "---", "---  ", "----"]))
    front = "\n".join([fence, *lines, draw(st.sampled_from(["---", "---", "---", "--- ", "..."])), ""])
    gap = draw(st.sampled_from(["\n", "\n", "", "\n\n", "  \n"]))
    text = draw(st.sampled_from(["", "", "", "\n", " "])) + (front if draw(st.booleans()) else "") + gap + draw(BODIES)
    if draw(st.integers(0, 4)) == 0:
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    if draw(st.integers(0, 4)) == 0:
        text = text.rstrip("\n")
    bom = "\ufeff" if draw(st.integers(0, 6)) == 0 else ""
    return (bom + text).encode()


@pytest.mark.parametrize("editor", EDITORS)
@settings(max_examples=600)
@given(data=st.data())
def test_any_layout_comes_back_byte_for_byte(editor: str, data: st.DataObject) -> None:
    check_file(editor, data.draw(st.sampled_from(PATHS[editor])), data.draw(contents()))


@pytest.mark.parametrize(("editor", "path"), FILES)
@pytest.mark.parametrize(
    "data",
    [
        b"# House\r\n\r\nText.\r\n", b"\xef\xbb\xbf# House\n\nText.", b"Text", b"\n\n  Text\n\n\n", b"---\n\nText\n",
        b"---\nname: a-skill\ndescription: D\n---\nText.\n", b"---\r\npaths: src/**\r\n---\r\nText.\r\n",
        b"---\npaths:\n  - 'a/**'   # why\n\n---\n\n\n# A\n",
    ],
)  # fmt: skip
def test_each_kind_of_file(editor: str, path: str, data: bytes) -> None:
    check_file(editor, path, data)


@pytest.mark.parametrize("editor", EDITORS)
@settings(max_examples=400)
@given(rule=rules, edit=st.booleans())
def test_what_is_emitted_of_any_rule_reads_back_as_that_rule(editor: str, rule: Rule, edit: bool) -> None:
    emitter, importer = plugin(editor)
    for artefact in emitter.emit([rule], Settings(header=edit)).artefacts:
        if not isinstance(artefact.ownership, ListEntry):
            back = importer.read_back(rule, artefact.path, artefact.text)
            assert back.rule == rule, back


@pytest.mark.parametrize(
    ("editor", "path"), [("claude", "CLAUDE.md"), ("agents", "AGENTS.md"), ("aider", "CONVENTIONS.md")]
)
def test_our_own_section_is_no_part_of_the_import(editor: str, path: str) -> None:
    emitter, importer = plugin(editor)
    text = b"# House\n\nText.\n"
    both = put_section(text, editor, b"## Ours\n\nNo.\n")
    (rule,) = importer.read([SourceFile(path=path, data=both)]).rules
    assert rule.body == text.decode()
    alone = put_section(None, editor, b"## Ours\n\nNo.\n")
    assert not importer.read([SourceFile(path=path, data=alone)]).rules
    damaged = importer.read([SourceFile(path=path, data=both.replace(b"driven:end", b"driven:and"))])
    assert not damaged.rules
    assert [(item.code, item.severity) for item in damaged.diagnostics] == [("IMP05", "error")]
    (artefact,) = emitter.emit([rule], Settings(header=True, editors=frozenset((editor,)))).artefacts
    assert (artefact.path, artefact.text, artefact.ownership) == (path, text.decode(), Outside())


@pytest.mark.parametrize("editor", EDITORS)
def test_it_is_an_importer(editor: str) -> None:
    emitter, importer = plugin(editor)
    assert isinstance(importer, Importer)
    assert importer.target is emitter.target


@pytest.mark.parametrize(("editor", "path"), FILES)
def test_what_is_no_text_is_a_diagnostic(editor: str, path: str) -> None:
    _, importer = plugin(editor)
    for data in (b"caf\xe9 @x\n", b"a\0b\n", b"x" * (2 << 20), b"<!-- driven:begin a -->\xff"):
        found = importer.read([SourceFile(path=path, data=data)])
        assert not found.rules
        assert [item.severity for item in found.diagnostics if item.severity == "error"] == ["error"]
        assert all(item.hint for item in found.diagnostics)
