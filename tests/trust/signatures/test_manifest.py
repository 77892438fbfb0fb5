"""Manifests: one text for one pack, and what means one thing here and another there refused."""

from __future__ import annotations

import json
import os
import socket
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.errors import SignatureError
from driven.trust.canonical import dump
from driven.trust.capability import CapabilityManifest
from driven.trust.manifest import FileEntry, Manifest, Problem, check_path, check_paths, parse
from driven.trust.manifest_disk import compare, compare_file, of_file, of_folder

from .kit import pack

MANY = CapabilityManifest.of({"FileRead": ["docs"], "NetworkAccess": ["api.example.org"]}, min_ring="N")


def entry(path: str = "a.md", **changed: Any) -> dict[str, Any]:
    made = {"path": path, "type": "file", "mode": "644", "size": 1, "sha256": "0" * 64}
    return made | changed


def text(*files: Any, **changed: Any) -> bytes:
    made: dict[str, Any] = {
        "driven": 1, "name": "acme", "version": "1.0", "min_driven": "", "previous": None, "files": list(files),
        "capabilities": CapabilityManifest().to_json(),
    }  # fmt: skip
    return dump(made | changed)


def test_the_manifest_of_a_pack(tmp_path: Path) -> None:
    folder = pack(tmp_path)
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("x")
    made = of_folder(
        str(folder), name="acme", version="1.2.0", min_driven="0.1", capabilities=MANY, previous="1" * 64
    )  # fmt: skip
    assert [(one.path, one.mode) for one in made.files] == [
        ("rules/errors.md", "644"), ("rules/größe.md", "644"), ("run.sh", "755"),
    ]  # fmt: skip
    assert made.files[2].sha256 == sha256(b"#!/bin/sh\n").hexdigest() and made.files[2].size == 10
    data = made.to_bytes()
    assert json.loads(data)["previous"] == "1" * 64 and data.endswith(b"}\n") and b" " not in data
    assert parse(data, "m") == made
    assert made.digest == sha256(data).hexdigest()
    assert compare(made, str(folder)) == ()


def test_the_same_pack_is_the_same_text_however_it_was_made(tmp_path: Path) -> None:
    one, two = pack(tmp_path / "one"), tmp_path / "two"
    (two / "rules").mkdir(parents=True)
    for name in ("run.sh", "rules/größe.md", "rules/errors.md"):
        (two / name).write_bytes((one / name).read_bytes())
    (two / "run.sh").chmod(0o700)
    (two / "rules" / "errors.md").chmod(0o600)
    os.utime(two / "run.sh", (1, 1))
    made = [of_folder(str(at), name="a", version="1").to_bytes() for at in (one, two)]
    assert made[0] == made[1]


CHANGES = {
    "changed": lambda at: (at / "run.sh").write_text("#!/bin/sh\nrm -rf ~\n"),
    "same size": lambda at: (at / "run.sh").write_text("#!/bin/zh\n"),
    "missing": lambda at: (at / "run.sh").unlink(),
    "unlisted": lambda at: (at / "rules" / ".hidden").write_text("x"),
    "in a new folder": lambda at: ((at / "new").mkdir(), (at / "new" / "x").write_text("x")),
    "git, not at the top": lambda at: ((at / "rules" / ".git").mkdir(), (at / "rules" / ".git" / "x").write_text("x")),
    "a link": lambda at: ((at / "run.sh").unlink(), (at / "run.sh").symlink_to("/etc/passwd")),
    "a link to a folder": lambda at: (at / "more").symlink_to("/etc"),
    "a pipe": lambda at: ((at / "run.sh").unlink(), os.mkfifo(at / "run.sh")),
    "can be run": lambda at: (at / "rules" / "errors.md").chmod(0o755),
    "mode 777": lambda at: (at / "run.sh").chmod(0o777),
    "setuid": lambda at: (at / "run.sh").chmod(0o4755),
}
SAID = {
    "changed": ("changed", "run.sh"), "same size": ("changed", "run.sh"), "missing": ("missing", "run.sh"),
    "unlisted": ("unlisted", "rules/.hidden"), "in a new folder": ("unlisted", "new/x"),
    "git, not at the top": ("unlisted", "rules/.git/x"), "a link": ("refused", "run.sh"),
    "a link to a folder": ("refused", "more"), "a pipe": ("refused", "run.sh"),
    "can be run": ("mode", "rules/errors.md"), "mode 777": ("refused", "run.sh"), "setuid": ("refused", "run.sh"),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES)
