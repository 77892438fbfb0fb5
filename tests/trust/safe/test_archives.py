"""Archives: what a pack is comes out as it went in; what is no pack, or lies, leaves nothing behind."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import stat
import struct
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.errors import DiskError, DrivenError, SignatureError, SourceError
from driven.trust import archives
from driven.trust.archives import as_signed, unpack
from driven.trust.manifest_disk import of_folder

FILES = {
    "pack.toml": b'name = "acme"\n',
    "rules/a.md": b"# A\n",
    "rules/deep/b.md": b"",
    "plugins/run.py": b"print(1)\n",
}


def accept(folder: str) -> None:
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700


def zipped(files: dict[str, bytes], change: Callable[[zipfile.ZipInfo], None] = lambda _: None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for path, data in files.items():
            info = zipfile.ZipInfo(path)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (stat.S_IFREG | (0o755 if path.endswith(".py") else 0o644)) << 16
            change(info)
            made.writestr(info, data)
    return out.getvalue()


def tarred(
    files: dict[str, bytes], change: Callable[[tarfile.TarInfo], None] = lambda _: None, mode: str = "w:gz"
) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as made:  # type: ignore[call-overload]
        for path, data in files.items():
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(data), 0o755 if path.endswith(".py") else 0o644
            change(info)
            made.addfile(info, io.BytesIO(data))
    return out.getvalue()


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def refused(tmp_path: Path, data: bytes, match: str, error: type[DrivenError] = SourceError) -> None:
    (tmp_path / "in").mkdir(exist_ok=True)
    (tmp_path / "in" / "p.zip").write_bytes(data)
    with pytest.raises(error, match=match) as told:
        unpack(str(tmp_path / "in" / "p.zip"), str(tmp_path / "in" / "pack"), accept)
    assert str(told.value).isprintable()
    assert os.listdir(tmp_path / "in") == ["p.zip"]  # nothing is left
    assert os.listdir(tmp_path) == ["in"]  # and nothing was written elsewhere


@pytest.mark.parametrize("data", [zipped(FILES), tarred(FILES), tarred(FILES, mode="w:")], ids=["zip", "tar.gz", "tar"])
def test_a_pack_comes_out_as_it_went_in(tmp_path: Path, data: bytes) -> None:
    archive = tmp_path / "pack.bin"
    archive.write_bytes(data)
    assert unpack(str(archive), str(tmp_path / "pack"), accept) == tuple(sorted(FILES))
    assert tree(tmp_path / "pack") == FILES
    modes = {name: stat.S_IMODE((tmp_path / "pack" / name).stat().st_mode) for name in FILES}
    assert modes == {name: 0o755 if name.endswith(".py") else 0o644 for name in FILES}
    assert sorted(os.listdir(tmp_path)) == ["pack", "pack.bin"]
    with pytest.raises(DiskError, match="stands already"):
        unpack(str(archive), str(tmp_path / "pack"), accept)


@pytest.mark.parametrize("tool", ["tar", "zip"])
def test_what_real_tools_make(tmp_path: Path, tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not on this machine")
    for path, data in FILES.items():
        (tmp_path / "src" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "src" / path).write_bytes(data)
    made = tmp_path / "made"
    words = ["tar", "-czf", str(made), "."] if tool == "tar" else ["zip", "-qr", str(made) + ".zip", "."]
    subprocess.run(words, cwd=tmp_path / "src", check=True)
    unpack(str(made) + (".zip" if tool == "zip" else ""), str(tmp_path / "pack"), accept)
    assert tree(tmp_path / "pack") == FILES


def test_it_is_held_against_what_was_signed(tmp_path: Path) -> None:
    archive = tmp_path / "p.zip"
    archive.write_bytes(zipped(FILES))
    unpack(str(archive), str(tmp_path / "first"), accept)
    manifest = of_folder(str(tmp_path / "first"), name="acme", version="1")
    unpack(str(archive), str(tmp_path / "second"), as_signed(manifest))
    for change, said in (
        ({"rules/a.md": b"# B\n"}, "changed after it was signed"), ({"more.md": b""}, "was not signed"),
    ):  # fmt: skip
        archive.write_bytes(zipped({**FILES, **change}))
        with pytest.raises(SignatureError, match=said):
            unpack(str(archive), str(tmp_path / "third"), as_signed(manifest))
    archive.write_bytes(zipped({"pack.toml": FILES["pack.toml"]}))
    with pytest.raises(SignatureError, match="is not there"):
        unpack(str(archive), str(tmp_path / "third"), as_signed(manifest))
    archive.write_bytes(tarred(FILES, lambda info: setattr(info, "mode", 0o755)))
    with pytest.raises(SignatureError, match="can be run"):
        unpack(str(archive), str(tmp_path / "third"), as_signed(manifest))
    assert sorted(os.listdir(tmp_path)) == ["first", "p.zip", "second"]


SLIPS = {
    "../x": r"no `\.\.`", "a/../../x": r"no `\.\.`", "/etc/x": "below the pack", "C:/x": "below the pack",
    "a\\..\\x": "below the pack", "a//b": "no `//`", "a.": "ends with a dot", "a /b": "blank",
    "nul": "device on Windows", "COM1.txt": "device on Windows",
    "e\u0301": "composed form", "a\u200b": "cannot be seen",
    "a\x1b[2J": "cannot be seen", "a?": "holds one of",
    "/".join("d" * 40) + "/x": "folders deep", "x" * 300: "255 bytes",
}  # fmt: skip


@pytest.mark.parametrize("path", SLIPS, ids=ascii)
@pytest.mark.parametrize("make", [zipped, tarred])
def test_paths(tmp_path: Path, make: Callable[[dict[str, bytes]], bytes], path: str) -> None:
    refused(tmp_path, make({"ok.md": b"x", path: b"evil"}), SLIPS[path])


@pytest.mark.parametrize("make", [zipped, tarred])
@pytest.mark.parametrize("pair", [("A.md", "a.md"), ("Straße", "STRASSE"), ("a/x", "A/y"), ("é.md", "É.md")], ids=ascii)
def test_names_that_are_one_elsewhere(
    tmp_path: Path, make: Callable[[dict[str, bytes]], bytes], pair: tuple[str, str]
) -> None:
    with pytest.raises(DrivenError, match=r"in other letters|case does not count"):
        (tmp_path / "p").write_bytes(make(dict.fromkeys(pair, b"x")))
        unpack(str(tmp_path / "p"), str(tmp_path / "pack"), accept)
    assert os.listdir(tmp_path) == ["p"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("a", b"seen by the scanner")
        made.writestr("a", b"unpacked")
    refused(tmp_path, out.getvalue(), "twice")
    refused(tmp_path, tarred({"a/b": b"", "a": b"x"}), "is a folder", DrivenError)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE,
                                  tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE])  # fmt: skip
def test_links_and_devices_in_tar(tmp_path: Path, kind: bytes) -> None:
    def change(info: tarfile.TarInfo) -> None:
        info.type, info.linkname, info.size = kind, "/etc/passwd", 0

    refused(tmp_path, tarred({"link": b""}, change), "link, a device", SourceError)


def test_the_escape_by_two_links(tmp_path: Path) -> None:
    """A link to a folder outside, then a file through it: what `fully_trusted` let out."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        link = tarfile.TarInfo("out")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        made.addfile(link)
        file = tarfile.TarInfo("out/evil")
        file.size = 4
        made.addfile(file, io.BytesIO(b"evil"))
    refused(tmp_path, out.getvalue(), "is a link")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_in_zip(tmp_path: Path, kind: int) -> None:
    data = zipped({"link": b"/etc/passwd"}, lambda info: setattr(info, "external_attr", (kind | 0o777) << 16))
    refused(tmp_path, data, "is a link or a device")


