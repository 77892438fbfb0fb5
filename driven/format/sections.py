"""Marked sections in a file that a person also writes: find, put and take ours, and leave every other byte alone.

A section is everything from the line `<!-- driven:begin NAME -->` to the line `<!-- driven:end NAME -->`, both
included. Its text is compared and hashed with LF line ends; it is written with the line ends of the file it stands in.
"""

from __future__ import annotations

from collections.abc import Iterator

from driven.errors import SourceError

_COMMENT = b"<!-- driven:"
NOTE = " — written from .driven/rules by `driven sync`"


def begin_line(marker: str) -> str:
    """The line that opens the section `marker`."""
    return f"<!-- driven:begin {marker}{NOTE} -->"


def end_line(marker: str) -> str:
    """The line that closes it."""
    return f"<!-- driven:end {marker} -->"


def _markers(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(what the comment says, start, end) of each line that can be a marker line, in one pass."""
    done, feed = 0, -1
    while (at := data.find(_COMMENT, done)) >= 0:  # most of a long file holds no marker: pass over it
        start = max(data.rfind(b"\n", done, at) + 1, data.rfind(b"\r", done, at) + 1, done)
        if feed < at:  # not anew for each of many lines that end with a lone CR
            feed = data.find(b"\n", at)
            feed = len(data) if feed < 0 else feed
        lone = data.find(b"\r", at, feed)
        done = min(feed + 1, len(data)) if lone < 0 or lone + 1 == feed < len(data) else lone + 1
        bare = data[start:done].removeprefix(b"\xef\xbb\xbf").strip()
        if bare.startswith(_COMMENT) and bare.endswith(b"-->"):
            yield bare[len(_COMMENT) :], start, done


def _bounds(data: bytes, marker: str) -> tuple[int, int, int, int] | None:
    """(start of the begin line, start of the text, end of the text, end of the end line), or None without a section."""
    opening, closing = f"begin {marker} ".encode(), f"end {marker} ".encode()
    begins: list[tuple[int, int]] = []
    ends: list[tuple[int, int]] = []
    for said, start, done in _markers(data):
        if said.startswith(opening):
            begins.append((start, done))
        elif said.startswith(closing):
            ends.append((start, done))
    if not begins and not ends:
        return None
    if len(begins) != 1 or len(ends) != 1 or ends[0][0] < begins[0][1]:
        raise _damaged(marker, len(begins), len(ends))
    return begins[0][0], begins[0][1], ends[0][0], ends[0][1]


def _damaged(marker: str, begins: int, ends: int) -> SourceError:
    return SourceError(
        f"the marker lines of the section `{marker}` are damaged: {begins} begin, {ends} end",
        hint=f"restore one `{begin_line(marker)}` above one `{end_line(marker)}`, or delete them all",
    )


def find_section(data: bytes, marker: str) -> bytes | None:
    """The text of the section with LF line ends, or None. SourceError when its marker lines are damaged."""
    bounds = _bounds(data, marker)
    if bounds is None:
        return None
    text = data[bounds[1] : bounds[2]]
    return text.replace(b"\r\n", b"\n") if b"\r" in text else text  # one byte is found in a tenth of the time of two


def _blocks(data: bytes) -> list[tuple[int, int]]:
    """(start, end) of every section, whoever's, its marker lines included. SourceError for one that has no end, no
    begin, or stands twice."""
    blocks: list[tuple[int, int]] = []
    seen: set[str] = set()
    opened, start = "", 0
    for said, at, done in _markers(data):
        words = said.decode(errors="replace").split(" ", 2)
        if len(words) < 3 or words[0] not in ("begin", "end"):
            continue
        kind, name = words[:2]
        if kind == "begin" and not opened and name not in seen:
            opened, start = name, at
        elif kind == "end" and name == opened:
            blocks.append((start, done))
            seen.add(name)
            opened = ""
        else:
            raise _damaged(name, kind == "begin", kind == "end")
    if opened:
        raise _damaged(opened, 1, 0)
    return blocks


def blocks_of(text: str) -> list[tuple[int, int]]:
    """(start, end) of every section in `text`, in code points; none where marker lines are damaged."""
    data = text.encode("utf-8", "surrogatepass")
    try:
        blocks = _blocks(data)
    except SourceError:
        return []
    if len(data) == len(text):
        return blocks
    return [(len(data[:a].decode("utf-8", "replace")), len(data[:b].decode("utf-8", "replace"))) for a, b in blocks]


def find_outside(data: bytes) -> bytes:
    """What stands outside all sections, less the blank line above each. SourceError when marker lines are damaged."""
    text, _ = _outside(data, _blocks(data))
    return text


def outside_text(text: str) -> str:
    """`find_outside` of a text. SourceError when marker lines are damaged."""
    return find_outside(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def _outside(data: bytes, blocks: list[tuple[int, int]]) -> tuple[bytes, list[int]]:
    """The text outside of `blocks`, and where in it each of them stood."""
    parts: list[bytes] = []
    places: list[int] = []
    done = 0
    for start, end in blocks:
        part = data[done:start]
        above = part.removesuffix(b"\n").removesuffix(b"\r")
        if above.endswith(b"\n") and above != part:
            part = above
        elif done and not part.strip():
            part = b""  # the one line between two sections
        parts.append(part)
        places.append(sum(map(len, parts)))
        done = end
    return b"".join([*parts, data[done:]]), places


def put_outside(data: bytes | None, text: bytes) -> bytes:
    """`data` with `text` outside of its sections, which keep their places in it as well as they can."""
    blocks = _blocks(data) if data else []
    if not data or not blocks:
        return text
    now, places = _outside(data, blocks)
    if now == text:
        return data
    head = _common(now, text)
    tail = _common(now[head:][::-1], text[head:][::-1])
    newline = b"\r\n" if b"\r\n" in (text or data) else b"\n"
    out: list[bytes] = []
    done = 0
    for (start, end), place in zip(blocks, places, strict=True):
        moved = (
            place if place <= head and place < len(now) else len(text) - max(0, len(now) - max(place, len(now) - tail))
        )
        part = text[done:moved]
        out.append(part)
        if part:
            out.append(newline if part.endswith((b"\n", b"\r")) else newline * 2)
        elif out[:-1]:
            out.append(newline)
        block = data[start:end]
        out.append(block if block.endswith((b"\n", b"\r")) else block + newline)
        done = moved
    return b"".join([*out, text[done:]])


def take_outside(data: bytes) -> bytes | None:
    """The sections alone; None when there is none."""
    blocks = _blocks(data)
    return put_outside(data, b"") if blocks else None


def _common(one: bytes, two: bytes) -> int:
    """How many bytes both begin with."""
    low, high = 0, min(len(one), len(two))
    while low < high:  # by halves: slices compare at the speed of memory
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == two[:middle] else (low, middle - 1)
    return low


def _check_text(data: bytes) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise SourceError(f"not UTF-8 at byte {error.start}", hint="save the file as UTF-8") from None
    if b"\0" in data:
        raise SourceError("holds a NUL character", hint="save the file as UTF-8 text")


def put_section(data: bytes | None, marker: str, text: bytes) -> bytes:
    """`data` with `text` as the section: in its place, or below everything that stands there."""
    lines = f"{begin_line(marker)}\n".encode() + text + f"{end_line(marker)}\n".encode()
    if not data:
        return lines
    _check_text(data)
    bounds = _bounds(data, marker)
    around = data if bounds is None else data[bounds[0] : bounds[1]]
    newline = b"\r\n" if b"\r" in around and b"\r\n" in around else b"\n"
    if newline != b"\n":
        lines = lines.replace(b"\n", newline)
    if bounds is not None:
        tail = data[bounds[3] :]
        if not data[bounds[2] : bounds[3]].endswith(b"\n"):
            lines = lines.removesuffix(newline)  # the end line was the last one, without a line end: keep it so
        return data[: bounds[0]] + lines + tail
    gap = newline if data.endswith((b"\n", b"\r")) else newline * 2
    return data + gap + lines


def take_section(data: bytes, marker: str) -> bytes | None:
    """`data` without the section and the blank line above it; None when nothing but white space is left."""
    bounds = _bounds(data, marker)
    if bounds is None:
        return data
    before, after = data[: bounds[0]], data[bounds[3] :]
    for newline in (b"\r\n", b"\n"):
        if before.endswith(newline * 2):
            before = before[: -len(newline)]
            break
    rest = before + after
    return rest if rest.strip() else None
