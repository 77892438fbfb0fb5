"""Templates to code: their statements, what they include and extend. All of it ends up in one `.dtm`."""

from __future__ import annotations

from jinja2 import Environment, TemplateSyntaxError, nodes

from driven.core import dtm_layout as L
from driven.errors import TemplateError
from driven.frozen import frozen
from driven.fusion.compiling_code import Label
from driven.fusion.compiling_expressions import Expressions
from driven.fusion.compiling_frames import Context, Frame, LoopRef
from driven.fusion.compiling_tables import FILTERS
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_HINTS: dict[type[nodes.Node], str] = {
    nodes.Macro: "write a template of its own and include it",
    nodes.CallBlock: "write a template of its own and include it",
    nodes.Import: "write a template of its own and include it",
    nodes.FromImport: "write a template of its own and include it",
}


@frozen(kw_only=False)
class Version:
    """A block as one template of a family has it."""

    path: str
    node: nodes.Block


class Family:
    """A template, and those that it extends: the blocks of all, the newest version of each first."""

    def __init__(self, members: list[tuple[str, nodes.Template]]) -> None:
        self.members = members
        self.blocks: dict[str, list[Version]] = {}
        for path, tree in members:
            for block in tree.find_all(nodes.Block):
                self.blocks.setdefault(block.name, []).append(Version(path, block))


