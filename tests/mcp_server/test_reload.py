"""A plugin that changes while a session goes on: taken up, held back where it asks for more, or left as it was."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from mcp import types

from mcp_server.conftest import HEAD, install, talk


async def until(happened: Any, what: str) -> None:
    for _ in range(400):
        if happened():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"it did not happen: {what}")


def listener() -> tuple[list[Any], Any]:
    heard: list[Any] = []

    async def hear(message: Any) -> None:
        heard.append(message)

    return heard, hear


def changes(heard: list[Any]) -> int:
    return sum(isinstance(message, types.ToolListChangedNotification) for message in heard)


async def names(client: Any) -> set[str]:
    return {tool.name for tool in (await client.list_tools()).tools}


def test_a_plugin_that_comes_changes_and_goes(project: Path, site: Path) -> None:
    heard, hear = listener()
    install(site, "probe-plugin")

    async def story(client: Any) -> None:
        assert "probe_say" in await names(client)
        sleeping = asyncio.create_task(client.call_tool("probe_sleep", {}))
        await until((project / "notes/asleep").exists, "the call runs")
        shout = 'verb("shout", "say it loudly", run="probe_plugin.verbs:plain"),\n        verb("say"'
        package = site / "probe_plugin/__init__.py"
        package.write_text(package.read_text().replace('verb("say"', shout, 1))
        await until(lambda: changes(heard) == 1, "the client is told")
        assert {"probe_say", "probe_shout"} <= await names(client)
        assert "plain words" in (await client.call_tool("probe_shout", {})).content[0].text
        assert not sleeping.done(), "a call in flight goes on"
        sleeping.cancel()
        package.write_text("this is no Python\n")
        await until(lambda: changes(heard) == 2, "the client is told")
        assert "probe_say" not in await names(client), "a plugin that does not load offers nothing"
        assert not (await client.call_tool("status", {})).is_error

    talk(project, story, site=site, message_handler=hear)


def test_a_plugin_that_asks_for_more_waits_for_consent(project: Path, site: Path) -> None:
    heard, hear = listener()
    asked: list[str] = []
    install(site, "probe-plugin", touches=["FileRead(docs)"])

    async def yes(_: Any, params: Any) -> Any:
        asked.append(params.message)
        return types.ElicitResult(action="accept", content={"agree": True})

    async def story(client: Any) -> None:
        assert not (await client.call_tool("probe_say", {"what": "a"})).is_error
        install(site, "probe-plugin", touches=["FileRead(docs)", "ProcessSpawn(curl)"])
        await until(lambda: changes(heard) == 1, "the client is told")
        assert not asked, "nobody is asked before somebody calls"
        second = await client.call_tool("probe_say", {"what": "b"})
        assert not second.is_error, second.content
        assert len(asked) == 1 and "`probe-plugin`" in asked[0] and "`ProcessSpawn(curl)`" in asked[0]
        assert "FileRead" not in asked[0], "only what it asks for beyond what it had"
        assert not (await client.call_tool("probe_say", {"what": "c"})).is_error
        assert len(asked) == 1, "it is asked once"
        install(site, "probe-plugin", touches=["FileRead(docs)"])
        await until(lambda: changes(heard) == 2, "the client is told")
        assert not (await client.call_tool("probe_say", {"what": "d"})).is_error and len(asked) == 1

    talk(project, story, site=site, message_handler=hear, elicitation_callback=yes)


def test_a_plugin_that_asks_for_more_is_refused_without_a_person(project: Path, site: Path) -> None:
    heard, hear = listener()
    install(site, "probe-plugin")

    async def story(client: Any) -> None:
        await client.list_tools()
        install(site, "probe-plugin", touches=["ProcessSpawn(curl)"])
        install(site, "other-plugin", body="\n@hookimpl\ndef driven_commands():\n    yield verb('other', 'come late',"
                " run='other_plugin.verbs:plain', touches=['EnvAccess(TOKEN)'])\n")  # fmt: skip
        await until(lambda: changes(heard) >= 1, "the client is told")
        for name, given in (("probe_say", {"what": "a"}), ("other", {})):
            refused = await client.call_tool(name, given)
            assert refused.is_error and refused.meta["driven/exit"] == 5, (name, refused)
        assert not (await client.call_tool("status", {})).is_error

    talk(project, story, site=site, message_handler=hear)


def test_a_declaration_that_cannot_be_is_no_tool(project: Path, site: Path) -> None:
    bad = "\n@hookimpl\ndef driven_commands():\n    yield verb('bad', 'read {what}', run='x:y', touches=['{touch}'])\n"
    for number, touch in enumerate(("FileRead(../..)", "Everything", "FileRead({nothing})", "NetworkAccess(a b)")):
        install(site, f"bad-{number}", body=bad.replace("{touch}", touch))
    install(site, "bad-9", body=bad.replace("read {what}", "read\u200b it").replace("{touch}", "FileRead(.)"))
    install(site, "probe-plugin")
    assert HEAD in (site / "probe_plugin/__init__.py").read_text()

    async def story(client: Any) -> None:
        found = await names(client)
        assert "bad" not in found and "probe_say" in found
        rows = (await client.call_tool("plugin_list", {})).structured_content["plugins"]
        wrong = {row["name"]: row["error"] for row in rows if row["name"].startswith("bad-")}
        assert len(wrong) == 5 and all(wrong.values())
        assert "hidden characters" in wrong["bad-9"] and "no argument `nothing`" in wrong["bad-2"]

    talk(project, story, site=site)
