"""Some people with keys of their own, the project that they share, and what each of them runs in it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import pytest

from driven.cli.app import main
from driven.grammar.commands import COMMANDS
from driven.grammar.conform import fault

NOUN = next(one for one in COMMANDS if one.name == "attest")
PEOPLE = ("ana", "ben", "cleo", "mid", "agent")
DOCS = ("--cap", "FileRead=docs", "--path", "docs")


class Team:
    """Some people and the project that they share. `team.ana("attest show")` gives (exit code, stdout, stderr)."""

    def __init__(self, base: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.base = base
        self.project = base / "shop"
        self._patch = monkeypatch
        self._capsys = capsys
        (self.project / ".driven/rules").mkdir(parents=True)
        (self.project / ".driven/config.toml").write_text("version = 1\n")
        (base / "pub").mkdir()
        for who in PEOPLE:
            self.run(who, "key", "generate", who, "--no-passphrase")
            text = (base / who / "driven/keys" / f"{who}.pub").read_text()
            (base / "pub" / f"{who}.pub").write_text(text)
        self._patch.chdir(self.project)

    def run(self, who: str, *words: str) -> tuple[int, str, str]:
        """A command as that person runs it."""
        self._patch.setenv("XDG_CONFIG_HOME", str(self.base / who))
        self._capsys.readouterr()
        code = main([*words, "--root", str(self.project)])
        found = self._capsys.readouterr()
        return code, found.out, found.err

    def ok(self, who: str, *words: str) -> str:
        code, out, err = self.run(who, *words)
        assert code == 0, err
        return out + err

    def json(self, who: str, verb: str, *words: str, code: int = 0) -> Any:
        """The data of `driven attest VERB … --json`, held against its schema."""
        got, out, err = self.run(who, "attest", verb, *words, "--json")
        assert (got, err) == (code, "")
        envelope = json.loads(out)
        schema = next(one.result for one in NOUN.verbs if one.name == verb)
        if envelope["ok"]:
            assert fault(envelope["data"], json.loads(schema)) == ""
        return envelope["data"] if envelope["ok"] else envelope["error"]

    def pub(self, who: str) -> str:
        return str(self.base / "pub" / f"{who}.pub")

    def file(self, path: str) -> Path:
        return self.project / ".driven/trust" / path

    def root(self) -> None:
        """A root of Ana and Ben, complete."""
        self.ok("ana", "attest", "root", "init", "--holder", "ana", "--holder", self.pub("ben"), "--name", "acme")
        self.ok("ben", "attest", "sign", "root", "--yes")

    def chains(self) -> None:
        """root -> mid -> agent, and the root."""
        self.root()
        self.ok("ana", "attest", "issue", "--to", self.pub("mid"), *DOCS, "--depth", "1")
        self.ok("ben", "attest", "sign", "mid", "--yes")
        words = ("--cap", "FileRead=docs/api", "--path", "docs/api", "--expires", "7d")
        self.ok("mid", "attest", "delegate", "mid", "--to", self.pub("agent"), *words)


def typed(words: list[str], answer: str, folder: Path, env: dict[str, str]) -> tuple[str, int]:
    """What a program prints on a terminal where that answer is typed once it asks, and its exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(words, cwd=folder, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    while True:
        try:
            more = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not more:
            break
        said += more
        if b"[y/N]" in said and answer:
            os.write(ours, answer.encode() + b"\n")
            answer = ""
    os.close(ours)
    return said.decode(), process.wait(timeout=60)
