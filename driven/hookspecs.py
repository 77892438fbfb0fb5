"""The contract with plugins: every hook, and the objects that hooks offer.

A hook only *offers objects*; work is done by those objects' typed methods, whose Protocols stand below. All offers of
all plugins are joined in the order the plugins load (by entry-point name). A plugin that raises, offers something
that is not of the Protocol, or names a hook that does not exist becomes a diagnostic that names it; the others live on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driven.frozen import field, frozen
from driven.grammar.command import Command
from driven.model.artefact import Emission, Settings
from driven.model.check import About, Finding
from driven.model.diagnostic import Diagnostic
from driven.model.fidelity import Construct
from driven.model.rule import Rule
from driven.model.target import Target

PROJECT_NAME = "driven"
ENTRY_POINT_GROUP = "driven"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, runtime_checkable

    import pluggy

    hookspec = pluggy.HookspecMarker(PROJECT_NAME)
    hookimpl = pluggy.HookimplMarker(PROJECT_NAME)
else:
    # A sync starts in the time that pluggy and typing take to be imported: the marks are those of pluggy without it,
    # and the Protocols are looked at member by member, as `typing.runtime_checkable` does.
    class _Structural(type):
        def __instancecheck__(cls, offer):
            if Protocol not in cls.__bases__:
                return type.__instancecheck__(cls, offer)
            return all(hasattr(offer, name) for name in vars(cls) if name[0] != "_")

    class Protocol(metaclass=_Structural):
        """A base that says what an object must have."""

    def runtime_checkable(protocol):
        return protocol

    def _marker(attribute, defaults):
        def mark(function=None, **options):
            if not options.keys() <= defaults.keys():
                raise TypeError(f"the options of a hook are {', '.join(defaults)}")

            def put(marked):
                setattr(marked, attribute, {**defaults, **options})
                return marked

            return put if function is None else put(function)

        return mark

    _IMPL = {
        "wrapper": False, "hookwrapper": False, "optionalhook": False, "tryfirst": False, "trylast": False,
        "specname": None,
    }  # fmt: skip
    _SPEC = {"firstresult": False, "historic": False, "warn_on_impl": None, "warn_on_impl_args": None}
    hookspec = _marker(f"{PROJECT_NAME}_spec", _SPEC)
    hookimpl = _marker(f"{PROJECT_NAME}_impl", _IMPL)


@frozen
class SourceFile:
    """A file of an editor, as an importer gets it: `path` relative to the project root, POSIX; the bytes as read."""

    path: str
    data: bytes


@frozen
class Imported:
    """What an importer made of its files. `files` maps each rule id to the path it came from; `fidelity` says what
    became of each construct in them."""

    rules: tuple[Rule, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    fidelity: tuple[Construct, ...] = ()


@frozen
class ReadBack:
    """A rule as the text of an output says it, or (`rule` is None) why that text cannot be meant: `problem`, at `line`
    of the text, and what to do about it."""

    rule: Rule | None = None
    problem: str = ""
    line: int = 1
    hint: str = ""


@runtime_checkable
class Emitter(Protocol):
    """Rules in, artefacts out; pure: no file is read or written, equal rules give equal artefacts."""

    @property
    def target(self) -> Target:
        """The editor, as data."""

    def group(self, rule: Rule, settings: Settings) -> str:
        """Which rules must be emitted together with this one: those with the same answer. A rule that gets files
        of its own answers its id; rules that share one file answer that file's path.
        Two groups never write one path."""

    def emit(self, rules: Sequence[Rule], settings: Settings) -> Emission:
        """The files for `rules` (whole groups, in effect order, already filtered by `targets` and `when`)."""


@runtime_checkable
class Importer(Protocol):
    """The mirror of an emitter: an editor's files in, rules out; lenient, every oddity a diagnostic; pure."""

    @property
    def target(self) -> Target:
        """The editor, as data."""

    @property
    def patterns(self) -> Sequence[str]:
        """Canonical globs of the files that it reads, `.cursor/rules/**/*.mdc`."""

    def read(self, files: Sequence[SourceFile]) -> Imported:
        """The rules in `files`. A file that cannot be read as a rule is a diagnostic, never an exception."""

    def follows(self, file: SourceFile) -> Sequence[str]:
        """The files that this one takes in, relative to the project root (`@docs/style.md`). Those inside the project
        are read too, at most four deep, and handed to `read` with the others."""

    def read_back(self, rule: Rule, path: str, text: str) -> ReadBack:
        """`rule` as `text` says it, where `text` stands, or stood, in an output at `path` that carries the rule.

        `text` is the whole file; where rules share a marked section, only this rule's part of it; of an imported shared
        file, what stands outside the sections. What such a text cannot say stays as it is in `rule`. Asked twice, for
        what was emitted last and for what stands there now: the difference of the answers is the edit.
        """


