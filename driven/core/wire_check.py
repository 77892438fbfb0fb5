"""What a `.drv` promises as a whole: checksum, and records that lie end to end. One linear pass; compiled."""

from __future__ import annotations

from driven.core import wire_layout as L
from driven.core._rt import FormatError, i64
from driven.core.wire import Reader
from driven.core.wire_layout import u32


def verify(reader: Reader) -> None:
    """Compare the checksum in the header with the file; FormatError when they differ."""
    from blake3 import blake3

    hasher = blake3()
    at: i64 = L.HEADER_SIZE
    while at < reader.size:
        n: i64 = min(1048576, reader.size - at)
        data, start = reader.fetch(at, n)
        hasher.update(memoryview(data)[start : start + n])
        at += n
    if hasher.digest(L.CHECKSUM) != reader.data[8 : L.HEADER_SIZE]:
        raise FormatError("the checksum does not fit: the file was damaged", 8)


def _refuse(what: str, kind: int) -> FormatError:
    return FormatError(f"{L.SECTION_NAMES[kind]}: {what}", L.HEADER_SIZE)


def _blob(data: bytes, base: i64, count: i64, kind: int) -> None:
    """Offsets u32[count + 1] at `base`, from 0 to the blob's length, none smaller than the one before."""
    blob = base + (count + 1) * 4
    if blob > len(data):
        raise _refuse(f"{count} offsets do not fit", kind)
    last: i64 = 0
    at = base
    while at < blob:
        offset = u32(data, at)
        if offset < last or (at == base and offset != 0):
            raise _refuse("entries overlap", kind)
        last = offset
        at += 4
    if blob + last != len(data):
        raise _refuse("bytes that no entry covers", kind)


def _check_utf8(data: bytes, kind: int) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        raise _refuse("not UTF-8", kind) from None


def _inside_character(data: bytes, at: i64) -> bool:
    return at < len(data) and (i64(data[at]) & 0xC0) == 0x80


def _check_strings(data: bytes) -> i64:
    """The number of strings."""
    if len(data) == 0:
        return 0
    count = u32(data, 0) if len(data) >= 8 else 0x3FFFFFFF
    _blob(data, 4, count, L.STRINGS)
    base = 4 + (count + 1) * 4
    blob = data[base:]
    _check_utf8(blob, L.STRINGS)
    at: i64 = 4
    while at < base:
        if _inside_character(blob, u32(data, at)):
            raise _refuse("a string begins inside a character", L.STRINGS)
        at += 4
    return count


def _check_steps(reader: Reader, count: i64) -> None:
    index = reader.section(L.STEP_INDEX)
    steps = reader.section(L.STEPS)
    data = reader.section(L.DATA)
    if len(index) != (count + 1) * 4 or u32(index, count * 4) * L.STEP_SIZE != len(steps):
        raise _refuse("it does not lead through all steps", L.STEP_INDEX)
    _check_utf8(data, L.DATA)
    rule: i64 = 0
    step: i64 = 0
    pos: i64 = 0
    while rule < count:
        last = u32(index, rule * 4 + 4)
        if u32(index, rule * 4) != step or last < step or last * L.STEP_SIZE > len(steps):
            raise _refuse("it does not lead through all steps", L.STEP_INDEX)
        while step < last:
            at = step * L.STEP_SIZE
            n = u32(steps, at + 12)
            if u32(steps, at) != rule or u32(steps, at + 8) != pos or n == 0 or n > len(data) - pos:
                raise _refuse("steps that do not lie end to end", L.STEPS)
            if _inside_character(data, pos):
                raise _refuse("a step begins inside a character", L.STEPS)
            pos += n
            step += 1
        rule += 1
    if pos != len(data) or u32(index, 0) != 0:
        raise _refuse("text that no step covers", L.DATA)


def _check_meta(reader: Reader, count: i64, strings: i64) -> None:
    meta = reader.section(L.META)
    lists = reader.section(L.LISTS)
    programs: i64 = len(reader.section(L.PROGRAMS))
    size: i64 = u32(meta, 0) if len(meta) >= 4 else 0
    if size < L.META_SIZE or len(meta) != 4 + count * size:
        raise _refuse("records that do not fit", L.META)
    if len(lists) % 4 != 0:
        raise _refuse("a string number is cut short", L.LISTS)
    at: i64 = 0
    while at < len(lists):
        if u32(lists, at) >= strings:
            raise _refuse("a string that is not there", L.LISTS)
        at += 4
    words: i64 = 0
    code: i64 = 0
    rule: i64 = 0
    while rule < count:
        at = 4 + rule * size
        if u32(meta, at + 8) >= strings or u32(meta, at + 36) >= strings:
            raise _refuse("a string that is not there", L.META)
        field: i64 = 12
        while field < 36:
            n = u32(meta, at + field + 4)
            if u32(meta, at + field) != words or n > len(lists) // 4 - words:
                raise _refuse("lists that do not lie end to end", L.META)
            words += n
            field += 8
        n = u32(meta, at + 44)
        if u32(meta, at + 40) != code or n > programs - code:
            raise _refuse("programs that do not lie end to end", L.META)
        code += n
        rule += 1
    if words * 4 != len(lists) or code != programs:
        raise _refuse("list entries or programs that no rule has", L.META)


def check(reader: Reader) -> None:
    """FormatError unless every record of the file is what the builder would have written for some rules.

    After it each access by a number below the counts succeeds, and all of them together cost no more than the file.
    """
    count = reader.count
    rules = reader.section(L.RULES)
    strings = _check_strings(reader.section(L.STRINGS))
    if len(rules) != count * L.RULE_SIZE:
        raise _refuse("a record is cut short", L.RULES)
    if count == 0:
        return
    _check_steps(reader, count)
    _check_meta(reader, count, strings)
    for kind in (L.EXTRA, L.SOURCE):
        if reader.length(kind) > 0:
            _blob(reader.section(kind), 0, count, kind)
    origin = reader.section(L.ORIGIN)
    if len(origin) != 0 and len(origin) != count * L.ORIGIN_SIZE:
        raise _refuse("records that do not fit", L.ORIGIN)
    rule: i64 = 0
    while rule < count:
        if u32(rules, rule * L.RULE_SIZE) != rule or u32(rules, rule * L.RULE_SIZE + 4) != rule or rule >= strings:
            raise _refuse(f"rule {rule} has not its own number and name", L.RULES)
        if len(origin) != 0 and u32(origin, rule * L.ORIGIN_SIZE) >= strings:
            raise _refuse("a string that is not there", L.ORIGIN)
        # Two rules of one id, or one that LOOKUP misses, would be found as another rule or not at all.
        if reader.find(reader.name(rule)) != rule:
            raise _refuse(f"rule {rule} is not found by its id", L.LOOKUP)
        rule += 1