def test_what_is_not_as_it_was_signed(case: str, tmp_path: Path) -> None:
    folder = pack(tmp_path)
    made = of_folder(str(folder), name="a", version="1")
    CHANGES[case](folder)
    found = compare(made, str(folder))
    assert [(one.kind, one.path) for one in found] == [SAID[case]]
    assert len(found[0].message) > 15


@pytest.mark.parametrize("case", ["a link", "a link to a folder", "a pipe", "mode 777", "setuid"])
def test_what_no_pack_can_hold(case: str, tmp_path: Path) -> None:
    folder = pack(tmp_path)
    CHANGES[case](folder)
    with pytest.raises(SignatureError, match=r"`(run\.sh|more)`: it (is|runs)|anybody may write"):
        of_folder(str(folder), name="a", version="1")


def test_a_socket_and_a_device_are_no_files(tmp_path: Path) -> None:
    folder = pack(tmp_path)
    here = os.getcwd()
    os.chdir(folder)  # a socket's address is short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("s")
    finally:
        os.chdir(here)
    with pytest.raises(SignatureError, match="`s`: it is no plain file"):
        of_folder(str(folder), name="a", version="1")
    assert [one.kind for one in compare(Manifest(name="a", version="1"), str(folder))].count("refused") == 1
    with pytest.raises(SignatureError, match="no plain file"):
        of_file("/dev/null", name="a", version="1")


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["A.md", "a.md"], "are one name where case does not count"),
        (["Straße.md", "strasse.md"], "are one name where case does not count"),
        (["Docs/a.md", "docs/b.md"], "`Docs/` and `docs/` are one name"),
        (["con.md"], "is a device on Windows"),
        (["a "], "begins or ends with a blank"),
        (["a."], "ends with a dot"),
        (["a\\b"], "a path is below the pack"),
        (["a:b"], "a path is below the pack"),
        (["caf\u0065\u0301.md"], "NFC"),
        (["a\u202eb.md"], "cannot be seen"),
        (["a\nb.md"], "cannot be seen"),
    ],
)
def test_names_that_mean_two_things(names: list[str], why: str, tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    with pytest.raises(SignatureError, match=why) as caught:
        of_folder(str(tmp_path), name="a", version="1")
    assert caught.value.message.isprintable()
    with pytest.raises(SignatureError, match="m: .*" + why):
        parse(text(*[entry(name) for name in sorted(names)]), "m")


@pytest.mark.parametrize(
    "path",
    ["../a", "a/../b", "/etc/passwd", "C:a", "c:/a", "a//b", "./a", "a/", "", "\\\\host\\a", "a" * 1025,
     "a/" * 40 + "b", "x" * 256, "a\0b", "a*", "nul", "COM1.txt", "\ud800"],
)  # fmt: skip
def test_paths_that_lead_elsewhere(path: str) -> None:
    assert check_path(path)
    with pytest.raises(SignatureError):
        check_paths([path])


def test_paths_that_are_good() -> None:
    good = ["a", "a b/c.md", "größe/日本.md", ".github/x", "console.md", "a.b.c/d"]
    assert [check_path(path) for path in good] == [""] * len(good)


SIGNED_AND_WRONG = {
    "not JSON": (b"hello", "is not canonical JSON"),
    "no manifest": (dump([1]), "it is no manifest"),
    "a later form": (text(driven=2), "it is of form 2, and this driven knows form 1"),
    "blanks": (text().replace(b":", b": "), "is not canonical JSON"),
    "another order": (b'{"b":1,"a":2}\n', "is not canonical JSON"),
    "a key twice": (b'{"a":1,"a":1}\n', "is not canonical JSON"),
    "a number with a point": (text(entry(size=1)).replace(b'"size":1', b'"size":1.0'), "is not canonical JSON"),
    "huge": (b'"' + b"x" * (5 << 20) + b'"\n', "is larger than 4 MiB"),
    "deep": (b"[" * 3000, "nested|canonical"),
    "a key more": (text(more=1), "a key is missing, or one is unknown"),
    "a name with blanks": (text(name="a b"), "is no name"),
    "no version": (text(version=""), "is no version"),
    "capabilities": (text(capabilities={"capabilities": {"Fly": ["x"]}}), "`Fly` is no capability"),
    "capabilities in another spelling": (
        text(capabilities={**CapabilityManifest().to_json(), "capabilities": {"FileRead": ["docs/"]}}),
        "does not stand in its one spelling",
    ),
    "previous": (text(previous="x"), "64 hex digits"),
    "files": (text(files={}), "no list"),
    "a file": (text("x"), "not told as it must be"),
    "a link": (text(entry(type="link")), "no plain file"),
    "mode 777": (text(entry(mode="777")), "has the mode '777'"),
    "a size below nothing": (text(entry(size=-1)), "has no size"),
    "a size that is true": (text(entry(size=True)), "has no size"),
    "too large": (text(entry(size=1 << 40)), "has no size"),
    "too large together": (text(*[entry(f"f{n:03}", size=1 << 28) for n in range(9)]), "larger than 1024 MiB together"),
    "a digest": (text(entry(sha256="A" * 64)), "64 hex digits"),
    "above": (text(entry("../a")), "`../a` cannot stand in a pack"),
    "absolute": (text(entry("/a")), "`/a` cannot stand in a pack"),
    "twice": (text(entry("a"), entry("a")), "`a` stands twice"),
    "out of order": (text(entry("b"), entry("a")), "out of order"),
    "a file and a folder": (text(entry("a"), entry("a/b")), "are one name"),
    "case": (text(entry("A.md"), entry("a.md")), "are one name where case does not count"),
}


@pytest.mark.parametrize("case", SIGNED_AND_WRONG)
def test_what_is_refused_though_it_was_signed(case: str) -> None:
    data, why = SIGNED_AND_WRONG[case]
    with pytest.raises(SignatureError, match=why) as caught:
        parse(data, "`m`")
    assert caught.value.message.startswith("`m`") and caught.value.message.count("`m`") == 1


_entries = st.builds(
    FileEntry, st.from_regex(r"[a-z]{1,6}(/[a-z]{1,6}){0,3}", fullmatch=True), st.sampled_from(["644", "755"]),
    st.integers(0, 1000), st.binary(min_size=32, max_size=32).map(bytes.hex),
)  # fmt: skip


@settings(max_examples=40)
@given(st.lists(_entries, max_size=8, unique_by=lambda one: one.path), st.booleans())
def test_manifests_round_trip(files: list[FileEntry], wants: bool) -> None:
    made = Manifest(
        name="acme/errors", version="1.0.0-rc1+x", files=tuple(sorted(files, key=lambda one: one.path)),
        capabilities=MANY if wants else CapabilityManifest(), previous="ab" * 32 if wants else None,
    )  # fmt: skip
    paths = {one.path for one in files}
    both = any(path.startswith(other + "/") for path in paths for other in paths)
    if both:
        with pytest.raises(SignatureError, match="are one name"):
            parse(made.to_bytes(), "m")
    else:
        assert parse(made.to_bytes(), "m") == made


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 1 << 60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3), max_leaves=6,
)  # fmt: skip


