"""Expressions of a template to code that leaves one value on the stack."""

from __future__ import annotations

from jinja2 import nodes

from driven.core import dtm_layout as L
from driven.errors import TemplateError
from driven.format.words import similar
from driven.fusion.compiling_code import Cell, Code, Label
from driven.fusion.compiling_frames import Frame, LoopRef
from driven.fusion.compiling_tables import ACROSS, CONSUMERS, FILTERS, REQUIRED, TESTS
from driven.span import Span

_BINARY: dict[type[nodes.BinExpr], int] = {
    nodes.Add: L.ADD,
    nodes.Sub: L.SUB,
    nodes.Mul: L.MUL,
    nodes.Div: L.DIV,
    nodes.FloorDiv: L.FLOORDIV,
    nodes.Mod: L.MOD,
    nodes.Pow: L.POW,
}
_COMPARISONS = {
    "eq": L.EQ, "ne": L.NE, "lt": L.LT, "lteq": L.LE, "gt": L.GT, "gteq": L.GE, "in": L.IN, "notin": L.NOT_IN,
}  # fmt: skip
_FUNCTIONS = (
    "range",
    "super",
    "self",
    "namespace",
    "cycler",
    "joiner",
    "dict",
    "lipsum",
    "caller",
    "varargs",
    "kwargs",
)


