"""A baseline: the findings that a project had when it began to validate, so that only new ones are told.

One JSON file, sorted, with a fingerprint for each finding: code, path, and what the line says; a finding that moves to
another line stays known. Of several alike the count is kept.
"""

from __future__ import annotations

from driven.errors import UsageError
from driven.format.hashes import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from driven.model.diagnostic import Diagnostic

VERSION = 1
MAX_BYTES = 16 << 20


def fingerprint(told: Diagnostic, line: str) -> str:
    """What stays the same when a finding moves: 32 hex digits of its code, path, message and the text of its line."""
    parts = (told.code, told.span.path, told.message, " ".join(line[:4_000].split()))
    return digest("\0".join(parts).encode("utf-8", "surrogatepass"))


def render_baseline(found: Iterable[tuple[Diagnostic, str]]) -> bytes:
    """The file for these findings, each with its fingerprint."""
    import json

    counts: dict[tuple[str, str, str], int] = {}
    for told, known in found:
        key = (told.span.path, told.code, known)
        counts[key] = counts.get(key, 0) + 1
    rows = [
        {"path": path, "code": code, "fingerprint": known, "count": count}
        for (path, code, known), count in sorted(counts.items())
    ]
    return (json.dumps({"version": VERSION, "findings": rows}, indent=1, ensure_ascii=False) + "\n").encode(
        "utf-8", "surrogatepass"
    )


def parse_baseline(data: bytes, name: str) -> dict[str, int]:
    """Fingerprint -> how often. UsageError for what is no baseline."""
    import json

    def refuse(why: str) -> UsageError:
        return UsageError(f"`{name}` is no baseline: {why}", hint="make it anew with `--update-baseline`")

    try:
        read = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise refuse(f"not JSON ({error})"[:200]) from None
    if not isinstance(read, dict) or read.get("version") != VERSION or not isinstance(read.get("findings"), list):
        raise refuse(f"it has no `version` {VERSION} and list of `findings`")
    known: dict[str, int] = {}
    for row in read["findings"]:
        count = row.get("count") if isinstance(row, dict) else None
        if type(count) is not int or not isinstance(row.get("fingerprint"), str):
            raise refuse("a finding has no `fingerprint` and `count`")
        known[row["fingerprint"]] = known.get(row["fingerprint"], 0) + count
    return known


def new_ones(
    found: Iterable[Diagnostic], known: Mapping[str, int], line_of: Callable[[Diagnostic], str]
) -> tuple[list[Diagnostic], int]:
    """The findings that the baseline does not have, and how many it has."""
    left = dict(known)
    kept = []
    count = 0
    for told in found:
        print_ = fingerprint(told, line_of(told))
        if left.get(print_, 0) > 0:
            left[print_] -= 1
            count += 1
        else:
            kept.append(told)
    return kept, count