@settings(max_examples=80)
@given(
    st.sampled_from(["driven", "name", "version", "files", "capabilities", "previous", "min_driven"]),
    _values,
    st.binary(),
)
def test_any_value_is_a_manifest_or_refused(key: str, value: Any, junk: bytes) -> None:
    for data in (junk, json.dumps({**json.loads(text(entry())), key: value}).encode()):
        try:
            found = parse(data, "m")
        except SignatureError:
            continue
        assert found.to_bytes() == data


def test_one_file(tmp_path: Path) -> None:
    path = tmp_path / "rules.drv"
    path.write_bytes(b"rules")
    made = of_file(str(path), name="rules", version="1")
    assert [one.path for one in made.files] == ["rules.drv"]
    path.chmod(0o755)  # how it lies on a disk of Windows, say
    assert compare_file(made, str(path)) == ()
    path.write_bytes(b"rulez")
    assert [one.kind for one in compare_file(made, str(path))] == ["changed"]
    path.unlink()
    assert [one.kind for one in compare_file(made, str(path))] == ["missing"]
    other = tmp_path / "other.drv"
    other.write_bytes(b"rules")
    assert [one.kind for one in compare_file(made, str(other))] == ["unlisted"]
    other.unlink()
    other.symlink_to("/etc/passwd")
    assert [one.kind for one in compare_file(of_file("x/other.drv", name="a", version="1", data=b""), str(other))] == [
        "refused"
    ]


def test_too_deep_and_too_many(tmp_path: Path) -> None:
    deep = tmp_path / "/".join("d" * 40)
    deep.mkdir(parents=True)
    (deep / "x").write_text("x")
    with pytest.raises(SignatureError, match="more than 32 folders deep"):
        of_folder(str(tmp_path), name="a", version="1")
    with pytest.raises(SignatureError, match="cannot be read"):
        of_folder(str(tmp_path / "none"), name="a", version="1")


def test_a_problem_is_a_sentence() -> None:
    assert (
        Problem("changed", "a.md", "was changed after it was signed").told == "`a.md` was changed after it was signed"
    )
    assert Problem("refused", "a\x1b", "it is a link").told == "`a\\x1b`: it is a link"
