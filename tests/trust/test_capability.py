"""Capabilities: one spelling for each scope, what covers what, and that a set can only narrow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.errors import ConfigError, SourceError
from driven.trust import canonical
from driven.trust.capability import KINDS, MOST, RISKS, Capability, CapabilityManifest, capability, difference

SCOPES = {
    "FileRead": [".", "docs", "docs/api", "docs/api/a.md", "src"],
    "FileWrite": [".", "docs", "docs/a.md", "src"],
    "NetworkAccess": ["example.org", "*.example.org", "api.example.org", "api.example.org:8443", "*.example.org:8443"],
    "ProcessSpawn": ["git", "node"],
    "ShellExec": [""],
    "EnvAccess": ["HOME", "PATH"],
    "DatabaseAccess": ["sqlite:a.db", "postgres://h/n"],
    "CryptoOperations": ["SHA256:abc", "SHA256:def"],
}
CAPABILITIES = st.sampled_from([capability(kind, scope) for kind, scopes in SCOPES.items() for scope in scopes])


def _manifest(found: list[Capability], ring: str, quota: str, band: str) -> CapabilityManifest:
    wanted: dict[str, list[str]] = {}
    for one in found:
        wanted.setdefault(one.kind, []).append(one.scope)
    return CapabilityManifest.of(wanted, min_ring=ring, quota=quota, band=band)


MANIFESTS = st.builds(
    _manifest,
    st.lists(CAPABILITIES, max_size=6), st.sampled_from("WNLT"), st.sampled_from(["tiny", "small", "xl"]),
    st.sampled_from(["instant", "fast", "cold"]),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "written", "read"), [
    ("FileRead", "./docs/", "docs"), ("FileRead", ".", "."), ("FileRead", "./", "."),
    ("FileRead", "my notes/", "my notes"), ("FileRead", "docs/e\u0301.md", "docs/é.md"),
    ("NetworkAccess", "API.Example.org", "api.example.org:443"), ("NetworkAccess", "example.org.", "example.org:443"),
    ("NetworkAccess", "bücher.de:80", "xn--bcher-kva.de:80"), ("NetworkAccess", "[::1]:0443", "[::1]:443"),
    ("NetworkAccess", "*.Example.org:8443", "*.example.org:8443"),
])  # fmt: skip
def test_a_scope_has_one_spelling(kind: str, written: str, read: str) -> None:
    assert capability(kind, written).scope == read
    assert capability(kind, read) == capability(kind, written)


@pytest.mark.parametrize(("kind", "scope", "says"), [
    ("FileRed", "docs", "`FileRed` is no capability"), ("FileRead", "../docs", "below the project"),
    ("FileRead", "docs/../..", "below the project"), ("FileRead", "/etc", "below the project"),
    ("FileRead", "C:/x", "below the project"), ("FileRead", "a\\b", "below the project"),
    ("FileRead", "", "below the project"), ("FileRead", "a//b", "below the project"),
    ("FileRead", "docs/*", "no pattern"), ("FileWrite", "a\x00b", "printable"),
    ("NetworkAccess", "", "a host is"), ("NetworkAccess", "a.org:0", "a port is"),
    ("NetworkAccess", "a.org:65536", "a port is"), ("NetworkAccess", "a.org:٣", "a port is"),
    ("NetworkAccess", "*.org", "a host is"), ("NetworkAccess", "*", "a host is"),
    ("NetworkAccess", "a..org", "a host is"), ("NetworkAccess", "a.org\x00.b.org", "printable"),
    ("NetworkAccess", "a.org%2f", "a host is"), ("NetworkAccess", "user@a.org", "a host is"),
    ("NetworkAccess", "a.org/path", "a host is"), ("NetworkAccess", "[zz]:1", "a host is"),
    ("ProcessSpawn", "/bin/sh", "without its folder"), ("ProcessSpawn", "", "without its folder"),
    ("ProcessSpawn", "..", "without its folder"), ("ShellExec", "ls", "no scope"), ("EnvAccess", "A=B", "letters"),
    ("EnvAccess", "1A", "letters"), ("EnvAccess", "", "letters"), ("DatabaseAccess", "notes", "address"),
    ("CryptoOperations", "", "fingerprint"), ("FileRead", "a" * 600, "a scope of"),
])  # fmt: skip
def test_what_means_nothing_is_refused(kind: str, scope: str, says: str) -> None:
    with pytest.raises(ConfigError) as told:
        capability(kind, scope)
    assert says in told.value.message


@pytest.mark.parametrize(("one", "other", "does"), [
    (("FileRead", "docs"), ("FileRead", "docs/a/b.md"), True), (("FileRead", "docs"), ("FileRead", "docs2"), False),
    (("FileRead", "."), ("FileRead", "x"), True), (("FileRead", "docs/a"), ("FileRead", "docs"), False),
    (("FileWrite", "docs"), ("FileRead", "docs"), False), (("FileRead", "docs"), ("FileWrite", "docs"), False),
    (("NetworkAccess", "*.a.org"), ("NetworkAccess", "b.a.org"), True),
    (("NetworkAccess", "*.a.org"), ("NetworkAccess", "a.org"), False),
    (("NetworkAccess", "*.a.org"), ("NetworkAccess", "xa.org"), False),
    (("NetworkAccess", "*.a.org"), ("NetworkAccess", "b.a.org:80"), False),
    (("NetworkAccess", "*.a.org"), ("NetworkAccess", "*.b.a.org"), True),
    (("NetworkAccess", "b.a.org"), ("NetworkAccess", "*.a.org"), False),
    (("ShellExec", ""), ("ProcessSpawn", "git"), False), (("EnvAccess", "PATH"), ("EnvAccess", "PATHS"), False),
])  # fmt: skip
def test_what_covers_what(one: tuple[str, str], other: tuple[str, str], does: bool) -> None:
    assert capability(*one).covers(capability(*other)) is does


@pytest.mark.parametrize("scope", ["docs/../../etc/passwd", "docs//x", "docs/./x", "/etc/passwd", "..", "", "docs/.."])
def test_what_nobody_spelled_so_is_covered_by_nothing(scope: str) -> None:
    """A capability that was built without `capability()`, as a caller of the library can."""
    for mine in ("docs", "."):
        for kind in ("FileRead", "FileWrite"):
            assert not capability(kind, mine).covers(Capability(kind, scope))
            assert not CapabilityManifest.of({kind: [mine]}).allows(Capability(kind, scope))
    wide = capability("NetworkAccess", "*.example.org")
    assert not wide.covers(Capability("NetworkAccess", ".example.org:443"))


def test_a_higher_risk_is_no_wider_right() -> None:
    """Risk is for people. Whoever may write files may not therefore reach the network, which is rated lower."""
    writes, reaches = capability("FileWrite", "."), capability("NetworkAccess", "example.org")
    assert writes.risk > reaches.risk
    assert not writes.covers(reaches)
    assert not CapabilityManifest.of({"FileWrite": ["."]}).covers(CapabilityManifest.of({"NetworkAccess": ["a.org"]}))


def test_every_kind_has_a_class_and_a_risk() -> None:
    found = {capability(kind, scopes[0]).name for kind, scopes in SCOPES.items()}
    assert set(SCOPES) == set(KINDS)
    assert found <= set(RISKS)
    assert sorted(RISKS.values()) == [0, 2, 3, 5, 6, 8, 10]
    assert CapabilityManifest().risk == 0


def test_nothing_is_nothing_whether_absent_or_empty() -> None:
    assert CapabilityManifest.of({}) == CapabilityManifest.of({"FileRead": []}) == CapabilityManifest()
    assert not CapabilityManifest().allows(capability("FileRead", "docs"))


@given(MANIFESTS, MANIFESTS)
def test_a_meeting_is_covered_by_both(one: CapabilityManifest, other: CapabilityManifest) -> None:
    both = one.meet(other)
    assert one.covers(both)
    assert other.covers(both)
    assert both == other.meet(one)
    if other.covers(one):
        assert set(both.capabilities) >= set(one.capabilities)


@given(MANIFESTS, MANIFESTS)
def test_the_difference_is_what_a_person_must_grant(old: CapabilityManifest, new: CapabilityManifest) -> None:
    more, less = difference(old, new)
    assert (not more) == old.covers(new)
    assert (not less) == new.covers(old)
    assert set(more) <= set(new.capabilities)


@given(MANIFESTS)
def test_json_and_back(one: CapabilityManifest) -> None:
    data = canonical.dump(one.to_json())
    assert CapabilityManifest.from_json(canonical.load(data, "it"), "it") == one


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4), max_leaves=12,
))  # fmt: skip
def test_no_json_makes_a_manifest_by_accident(value: object) -> None:
    for tried in (value, {"capabilities": value}, {"capabilities": {"FileRead": value}}, {"min_ring": value}):
        try:
            made = CapabilityManifest.from_json(tried, "it")
        except ConfigError as error:
            assert error.message.startswith("it: ")
        else:
            assert all(isinstance(one, Capability) for one in made.capabilities)


def test_a_manifest_has_an_end() -> None:
    with pytest.raises(ConfigError, match="more than"):
        CapabilityManifest.of({"EnvAccess": [f"A{number}" for number in range(MOST + 1)]})


@pytest.mark.parametrize(("data", "says"), [
    (b'{"a":1.0}\n', "no whole number"), (b'{"a":1,"a":1}\n', "stands twice"), (b'{ "a":1}\n', "blanks"),
    (b'{"b":1,"a":2}\n', "order of keys"), (b'{"a":1}', "blanks"), (b'["\\ud800"]\n', "surrogates"),
    (b"[NaN]\n", "no whole number"), (b"[1e3]\n", "no whole number"), (b"[" * 100_000, "not canonical"),
    (b"\xff", "not canonical"), (b"", "not canonical"), (b"\xef\xbb\xbf{}\n", "not canonical"),
    (b"[9007199254740993]\n", "too large"), (b'["\\u00e9"]\n', "blanks"), (b" " * (5 << 20), "larger than"),
    (b"[" * 40 + b"]" * 40 + b"\n", "nested deeper"), (b"1" * 5000 + b"\n", "not canonical"),
])  # fmt: skip
def test_only_the_one_text_of_a_value_is_read(data: bytes, says: str) -> None:
    with pytest.raises(SourceError) as told:
        canonical.load(data, "the manifest")
    assert "the manifest" in told.value.message
    assert says in told.value.message


@given(st.binary(max_size=64))
def test_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        value = canonical.load(data, "it")
    except SourceError:
        return
    assert canonical.dump(value) == data
