"""Text made safe and short for a terminal: control and direction characters escaped, widths, numbers, shares."""

from __future__ import annotations

import errno

GONE = (errno.EIO, errno.EBADF)  # what a terminal that was closed answers: nobody is there to be told

# Characters that move the cursor, hide text or turn its direction: shown as escapes, never sent to a terminal raw.
# C0 and C1 controls, soft hyphen, zero-width and direction marks, line separators, BOM, tags, lone surrogates.
_RANGES = (
    (0x00, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x61C, 0x61C), (0x180E, 0x180E), (0x200B, 0x200F), (0x2028, 0x202E),
    (0x2060, 0x206F), (0xD800, 0xDFFF), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0xE0000, 0xE007F),
)  # fmt: skip
_NAMED = {9: "\\t", 10: "\\n", 13: "\\r", 27: "\\e"}


def _escape(code: int) -> str:
    if code in _NAMED:
        return _NAMED[code]
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, as os.fsdecode keeps it
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class _Table(dict[int, str]):
    """The escapes, for `str.translate`."""

    def __missing__(self, code: int) -> str:
        for first, last in _RANGES:
            if first <= code <= last:
                shown = _escape(code)
                break
        else:
            shown = chr(code)
        if len(self) < 4096:
            self[code] = shown
        return shown


_TABLE = _Table()
_TEXT_TABLE = _Table({9: "\t"})


def safe(text: str) -> str:
    """`text` on one line, with everything that could fool a terminal or a reader shown as an escape."""
    return text if text.isascii() and text.isprintable() else text.translate(_TABLE)


def safe_line(text: str) -> str:
    """As `safe`, but tabs stay: for a line of a file."""
    return text if text.isascii() and text.isprintable() else text.translate(_TEXT_TABLE)


def number(value: int) -> str:
    """12345 -> 12,345."""
    return f"{value:,}"


def count(n: int, one: str, many: str = "") -> str:
    """`1 rule`, `2 rules`, `2 entries`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def percent(part: int, whole: int) -> str:
    """`78 %`; 0 of 0 is `0 %`."""
    return f"{100 * part // whole if whole else 0} %"


def size(n: int) -> str:
    """Bytes as a person reads them: `812 B`, `12.3 KB`, `4.0 MB` (powers of 1000)."""
    if n < 1000:
        return f"{n} B"
    return f"{n / 1000:.1f} KB" if n < 1_000_000 else f"{n / 1_000_000:.1f} MB"


def seconds(value: float) -> str:
    """`3 ms`, `0.8 s`, `12 s`."""
    if value < 0.1:
        return f"{max(1, round(value * 1000))} ms"
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"


def shorten(text: str, width: int) -> str:
    """At most `width` code points, the cut shown by `…`."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def estimate(characters: int) -> int:
    """Tokens when no exact counter is plugged in: characters / 4, rounded up."""
    return (characters + 3) // 4
