"""Audit logs for tests: filled by us, forged by somebody else, and what is found of them."""

from __future__ import annotations

from pathlib import Path

from driven.trust.audit import AuditLog
from driven.trust.audit_read import verify


def fill(path: str, many: int, **more: object) -> None:
    with AuditLog(path, **more) as log:  # type: ignore[arg-type]
        for at in range(many):
            log.record({"event": "read", "outcome": "denied" if at % 2 else "allowed", "target": f"docs/{at}.md"})


def lines(path: str) -> list[bytes]:
    return Path(path).read_bytes().splitlines(keepends=True)


def kinds(path: str, **more: object) -> list[tuple[int, str]]:
    return [(one.line, one.kind) for one in verify(path, **more).faults]  # type: ignore[arg-type]


def forged(many: int) -> bytes:
    """A log that holds, written by a hand that has no key."""
    import hashlib

    text, prev = [], "0" * 64
    for seq in range(many):
        event = '"read"' if seq else '"begin","id":"00"'
        line = (
            f'{{"event":{event},"mono":{seq},"outcome":"note","pid":1,"prev":"{prev}","seq":{seq},'
            '"wall":"2026-11-22T10:00:00.000000Z"}\n'
        ).encode()
        text.append(line)
        prev = hashlib.sha256(line).hexdigest()
    return b"".join(text)
