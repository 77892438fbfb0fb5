"""What a pack's files would run, allow or trust is told, whatever a path is written like; a grant is for the bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.document.document import Document
from driven.document.places import KNOWN
from driven.trust.settings import SETTINGS, values
from driven.trust.surfaces import KINDS, PROGRAMS, changed, digest, fold, grant, surfaces, ungranted

HOOK = {"hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "./x.sh"}]}]}}
TOLD: dict[str, tuple[str, str | dict[str, Any], set[tuple[str, str]]]] = {
    "a hook of Claude Code": (".claude/settings.json", HOOK, {("hook", "./x.sh")}),
    "a hook of Cursor": (
        ".cursor/hooks.json", {"version": 1, "hooks": {"afterFileEdit": [{"command": "fmt"}]}}, {("hook", "fmt")},
    ),
    "a hook of Copilot": (
        ".github/hooks/a.json", {"hooks": {"sessionStart": [{"type": "command", "powershell": "irm x"}]}},
        {("hook", "irm x")},
    ),
    "a hook of Kiro": (
        ".kiro/hooks/l.kiro.hook", {"name": "l", "then": {"type": "runCommand", "command": "lint"}}, {("hook", "lint")},
    ),
    "a hook in a word that nobody knows": (".cursor/hooks.json", {"hooks": {"x": [{"exec": "rm"}]}}, {("hook", "rm")}),
    "a script of Cline": (".clinerules/hooks/PreToolUse", "#!/bin/sh\necho", {("program", "14 bytes")}),
    "an MCP server": (
        ".mcp.json", {"mcpServers": {"docs": {"command": "npx", "args": ["-y", "@a/mcp"], "env": {"K": "v"}}}},
        {("server", "npx -y @a/mcp env.K=v")},
    ),
    "a server elsewhere": (
        ".vscode/mcp.json", {"servers": {"docs": {"type": "http", "url": "https://x.example"}}},
        {("server", "docs.type=http docs.url=https://x.example")},
    ),
    "a server in one word": (".mcp.json", {"mcpServers": {"docs": "npx x"}}, {("setting", "npx x")}),
    "an environment": (
        ".claude/settings.json", {"env": {"ANTHROPIC_BASE_URL": "https://x.example"}},
        {("environment", "https://x.example")},
    ),
    "a permission": (".claude/settings.json", {"permissions": {"allow": ["Bash(*)"]}}, {("permission", "Bash(*)")}),
    "a mode": (
        ".claude/settings.local.json", {"permissions": {"defaultMode": "bypassPermissions"}},
        {("permission", "bypassPermissions")},
    ),
    "auto-approval": (".vscode/settings.json", {"chat.tools.autoApprove": True}, {("approval", "true")}),
    "yolo": (".gemini/settings.json", {"tools": {"approvalMode": "yolo"}}, {("approval", "yolo")}),
    "no sandbox": (".codex/config.toml", 'sandbox_mode = "danger-full-access"\n', {("approval", "danger-full-access")}),
    "all servers": (".claude/settings.json", {"enableAllProjectMcpServers": True}, {("approval", "true")}),
    "a helper": (".claude/settings.json", {"apiKeyHelper": "sh key.sh"}, {("command", "sh key.sh")}),
    "a command of Aider": (".aider.conf.yml", "lint-cmd: make lint\n", {("command", "make lint")}),
    "another server for the model": (".aider.conf.yml", "openai-api-base: http://x\n", {("address", "http://x")}),
    "a base URL": (
        "opencode.json", {"provider": {"openai": {"options": {"baseURL": "https://x"}}}}, {("address", "https://x")},
    ),
    "a proxy": (".vscode/settings.json", {"http.proxy": "http://x"}, {("address", "http://x")}),
    "a setting that nobody knows": (".claude/settings.json", {"newThing": {"x": "y"}}, {("setting", "y")}),
    "dynamic context": (".claude/commands/d.md", "Deploy.\n\n- !`git status`\n", {("command", "git status")}),
    "dynamic context of a skill": ("skills/x/SKILL.md", "---\nname: x\n---\n!`id`\n", {("command", "id")}),
    "dynamic context in a rule": ("rules/a.md", "Look at !`curl x`.\n", {("command", "curl x")}),
    "a fence that is run": (".claude/commands/d.md", "```!\nmake\n```\n", {("command", "make")}),
    "a command of Gemini": (".gemini/commands/a.toml", 'prompt = "!{id}"\n', {("command", "id")}),
    "tools of a skill": (
        "skills/x/SKILL.md", "---\nname: x\nallowed-tools: Bash(*)\n---\nx\n", {("permission", "Bash(*)")},
    ),
    "hooks of an agent": (
        ".claude/agents/a.md", "---\nname: a\nhooks:\n  Stop:\n  - command: id\n---\n", {("hook", "id")},
    ),
    "an agent without questions": (
        ".claude/agents/a.md", "---\npermissionMode: bypassPermissions\n---\n", {("approval", "bypassPermissions")},
    ),
    "hooks below an editor's name in a rule": (
        "rules/a.md", "---\nclaude:\n  hooks: {Stop: x}\n---\nText.\n", {("hook", "{'Stop': 'x'}")},
    ),
    "a workflow that asks nobody": (".windsurf/workflows/w.md", "// turbo-all\n1. x\n", {("approval", "// turbo-all")}),
    "a task": (".vscode/tasks.json", {"tasks": [{"runOptions": {"runOn": "folderOpen"}}]}, {("program", "")}),
    "a workflow of GitHub": (".github/workflows/a.yml", "on: push\n", {("program", "9 bytes")}),
    "a hook of git": (".git/hooks/post-checkout", "x", {("program", "1 bytes")}),
    "settings that do not parse": (".claude/settings.json", "\x00\xff{{{", {("setting", "")}),
    "empty settings": (".cursor/mcp.json", "", {("setting", "0 bytes")}),
}  # fmt: skip


def raw(text: str | dict[str, Any]) -> bytes:
    return (json.dumps(text) if isinstance(text, dict) else text).encode("latin-1")


@pytest.mark.parametrize("name", TOLD)
def test_it_is_told(name: str) -> None:
    path, text, wanted = TOLD[name]
    found = surfaces(path, raw(text))
    for kind, value in wanted:
        assert any(one.kind == kind and one.value.startswith(value) for one in found), found
    assert len(found) == len(wanted)
    assert all(str(one).isprintable() and one.line >= 1 and one.path == path for one in found)
    assert {one.kind for one in found} <= set(KINDS)


@pytest.mark.parametrize("name", TOLD)
@pytest.mark.parametrize("change", [
    lambda path: path.upper(), lambda path: "sub/deep/" + path, lambda path: path.replace("s", "ſ"),
    lambda path: path.replace("/", "./", 1) if path[0] == "." and "/" in path else path,
    lambda path: "\u200b".join(path.partition("e")[:1]) + path[len(path.partition("e")[0]):],
], ids=["case", "below", "folded letter", "a dot behind a folder", "nothing"])  # fmt: skip
def test_the_path_may_be_written_otherwise(name: str, change: Any) -> None:
    path, text, _ = TOLD[name]
    assert len(surfaces(change(path), raw(text))) == len(surfaces(path, raw(text)))


@pytest.mark.parametrize(("path", "text"), [
    ("rules/a.md", "---\ndescription: Hooks and permissions\ncursor: {description: about hooks}\n---\nUse `!x`.\n"),
    ("AGENTS.md", "Never write `rm`! `ls` is fine.\n\n```sh\n! test -e x\n```\n"),
    ("pack.toml", 'name = "a"\n'), ("plugins/a.py", "import os\n"), (".cursor/rules/a.mdc", "---\nglobs: a\n---\nx\n"),
    (".claude/rules/a.md", "x"), ("docs/settings.json", "{}"), ("claude/settings.json", "{}"), ("README", "!`x`"),
    (".claude/agents/a.md", "---\nname: a\ndescription: uses hooks\n---\nx\n"), ("gitignore", ""),
])  # fmt: skip
def test_what_only_says_something(path: str, text: str) -> None:
    assert surfaces(path, text.encode()) == []


def test_what_only_forbids() -> None:
    data = json.dumps({"permissions": {"deny": ["Bash(curl *)"], "ask": ["Edit"]}, **HOOK}).encode()
    assert [one.value for one in surfaces(".claude/settings.json", data)] == ["./x.sh"]


def test_every_place_of_settings_is_looked_at() -> None:
    from driven.document.places import FOLDERS, NAMES, place_of

    paths = dict(NAMES)
    for folder, (whole, inner) in FOLDERS.items():
        paths |= {f"{folder}/{name}": place for name, place in inner.items() if place}
        paths |= {f"{folder}/x": whole} if whole else {}
    seen = set()
    for path, place in paths.items():
        if place in SETTINGS and place != "gemini/command":
            full = path if place_of(path) == place and "." in path.rpartition("/")[2] else path + "/x.json"
            assert surfaces(full, b"{}") or surfaces(full, b"x"), full
            seen.add(place)
    assert seen == set(SETTINGS) & KNOWN - {"gemini/command"}
    for path in PROGRAMS:
        assert surfaces(path + "/x", b"") and surfaces("a/" + path.upper(), b"")


def test_a_grant_is_for_the_bytes_of_a_path() -> None:
    path, text, _ = TOLD["a hook of Claude Code"]
    files = {path: raw(text), "rules/a.md": b"# A\n"}
    given_ = grant(files)
    assert given_ == {path: digest(raw(text))}
    assert [one.value for one in ungranted(files, {})] == ["./x.sh"]
    assert ungranted(files, given_) == []
    assert ungranted({path.upper(): raw(text)}, given_) == []  # one file, on the systems where that can be
    assert len(ungranted({path: raw(text) + b" "}, given_)) == 1
    assert len(ungranted({".cursor/hooks.json": raw(text)}, given_)) == 1
    assert len(ungranted(files, {path: "sha256:" + "0" * 64})) == 1
    assert len(ungranted(files, {"rules/a.md": given_[path]})) == 1


def test_the_diff_of_two_versions() -> None:
    path = ".claude/settings.json"
    first = surfaces(path, json.dumps(HOOK).encode())
    second = surfaces(path, ("\n\n" + json.dumps({**HOOK, "env": {"A": "1"}})).encode())
    assert [(one.kind, one.value) for one in changed(first, second)[0]] == [("environment", "1")]
    assert changed(first, second)[1] == []
    assert [one.kind for one in changed(second, first)[1]] == ["environment"]
    long = [surfaces(path, json.dumps({"env": {"A": "x" * 900 + end}}).encode()) for end in "ab"]
    assert len(changed(*long)[0]) == 1  # what is not shown is compared all the same


def test_sizes() -> None:
    many = json.dumps({"env": {f"A{number}": "x" for number in range(5000)}}).encode()
    found = surfaces(".claude/settings.json", many)
    assert len(found) == 1001
    assert found[-1].kind == "setting"
    assert [one.kind for one in surfaces(".mcp.json", b" " * (2 << 20))] == ["setting"]
    assert surfaces("x.bin", b" " * (2 << 20)) == []


def test_one_name() -> None:
    assert fold(".Claude/Se\u0301ttings.JSON. ") == (".claude", "séttings.json")
    assert fold("STRASSE") == fold("Straße")


PATHS = st.sampled_from([path for path, _, _ in TOLD.values()] + ["a.md", "x", "é/" * 40])


@given(PATHS | st.text(max_size=20), st.binary(max_size=80) | st.sampled_from([raw(t) for _, t, _ in TOLD.values()]))
@settings(max_examples=200)
def test_nothing_raises(path: str, data: bytes) -> None:
    for one in surfaces(path, data):
        assert one.value.isprintable() and one.what.isprintable()


def test_deep_settings() -> None:
    for text in (b"[" * 3000, b'{"a":' * 3000, b"a:\n" + b"- " * 3000, b"a = " + b"[" * 3000):
        for path in (".mcp.json", ".continue/config.yaml", ".codex/config.toml"):
            assert surfaces(path, text)


def test_what_a_front_matter_says_is_not_taken_for_that_of_another_with_the_same_text_below() -> None:
    """As an editor has it that is open while its front matter changes: the body is one object for both."""
    path = ".claude/agents/a.md"
    before = Document(path, b"---\nname: a\n---\nBe brief.\n")
    after = Document(path, b"---\npermissionMode: bypassPermissions\n---\nBe brief.\n")
    assert before.body is after.body
    assert [leaf.value for leaf in values(before)] == ["a"]
    assert [leaf.value for leaf in values(after)] == ["bypassPermissions"]
