"""`when:` conditions: text -> program for `core.machine`, and the facts of a project that programs ask for.

The language is the expression subset that Python and Jinja share: `and`, `or`, `not`, `in`, comparisons (chained too),
text, whole numbers, `true`, `false`, lists after `in`, and two functions. `&&`, `||` and `!` are read as `and`, `or`
and `not`. Everything is checked when it is compiled: names, types, globs and languages.

    lang("python")      whether the project has a file in that language
    files("**/*.tf")    how many files of the project the glob matches; alone, it holds when there is one
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal, NoReturn

from driven.core import globs, machine
from driven.core._rt import FormatError
from driven.errors import SourceError
from driven.format.expression import SUBSET, Source, parse
from driven.format.languages import LANGUAGES, language, languages_of
from driven.format.languages import lang_of as lang_of
from driven.format.words import shown, similar
from driven.span import Span

if TYPE_CHECKING:
    import ast

FUNCTIONS = ("lang", "files")  # a program names a function by its place here: never reorder

TOO_MANY = f"the globs of a condition stand for more than {globs.MAX_EXPANSIONS} patterns"

Type = Literal["truth", "number", "text"]
_RESULTS: dict[str, Type] = {"lang": "truth", "files": "number"}
_WORDS = {"truth": "true or false", "number": "a number", "text": "text"}


class Facts:
    """What conditions may know of a project: `paths` are its files, POSIX, relative to its root. Answers are kept."""

    def __init__(self, paths: Iterable[str] = (), languages: Iterable[str] | None = None) -> None:
        self.paths: Sequence[str] = tuple(paths)
        self._languages = None if languages is None else frozenset(language(name) or name for name in languages)
        self._counts: dict[str, int] = {}

    @property
    def languages(self) -> frozenset[str]:
        """The languages of the files, looked at once."""
        if self._languages is None:
            self._languages = languages_of(self.paths)
        return self._languages

    def count(self, pattern: str) -> int:
        """How many files a glob matches."""
        known = self._counts.get(pattern)
        if known is None:
            match = globs.Glob(pattern).match
            known = self._counts[pattern] = sum(map(match, self.paths))
        return known


def compile_condition(text: str) -> bytes:
    """The program of a condition. SourceError with a span (line 1, columns of `text`) and a hint when it is wrong."""
    return _program(*parse(text))


def evaluate(condition: str | bytes, facts: Facts) -> bool:
    """Whether a condition, as text or compiled, holds. SourceError when it cannot be read."""
    program = compile_condition(condition) if isinstance(condition, str) else condition
    return _value(program, facts) != 0


def explain_condition(text: str, facts: Facts) -> list[tuple[str, bool | int]]:
    """Every part of a condition with its value, inner parts first, the whole last; each is looked at, none twice."""
    import ast

    root, source = parse(text)
    _program(root, source)
    parts: dict[str, bool | int] = {}
    for node in reversed(list(_preorder(root))):
        is_not = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        if is_not or node is root or isinstance(node, ast.BoolOp | ast.Compare | ast.Call):
            start, end = source.place(node)
            code = _Code(source)
            kind = code.add(node)
            value = _value(code.program(), facts)
            parts.setdefault(source.text[start:end], value if kind == "number" else value != 0)
    return list(parts.items())


def _value(program: bytes, facts: Facts) -> int:
    try:
        values: list[int] = []
        patterns = 0
        for function, argument in machine.calls(program):
            if function >= len(FUNCTIONS):
                raise FormatError(f"function {function} is unknown: it comes from a newer release", 0)
            if FUNCTIONS[function] == "lang":
                values.append(argument in facts.languages)
                continue
            patterns += globs.count(argument)
            if patterns > globs.MAX_EXPANSIONS:
                raise FormatError(TOO_MANY, 0)
            values.append(facts.count(argument))
        return machine.run(program, values)
    except FormatError as error:
        raise SourceError(f"the compiled condition is broken: {error}", hint="build the .drv file again") from error


def _program(root: ast.expr, source: Source) -> bytes:
    code = _Code(source)
    kind = code.add(root)
    if kind == "text":
        source.fail("text alone is no condition", SUBSET, *source.place(root))
    try:
        return code.program()
    except FormatError as error:
        raise SourceError(error.message, hint="split the rule", span=Span(path="")) from error


def _preorder(root: ast.expr) -> Iterable[ast.expr]:
    """The parts of a condition, the whole first and the leftmost innermost last: reversed, the order of evaluation."""
    import ast

    waiting: list[ast.expr] = [root]
    while waiting:
        node = waiting.pop(0)
        yield node
        if isinstance(node, ast.BoolOp):
            waiting[:0] = reversed(node.values)
        elif isinstance(node, ast.UnaryOp):
            waiting.insert(0, node.operand)
        elif isinstance(node, ast.Compare):
            waiting[:0] = [part for part in reversed([node.left, *node.comparators]) if not isinstance(part, ast.List)]


class _Code:
    """Writes a program while it checks types."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.calls: list[tuple[int, int]] = []
        self.strings: list[str] = []
        self.code = bytearray()
        self.patterns = 0

    def program(self) -> bytes:
        """What was added so far, packed."""
        return machine.pack(self.calls, self.strings, bytes(self.code))

    def add(self, node: ast.expr) -> Type:
        """Add the code that leaves the value of `node` on the stack; its type."""
        import ast

        if isinstance(node, ast.BoolOp):
            op = machine.AND if isinstance(node.op, ast.And) else machine.OR
            jumps: list[int] = []
            for part in node.values:
                if jumps or part is not node.values[0]:
                    jumps.append(len(self.code))
                    self._word(op, 0)
                self._truth(part)
            self._land(jumps)
            return "truth"
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self._truth(node.operand)
            self.code.append(machine.NOT)
            return "truth"
        if isinstance(node, ast.Compare):
            return self._compare(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        return self._literal(node)

    def _truth(self, node: ast.expr) -> None:
        kind = self.add(node)
        if kind == "text":
            self._fail(node, "text is neither true nor false", 'compare it, or ask lang("…")')
        if kind == "number":
            self.code.append(machine.TRUTH)

    def _compare(self, node: ast.Compare) -> Type:
        """`a < b < c` is `a < b and b < c`: nothing here has effects, so `b` is simply read again."""
        import ast

        signs: dict[type[ast.cmpop], int] = {
            ast.Eq: machine.EQ, ast.NotEq: machine.NE, ast.Lt: machine.LT, ast.LtE: machine.LE, ast.Gt: machine.GT,
            ast.GtE: machine.GE,
        }  # fmt: skip
        jumps: list[int] = []
        left = node.left
        for i, (sign, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
            if i:
                jumps.append(len(self.code))
                self._word(machine.AND, 0)
            if isinstance(sign, ast.In | ast.NotIn):
                self._member(left, right)
                if isinstance(sign, ast.NotIn):
                    self.code.append(machine.NOT)
            elif type(sign) not in signs:
                self._fail(node, "`is` means nothing here", "write `==` or `!=`")
            else:
                self._pair(left, right, signs[type(sign)])
            left = right
        self._land(jumps)
        return "truth"

    def _pair(self, left: ast.expr, right: ast.expr, sign: int) -> None:
        one, other = self.add(left), self.add(right)
        if one != other:
            self._fail(right, f"{_WORDS[one]} is compared with {_WORDS[other]}", "compare like with like")
        if one != "number" and sign not in (machine.EQ, machine.NE):
            self._fail(right, f"{_WORDS[one]} has no order", "use `==` or `!=`")
        self.code.append(sign)

    def _member(self, left: ast.expr, right: ast.expr) -> None:
        import ast

        if not isinstance(right, ast.List):
            self._fail(right, "`in` wants a list", "write `in [1, 2]`")
        jumps: list[int] = []
        for item in right.elts:
            if jumps or item is not right.elts[0]:
                jumps.append(len(self.code))
                self._word(machine.OR, 0)
            self._pair(left, item, machine.EQ)
        if not right.elts:
            self._fail(right, "the list is empty", "name at least one value")
        self._land(jumps)

    def _call(self, node: ast.Call) -> Type:
        import ast

        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
            self._unknown(node.func)
        name = node.func.id
        argument = node.args[0] if len(node.args) == 1 and not node.keywords else None
        if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
            example = 'lang("python")' if name == "lang" else 'files("**/*.tf")'
            self._fail(node, f"`{name}` takes one text in quotes", f"write {example}")
        text = argument.value
        if name == "lang":
            known = language(text)
            if not known:
                near = similar(text, LANGUAGES)
                hint = f"did you mean `{near}`?" if near else 'ask for its files instead: files("**/*.ext") > 0'
                self._fail(argument, f"no language is called `{shown(text)}`", hint)
            text = known
        else:
            try:
                text = globs.check(text)
            except FormatError as error:
                start, end = self.source.place(argument)
                self.source.fail(
                    f"the glob `{shown(text)}`: {error.message}", "", min(start + 1 + error.offset, end - 1), end
                )
            self.patterns += globs.count(text)
            if self.patterns > globs.MAX_EXPANSIONS:
                self._fail(argument, TOO_MANY, "split the rule")
        call = (FUNCTIONS.index(name), self._string(text))
        if call not in self.calls:
            self.calls.append(call)
        self._word(machine.CALL, self.calls.index(call))
        return _RESULTS[name]

    def _literal(self, node: ast.expr) -> Type:
        import ast

        sign, inner = 1, node
        while isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.USub):
            sign, inner = -sign, inner.operand
        value: object = inner.value if isinstance(inner, ast.Constant) else None
        if isinstance(inner, ast.Name) and inner.id in ("true", "false"):
            value = inner.id == "true"
        if isinstance(value, int) and (inner is node or not isinstance(value, bool)):
            if not -(2**63) <= sign * value < 2**63:
                self._fail(node, "the number is too large", "numbers have 64 bits")
            self.code.append(machine.PUSH)
            self.code += (sign * value).to_bytes(8, "little", signed=True)
            return "truth" if isinstance(value, bool) else "number"
        if isinstance(inner, ast.Name | ast.Attribute) and value is None:
            self._unknown(inner)
        if isinstance(inner, ast.List):
            self._fail(node, "a list stands only after `in`", SUBSET)
        if not isinstance(value, str) or inner is not node:
            self._fail(node, "this means nothing in a condition", SUBSET)
        self._word(machine.TEXT, self._string(value))
        return "text"

    def _unknown(self, node: ast.expr) -> NoReturn:
        start, end = self.source.place(node)
        name = self.source.text[start:end]
        near = similar(name, (*FUNCTIONS, "true", "false"))
        self._fail(node, f"nothing is called `{name}`", f"did you mean `{near}`?" if near else SUBSET)

    def _fail(self, node: ast.expr, message: str, hint: str) -> NoReturn:
        self.source.fail(message, hint, *self.source.place(node))

    def _string(self, text: str) -> int:
        if text not in self.strings:
            self.strings.append(text)
        return self.strings.index(text)

    def _word(self, op: int, operand: int) -> None:
        self.code.append(op)
        self.code += operand.to_bytes(2, "little")

    def _land(self, jumps: list[int]) -> None:
        """Let all `jumps` land here. The distance counts from the end of the jump."""
        for at in jumps:
            self.code[at + 1 : at + 3] = (len(self.code) - at - 3).to_bytes(2, "little")
