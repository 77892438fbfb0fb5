"""`driven key`, `sign` and `verify` as a person uses them, with a passphrase typed at a real terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from driven.cli.app import main
from driven.grammar.commands import COMMANDS
from driven.trust import minisign, ssh_private
from driven.trust.key_store import Store

from ..tools import need
from .kit import line, person, run, seed_of

Drive = Callable[..., Any]
ANA, BEN = person(1), person(2)
SCHEMAS = {c.name: c.result for c in COMMANDS if not c.verbs} | {
    f"{c.name} {v.name}": v.result for c in COMMANDS for v in c.verbs
}


class Ran:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def drive(capsys: pytest.CaptureFixture[str]) -> Drive:
    def call(*words: str) -> Ran:
        capsys.readouterr()
        code = main(words)
        said = capsys.readouterr()
        assert "bug in driven" not in said.err, said.err
        return Ran(code, said.out, said.err)

    return call


@pytest.fixture
def answer(drive: Drive) -> Drive:
    """What `--json` says, which is what its schema says."""

    def call(words: str, *more: str, code: int = 0) -> Any:
        ran = drive(*words.split(), *more, "--json")
        assert ran.code == code, ran.out + ran.err
        envelope = json.loads(ran.out)
        if envelope["ok"]:
            Draft202012Validator(json.loads(SCHEMAS[words])).validate(envelope["data"])
        return envelope["data"] or envelope["error"]

    return call


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one rule, built, of somebody with no keys."""
    folder = tmp_path / "shop"
    (folder / ".driven" / "rules").mkdir(parents=True)
    (folder / ".driven" / "config.toml").write_text("version = 1\n")
    (folder / ".driven" / "rules" / "errors.md").write_text("# Errors\n\nSay what.\n")
    for name in ("SSH_AUTH_SOCK", "DRIVEN_SIGNING_KEY", "XDG_CONFIG_HOME", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(folder)
    assert main(["build", "--quiet"]) == 0
    return folder


@pytest.fixture
def signed(project: Path, drive: Drive) -> Path:
    """The same, of Ana, who is trusted and has signed."""
    assert drive("key", "generate", "ana@example.org", "--no-passphrase").code == 0
    assert drive("key", "trust", "ana@example.org").code == 0
    assert drive("sign").code == 0
    return project


def test_the_first_session(project: Path, drive: Drive) -> None:
    ran = drive("sign")
    assert ran.code == 2 and "you have no key to sign with" in ran.err and "driven key generate" in ran.err
    made = drive("key", "generate", "ana@example.org", "--no-passphrase")
    assert made.code == 0 and made.out.startswith("+ ~/.config/driven/keys/ana@example.org\n  SHA256:")
    assert "driven key trust ana@example.org" in made.out and "no passphrase: guard the file" in made.out
    ran = drive("sign")
    assert ran.code == 0 and "nobody here trusts this key yet" in ran.err and "from ~/.config/driven/keys" in ran.out
    ran = drive("verify")
    assert ran.code == 6 and "untrusted" in ran.out and "there is no list of signers" in ran.err
    assert "commit it" in drive("key", "trust", "ana@example.org").out
    assert "nothing to do" in drive("key", "trust", "ana@example.org").out
    ran = drive("verify")
    assert ran.code == 0 and ran.out.splitlines()[0].split()[1:] == [
        "ok", ".driven/rules.drv", "by", "ana@example.org", "rules", "1",
    ]  # fmt: skip
    listed = drive("key", "list").out
    assert "trusted as ana@example.org" in listed and ".driven/trust/allowed_signers:3" in listed
    words = ("-f", ".driven/trust/allowed_signers", "-I", "ana@example.org", "-n", "driven-pack@v1", "-s")
    keygen = need("ssh-keygen", "openssh-client")
    data = (project / ".driven" / "rules.drv.manifest").read_bytes()
    assert run(keygen, "-Y", "verify", *words, ".driven/rules.drv.sig", data=data).returncode == 0


def test_every_state_in_json(signed: Path, drive: Drive, answer: Drive) -> None:
    (only,) = answer("verify")["results"]
    assert (only["state"], only["signer"], only["path"]) == ("ok", "ana@example.org", ".driven/rules.drv")
    assert only["fingerprint"].startswith("SHA256:") and len(only["digest"]) == 64
    assert answer("verify", "--by", "ben", code=6)["results"][0]["state"] == "principal"
    built = drive("build")
    assert built.code == 0 and "the signature beside it is of what stood there before: driven sign" in built.out
    (only,) = answer("verify", code=6)["results"]
    assert (only["state"], [one["kind"] for one in only["problems"]]) == ("bad", ["changed"])
    assert drive("sign", "--pack-version", "2").code == 0
    assert answer("verify")["results"][0]["version"] == "2"
    (signed / "other.drv").write_bytes((signed / ".driven" / "rules.drv").read_bytes())
    assert answer("verify", "other.drv", code=6)["results"][0]["message"].startswith("it says that it is signed")
    (signed / "other.drv").write_bytes(b"x")
    both = {one["path"]: one["state"] for one in answer("verify", ".", "other.drv", code=6)["results"]}
    assert both == {".driven/rules.drv": "ok", "other.drv": "unsigned"}
    assert answer("verify", "nothing", code=2)["message"] == "`nothing` is not there"
    (signed / "empty").mkdir()
    assert answer("verify", "empty", code=2)["message"] == "there is no .drv and no pack in `empty`"
    listed = signed / ".driven" / "trust" / "allowed_signers"
    before = listed.read_text()
    listed.write_text(before.replace(' namespaces="', ' valid-before="20200101Z",namespaces="'))
    assert answer("verify", code=6)["results"][0]["state"] == "expired"
    assert answer("verify", "--at", "2019-12-31")["at"] == 1577750400
    listed.write_text(before)
    drive("key", "trust", "ana@example.org", "--from", "2090-01-01T10:00")
    assert answer("verify", code=6)["results"][0]["state"] == "early"
    assert answer("verify", "--at", "soon", code=2)["hint"] == "write 2026-11-22, or 2026-11-22T13:30"
    data = answer("key revoke", "ana@example.org")
    assert answer("verify", code=6)["results"][0]["state"] == "revoked" and len(data["fingerprints"]) == 1
    assert answer("key list")["revoked"] == data["fingerprints"]
    assert "was revoked" in answer("key trust", "ana@example.org", code=6)["message"]
    assert "was revoked" in answer("sign", code=6)["message"]


def test_a_folder_of_packs(signed: Path, drive: Drive, answer: Drive) -> None:
    for name in ("one", "two", "three"):
        folder = signed / "packs" / name
        folder.mkdir(parents=True)
        (folder / "pack.toml").write_text(
            f'name = "{name}"\nversion = "1.{len(name)}.0"\ndriven = "0.1.0"\n[capabilities]\nFileRead = ["docs"]\n'
        )
        (folder / "rule.md").write_text("# A rule\n")
    done = answer("sign", "packs/one", "packs/two")
    assert [(one["name"], one["version"], one["files"]) for one in done["signed"]] == [
        ("one", "1.3.0", 2), ("two", "1.3.0", 2),
    ]  # fmt: skip
    manifest = json.loads((signed / "packs" / "one" / "pack.manifest").read_text())
    assert manifest["capabilities"]["capabilities"] == {"FileRead": ["docs"]} and manifest["min_driven"] == "0.1.0"
    (signed / "packs" / "two" / "more.md").write_text("x")
    found = {one["path"]: one["state"] for one in answer("verify", "packs", code=6)["results"]}
    assert found == {"packs/one": "ok", "packs/three": "unsigned", "packs/two": "bad"}
    ran = drive("verify", "packs")
    assert "1 of 3 signed by somebody who is trusted here" in ran.out
    assert "`more.md` stands in the pack and was not signed" in ran.out
    assert answer("verify", "packs/one/pack.manifest")["results"][0]["path"] == "packs/one"
    assert "says its name and version" in answer("sign", "packs/one", "--name", "x", code=2)["message"]


def test_what_hides_something_is_not_signed(signed: Path, drive: Drive, answer: Drive) -> None:
    rule = signed / ".driven" / "rules" / "errors.md"
    rule.write_text("# Errors\n\nSay\u202e what.\n")
    drive("build")
    said = answer("sign", code=2)
    assert said["message"].startswith("errors.md:3:4: GEN07 ") and "explain-code GEN07" in said["hint"]
    (signed / "pack").mkdir()
    (signed / "pack" / "a.md").write_text("fine\n")
    (signed / "pack" / "b.md").write_text("# B\n\U000e0041\U000e0042\n")
    assert "pack/b.md:2:1: GEN07 " in answer("sign", "pack", code=2)["message"]
    assert not (signed / "pack" / "pack.manifest").exists()


def test_signatures_that_stand_alone_are_found(signed: Path, answer: Drive) -> None:
    (signed / ".driven" / "rules.drv").unlink()
    (only,) = answer("verify", code=6)["results"]
    assert only["message"] == "`rules.drv` was signed and is not there"


def test_minisign(signed: Path, drive: Drive, answer: Drive) -> None:
    program = need("minisign", "minisign")
    (signed / ".driven" / "rules.drv.sig").unlink()
    assert answer("sign", "--format", "minisign")["signed"][0]["signature"].endswith("rules.drv.manifest.minisig")
    assert drive("verify").code == 0
    key = answer("key show", "ana@example.org")["minisign"]
    said = run(program, "-V", "-P", key, "-m", ".driven/rules.drv.manifest")
    assert said.returncode == 0 and b'{"pack":"rules","version":"1"}' in said.stdout


def test_trust_is_a_persons_to_say(project: Path, drive: Drive, answer: Drive, tmp_path: Path) -> None:
    path = tmp_path / "ben.pub"
    path.write_text(BEN.key.line + " ben@example.org\n")
    refused = answer("key trust", str(path), code=5)
    assert refused["message"] == f"nobody said that ben@example.org has the key {BEN.key.fingerprint}"
    assert answer("key trust", str(path), "--fingerprint", ANA.key.fingerprint, code=5)["hint"].startswith("it is anot")
    assert not (project / ".driven" / "trust").exists()
    assert answer("key trust", str(path), "--fingerprint", BEN.key.fingerprint)["changed"] is True
    assert answer("key trust", str(path), "--yes")["changed"] is False
    path.write_text(minisign.write_public(ANA.key))
    assert "does not say whose it is" in answer("key trust", str(path), "--yes", code=2)["message"]
    assert answer("key trust", str(path), "--yes", "--as", "ana")["signer"] == "ana"
    assert answer("key trust", str(path), "--yes", "--as", "ana", "--user")["list"].startswith(str(tmp_path / "home"))
    assert [one["signer"] for one in answer("key list")["signers"]] == ["ben@example.org", "ana", "ana"]
    for word in ("a b", "*", "x,y", "!x"):
        assert answer("key trust", str(path), "--yes", "--as", word, code=2)["message"].startswith(f"`{word}` cannot")


def test_a_time_in_which_a_key_would_never_hold(signed: Path, drive: Drive, answer: Drive) -> None:
    listed = signed / ".driven" / "trust" / "allowed_signers"
    before = listed.read_bytes()
    today = time.strftime("%Y-%m-%d", time.gmtime())
    for word in ("2020-01-01", "1970-01-01T00:01", today):
        said = answer("key trust", "ana@example.org", "--until", word, code=2)
        assert said["message"].startswith(f"--until {word}: that is over, today is {today} "), said
        assert "driven key revoke" in said["hint"]
    said = answer("key trust", "ana@example.org", "--from", "2091-01-01", "--until", "2090-01-01", code=2)
    assert said["message"] == "--until 2090-01-01 is not after --from 2091-01-01"
    assert listed.read_bytes() == before
    words = ("--from", "2020-01-01", "--until", "2090-01-01")
    assert answer("key trust", "ana@example.org", *words)["changed"] and drive("verify").code == 0


SECRETS = {
    "a list of passwords": "root:$6$hunter2:19000:0:99999:7:::\ndaemon:*:19000::::::\n",
    "a token that begins as a key may": "sk-proj-hunter2 rest\n",
    "another": "ssh-hunter2\n",
    "a certificate of nobody": "hunter2-cert-v01@openssh.com AAAA\n",
    "a key that is none": "ssh-ed25519 hunter2\n",
    "a key of another kind": "ssh-ed25519 AAAAB2h1bnRlcjI=\n",
    "a key, and more": BEN.key.line + " ben\nhunter2\n",
    "minisign": "untrusted comment: hunter2\nhunter2\n",
    "nothing": "\n\n",
}


@pytest.mark.parametrize("what", SECRETS)
@pytest.mark.parametrize("words", ["key trust", "key show", "key revoke", "attest root init --holder"])
def test_a_file_that_is_no_key_is_named_and_not_shown(
    project: Path, drive: Drive, tmp_path: Path, what: str, words: str
) -> None:
    path = tmp_path / "shadow"
    path.write_text("# a comment\n" + SECRETS[what] if what != "minisign" else SECRETS[what])
    ran = drive(*words.split(), str(path))
    assert ran.code in (2, 6) and "hunter2" not in ran.out + ran.err and ran.out == ""
    line = {"a key, and more": ":3", "minisign": "", "nothing": ":1"}.get(what, ":2")
    assert f"`{path}{line}`" in ran.err, ran.err
    assert not (project / ".driven" / "trust").exists()


def test_a_list_keeps_what_a_person_wrote(project: Path, drive: Drive) -> None:
    path = project / ".driven" / "trust" / "allowed_signers"
    path.parent.mkdir()
    path.write_text("# of the house\n\n" + line(BEN.key, "ben") + "# the end")
    drive("key", "generate", "ana", "--no-passphrase")
    assert drive("key", "trust", "ana").code == 0
    text = path.read_text()
    assert text.startswith("# of the house\n\n" + line(BEN.key, "ben") + "# the end\nana namespaces=")
    path.write_text("this is no list\n")
    ran = drive("key", "trust", "ana", "--as", "x")
    assert ran.code == 6 and "allowed_signers:1" in ran.err and path.read_text() == "this is no list\n"


@pytest.mark.parametrize(
    "words",
    [["verify"], ["sign"], ["key", "list"], ["key", "trust", "ana@example.org"],
     ["key", "rotate", "ana@example.org", "--no-passphrase"]],
)  # fmt: skip
def test_a_list_that_others_may_write_stops_everything(signed: Path, drive: Drive, words: list[str]) -> None:
    path = signed / ".driven" / "trust" / "allowed_signers"
    path.chmod(0o666)
    before = path.read_bytes()
    ran = drive(*words)
    assert ran.code == 5 and "can be written by others (mode 666): what it says is not believed" in ran.err
    assert "chmod go-w" in ran.err and path.read_bytes() == before


def test_a_key_follows_another(signed: Path, drive: Drive, answer: Drive, tmp_path: Path) -> None:
    store = signed / ".driven" / "trust" / "allowed_signers"
    theirs = tmp_path / "theirs" / ".driven" / "trust" / "allowed_signers"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(store.read_bytes())
    done = answer("key rotate", "ana@example.org", "--no-passphrase")
    assert done["old"] != done["fingerprint"] and len(done["written"]) == 3
    (own,) = answer("key list")["keys"]
    assert own["fingerprint"] == done["fingerprint"] and own["state"] == "ok"
    assert answer("verify", code=6)["results"][0]["state"] == "expired"
    assert drive("sign").code == 0 and drive("verify").code == 0
    kept = os.listdir(Path(os.environ["HOME"]) / ".config" / "driven" / "keys" / "retired")
    assert len(kept) == 2
    half = Path(Store.of(os.environ).path("ana@example.org.next"))
    half.write_bytes(b"x")
    assert "a rotation of `ana@example.org` was cut off" in answer(
        "key rotate", "ana@example.org", "--no-passphrase", code=2
    )["message"]  # fmt: skip
    half.unlink()
    keygen = need("ssh-keygen", "openssh-client")
    data, sig = Path(done["statement"]).read_bytes(), done["statement"] + ".sig"
    assert run(keygen, "-Y", "check-novalidate", "-n", "driven-key@v1", "-s", sig, data=data).returncode == 0
    # Somebody else takes it over, whose list has the old key.
    there = ("--root", str(tmp_path / "theirs"))
    assert answer("key trust", "--rotation", done["statement"], *there)["fingerprint"] == done["fingerprint"]
    assert [one["fingerprint"] for one in answer("key list", *there)["signers"]] == [done["old"], done["fingerprint"]]
    theirs.write_text(line(BEN.key, "ben"))
    refused = answer("key trust", "--rotation", done["statement"], *there, code=6)
    assert "was signed by a key that does not hold here: nobody who is trusted here" in refused["message"]
    Path(done["statement"]).write_bytes(data.replace(b'"at":', b'"at":1'))
    assert "does not hold" in answer("key trust", "--rotation", done["statement"], *there, code=6)["message"]


def test_a_revocation_list_for_ssh_keygen(signed: Path, drive: Drive, answer: Drive) -> None:
    keygen = need("ssh-keygen", "openssh-client")
    assert answer("key revoke", "ana@example.org", "--krl", "out.krl")["written"][-1] == "out.krl"
    public = Path(os.environ["HOME"]) / ".config" / "driven" / "keys" / "ana@example.org.pub"
    assert run(keygen, "-Q", "-f", "out.krl", public).returncode != 0
    Path("ben.pub").write_text(BEN.key.line)
    assert run(keygen, "-Q", "-f", "out.krl", "ben.pub").returncode == 0
    assert answer("key revoke", "ana@example.org")["written"] == []
    assert answer("key revoke", code=2)["message"] == "which key?"


def test_a_machine_signs(project: Path, drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIVEN_SIGNING_KEY", ssh_private.write(seed_of(1), "ci").decode())
    ran = drive("sign")
    assert ran.code == 0 and "from $DRIVEN_SIGNING_KEY" in ran.out
    assert not (Path(os.environ["HOME"]) / ".config").exists()


def test_no_passphrase_is_asked_for_where_nobody_sits(project: Path, drive: Drive) -> None:
    pytest.importorskip("bcrypt")
    ran = drive("key", "generate", "ana")
    assert ran.code == 2 and "--no-passphrase" in ran.err
    assert not Path(Store.of(os.environ).folder).exists()
    data = ssh_private.write(seed_of(1), "ana", "correct horse")
    Store.of(os.environ).add("ana", ANA.key.line + " ana", data)
    ran = drive("sign")
    assert ran.code == 6 and "has a passphrase" in ran.err and "ssh-add" in ran.err


def typed(words: list[str], answers: list[tuple[bytes, bytes]], env: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Run `driven` at a terminal of its own; each answer is typed once its question stands there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "driven", *words], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**os.environ, **(env or {})},
    )  # fmt: skip
    os.close(theirs)
    said, end = b"", time.monotonic() + 60
    left = list(answers)
    while time.monotonic() < end:
        if not select.select([ours], [], [], 0.2)[0]:
            if process.poll() is not None:
                break
            continue
        try:
            more = os.read(ours, 4096)
        except OSError:
            break
        if not more:
            break
        said += more
        if left and left[0][0] in said:
            said = said.replace(left[0][0], b"<asked>", 1)
            time.sleep(0.1)  # getpass empties what was typed before it asked
            os.write(ours, left.pop(0)[1] + b"\n")
    os.close(ours)
    return process.wait(timeout=20), said


