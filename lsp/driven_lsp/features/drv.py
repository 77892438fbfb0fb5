"""driven/drv: what a compiled rule set holds, for a page that shows it. Whatever the bytes are, the answer is whole."""

from __future__ import annotations

from driven.errors import DrivenError
from driven.model.activation import ForPaths, WhenRelevant, activation_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from driven.model.rule import Rule

MAX_BYTES = 64 << 20


def drv(path: str) -> dict[str, Any]:
    """The answer of driven/drv for an absolute path. `problem` says why there is nothing to show."""
    from driven.format.drv import digest, from_drv
    from driven.format.drv_header import read_header
    from driven.project.reading import read_file

    answer: dict[str, Any] = {
        "path": path, "problem": "", "version": "", "digest": "", "sections": [], "rules": [],
        "signature": {"state": "unsigned", "text": "not signed"},
    }  # fmt: skip
    try:
        data, _ = read_file(path, MAX_BYTES)
        header = read_header(data, path)
        rules = from_drv(data, path=path)
    except OSError as error:
        return {**answer, "problem": f"it cannot be read: {(error.strerror or 'unknown').lower()}"}
    except DrivenError as error:
        damaged = {"state": "damaged", "text": "its bytes are not those that were written"}
        return {**answer, "problem": f"{error.message}; {error.hint}", "signature": damaged}
    return {
        **answer, "version": str(header.version), "signature": _signature(path), "digest": digest(rules).hex(),
        "sections": [{"name": one.name, "bytes": one.length} for one in header.sections],
        "rules": [_rule(rule) for rule in rules],
    }  # fmt: skip


def _signature(path: str) -> dict[str, str]:
    """Whether a rule set is signed, by whom, and whether that one is trusted in the project that it stands in."""
    import os
    import time

    from driven.trust.signers import load
    from driven.trust.verifying import verify_file

    root = os.path.dirname(path)
    while not os.path.isdir(os.path.join(root, ".driven")) and root != os.path.dirname(root):
        root = os.path.dirname(root)
    try:
        found = verify_file(path, load(root, os.environ), int(time.time()))
    except DrivenError as error:  # the lists of who is trusted cannot be believed
        return {"state": "damaged", "text": f"whether it is signed is not known: {error.message}"}
    match found.state:
        case "ok":
            of = f", as {found.manifest.name} {found.manifest.version}" if found.manifest else ""
            return {"state": "signed", "text": f"signed by {found.principal}{of}"}
        case "unsigned":
            return {"state": "unsigned", "text": "its checksum holds; it is not signed"}
        case _:
            return {"state": "damaged", "text": found.message}


def _rule(rule: Rule) -> dict[str, Any]:
    match rule.activation:
        case ForPaths(globs):
            detail = ", ".join(globs)
        case WhenRelevant(description):
            detail = description
        case _:
            detail = ""
    return {
        "id": rule.id, "title": rule.title, "description": rule.description,
        "activation": activation_word(rule.activation), "detail": detail, "kind": rule.kind,
        "category": rule.category, "priority": rule.priority, "targets": list(rule.targets), "tags": list(rule.tags),
        "body": rule.body,
    }  # fmt: skip
