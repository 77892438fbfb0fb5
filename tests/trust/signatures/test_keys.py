"""A person's own keys: files that nobody else may read, passphrases, and which key is meant."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.errors import DiskError, DrivenError, PolicyError, SignatureError, UsageError
from driven.trust import agent, minisign, ssh_private, sshsig
from driven.trust.key_sources import all_keys, choose, load_signing_key, public_key
from driven.trust.key_store import Store, home, read_private, replace, write_new
from driven.trust.ssh_private import PassphraseNeeded
from driven.trust.ssh_wire import base64, string, u32

from .kit import person, seed_of

ANA, BEN = person(1), person(2)
PLAIN = ssh_private.write(seed_of(1), "ana@x")


def nobody(_: str) -> None:
    return None


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "XDG_CONFIG_HOME": ""}


def put(env: dict[str, str], name: str, number: int, passphrase: str = "") -> Path:
    data = ssh_private.write(seed_of(number), name, passphrase)
    return Path(Store.of(env).add(name, f"{person(number).key.line} {name}", data))


# Key files


def test_a_key_file_round_trips() -> None:
    assert ssh_private.read(PLAIN, "k") == (seed_of(1), "ana@x")
    assert ssh_private.public_of(PLAIN, "k") == (ANA.key, False)
    assert ssh_private.read(PLAIN.replace(b"\n", b"\r\n"), "k")[0] == seed_of(1)
    assert ssh_private.write(seed_of(1), "ana@x") != PLAIN  # a random number stands in it twice


def test_a_passphrase() -> None:
    pytest.importorskip("bcrypt")
    data = ssh_private.write(seed_of(1), "ana@x", "correct horse")
    assert ssh_private.public_of(data, "k") == (ANA.key, True) and b"ana" not in data
    assert ssh_private.read(data, "k", "correct horse")[0] == seed_of(1)
    for wrong, why in (("", "has a passphrase"), ("x", "is another one")):
        with pytest.raises(PassphraseNeeded, match=why):
            ssh_private.read(data, "k", wrong)


def test_without_the_library_a_passphrase_is_said_to_need_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("bcrypt")
    data = ssh_private.write(seed_of(1), "ana@x", "correct horse")
    monkeypatch.setitem(sys.modules, "bcrypt", None)
    monkeypatch.setattr(ssh_private, "can_encrypt", lambda: False)
    for call in (lambda: ssh_private.read(data, "k", "x"), lambda: ssh_private.write(seed_of(1), "a", "x")):
        with pytest.raises(DrivenError, match="needs the libraries `cryptography` and `bcrypt`") as caught:
            call()
        assert "pip install 'driven[keys]'" in caught.value.hint


def file_of(blob: bytes) -> bytes:
    begin, end = (f"-----{word} OPENSSH PRIVATE KEY-----\n" for word in ("BEGIN", "END"))
    return f"{begin}{base64(blob)}\n{end}".encode()


def inner(
    *, count: int = 1, key: bytes = ANA.key.blob, checks: bytes = b"abcdabcd", seed: bytes = seed_of(1),
    public: bytes = ANA.key.raw, kind: str = "ssh-ed25519", pad: bytes | None = None, kdf: str = "none",
) -> bytes:  # fmt: skip
    private = checks + string(kind) + string(public) + string(seed + public) + string("c")
    private += bytes(range(1, 9))[: -len(private) % 8] if pad is None else pad
    head = b"openssh-key-v1\0" + string("none") + string(kdf) + string(b"") + u32(count)
    return file_of(head + string(key) + string(private))


REFUSED = {
    "empty": (b"", "is no private key as OpenSSH keeps it"),
    "PEM": (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "is no private key as OpenSSH keeps it"),
    "cut short": (PLAIN[:200], "is no private key as OpenSSH keeps it"),
    "junk": (PLAIN.replace(b"\n", b"\n@\n", 1), "no base64"),
    "huge": (b"A" * 20_000, "larger than 16,384 bytes"),
    "magic": (file_of(b"openssh-key-v2\0" + bytes(40)), "is no private key as OpenSSH keeps it"),
    "two keys": (inner(count=2), "holds 2 keys"),
    "a kdf without a cipher": (inner(kdf="bcrypt"), "do not go together"),
    "check numbers": (inner(checks=b"abcdabce"), "its two check numbers differ"),
    "another public half": (inner(key=BEN.key.blob), "the public half of another key"),
    "another seed": (inner(seed=seed_of(2)), "its two halves are not of one key"),
    "another kind": (inner(kind="ssh-dss"), "the public half of another key"),
    "padding": (inner(pad=b"\x02" + bytes(6)), "does not end as it must|was cut short"),
    "RSA": (inner(key=string("ssh-rsa") + string(b"\1") + string(bytes(256))), "kind `ssh-rsa` are not taken"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_key_files_that_are_refused(case: str) -> None:
    data, why = REFUSED[case]
    with pytest.raises(SignatureError, match=why) as caught:
        ssh_private.read(data, "`k`")
    assert "`k`" in caught.value.message and caught.value.message.isprintable()


@settings(max_examples=60)
@given(st.binary(max_size=300) | st.binary(max_size=200).map(file_of) | st.integers(0, len(PLAIN) * 8 - 1))
def test_any_bytes_are_a_key_file_or_refused(data: bytes | int) -> None:
    if isinstance(data, int):
        turned = bytearray(PLAIN)
        turned[data // 8] ^= 1 << data % 8
        data = bytes(turned)
    try:
        seed, _ = ssh_private.read(data, "k", "x")
    except DrivenError:
        return
    assert seed == seed_of(1)  # what was turned is its comment, or the random number both times


# Folders and files


def test_a_new_key_is_its_owners_alone(env: dict[str, str]) -> None:
    path = put(env, "ana@x.org", 1)
    assert path.parent == Path(env["HOME"]) / ".config" / "driven" / "keys"
    assert [oct(one.stat().st_mode & 0o777) for one in (path, path.parent)] == ["0o600", "0o700"]
    assert path.with_name("ana@x.org.pub").read_text() == f"{ANA.key.line} ana@x.org\n"
    with pytest.raises(UsageError, match=r"there is a key `ana@x.org` already"):
        put(env, "ana@x.org", 2)
    assert read_private(str(path)) == path.read_bytes() and ssh_private.read(path.read_bytes(), "k")[0] == seed_of(1)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o777])
def test_a_key_that_others_may_read_is_not_used(env: dict[str, str], mode: int) -> None:
    path = put(env, "ana", 1)
    path.chmod(mode)
    with pytest.raises(PolicyError, match=f"can be read by others .mode {mode:o}.: it is not used"):
        load_signing_key("ana", env, nobody)
    found, wrong = all_keys(env)
    assert found == [] and len(wrong) == 1 and wrong[0].hint.startswith(f"chmod 600 '{path}'")


def test_a_folder_that_others_may_enter_takes_no_key(env: dict[str, str]) -> None:
    folder = put(env, "ana", 1).parent
    folder.chmod(0o755)
    with pytest.raises(PolicyError, match="is open to others: no key is put there"):
        put(env, "ben", 2)


@pytest.mark.parametrize("what", ["link", "pipe", "folder", "another's"])
def test_what_is_no_key_file(env: dict[str, str], what: str) -> None:
    path = put(env, "ana", 1)
    if what == "another's":
        if os.geteuid():
            pytest.skip("only root may give a file away")
        os.chown(path, 1234, -1)
    else:
        moved = path.with_name("moved")
        os.rename(path, moved)
        {"link": lambda: path.symlink_to(moved), "pipe": lambda: os.mkfifo(path), "folder": path.mkdir}[what]()
    with pytest.raises(DrivenError, match=r"links are not followed|not a plain file|cannot be read|another user"):
        load_signing_key("ana", env, nobody)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    victim, link = tmp_path / "victim", tmp_path / "link"
    victim.write_text("mine")
    link.symlink_to(victim)
    for path in (victim, link):
        with pytest.raises(DiskError, match="cannot be written"):
            write_new(str(path), b"x", 0o600)
    with pytest.raises(DiskError, match="is not a plain file"):
        replace(str(link), b"x")
    assert victim.read_text() == "mine" and len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "-x", "a b", "x.pub", "a\n", "x" * 101, "é", "x."])
def test_names_that_no_key_can_have(env: dict[str, str], name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a key"):
        Store.of(env).path(name)


def test_the_folder_of_a_user() -> None:
    assert home({"HOME": "/h"}) == "/h/.config/driven"
    assert home({"HOME": "/h", "XDG_CONFIG_HOME": "/c"}) == "/c/driven"
    assert home({"HOME": "/h", "XDG_CONFIG_HOME": "c"}) == "/h/.config/driven"


# Which key


def test_every_place(env: dict[str, str]) -> None:
    put(env, "ana", 1)
    put(env, "ben", 2, "correct horse")
    env["DRIVEN_SIGNING_KEY"] = ssh_private.write(seed_of(3), "ci").decode().replace("\n", "\\n")
    found, wrong = all_keys(env)
    assert wrong == [] and [(one.name, one.source, one.locked) for one in found] == [
        ("ana", "file", False), ("ben", "file", True), ("DRIVEN_SIGNING_KEY", "environment", False),
    ]  # fmt: skip
    assert load_signing_key("DRIVEN_SIGNING_KEY", env, nobody).sign(b"x") == person(3).sign(b"x")
    assert load_signing_key("ana", env, nobody).sign(b"x") == ANA.sign(b"x")
    assert load_signing_key(ANA.key.fingerprint, env, nobody).where == str(Store.of(env).path("ana"))
    with pytest.raises(PassphraseNeeded, match="has a passphrase"):
        load_signing_key("ben", env, nobody)
    said = iter(["wrong", "", "correct horse"])
    with pytest.raises(PassphraseNeeded):
        load_signing_key("ben", env, lambda _: next(said))
    said = iter(["wrong", "worse", "correct horse"])
    assert load_signing_key("ben", env, lambda _: next(said)).sign(b"x") == BEN.sign(b"x")


def test_which_one_is_meant(env: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="you have no key to sign with"):
        load_signing_key(None, env, nobody)
    with pytest.raises(UsageError, match="there is no key `ana`") as caught:
        load_signing_key("ana", env, nobody)
    assert caught.value.hint == "`driven key generate ana`"
    put(env, "ana", 1)
    assert load_signing_key(None, env, nobody).name == "ana"
    put(env, "ben", 2)
    with pytest.raises(UsageError, match=r"several keys could be meant: ana .*, ben "):
        load_signing_key(None, env, nobody)
    assert load_signing_key(None, env, nobody, {BEN.key}).name == "ben"
    assert load_signing_key("ana", env, nobody, {BEN.key}).name == "ana"
    assert choose(all_keys(env)[0], str(Store.of(env).path("ben"))).name == "ben"


@pytest.mark.parametrize("text", ["hello", "-----BEGIN OPENSSH PRIVATE KEY-----", "\ud800"])
def test_an_environment_that_holds_no_key(env: dict[str, str], text: str) -> None:
    with pytest.raises(SignatureError, match="DRIVEN_SIGNING_KEY is no private key"):
        load_signing_key(None, {**env, "DRIVEN_SIGNING_KEY": text}, nobody)


def test_halves_that_do_not_belong_together(env: dict[str, str]) -> None:
    path = put(env, "ana", 1)
    path.with_name("ana.pub").write_text(BEN.key.line)
    with pytest.raises(SignatureError, match="is not the public half of"):
        load_signing_key("ana", env, nobody)


def test_a_public_half_alone_is_in_the_keyring(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend of the real `keyring` that keeps its words in a dict."""
    library = pytest.importorskip("keyring")
    from keyring.backend import KeyringBackend

    from driven.trust.key_store import keep_in_keyring

    class Kept(KeyringBackend):
        priority = 5  # type: ignore[assignment]
        words: dict[tuple[str, str], str] = {}  # noqa: RUF012

        def get_password(self, service: str, username: str) -> str | None:
            return self.words.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            self.words[service, username] = password

    before = library.get_keyring()
    Store.of(env).add("ana", ANA.key.line + " ana", None)
    (found,) = all_keys(env)[0]
    assert (found.source, found.where) == ("keyring", "the system's keyring")
    library.set_keyring(Kept())
    try:
        with pytest.raises(PolicyError, match="the private half of `ana` is nowhere"):
            load_signing_key("ana", env, nobody)
        keep_in_keyring("ana", PLAIN.decode())
        key = load_signing_key("ana", env, nobody)
        assert (key.sign(b"x"), key.where) == (ANA.sign(b"x"), "the system's keyring")
        keep_in_keyring("ana", ssh_private.write(seed_of(2), "x").decode())
        with pytest.raises(SignatureError, match="is another key than its public half says"):
            load_signing_key("ana", env, nobody)
    finally:
        library.set_keyring(before)


