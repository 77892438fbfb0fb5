"""What a plugin's objects owe: checked once when they are offered, and for strangers at every call.

A stranger's mistake must read as the stranger's: without this it would come up as an AttributeError deep in ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from driven.errors import PluginError
from driven.grammar.command import Command
from driven.hookspecs import Check, Emitter, Imported, Importer, ReadBack, SourceFile, TemplateShelf, TokenCounter
from driven.model.artefact import Artefact, Emission, Loss, Settings
from driven.model.check import About, Finding
from driven.model.diagnostic import Diagnostic
from driven.model.fidelity import Construct
from driven.model.rule import Rule
from driven.model.target import Target
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

PROTOCOLS: dict[str, type] = {
    "driven_emitters": Emitter,
    "driven_importers": Importer,
    "driven_counters": TokenCounter,
    "driven_checks": Check,
    "driven_templates": TemplateShelf,
}
MAX_TEMPLATES = 5_000  # of one shelf
MAX_FINDINGS = 10_000  # of one check in one subject: an endless generator ends here
_FIRST = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_LATER = _FIRST | {"-"}


def check(hook: str, offer: object) -> tuple[str, str]:
    """The name under which `offer` is known, and what is wrong with it in words, "" when nothing is."""
    kind = f"`{type(offer).__name__}`"
    if isinstance(offer, type):
        return "", f"the class `{offer.__name__}` itself: offer an object, `{offer.__name__}()`"
    if hook == "driven_commands":
        from driven.grammar.dsl import problem

        wrong = problem(offer)
        return ("", wrong) if wrong or not isinstance(offer, Command) else (offer.name, "")
    protocol = PROTOCOLS[hook]
    for member, declared in vars(protocol).items():
        if member.startswith("_"):
            continue
        if not hasattr(offer, member):
            return "", f"{kind}, which has no `{member}`: see `{protocol.__name__}` in driven.hookspecs"
        if not isinstance(declared, property) and not callable(getattr(offer, member)):
            return "", f"{kind}, whose `{member}` is not a method"
    if hook == "driven_counters":
        name: object = getattr(offer, "name")  # noqa: B009  # `offer` is an object to the type checker
        return (name, "") if isinstance(name, str) and name else ("", f"{kind}, whose `name` is no text")
    if hook == "driven_checks":
        return _check_of(offer, kind)
    if hook == "driven_templates":
        shelf: object = getattr(offer, "name")  # noqa: B009
        if _is_name(shelf) and shelf != "project":
            return str(shelf), ""
        return "", f"the templates of {shelf!a}: a name is lower-case letters, digits and `-`, and not `project`"
    target = getattr(offer, "target")  # noqa: B009
    if not isinstance(target, Target):
        return "", f"{kind}, whose `target` is {type(target).__name__}, not `Target` of driven.model.target"
    if not _is_name(target.name):
        return "", f"the editor {target.name!a}: a name is lower-case letters, digits and `-`"
    if hook == "driven_importers" and not _texts(getattr(offer, "patterns")):  # noqa: B009
        return "", f"{kind}, whose `patterns` is not a list of texts"
    return target.name, ""


def _check_of(offer: object, kind: str) -> tuple[str, str]:
    about: object = getattr(offer, "about")  # noqa: B009
    if not isinstance(about, About):
        return "", f"{kind}, whose `about` is {type(about).__name__}, not `About` of driven.model.check"
    code = about.code
    if not (
        isinstance(code, str) and code.isascii() and code[:3].isalpha() and code[:3].isupper() and code[3:].isdigit()
    ):
        return "", f"the check {code!a}: a code is three capital letters and a number, `ACM01`"
    if about.severity not in ("error", "warning", "info") or about.scope not in ("body", "file", "repository"):
        return "", f"the check `{code}`, whose `severity` or `scope` is not one of those in `About`"
    if not _texts(about.places) or not all(isinstance(text, str) for text in (about.title, about.why, about.url)):
        return "", f"the check `{code}`, whose `places` or texts are no texts"
    for place in about.places:
        if "*" in place[1:] and (wrong := _wrong_glob(place)):
            return "", f"the check `{code}`, whose place `{place}` is no glob: {wrong}"
    return code, ""


def _wrong_glob(pattern: str) -> str:
    from driven.core._rt import FormatError
    from driven.core.globs import check

    try:
        check(pattern)
    except FormatError as error:
        return error.message
    return ""


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= 64 and name[0] in _FIRST and _LATER.issuperset(name)


def guard(hook: str, offer: Any, label: str) -> Any:
    """`offer` of the plugin `label`, behind checks of what it answers."""
    if hook == "driven_emitters":
        return GuardedEmitter(offer, label)
    if hook == "driven_importers":
        return GuardedImporter(offer, label)
    if hook == "driven_checks":
        return GuardedCheck(offer, label)
    if hook == "driven_templates":
        return GuardedShelf(offer, label)
    return GuardedCounter(offer, label) if hook == "driven_counters" else offer


class GuardedEmitter:
    """A stranger's emitter: PluginError, naming the plugin, when it raises or answers what it must not."""

    def __init__(self, emitter: Emitter, label: str) -> None:
        self.target = emitter.target
        self._emitter = emitter
        self._label = label

    def group(self, rule: Rule, settings: Settings) -> str:
        """See `Emitter.group`."""
        answer = _call(self._label, "group", lambda: self._emitter.group(rule, settings))
        if not isinstance(answer, str):
            _refuse(self._label, "group", answer, "text")
        return answer

    def emit(self, rules: Sequence[Rule], settings: Settings) -> Emission:
        """See `Emitter.emit`."""
        answer = _call(self._label, "emit", lambda: self._emitter.emit(rules, settings))
        if not isinstance(answer, Emission):
            _refuse(self._label, "emit", answer, "an `Emission`")
        for artefact in answer.artefacts:
            if not isinstance(artefact, Artefact) or not isinstance(artefact.path, str):
                _refuse(self._label, "emit", artefact, "an `Artefact`")
            if not isinstance(artefact.text, str):
                _refuse(self._label, "emit", artefact.text, f"text for `{artefact.path}`")
        for loss in answer.losses:
            if not isinstance(loss, Loss):
                _refuse(self._label, "emit", loss, "a `Loss`")
        return answer