class Compiler(Expressions):
    """Compiles one template."""

    def __init__(self, environment: Environment, load: Callable[[str], str] | None) -> None:
        super().__init__()
        self._environment = environment
        self._load = load
        self._trees: dict[str, nodes.Template] = {}
        self._open: list[str] = []  # the templates that are being written
        self._open_blocks: list[tuple[Family, str, int]] = []
        self._family: Family

    def compile(self, source: str, name: str, meta: bytes) -> bytes:
        """The bytes of the `.dtm`, without its digest."""
        self._write(name, self._parse(source, name), Context())
        return self.code.finish(meta)

    # -- templates ----------------------------------------------------------------------------------------------------

    def _parse(self, source: str, path: str) -> nodes.Template:
        try:
            return self._environment.parse(source)
        except TemplateSyntaxError as error:
            raise TemplateError(
                f"template `{path}` is not Jinja: {error.message or 'it cannot be read'}",
                hint="docs/dtm.md lists what can be written; text that looks like Jinja goes between raw and endraw",
                span=Span(path=path, line=error.lineno),
            ) from None

    def _tree(self, name: str, node: nodes.Node) -> nodes.Template | None:
        """The tree of another template; None when there is none of that name."""
        found = self._trees.get(name)
        if found is None and self._load is not None:
            try:
                source = self._load(name)
            except KeyError:
                return None
            found = self._trees[name] = self._parse(source, name)
        return found

    def _needed(self, name: str, node: nodes.Node) -> nodes.Template:
        found = self._tree(name, node)
        if found is None:
            raise self.fail(f"there is no template `{name}`", node, "check its name")
        return found

    def _family_of(self, name: str, tree: nodes.Template) -> Family:
        members = [(name, tree)]
        seen = {name}
        path = self.path
        while True:
            self.path, tree = members[-1]
            extends = list(tree.find_all(nodes.Extends))
            if not extends:
                break
            _check_blocks(self, tree)
            wanted = extends[0].template
            if len(extends) > 1 or extends[0] not in tree.body:
                raise self.fail("`extends` stands once, outside of all else", extends[-1], "make the choice in blocks")
            if not isinstance(wanted, nodes.Const) or not isinstance(wanted.value, str):
                raise self.fail("`extends` needs a name in quotes", extends[0], "make the choice in blocks")
            if wanted.value in seen or wanted.value in self._open:
                raise self.fail(f"`{wanted.value}` extends itself in a circle", extends[0], "break the circle")
            seen.add(wanted.value)
            members.append((wanted.value, self._needed(wanted.value, extends[0])))
        _check_blocks(self, tree)
        self.path = path
        return Family(members)

    def _write(self, name: str, tree: nodes.Template, context: Context) -> None:
        """Write a template where the code stands now."""
        around = (self.path, getattr(self, "_family", None))
        self._open.append(name)
        family = self._family = self._family_of(name, tree)
        for path, member in family.members:
            self.path = path
            frame = Frame(context)
            frame.analyze(member)
            frame.toplevel = frame.rootlevel = True
            frame.enter(self.code)
            is_child = member is not family.members[-1][1]
            for node in member.body:
                if isinstance(node, nodes.Extends):
                    frame.muted = True
                    continue
                if is_child and not frame.muted:
                    self._check_before_extends(node)
                self._statement(node, frame)
        self._open.pop()
        self.path = around[0]
        if around[1] is not None:
            self._family = around[1]

    def _check_before_extends(self, node: nodes.Node) -> None:
        is_text = isinstance(node, nodes.Output) and all(isinstance(one, nodes.TemplateData) for one in node.nodes)
        if not is_text and not isinstance(node, nodes.Assign):
            raise self.fail("this stands before `extends`", node, "begin the template with `extends`")

    # -- statements ---------------------------------------------------------------------------------------------------

    def _body(self, body: Sequence[nodes.Node], frame: Frame) -> None:
        for node in body:
            self._statement(node, frame)

    def _statement(self, node: nodes.Node, frame: Frame) -> None:
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
                    self._block(node, frame)
            case nodes.Include():
                self._only_heard(node, frame)
                self._include(node, frame)
            case nodes.Extends():
                raise self.fail("`extends` stands outside of all else", node, "make the choice in blocks")
            case _:
                name = type(node).__name__.lower()
                hint = _HINTS.get(type(node), "docs/dtm.md lists what can be written")
                raise self.fail(f"`{name}` does not compile", node, hint)

    def _only_heard(self, node: nodes.Node, frame: Frame) -> None:
        if frame.muted:
            raise self.fail(
                "a template that extends another writes only in its blocks", node, "put this into a block"
            )

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

    # -- blocks and includes ------------------------------------------------------------------------------------------

    def _block(self, node: nodes.Block, frame: Frame) -> None:
        versions = self._family.blocks[node.name]
        if node.required and len(versions) < 2:
            raise self.fail(f"the block `{node.name}` is required, and nothing fills it", node, "write it")
        if not node.scoped:
            self._version(node.name, 0, node, frame.context)
            return
        context = Context(frame.context, frame)
        self._with_prologue(context, lambda: self._version(node.name, 0, node, context))

    def parent_block(self, node: nodes.Node, frame: Frame) -> None:
        """Write the block that `super()` means."""
        name, version = frame.block
        if version < 0:
            raise self.fail("`super()` outside of a block", node, "write it into the block that is extended")
        if version + 1 >= len(self._family.blocks[name]):
            raise self.fail(f"there is no block `{name}` above this one", node, "leave `super()` out")
        self._version(name, version + 1, node, frame.context)

    def _version(self, name: str, version: int, node: nodes.Node, context: Context) -> None:
        """Write a block as the `version`-th template of the family has it."""
        entry = (self._family, name, version)
        if entry in self._open_blocks:
            raise self.fail(f"the block `{name}` holds itself", node, "break the circle")
        found = self._family.blocks[name][version]
        path, self.path = self.path, found.path
        self._open_blocks.append(entry)
        inner = Frame(context)
        inner.block = (name, version)
        inner.analyze(found.node)
        inner.enter(self.code)
        self._body(found.node.body, inner)
        self._open_blocks.pop()
        self.path = path

    def _include(self, node: nodes.Include, frame: Frame) -> None:
        if not isinstance(node.template, nodes.Const) or not isinstance(node.template.value, str):
            raise self.fail("`include` needs a name in quotes", node, "choose between includes by `if`")
        name = node.template.value
        if not node.with_context:
            raise self.fail("`include … without context` does not compile", node, "leave `without context` out")
        tree = self._tree(name, node) if node.ignore_missing else self._needed(name, node)
        if tree is None:
            return
        if name in self._open:
            raise self.fail(f"`{name}` includes itself in a circle", node, "break the circle")
        own = {found.name for found in tree.find_all(nodes.Name) if found.ctx == "store"}
        context = Context(frame.context, frame, own)
        self._with_prologue(context, lambda: self._write(name, tree, context))

    def _with_prologue(self, context: Context, write: Callable[[], None]) -> None:
        """Write something, and before it what its context turned out to need."""
        code = self.code
        code.flush()
        before, code.ops = code.ops, []
        write()
        code.flush()
        body, code.ops = code.ops, before
        for op, to, source in context.prologue:
            code.add(op, to, source)
        code.extend(body)


def _is_super(node: nodes.Call) -> bool:
    return isinstance(node.node, nodes.Name) and node.node.name == "super" and not node.args and not node.kwargs


def _mentions_loop(node: nodes.For) -> bool:
    from jinja2.compiler import find_undeclared

    return bool(find_undeclared(node.iter_child_nodes(only=("body",)), ("loop",))) or any(
        block.scoped for block in node.find_all(nodes.Block)
    )


def _check_blocks(compiler: Compiler, tree: nodes.Template) -> None:
    names = set()
    for block in tree.find_all(nodes.Block):
        if block.name in names:
            raise compiler.fail(f"the block `{block.name}` is there twice", block, "give one of them another name")
        names.add(block.name)
