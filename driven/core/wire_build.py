"""Writes `.drv` files: the same rules give the same bytes everywhere. Compiled: it is the mirror of the reader."""

from __future__ import annotations

from librt.strings import BytesWriter, write_i32_le

from driven.core import wire_layout as L
from driven.core._rt import FormatError, final, i32, i64
from driven.core.wire_layout import name_hash


def put_u32(out: BytesWriter, value: i64) -> None:
    """Append an unsigned 32-bit number. Checked here: compiled `i32()` would cut a larger one short in silence."""
    if value < 0 or value > 0xFFFFFFFF:
        raise FormatError("a .drv cannot hold 4 GiB", value)
    write_i32_le(out, i32(value if value < 0x80000000 else value - 0x100000000))


def _offsets(parts: list[bytes]) -> bytes:
    """Offsets u32[n + 1] and the joined parts behind them; b"" when all parts are empty."""
    out = BytesWriter()
    end: i64 = 0
    put_u32(out, 0)
    for part in parts:
        end += len(part)
        put_u32(out, end)
    if end == 0:
        return b""
    for part in parts:
        out.write(part)
    return out.getvalue()


def _lookup(names: list[bytes]) -> bytes:
    """Slots (hash, rule + 1), zero where free; a table of a power of two and 63 more, so that no probe wraps around."""
    size: i64 = 1
    n: i64 = len(names)
    while size < n * 2:
        size *= 2
    while size <= n * 64:
        table = [-1] * int(size + L.PROBES - 1)
        hashes = [0] * int(n)
        rule: i64 = 0
        fits = True
        while rule < n and fits:
            h = name_hash(names[rule])
            slot = h & (size - 1)
            end = slot + L.PROBES
            while slot < end and table[slot] >= 0:
                slot += 1
            fits = slot < end
            if fits:
                table[slot] = int(rule)
                hashes[rule] = int(h)
            rule += 1
        if fits:
            out = BytesWriter()
            for index in table:
                put_u32(out, hashes[index] if index >= 0 else 0)
                put_u32(out, index + 1)
            return out.getvalue()
        size *= 2
    raise FormatError("more than 64 rule ids have one hash: they were made to collide", 0)


