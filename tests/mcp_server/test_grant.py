"""A signed grant in the place of a person: what it allows runs, what it lacks does not; one that is revoked is none."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from mcp_server.conftest import DRIVEN, environment, talk


@pytest.fixture
def attest(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`attest(words)`: run driven in the project as the one person who has the root's key."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))

    def run(*words: str, code: int = 0) -> str:
        done = subprocess.run(
            [*DRIVEN, *words], cwd=project, env=environment(None), capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    run("key", "generate", "ana", "--no-passphrase")
    run("key", "generate", "agent", "--no-passphrase")
    public = {name: str(tmp_path / f"home/driven/keys/{name}.pub") for name in ("ana", "agent")}
    run("attest", "root", "init", "--holder", "ana")
    issue = ("attest", "issue", "--to", public["agent"], "--path", ".", "--cap", "FileRead=.")
    run(*issue, "--cap", "FileWrite=.", "--out", "wide")
    run(*issue, "--out", "narrow")
    return run


def force(project: Path, *words: str) -> Any:
    """What an agent gets that forces a sync, whose client asks nobody."""

    async def story(client: Any) -> Any:
        return await client.call_tool("sync", {"force": True})

    return talk(project, story, words=words)


def test_a_grant_stands_for_a_person(project: Path, attest: Any) -> None:
    file = project / ".cursor/rules/errors.mdc"
    file.parent.mkdir(parents=True)
    file.write_text("a stranger's\n")
    refused = force(project, "--grant", "narrow")
    assert refused.is_error and "the grant `narrow` has no FileWrite(.)" in refused.content[0].text
    assert file.read_text() == "a stranger's\n"
    assert force(project, "--grant", "wide").structured_content["applied"]
    assert "Errors name the thing" in file.read_text()


def test_a_grant_that_is_revoked_while_the_server_runs_grants_nothing(
    project: Path, attest: Any, tmp_path: Path
) -> None:
    agent = str(tmp_path / "home/driven/keys/agent.pub")

    async def story(client: Any) -> None:
        assert not (await client.call_tool("sync", {"force": True})).is_error
        attest("attest", "revoke", agent, "--reason", "the machine was sold")
        refused = await client.call_tool("sync", {"force": True})
        assert refused.is_error and "revoked" in refused.content[0].text

    talk(project, story, words=("--grant", "wide"))
    assert "does not hold" in attest("mcp", "serve", "--grant", "wide", code=6)


def test_a_grant_that_is_none_does_not_start(project: Path, attest: Any) -> None:
    assert "no chain" in attest("mcp", "serve", "--grant", "absent", code=2)
    chain = project / ".driven/trust/chains/wide.jsonl"
    chain.write_bytes(chain.read_bytes().replace(b"payload", b"payl0ad", 1))
    attest("mcp", "serve", "--grant", "wide", code=6)
