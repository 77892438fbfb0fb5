"""The code of a template while it is made: instructions with labels, literals, cells that get numbers last."""

from __future__ import annotations

from driven.core import dtm_layout as L
from driven.core.dtm_build import DtmBuilder
from driven.core.dtm_layout import SHAPES, too_large

MAX_INSTRUCTIONS = 200_000  # of one template: includes within includes multiply


class Cell:
    """A place for a value. `is_input`: the caller of `render` fills it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_input = False
        self.number = -1


class Label:
    """A place in the code that is jumped to."""

    def __init__(self) -> None:
        self.at = -1


class Op:
    """One instruction, or a label (op 0)."""

    def __init__(self, op: int, operands: tuple[int | Cell | Label, ...]) -> None:
        self.op = op
        self.operands = operands


_WIDTHS = L.widths()


class Code:
    """What is collected while a template is walked."""

    def __init__(self) -> None:
        self.builder = DtmBuilder()
        self.ops: list[Op] = []
        self._count = 0  # of all instructions, those that stand elsewhere for now included
        self._text: list[str] = []
        self._slots: list[tuple[str, Cell | None]] = []
        self._others: list[Cell] = []

    def text(self, text: str) -> None:
        """Literal text."""
        self._text.append(text)

    def variable(self, cell: Cell) -> None:
        """Print a cell."""
        self._slot("".join(self._text), cell)
        self._text.clear()

    def _slot(self, literal: str, cell: Cell | None) -> None:
        if cell is not None:
            self.use(cell)
        self._slots.append((literal, cell))
        number = len(self._slots) - 1
        if self.ops and self.ops[-1].op == L.EMIT:
            first, count = self.ops[-1].operands
            if isinstance(first, int) and isinstance(count, int) and first + count == number:
                self.ops[-1].operands = (first, count + 1)
                return
        self.ops.append(Op(L.EMIT, (number, 1)))

    def flush(self) -> None:
        """Let no literal wait any longer."""
        if any(self._text):
            self._slot("".join(self._text), None)
        self._text.clear()

    def add(self, op: int, *operands: int | Cell | Label) -> None:
        """Append an instruction."""
        self.flush()
        for operand in operands:
            if isinstance(operand, Cell):
                self.use(operand)
        self.ops.append(Op(op, operands))
        self._count += 1
        if self._count > MAX_INSTRUCTIONS:
            raise too_large(self._count)

    def put(self, label: Label) -> None:
        """The label is here."""
        self.flush()
        self.ops.append(Op(0, (label,)))

    def extend(self, ops: list[Op]) -> None:
        """Append instructions that were made elsewhere."""
        self.flush()
        self.ops.extend(ops)

    def string(self, text: str) -> int:
        """The number of a string."""
        return self.builder.string(text)

    def use(self, cell: Cell) -> None:
        """Cells get their numbers in the order of their first use; those of the caller come first."""
        if cell.number < 0:
            cell.number = 0
            self._others.append(cell)

    def inputs(self) -> list[Cell]:
        """Those that the caller fills, as far as the code goes."""
        return [cell for cell in self._others if cell.is_input]

    def finish(self, meta: bytes) -> bytes:
        """The bytes of the `.dtm`, without its digest."""
        self.flush()
        inputs = self.inputs()
        cells = inputs + [cell for cell in self._others if not cell.is_input]
        for number, cell in enumerate(cells):
            cell.number = number
        for literal, slot in self._slots:
            self.builder.slot(literal, slot.number if slot is not None else -1)
        code = self._assembled()
        return self.builder.finish([cell.name for cell in cells], len(inputs), code, meta)

    def _assembled(self) -> bytes:
        ops = self.ops
        if not ops or (len(ops) == 1 and ops[0].op == L.EMIT and ops[0].operands == (0, len(self._slots))):
            return b""
        at = 0
        for op in ops:
            if op.op == 0:
                _label(op.operands[0]).at = at
            else:
                at += _WIDTHS[op.op]
        out = bytearray()
        for op in ops:
            if op.op == 0:
                continue
            out.append(op.op)
            end = len(out) - 1 + _WIDTHS[op.op]
            for letter, operand in zip(SHAPES[op.op], op.operands, strict=True):
                value = operand if isinstance(operand, int) else 0
                if isinstance(operand, Cell):
                    value = operand.number
                elif isinstance(operand, Label):
                    value = operand.at - (end if letter == "h" else 0)
                size = {"b": 1, "h": 2, "i": 4, "q": 8}[letter]
                if letter != "q" and not 0 <= value < 1 << 8 * size:
                    raise too_large(len(out))
                out += value.to_bytes(size, "little", signed=letter == "q")
        return bytes(out)


def _label(operand: object) -> Label:
    assert isinstance(operand, Label)
    return operand