@final
class Builder:
    """Collects rules, then `build()`s the file; it may be called more than once, with other options."""

    def __init__(self, step_priority: bytes, names: list[str]) -> None:
        """`step_priority[type]` is the priority byte of the steps of each type; `names` are those of all rules, in
        their order: they are the first strings, so that the name of rule i is string i. FormatError for an empty name
        and for two of one kind; UnicodeEncodeError for a lone surrogate."""
        self._step_priority: bytes = step_priority
        self._ids: dict[str, int] = {}
        self._strings: list[bytes] = []
        self._names: list[str] = names
        self._count: i64 = 0
        self._index = BytesWriter()
        self._steps = BytesWriter()
        self._data = BytesWriter()
        self._meta = BytesWriter()
        self._lists = BytesWriter()
        self._programs = BytesWriter()
        self._origins: list[tuple[str, int]] = []
        self._extra: list[bytes] = []
        self._source: list[bytes] = []
        self._step_count: i64 = 0
        write_i32_le(self._index, 0)
        write_i32_le(self._meta, L.META_SIZE)
        for name in names:
            if not name:
                raise FormatError("a rule without a name", 0)
            self._string(name)
        if len(self._strings) != len(names):
            raise FormatError("two rules have one name", 0)

    def _string(self, text: str) -> i64:
        known = self._ids.get(text)
        if known is None:
            known = len(self._strings)
            self._ids[text] = known
            self._strings.append(text.encode("utf-8"))
        return known

    def _words(self, words: tuple[str, ...]) -> None:
        put_u32(self._meta, i64(len(self._lists)) // 4)
        put_u32(self._meta, len(words))
        for word in words:
            put_u32(self._lists, self._string(word))

    def add(
        self,
        body: bytes,
        steps: list[tuple[int, int, int]],
        numbers: tuple[int, int, int, int, int],
        *,
        description: str = "",
        arguments: tuple[str, ...] = (),
        targets: tuple[str, ...] = (),
        tags: tuple[str, ...] = (),
        when: str = "",
        program: bytes = b"",
        origin: tuple[str, int] = ("", 1),
        extra: bytes = b"",
        source: bytes = b"",
    ) -> None:
        """The next rule. `steps` are (type, start, end), byte offsets that tile `body`; `numbers` are activation,
        kind, category and priority (one byte each) and flags (32 bits). FormatError for values that do not fit,
        UnicodeEncodeError for a lone surrogate; the builder is then spoilt."""
        rule = self._count
        if rule >= len(self._names):
            raise FormatError(f"more rules than the {len(self._names)} names", 0)
        name = self._names[rule]
        self._count += 1
        base: i64 = len(self._data)
        pos: i64 = 0
        for kind, start, end in steps:
            if start != pos or end <= start or not 0 <= kind < len(self._step_priority):
                raise FormatError(f"the steps of `{name}` do not tile its body", pos)
            put_u32(self._steps, rule)
            self._steps.append(kind)
            self._steps.append(self._step_priority[kind])
            self._steps.append(0)
            self._steps.append(0)
            put_u32(self._steps, base + start)
            put_u32(self._steps, i64(end) - start)
            put_u32(self._steps, 0xFFFFFFFF)
            write_i32_le(self._steps, 0)
            pos = end
            self._step_count += 1
        if pos != len(body):
            raise FormatError(f"the steps of `{name}` do not tile its body", pos)
        self._data.write(body)
        put_u32(self._index, self._step_count)

        activation, kind, category, priority, flags = numbers
        for value in (activation, kind, category, priority):
            if not 0 <= value <= 255:
                raise FormatError(f"{value} in `{name}` is not a byte", 0)
            self._meta.append(value)
        put_u32(self._meta, flags)
        put_u32(self._meta, self._string(description))
        self._words(arguments)
        self._words(targets)
        self._words(tags)
        put_u32(self._meta, self._string(when))
        put_u32(self._meta, len(self._programs))
        put_u32(self._meta, len(program))
        self._programs.write(program)
        self._origins.append(origin)
        self._extra.append(extra)
        self._source.append(source)

    def build(self, *, compress: bool = False, source: bool = True, origin: bool = True, signed: bool = False) -> bytes:
        """The file. Without `source` and `origin` it does not depend on how and where the rules were written."""
        if self._count != len(self._names):
            raise FormatError(f"{self._count} rules for {len(self._names)} names", 0)
        strings = list(self._strings)
        origins = BytesWriter()
        if origin and any(place != ("", 1) for place in self._origins):
            paths: dict[str, int] = {}
            for path, line in self._origins:
                known = self._ids.get(path)
                if known is None:
                    known = paths.get(path)
                if known is None:
                    known = paths[path] = len(strings)
                    strings.append(path.encode("utf-8"))
                put_u32(origins, known)
                put_u32(origins, line)
        sections: list[tuple[int, bytes]] = []
        if self._names:
            count = BytesWriter()
            put_u32(count, len(strings))
            rules = BytesWriter()
            rule: i64 = 0
            while rule < self._count:
                put_u32(rules, rule)
                put_u32(rules, rule)
                put_u32(rules, 0xFFFFFFFF)
                rule += 1
            sections = [  # what leads to a rule stands first, in the part of a file that is read at once
                (L.STRINGS, count.getvalue() + _offsets(strings)),
                (L.RULES, rules.getvalue()),
                (L.STEP_INDEX, self._index.getvalue()),
                (L.LOOKUP, _lookup(strings[: self._count])),
                (L.STEPS, self._steps.getvalue()),
                (L.META, self._meta.getvalue()),
                (L.LISTS, self._lists.getvalue()),
                (L.PROGRAMS, self._programs.getvalue()),
                (L.ORIGIN, origins.getvalue()),
                (L.EXTRA, _offsets(self._extra)),
                (L.DATA, self._data.getvalue()),
                (L.SOURCE, _offsets(self._source) if source else b""),
            ]
        return pack([(kind, content) for kind, content in sections if content], compress, signed)


def pack(sections: list[tuple[int, bytes]], compress: bool, signed: bool) -> bytes:
    """Header, section table and sections. `sections` are (kind, raw content) in the order they shall stand."""
    from blake3 import blake3

    table = BytesWriter()
    content = BytesWriter()
    put_u32(table, len(sections))
    first: i64 = L.HEADER_SIZE + 4 + i64(len(sections)) * L.ENTRY_SIZE
    inflated: i64 = 0
    for kind, raw in sections:
        stored = raw
        if compress:
            import zlib

            stored = zlib.compress(raw, 9)
        put_u32(table, kind)  # kind u16, flags u16 = 0
        put_u32(table, first + len(content))
        put_u32(table, len(stored))
        put_u32(table, len(raw))
        content.write(stored)
        inflated += len(raw)
    if compress and inflated > L.MAX_INFLATED:
        raise FormatError(f"{inflated} bytes are too many to be compressed: {L.MAX_INFLATED} is the limit", 0)
    body = table.getvalue() + content.getvalue()
    if i64(len(body)) + L.HEADER_SIZE > 0xFFFFFFFF:
        raise FormatError("a .drv cannot hold 4 GiB", 0)
    flags = (L.COMPRESSED if compress else 0) | (L.SIGNED if signed else 0)
    return L.MAGIC + bytes([L.VERSION, flags, 0, 0]) + blake3(body).digest(L.CHECKSUM) + body
