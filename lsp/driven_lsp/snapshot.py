"""One folder at one moment, as features ask about it: rules, documents as they are edited, files, what is emitted.

Everything here is read only. What costs time is made when it is first asked for, and kept for as long as the snapshot.
"""

from __future__ import annotations

from driven.core.globs import Glob
from driven.document.document import Document
from driven.emission import emit_all
from driven.format.text import rule_id_for
from driven.frozen import frozen
from driven.model.artefact import Artefact, Loss, WholeFile
from driven.model.rule import Rule, RuleSet
from driven.model.target import Target
from driven.project.sources import RULES
from driven_lsp.files import FileIndex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from driven.model.diagnostic import Diagnostic
    from driven.model.plan import Plan
    from driven.validation.live import Touched, View
    from driven_lsp.conflicts import Conflicts


@frozen
class Output:
    """A file that driven writes. `text` is all of it (`whole`), else the parts of it that are ours, joined."""

    path: str
    editors: tuple[str, ...]
    rule_ids: tuple[str, ...]
    text: str
    whole: bool


@frozen
class Landing:
    """What becomes of one rule in one editor: the files that hold it (several may), and what is lost.

    `way` says how its activation is expressed there ("paths in front matter"); `size` counts the characters of the
    largest of the files as it is with all rules in it, beside the editor's `limit` (0: none). `why` nothing is written,
    when `files` is empty.
    """

    target: Target
    files: tuple[str, ...]
    losses: tuple[Loss, ...]
    fidelity: str  # native, approximated or dropped
    way: str
    size: int = 0
    limit: int = 0
    why: str = ""