def test_special_bits_are_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(tarred({"a": b"x"}, lambda info: setattr(info, "mode", 0o6777)))
    unpack(str(tmp_path / "p"), str(tmp_path / "pack"), accept)
    assert stat.S_IMODE((tmp_path / "pack" / "a").stat().st_mode) == 0o755


def test_bombs(tmp_path: Path) -> None:
    refused(tmp_path, zipped({"a": b"\0" * (15 << 20)}), "200 times")
    refused(tmp_path, tarred({"a": b"\0" * (15 << 20)}), "grows")
    refused(tmp_path, zipped({"a": b"\0" * (17 << 20)}), "larger than 16 MiB")
    refused(tmp_path, gzip.compress(gzip.compress(b"\0" * (40 << 20))), "grows|cannot be unpacked")
    # A name of 30 MB: the reader of tar files would take it into memory before it shows the file.
    refused(tmp_path, tarred({"n" * (30 << 20): b""}), "grows|bytes|characters")
    pieces = {f"f{number}": os.urandom(1000) * 15_000 for number in range(5)}
    refused(tmp_path, zipped(pieces) + b"", "64 MiB together|200 times")


def test_a_member_that_is_larger_than_it_says(tmp_path: Path) -> None:
    data = bytearray(zipped({"a": b"x" * 5000}))
    at = data.rfind(b"PK\x01\x02")
    for place in (22, at + 24):
        data[place : place + 4] = struct.pack("<I", 10)
    refused(tmp_path, bytes(data), "cannot be unpacked|not as large")


