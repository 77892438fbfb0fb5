"""What part of a bundle a client wishes for: `Range` of RFC 9110, section 14, verified 2026-11-22. Tags and codings are
read by `driven.streaming.etag`."""

from __future__ import annotations


def one_range(header: str | None, size: int) -> tuple[int, int] | bool | None:
    """(first byte, one past the last) of a `Range`; None where there is none that can be read, or several: the whole
    is sent; False: it lies behind the end."""
    unit, _, text = (header or "").partition("=")
    first, dash, last = text.strip().partition("-")
    first, last = first.strip(), last.strip()
    if unit.strip().lower() != "bytes" or not dash or "," in text or len(text) > 40:
        return None
    if not all(word.isascii() and word.isdigit() for word in (first, last) if word) or not (first or last):
        return None
    if not first:
        length = min(int(last), size)
        return (size - length, size) if length else False
    start, end = int(first), int(last) + 1 if last else size
    if last and end <= start:
        return None
    return (start, min(end, size)) if start < size else False