@runtime_checkable
class TokenCounter(Protocol):
    """Counts the tokens of a text as one model family does. Without one, characters/4 is shown as an estimate."""

    @property
    def name(self) -> str:
        """What the counter is called beside its figures, `cl100k`."""

    def count(self, text: str) -> int:
        """The number of tokens in `text`."""


@runtime_checkable
class Check(Protocol):
    """Looks for one mistake, which has a code of its own; pure: the same file gives the same findings."""

    @property
    def about(self) -> About:
        """The mistake, as data: code, severity, what the check reads, why, and where that was looked up."""

    def run(self, subject: Any) -> Iterable[Finding]:
        """The findings in `subject`: a `Body`, a `Document` or a `Repository` of `driven.check_kit`, as
        `about.scope` says. Time must not grow faster than the text."""


@runtime_checkable
class TemplateShelf(Protocol):
    """Templates of one origin, read only when one is asked for. `driven.fusion.shelf` makes one of a folder."""

    @property
    def name(self) -> str:
        """Where its templates are said to come from: lower-case letters, digits and `-`."""

    def names(self) -> Sequence[str]:
        """Every template of it: `standards/python-errors`, also `base/…` and `partials/…`, which no list shows."""

    def read(self, name: str) -> bytes:
        """The file of one of them, Markdown."""

    def compiled(self, name: str) -> bytes | None:
        """The same compiled (`.dtm`), None where it is not at hand. One that was made of another text is not used."""


class Hooks:
    """Every hook there is."""

    @hookspec
    def driven_emitters(self) -> Iterable[Emitter]:
        """Offer editors to write for.

        Called once, when the plugins are loaded. Answers are joined; two emitters for one target name are an error that
        names both plugins; ours, else the first one by entry-point name, is used. A bad answer drops this plugin's
        emitters.
        """
        raise NotImplementedError

    @hookspec
    def driven_importers(self) -> Iterable[Importer]:
        """Offer editors to read from.

        Called once, when the plugins are loaded. Answers are joined as for `driven_emitters`.
        """
        raise NotImplementedError

    @hookspec
    def driven_commands(self) -> Iterable[Command]:
        """Offer commands of the command line.

        Called once, when the plugins are loaded. A name that is taken is a diagnostic and the first one stays.
        """
        raise NotImplementedError

    @hookspec
    def driven_counters(self) -> Iterable[TokenCounter]:
        """Offer exact token counters.

        Called once, when the plugins are loaded. The first one is used beside the estimate.
        """
        raise NotImplementedError

    @hookspec
    def driven_checks(self) -> Iterable[Check]:
        """Offer checks for `driven validate`.

        Called once, when the plugins are loaded for a validation. Answers are joined; two checks with one code are an
        error that names both plugins, and ours, else the first one by entry-point name, is used. A check that raises
        is a diagnostic that names it; the others live on.
        """
        raise NotImplementedError

    @hookspec
    def driven_templates(self) -> Iterable[TemplateShelf]:
        """Offer templates of rules.

        Called once, when the plugins are loaded for a command that needs templates. Answers are joined; two shelves of
        one name are an error that names both plugins. Of two templates of one name the project's own is used, then a
        pack's, then ours, then that of the first shelf by entry-point name.
        """
        raise NotImplementedError
