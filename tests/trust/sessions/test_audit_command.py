"""`driven audit` as its user sees it, and ssh-keygen as the judge of what it signs."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from driven.grammar.commands import COMMANDS
from driven.trust import canonical
from driven.trust.audit import LOG, NAMESPACE, AuditLog
from tests.cli.conftest import faults
from tests.trust.tools import need

SCHEMAS = {verb.name: json.loads(verb.result) for one in COMMANDS if one.name == "audit" for verb in one.verbs}
Driven = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    (root / ".driven").mkdir(parents=True)
    (root / ".driven/config.toml").write_text("version = 1\n")
    (tmp_path / "home").mkdir(mode=0o700)
    return root


@pytest.fixture
def driven(project: Path) -> Driven:
    names = ("PATH", "LANG", "LC_ALL")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    environment |= {"HOME": str(project.parent / "home"), "XDG_CONFIG_HOME": str(project.parent / "home")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "driven", *words], cwd=project, env=environment, capture_output=True, text=True
        )

    return run


def fill(project: Path) -> Path:
    path = project / LOG
    with AuditLog(str(path)) as log:
        log.record({"event": "host.read", "subject": "spell.py", "target": "FileRead(docs/a.md)", "bytes": 12})
        log.record({"event": "host.write", "outcome": "denied", "guest": "spell.py", "scope": "FileWrite(.git/hooks/x)",
                    "why": "the manifest lacks it"})  # fmt: skip
        log.record({"event": "violation", "outcome": "violation", "subject": "spell.py\x1b[31m", "tried": "socket"})
    return path


def answer(done: subprocess.CompletedProcess[str], verb: str, code: int = 0) -> Any:
    assert (done.returncode, done.stderr) == (code, ""), done
    data = json.loads(done.stdout)["data"]
    assert faults(data, SCHEMAS[verb]) == []
    return data


def test_nothing_ran_yet(driven: Driven) -> None:
    for verb in ("show", "verify"):
        done = driven("audit", verb)
        assert done.returncode == 0 and done.stdout.startswith("there is no audit log: nothing ran here yet")
    assert answer(driven("audit", "show", "--json"), "show") == {"entries": []}
    assert answer(driven("audit", "verify", "--json"), "verify")["head"] == ""
    done = driven("audit", "sign")
    assert done.returncode == 2 and "no audit log to sign" in done.stderr
    assert "nothing was denied" in driven("audit", "show", "--denied").stdout


def test_show(driven: Driven, project: Path) -> None:
    fill(project)
    rows = driven("audit", "show", "--last", "3").stdout.splitlines()
    assert rows[0].split() == ["When", "(UTC)", "What", "Who", "Which", "Why"]
    assert rows[1].split()[3:] == ["allowed", "host.read", "spell.py", "FileRead(docs/a.md)"]
    assert rows[2].split()[3:7] == ["denied", "host.write", "spell.py", "FileWrite(.git/hooks/x)"]
    assert rows[2].endswith("  the manifest lacks it")
    assert rows[3].split()[3:] == ["violation", "violation", "spell.py\\e[31m", "socket"], "what it says cannot colour"
    assert "bytes=12" in driven("audit", "show", "--verbose").stdout
    assert len(driven("audit", "show", "--denied").stdout.splitlines()) == 3
    data = answer(driven("audit", "show", "--last", "1", "--denied", "--json"), "show")
    assert [(one["seq"], one["told"]["tried"]) for one in data["entries"]] == [(3, "socket")]
    assert len(answer(driven("audit", "show", "--all", "--json"), "show")["entries"]) == 4
    assert driven("audit", "show", "--last", "0").returncode == 2


def test_verify(driven: Driven, project: Path) -> None:
    path = fill(project)
    done = driven("audit", "verify")
    assert done.returncode == 0
    assert done.stdout.startswith("4 entries, unbroken: 1 allowed, 1 denied, 1 violation, 1 note\nsigned: never:")
    head = answer(driven("audit", "verify", "--json"), "verify")["head"]
    assert f"head: {head}\n" in done.stdout
    assert driven("audit", "verify", "--head", head).returncode == 0
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    done = driven("audit", "verify", "--head", head)
    assert (done.returncode, done.stderr) == (
        6,
        "cut: the end was cut off: the head names entry 3, the last one here is 2\n",
    )
    path.write_bytes(whole.replace(b'"bytes":12', b'"bytes":13'))
    done = driven("audit", "verify")
    assert (done.returncode, done.stderr) == (6, "edited: line 2: it was changed after the next line was written\n")
    assert "4 entries, broken" in done.stdout and "head:" not in done.stdout
    data = answer(driven("audit", "verify", "--json"), "verify", 6)
    assert data["whole"] is False and data["faults"][0]["kind"] == "edited"
    for text in ("3", "x:y", f"3:{'A' * 64}", f"{'9' * 20}:{'a' * 64}"):
        done = driven("audit", "verify", "--head", text)
        assert done.returncode == 2 and "is no head" in done.stderr
    assert driven("audit", "sign").returncode == 6, "a signature would say that it is whole"


def test_a_link_in_its_place_is_refused(driven: Driven, project: Path) -> None:
    path = fill(project)
    path.rename(project / "elsewhere")
    path.symlink_to(project / "elsewhere")
    for verb in ("show", "verify"):
        done = driven("audit", verb)
        assert done.returncode == 2 and "it is a link" in done.stderr and "hint:" in done.stderr


def test_signed_by_us_and_read_by_ssh_keygen(driven: Driven, project: Path) -> None:
    keygen = need("ssh-keygen", "openssh-client")
    path = fill(project)
    assert driven("key", "generate", "ana@example.org", "--no-passphrase").returncode == 0
    done = driven("audit", "sign")
    assert done.returncode == 0 and done.stdout.startswith("signed: up to entry 3, by ana@example.org (")
    done = driven("audit", "verify")
    assert "signed: up to entry 3, by ana@example.org (a key of your own)\n" in done.stdout and done.returncode == 0
    assert answer(driven("audit", "sign", "--key", "ana@example.org", "--json"), "sign")["signed"] == 3

    # With nothing of ours: the head as its file has it, and ssh-keygen.
    head = json.loads(Path(f"{path}.head").read_bytes())
    message = json.dumps(head["head"], sort_keys=True, separators=(",", ":")).encode() + b"\n"
    signature, signers = project / "head.sig", project / "signers"
    signature.write_text(head["signature"])
    line = json.loads(driven("key", "show", "ana@example.org", "--json").stdout)["data"]["public"]
    signers.write_text(f"ana {line}\n")
    words = [keygen, "-Y", "verify", "-f", str(signers), "-I", "ana", "-n", NAMESPACE, "-s", str(signature)]
    assert subprocess.run(words, input=message, capture_output=True).returncode == 0
    assert subprocess.run(words, input=message.replace(b'"seq":3', b'"seq":2'), capture_output=True).returncode != 0

    # A stranger's: the same log, signed by a key that nobody here knows.
    (project.parent / "home/driven/keys").rename(project.parent / "away")
    done = driven("audit", "verify")
    assert done.returncode == 6 and done.stderr.startswith("signature: the head's signature does not hold: nobody")
    signers.parent.joinpath(".driven/trust").mkdir()
    (project / ".driven/trust/allowed_signers").write_text(f'ana namespaces="{NAMESPACE}" {line}\n')
    done = driven("audit", "verify")
    assert done.returncode == 0 and "by ana\n" in done.stdout
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[:-1]))
    assert driven("audit", "verify").returncode == 6

    # The end cut off, and the head made to fit by who has no key.
    cut = {**head["head"], "seq": 2, "hash": hashlib.sha256(whole[2]).hexdigest()}
    Path(f"{path}.head").write_bytes(canonical.dump({"head": cut, "signature": head["signature"]}))
    done = driven("audit", "verify")
    assert done.returncode == 6 and done.stderr.startswith("signature: the head's signature does not hold: ")


def test_a_key_of_ones_own_that_was_revoked_is_not_believed(driven: Driven, project: Path) -> None:
    fill(project)
    assert driven("key", "generate", "ana@example.org", "--no-passphrase").returncode == 0
    assert driven("audit", "sign").returncode == 0 and driven("audit", "verify").returncode == 0
    assert driven("key", "revoke", "ana@example.org").returncode == 0
    done = driven("audit", "verify")
    assert done.returncode == 6 and "was revoked" in done.stderr
