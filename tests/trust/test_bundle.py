"""A pack as one string of bytes: one spelling, and no other is taken."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.errors import DrivenError, SignatureError
from driven.trust.bundle import read_bundle, write_bundle
from driven.trust.manifest import FileEntry, Manifest


def _files(**more: bytes) -> dict[str, bytes]:
    files = {"pack.toml": b'name = "a"\nversion = "1"\n', "rules/a.md": b"# A\n", **more}
    entries = tuple(FileEntry(path, "755" if path == "run.py" else "644", 1, "0" * 64) for path in sorted(files))
    return {
        **files,
        "pack.manifest": Manifest(name="a", version="1", files=entries).to_bytes(),
        "pack.manifest.sig": b"s",
    }


def test_the_same_files_give_the_same_bytes_and_come_back() -> None:
    files = _files()
    made = write_bundle(files)
    assert write_bundle(dict(reversed(files.items()))) == made
    assert read_bundle(made) == files


def test_tar_reads_it_with_the_rights_of_the_manifest() -> None:
    deep = "rules/" + "/".join("0123456789" for _ in range(14)) + "/a.md"
    files = _files(**{"run.py": b"print()", deep: b"x" * 1025})
    with tarfile.open(fileobj=io.BytesIO(write_bundle(files))) as tar:
        assert tar.getnames() == sorted(files)
        assert {one.name: one.mode for one in tar}["run.py"] == 0o755
        assert {one.mode for one in tar} == {0o644, 0o755}
        for path, data in files.items():
            member = tar.extractfile(path)
            assert member is not None and member.read() == data


@pytest.mark.parametrize("path", ["../a", "/a", "a/../b", "C:a", "a\\b", "a" * 101, "con", "a\nb"])
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(SignatureError):
        write_bundle(_files(**{path: b""}))


def test_a_pack_that_is_not_signed_has_no_bundle() -> None:
    with pytest.raises(SignatureError, match=r"no `pack\.manifest`"):
        write_bundle({"pack.toml": b""})


def test_tar_of_another_spelling_is_refused() -> None:
    files = _files()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(files):
            info = tarfile.TarInfo(path)
            info.size, info.mtime = len(files[path]), 1
            tar.addfile(info, io.BytesIO(files[path]))
    with pytest.raises(SignatureError):
        read_bundle(out.getvalue())


def test_a_bundle_that_ends_too_early_or_too_late_is_refused() -> None:
    """Wherever a block ends: also before the two empty ones at the end, and behind them."""
    good = write_bundle(_files())
    for end in range(0, len(good), 512):
        with pytest.raises(SignatureError):
            read_bundle(good[:end])
    for more in (b"\0", bytes(512), bytes(1024), good):
        with pytest.raises(SignatureError):
            read_bundle(good + more)


@pytest.mark.parametrize("path", ["rules/../../x", "/x", "RULES/a.md", "rules/a.md/b", "con"])
@pytest.mark.parametrize("signed", [True, False])
def test_a_bundle_with_a_bad_path_is_refused_whether_its_manifest_has_it_or_not(path: str, signed: bool) -> None:
    """Written without the look at paths that `write_bundle` takes."""
    assert read_bundle(_bare(_files())) == _files()
    files = {**(_files(**{path: b"x"}) if signed else _files()), path: b"x"}
    with pytest.raises(SignatureError):
        read_bundle(_bare(files))


def _bare(files: dict[str, bytes]) -> bytes:
    """A bundle of any paths, its manifest as it is."""
    from driven.trust import bundle

    heads = {path: bundle._head(path, len(data), bundle._MODES["644"]) for path, data in files.items()}
    body = b"".join(heads[path] + files[path] + bytes(-len(files[path]) % 512) for path in sorted(files))
    return body + bytes(1024)


@settings(max_examples=150)
@given(st.data())
def test_whatever_is_changed_is_refused_or_is_other_files(data: st.DataObject) -> None:
    good = write_bundle(_files())
    at = data.draw(st.integers(0, len(good) - 1))
    kind = data.draw(st.sampled_from(["flip", "cut", "add", "drop"]))
    bad = {
        "flip": good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :],
        "cut": good[:at],
        "add": good[:at] + b"\0" + good[at:],
        "drop": good[:at] + good[at + 1 :],
    }[kind]
    try:
        files = read_bundle(bad)
    except DrivenError:
        return
    assert files != read_bundle(good) or bad == good
    assert write_bundle(files) == bad