class Snapshot:
    """One folder. `touched` are the documents that are open, as they are edited now; they win over what `view` knows.

    `plan` is what a sync would do, when that was looked at last: None until then, and in a folder without `.driven`.
    """

    def __init__(
        self, view: View, files: FileIndex, *, touched: Mapping[str, Touched] | None = None,
        plan: Plan | None = None, trusted: bool = True, stopped: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.view = view
        self.files = files
        self.plan = plan
        self.trusted = trusted
        self.stopped = stopped  # whether whoever asked has gone: long work looks now and then
        self._touched = dict(touched or {})
        self._rules: RuleSet | None = None
        self._by_path: dict[str, Rule] | None = None
        self._held: dict[str, Diagnostic] | None = None
        self._conflicts: tuple[Plan | None, Conflicts] | None = None
        self._outputs: dict[str, Output] | None = None
        self._read: dict[str, Document | None] = {}

    def take_outputs(self, other: Snapshot) -> None:
        """Use what a snapshot of the same view has made already."""
        self._outputs = other._outputs

    @property
    def root(self) -> str:
        """The folder, absolute."""
        return self.view.root

    @property
    def is_managed(self) -> bool:
        """Whether there is a `.driven/`."""
        return self.view.is_managed

    @property
    def targets(self) -> Mapping[str, Target]:
        """Every editor that a plugin offers, by name."""
        return {name: emitter.target for name, emitter in self.view.plugins.emitters.items()}

    @property
    def enabled(self) -> tuple[str, ...]:
        """The editors that the project writes for, in the order of the configuration."""
        return tuple(self.view.project.emitters) if self.view.project is not None else ()

    # Documents and rules

    def document(self, path: str) -> Document | None:
        """A rule file, as it is edited now or as it stands on the disk; also any text file of at most 1 MiB. None where
        there is none."""
        touched = self._touched.get(path)
        if touched is not None:
            return touched.document
        known = self.view.documents.get(path)
        if known is not None:
            return known
        if path not in self._read:
            self._read[path] = self._from_disk(path)
        return self._read[path]

    def documents(self) -> Iterable[Document]:
        """Every rule file, sorted by path."""
        for path in sorted({*self.view.documents, *self._touched}):
            document = self.document(path)
            if document is not None:
                yield document

    @property
    def rules(self) -> RuleSet:
        """The rules in effect order, as they are edited now; of one that is held back, its last good form."""
        if self._rules is None:
            edited = {path for path in self._touched if path.startswith(RULES + "/")}
            if not edited:
                self._rules = self.view.rules
            else:
                rules = {rule.id: rule for rule in self.view.rules if rule.span.path not in edited}
                before = {rule.span.path: rule for rule in self.view.rules if rule.span.path in edited}
                for path in sorted(edited):
                    touched = self._touched[path]
                    rule = touched.rule or (before.get(path) if touched.wrong is not None else None)
                    if rule is not None:
                        rules.setdefault(rule.id, rule)
                self._rules = RuleSet.of(rules.values())
        return self._rules

    def rule(self, rule_id: str) -> Rule | None:
        """The rule of that id; the last good form of one that is held back."""
        return self.rules.get(rule_id)

    def rule_at(self, path: str) -> Rule | None:
        """The rule that a file holds; None while it cannot be read."""
        if self._by_path is None:
            held = self._all_held
            self._by_path = {rule.span.path: rule for rule in self.rules if rule.id not in held}
        return self._by_path.get(path)

    def held(self, rule_id: str) -> Diagnostic | None:
        """The first mistake in a rule that cannot be read, as it is edited now: what is written of it waits until that
        is right. None for any other rule."""
        return self._all_held.get(rule_id)

    @property
    def _all_held(self) -> Mapping[str, Diagnostic]:
        if self._held is None:
            edited = {rule_id: one for path, one in self._touched.items() if (rule_id := self.id_of(path))}
            held = {rule_id: wrong for rule_id, wrong in self.view.held.items() if rule_id not in edited}
            self._held = held | {rule_id: one.wrong for rule_id, one in edited.items() if one.wrong is not None}
        return self._held

    def rule_path(self, rule_id: str) -> str:
        """The file of a rule, also of one that cannot be read; "" when there is none of that id."""
        rule = self.rule(rule_id)
        if rule is not None:
            return rule.span.path
        for document in self.documents():
            if document.place == "driven/rule" and self.id_of(document.path) == rule_id:
                return document.path
        return ""

    @staticmethod
    def id_of(path: str) -> str:
        """The id that a path below `.driven/rules` gives, "" for any other path."""
        return rule_id_for(path.removeprefix(RULES + "/")) if path.startswith(RULES + "/") else ""

    def told(self, path: str) -> tuple[Diagnostic, ...]:
        """The findings in a file."""
        touched = self._touched.get(path)
        return touched.told if touched is not None else self.view.told.get(path, ())

    # What is written

    @property
    def outputs(self) -> Mapping[str, Output]:
        """Every file that driven writes, by path. It may be one edit behind; `landings` is not."""
        if self._outputs is None:
            parts: dict[str, list[tuple[str, Artefact]]] = {}
            for piece in self.view.emitted.pieces if self.view.emitted is not None else ():
                parts.setdefault(piece.artefact.path, []).append((piece.editor, piece.artefact))
            self._outputs = {path: _output(path, pieces) for path, pieces in parts.items()}
        return self._outputs

    def output(self, path: str) -> Output | None:
        """What driven writes at a path."""
        return self.outputs.get(path)

    def outputs_of(self, rule_id: str) -> list[Output]:
        """The files that hold a rule: first those of its own, then those that it shares; either in the order of the
        editors, and of their names."""
        found = [output for output in self.outputs.values() if rule_id in output.rule_ids]
        order = {name: at for at, name in enumerate(self.enabled)}

        def place(output: Output) -> tuple[bool, int, str]:
            first = min(order.get(name, len(order)) for name in output.editors)
            return not output.whole or len(output.rule_ids) > 1, first, output.path

        return sorted(found, key=place)

    def landings(self, rule: Rule) -> list[Landing]:
        """Where a rule lands in each enabled editor, as it is edited now."""
        project = self.view.project
        if project is None:
            return []
        emitted = emit_all(project.emitters, project.settings, [rule], self._select)
        found = []
        for name, emitter in project.emitters.items():
            target = emitter.target
            files = tuple(
                dict.fromkeys(p.artefact.path for p in emitted.pieces if p.editor == name and p.artefact.rule_ids)
            )
            losses = tuple(loss for loss in emitted.losses if loss.editor == name)
            found.append(self.landing(rule, target, files, losses))
        return found

    def landing(self, rule: Rule, target: Target, files: tuple[str, ...], losses: tuple[Loss, ...]) -> Landing:
        """Where a rule lands in one editor, of what its emitter gave for it."""
        from driven.model.activation import activation_word

        way = target.ways.get(activation_word(rule.activation))
        limit = next((limit.characters for limit in target.limits if limit.characters), 0)
        size = max((len(output.text) for path in files if (output := self.outputs.get(path))), default=0)
        why = ""
        if not files:
            dropped = [loss.reason for loss in losses if loss.kind == "dropped"]
            if not rule.for_editor(target.name):
                why = "its `targets` leave this editor out"
            elif not self.view.active.get(rule.id, True):
                why = "its `when` is false"
            elif dropped:
                why = dropped[0]
            else:
                why = "another editor's file, which this one reads, holds it"
        kinds = {loss.kind for loss in losses}
        fidelity = "dropped" if not files and kinds else "approximated" if kinds else way.fidelity if way else "native"
        return Landing(
            target=target, files=files, losses=losses, fidelity=fidelity, way=way.words if way else "",
            size=size, limit=limit, why=why,
        )  # fmt: skip

    def _select(self, rules: Iterable[Rule], editor: str) -> Sequence[Rule]:
        from driven.resolve import select

        return select(rules, editor, self.view.active)

    def tokens(self, text: str) -> tuple[int, bool]:
        """How many tokens a text is, and whether that was counted; else it is characters/4."""
        counter = next(iter(self.view.plugins.counters), None)
        return (counter.count(text), True) if counter is not None else ((len(text) + 3) // 4, False)

    @property
    def conflicts(self) -> Conflicts:
        """What is in conflict, as far as was looked."""
        from driven_lsp.conflicts import Conflicts

        if self._conflicts is None or self._conflicts[0] is not self.plan:
            self._conflicts = (self.plan, Conflicts.of(self.plan, self.view.rules))
        return self._conflicts[1]

    def drift(self, path: str) -> str:
        """How the file at an output's path stands, as far as was looked: `same`, `drift` or `conflict`."""
        from driven.model.plan import Conflict, Create, Delete, Replace

        for change in self.plan.changes if self.plan is not None else ():
            if change.path == path:
                if isinstance(change, Conflict):
                    return "conflict"
                return "drift" if isinstance(change, Create | Replace | Delete) else "same"
        return "same"

    def _from_disk(self, path: str) -> Document | None:
        from os.path import join

        from driven.project.reading import read_file

        if path[:1] in ("", "/", "~") or ".." in path.split("/") or "\0" in path:
            return None
        try:
            return Document(path, read_file(join(self.root, path), 1 << 20)[0])
        except OSError:
            return None


def matches(pattern: str, path: str) -> bool:
    """Whether a glob, as rules mean it, matches a path; False for what is no glob."""
    from driven.core._rt import FormatError

    try:
        return Glob(pattern).match(path)
    except FormatError:
        return False


def _output(path: str, pieces: Sequence[tuple[str, Artefact]]) -> Output:
    texts = list(dict.fromkeys(artefact.text for _, artefact in pieces))
    return Output(
        path=path, editors=tuple(dict.fromkeys(editor for editor, _ in pieces)),
        rule_ids=tuple(dict.fromkeys(rule_id for _, artefact in pieces for rule_id in artefact.rule_ids)),
        text="".join(texts), whole=any(isinstance(artefact.ownership, WholeFile) for _, artefact in pieces),
    )  # fmt: skip