def test_no_keyring_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from driven.trust.key_store import keep_in_keyring

    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(PolicyError, match="there is no keyring on this machine that works"):
        keep_in_keyring("ana", "x")


def test_public_keys_by_every_name(env: dict[str, str], tmp_path: Path) -> None:
    put(env, "ana", 1)
    (tmp_path / "m.pub").write_text(minisign.write_public(BEN.key))
    (tmp_path / "s.pub").write_text(BEN.key.line + " ben of the house\n")
    assert public_key("ana", env) == (ANA.key, "ana") and public_key(ANA.key.fingerprint, env)[0] == ANA.key
    assert public_key(str(tmp_path / "m.pub"), env) == (BEN.key, "")
    assert public_key(str(tmp_path / "s.pub"), env) == (BEN.key, "ben of the house")
    assert public_key(BEN.key.line, env) == (BEN.key, "")
    for word, why in (
        ("nobody", "is no public key, no file and no key of yours"), (Store.of(env).path("ana"), "is a private key"),
        ("ssh-rsa AAAA", "`ssh-rsa` are not taken"), (str(tmp_path / "none.pub"), "is no public key"),
    ):  # fmt: skip
        with pytest.raises(DrivenError, match=why):
            public_key(word, env)


# What minisign and an agent may say


@settings(max_examples=50)
@given(st.binary(max_size=300), st.integers(0, 2000))
def test_any_bytes_are_a_minisig_or_refused(junk: bytes, turn: int) -> None:
    made = minisign.make(ANA.key, b"what is signed", '{"pack":"a","version":"1"}', ANA.sign)
    turned = bytearray(made)
    turned[turn % len(made)] ^= 1 << turn % 7
    for data in (junk, bytes(turned), made[:turn]):
        try:
            found = minisign.parse(data, "x")
            minisign.check(found, ANA.key, b"what is signed", "x")
        except SignatureError as error:
            assert error.message.isprintable()
            continue
        assert (found.raw, found.comment) == (minisign.parse(made, "x").raw, '{"pack":"a","version":"1"}')


