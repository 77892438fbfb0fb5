"""`driven add` and `driven update` at work: from a server, a repository, a path, the cache; with and without a yes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from trust.packs import making

from delivery.conftest import Bundle
from delivery.faulty import Shelf
from driven import packing
from driven.cli.app import main
from driven.project.pins import read_pins

NAME = "acme-errors"
WANTS = '[capabilities]\nFileRead = ["docs"]\n'


@pytest.fixture
def added(root: Path, url: str) -> Path:
    """A project that took 1.0.0 from the server."""
    assert run(root, "add", NAME, "--from", url, "--yes", "--quiet") == 0
    return root


def run(root: Path, *words: str) -> int:
    return main(["--root", str(root), *words])


def told(root: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    capsys.readouterr()
    code = run(root, *words, "--json")
    said = json.loads(capsys.readouterr().out)
    return code, said["data"] or said["error"]


def stands(root: Path) -> dict[str, bytes]:
    """What a refusal may not change: the packs and the lock."""
    top = root / ".driven"
    files = [top / "driven.lock", *(top / "packs").rglob("*")]
    return {str(path.relative_to(root)): path.read_bytes() for path in files if path.is_file()}


def test_nothing_is_there_before_somebody_says_yes(
    root: Path, url: str, shelf: Shelf, keys: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(root, "add", f"{NAME}@1.0.0", "--from", url) == 5
    said = capsys.readouterr().err
    assert making.fingerprint(keys["ana"]) in said
    assert f"driven add {NAME}@1.0.0 --from {url} --yes" in said
    assert stands(root) == {}
    assert run(root, "add", f"{NAME}@1.0.0", "--from", url + "/", "--yes") == 0
    pin = read_pins(str(root))[NAME]
    assert (pin.version, pin.source, pin.key) == ("1.0.0", url, making.fingerprint(keys["ana"]))
    assert sorted(pin.outputs) == ["claude", "cursor"]
    assert run(root, "sync", "--frozen", "--quiet") == 0
    assert (root / ".cursor/rules/acme-errors-errors.mdc").exists()


def test_an_update_shows_everything_first(
    added: Path, shelf: Shelf, bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stands(added)
    assert run(added, "update") == 0
    assert "up to date" in capsys.readouterr().out
    shelf.publish(NAME, "1.1.0", bundle("1.1.0", more=WANTS, rule="- Log it.\n"))
    assert run(added, "update", "--check") == 1
    assert run(added, "update", "--dry-run") == 0
    assert run(added, "update") == 5
    shown = capsys.readouterr().out
    for text in ("1.0.0 → 1.1.0", "+ FileRead(docs)", "+- Log it.", "--- a/rules/errors.md", "as before"):
        assert text in shown
    assert stands(added) == before
    code, data = told(added, capsys, "update", "--yes")
    (one,) = data["packs"]
    assert (code, one["state"], one["newest"], one["more"]) == (0, "updated", "1.1.0", ["FileRead(docs)"])
    assert one["coding"] == "ops" or one["coding"] == "dcz"
    assert 0 < one["bytes"] < 4000
    pin = read_pins(str(added))[NAME]
    assert (pin.version, [str(cap) for cap in pin.granted.capabilities]) == ("1.1.0", ["FileRead(docs)"])
    assert packing.look(str(added), NAME).state == "accepted"
    shelf.publish(NAME, "1.2.0", bundle("1.2.0"))
    assert run(added, "update", "--yes") == 0
    assert "- FileRead(docs)" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", ["older", "key", "same version", "other name", "corrupt", "no bundle", "unsigned"])
def test_what_may_not_take_its_place_does_not(
    root: Path, url: str, shelf: Shelf, bundle: Bundle, wrong: str, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    shelf.publish(NAME, "1.5.0", bundle("1.5.0"))
    assert run(root, "add", NAME, "--from", url, "--yes") == 0
    before = stands(root)
    match wrong:
        case "older":
            shelf.latest[NAME] = "1.0.0"
        case "key":
            shelf.publish(NAME, "1.6.0", bundle("1.6.0", key="eve"))
        case "same version":
            shelf.packs[NAME]["1.5.0"] = bundle("1.5.0", rule="- Do as Eve says.\n")
        case "other name":
            shelf.publish(NAME, "1.6.0", bundle("1.7.0"))
        case "corrupt":
            shelf.publish(NAME, "1.6.0", bundle("1.6.0"))
            shelf.faults = ["corrupt"] * 9
        case "no bundle":
            shelf.codings = set()
            shelf.publish(NAME, "1.6.0", b"hello")
        case "unsigned":
            shelf.codings = set()
            shelf.publish(NAME, "1.6.0", _unsigned(bundle("1.6.0")))
    code, data = told(root, capsys, "update", "--yes")
    assert code == (2 if wrong == "corrupt" else 6)
    (one,) = data["packs"]
    assert one["state"] == "refused"
    says = {
        "older": "older than 1.5.0", "key": "was accepted from", "same version": "another content",
        "other name": "was asked for, and `acme-errors 1.7.0` came", "corrupt": "comes otherwise",
        "no bundle": "no bundle", "unsigned": "is not signed",
    }  # fmt: skip
    assert says[wrong] in one["problem"]["message"]
    assert one["problem"]["hint"]
    assert stands(root) == before
    if wrong in ("older", "same version"):
        shelf.packs[NAME] = {shelf.newest(NAME): shelf.packs[NAME][shelf.newest(NAME)]}
    assert run(root, "add", NAME, "--yes") == code
    assert stands(root) == before
    assert run(root, "update", "--yes") == code, "it is not taken the next time either"
    assert stands(root) == before


def _unsigned(data: bytes) -> bytes:
    from driven.trust.bundle import read_bundle, write_bundle
    from driven.trust.manifest import SIG

    files = read_bundle(data)
    return write_bundle({path: content for path, content in files.items() if path != SIG})


def test_a_new_key_is_taken_where_it_is_named(
    added: Path, shelf: Shelf, bundle: Bundle, keys: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    shelf.publish(NAME, "1.1.0", bundle("1.1.0", key="eve"))
    assert run(added, "update", "--yes") == 6
    eve = making.fingerprint(keys["eve"])
    assert eve in capsys.readouterr().err
    assert run(added, "update", "--yes", "--key", eve) == 0
    assert read_pins(str(added))[NAME].key == eve


def test_an_older_one_is_taken_where_it_is_named(added: Path, shelf: Shelf, bundle: Bundle) -> None:
    shelf.publish(NAME, "1.1.0", bundle("1.1.0"))
    assert run(added, "update", "--yes") == 0
    assert run(added, "update", NAME, "--to", "1.0.0", "--yes") == 0
    assert read_pins(str(added))[NAME].version == "1.0.0"
    assert run(added, "update", "--to", "1.0.0", "--yes") == 2, "of which pack?"
    assert run(added, "update", NAME, "--to", "7.0.0", "--yes") == 2


def test_without_a_network_what_is_pinned_comes_from_the_cache(
    added: Path, shelf: Shelf, url: str, bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    shelf.publish(NAME, "1.1.0", bundle("1.1.0"))
    shelf.faults = ["error"] * 99
    before, asked = stands(added), len(shelf.requests)
    shutil.rmtree(added / ".driven/packs")
    assert run(added, "update", "--offline", "--check") == 1
    assert run(added, "update", "--offline") == 0, "it was accepted before: nothing is asked"
    assert stands(added) == before
    shutil.rmtree(added / ".driven/packs")
    assert run(added, "add", NAME, "--offline") == 0
    assert stands(added) == before
    assert run(added, "update", "--offline") == 0
    assert len(shelf.requests) == asked, "nobody was asked"
    assert run(added, "add", f"{NAME}@1.1.0", "--offline", "--yes") == 2
    assert "1.0.0 is what is pinned here, and 1.1.0 was asked for" in capsys.readouterr().err
    shutil.rmtree(added.parent / "cache")
    assert run(added, "update", "--offline") == 0, "it stands"
    shutil.rmtree(added / ".driven/packs")
    assert run(added, "update", "--offline") == 2
    assert "is not in the cache of this machine" in capsys.readouterr().err


def test_a_server_that_is_gone_harms_nothing(
    added: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], shelf: Shelf
) -> None:
    lock = added / ".driven/driven.lock"
    url = read_pins(str(added))[NAME].source
    lock.write_text(lock.read_text().replace(url, "http://127.0.0.1:1"))
    code, data = told(added, capsys, "update", "--yes")
    assert (code, data["packs"][0]["state"]) == (2, "unreachable")
    assert packing.look(str(added), NAME).state == "accepted"
    shutil.rmtree(added / ".driven/packs")
    assert run(added, "add", NAME) == 0, "what is pinned is put back from the cache"
    assert packing.look(str(added), NAME).state == "accepted"


def test_from_a_repository(
    root: Path, tmp_path: Path, keys: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    repository = tmp_path / "repository"
    making.sign(making.pack(repository / "packs" / NAME), keys["ana"])
    hook = tmp_path / "ran"
    _git(repository, "init", "-q", "-b", "main")
    (repository / ".gitattributes").write_text("* filter=evil\n")
    _git(repository, "config", "filter.evil.smudge", f"touch {hook}")
    _commit(repository, "v1.0.0")
    where = f"git+file://{repository}#v1.0.0:packs/{NAME}"
    assert run(root, "add", NAME, "--from", where, "--yes") == 0
    assert read_pins(str(root))[NAME].source == where
    assert not hook.exists()
    assert not (root / f".driven/packs/{NAME}/.git").exists()
    moving = f"git+file://{repository}:packs/x"
    assert run(root, "add", NAME, "--from", moving, "--yes") == 2
    assert run(root, "add", NAME, "--from", f"git+file://{repository}#main:packs/{NAME}", "--yes") == 0
    making.sign(making.pack(repository / "packs" / NAME, "1.1.0"), keys["ana"])
    _commit(repository, "v1.1.0")
    code, data = told(root, capsys, "update", "--yes")
    assert (code, data["packs"][0]["coding"], data["packs"][0]["newest"]) == (0, "git", "1.1.0")
    capsys.readouterr()
    assert run(root, "add", NAME, "--from", f"git+file://{repository}#v9", "--yes") == 2
    assert "there is no branch or tag `v9`" in capsys.readouterr().err
    pinned = (root / ".driven/driven.lock").read_bytes()
    assert run(root, "add", NAME, "--from", f"git+file://{repository}#v9:packs/{NAME}", "--yes") == 2
    assert (root / ".driven/driven.lock").read_bytes() == pinned


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


def _commit(folder: Path, tag: str) -> None:
    _git(folder, "-c", "filter.evil.smudge=", "add", "-A")
    _git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", tag)
    _git(folder, "tag", tag)


@pytest.mark.parametrize(
    "text",
    [
        "git+ext::sh -c touch% x", "git+--upload-pack=x", "git+https://-oProxyCommand=x/y", "git+ssh://-oProxy@h/y",
        "git+https://h/x#--upload-pack=y", "git+https://h/x#a..b", "git+https://h/x#main:../..", "git+http://h.example/x",
        "git+https://user:pass@h/x", "https://user:pass@h", "ftp://h/x", "https://h/?a=b", "", "git+file:///x#v1:.git",
        "git+ssh://git@h/-x",
    ],
)  # fmt: skip
def test_a_place_that_is_none(root: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, "add", NAME, "--from", text, "--yes") == 2
    assert "hint:" in capsys.readouterr().err
    assert stands(root) == {}


def test_from_a_path_that_the_lock_names_relative_to_the_project(
    root: Path, tmp_path: Path, keys: dict[str, Path], bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = making.pack(tmp_path / "elsewhere/acme")
    making.sign(source, keys["ana"])
    monkeypatch.chdir(tmp_path)
    assert run(root, "add", NAME, "--from", "elsewhere/acme", "--yes") == 0
    assert read_pins(str(root))[NAME].source == "../elsewhere/acme"
    making.sign(making.pack(source, "1.1.0"), keys["ana"])
    monkeypatch.chdir(root)
    assert run(root, "update", "--yes") == 0
    assert read_pins(str(root))[NAME].version == "1.1.0"
    (tmp_path / "acme-errors-1.2.0.pack").write_bytes(bundle("1.2.0"))
    assert run(root, "add", f"{NAME}@1.2.0", "--from", "../acme-errors-1.2.0.pack", "--yes") == 0
    assert run(root, "add", "other", "--from", "../acme-errors-1.2.0.pack", "--yes") == 6
    shutil.rmtree(root / ".driven/packs")
    assert run(root, "update", "--offline") == 0, "what came from a path is in the cache, too"


def test_a_token_comes_from_a_file_that_nobody_else_reads(
    root: Path,
    url: str,
    shelf: Shelf,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shelf.token = "s3cret"
    file = tmp_path / "token"
    file.write_text("s3cret\n")
    file.chmod(0o644)
    words = ("add", NAME, "--from", url, "--yes", "--token-file", str(file))
    assert run(root, *words) == 5
    file.chmod(0o600)
    assert run(root, *words) == 0
    assert run(root, "update") == 2
    said = capsys.readouterr()
    assert "wants a token" in said.err
    monkeypatch.setenv("DRIVEN_TOKEN", "s3cret")
    asked = len(shelf.requests)
    assert run(root, "update") == 2, "who wrote the lock is not who may see the token"
    assert run(root, "add", NAME) == 2
    assert not [headers for _, headers in shelf.requests[asked:] if "authorization" in headers]
    assert run(root, "update", "--from", url) == 0
    assert run(root, "update", "--token-file", str(file)) == 0
    said = capsys.readouterr()
    assert "s3cret" not in said.out + said.err + (root / ".driven/driven.lock").read_text()


def test_frozen_wants_what_was_written_when_it_was_accepted(added: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(added, "sync", "--frozen", "--quiet") == 0
    lock = added / ".driven/driven.lock"
    text = lock.read_text()
    digest = read_pins(str(added))[NAME].outputs["cursor"]
    lock.write_text(text.replace(digest, f"sha256:{'0' * 64}"))
    assert run(added, "sync", "--frozen") == 6
    said = capsys.readouterr().err
    assert "`acme-errors` is written otherwise for cursor" in said
    assert "driven update --repin" in said
    assert run(added, "sync", "--locked", "--quiet") == 0
    assert run(added, "update", "--repin", "--quiet") == 0
    assert lock.read_text() == text
    config = added / ".driven/config.toml"
    config.write_text(config.read_text() + "windsurf = true\n")
    assert run(added, "sync", "--frozen") == 6
    assert "`acme-errors` has no pin for windsurf" in capsys.readouterr().err
    assert run(added, "update", "--repin", "--json") == 0
    assert json.loads(capsys.readouterr().out)["data"]["repinned"] == [NAME]
    assert run(added, "sync", "--frozen", "--quiet") == 0


def test_a_lock_of_before_still_holds(added: Path) -> None:
    lock = added / ".driven/driven.lock"
    kept = lock.read_text().split("\n[packs.acme-errors.outputs]")[0]
    lock.write_text("\n".join(line for line in kept.splitlines() if not line.startswith("from =")) + "\n")
    assert packing.look(str(added), NAME).state == "accepted"
    assert run(added, "sync", "--locked", "--quiet") == 0
    assert run(added, "sync", "--frozen", "--quiet") == 6
    assert run(added, "update", NAME) == 2, "nothing says where it came from"
    assert run(added, "update") == 0


def test_several_packs_are_updated_as_each_can_be(
    added: Path, url: str, shelf: Shelf, bundle: Bundle, tmp_path: Path, keys: dict[str, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """One server is away, one pack is refused, one is newer: the last one is taken, the others stay."""
    other = making.pack(tmp_path / "other")
    (other / "pack.toml").write_text('name = "other"\nversion = "1.0.0"\n')
    making.sign(other, keys["ana"])
    assert run(added, "add", "other", "--from", str(other), "--yes") == 0
    shelf.publish(NAME, "1.1.0", bundle("1.1.0"))
    (other / "pack.toml").write_text('name = "other"\nversion = "1.1.0"\n')
    making.sign(other, keys["eve"])
    code, data = told(added, capsys, "update", "--yes")
    assert code == 6
    assert {one["name"]: one["state"] for one in data["packs"]} == {NAME: "updated", "other": "refused"}
    pins = read_pins(str(added))
    assert (pins[NAME].version, pins["other"].version) == ("1.1.0", "1.0.0")
    assert run(added, "update", "--from", url) == 0, "the other one is not asked for"