class GuardedImporter:
    """A stranger's importer, as `GuardedEmitter`."""

    def __init__(self, importer: Importer, label: str) -> None:
        self.target = importer.target
        self.patterns = tuple(importer.patterns)
        self._importer = importer
        self._label = label

    def read(self, files: Sequence[SourceFile]) -> Imported:
        """See `Importer.read`."""
        answer = _call(self._label, "read", lambda: self._importer.read(files))
        if not isinstance(answer, Imported):
            _refuse(self._label, "read", answer, "an `Imported`")
        for rule in answer.rules:
            if not isinstance(rule, Rule):
                _refuse(self._label, "read", rule, "a `Rule`")
        for diagnostic in answer.diagnostics:
            if not isinstance(diagnostic, Diagnostic):
                _refuse(self._label, "read", diagnostic, "a `Diagnostic`")
        for construct in answer.fidelity:
            if not isinstance(construct, Construct):
                _refuse(self._label, "read", construct, "a `Construct`")
        return answer

    def follows(self, file: SourceFile) -> Sequence[str]:
        """See `Importer.follows`."""
        answer = _call(self._label, "follows", lambda: self._importer.follows(file))
        if not _texts(answer):
            _refuse(self._label, "follows", answer, "a list of paths")
        return answer  # type: ignore[return-value]  # which `_texts` has looked at

    def read_back(self, rule: Rule, path: str, text: str) -> ReadBack:
        """See `Importer.read_back`."""
        answer = _call(self._label, "read_back", lambda: self._importer.read_back(rule, path, text))
        if not isinstance(answer, ReadBack) or not isinstance(answer.rule, Rule | None):
            _refuse(self._label, "read_back", answer, "a `ReadBack`")
        return answer


