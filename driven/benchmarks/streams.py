"""Streams: how little of a set of rules travels when one of them changes, and how long it takes at either end."""

from __future__ import annotations

from driven import __version__
from driven.benchmarks.measure import Bench, Benchmark, Figures, against
from driven.benchmarks.samples import long_rules, short_rules
from driven.format.drv import from_drv, to_drv
from driven.frozen import replace
from driven.model.rule import Rule, RuleSet
from driven.streaming.operations import apply, diff
from driven.streaming.release import Release, files_of

RULES = 200
AT = 101  # of the rule that comes, or is edited


def _pair() -> tuple[Release, Release, Rule]:
    """All rules but one, all of them, and the one."""
    rules = short_rules(RULES)
    one = rules.rules[AT]
    return Release(rules=RuleSet(tuple(rule for rule in rules if rule is not one))), Release(rules=rules), one


def _edited() -> tuple[Release, Release, Rule]:
    """All rules, all of them with one word of one changed, and the one."""
    rules = short_rules(RULES)
    one = rules.rules[AT]
    new = replace(one, body=one.body.replace("boundary", "border"))
    assert new != one
    return Release(rules=rules), Release(rules=RuleSet.of([new if rule is one else rule for rule in rules])), one


def _insert(_: Bench) -> Figures:
    old, new, one = _pair()
    return _bytes(old, new, one)


def _edit(_: Bench) -> Figures:
    return _bytes(*_edited())


def _bytes(old: Release, new: Release, one: Rule) -> Figures:
    ops, own = diff(old, new), to_drv(RuleSet((one,)))
    assert apply(old, ops) == new
    note = f"all {RULES} as operations: {len(diff(None, new)):,}"
    return Figures(
        len(ops), "bytes", len(ops) / len(own), f"that rule's own .drv, {len(own):,} bytes (driven {__version__})", note
    )


def _diff(bench: Bench) -> Figures:
    old, new, _ = _edited()
    old.digest  # noqa: B018 - who publishes knows the digest of what was published before
    return against(
        bench,
        "<=",
        lambda: diff(old, Release(rules=new.rules)),
        lambda: to_drv(new.rules),
        f"building the .drv of all (driven {__version__})",
    )


def _apply(bench: Bench) -> Figures:
    old, new, _ = _edited()
    ops, whole = diff(old, new), to_drv(new.rules)
    return against(
        bench, "<=", lambda: apply(old, ops), lambda: from_drv(whole), f"reading the .drv of all (driven {__version__})"
    )


def _dcz(_: Bench) -> Figures:
    try:
        import zstandard
    except ImportError:
        return Figures(0, "bytes", None, "zstandard", "install zstandard to compare")
    from driven.streaming.dictionary import compress, decompress, encode

    rules = long_rules(RULES)
    files = files_of(Release(rules=rules))
    gone = sorted(files)[AT]
    old = _bundle({path: data for path, data in files.items() if path != gone}, "1.0.0")
    new = _bundle(files, "1.1.0")
    made, full = compress(new, old), encode(new)
    assert decompress(made, old, len(new)) == new
    name = f"all of it by zstd -19 ({len(full):,} bytes, zstandard {zstandard.__version__})"
    return Figures(len(made), "bytes", len(made) / len(full), name, f"the bundle has {len(new):,} bytes")


def _bundle(files: dict[str, bytes], version: str) -> bytes:
    """The pack of these files, with its manifest and a signature: what a new version cannot share with the old one."""
    from base64 import b64encode
    from hashlib import sha256, sha512

    from driven.trust.bundle import write_bundle
    from driven.trust.manifest import MANIFEST, SIG, FileEntry, Manifest

    entries = tuple(FileEntry(path, "644", len(files[path]), sha256(files[path]).hexdigest()) for path in sorted(files))
    manifest = Manifest(name="team", version=version, files=entries).to_bytes()
    return write_bundle({**files, MANIFEST: manifest, SIG: b64encode(sha512(manifest).digest())})


BENCHMARKS = (
    Benchmark("streams/insert", f"a rule that comes to {RULES}, as operations", "<=", 1.3, 5, _insert),
    Benchmark("streams/edit", f"one word of one of {RULES} rules, as operations", "<=", 0.2, 5, _edit),
    Benchmark("streams/diff", "finding the operations for that word, and the digest", "<=", 1, 25, _diff),
    Benchmark("streams/apply", "applying them, and holding the digest against what was said", "<=", 1, 25, _apply),
    Benchmark("streams/dcz", f"a rule of 3.3 KB that comes to {RULES}: the bundle by dcz", "<=", 0.01, 5, _dcz),
)
