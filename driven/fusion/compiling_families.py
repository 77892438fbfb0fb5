"""Templates that belong together: what one includes and extends is written into it, block by block."""

from __future__ import annotations

from jinja2 import Environment, TemplateSyntaxError, nodes

from driven.core.dtm_layout import too_large
from driven.errors import DrivenError, TemplateError, UsageError
from driven.frozen import frozen
from driven.fusion.compiling_expressions import Expressions
from driven.fusion.compiling_frames import Context, Frame
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MAX_PARTS = 4_000  # templates and blocks that are written into one, each time counted: they multiply


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


class Families(Expressions):
    """Writes templates and blocks. Their statements are written by `compiling_units`."""

    def __init__(self, environment: Environment, load: Callable[[str], str] | None) -> None:
        super().__init__()
        self._environment = environment
        self._load = load
        self._trees: dict[str, nodes.Template] = {}
        self._open: list[str] = []  # the templates that are being written
        self._open_blocks: list[tuple[Family, str, int]] = []
        self._family: Family
        self._parts = 0

    def statement(self, node: nodes.Node, frame: Frame) -> None:
        """Write a statement."""
        raise NotImplementedError

    def parse(self, source: str, path: str) -> nodes.Template:
        """The tree of a template."""
        try:
            return self._environment.parse(source)
        except ValueError as error:  # a number of thousands of digits
            raise TemplateError(
                f"template `{path}` is not Jinja: {error}", hint="write a shorter number", span=Span(path=path)
            ) from None
        except TemplateSyntaxError as error:
            raise self.unread(source, path, error)[0] from None

    def unread(self, source: str, path: str, error: TemplateSyntaxError) -> tuple[TemplateError, str]:
        """Why a text is not Jinja, and the text without that mistake ("": there is none)."""
        from driven.fusion.compiling_marks import mistake, place_of

        found = mistake(self._environment, source, error.lineno, error.message or "it cannot be read")
        line, column, end_line, end_column = place_of(source, found.start, found.end)
        span = Span(path=path, line=line, column=column, end_line=end_line, end_column=end_column)
        told = TemplateError(f"template `{path}` is not Jinja: {found.message}", hint=found.hint, span=span)
        return told, found.mended

    def _tree(self, name: str, node: nodes.Node) -> nodes.Template | None:
        """The tree of another template; None when there is none of that name."""
        found = self._trees.get(name)
        if found is None and self._load is not None:
            try:
                source = self._load(name)
            except KeyError:
                return None
            except DrivenError as error:
                if error.span is not None:  # it is there, and something is wrong with it
                    raise
                if isinstance(node, nodes.Include) and node.ignore_missing and isinstance(error, UsageError):
                    return None
                raise self.fail(error.message, node, error.hint) from None
            found = self._trees[name] = self.parse(source, name)
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

    def write(self, name: str, tree: nodes.Template, context: Context) -> None:
        """Write a template where the code stands now."""
        around = (self.path, getattr(self, "_family", None))
        self._count_part()
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
                self.statement(node, frame)
        self._open.pop()
        self.path = around[0]
        if around[1] is not None:
            self._family = around[1]

    def _count_part(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise too_large(self._parts)

    def _check_before_extends(self, node: nodes.Node) -> None:
        is_text = isinstance(node, nodes.Output) and all(isinstance(one, nodes.TemplateData) for one in node.nodes)
        if not is_text and not isinstance(node, nodes.Assign):
            raise self.fail("this stands before `extends`", node, "begin the template with `extends`")

    # -- blocks and includes ------------------------------------------------------------------------------------------

    def call_block(self, node: nodes.Block, frame: Frame) -> None:
        """Write a block where it is called."""
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
        self._count_part()
        found = self._family.blocks[name][version]
        path, self.path = self.path, found.path
        self._open_blocks.append(entry)
        inner = Frame(context)
        inner.block = (name, version)
        inner.analyze(found.node)
        inner.enter(self.code)
        for one in found.node.body:
            self.statement(one, inner)
        self._open_blocks.pop()
        self.path = path

    def include(self, node: nodes.Include, frame: Frame) -> None:
        """Write another template here."""
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
        self._with_prologue(context, lambda: self.write(name, tree, context))

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


def _check_blocks(compiler: Families, tree: nodes.Template) -> None:
    names = set()
    for block in tree.find_all(nodes.Block):
        if block.name in names:
            raise compiler.fail(f"the block `{block.name}` is there twice", block, "give one of them another name")
        names.add(block.name)
