"""RuleSet <-> `.drv`: what the fields of a rule are in the container of `driven.core.wire`, and the digest of a set."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from driven.core import wire_layout as layout
from driven.core._rt import FormatError
from driven.core.patterns import check as check_glob
from driven.core.patterns import is_universal
from driven.core.tokens import scan_steps
from driven.core.wire import Reader
from driven.core.wire_build import Builder
from driven.core.wire_check import check, verify
from driven.errors import SourceError
from driven.model.activation import ALWAYS, ON_REQUEST, Activation, Always, ForPaths, OnRequest, WhenRelevant
from driven.model.rule import CATEGORIES, KINDS, STEP_KINDS, STEP_PRIORITY, Rule, RuleSet, Source, Value
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar, assert_never

    _T = TypeVar("_T")
else:

    def assert_never(value):
        raise AssertionError(f"{value!r} is none of the kinds that there are")


MAX_LIST = 10_000  # entries of one rule's globs, targets or tags
ID_START = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
ID = ID_START | {"-", "/"}
NAME = ID_START | {"-"}

_PRIORITIES = bytes(STEP_PRIORITY[kind] for kind in STEP_KINDS)
_NO_SOURCE = Source()


def to_drv(rules: RuleSet, *, compress: bool = False, source: bool = True, signed: bool = False) -> bytes:
    """The rules as a `.drv`. `source=False` leaves out how the rule files were written (front matter, line ends).

    `signed` says in the header that a detached signature is published beside the file. SourceError for a rule that
    breaks the model (`fault`), for a condition that does not compile, and for what no `.drv` can hold.
    """
    return _guarded(lambda: _builder(rules).build(compress=compress, source=source, signed=signed), "")


def from_drv(data: bytes, *, path: str = "") -> RuleSet:
    """The rules in a `.drv`, checksum and all records checked; SourceError naming `path` for any other bytes."""

    def read() -> RuleSet:
        reader = Reader(data)
        verify(reader)
        check(reader)
        return RuleSet.of([_read(reader, i) for i in range(reader.count)])

    return _guarded(read, path)


def read_rule(reader: Reader, i: int, *, path: str = "") -> Rule:
    """Rule `i` of an open file, reading nothing else of it; SourceError naming `path` when its records are broken."""
    return _guarded(lambda: _read(reader, i), path)


def digest(rules: RuleSet) -> bytes:
    """32 bytes of BLAKE3 over the raw `.drv` without SOURCE and ORIGIN: what the rules say, not where and how they
    were written. The order of keys in `extra` counts, for it is written out."""
    from blake3 import blake3

    return _guarded(lambda: blake3(_builder(rules).build(source=False, origin=False)).digest(), "")


def fault(rule: Rule) -> str:
    """What is wrong with the values of `rule`, "" for nothing. The same rules as for rule files: an id that is a safe
    file name, canonical globs, one-line texts; files from strangers are held to them."""
    if not rule.id or rule.id[0] not in ID_START or not ID.issuperset(rule.id) or "//" in rule.id or rule.id[-1] == "/":
        return "an id has a-z, 0-9, `-` and, between its parts, `/`"
    if len(rule.id) > 1024:
        return "an id has 1,024 characters at most"
    if not 0 <= rule.priority <= 255:
        return "a priority is a number from 0 to 255"
    if not 0 <= rule.span.line <= 0xFFFFFFFF:
        return "its line is no line"
    if "\0" in rule.body:
        return "the body holds a NUL character"
    words: tuple[str, ...] = ()
    match rule.activation:
        case ForPaths(globs):
            words = globs
            if not globs or any(is_universal(glob) for glob in globs):
                return "globs that match every file, or none at all, are no globs: the rule is always on"
            for glob in globs:
                try:
                    canonical = check_glob(glob)
                except FormatError as error:
                    return f"the glob `{glob}` cannot be used: {error.message}"
                if canonical != glob:
                    return f"the glob `{glob}` is written `{canonical}`"
        case WhenRelevant(description):
            words = (description,)
        case Always() | OnRequest():
            pass
        case _:
            assert_never(rule.activation)
    for target in rule.targets:
        name = target[1:] if target[:1] in ("-", "!") else target
        if not name or name[0] == "-" or not NAME.issuperset(name):
            return f"`{target}` is not the name of an editor"
    if any("\n" in text or "\r" in text for text in (rule.description, rule.when, *rule.tags, *words)):
        return "a description, condition, tag or glob is one line"
    if max(len(words), len(rule.targets), len(rule.tags)) > MAX_LIST:
        return f"a list has {MAX_LIST} entries at most"
    return ""


def _guarded(work: Callable[[], _T], path: str) -> _T:
    try:
        return work()
    except FormatError as error:
        hint = "update driven: the file was written by a later one" if error.message.startswith(".drv version") else ""
        hint = hint or "make the file anew with `driven build`"
        raise SourceError(str(error), hint=hint, span=Span(path=path) if path else None) from None


def _builder(rules: RuleSet) -> Builder:
    for rule in rules:
        problem = fault(rule)
        if problem:
            raise _bad(rule, problem)
    builder = Builder(_PRIORITIES, [rule.id for rule in rules])
    for rule in rules:
        try:
            body = rule.body.encode()
            builder.add(
                body,
                scan_steps(body),
                (_number(rule.activation), KINDS.index(rule.kind), CATEGORIES.index(rule.category), rule.priority, 0),
                description=rule.description,
                arguments=_arguments(rule.activation),
                targets=rule.targets,
                tags=rule.tags,
                when=rule.when,
                program=_program(rule),
                origin=(rule.span.path, rule.span.line),
                extra=extra_json(rule).encode() if rule.extra else b"",
                source=_source_bytes(rule.source),
            )
        except UnicodeEncodeError:
            raise _bad(rule, "it holds half of a surrogate pair, which is no character") from None
        except ValueError as error:
            raise _bad(rule, str(error)) from None
    return builder


def _bad(rule: Rule, problem: str) -> SourceError:
    return SourceError(
        f"rule `{rule.id}`: {problem}", hint="correct the rule", span=rule.span if rule.span.path else None
    )


def extra_json(rule: Rule) -> str:
    """`extra` as JSON text, keys in their order; ValueError for what JSON cannot say (infinity, an object, a depth)."""
    import json

    try:
        plain = {editor: dict(keys) for editor, keys in rule.extra.items()}
        return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, RecursionError) as error:
        raise ValueError(f"`extra` cannot be written as JSON: {error}") from None


def _program(rule: Rule) -> bytes:
    if not rule.when:
        return b""
    from driven.format.condition import compile_condition

    return compile_condition(rule.when)


def _number(activation: Activation) -> int:  # noqa: RET503
    match activation:
        case Always():
            return 0
        case ForPaths():
            return 1
        case WhenRelevant():
            return 2
        case OnRequest():
            return 3
    assert_never(activation)


def _arguments(activation: Activation) -> tuple[str, ...]:  # noqa: RET503
    match activation:
        case ForPaths(globs):
            return globs
        case WhenRelevant(description):
            return (description,)
        case Always() | OnRequest():
            return ()
    assert_never(activation)


def _source_bytes(source: Source) -> bytes:
    """BOM (1 or 0), the line ending, NUL, the front matter; nothing for a file that has none of them."""
    if source == _NO_SOURCE:
        return b""
    if source.newline not in ("\n", "\r\n", "\r"):
        raise ValueError(f"{source.newline!r} is no line ending")
    return bytes([source.bom]) + source.newline.encode() + b"\0" + source.front.encode()


def _read_source(data: bytes) -> Source:
    if not data:
        return _NO_SOURCE
    newline, nul, front = data[1:].partition(b"\0")
    if data[0] > 1 or not nul or newline not in (b"\n", b"\r\n", b"\r"):
        raise FormatError("SOURCE: not a BOM mark, a line ending and a front matter")
    return Source(front=front.decode(), newline=newline.decode(), bom=data[0] == 1)


def _read(reader: Reader, i: int) -> Rule:
    activation, kind, category, priority, _ = reader.numbers(i)
    arguments = tuple(reader.words(i, layout.ARGUMENTS))
    if kind >= len(KINDS) or category >= len(CATEGORIES) or activation > 3 or (activation == 2 and len(arguments) != 1):
        raise FormatError(f"META: rule {i} has a kind, category or activation that version 1 does not have")
    path, line = reader.origin(i)
    extra = reader.extra(i)
    try:
        rule = Rule(
            id=reader.name(i),
            body=reader.body(i),
            activation=(ALWAYS, ForPaths(arguments), WhenRelevant("".join(arguments)), ON_REQUEST)[activation],
            description=reader.description(i),
            kind=KINDS[kind],
            category=CATEGORIES[category],
            priority=priority,
            targets=tuple(reader.words(i, layout.TARGETS)),
            tags=tuple(reader.words(i, layout.TAGS)),
            when=reader.when(i),
            extra=_read_extra(extra) if extra else {},
            source=_read_source(reader.source(i)),
            span=Span(path=path, line=line),
        )
    except UnicodeDecodeError:
        raise FormatError(f"rule {i} is not UTF-8") from None
    problem = fault(rule)
    if problem:
        raise FormatError(f"rule {i}: {problem}")
    return rule


def _read_extra(data: bytes) -> Mapping[str, Mapping[str, Value]]:
    import json

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not JSON")

    try:
        extra: dict[str, dict[str, Value]] = json.loads(data.decode(), parse_constant=refuse)
        if b"\\u" in data:
            json.dumps(extra, ensure_ascii=False).encode()  # half a surrogate pair can be escaped, but is no text
    except (ValueError, RecursionError):
        raise FormatError("EXTRA: not JSON") from None
    if not isinstance(extra, dict) or not all(isinstance(keys, dict) for keys in extra.values()):
        raise FormatError("EXTRA: not a map of editors, each with its keys")
    return extra
