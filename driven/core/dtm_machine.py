"""The machine that runs a compiled template: a stack, loops, and an output that bytes are copied to. Compiled.

The code may come from strangers: each operand is compared with what is there when the instruction runs; fuel, stack,
loops, texts and the output are bounded. What the numbers mean stands in `dtm_layout`.
"""

from __future__ import annotations

from librt.strings import BytesWriter, read_i64_le, write_i64_le

from driven.core import dtm_layout as L
from driven.core._rt import FormatError, final, i64
from driven.core.dtm_filters import apply_filter, join
from driven.core.dtm_layout import RenderError
from driven.core.dtm_loops import Loop, cycle, select, span
from driven.core.dtm_questions import apply_test
from driven.core.dtm_sections import Sections, u32
from driven.core.dtm_stack import loop_at, number_of, pop, popped, u16
from driven.core.dtm_values import (
    MISSING,
    Undefined,
    binary,
    compare,
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


@final
class Machine:
    """One rendering."""

    def __init__(self, dtm: Sections, values: list[object], fuel: i64) -> None:
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
        before = size
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
        self.fuel -= (size - before) >> 5

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
        data = text_of(value).encode("utf-8")
        self.fuel -= len(data) >> 5
        self.out.write(data)
        if len(self.out) > L.MAX_OUTPUT:
            raise RenderError(f"a text of more than {L.MAX_OUTPUT:,} bytes")

    def _string(self, which: i64) -> str:
        if which >= len(self.dtm.strings):
            raise FormatError("a string that is not there", L.HEADER_SIZE)
        return self.dtm.strings[which]

    def _burn(self, value: object) -> None:
        """Work on a text or list costs by its size."""
        if isinstance(value, (list, tuple)):
            self.fuel -= len(value) >> 2
        self.fuel -= weigh(value) >> 5

    def _spend(self, value: object, args: list[object], each: bool) -> None:
        """What a filter or test costs before it starts; `each`: it is asked about every item."""
        once: i64 = 20
        for arg in args:
            once += (weigh(arg) >> 5) + (len(arg) if isinstance(arg, (list, tuple)) else 0)
        times: i64 = 1
        if isinstance(value, (list, tuple, str)):
            times += len(value) if each or not isinstance(value, str) else 0
        self._burn(value)
        self.fuel -= once * times if each else once + times
        if self.fuel < 0:
            raise RenderError("the template does too much: a list is too long, or texts are too large")

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
                count = u32(code, here + 5)
                self.fuel -= count
                self.emit(u32(code, here + 1), count)
            elif op == L.CALL:
                stack.append(self._load(u16(code, here)))
            elif op == L.OUT:
                self._write(pop(stack, here))
            elif op == L.JUMP_FALSE:
                if not pop(stack, here):
                    at = u32(code, here + 1)
            elif op == L.JUMP:
                at = u32(code, here + 1)
            elif op == L.NEXT or op == L.GATHER:
                loop = loop_at(loops, 0, here)
                if loop.advance():
                    stack.append(loop.item())
                else:
                    loops.pop()
                    if op == L.GATHER:
                        stack.append(loop.kept)
                    at = u32(code, here + 1)
            elif op == L.TEXT:
                stack.append(self._string(u16(code, here)))
            elif op == L.PUSH:
                stack.append(int(read_i64_le(code, here + 1)))
            elif op == L.CONST:
                which = code[here + 1]
                stack.append(None if which == 0 else which == 1)
            elif op == L.NOT:
                stack.append(not pop(stack, here))
            elif op == L.TRUTH:
                stack.append(bool(pop(stack, here)))
            elif op <= L.GE or op == L.IN or op == L.NOT_IN:
                if op == L.AND or op == L.OR:
                    raise FormatError("unreachable", here)
                right = pop(stack, here)
                self._burn(right)
                stack.append(compare(op, pop(stack, here), right))
            elif op == L.AND or op == L.OR:
                top = pop(stack, here)
                if bool(top) == (op == L.OR):
                    stack.append(top)
                    at += u16(code, here)
            elif op >= L.ADD and op <= L.POW:
                right = pop(stack, here)
                result = binary(op, pop(stack, here), right)
                self._burn(result)
                stack.append(result)
            elif op == L.FILTER or op == L.TEST or op == L.MAP or op == L.SELECT:
                args = popped(stack, code[here + 2], here)
                value = pop(stack, here)
                self._spend(value, args, op == L.MAP or op == L.SELECT)
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
                self._store(u16(code, here), pop(stack, here))
            elif op == L.COPY or op == L.COPY_DEFINED:
                source = i64(u16(code, here + 2))
                if source >= len(self.cells):
                    raise FormatError("a variable that is not there", here)
                value = self.cells[source]
                if op == L.COPY or value is not MISSING:
                    self._store(u16(code, here), value)
            elif op == L.CLEAR:
                self._store(u16(code, here), MISSING)
            elif op == L.LOOP:
                loop = loop_at(loops, code[here + 1], here)
                stack.append(loop.attribute(code[here + 2], here))
            elif op == L.FOR:
                items = items_of(pop(stack, here))
                self.fuel -= len(items) >> 3
                if len(loops) >= L.MAX_LOOPS:
                    raise FormatError(f"more than {L.MAX_LOOPS} loops within one another", here)
                loops.append(Loop(items))
            elif op == L.ELSE:
                if loop_at(loops, 0, here).count == 0:
                    loops.pop()
                    at = u32(code, here + 1)
            elif op == L.KEEP:
                if pop(stack, here):
                    loop_at(loops, 0, here).keep()
            elif op == L.UNPACK:
                items = items_of(pop(stack, here))
                if len(items) != u16(code, here):
                    raise RenderError(f"{len(items)} values for {u16(code, here)} names")
                items.reverse()
                stack.extend(items)
            elif op == L.CONCAT:
                result = join(popped(stack, u16(code, here), here), "")
                self._burn(result)
                stack.append(result)
            elif op == L.LIST or op == L.TUPLE:
                values = popped(stack, u16(code, here), here)
                self._burn(values)
                if op == L.LIST:
                    stack.append(values)
                else:
                    stack.append(tuple(values))
            elif op == L.ITEM:
                key = pop(stack, here)
                stack.append(item(pop(stack, here), key))
            elif op == L.SLICE:
                bounds = popped(stack, 3, here)
                result = part(pop(stack, here), bounds[0], bounds[1], bounds[2])
                self._burn(result)
                stack.append(result)
            elif op == L.NEG or op == L.POS:
                stack.append(sign(op, pop(stack, here)))
            elif op == L.NUMBER:
                stack.append(number_of(self._string(u16(code, here))))
            elif op == L.UNDEFINED:
                stack.append(Undefined("", self._string(u16(code, here)), True))
            elif op == L.CHAIN:
                right = pop(stack, here)
                if code[here + 1] in (L.AND, L.OR):
                    raise FormatError("an unknown comparison", here)
                self._burn(right)
                if compare(code[here + 1], pop(stack, here), right):
                    stack.append(right)
                else:
                    stack.append(False)
                    at += u16(code, here + 1)
            elif op == L.RANGE:
                items = span(popped(stack, code[here + 1], here))
                self.fuel -= len(items)
                stack.append(items)
            elif op == L.CYCLE:
                index = pop(stack, here)
                stack.append(cycle(pop(stack, here), index))
            elif op == L.CAPTURE:
                if len(captures) >= L.MAX_CAPTURES:
                    raise FormatError(f"more than {L.MAX_CAPTURES} texts within one another", here)
                captures.append(self.out)
                self.out = BytesWriter()
            else:  # CAPTURED
                if not captures:
                    raise FormatError("a text that ends and never began", here)
                text = self.out.getvalue().decode("utf-8")
                self.out = captures.pop()
                self._burn(text)
                stack.append(text)
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