def test_a_passphrase_at_a_terminal(project: Path, drive: Drive) -> None:
    pytest.importorskip("bcrypt")
    horse = [(b"New passphrase for ana: ", b"correct horse"), (b"Once more: ", b"correct horse")]
    code, said = typed(["key", "generate", "ana"], horse)
    assert code == 0 and b"correct" not in said and b"guard the file" not in said, said
    code, said = typed(["sign"], [(b"Passphrase of ana: ", b"wrong one"), (b"Passphrase of ana: ", b"correct horse")])
    assert code == 0 and b".driven/rules.drv.sig" in said, said
    path = Store.of(os.environ).path("ana").encode()
    again = b"that passphrase does not open `" + path + b"`; try again"
    assert said.count(again) == 1, said
    code, said = typed(["sign"], [(b"Passphrase of ana: ", word) for word in (b"wrong", b"worse", b"worst", b"more")])
    assert code == 6 and said.count(again) == 2 and said.count(b"<asked>") == 3, said
    assert b"none of 3 passphrases opens `" + path + b"`" in said and b"is it this key that you meant?" in said
    code, said = typed(["sign"], [(b"Passphrase of ana: ", b"")])
    assert code == 6 and again not in said and b"has a passphrase, and none was typed" in said, said
    code, said = typed(["key", "generate", "ben"], [(b"New passphrase for ben: ", b"short")])
    assert code == 2 and b"at least 8 characters" in said
    code, said = typed(["key", "generate", "ben"], [(b"New passphrase for ben: ", b"long enough"), (b"more: ", b"x")])
    assert code == 2 and b"the two are not the same" in said
    assert Store.of(os.environ).names() == ["ana"]


