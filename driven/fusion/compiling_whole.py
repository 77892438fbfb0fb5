"""Walks a template as the compiler does, to tell all that is wrong with it at once; and finds the line where one that
compiles cannot be rendered. Both are for messages: what is compiled here is not kept.
"""

from __future__ import annotations

from jinja2 import Environment, TemplateSyntaxError, nodes

from driven.core import dtm_layout as L
from driven.core._rt import FormatError
from driven.core.dtm import Dtm
from driven.core.dtm_machine import Machine
from driven.core.dtm_values import MISSING
from driven.errors import TemplateError
from driven.format.words import similar
from driven.fusion.compiling import Delimiters, environment_of
from driven.fusion.compiling_code import Cell
from driven.fusion.compiling_families import Family
from driven.fusion.compiling_frames import Context, Frame
from driven.fusion.compiling_units import Compiler
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    Load = Callable[[str], str]

MOST = 100  # mistakes of one template
_FEW = 20  # of these, texts that Jinja2 cannot read


def mistakes(
    source: str, *, name: str, load: Load, delimiters: Delimiters, known: Collection[str] | None
) -> list[TemplateError]:  # fmt: skip
    """All that is wrong with a template, in the order in which it is read. `known`: the variables that it asks for;
    None where those that include it ask."""
    checker = _Checker(environment_of(delimiters, None), load)
    try:
        checker.look(source, name)
        if known is not None:
            checker.look_at_names(name, known)
    except (_Enough, FormatError):
        pass
    except RecursionError:
        hint = "take a part of it into a variable by `set`"
        checker.told.append(TemplateError(f"template `{name}` is nested too deeply", hint=hint, span=Span(path=name)))
    return checker.told


class _Enough(Exception):
    """Nothing more is looked for."""


