"""What others think: ssh-keygen, ssh-agent and minisign make what is read here, and read what is made here."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from driven.errors import SignatureError
from driven.trust import agent, minisign, ssh_private, sshsig
from driven.trust.key_sources import all_keys, load_signing_key
from driven.trust.signers import REVOKED, SIGNERS, load
from driven.trust.signing import sign_folder
from driven.trust.ssh_wire import ED25519, SK_ED25519, PublicKey, read_line
from driven.trust.verifying import verify_folder

from ..tools import need
from .kit import DAY, NOW, line, pack, person, run, seed_of, trust

ANA = person(1)
PACK = sshsig.PACK


def keygen_says(root: Path, sig: Path, data: bytes, *more: str, who: str = "ana@example.org") -> bool:
    words = ("-Y", "verify", "-f", root / SIGNERS, "-I", who, "-n", PACK, "-s", sig, *more)
    return run(need("ssh-keygen", "openssh-client"), *words, data=data).returncode == 0


def test_ssh_keygen_verifies_what_is_signed_here(tmp_path: Path) -> None:
    folder = pack(tmp_path)
    made = sign_folder(str(folder), ANA, name="acme", version="1")
    data, sig = Path(made.manifest_path).read_bytes(), Path(made.signature_path)
    trust(tmp_path, line(ANA.key, options=f'namespaces="{PACK}",valid-before="20300101Z"'))
    assert keygen_says(tmp_path, sig, data)
    assert not keygen_says(tmp_path, sig, data + b" ")
    assert not keygen_says(tmp_path, sig, data, who="ben")
    (tmp_path / REVOKED).write_text(ANA.key.line + " stolen\n")
    assert not keygen_says(tmp_path, sig, data, "-r", str(tmp_path / REVOKED))


@pytest.mark.parametrize(
    "options",
    ["", 'namespaces="git,driven-*"', 'namespaces="git"', 'valid-before="20200101Z"', 'valid-after="20200101Z"',
     'valid-after="20990101Z"', 'NAMESPACES="driven-pack@v1",Valid-Before="209912312359Z"', 'namespaces="!driven-*,*"'],
)  # fmt: skip
@pytest.mark.parametrize("who", ["ana@example.org", "*@example.org", '"ana@example.org,ben"', "!ana@*,*", "ben,a?a@*"])
def test_lists_mean_what_they_mean_to_ssh_keygen(tmp_path: Path, options: str, who: str) -> None:
    sig = tmp_path / "sig"
    sig.write_bytes(sshsig.make(ANA.key, PACK, b"x", ANA.sign))
    store = trust(tmp_path, line(ANA.key, who, options))
    ours = store.judge(ANA.key, PACK, int(time.time()), "ana@example.org").state == "ok"
    assert keygen_says(tmp_path, sig, b"x") == ours


@pytest.mark.parametrize("off", [-1, 0, 1])
@pytest.mark.parametrize("option", ["valid-before", "valid-after"])
def test_the_edge_of_a_time_is_that_of_ssh_keygen(tmp_path: Path, option: str, off: int) -> None:
    sig = tmp_path / "sig"
    sig.write_bytes(sshsig.make(ANA.key, PACK, b"x", ANA.sign))
    store = trust(tmp_path, line(ANA.key, options=f'{option}="20261122131000Z"'))
    at = NOW + off
    theirs = keygen_says(tmp_path, sig, b"x", f"-Overify-time={time.strftime('%Y%m%d%H%M%SZ', time.gmtime(at))}")
    assert theirs == (store.judge(ANA.key, PACK, at).state == "ok")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A key by ssh-keygen."""
    path = tmp_path / "id"
    run(need("ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", "", "-C", "ben@x", "-f", path)
    return path


def test_what_ssh_keygen_signs_is_verified_here(tmp_path: Path, key_file: Path) -> None:
    folder = pack(tmp_path)
    made = sign_folder(str(folder), ANA, name="acme", version="1")
    done = run(need("ssh-keygen"), "-Y", "sign", "-n", PACK, "-f", key_file, data=Path(made.manifest_path).read_bytes())
    Path(made.signature_path).write_bytes(done.stdout)
    key, comment = read_line(key_file.with_suffix(".pub").read_text(), "id.pub")
    assert comment == "ben@x"
    found = verify_folder(str(folder), trust(tmp_path, line(key, "ben")), NOW)
    assert (found.state, found.principal) == ("ok", "ben")
    other = run(need("ssh-keygen"), "-Y", "sign", "-n", PACK, "-O", "hashalg=sha256", "-f", key_file, data=b"x").stdout
    with pytest.raises(SignatureError, match="digest by `sha256`"):
        sshsig.parse(other, "x")


def test_keys_of_other_kinds_by_ssh_keygen(tmp_path: Path) -> None:
    path = tmp_path / "rsa"
    run(need("ssh-keygen", "openssh-client"), "-q", "-t", "ecdsa", "-N", "", "-f", path)
    with pytest.raises(SignatureError, match="keys of the kind `ecdsa-sha2-nistp256` are not taken"):
        ssh_private.read(path.read_bytes(), "rsa")
    made = run("ssh-keygen", "-Y", "sign", "-n", PACK, "-f", path, data=b"x").stdout
    with pytest.raises(SignatureError, match=r"the key in x\.sig: keys of the kind `ecdsa-sha2-nistp256`"):
        sshsig.parse(made, "x.sig")


def test_a_certificate_by_ssh_keygen(tmp_path: Path, key_file: Path) -> None:
    run("ssh-keygen", "-q", "-s", key_file, "-I", "x", "-n", "ben", f"{key_file}.pub")
    with pytest.raises(SignatureError, match="certificate"):
        read_line((tmp_path / "id-cert.pub").read_text(), "id-cert.pub")
    made = run("ssh-keygen", "-Y", "sign", "-n", PACK, "-f", tmp_path / "id-cert.pub", data=b"x")
    if made.stdout:  # signed as the certificate, with the key beside it
        with pytest.raises(SignatureError, match="is a certificate"):
            sshsig.parse(made.stdout, "x.sig")


def test_why_weak_keys_are_refused(tmp_path: Path) -> None:
    """ssh-keygen calls a signature good that nobody made: by the neutral point, over anything."""
    neutral = b"\1" + bytes(31)
    key = PublicKey(ED25519, neutral)
    (tmp_path / "sig").write_bytes(sshsig.armor(sshsig.Signature(key, PACK, neutral + bytes(32))))
    (tmp_path / "list").write_text(line(key))
    words = ("-Y", "verify", "-f", tmp_path / "list", "-I", "ana@example.org", "-n", PACK, "-s", tmp_path / "sig")
    taken = run(need("ssh-keygen", "openssh-client"), *words, data=b"anything").returncode == 0
    if not taken:
        pytest.skip("this ssh-keygen refuses them as well, which is more than 9.2 does")
    with pytest.raises(SignatureError, match="weak keys"):
        sshsig.parse((tmp_path / "sig").read_bytes(), "sig")


@pytest.mark.parametrize("spoil", [0, 1])
def test_a_hardware_keys_signature_is_read_as_ssh_keygen_reads_it(tmp_path: Path, spoil: int) -> None:
    """Made here as such a key makes it: there is none on this machine."""
    from hashlib import sha256

    key = PublicKey(SK_ED25519, ANA.key.raw, "ssh:")
    data = sshsig.signed_data(PACK, b"x")
    over = sha256(b"ssh:").digest() + b"\1" + (7).to_bytes(4, "big") + sha256(data).digest()
    made = sshsig.Signature(key, PACK, ANA.sign(over), 1, 7 + spoil)
    (tmp_path / "sig").write_bytes(sshsig.armor(made))
    store = trust(tmp_path, line(key))
    assert store.judge(key, PACK, NOW).state == "ok" and store.judge(ANA.key, PACK, NOW).state == "untrusted"
    theirs = keygen_says(tmp_path, tmp_path / "sig", b"x")
    try:
        sshsig.check(sshsig.parse((tmp_path / "sig").read_bytes(), "sig"), PACK, b"x", "sig")
        ours = True
    except SignatureError:
        ours = False
    assert ours == theirs == (spoil == 0)


def test_key_files_go_both_ways(tmp_path: Path, key_file: Path) -> None:
    keygen = need("ssh-keygen", "openssh-client")
    seed, comment = ssh_private.read(key_file.read_bytes(), "id")
    assert comment == "ben@x"
    for passphrase in ("", "correct horse"):
        path = tmp_path / f"ours{len(passphrase)}"
        path.write_bytes(ssh_private.write(seed, "ana@x", passphrase))
        path.chmod(0o600)
        shown = run(keygen, "-y", "-P", passphrase, "-f", path).stdout.decode()
        assert shown.split()[:2] == key_file.with_suffix(".pub").read_text().split()[:2]
        assert run(keygen, "-q", "-p", "-P", passphrase, "-N", "other one", "-f", path).returncode == 0
        assert ssh_private.read(path.read_bytes(), "ours", "other one")[0] == seed
        with pytest.raises(ssh_private.PassphraseNeeded, match="the passphrase is another one"):
            ssh_private.read(path.read_bytes(), "ours", "correct horse")
        with pytest.raises(ssh_private.PassphraseNeeded, match="has a passphrase"):
            ssh_private.read(path.read_bytes(), "ours")


@pytest.fixture
def ssh_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A real agent with no keys; what the environment says of it."""
    folder = tmp_path_factory.mktemp("a")
    socket = folder / "s"
    process = subprocess.Popen([need("ssh-agent", "openssh-client"), "-D", "-a", str(socket)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()  # it says where it listens, and then it does
    while not socket.exists() and process.poll() is None:
        time.sleep(0.01)
    yield {"SSH_AUTH_SOCK": str(socket), "HOME": str(folder), "PATH": os.environ["PATH"]}
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)


def put(path: Path, number: int, comment: str) -> Path:
    path.write_bytes(ssh_private.write(seed_of(number), comment))
    path.chmod(0o600)
    return path


def test_an_agent_signs(tmp_path: Path, ssh_agent: dict[str, str]) -> None:
    add = need("ssh-add", "openssh-client")
    assert agent.keys(ssh_agent) == []
    run("ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", tmp_path / "rsa")
    run(add, put(tmp_path / "a", 1, "ana@x"), tmp_path / "rsa", env=ssh_agent)
    assert agent.keys(ssh_agent) == [(ANA.key, "ana@x")]
    key = load_signing_key(None, ssh_agent, lambda _: None)
    assert (key.where, key.name, key.key) == ("ssh-agent", "ana@x", ANA.key)
    folder = pack(tmp_path)
    sign_folder(str(folder), key, name="acme", version="1")
    assert verify_folder(str(folder), trust(tmp_path, line(ANA.key)), NOW).state == "ok"
    assert key.sign(b"any bytes") == ANA.sign(b"any bytes")
    sign_folder(str(folder), key, "minisign", name="acme", version="1")
    assert verify_folder(str(folder), trust(tmp_path, line(ANA.key)), NOW).state == "ok"
    run(add, "-D", env=ssh_agent)
    with pytest.raises(SignatureError, match=f"ssh-agent would not sign with {ANA.key.fingerprint[:10]}"):
        key.sign(b"x")


def test_an_agents_owner_says_no(tmp_path: Path, ssh_agent: dict[str, str]) -> None:
    """`ssh-add -c`: the agent asks; here nobody can answer, which is a no."""
    run(need("ssh-add", "openssh-client"), "-c", put(tmp_path / "a", 1, "ana@x"), env=ssh_agent)
    key = load_signing_key(None, ssh_agent, lambda _: None)
    with pytest.raises(SignatureError, match="ssh-agent would not sign") as caught:
        key.sign(b"x")
    assert "its owner said no" in caught.value.hint


def test_an_agent_comes_first(tmp_path: Path, ssh_agent: dict[str, str]) -> None:
    from driven.trust.key_store import Store

    Store.of(ssh_agent).add("ana", ANA.key.line + " ana", ssh_private.write(seed_of(1), "ana"))
    env = {**ssh_agent, "DRIVEN_SIGNING_KEY": ssh_private.write(seed_of(1), "ana").decode()}
    run(need("ssh-add", "openssh-client"), put(tmp_path / "a", 1, "ana@x"), env=ssh_agent)
    assert [one.source for one in all_keys(env)[0]] == ["agent", "file", "environment"]
    assert load_signing_key(ANA.key.fingerprint, env, lambda _: None).where == "ssh-agent"
    run("ssh-add", "-D", env=ssh_agent)
    assert load_signing_key(None, env, lambda _: None).where.endswith("keys/ana")


def test_minisign_goes_both_ways(tmp_path: Path) -> None:
    program = need("minisign", "minisign")
    folder = pack(tmp_path)
    sign_folder(str(folder), ANA, "minisign", name="acme", version="1.2.0")
    (tmp_path / "ana.pub").write_text(minisign.write_public(ANA.key))
    manifest = folder / "pack.manifest"
    said = run(program, "-V", "-p", tmp_path / "ana.pub", "-m", manifest)
    assert said.returncode == 0 and b'Trusted comment: {"pack":"acme","version":"1.2.0"}' in said.stdout
    assert minisign.read_public((tmp_path / "ana.pub").read_text(), "p").key == ANA.key
    # and by minisign's own key
    run(program, "-G", "-W", "-p", tmp_path / "m.pub", "-s", tmp_path / "m.key")
    done = run(program, "-S", "-s", tmp_path / "m.key", "-m", manifest, "-t", "by hand")
    assert done.returncode == 0, done.stderr
    key = minisign.read_public((tmp_path / "m.pub").read_text(), "m.pub").key
    found = verify_folder(str(folder), trust(tmp_path, line(key, "mini")), NOW)
    assert (found.state, found.principal, found.key) == ("ok", "mini", key)
    manifest.write_bytes(manifest.read_bytes() + b" ")
    assert run(program, "-V", "-p", tmp_path / "ana.pub", "-m", manifest).returncode == 1
    assert verify_folder(str(folder), trust(tmp_path, line(key, "mini")), NOW).state == "untrusted"


def test_a_list_for_ssh_keygen_of_the_users_own(tmp_path: Path) -> None:
    """Local time means the same to both."""
    sig = tmp_path / "sig"
    sig.write_bytes(sshsig.make(ANA.key, PACK, b"x", ANA.sign))
    now = int(time.time())
    for off in (-2 * DAY, 2 * DAY):
        word = time.strftime("%Y%m%d%H%M%S", time.localtime(now + off))
        trust(tmp_path, line(ANA.key, options=f'valid-before="{word}"'))
        store = load(str(tmp_path), {"HOME": str(tmp_path)})
        assert (store.judge(ANA.key, PACK, now).state == "ok") == keygen_says(tmp_path, sig, b"x") == (off > 0)