def test_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_FILES", 20)
    many = {f"d{number}/f": b"" for number in range(21)}
    refused(tmp_path, zipped(many), "more than 20")
    refused(tmp_path, tarred(many), "more than 20")
    folders = tarred({f"d{number}": b"" for number in range(30)}, lambda info: setattr(info, "type", tarfile.DIRTYPE))
    refused(tmp_path, folders, "more than 20")
    monkeypatch.setattr(archives, "MAX_LISTING", 100)
    refused(tmp_path, zipped(FILES), "says that it holds more")
    monkeypatch.setattr(archives, "MAX_ARCHIVE", 100)
    refused(tmp_path, zipped(FILES), "larger than 100", DiskError)


def test_what_is_no_archive(tmp_path: Path) -> None:
    good = zipped(FILES)
    for data in (b"", b"PK", b"hello" * 200, good[:-30], good[: len(good) // 2], tarred(FILES)[:100],
                 b"PK\x05\x06" + b"\0" * 18, b"\x1f\x8b" + b"\0" * 50, zlib.compress(b"x")):  # fmt: skip
        refused(tmp_path, data, "cannot be unpacked|holds no file|breaks off")
    secret = bytearray(good)
    for at in (good.find(b"PK\x03\x04") + 6, good.find(b"PK\x01\x02") + 8):
        secret[at] |= 1
    refused(tmp_path, bytes(secret), "encrypted")
    refused(tmp_path, zipped(FILES, lambda info: setattr(info, "compress_type", zipfile.ZIP_LZMA)), "packed in a way")
    os.remove(tmp_path / "in" / "p.zip")
    (tmp_path / "in" / "p.zip").symlink_to("/etc/passwd")
    with pytest.raises(DiskError, match="link"):
        unpack(str(tmp_path / "in" / "p.zip"), str(tmp_path / "pack"), accept)


def test_who_is_asked_may_refuse(tmp_path: Path) -> None:
    def no(folder: str) -> None:
        assert tree(Path(folder)) == FILES
        raise SignatureError("nobody signed it")

    (tmp_path / "p").write_bytes(zipped(FILES))
    with pytest.raises(SignatureError, match="nobody signed"):
        unpack(str(tmp_path / "p"), str(tmp_path / "pack"), no)
    assert os.listdir(tmp_path) == ["p"]


SEEDS = [zipped(FILES), tarred(FILES, mode="w:"), tarred({"x" * 150: b"1"}, mode="w:")]


@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 3000), st.binary(min_size=1, max_size=6)), max_size=6))
@settings(max_examples=150)
def test_any_bytes(tmp_path: Path, data: bytes, changes: list[tuple[int, bytes]]) -> None:
    changed = bytearray(data)
    for at, piece in changes:
        changed[at % len(changed) : at % len(changed) + len(piece)] = piece
    shutil.rmtree(tmp_path / "f", ignore_errors=True)
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "p").write_bytes(changed)
    try:
        unpack(str(tmp_path / "f" / "p"), str(tmp_path / "f" / "pack"), accept)
    except DrivenError:
        assert os.listdir(tmp_path / "f") == ["p"]
    assert sorted(os.listdir(tmp_path / "f")) in (["p"], ["p", "pack"])
    assert sorted(os.listdir(tmp_path)) == ["f"]