class _Checker(Compiler):
    """Goes on behind each mistake. The code that it makes is of no use."""

    def __init__(self, environment: Environment, load: Load) -> None:
        super().__init__(environment, load)
        self.told: list[TemplateError] = []
        self._inside = 0  # expressions around what is walked
        self._orphan = False  # what it extends is not there: nobody knows its blocks
        self._seen: dict[str, Span] = {}  # name -> where it is used first
        self._spared: set[str] = set()  # names that may be missing: `x is defined`, `x | default(…)`
        self._mended = ""  # the text that could not be read, without the mistake in it

    def look(self, source: str, name: str) -> None:
        """Walk it to its end."""
        tree = self.parse(source, name)
        context = Context()
        try:
            self.write(name, tree, context)
        except TemplateError as error:  # of what it extends
            self._note(error)
            self._open, self._open_blocks, self.path = [], [], name
            tree.body = [node for node in tree.body if not isinstance(node, nodes.Extends)]
            self._orphan = True
            self.write(name, tree, context)

    def look_at_names(self, name: str, known: Collection[str]) -> None:
        """Tell of names that have a value from nowhere."""
        wanted = {cell.name for cell in self.code.inputs()}
        for one, span in self._seen.items():
            if one in wanted and one not in known and one not in self._spared:
                near = similar(one, known)
                hint = f"did you mean `{near}`?" if near else f"add `{one}:` below `variables:`"
                self._note(TemplateError(f"`{one}` is no variable of the template `{name}`", hint=hint, span=span))

    def parse(self, source: str, path: str) -> nodes.Template:
        """The tree of a template, without what cannot be read."""
        for _ in range(_FEW):
            try:
                tree = super().parse(source, path)
            except TemplateError as error:
                self._note(error)
                source = self._mended
                continue
            self._spare(tree)
            return tree
        raise _Enough

    def unread(self, source: str, path: str, error: TemplateSyntaxError) -> tuple[TemplateError, str]:
        """See `Families`. Remembers the text without the mistake."""
        told, self._mended = super().unread(source, path, error)
        return told, self._mended

    def _spare(self, tree: nodes.Template) -> None:
        for test in tree.find_all(nodes.Test):
            if test.name in ("defined", "undefined") and isinstance(test.node, nodes.Name):
                self._spared.add(test.node.name)
        for one in tree.find_all(nodes.Filter):
            if one.name in ("default", "d") and isinstance(one.node, nodes.Name):
                self._spared.add(one.node.name)

    def _note(self, error: TemplateError) -> None:
        said = {(str(one.span), one.message) for one in self.told}
        if (str(error.span), error.message) not in said:
            self.told.append(error)
        if len(self.told) >= MOST:
            raise _Enough

    def statement(self, node: nodes.Node, frame: Frame) -> None:
        """Write a statement, or tell what is wrong with it."""
        state = self.path, self.loops, len(self._open), len(self._open_blocks), getattr(self, "_family", None)
        try:
            super().statement(node, frame)
        except TemplateError as error:
            self._note(error)
            self.path, self.loops = state[:2]
            del self._open[state[2] :], self._open_blocks[state[3] :]
            if state[4] is not None:
                self._family = state[4]

    def value(self, node: nodes.Node, frame: Frame, *, consumed: bool = False) -> None:
        """Write an expression, or tell what is wrong with it."""
        self._inside += 1
        try:
            super().value(node, frame, consumed=consumed)
        except TemplateError as error:
            if self._inside > 1:
                raise
            self._note(error)
        finally:
            self._inside -= 1

    def cell(self, node: nodes.Name, frame: Frame) -> Cell:
        """See `Expressions`. Remembers where a name is used."""
        found = super().cell(node, frame)
        self._seen.setdefault(node.name, Span(path=self.path, line=node.lineno or 1))
        return found

    def _family_of(self, name: str, tree: nodes.Template) -> Family:
        """See `Families`. Tells of blocks that nobody calls."""
        family = super()._family_of(name, tree)
        for at, (path, member) in enumerate(family.members[:-1]):
            above = {block.name for _, other in family.members[at + 1 :] for block in other.find_all(nodes.Block)}
            for node in member.body:
                if isinstance(node, nodes.Block) and node.name not in above:
                    near = similar(node.name, above)
                    hint = f"did you mean `{near}`?" if near else f"there are {', '.join(sorted(above)) or 'none'}"
                    message = f"the block `{node.name}` is none of what this extends: its text is left out"
                    span = Span(path=path, line=node.lineno or 1)
                    self._note(TemplateError(message, hint=hint, span=span))
        return family

    def parent_block(self, node: nodes.Node, frame: Frame) -> None:
        """See `Families`."""
        if not self._orphan:
            super().parent_block(node, frame)


# -- where it cannot be rendered --------------------------------------------------------------------------------------


def failing_line(
    source: str, values: Mapping[str, object], *, name: str, load: Load, delimiters: Delimiters
) -> Span | None:  # fmt: skip
    """Where the rendering of a template stops with an error; None where it does not, or nobody can tell."""
    tracer = _Tracer(environment_of(delimiters, None), load)
    try:
        dtm = Dtm(tracer.compile(source, name, b""))
        machine = Machine(dtm, [values.get(one, MISSING) for one in dtm.names()], L.FUEL)
    except (FormatError, TemplateError, RecursionError):
        return None
    try:
        machine.run()
    except (FormatError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError, MemoryError):
        at = machine.cells[tracer.here.number]
        return tracer.places[at] if isinstance(at, int) else None
    return None


class _Tracer(Compiler):
    """Writes beside the code which line it is of."""

    def __init__(self, environment: Environment, load: Load) -> None:
        super().__init__(environment, load)
        self.here = Cell("")
        self.places: list[Span] = []

    def statement(self, node: nodes.Node, frame: Frame) -> None:
        """Write a statement."""
        if isinstance(node, nodes.Output):
            for one in node.nodes:
                self._mark(one)
                super().statement(nodes.Output([one], lineno=one.lineno), frame)
            return
        self._mark(node)
        super().statement(node, frame)

    def _mark(self, node: nodes.Node) -> None:
        place = Span(path=self.path, line=node.lineno or 1)
        if not self.places or self.places[-1] != place:
            self.places.append(place)
        self.code.add(L.PUSH, len(self.places) - 1)
        self.code.add(L.STORE, self.here)
