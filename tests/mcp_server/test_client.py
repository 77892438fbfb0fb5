"""The official SDK as the client: every verb that reads, mistakes, a lying plugin, cancelling, consent."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from mcp import MCPError

from driven.cli.app import main
from driven.grammar.commands import COMMANDS
from driven.grammar.to_mcp import to_mcp
from mcp_server.conftest import install, talk

READING = {
    "status": {}, "explain": {"path": "src/a.py"}, "explain-code": {"codes": ["GEN"]}, "validate": {},
    "snapshot_list": {}, "snapshot_show": {"number": 1}, "snapshot_diff": {"number": 1}, "plugin_list": {},
    "plugin_show": {"name": "cursor"}, "doctor": {}, "show": {"file": ".driven/rules.drv"},
    "grammar": {"words": ["sync"]},
    "sync": {"dry_run": True}, "import": {"dry_run": True},
}  # fmt: skip


def test_every_reading_verb_answers_what_its_schema_says(project: Path) -> None:
    async def story(client: Any) -> None:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert listed.keys() == {tool["name"] for tool in to_mcp(COMMANDS)}
        assert not {"lsp", "mcp_serve"} & listed.keys(), "what needs an editor at its other end is no tool"
        (project / ".cursor").mkdir()
        first = await client.call_tool("sync", {})
        assert first.structured_content["applied"] and (project / ".cursor/rules/errors.mdc").is_file()
        assert (await client.call_tool("build", {})).structured_content["rules"] == 1
        reading = {name for name, tool in listed.items() if tool.annotations.read_only_hint} - {"benchmark"}
        for name in sorted(reading | READING.keys()):
            if name not in READING and listed[name].input_schema["required"]:
                continue  # what names something that is not here: the tests of the command call it
            given = READING.get(name, {})
            answer = await client.call_tool(name, given)  # which holds it against the schema
            if answer.is_error and name not in READING:  # it lacks what the project does not have: keys, a root
                assert answer.meta["driven/exit"] in listed[name].meta["driven/exits"], (name, answer)
                continue
            assert not answer.is_error, (name, answer.content)
            assert json.loads(answer.content[0].text) == answer.structured_content
            assert answer.meta["driven/exit"] in listed[name].meta["driven/exits"], name

    talk(project, story)


def test_findings_are_an_answer_and_a_failure_is_not(project: Path) -> None:
    (project / ".driven/rules/bad.md").write_text("---\nprioritty: 3\n---\nx\n")

    async def story(client: Any) -> None:
        found = await client.call_tool("validate", {})
        assert not found.is_error and found.meta["driven/exit"] == 1
        assert found.structured_content["diagnostics"][0]["severity"] == "error"
        failed = await client.call_tool("build", {})
        assert failed.is_error and "hint: " in failed.content[0].text
        assert failed.meta["driven/exit"] == 2 and failed.meta["driven/error"]["code"] == "DRV003"

    talk(project, story)


def test_a_failure_says_what_was_found_out(project: Path) -> None:
    """Of a verb that does several things one may fail: the others are told."""
    for name in ("one", "two"):
        source = project / "src" / name
        source.mkdir(parents=True)
        (source / "pack.toml").write_text(f'name = "{name}"\nversion = "1.0.0"\n')
        words = ["--root", str(project), "add", name, "--from", str(source), "--unsigned", "--yes", "--quiet"]
        assert main(words) == 0
    (project / "src/two/pack.toml").write_text('name = "two"\nversion = "1.1.0"\n')

    async def story(client: Any) -> None:
        failed = await client.call_tool("update", {"check": True})
        assert failed.is_error and failed.meta["driven/exit"] == 6, failed
        assert "not signed" in failed.content[0].text and failed.meta["driven/error"]["code"] == "DRV010"
        packs = json.loads(failed.content[1].text)["packs"]
        assert {one["name"]: one["state"] for one in packs} == {"one": "current", "two": "refused"}

    talk(project, story)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("explain", {}, "needs `path`"),
        ("explain", {"path": 3}, "`path` is a text"),
        ("explain", {"path": "a\0b"}, "a control character"),
        ("explain", {"path": "a", "pth": "b"}, "did you mean `path`?"),
        ("explain", {"path": "--help"}, ""),
        ("sync", {"dry_run": "yes"}, "true or false"),
        ("sync", {"watch": True}, "has no argument"),
        ("snapshot_show", {"number": 0}, "from 1 to"),
        ("snapshot_show", {"number": True}, "from 1 to"),
        ("snapshot_show", {"number": 999}, "no snapshot"),
        ("validate", {"select": "GEN"}, "is a list"),
        ("show", {"file": "/etc/passwd"}, "outside of the project"),
        ("show", {"file": "../../x"}, "outside of the project"),
        ("convert", {"input": ".driven/rules", "output": "/tmp/stolen.drv"}, "outside of the project"),
        ("build", {"output": "out/link/x.drv"}, "outside of the project"),
    ],
)
def test_a_bad_argument_is_told_to_the_model(name: str, given: dict[str, Any], said: str, server: Any) -> None:
    answer = server.call(name, given)
    if name == "explain" and given.get("path") == "--help":
        assert not answer["isError"] and answer["structuredContent"]["path"] == "--help", "a value is never an option"
    else:
        assert answer["isError"] and said in answer["content"][0]["text"], answer


def test_a_tool_that_is_none_and_a_method_that_is_none(project: Path) -> None:
    async def story(client: Any) -> None:
        with pytest.raises(MCPError, match="no tool"):
            await client.call_tool("status\x1b[31m", {})
        with pytest.raises(MCPError, match="no method"):
            await client.list_resources()

    talk(project, story)


def test_a_strangers_verbs_cannot_hurt_the_session(project: Path, site: Path) -> None:
    install(site, "probe-plugin", extra="print('printed while it loads')\nimport os\nos.write(1, b'raw bytes\\n')\n")

    async def story(client: Any) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {"probe_say", "probe_wipe"} <= tools.keys() and "probe_talk" not in tools
        said = await client.call_tool("probe_say", {"what": "-n --root /"})
        assert said.structured_content == {"said": "-n --root /"}
        noise = await client.call_tool("probe_noise", {})
        assert noise.structured_content == {"said": "it"}
        plain = await client.call_tool("probe_plain", {})
        assert "plain words" in plain.content[0].text and not plain.is_error
        lie = await client.call_tool("probe_lie", {})
        assert lie.is_error and "is no string" in lie.content[0].text
        crash = await client.call_tool("probe_crash", {})
        assert crash.is_error and "a stranger's bug" in crash.content[0].text
        assert (await client.call_tool("probe_fatal", {})).is_error
        stolen = await client.call_tool("probe_steal", {})
        assert plain.meta["driven/ring"] == "T" or (stolen.is_error and "PermissionError" in stolen.content[0].text)
        flood = await client.call_tool("probe_flood", {})
        assert flood.is_error and "too long" in flood.content[0].text
        assert not (await client.call_tool("status", {})).is_error

    talk(project, story, site=site)


def test_a_call_that_is_taken_back_is_ended(project: Path, site: Path) -> None:
    install(site, "probe-plugin")

    async def story(client: Any) -> None:
        call = asyncio.create_task(client.call_tool("probe_sleep", {}))
        while not (project / "notes/asleep").exists() or not (project / "notes/asleep").read_text():
            await asyncio.sleep(0.05)
        pid = int((project / "notes/asleep").read_text())
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        while Path(f"/proc/{pid}").exists():
            await asyncio.sleep(0.05)
        assert not (await client.call_tool("status", {})).is_error

    talk(project, story, site=site)


def test_the_end_of_a_session_ends_its_calls(project: Path, site: Path) -> None:
    install(site, "probe-plugin")
    pids: list[int] = []

    async def story(client: Any) -> None:
        call = asyncio.create_task(client.call_tool("probe_sleep", {}))
        while not (project / "notes/asleep").exists() or not (project / "notes/asleep").read_text():
            await asyncio.sleep(0.05)
        pids.append(int((project / "notes/asleep").read_text()))
        call.cancel()

    talk(project, story, site=site)
    assert pids
    for _ in range(200):
        if not Path(f"/proc/{pids[0]}").exists():
            break
        time.sleep(0.05)
    assert not Path(f"/proc/{pids[0]}").exists()


def test_what_needs_consent_is_asked_of_a_person(project: Path) -> None:
    from mcp import types

    file = project / ".cursor/rules/errors.mdc"
    file.parent.mkdir(parents=True)
    file.write_text("a stranger's\n")
    questions: list[str] = []

    async def story(client: Any) -> Any:
        return await client.call_tool("sync", {"force": True})

    refused = talk(project, story)
    assert refused.is_error and "this client cannot ask" in refused.content[0].text
    assert refused.meta["driven/exit"] == 5

    answers: Any = [("decline", None), ("cancel", None), ("accept", {"agree": False}), ("accept", None)]

    async def said(_: Any, params: Any) -> Any:
        questions.append(params.message)
        action, content = answers[len(questions) - 1] if len(questions) <= len(answers) else ("accept", {"agree": True})
        return types.ElicitResult(action=action, content=content)

    async def again(client: Any) -> Any:
        for _ in answers:
            assert (await story(client)).is_error
        assert file.read_text() == "a stranger's\n"
        return await story(client)

    assert talk(project, again, elicitation_callback=said).structured_content["applied"]
    assert "`driven sync` with force=True" in questions[0] and len(questions) == 5
    assert "Errors name the thing" in file.read_text()


def test_without_consent_a_dry_run_is_free(project: Path) -> None:
    async def story(client: Any) -> Any:
        return await client.call_tool("sync", {"force": True, "dry_run": True})

    answer = talk(project, story)
    assert not answer.is_error and not answer.structured_content["applied"]


def test_a_session_says_in_which_ring_its_calls_are(project: Path, site: Path) -> None:
    install(site, "probe-plugin")

    async def story(client: Any) -> Any:
        status = await client.call_tool("status", {})
        assert not status.is_error, status.content
        return status.meta["driven/ring"], (await client.call_tool("probe_steal", {})).is_error

    assert talk(project, story, site=site, words=("--ring", "T")) == ("T", False), "nothing holds it, and it says so"
    ring, denied = talk(project, story, site=site)
    assert denied == (ring == "L")


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("import", {"paths": ["../outside.md"]}),
        ("validate", {"baseline": "../outside.md"}),
        ("verify", {"paths": ["link"]}),
        ("key_show", {"key": "../outside.md"}),
    ],
)
def test_a_file_outside_is_refused_where_nothing_holds_a_call(project: Path, name: str, given: dict[str, Any]) -> None:
    (project.parent / "outside.md").write_text("secret\n")
    (project / "link").symlink_to(project.parent / "outside.md")

    async def story(client: Any) -> Any:
        return await client.call_tool(name, given)

    answer = talk(project, story, words=("--ring", "T"))
    assert answer.is_error and answer.meta["driven/exit"] == 5
    assert "lies outside of the project" in answer.content[0].text
    assert "secret" not in str(answer)


def test_a_person_is_shown_all_of_what_is_asked(project: Path) -> None:
    """What is cut off of a question is agreed to unseen."""
    from mcp import types

    questions: list[str] = []

    async def said(_: Any, params: Any) -> Any:
        questions.append(params.message)
        return types.ElicitResult(action="decline")

    async def story(client: Any) -> Any:
        await client.call_tool("pack_trust", {"names": ["good" * 20] * 4 + ["evil"]})
        return await client.call_tool("pack_trust", {"names": ["good" * 20] * 50 + ["evil"]})

    answer = talk(project, story, elicitation_callback=said)
    assert len(questions) == 1 and "'evil'" in questions[0]
    assert "too long to show" in answer.content[0].text and answer.meta["driven/exit"] == 5


def test_a_ring_that_is_asked_for_and_is_not_here_is_an_error(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from driven.errors import SandboxError
    from driven.mcp import serving

    monkeypatch.setattr(sys, "platform", "plan9")
    with pytest.raises(SandboxError, match="only Linux"):
        serving.serve(0, 1, str(project), print, "L")