class Expressions:
    """Writes expressions. What a template is made of besides stands in `compiling_units`."""

    def __init__(self) -> None:
        self.code = Code()
        self.path = ""  # of the template that is walked
        self.loops = 0  # around what is walked, included templates counted

    def fail(self, message: str, node: nodes.Node, hint: str) -> TemplateError:
        """An error at a node."""
        return TemplateError(message, hint=hint, span=Span(path=self.path, line=node.lineno or 1))

    def parent_block(self, node: nodes.Node, frame: Frame) -> None:
        """Write the block that `super()` means."""
        raise NotImplementedError

    def value(self, node: nodes.Node, frame: Frame, *, consumed: bool = False) -> None:
        """Write an expression. `consumed`: what stands around it goes over all its items at once."""
        code = self.code
        match node:
            case nodes.Const():
                self.constant(node.value, node)
            case nodes.TemplateData():
                code.add(L.TEXT, code.string(node.data))
            case nodes.Name():
                code.add(L.CALL, self.cell(node, frame))
            case nodes.List() | nodes.Tuple():
                for one in node.items:
                    self.value(one, frame)
                code.add(L.LIST if isinstance(node, nodes.List) else L.TUPLE, len(node.items))
            case nodes.And() | nodes.Or():
                end = Label()
                self.value(node.left, frame)
                code.add(L.AND if isinstance(node, nodes.And) else L.OR, end)
                self.value(node.right, frame)
                code.put(end)
            case nodes.BinExpr() if type(node) in _BINARY:
                self.value(node.left, frame)
                self.value(node.right, frame)
                code.add(_BINARY[type(node)])
            case nodes.Not():
                self.value(node.node, frame)
                code.add(L.NOT)
            case nodes.Neg() | nodes.Pos():
                self.value(node.node, frame)
                code.add(L.NEG if isinstance(node, nodes.Neg) else L.POS)
            case nodes.Concat():
                for one in node.nodes:
                    self.value(one, frame)
                code.add(L.CONCAT, len(node.nodes))
            case nodes.Compare():
                self._compare(node, frame)
            case nodes.CondExpr():
                self._choice(node, frame)
            case nodes.Getitem():
                self._item(node, frame)
            case nodes.Getattr():
                self._attribute(node, frame)
            case nodes.Filter():
                self._filter(node, frame, consumed)
            case nodes.Test():
                self.value(node.node, frame)
                which, count = self._test(node.name, node)
                self._plain_arguments(node, frame, count)
                code.add(L.TEST, which, count)
            case nodes.Call():
                self._call(node, frame, consumed)
            case nodes.Dict():
                raise self.fail("a dictionary does not compile", node, "write a list, or one variable for each key")
            case _:
                raise self.fail(
                    f"`{type(node).__name__.lower()}` does not compile", node, "docs/dtm.md lists what can be written"
                )

    def constant(self, value: object, node: nodes.Node) -> None:
        """Write a constant."""
        code = self.code
        if value is None or isinstance(value, bool):
            code.add(L.CONST, 0 if value is None else 1 if value else 2)
        elif isinstance(value, str):
            code.add(L.TEXT, code.string(value))
        elif isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
            code.add(L.PUSH, value)
        elif isinstance(value, float) or (isinstance(value, int) and value.bit_length() <= L.MAX_BITS):
            code.add(L.NUMBER, code.string(repr(value)))
        else:
            raise self.fail("a constant that does not compile", node, "write a text, a number, true, false or none")

    def cell(self, node: nodes.Name, frame: Frame) -> Cell:
        """The cell that a name means."""
        if node.name in _FUNCTIONS and frame.is_free(node.name):
            raise self.fail(
                f"`{node.name}` does not compile as a value", node, "`range` and `super` are called where they stand"
            )
        try:
            found = frame.name(node.name)
        except KeyError:
            raise self.fail(f"`{node.name}` cannot be used here", node, "filter the variable that was set") from None
        if isinstance(found, LoopRef):
            raise self.fail("`loop` is no value", node, "write `loop.index`, `loop.first` and the like")
        return found

    def _compare(self, node: nodes.Compare, frame: Frame) -> None:
        code = self.code
        self.value(node.expr, frame)
        end = Label()
        for operand in node.ops[:-1]:
            self.value(operand.expr, frame)
            code.add(L.CHAIN, _COMPARISONS[operand.op], end)
        last = node.ops[-1]
        self.value(last.expr, frame, consumed=last.op in ("in", "notin"))
        code.add(_COMPARISONS[last.op])
        code.put(end)

    def _choice(self, node: nodes.CondExpr, frame: Frame) -> None:
        code = self.code
        other, end = Label(), Label()
        self.value(node.test, frame)
        code.add(L.JUMP_FALSE, other)
        self.value(node.expr1, frame)
        code.add(L.JUMP, end)
        code.put(other)
        if node.expr2 is None:
            why = f"the `if` of an expression in line {node.lineno} does not hold, and it has no `else`"
            code.add(L.UNDEFINED, code.string(why))
        else:
            self.value(node.expr2, frame)
        code.put(end)

    def _item(self, node: nodes.Getitem, frame: Frame) -> None:
        code = self.code
        if isinstance(node.arg, nodes.Slice):
            self.value(node.node, frame)
            for bound in (node.arg.start, node.arg.stop, node.arg.step):
                if bound is None:
                    code.add(L.CONST, 0)
                else:
                    self.value(bound, frame)
            code.add(L.SLICE)
            return
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            raise self._no_attribute(node.arg.value, node)
        self.value(node.node, frame)
        self.value(node.arg, frame)
        code.add(L.ITEM)

    def _no_attribute(self, name: str, node: nodes.Node) -> TemplateError:
        hint = (
            f"write `| {name}`"
            if name in FILTERS
            else "values are texts, numbers and lists: give each its own variable"
        )
        return self.fail(f"`.{name}` does not compile: values have no attributes", node, hint)

    def _attribute(self, node: nodes.Getattr, frame: Frame) -> None:
        found = frame.name(node.node.name) if isinstance(node.node, nodes.Name) else None
        if not isinstance(found, LoopRef):
            raise self._no_attribute(node.attr, node)
        if node.attr not in L.LOOP_ATTRIBUTES:
            known = ", ".join(L.LOOP_ATTRIBUTES)
            raise self.fail(f"`loop.{node.attr}` does not compile", node, f"one of: {known}")
        self.code.add(L.LOOP, self.loops - found.level, L.LOOP_ATTRIBUTES.index(node.attr))

    def _filter(self, node: nodes.Filter, frame: Frame, consumed: bool) -> None:
        consumes = node.name in CONSUMERS or (node.name in ("length", "count", "last") and _is_range(node.node))
        if node.node is not None:  # else it is the text of a block, and stands on the stack
            self.value(node.node, frame, consumed=consumes)
        lazy = node.name in ACROSS or (node.name in FILTERS and FILTERS[node.name].lazy)
        if lazy and not consumed and node.name != "reverse":
            raise self.fail(
                f"`{node.name}` alone makes an iterator, not a list", node, f"write `| {node.name}… | list`"
            )
        if node.name in ACROSS:
            self._across(node, frame)
            return
        which = self._plain_filter(node.name, node)
        if which == "reverse":
            self.constant(consumed, node)
            self.code.add(L.FILTER, L.FILTERS.index(which), 1)
            return
        count = self._arguments(node, which, frame, node.args)
        self.code.add(L.FILTER, L.FILTERS.index(which), count)

    def _plain_filter(self, name: str, node: nodes.Node) -> str:
        if name not in FILTERS:
            known = ", ".join(sorted({*FILTERS, *ACROSS}))
            near = similar(name, {*FILTERS, *ACROSS})
            hint = f"did you mean `{near}`?" if near else f"one of: {known}"
            raise self.fail(f"the filter `{name}` does not compile", node, hint)
        return FILTERS[name].name

    def _test(self, name: str, node: nodes.Node) -> tuple[int, int]:
        if name not in TESTS:
            raise self.fail(f"the test `{name}` does not compile", node, f"one of: {', '.join(sorted(TESTS))}")
        plain, count = TESTS[name]
        return L.TESTS.index(plain), count

    def _plain_arguments(self, node: nodes.Test, frame: Frame, count: int) -> None:
        if node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None or len(node.args) != count:
            raise self.fail(f"`{node.name}` has {count} argument{'' if count == 1 else 's'}", node, "give that many")
        for one in node.args:
            self.value(one, frame)

    def _arguments(self, node: nodes.Filter, name: str, frame: Frame, given: list[nodes.Expr]) -> int:
        parameters = FILTERS[name].parameters
        values: dict[str, nodes.Expr] = {}
        names = [parameter for parameter, _ in parameters]
        if node.dyn_args is not None or node.dyn_kwargs is not None or len(given) > len(names):
            raise self.fail(f"`{name}` has {len(names)} arguments", node, "give no more, and each by itself")
        values.update(zip(names, given, strict=False))
        for keyword in node.kwargs:
            if keyword.key not in names or keyword.key in values:
                hint = f"one of: {', '.join(names)}" if names else "it has none"
                raise self.fail(f"`{name}` cannot be given `{keyword.key}` here", node, hint)
            values[str(keyword.key)] = keyword.value
        for parameter, default in parameters:
            if parameter in values:
                self.value(values[parameter], frame)
            elif default is REQUIRED:
                raise self.fail(f"`{name}` needs `{parameter}`", node, f"write `{name}({', '.join(names)})`")
            else:
                self.constant(default, node)
        return len(names)

    def _across(self, node: nodes.Filter, frame: Frame) -> None:
        """`map`, `select` and `reject`."""
        first = node.args[0] if node.args else None
        if node.name != "map" and first is None and not node.kwargs:
            self.code.add(L.SELECT, 255, 0, int(node.name == "reject"))
            return
        if not isinstance(first, nodes.Const) or not isinstance(first.value, str):
            what = "filter" if node.name == "map" else "test"
            raise self.fail(f"`{node.name}` needs the name of a {what}", node, f"write `{node.name}('…')`")
        if node.name == "map":
            name = self._plain_filter(first.value, node)
            if FILTERS[name].lazy:
                raise self.fail(f"`map('{name}')` does not compile", node, "write a loop")
            count = self._arguments(node, name, frame, node.args[1:])
            self.code.add(L.MAP, L.FILTERS.index(name), count)
            return
        which, count = self._test(first.value, node)
        if node.kwargs or len(node.args) - 1 != count:
            raise self.fail(f"the test `{first.value}` has another number of arguments", node, f"give {count}")
        for one in node.args[1:]:
            self.value(one, frame)
        self.code.add(L.SELECT, which, count, int(node.name == "reject"))

    def _call(self, node: nodes.Call, frame: Frame, consumed: bool) -> None:
        called = node.node
        plain = not node.kwargs and node.dyn_args is None and node.dyn_kwargs is None
        if isinstance(called, nodes.Name) and called.name == "super" and plain and not node.args:
            self.code.add(L.CAPTURE)
            self.parent_block(node, frame)
            self.code.add(L.CAPTURED)
            return
        if isinstance(called, nodes.Name) and called.name == "range" and plain and frame.is_free("range"):
            if not 1 <= len(node.args) <= 3:
                raise self.fail("`range` has one to three arguments", node, "write `range(stop)`")
            if not consumed:
                raise self.fail("`range` alone is no list", node, "write `range(…) | list`")
            for one in node.args:
                self.value(one, frame)
            self.code.add(L.RANGE, len(node.args))
            return
        if isinstance(called, nodes.Getattr):
            found = frame.name(called.node.name) if isinstance(called.node, nodes.Name) else None
            if isinstance(found, LoopRef) and called.attr == "cycle" and plain and node.args:
                for one in node.args:
                    self.value(one, frame)
                self.code.add(L.TUPLE, len(node.args))
                self.code.add(L.LOOP, self.loops - found.level, L.LOOP_ATTRIBUTES.index("index0"))
                self.code.add(L.CYCLE)
                return
            raise self._no_attribute(called.attr, node)
        what = f"`{called.name}(…)`" if isinstance(called, nodes.Name) else "a call"
        raise self.fail(f"{what} does not compile", node, "what can be called is `range`, `super` and `loop.cycle`")


def _is_range(node: nodes.Node | None) -> bool:
    return isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == "range"