ANSWERS = [
    b"", u32(0), u32(1 << 30), u32(1) + b"\x05", u32(5) + b"\x0c" + u32(1 << 31), u32(9) + b"\x0c" + u32(1) + u32(999),
    u32(5) + b"\x0c" + u32(0)[:2], u32(1) + b"\x0c", u32(6) + b"\x0c" + u32(0) + b"x", u32(6) + b"\x0e" + u32(1) + b"x",
]  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
def test_an_agent_that_talks_nonsense(answer: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    import socket
    import threading

    path = str(tmp_path_factory.mktemp("a") / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(4)

        def serve() -> None:
            for _ in range(2):
                wire, _ = server.accept()
                with wire:
                    wire.recv(4096)
                    wire.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            assert agent.keys({"SSH_AUTH_SOCK": path}) == []
        except SignatureError as error:
            assert "agent" in error.message
        with pytest.raises(SignatureError, match="agent"):
            agent.sign({"SSH_AUTH_SOCK": path}, ANA.key, b"x")
        thread.join(5)


def test_no_agent_is_no_mistake(tmp_path: Path) -> None:
    assert agent.keys({}) == agent.keys({"SSH_AUTH_SOCK": str(tmp_path / "none")}) == []
    assert agent.keys({"SSH_AUTH_SOCK": "/dev/null"}) == agent.keys({"SSH_AUTH_SOCK": "x" * 500}) == []


def test_what_is_signed_for_keys_is_not_for_packs() -> None:
    made = sshsig.parse(sshsig.make(ANA.key, sshsig.KEY, b"x", ANA.sign), "x")
    with pytest.raises(SignatureError, match="was made for `driven-key@v1`, not for `driven-pack@v1`"):
        sshsig.check(made, sshsig.PACK, b"x", "x")