def test_a_question_at_a_terminal(project: Path, drive: Drive, tmp_path: Path) -> None:
    path = tmp_path / "ben.pub"
    path.write_text(BEN.key.line + " ben\n")
    code, said = typed(["key", "trust", str(path)], [(b"the same fingerprint? [y/N]", b"")])
    assert code == 5 and BEN.key.fingerprint.encode() in said and b"the key is not trusted" in said
    code, said = typed(["key", "trust", str(path)], [(b"the same fingerprint? [y/N]", b"y")])
    assert code == 0, said


def test_a_passphrase_by_ssh_keygen(project: Path, tmp_path: Path) -> None:
    """Where `cryptography` and `bcrypt` are not installed."""
    need("ssh-keygen", "openssh-client")
    (tmp_path / "less").mkdir()
    (tmp_path / "less" / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name in ('bcrypt', 'cryptography') else find(name, *more)\n"
    )
    less = {"PYTHONPATH": str(tmp_path / "less")}
    horse = [(b"New passphrase for ana: ", b"correct horse"), (b"Once more: ", b"correct horse")]
    code, said = typed(["key", "generate", "ana"], horse, less)
    assert code == 0, said
    path = Store.of(os.environ).path("ana")
    assert run("ssh-keygen", "-y", "-P", "correct horse", "-f", path).returncode == 0
    assert run("ssh-keygen", "-y", "-P", "", "-f", path).returncode != 0
    code, said = typed(["sign"], [], less)
    assert code == 2 and b"pip install 'driven[keys]'" in said and b"ssh-add" in said, said
