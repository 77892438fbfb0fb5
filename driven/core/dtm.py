"""Opens compiled templates and renders them, without the engine they were written for. Compiled: it copies bytes.

docs/dtm.md draws the file. Opening checks its structure; code is checked while it runs: each instruction may be
anything, so operands are compared with what is there, and fuel, stack, loops and sizes are bounded. Any bytes give a
template or FormatError, any template and values give a text or FormatError (RenderError where the values are at fault).
"""

from __future__ import annotations

from librt.strings import BytesWriter, read_i32_le, read_i64_le, write_i64_le

from driven.core import dtm_layout as L
from driven.core._rt import FormatError, final, i64
from driven.core.dtm_filters import apply_filter, apply_test
from driven.core.dtm_layout import RenderError
from driven.core.dtm_loops import Loop, cycle, select, span
from driven.core.dtm_values import (
    MISSING,
    Undefined,
    binary,
    check_value,
    compare,
    defined,
    item,
    items_of,
    part,
    sign,
    text_of,
    weigh,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

LONG: Final = 256  # bytes of a literal from which on it is copied as one slice

_WIDTHS = L.widths()


def _u32(data: bytes, at: i64) -> i64:
    return i64(read_i32_le(data, at)) & 0xFFFFFFFF


@final
class Dtm:
    """One compiled template. FormatError for bytes that are none; the digest is `fusion.dtm_file`'s to compare."""

    def __init__(self, data: bytes) -> None:
        size: i64 = len(data)
        if size < L.HEADER_SIZE or data[:4] != L.MAGIC:
            raise FormatError("not a compiled template", 0)
        if data[4] != L.VERSION:
            raise FormatError(f"a template of version {data[4]}; this release reads version {L.VERSION}", 4)
        if size > L.MAX_FILE:
            raise FormatError(f"a template of more than {L.MAX_FILE:,} bytes", 0)
        if data[5] > L.LINEAR or data[6] != 0 or data[7] != 0:
            raise FormatError("flags that version 1 does not have", 5)
        self.data = data
        self.path = ""
        self.slots: i64 = _u32(data, 40)
        self.literal_size: i64 = _u32(data, 44)
        counts = _u32(data, 48)
        self.cells: i64 = counts & 0xFFFF
        self.inputs: i64 = counts >> 16
        strings = _u32(data, 52)
        code = _u32(data, 56)
        meta = _u32(data, 60)
        if self.cells > L.MAX_CELLS or self.inputs > self.cells:
            raise FormatError("more variables than a template has", 48)
        if strings > L.MAX_STRINGS or self.slots > L.MAX_FILE // L.SLOT_SIZE:
            raise FormatError("more strings or slots than a template has", 40)
        self.literals: i64 = L.HEADER_SIZE + self.slots * L.SLOT_SIZE
        names = self.literals + self.literal_size
        offsets = names + self.cells * 4
        blob = offsets + strings * 4
        if blob > size:
            raise FormatError("the template is cut short", size)
        self.code: i64 = blob + (_u32(data, blob - 4) if strings > 0 else 0)
        self.code_end: i64 = self.code + code
        if self.code_end + meta != size:
            raise FormatError("the sections of the template are not as long as it says", 40)
        if (data[5] == L.LINEAR) != (code == 0):
            raise FormatError("a template with code says that it has none, or the other way round", 5)
        self._check_slots()
        self.strings: list[str] = self._texts(offsets, blob, strings)
        self.cell_names: list[str] = []
        at = names
        while at < offsets:
            which = _u32(data, at)
            if which >= strings:
                raise FormatError("a variable without a name", at)
            self.cell_names.append(self.strings[which])
            at += 4

    def _check_slots(self) -> None:
        data = self.data
        at: i64 = L.HEADER_SIZE
        size = self.literal_size
        cells = self.cells
        while at < self.literals:
            place = read_i64_le(data, at)  # two numbers in one read, here and below: where it starts, how long it is
            start = place & 0xFFFFFFFF
            length = place >> 32
            if start > size or length < 0 or length > size - start:
                raise FormatError("a slot that points outside the template", at)
            cell = read_i64_le(data, at + 8)
            if cell < 0 or cell > cells:
                raise FormatError("a slot with a variable that is not there", at)
            at += L.SLOT_SIZE

    def _texts(self, offsets: i64, blob: i64, count: i64) -> list[str]:
        data = self.data
        found: list[str] = []
        start: i64 = 0
        at = offsets
        last = self.code - blob
        try:
            for _ in range(count):
                end = _u32(data, at)
                if end < start or end > last:
                    raise FormatError("a string that points outside the template", at)
                found.append(data[blob + start : blob + end].decode("utf-8"))
                start = end
                at += 4
        except UnicodeDecodeError:
            raise FormatError("a string that is not UTF-8", at) from None
        return found

    def names(self) -> list[str]:
        """The variables, in the order in which `render` wants their values."""
        return self.cell_names[: int(self.inputs)]

    def meta(self) -> bytes:
        """What the compiler was given to keep beside the template."""
        return self.data[self.code_end :]

    def render(self, values: list[object], fuel: int = L.FUEL) -> str:
        """The text. A variable without a value is MISSING. RenderError when the values do not do.

        Each instruction takes 1 of `fuel`, one that works on a long text or list more.
        """
        if len(values) != self.inputs:
            raise RenderError(f"{len(values)} values for {self.inputs} variables")
        i = 0
        for value in values:
            check_value(value, self.cell_names[i])
            i += 1
        run = _Run(self, values, fuel)
        try:
            if self.code == self.code_end:
                run.emit(0, self.slots)
            else:
                run.run()
            return run.out.getvalue().decode("utf-8")
        except FormatError:
            raise
        except UnicodeDecodeError as error:
            raise FormatError("literals that are not UTF-8", error.start) from None
        except UnicodeEncodeError:
            raise RenderError("a value that is not text: it holds half of a character") from None
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
            raise RenderError(f"a value of the wrong kind: {error}") from None


@final
class _Run:
    """One rendering."""

    def __init__(self, dtm: Dtm, values: list[object], fuel: i64) -> None:
        self.dtm = dtm
        self.out = BytesWriter()
        self.cells: list[object] = list(values)
        self.texts: list[bytes] = [b""] * int(dtm.cells)  # of cells, as they print; empty: not known yet
        self.fuel: i64 = fuel
        for _ in range(dtm.cells - dtm.inputs):
            self.cells.append(MISSING)

    def emit(self, first: i64, count: i64) -> None:
        """Write slots: literal, then variable."""
        dtm = self.dtm
        if first > dtm.slots or count > dtm.slots - first:
            raise FormatError("slots that are not there", L.HEADER_SIZE)
        data = dtm.data
        out = self.out
        texts = self.texts
        literals = dtm.literals
        safe: i64 = len(data) - 8
        at = L.HEADER_SIZE + first * L.SLOT_SIZE
        end = at + count * L.SLOT_SIZE
        size: i64 = len(out)
        while at < end:
            place = read_i64_le(data, at)
            p = literals + (place & 0xFFFFFFFF)
            n = place >> 32
            stop = p + n
            size += n
            if n > LONG or stop > safe:
                out.write(data[p:stop])
            elif n > 0:
                while p < stop:  # whole words, and what is too much is taken back
                    write_i64_le(out, read_i64_le(data, p))
                    p += 8
                out.truncate(size)
            cell = read_i64_le(data, at + 8)
            if cell > 0:
                text = texts[cell - 1]
                if len(text) == 0:
                    text = self._text_of_cell(cell - 1)
                out.write(text)
                size += len(text)
            if size > L.MAX_OUTPUT:
                raise RenderError(f"a text of more than {L.MAX_OUTPUT:,} bytes")
            at += L.SLOT_SIZE

    def _text_of_cell(self, cell: i64) -> bytes:
        text = text_of(self._load(cell)).encode("utf-8")
        self.texts[cell] = text
        return text

    def _load(self, cell: i64) -> object:
        if cell >= len(self.cells):
            raise FormatError("a variable that is not there", L.HEADER_SIZE)
        value = self.cells[cell]
        return Undefined(self.dtm.cell_names[cell]) if value is MISSING else value

    def _store(self, cell: i64, value: object) -> None:
        if cell >= len(self.cells):
            raise FormatError("a variable that is not there", L.HEADER_SIZE)
        self.cells[cell] = value
        self.texts[cell] = b""

    def _write(self, value: object) -> None:
        self.out.write(text_of(value).encode("utf-8"))
        if len(self.out) > L.MAX_OUTPUT:
            raise RenderError(f"a text of more than {L.MAX_OUTPUT:,} bytes")

    def _string(self, which: i64) -> str:
        if which >= len(self.dtm.strings):
            raise FormatError("a string that is not there", L.HEADER_SIZE)
        return self.dtm.strings[which]

    def _burn(self, value: object) -> None:
        """Work on a text or list costs by its size."""
        self.fuel -= weigh(value) >> 5

    def run(self) -> None:
        """Run the code to its end."""
        dtm = self.dtm
        code = dtm.data
        base = dtm.code
        size = dtm.code_end - base
        widths = _WIDTHS
        stack: list[object] = []
        loops: list[Loop] = []
        captures: list[BytesWriter] = []
        at: i64 = 0
        while at < size:
            self.fuel -= 1
            if self.fuel < 0:
                raise RenderError("the template does too much: a loop is too long, or texts are too large")
            here = base + at
            op: i64 = code[here]
            if op > L.LAST or op == 0:
                raise FormatError(f"unknown instruction {op}", here)
            width: i64 = widths[op]
            if width > size - at:
                raise FormatError("the code ends inside an instruction", here)
            at += width
            if op == L.EMIT:
                count = _u32(code, here + 5)
                self.fuel -= count
                self.emit(_u32(code, here + 1), count)
            elif op == L.CALL:
                stack.append(self._load(_u16(code, here)))
            elif op == L.OUT:
                self._write(_pop(stack, here))
            elif op == L.JUMP_FALSE:
                if not _pop(stack, here):
                    at = _u32(code, here + 1)
            elif op == L.JUMP:
                at = _u32(code, here + 1)
            elif op == L.NEXT or op == L.GATHER:
                loop = _loop(loops, 0, here)
                if loop.advance():
                    stack.append(loop.item())
                else:
                    loops.pop()
                    if op == L.GATHER:
                        stack.append(loop.kept)
                    at = _u32(code, here + 1)
            elif op == L.TEXT:
                stack.append(self._string(_u16(code, here)))
            elif op == L.PUSH:
                stack.append(int(read_i64_le(code, here + 1)))
            elif op == L.CONST:
                which = code[here + 1]
                stack.append(None if which == 0 else which == 1)
            elif op == L.NOT:
                stack.append(not _pop(stack, here))
            elif op == L.TRUTH:
                stack.append(bool(_pop(stack, here)))
            elif op <= L.GE or op == L.IN or op == L.NOT_IN:
                if op == L.AND or op == L.OR:
                    raise FormatError("unreachable", here)
                right = _pop(stack, here)
                self._burn(right)
                stack.append(compare(op, _pop(stack, here), right))
            elif op == L.AND or op == L.OR:
                top = _pop(stack, here)
                if bool(top) == (op == L.OR):
                    stack.append(top)
                    at += _u16(code, here)
            elif op >= L.ADD and op <= L.POW:
                right = _pop(stack, here)
                result = binary(op, _pop(stack, here), right)
                self._burn(result)
                stack.append(result)
            elif op == L.FILTER or op == L.TEST or op == L.MAP or op == L.SELECT:
                args = _popped(stack, code[here + 2], here)
                value = _pop(stack, here)
                self._burn(value)
                self.fuel -= 20
                if op == L.FILTER:
                    result = apply_filter(code[here + 1], value, args)
                    self._burn(result)
                elif op == L.TEST:
                    result = apply_test(code[here + 1], value, args)
                elif op == L.MAP:
                    result = self._mapped(code[here + 1], value, args)
                else:
                    result = select(code[here + 1], value, args, code[here + 3] == 1)
                stack.append(result)
            elif op == L.STORE:
                self._store(_u16(code, here), _pop(stack, here))
            elif op == L.COPY or op == L.COPY_DEFINED:
                source = i64(_u16(code, here + 2))
                if source >= len(self.cells):
                    raise FormatError("a variable that is not there", here)
                value = self.cells[source]
                if op == L.COPY or value is not MISSING:
                    self._store(_u16(code, here), value)
            elif op == L.CLEAR:
                self._store(_u16(code, here), MISSING)
            elif op == L.LOOP:
                loop = _loop(loops, code[here + 1], here)
                stack.append(loop.attribute(code[here + 2], here))
            elif op == L.FOR:
                items = items_of(_pop(stack, here))
                self.fuel -= len(items) >> 3
                if len(loops) >= L.MAX_LOOPS:
                    raise FormatError(f"more than {L.MAX_LOOPS} loops within one another", here)
                loops.append(Loop(items))
            elif op == L.ELSE:
                if _loop(loops, 0, here).count == 0:
                    loops.pop()
                    at = _u32(code, here + 1)
            elif op == L.KEEP:
                if _pop(stack, here):
                    _loop(loops, 0, here).keep()
            elif op == L.UNPACK:
                items = items_of(_pop(stack, here))
                if len(items) != _u16(code, here):
                    raise RenderError(f"{len(items)} values for {_u16(code, here)} names")
                items.reverse()
                stack.extend(items)
            elif op == L.CONCAT:
                texts: list[str] = []
                for one in _popped(stack, _u16(code, here), here):
                    texts.append(text_of(one))
                result = "".join(texts)
                self._burn(result)
                stack.append(result)
            elif op == L.LIST or op == L.TUPLE:
                values = _popped(stack, _u16(code, here), here)
                self._burn(values)
                if op == L.LIST:
                    stack.append(values)
                else:
                    stack.append(tuple(values))
            elif op == L.ITEM:
                key = _pop(stack, here)
                stack.append(item(_pop(stack, here), key))
            elif op == L.SLICE:
                bounds = _popped(stack, 3, here)
                result = part(_pop(stack, here), bounds[0], bounds[1], bounds[2])
                self._burn(result)
                stack.append(result)
            elif op == L.NEG or op == L.POS:
                stack.append(sign(op, _pop(stack, here)))
            elif op == L.NUMBER:
                stack.append(_number(self._string(_u16(code, here))))
            elif op == L.UNDEFINED:
                stack.append(Undefined("", self._string(_u16(code, here))))
            elif op == L.CHAIN:
                right = _pop(stack, here)
                if code[here + 1] in (L.AND, L.OR):
                    raise FormatError("an unknown comparison", here)
                if compare(code[here + 1], _pop(stack, here), right):
                    stack.append(right)
                else:
                    stack.append(False)
                    at += _u16(code, here + 1)
            elif op == L.RANGE:
                items = span(_popped(stack, code[here + 1], here))
                self.fuel -= len(items) >> 3
                stack.append(items)
            elif op == L.CYCLE:
                index = _pop(stack, here)
                stack.append(cycle(_pop(stack, here), index))
            elif op == L.CAPTURE:
                if len(captures) >= L.MAX_CAPTURES:
                    raise FormatError(f"more than {L.MAX_CAPTURES} texts within one another", here)
                captures.append(self.out)
                self.out = BytesWriter()
            elif op == L.CAPTURED:
                if not captures:
                    raise FormatError("a text that ends and never began", here)
                text = self.out.getvalue().decode("utf-8")
                self.out = captures.pop()
                self._burn(text)
                stack.append(text)
            else:
                _pop(stack, here)
            if len(stack) > L.MAX_STACK:
                raise RenderError(f"more than {L.MAX_STACK} values at once")
        if at != size or captures:
            raise FormatError("the code does not end where it should", base)

    def _mapped(self, which: i64, value: object, args: list[object]) -> list[object]:
        results: list[object] = []
        if not value:  # as Jinja2: of what is empty nothing is asked, whatever it is
            return results
        for one in items_of(value):
            result = apply_filter(which, one, args)
            self._burn(result)
            self.fuel -= 4
            if self.fuel < 0:
                raise RenderError("the template does too much: a list is too long, or texts are too large")
            results.append(result)
        self._burn(results)
        return results


def _u16(code: bytes, at: i64) -> i64:
    """The 16 bits behind the instruction at `at`."""
    return i64(code[at + 1]) | i64(code[at + 2]) << 8


def _pop(stack: list[object], at: i64) -> object:
    if not stack:
        raise FormatError("an instruction finds nothing on the stack", at)
    return stack.pop()


def _popped(stack: list[object], count: i64, at: i64) -> list[object]:
    """The topmost values, the lowest first."""
    if count > len(stack):
        raise FormatError("an instruction finds nothing on the stack", at)
    if count == 0:
        return []
    values = stack[-count:]
    del stack[-count:]
    return values


def _loop(loops: list[Loop], out: i64, at: i64) -> Loop:
    if out >= len(loops):
        raise FormatError("a loop that is not there", at)
    return loops[len(loops) - 1 - out]


def _number(text: str) -> object:
    value: object = int(text) if text.lstrip("-").isdigit() else float(text)
    weigh(value)
    return value
