"""A pack and a `.drv` from signing to verifying, and every way to spoil one in between."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from driven.core import wire_layout
from driven.core.wire import Reader
from driven.errors import SignatureError
from driven.format.drv import from_drv, to_drv
from driven.model.rule import Rule, RuleSet
from driven.trust import minisign, sshsig
from driven.trust.manifest import Manifest
from driven.trust.signers import TrustStore
from driven.trust.signing import Form, sign_file, sign_folder
from driven.trust.verifying import SIGNED_FLAG, Result, comment_of, says_signed, verify_file, verify_folder

from .kit import NOW, line, pack, person, trust

ANA, BEN = person(1), person(2)


def drv(root: Path, body: str = "Say what.\n") -> Path:
    path = root / "rules.drv"
    path.write_bytes(to_drv(RuleSet.of([Rule(id="errors", body=body)])))
    return path


def signed(root: Path, form: Form = "ssh") -> tuple[Path, TrustStore]:
    path = drv(root)
    sign_file(str(path), ANA, form, name="rules", version="1")
    return path, trust(root, line(ANA.key))


def verify(path: Path, store: TrustStore, at: int = NOW, who: str | None = None) -> Result:
    found = (verify_folder if path.is_dir() else verify_file)(str(path), store, at, who)
    assert found.message.isprintable() and (found.state == "ok") == (found.message == "")
    return found


@pytest.mark.parametrize("form", ["ssh", "minisign"])
def test_a_file(form: Form, tmp_path: Path) -> None:
    path, store = signed(tmp_path, form)
    found = verify(path, store)
    assert (found.state, found.principal, found.key) == ("ok", "ana@example.org", ANA.key)
    assert found.manifest is not None and found.manifest.name == "rules" and found.manifest.previous is None
    assert Reader(path.read_bytes()).flags == 1 and [rule.id for rule in from_drv(path.read_bytes())] == ["errors"]
    assert verify(path, store, who="ana@example.org").state == "ok"
    assert verify(path, store, who="ben").state == "principal"


@pytest.mark.parametrize("form", ["ssh", "minisign"])
def test_a_pack(form: Form, tmp_path: Path) -> None:
    folder = pack(tmp_path)
    sign_folder(str(folder), ANA, form, name="acme", version="1.2.0", min_driven="0.1")
    store = trust(tmp_path, line(ANA.key))
    found = verify(folder, store)
    assert found.state == "ok" and found.manifest is not None and len(found.manifest.files) == 3
    (folder / "run.sh").write_text("#!/bin/sh\nrm -rf ~\n")
    (folder / "more").write_text("x")
    found = verify(folder, store)
    assert found.state == "bad" and [one.kind for one in found.problems] == ["unlisted", "changed"]
    assert found.message == "`more` stands in the pack and was not signed, and 1 more"


def test_both_signatures_must_hold(tmp_path: Path) -> None:
    path, store = signed(tmp_path)
    sign_file(str(path), ANA, "minisign", name="rules", version="1")
    assert verify(path, store).state == "ok" and (tmp_path / "rules.drv.sig").exists()
    minisig = tmp_path / "rules.drv.manifest.minisig"
    good = minisig.read_bytes()
    minisig.write_bytes(minisign.make(BEN.key, (tmp_path / "rules.drv.manifest").read_bytes(), "x", BEN.sign))
    assert verify(path, store).state == "untrusted"
    minisig.write_bytes(good)
    sig = tmp_path / "rules.drv.sig"
    sig.write_bytes(sig.read_bytes()[:-40])
    assert verify(path, store).state == "bad"


def test_signing_anew_names_what_was_before(tmp_path: Path) -> None:
    path, store = signed(tmp_path)
    first = verify(path, store).manifest
    assert first is not None
    kept = (tmp_path / "rules.drv.manifest").read_bytes()
    sign_file(str(path), ANA, "minisign", name="rules", version="1")
    again = sign_file(str(path), ANA, name="rules", version="1")
    assert again.manifest == first and (tmp_path / "rules.drv.manifest").read_bytes() == kept
    second = sign_file(str(path), ANA, name="rules", version="2").manifest
    assert second.previous == first.digest
    assert not (tmp_path / "rules.drv.manifest.minisig").exists()  # it was of the manifest before
    assert verify(path, store).state == "ok"
    (tmp_path / "rules.drv.manifest").write_bytes(b"junk")
    assert sign_file(str(path), ANA, name="rules", version="3").manifest.previous is None


def swap(root: Path) -> None:
    """The signature of another file, by the same person."""
    other = root / "other"
    other.mkdir()
    sign_file(str(drv(other, "Other.\n")), ANA, name="rules", version="1")
    (root / "rules.drv.sig").write_bytes((other / "rules.drv.sig").read_bytes())


def swap_all(root: Path) -> None:
    swap(root)
    (root / "rules.drv.manifest").write_bytes((root / "other" / "rules.drv.manifest").read_bytes())


def renamed(root: Path) -> None:
    """All of it under another name: what was signed is `rules.drv`."""
    for end in ("", ".sig", ".manifest"):
        os.rename(root / f"rules.drv{end}", root / f"team.drv{end}")
    os.link(root / "team.drv", root / "rules.drv")
    for end in (".sig", ".manifest"):
        os.link(root / f"team.drv{end}", root / f"rules.drv{end}")
    data = drv(root / "other" if (root / "other").mkdir() is None else root).read_bytes()
    (root / "rules.drv").unlink()
    (root / "rules.drv").write_bytes(data)


def resign(root: Path, namespace: str = sshsig.PACK, data: bytes | None = None, count: int = 1) -> None:
    manifest = root / "rules.drv.manifest"
    if data is not None:
        manifest.write_bytes(data)
    made = sshsig.make(ANA.key, namespace, manifest.read_bytes(), ANA.sign)
    (root / "rules.drv.sig").write_bytes(made * count)


def edit(name: str, old: bytes, new: bytes) -> object:
    def change(root: Path) -> None:
        data = (root / name).read_bytes()
        assert old in data
        (root / name).write_bytes(data.replace(old, new, 1))

    return change


def by(namespace: str) -> object:
    return lambda root: resign(root, namespace)


ATTACKS = {
    "the file": (edit("rules.drv", b"Say what", b"Say that"), "`rules.drv` was changed after it was signed"),
    "the manifest": (edit("rules.drv.manifest", b'"644"', b'"755"'), "`rules.drv.sig` does not hold"),
    "a blank in the manifest": (edit("rules.drv.manifest", b"}\n", b"}\n\n"), "`rules.drv.sig` does not hold"),
    "the signature cut short": (
        lambda root: os.truncate(root / "rules.drv.sig", 120), "is no SSH signature, or was cut short",
    ),
    "the signature emptied": (lambda root: os.truncate(root / "rules.drv.sig", 0), "is no SSH signature"),
    "the signature of another": (swap, "`rules.drv.sig` does not hold"),
    "signature and manifest of another": (swap_all, "`rules.drv` was changed after it was signed"),
    "under another name": (renamed, "`rules.drv` was changed after it was signed"),
    "another purpose": (by("git"), "was made for `git`, not for `driven-pack@v1`"),
    "two signatures": (lambda root: resign(root, count=2), "holds more than one signature"),
    "the signature gone": (
        lambda root: (root / "rules.drv.sig").unlink(), "says that it is signed, and there is no signature",
    ),
    "signature and manifest gone": (
        lambda root: [(root / f"rules.drv.{end}").unlink() for end in ("sig", "manifest")], "says that it is signed",
    ),
    "the manifest gone": (lambda root: (root / "rules.drv.manifest").unlink(), "rules.drv.manifest` cannot be read"),
    "the file gone": (lambda root: (root / "rules.drv").unlink(), "`rules.drv` was signed and is not there"),
    "a link to the file": (
        lambda root: (os.rename(root / "rules.drv", root / "r"), (root / "rules.drv").symlink_to(root / "r")),
        "`rules.drv`: it is a link",
    ),
    "a link to the signature": (
        lambda root: (os.rename(root / "rules.drv.sig", root / "s"), (root / "rules.drv.sig").symlink_to(root / "s")),
        "it is a link, and links are not followed",
    ),
    "a pipe for a manifest": (
        lambda root: ((root / "rules.drv.manifest").unlink(), os.mkfifo(root / "rules.drv.manifest")),
        "is not a plain file",
    ),
    "a huge manifest": (lambda root: os.truncate(root / "rules.drv.manifest", 5 << 20), "is larger than 4,194,304"),
    "signed, and not canonical": (lambda root: resign(root, data=b'{"a": 1}\n'), "is not canonical JSON"),
    "signed, and of nothing": (
        lambda root: resign(root, data=Manifest(name="a", version="1").to_bytes()), "the signature beside it is of",
    ),
    "signed, and above": (
        lambda root: resign(root, data=Path(root / "rules.drv.manifest").read_bytes().replace(b"rules.d", b"../es.d")),
        "`../es.drv` cannot stand in a pack",
    ),
    "the flag taken away": (
        lambda root: (root / "rules.drv").write_bytes(
            (root / "rules.drv").read_bytes()[:5] + b"\0" + (root / "rules.drv").read_bytes()[6:]
        ),
        "`rules.drv` was changed after it was signed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ATTACKS)
def test_what_is_refused(case: str, tmp_path: Path) -> None:
    path, store = signed(tmp_path)
    attack, why = ATTACKS[case]
    attack(tmp_path)  # type: ignore[operator]
    found = verify(path, store)
    assert found.state == "bad" and why in found.message
    assert found.hint


def test_the_flag_is_that_of_the_format() -> None:
    assert wire_layout.SIGNED == SIGNED_FLAG


def test_a_file_that_nobody_signed(tmp_path: Path) -> None:
    path, store = drv(tmp_path), trust(tmp_path, line(ANA.key))
    assert verify(path, store).state == "unsigned" and not says_signed(str(path))
    assert not says_signed(str(tmp_path / "none"))
    assert verify(tmp_path, store).state == "unsigned"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.drv")
    assert verify(tmp_path / "x.drv", TrustStore()).state == "unsigned"


def test_a_comment_of_minisign_that_was_changed(tmp_path: Path) -> None:
    path, store = signed(tmp_path, "minisign")
    minisig = tmp_path / "rules.drv.manifest.minisig"
    good = minisig.read_text()
    minisig.write_text(good.replace('"version":"1"', '"version":"2"'))
    assert verify(path, store).state == "untrusted"
    manifest = (tmp_path / "rules.drv.manifest").read_bytes()
    other = comment_of(Manifest(name="other", version="9"))
    minisig.write_bytes(minisign.make(ANA.key, manifest, other, ANA.sign))
    found = verify(path, store)
    assert found.state == "bad" and "its comment is of another pack or version" in found.message
    minisig.write_bytes(minisign.make(ANA.key, manifest, "timestamp:1", ANA.sign))
    assert verify(path, store).state == "ok"


@pytest.mark.parametrize("form", ["ssh", "minisign"])
def test_a_key_that_was_revoked(form: Form, tmp_path: Path) -> None:
    path, _ = signed(tmp_path, form)
    store = trust(tmp_path, line(BEN.key), revoked=ANA.key.line)
    assert verify(path, store).state == "revoked"


def test_what_is_no_drv_is_not_signed(tmp_path: Path) -> None:
    path = tmp_path / "rules.drv"
    path.write_text("hello")
    with pytest.raises(SignatureError, match=r"is no \.drv"):
        sign_file(str(path), ANA, name="rules", version="1")
    assert list(tmp_path.iterdir()) == [path]


def test_an_agent_that_says_no_leaves_the_signature_as_it_was(tmp_path: Path) -> None:
    from driven.frozen import replace

    folder = pack(tmp_path)

    def refuse(_: bytes) -> bytes:
        raise SignatureError("no")

    with pytest.raises(SignatureError, match="no"):
        sign_folder(str(folder), replace(ANA, sign=refuse), name="a", version="1")
    assert sorted(one.name for one in folder.iterdir()) == ["rules", "run.sh"]