class GuardedCheck:
    """A stranger's check, as `GuardedEmitter`."""

    def __init__(self, check: Check, label: str) -> None:
        self.about = check.about
        self._check = check
        self._label = label

    def run(self, subject: Any) -> list[Finding]:
        """See `Check.run`."""
        from itertools import islice

        answer: list[Finding] = []
        _call(self._label, self.about.code, lambda: answer.extend(islice(self._check.run(subject), MAX_FINDINGS)))
        for finding in answer:
            if not isinstance(finding, Finding) or not isinstance(finding.message, str):
                _refuse(self._label, self.about.code, finding, "a `Finding`")
            if not isinstance(finding.start, int) or not isinstance(finding.end, int):
                _refuse(self._label, self.about.code, finding.start, "offsets in its findings")
        return answer


class GuardedCounter:
    """A stranger's token counter, as `GuardedEmitter`."""

    def __init__(self, counter: TokenCounter, label: str) -> None:
        self.name = counter.name
        self._counter = counter
        self._label = label

    def count(self, text: str) -> int:
        """See `TokenCounter.count`."""
        answer = _call(self._label, "count", lambda: self._counter.count(text))
        if not isinstance(answer, int):
            _refuse(self._label, "count", answer, "a number")
        return answer


class GuardedShelf:
    """A stranger's templates, as `GuardedEmitter`."""

    def __init__(self, shelf: TemplateShelf, label: str) -> None:
        self.name = shelf.name
        self._shelf = shelf
        self._label = label

    def names(self) -> list[str]:
        """See `TemplateShelf.names`."""
        from itertools import islice

        answer: list[str] = []
        _call(self._label, "names", lambda: answer.extend(islice(self._shelf.names(), MAX_TEMPLATES)))
        if not _texts(answer):
            _refuse(self._label, "names", answer, "a list of texts")
        return answer

    def read(self, name: str) -> bytes:
        """See `TemplateShelf.read`."""
        answer = _call(self._label, "read", lambda: self._shelf.read(name))
        if not isinstance(answer, bytes):
            _refuse(self._label, "read", answer, "bytes")
        return answer

    def compiled(self, name: str) -> bytes | None:
        """See `TemplateShelf.compiled`."""
        answer = _call(self._label, "compiled", lambda: self._shelf.compiled(name))
        if not isinstance(answer, bytes | None):
            _refuse(self._label, "compiled", answer, "bytes or None")
        return answer


def _call(label: str, method: str, call: Callable[[], object]) -> object:
    try:
        return call()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        hint = "report it to the plugin's authors; `driven plugin list` shows where it comes from"
        message = f"plugin {label}: `{method}` raised {one_line(error)}"
        raise PluginError(message, hint=hint, span=place(error)) from error


def _refuse(label: str, method: str, answer: object, wanted: str) -> NoReturn:
    message = f"plugin {label}: `{method}` answers {type(answer).__name__} where {wanted} is due"
    raise PluginError(message, hint="report it to the plugin's authors")


def _texts(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(text, str) for text in value)


def one_line(error: BaseException) -> str:
    """An exception in one printable line of at most 300 characters; its own `__str__` may be broken too."""
    try:
        said = str(error)
    except Exception:
        said = ""
    text = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return "".join(char if char.isprintable() else " " for char in text)[:300]


def place(error: BaseException) -> Span | None:
    """Where an exception arose: the deepest line of Python that is not the import system's."""
    import traceback

    if isinstance(error, SyntaxError) and error.filename:
        return Span(path=error.filename, line=error.lineno or 1, column=error.offset or 1)
    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not frame.f_code.co_filename.startswith("<") and not _ours(frame.f_globals.get("__name__", ""))
    ]
    return Span(path=frames[-1][0], line=frames[-1][1] or 1) if frames else None


def _ours(module: str) -> bool:
    """What only stands between: a plugin of a pack runs in a ring, and its failure names its own line."""
    return f"{module}.".startswith(("driven.registry.", "driven.trust.", "importlib.", "pluggy."))
