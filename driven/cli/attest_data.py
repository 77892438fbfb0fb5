"""What `driven attest --json` answers: roots, lists and chains as plain values."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driven.trust.chain import Attestation, Verdict
    from driven.trust.dsse import Envelope
    from driven.trust.revocation import Revocations
    from driven.trust.roots import Root


def root_data(root: Root) -> dict[str, Any]:
    """A root."""
    return {
        "name": root.name, "version": root.version, "threshold": root.threshold, "ends": utc(root.exp),
        "digest": root.digest,
        "keys": [{"name": one.name, "key": one.key.line, "fingerprint": one.key.fingerprint} for one in root.holders],
    }  # fmt: skip


def list_data(found: Revocations) -> dict[str, Any]:
    """A list of revocations."""
    return {
        "number": found.number, "issued": utc(found.issued), "ends": utc(found.exp), "keys": dict(found.keys),
        "ids": dict(found.ids),
    }  # fmt: skip


def chain_data(
    name: str, path: str, links: Sequence[Envelope], verdict: Verdict, allowed: bool | None
) -> dict[str, Any]:  # fmt: skip
    """A chain: what came of it, and what its links say, whether they may be believed or not."""
    from driven.cli.render_attest import readable
    from driven.cli.render_trust import short

    return {
        "name": name, "path": short(path), "state": verdict.state, "holds": verdict.holds, "message": verdict.message,
        "hint": verdict.hint, "link": verdict.link, "allowed": allowed,
        "links": [link_data(one, envelope) for one, envelope in readable(links)],
    }  # fmt: skip


def link_data(one: Attestation, envelope: Envelope) -> dict[str, Any]:
    """A link."""
    return {
        "id": one.id, "issuer": one.iss, "subject": one.sub, "key": one.sub_key.line,
        "fingerprint": one.sub_key.fingerprint, "capabilities": [str(cap) for cap in one.caps.capabilities],
        "paths": list(one.paths), "begins": utc(one.nbf), "ends": utc(one.exp), "depth": one.depth,
        "signatures": sorted(envelope.keyids),
    }  # fmt: skip


def utc(seconds: int) -> str:
    """RFC 3339."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
