"""`driven attest` as people use it: keys of their own, each in a home of its own, one project that they share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from driven.trust import attest_files, chain
from trust.attestations.team import DOCS, Team, typed
from trust.tools import need


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Team:
    for name in ("SSH_AUTH_SOCK", "DRIVEN_SIGNING_KEY", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    return Team(tmp_path, monkeypatch, capsys)


def test_a_root_waits_for_its_second_holder(team: Team) -> None:
    said = team.ok("ana", "attest", "root", "init", "--holder", "ana", "--holder", team.pub("ben"))
    assert "it does not hold yet: the new root has 1 of 2 signatures" in said and "by one of: ben" in said
    assert not team.file("roots").exists() and team.file("pending/root.json").exists()
    code, _, err = team.run("ana", "attest", "verify")
    assert code == 6 and "the root of trust waits for signatures" in err and "`driven attest sign root`" in err
    code, _, err = team.run("ana", "attest", "root", "init", "--holder", "ana")
    assert code == 2 and "waits for signatures already" in err, "what others signed is not written over"
    code, _, err = team.run("cleo", "attest", "sign", "root", "--yes")
    assert code == 6 and "none of your keys may sign this" in err
    team.ok("ben", "attest", "sign", "root", "--yes")
    assert team.file("roots/1.json").exists() and team.file("revocations.json").exists()
    assert not team.file("pending").exists()
    code, _, err = team.run("ben", "attest", "sign", "root", "--yes")
    assert code == 2 and "nothing waits" in err
    assert team.run("ana", "attest", "root", "init", "--holder", "ana")[0] == 2, "there is one"


def test_who_signs_sees_what_and_is_asked(team: Team) -> None:
    """On a real terminal: a no signs nothing, a yes does."""
    team.ok("ana", "attest", "root", "init", "--holder", "ana", "--holder", team.pub("ben"), "--name", "acme")
    env = {**os.environ, "XDG_CONFIG_HOME": str(team.base / "ben"), "NO_COLOR": "1"}
    for answer, code, there in (("n", 5, False), ("y", 0, True)):
        said, got = typed([sys.executable, "-m", "driven", "attest", "sign", "root"], answer, team.project, env)
        assert "acme  root, version 1: 2 of 2 keys" in said and "Sign this? [y/N]" in said, said
        assert (got, team.file("roots/1.json").exists()) == (code, there)


@pytest.mark.parametrize("how", [(), ("--json",)])
def test_where_nobody_can_be_asked_somebody_says_yes(team: Team, how: tuple[str, ...]) -> None:
    """As with `key trust` and `pack trust`: a pipe is nobody, and what waits stays as it is."""
    team.ok("ana", "attest", "root", "init", "--holder", "ana", "--holder", team.pub("ben"))
    before = team.file("pending/root.json").read_bytes()
    code, out, err = team.run("ben", "attest", "sign", "root", *how)
    assert code == 5 and "nobody is here to say that this is to be signed" in out + err
    assert "`driven attest sign root --yes`" in out + err and ("2 of 2 keys" in err or how)
    assert team.file("pending/root.json").read_bytes() == before and not team.file("roots").exists()
    team.ok("ben", "attest", "sign", "root", "--yes", *how)
    team.ok("ana", "attest", "issue", "--to", team.pub("mid"), *DOCS)
    assert team.run("ben", "attest", "sign", "mid", *how)[0] == 5
    assert "1 of 2 signatures" in team.run("ana", "attest", "verify")[1]
    team.ok("ben", "attest", "sign", "mid", "--yes", *how)
    assert team.run("ana", "attest", "verify")[0] == 0


def test_a_revoked_key_is_given_nothing(team: Team) -> None:
    team.chains()
    team.ok("ana", "attest", "revoke", team.pub("cleo"))
    team.ok("ben", "attest", "sign", "revocations", "--yes")
    for who, words in (("ana", ("issue",)), ("mid", ("delegate", "mid"))):
        code, _, err = team.run(who, "attest", *words, "--to", team.pub("cleo"), *DOCS)
        assert code == 6 and "was revoked: what it is given holds nowhere" in err


def test_a_chain_from_the_root_to_an_agent(team: Team) -> None:
    team.root()
    said = team.ok("ana", "attest", "issue", "--to", team.pub("mid"), *DOCS, "--depth", "1")
    assert "1 of 2 signatures" in said and "by one of: ben" in said
    assert "1 of 2" in team.run("ana", "attest", "verify")[1]
    team.ok("ben", "attest", "sign", "mid", "--yes")
    team.ok("mid", "attest", "delegate", "mid", "--to", team.pub("agent"), "--cap", "FileRead=docs/api")
    code, out, err = team.run("cleo", "attest", "verify", "--locked")
    assert (code, err) == (0, "")
    assert "✓ agent  may FileRead(docs/api)" in out and "✓ mid  may FileRead(docs)" in out
    tree = team.ok("cleo", "attest", "show", "agent")
    assert [line.split()[1] for line in tree.splitlines() if "└─" in line] == ["mid", "agent"]
    assert "may delegate, 1 deep" in tree and "may not delegate" in tree


def test_nobody_gives_what_they_have_not(team: Team) -> None:
    team.chains()
    to = ("--to", team.pub("cleo"))
    for who, words, code, said in (
        ("mid", ("mid", *to, "--cap", "ProcessSpawn=git"), 5, "mid has no ProcessSpawn(git) to give"),
        ("mid", ("mid", *to, "--cap", "FileRead=src", "--path", "src"), 5, "mid has no FileRead(src) to give"),
        ("mid", ("mid", *to, *DOCS, "--expires", "1y"), 5, "would outlive"),
        ("mid", ("mid", *to, *DOCS, "--depth", "1"), 5, "a depth of at most 0"),
        ("agent", ("agent", *to, "--cap", "FileRead=docs/api"), 5, "nothing to others"),
        ("ana", ("mid", *to, *DOCS), 6, "none of your keys may sign this"),
        ("mid", ("mid", *to, "--cap", "FileRead=docs/../src"), 2, "without `..`"),
        ("mid", ("mid", *to, "--cap", "FileRead"), 2, "--cap KIND=SCOPE"),
        ("mid", ("mid", *to, "--cap", "Fileread=docs"), 2, "did you mean `FileRead`?"),
        ("mid", ("mid", *to), 2, "grants something"),
        ("mid", ("mid", *DOCS), 2, "--to KEY"),
        ("mid", ("mid", *to, *DOCS, "--expires", "soon"), 2, "12h, 30d, 8w or 1y"),
        ("mid", ("nobody", *to, *DOCS), 2, "there are `agent`, `mid`"),
        ("mid", ("mid", *to, *DOCS, "--out", "../x"), 2, "cannot be the name of a chain"),
        ("mid", ("mid", "--to", team.pub("agent"), *DOCS), 2, "there is a chain `agent` already"),
    ):
        got, _, err = team.run(who, "attest", "delegate", *words)
        assert (got, said in err) == (code, True), (words, err)
    assert attest_files.chain_names(str(team.project)) == ["agent", "mid"], "nothing was written"


def test_verify_says_whether_something_is_granted(team: Team) -> None:
    team.chains()
    assert team.json("cleo", "verify", "agent", "--cap", "FileRead=docs/api/a.md")["chains"][0]["allowed"] is True
    found = team.json("cleo", "verify", "agent", "--cap", "FileWrite=docs/api", code=5)
    assert found["chains"][0]["allowed"] is False and found["chains"][0]["holds"]
    code, _, err = team.run("cleo", "attest", "verify", "agent", "--cap", "FileRead=docs")
    assert code == 5 and "not granted: FileRead(docs)" in err


def test_a_file_that_was_edited_names_the_link(team: Team) -> None:
    team.chains()
    path = team.file("chains/agent.jsonl")
    first, second = path.read_text().splitlines()
    value = json.loads(second)
    value["payload"] = value["payload"][:40] + ("A" if value["payload"][40] != "A" else "B") + value["payload"][41:]
    path.write_text(f"{first}\n{json.dumps(value)}\n")
    code, out, _ = team.run("cleo", "attest", "verify", "agent")
    assert code == 6 and "link 2: its signature does not hold" in out
    found = team.json("cleo", "verify", "agent", code=6)["chains"][0]
    assert (found["state"], found["link"]) == ("edited", 2)
    path.write_text("junk\n")
    assert team.json("cleo", "verify", "agent", code=6)["chains"][0]["state"] == "malformed"
    path.write_text("")
    assert team.json("cleo", "verify", "agent", code=6)["chains"][0]["state"] == "empty"


def test_revoking_a_parent_revokes_its_children(team: Team) -> None:
    team.chains()
    mid = team.json("cleo", "verify", "mid")["chains"][0]["links"][0]
    waits = team.ok("ana", "attest", "revoke", mid["id"], "--reason", "a  lost laptop")
    assert "1 of 2" in waits and team.run("cleo", "attest", "verify")[0] == 0, "one holder alone changes nothing"
    team.ok("ben", "attest", "sign", "revocations", "--yes")
    code, out, _ = team.run("cleo", "attest", "verify")
    assert code == 6 and out.count("was revoked: a lost laptop") == 2
    shown = team.json("cleo", "show")
    assert shown["revocations"]["ids"] == {mid["id"]: "a lost laptop"} and shown["revocations"]["number"] == 2


@pytest.mark.parametrize("how", ["fingerprint", "file", "own list"])
def test_a_key_is_revoked(how: str, team: Team) -> None:
    team.chains()
    if how == "own list":
        team.ok("ana", "key", "revoke", team.pub("mid"))
    else:
        link = team.json("cleo", "verify", "mid")["chains"][0]["links"][0]
        team.ok("ana", "attest", "revoke", link["fingerprint"] if how == "fingerprint" else team.pub("mid"))
        team.ok("ben", "attest", "sign", "revocations", "--yes")
    found = team.json("cleo", "verify", code=6)["chains"]
    assert [(one["state"], one["link"]) for one in found] == [("revoked", 1), ("revoked", 1)]


def test_an_older_list_is_refused_once_a_newer_one_was_seen(team: Team) -> None:
    team.chains()
    old = team.file("revocations.json").read_bytes()
    team.ok("ana", "attest", "revoke", "a" * 32)
    team.ok("ben", "attest", "sign", "revocations", "--yes")
    new = team.file("revocations.json").read_bytes()
    assert team.run("cleo", "attest", "verify")[0] == 0
    team.file("revocations.json").write_bytes(old)
    code, _, err = team.run("cleo", "attest", "verify")
    assert code == 6 and "number 1, and 2 was seen here" in err
    team.file("revocations.json").unlink()
    code, _, err = team.run("cleo", "attest", "verify")
    assert code == 6 and "is gone" in err
    team.file("revocations.json").write_bytes(new)
    assert team.run("cleo", "attest", "verify")[0] == 0


def test_what_is_revoked_while_another_list_waits_joins_it(team: Team) -> None:
    team.root()
    team.ok("ana", "attest", "revoke", "a" * 32, "--reason", "one")
    team.ok("ana", "attest", "revoke", team.pub("mid"))
    said = team.ok("ben", "attest", "sign", "revocations", "--yes")
    assert "revoked: 2 entries" in said, "who signs sees both"
    found = team.json("cleo", "show")["revocations"]
    assert found["number"] == 2 and found["ids"] == {"a" * 32: "one"} and len(found["keys"]) == 1


def test_nothing_is_signed_on_top_of_what_was_rolled_back(team: Team) -> None:
    """Or a new list would let what was revoked back in, with a number that nobody doubts."""
    team.chains()
    old = team.file("revocations.json").read_bytes()
    team.ok("ana", "attest", "revoke", team.pub("mid"))
    team.ok("ben", "attest", "sign", "revocations", "--yes")
    team.run("ana", "attest", "verify")
    team.file("revocations.json").write_bytes(old)
    for words in (("revoke",), ("root", "rotate"), ("issue", "--to", team.pub("cleo"), *DOCS), ("show",)):
        code, _, err = team.run("ana", "attest", *words)
        assert code == 6 and "number 1, and 2 was seen here" in err, words
    assert not team.file("pending").exists()


def test_a_crash_between_a_new_root_and_its_list_can_be_healed(team: Team) -> None:
    team.chains()
    team.ok("ana", "attest", "root", "rotate")
    team.run("ben", "attest", "sign", "root", "--yes")
    old = team.file("revocations.json").read_bytes()
    team.ok("ana", "attest", "root", "rotate", "--holder", team.pub("cleo"), "--remove", "ben")
    team.ok("cleo", "attest", "sign", "root", "--yes")
    waiting = team.file("pending/revocations.json").read_bytes()
    team.ok("ben", "attest", "sign", "root", "--yes")
    team.file("revocations.json").write_bytes(old)
    team.file("pending").mkdir()
    team.file("pending/revocations.json").write_bytes(waiting)
    code, _, err = team.run("mid", "attest", "verify")
    assert code == 6 and "1 of 2 signatures" in err
    team.ok("ana", "attest", "sign", "revocations", "--yes")
    assert team.json("mid", "verify", code=6)["revocations"] == 3 and not team.file("pending").exists()


def test_past_its_end_a_list_is_told_and_with_locked_refused(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    team.chains()
    team.ok("ana", "attest", "revoke", "--expires", "1h")
    team.ok("ben", "attest", "sign", "revocations", "--yes")
    later = time.time() + 7200
    monkeypatch.setattr(time, "time", lambda: later)
    code, _, err = team.run("cleo", "attest", "verify")
    assert code == 0 and "warning: the list of revocations held until" in err
    code, _, err = team.run("cleo", "attest", "verify", "--locked")
    assert code == 6 and "may be kept from you" in err
    monkeypatch.setattr(time, "time", lambda: later - 14_400)
    code, out, _ = team.run("cleo", "attest", "verify")
    assert code == 6 and "is this machine's clock right?" in out


def test_the_root_is_replaced_by_old_and_new_keys(team: Team) -> None:
    team.chains()
    said = team.ok("ana", "attest", "root", "rotate", "--remove", "ben", "--holder", team.pub("cleo"))
    assert "1 of 2 signatures of the keys before it" in said
    assert team.run("mid", "attest", "verify")[0] == 0, "the old one holds until the new one does"
    code, _, err = team.run("ana", "attest", "revoke", "a" * 32)
    assert code == 2 and "a new root waits" in err
    said = team.ok("cleo", "attest", "sign", "root", "--yes")
    assert "1 of 2 signatures of the keys before it" in said, "two new ones are not enough"
    said = team.ok("ben", "attest", "sign", "root", "--yes")
    assert "the new root has not signed: agent, mid" in said
    assert team.file("roots/2.json").exists() and not team.file("pending").exists()
    found = team.json("mid", "verify", code=6)
    assert found["root"]["version"] == 2 and {one["state"] for one in found["chains"]} == {"too-few"}
    for name in ("mid", "agent"):
        team.ok("cleo", "attest", "sign", name, "--yes")
    assert team.json("mid", "verify")["revocations"] == 2
    team.file("roots/1.json").unlink()
    code, _, err = team.run("mid", "attest", "verify")
    assert code == 6 and "has a gap" in err


def test_a_root_of_somebody_else_is_refused_once_ours_was_seen(team: Team) -> None:
    team.chains()
    assert team.run("cleo", "attest", "verify")[0] == 0
    for path in (*team.file("roots").iterdir(), team.file("revocations.json")):
        path.unlink()
    team.ok("agent", "attest", "root", "init", "--holder", "agent", "--name", "acme")
    code, _, err = team.run("cleo", "attest", "verify")
    assert code == 6 and "another one than was seen here" in err


def test_a_root_of_one_key_is_made_and_warned_of(team: Team) -> None:
    said = team.ok("ana", "attest", "root", "init", "--holder", "ana")
    assert "a root of one key" in said and team.json("ana", "show")["root"]["name"] == "shop"


def test_what_others_may_write_is_not_believed(team: Team) -> None:
    team.chains()
    for path in (team.file("roots/1.json"), team.file("roots"), team.file("revocations.json")):
        mode = path.stat().st_mode
        path.chmod(mode | 0o002)
        code, _, err = team.run("cleo", "attest", "verify")
        assert code == 5 and "can be written by others" in err, path
        path.chmod(mode)
    team.file("roots").rename(team.base / "elsewhere")
    team.file("roots").symlink_to(team.base / "elsewhere")
    code, _, err = team.run("cleo", "attest", "verify")
    assert code == 6 and "a link could lead anywhere" in err


def test_json_exports_everything_that_another_program_needs(team: Team) -> None:
    team.chains()
    found = team.json("cleo", "show")
    assert found["root"]["threshold"] == 2 and found["problem"] is None and found["waiting"] == []
    agent = next(one for one in found["chains"] if one["name"] == "agent")
    again = "".join(json.dumps(one) + "\n" for one in agent["envelopes"]).encode()
    assert chain.parse(again, "x") == attest_files.read_chain(str(team.file("chains/agent.jsonl")))
    assert agent["links"][1]["issuer"] == "mid" and agent["path"] == ".driven/trust/chains/agent.jsonl"


def test_what_is_shown_cannot_steer_the_terminal(team: Team) -> None:
    team.chains()
    team.file("chains/\x1b[2Jx.jsonl").write_bytes(team.file("chains/mid.jsonl").read_bytes())
    out = team.ok("cleo", "attest", "show")
    assert "\x1b" not in out and "\\e[2Jx" in out


def test_a_project_without_attestations_says_so(team: Team) -> None:
    out = team.run("ana", "attest", "show")
    assert out[0] == 0 and "there is no root of trust here" in out[2]
    assert team.json("ana", "show")["root"] is None


@pytest.fixture
def agent_socket(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """A real ssh-agent that holds given keys: gives its socket."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*keys: Path) -> str:
        path = f"/tmp/driven-agent-{os.getpid()}"  # a socket's path is short
        program = [need("ssh-agent", "openssh-client"), "-D", "-a", path]
        process = subprocess.Popen(program, stdout=subprocess.PIPE)
        running.append(process)
        assert process.stdout is not None
        process.stdout.readline()  # it says where it listens once it does
        add = [need("ssh-add", "openssh-client"), "-q", *map(str, keys)]
        subprocess.run(add, check=True, env={**os.environ, "SSH_AUTH_SOCK": path})
        return path

    yield start
    for process in running:
        process.terminate()
        process.communicate(timeout=10)


def test_keys_of_ssh_agent_sign(team: Team, agent_socket: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Both keys of the root in an agent, and no file of a key in sight."""
    socket = agent_socket(team.base / "ana/driven/keys/ana", team.base / "ben/driven/keys/ben")
    monkeypatch.setenv("SSH_AUTH_SOCK", socket)
    holders = ("--holder", team.pub("ana"), "--holder", team.pub("ben"))
    team.ok("nobody", "attest", "root", "init", *holders, "--name", "acme")
    team.ok("nobody", "attest", "issue", "--to", team.pub("agent"), *DOCS)
    monkeypatch.delenv("SSH_AUTH_SOCK")
    assert team.run("nobody", "attest", "verify", "--locked")[0] == 0
