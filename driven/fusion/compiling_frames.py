"""Which name means which cell: Jinja's scopes. Jinja2's own symbol tables say what each name of a frame stands for."""

from __future__ import annotations

from collections.abc import Iterable

from jinja2 import nodes
from jinja2.idtracking import VAR_LOAD_ALIAS, VAR_LOAD_PARAMETER, VAR_LOAD_RESOLVE, Symbols

from driven.core import dtm_layout as L
from driven.fusion.compiling_code import Cell, Code


class LoopRef:
    """The special variable `loop`. `level` counts the loops around it."""

    def __init__(self, level: int) -> None:
        self.level = level


class Context:
    """The variables that a template sees from outside: those it is rendered with, and what its top level sets."""

    def __init__(self, outer: Context | None = None, frame: Frame | None = None, own: Iterable[str] = ()) -> None:
        """`outer` and `frame`: of the template that includes this one. `own`: the names that this one sets itself."""
        self._outer = outer
        self._frame = frame
        self._own = frozenset(own)
        self._cells: dict[str, Cell | LoopRef] = {}
        self._shadows = frame.symbols.dump_stores() if frame is not None else {}
        self.settled: set[str] = set()  # what the top level has set by now, whatever happens
        self.prologue: list[tuple[int, Cell, Cell]] = []  # what is copied before the template starts

    def read(self, name: str) -> Cell | LoopRef:
        """What a name stands for that no frame has."""
        cell = self._cell(name)
        if self._outer is None and isinstance(cell, Cell) and name not in self.settled:
            cell.is_input = True
        return cell

    def write(self, name: str, certain: bool) -> Cell:
        """Where the top level keeps a name for blocks and includes. `certain`: whatever happens, it is set here."""
        if certain:
            self.settled.add(name)
            if name not in self._cells:
                self._cells[name] = Cell(name)  # whatever it was outside, nobody asked for that
        cell = self._cell(name)
        return cell if isinstance(cell, Cell) else Cell(name)

    def _cell(self, name: str) -> Cell | LoopRef:
        found = self._cells.get(name)
        if found is None:
            found = Cell(name) if self._outer is None else self._inherited(name, self._outer)
            self._cells[name] = found
        return found

    def _inherited(self, name: str, outer: Context) -> Cell | LoopRef:
        local = None
        if self._frame is not None and name in self._shadows:
            local = self._frame.lookup(self._shadows[name])
        if isinstance(local, LoopRef):
            return local
        beyond = outer.read(name)
        if (local is None and name not in self._own) or isinstance(beyond, LoopRef):
            return beyond
        cell = Cell(name)
        self.prologue.append((L.COPY, cell, beyond))
        if local is not None:
            self.prologue.append((L.COPY_DEFINED, cell, local))
        return cell


class Frame:
    """One scope: the names of a template's top level, of a loop's body, of a block."""

    def __init__(self, context: Context, parent: Frame | None = None) -> None:
        self.context = context
        self.parent = parent
        self.symbols: Symbols = Symbols(parent.symbols) if parent is not None else Symbols()
        self.bound: dict[str, Cell | LoopRef] = {}
        self._open: dict[str, str] = {}  # references that mean the context's variable of that name
        self.toplevel = False  # what is set here is seen by blocks and includes
        self.rootlevel = False  # and not within an `if`
        self.muted: bool = (
            parent.muted if parent is not None else False
        )  # the top level of a template that extends another
        self.block: tuple[str, int] = (
            parent.block if parent is not None else ("", -1)
        )  # which block this is, and which of its versions

    def analyze(self, node: nodes.Node, **how: str) -> None:
        """Learn the names of a node's body."""
        self.symbols.analyze_node(node, **how)

    def enter(self, code: Code, loop: LoopRef | None = None) -> None:
        """Make the cells of the frame, and the instructions that fill them when it starts."""
        names = {reference: name for name, reference in self.symbols.refs.items()}
        for reference, (action, origin) in self.symbols.loads.items():
            name = names.get(reference, reference)
            if action == VAR_LOAD_PARAMETER:
                self.bound[reference] = loop if loop is not None and name == "loop" else Cell(name)
            elif action == VAR_LOAD_RESOLVE:
                name = str(origin)
                if name not in self.symbols.stores:
                    self._open[reference] = name
                    continue
                self.bound[reference] = self._filled(code, name, self.context.read(name))
            elif action == VAR_LOAD_ALIAS:
                self.bound[reference] = self._filled(code, name, self.lookup(str(origin)))
            else:
                cell = Cell(name)
                self.bound[reference] = cell
                code.add(L.CLEAR, cell)

    def _filled(self, code: Code, name: str, source: Cell | LoopRef) -> Cell | LoopRef:
        if isinstance(source, LoopRef):
            return source
        cell = Cell(name)
        code.add(L.COPY, cell, source)
        return cell

    def lookup(self, reference: str) -> Cell | LoopRef:
        """What a reference of the symbol table stands for."""
        frame: Frame | None = self
        while frame is not None:
            if reference in frame.bound:
                return frame.bound[reference]
            if reference in frame._open:
                return frame.context.read(frame._open[reference])
            frame = frame.parent
        raise KeyError(reference)

    def name(self, name: str) -> Cell | LoopRef:
        """What a name stands for here. KeyError where Jinja2 knows none either: in the filters of a `set` block."""
        reference = self.symbols.find_ref(name)
        if reference is None:
            raise KeyError(name)
        return self.lookup(reference)

    def is_free(self, name: str) -> bool:
        """Whether a name is nothing that the template made: a variable of the caller, or a function."""
        reference = self.symbols.find_ref(name)
        frame: Frame | None = self
        while frame is not None and reference is not None:
            if reference in frame.bound:
                return False
            if reference in frame._open:
                return True
            frame = frame.parent
        return True

    def soft(self) -> Frame:
        """The same frame within an `if`."""
        copy = Frame.__new__(Frame)
        copy.__dict__.update(self.__dict__)
        copy.rootlevel = False
        return copy
