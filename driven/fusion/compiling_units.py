"""Templates to code: their statements. All that a template includes and extends ends up in one `.dtm`."""

from __future__ import annotations

from jinja2 import nodes

from driven.core import dtm_layout as L
from driven.fusion.compiling_code import Label
from driven.fusion.compiling_families import Families
from driven.fusion.compiling_frames import Context, Frame, LoopRef
from driven.fusion.compiling_tables import FILTERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_HINTS: dict[type[nodes.Node], str] = {
    nodes.Macro: "write a template of its own and include it",
    nodes.CallBlock: "write a template of its own and include it",
    nodes.Import: "write a template of its own and include it",
    nodes.FromImport: "write a template of its own and include it",
}


class Compiler(Families):
    """Compiles one template."""

    def compile(self, source: str, name: str, meta: bytes) -> bytes:
        """The bytes of the `.dtm`, without its digest."""
        self.write(name, self.parse(source, name), Context())
        return self.code.finish(meta)

    def _body(self, body: Sequence[nodes.Node], frame: Frame) -> None:
        for node in body:
            self.statement(node, frame)

    def statement(self, node: nodes.Node, frame: Frame) -> None:
        """Write a statement."""
        match node:
            case nodes.Output():
                if not frame.muted:
                    self._output(node, frame)
            case nodes.If():
                self._if(node, frame.soft())
            case nodes.For():
                self._for(node, frame)
            case nodes.Assign():
                self.value(node.node, frame)
                self._store(node.target, frame)
            case nodes.AssignBlock():
                inner = self._captured(node, frame)
                if node.filter is not None:
                    self.value(node.filter, inner)
                self._store(node.target, frame)
            case nodes.FilterBlock():
                self._only_heard(node, frame)
                inner = self._captured(node, frame)
                if node.filter.name not in FILTERS or not FILTERS[node.filter.name].makes_text:
                    texts = ", ".join(sorted(name for name, made in FILTERS.items() if made.makes_text))
                    raise self.fail(f"the block filter `{node.filter.name}` does not compile", node, f"one of: {texts}")
                self.value(node.filter, inner)
                self.code.add(L.OUT)
            case nodes.With():
                inner = Frame(frame.context, frame)
                inner.analyze(node)
                inner.enter(self.code)
                for target, given in zip(node.targets, node.values, strict=True):
                    self.value(given, frame)
                    self._store(target, inner)
                self._body(node.body, inner)
            case nodes.Scope():
                inner = Frame(frame.context, frame)
                inner.analyze(node)
                inner.enter(self.code)
                self._body(node.body, inner)
            case nodes.Block():
                if not (frame.toplevel and frame.muted):
                    self._only_heard(node, frame)
                    self.call_block(node, frame)
            case nodes.Include():
                self._only_heard(node, frame)
                self.include(node, frame)
            case nodes.Extends():
                raise self.fail("`extends` stands outside of all else", node, "make the choice in blocks")
            case _:
                name = type(node).__name__.lower()
                hint = _HINTS.get(type(node), "docs/dtm.md lists what can be written")
                raise self.fail(f"`{name}` does not compile", node, hint)

    def _only_heard(self, node: nodes.Node, frame: Frame) -> None:
        if frame.muted:
            raise self.fail("a template that extends another writes only in its blocks", node, "put this into a block")

    def _output(self, node: nodes.Output, frame: Frame) -> None:
        for one in node.nodes:
            if isinstance(one, nodes.TemplateData):
                self.code.text(one.data)
            elif isinstance(one, nodes.Const):
                self.code.text(str(one.value))
            elif isinstance(one, nodes.Name):
                self.code.variable(self.cell(one, frame))
            elif isinstance(one, nodes.Call) and _is_super(one):
                self.parent_block(one, frame)
            else:
                self.value(one, frame)
                self.code.add(L.OUT)

    def _if(self, node: nodes.If, frame: Frame) -> None:
        end = Label()
        for branch in (node, *node.elif_):
            other = Label()
            self.value(branch.test, frame)
            self.code.add(L.JUMP_FALSE, other)
            self._body(branch.body, frame)
            self.code.add(L.JUMP, end)
            self.code.put(other)
        self._body(node.else_, frame)
        self.code.put(end)

    def _for(self, node: nodes.For, frame: Frame) -> None:
        if node.recursive:
            raise self.fail("a recursive loop does not compile", node, "write one loop within the other")
        for name in node.find_all(nodes.Name):
            if name.ctx == "store" and name.name == "loop":
                raise self.fail("`loop` cannot be set within a loop", name, "take another name")
        code = self.code
        inner = Frame(frame.context, frame)
        if _mentions_loop(node):
            inner.symbols.declare_parameter("loop")
        inner.analyze(node, for_branch="body")
        self.value(node.iter, frame, consumed=True)
        if node.test is not None:
            self._gather(node, frame)
        start, stop, end = Label(), Label(), Label()
        code.add(L.FOR)
        if node.else_:
            code.add(L.ELSE, stop)
        self._enter_loop(node)
        code.put(start)
        code.add(L.NEXT, end)
        inner.enter(code, LoopRef(self.loops))
        self._store(node.target, inner)
        self._body(node.body, inner)
        code.add(L.JUMP, start)
        self.loops -= 1
        if node.else_:
            code.put(stop)
            other = Frame(frame.context, frame)
            other.analyze(node, for_branch="else")
            other.enter(code)
            self._body(node.else_, other)
        code.put(end)

    def _gather(self, node: nodes.For, frame: Frame) -> None:
        """`for … if …`: leave only the items for which the condition holds."""
        code = self.code
        assert node.test is not None
        inner = Frame(frame.context, frame)
        inner.analyze(node, for_branch="test")
        start, end = Label(), Label()
        code.add(L.FOR)
        self._enter_loop(node)
        inner.enter(code)
        code.put(start)
        code.add(L.GATHER, end)
        self._store(node.target, inner)
        self.value(node.test, inner)
        code.add(L.KEEP)
        code.add(L.JUMP, start)
        code.put(end)
        self.loops -= 1

    def _enter_loop(self, node: nodes.Node) -> None:
        self.loops += 1
        if self.loops > L.MAX_LOOPS:
            raise self.fail(f"more than {L.MAX_LOOPS} loops within one another", node, "write fewer")

    def _store(self, target: nodes.Node, frame: Frame) -> None:
        """Store the value on the stack."""
        code = self.code
        if isinstance(target, nodes.Tuple):
            code.add(L.UNPACK, len(target.items))
            for one in target.items:
                self._store(one, frame)
            return
        if not isinstance(target, nodes.Name):
            raise self.fail("only names can be set", target, "a namespace does not compile: set a variable")
        cell = frame.name(target.name)
        if isinstance(cell, LoopRef):
            raise self.fail("`loop` cannot be set within a loop", target, "take another name")
        code.add(L.STORE, cell)
        if frame.toplevel:
            code.add(L.COPY, frame.context.write(target.name, frame.rootlevel), cell)

    def _captured(self, node: nodes.AssignBlock | nodes.FilterBlock, frame: Frame) -> Frame:
        """Write the body of a block so that its text is left on the stack."""
        inner = Frame(frame.context, frame)
        inner.analyze(node)
        inner.enter(self.code)
        inner.muted = False
        self.code.add(L.CAPTURE)
        self._body(node.body, inner)
        self.code.add(L.CAPTURED)
        return inner


def _is_super(node: nodes.Call) -> bool:
    return isinstance(node.node, nodes.Name) and node.node.name == "super" and not node.args and not node.kwargs


def _mentions_loop(node: nodes.For) -> bool:
    from jinja2.compiler import find_undeclared

    return bool(find_undeclared(node.iter_child_nodes(only=("body",)), ("loop",))) or any(
        block.scoped for block in node.find_all(nodes.Block)
    )
