"""`driven pack build` and `driven pack publish`, as people and CI run them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from trust.packs import making

from driven.serving.packaging import Built
from driven.trust.bundle import read_bundle
from serving.tools import Server, driven, free_port, within


@pytest.fixture
def folder(tmp_path: Path, key: Path) -> Path:
    """A pack that is signed."""
    made = making.pack(tmp_path / "acme-errors")
    making.sign(made, key)
    return made


def data(done: object) -> dict[str, object]:
    envelope = json.loads(done.stdout)  # type: ignore[attr-defined]
    assert envelope["ok"], envelope
    found: dict[str, object] = envelope["data"]
    return found


def test_a_pack_is_built_and_built_again_the_same(folder: Path, tmp_path: Path) -> None:
    first = within(tmp_path, "pack", "build", "acme-errors")
    assert first.returncode == 0 and "acme-errors-1.0.0.pack" in first.stdout and "SHA256:" in first.stdout
    made = (tmp_path / "acme-errors-1.0.0.pack").read_bytes()
    again = data(within(folder, "pack", "build", "--out", "../out/again.pack", "--json"))
    assert (tmp_path / "out/again.pack").read_bytes() == made
    assert again["size"] == len(made) and (again["rules"], again["files"]) == (1, 4)
    assert read_bundle(made)["rules/errors.md"] == (folder / "rules/errors.md").read_bytes()


@pytest.mark.parametrize(("path", "text", "code", "said"), [
    ("rules/errors.md", "# Other\n", 6, "driven sign acme-errors"),
    ("rules/more.md", "# More\n", 6, "driven sign acme-errors"),
    ("rules/errors.md", "---\nprioritty: 3\n---\n", 2, "prioritty"),
    ("pack.toml", "name = 'acme-errors'\n", 2, "version"),
    ("pack.toml", "nonsense\n", 2, "parse"),
    ("rules/errors.md", "# Hidden \u202e text\n", 6, "driven sign"),
    ("pack.manifest", "{}", 6, "manifest"),
    ("pack.manifest.sig", "nonsense", 6, "sign"),
])  # fmt: skip
def test_what_is_not_fit_is_not_built(path: str, text: str, code: int, said: str, folder: Path, tmp_path: Path) -> None:
    (folder / path).write_text(text)
    done = within(tmp_path, "pack", "build", "acme-errors")
    assert done.returncode == code and said in done.stderr, done.stderr
    assert not list(tmp_path.glob("*.pack"))


def test_what_hides_text_is_not_built_even_signed(folder: Path, key: Path, tmp_path: Path) -> None:
    (folder / "rules/errors.md").write_text("# Errors\n\nName the \u202ething.\n")
    making.sign(folder, key)
    done = within(tmp_path, "pack", "build", "acme-errors")
    assert done.returncode == 2 and "rules/errors.md" in done.stderr


def test_what_nobody_would_look_through_is_not_built(folder: Path, key: Path, tmp_path: Path) -> None:
    (folder / "notes.txt").write_text("- Name the thing.\n" * 70_000)
    making.sign(folder, key)
    done = within(tmp_path, "pack", "build", "acme-errors")
    assert done.returncode == 2 and "notes.txt: a text of 1,260,000 bytes" in done.stderr


def test_without_a_signature_nothing_is_built(folder: Path, tmp_path: Path) -> None:
    for name in ("pack.manifest", "pack.manifest.sig"):
        (folder / name).unlink()
    done = within(tmp_path, "pack", "build", "acme-errors")
    assert done.returncode == 6 and "driven sign acme-errors" in done.stderr
    assert within(tmp_path, "pack", "build", "nowhere").returncode == 2


def test_a_pack_goes_into_a_folder_once(folder: Path, key: Path, tmp_path: Path) -> None:
    words = ("pack", "publish", "acme-errors", "--to", "store", "--json")
    first, second = data(within(tmp_path, *words)), data(within(tmp_path, *words))
    assert (first["new"], second["new"]) == (True, False) and first["etag"] == second["etag"]
    (folder / "rules/errors.md").write_text("# Errors\n\nAnother.\n")
    making.sign(folder, key)
    done = within(tmp_path, "pack", "publish", "acme-errors", "--to", "store")
    assert done.returncode == 4 and "raise `version`" in done.stderr
    assert len((tmp_path / "store/events.log").read_text().splitlines()) == 1


def test_a_bundle_goes_to_a_server(tmp_path: Path, server: Server, place: Path, packs: dict[str, Built]) -> None:
    pack = tmp_path / "a.pack"
    pack.write_bytes(packs["1.1.0"].data)
    ana, ben = ((place / f"{name}.token") for name in ("ana", "ben"))
    words = ("pack", "publish", "a.pack", "--to", server.url)
    done = driven(tmp_path, *words, "--token-file", os.fspath(ana))
    assert done.returncode == 0 and packs["1.1.0"].version.etag in done.stdout
    assert driven(tmp_path, *words, DRIVEN_TOKEN=ana.read_text()).returncode == 0
    assert driven(tmp_path, *words, DRIVEN_TOKEN=ben.read_text()).returncode == 5
    assert driven(tmp_path, *words).returncode == 5
    pack.write_bytes(packs["other"].data)
    done = driven(tmp_path, *words, DRIVEN_TOKEN=ana.read_text())
    assert done.returncode == 4 and "raise `version`" in done.stderr


def test_a_token_stays_out_of_the_clear(tmp_path: Path, packs: dict[str, Built]) -> None:
    (tmp_path / "a.pack").write_bytes(packs["1.1.0"].data)
    done = driven(tmp_path, "pack", "publish", "a.pack", "--to", "http://rules.example.org", DRIVEN_TOKEN="drv_x")
    assert done.returncode == 2 and "https" in done.stderr
    (tmp_path / "token").write_text("drv_x")
    (tmp_path / "token").chmod(0o644)
    words = ("pack", "publish", "a.pack", "--to", "http://127.0.0.1:9", "--token-file", "token")
    done = driven(tmp_path, *words)
    assert done.returncode == 5 and "chmod 600" in done.stderr


@pytest.mark.parametrize("place", ["http://", "http://[::1", "http://a:b@c", "http://a:99999", "https://a/?x=1"])
def test_an_address_that_is_none_is_told(place: str, tmp_path: Path, packs: dict[str, Built]) -> None:
    from driven.errors import UsageError
    from driven.serving.handing_in import hand_in

    with pytest.raises(UsageError):
        hand_in(place, packs["1.0.0"].version, b"", "")


def test_a_server_that_is_not_there_is_told_at_last(
    packs: dict[str, Built], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    from driven.errors import DrivenError
    from driven.serving import handing_in

    monkeypatch.setattr(handing_in, "_PAUSE", 0.01)
    with pytest.raises(DrivenError, match="does not answer"):
        handing_in.hand_in(f"http://127.0.0.1:{free_port()}", packs["1.0.0"].version, b"", "")


def test_templates_are_compiled_before_they_are_signed(folder: Path, key: Path, tmp_path: Path) -> None:
    template = folder / "templates/standards/errors.md"
    template.parent.mkdir(parents=True)
    (folder / "templates/partials").mkdir()
    (folder / "templates/partials/end.md").write_text("---\ntitle: End\nkind: standard\n---\n- Say what to do.\n")
    template.write_text(
        "---\ntitle: Errors\ndescription: How errors are told\nkind: standard\nvariables:\n  package:\n    type: str\n"
        "    default: app\n---\n---\ndescription: Errors of {{ package }}\n---\n\n# Errors\n\n- Name the file.\n"
    )
    making.sign(folder, key)
    first = within(tmp_path, "pack", "build", "acme-errors")
    assert first.returncode == 6 and "templates/standards/errors.dtm was compiled just now" in first.stderr, (
        first.stderr
    )
    making.sign(folder, key)
    done = data(within(tmp_path, "pack", "build", "acme-errors", "--json"))
    assert done["compiled"] == []
    files = read_bundle((tmp_path / "acme-errors-1.0.0.pack").read_bytes())
    assert files["templates/standards/errors.dtm"] == (folder / "templates/standards/errors.dtm").read_bytes()
    assert "templates/partials/end.dtm" not in files
    template.write_text(template.read_text().replace("{{ package }}", "{{ package"))
    making.sign(folder, key)
    broken = within(tmp_path, "pack", "build", "acme-errors")
    assert broken.returncode == 2 and "errors" in broken.stderr, broken.stderr
