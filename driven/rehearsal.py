"""What a sync would do with rules that are not written yet, and with the files that they were read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from driven.errors import DrivenError, SourceError
from driven.format.hashes import digest
from driven.format.parts import read_part
from driven.gathering import Gathered
from driven.hookspecs import Emitter
from driven.joining import Fate, Joined, Member, free_id, rename, slug
from driven.model.activation import activation_word
from driven.model.artefact import Artefact, ListEntry, Outside, Piece, Section, Settings, WholeFile
from driven.model.diagnostic import Diagnostic
from driven.model.fidelity import Construct, Outcome
from driven.model.plan import Owned
from driven.model.rule import Rule
from driven.planning import fold
from driven.project.config import Config
from driven.project.sources import RULES
from driven.registry import Registry
from driven.span import Span

_ROUNDS = 8  # of looking for rules that give one file; each gives an id to those that do


class Desk:
    """The emitters of all editors: what a sync would do with a rule."""

    def __init__(self, plugins: Registry, config: Config, members: Sequence[Member]) -> None:
        self.emitters: Mapping[str, Emitter] = plugins.emitters
        self.config = config
        self.enabled = [name for name in config.editors if name in plugins.emitters]
        if config.always == "agents" and "agents" in plugins.emitters and "agents" not in self.enabled:
            self.enabled.append("agents")
        self.names = frozenset(config.editors) or frozenset(member.editor for member in members)
        self.paths = {member.path for member in members}

    def emit(
        self, name: str, rules: Sequence[Rule], *, header: bool = False
    ) -> tuple[Sequence[Artefact], list[Construct]]:
        """The artefacts, and what became of each rule. Nothing from an emitter that breaks: the sync will say so."""
        emitter = self.emitters.get(name)
        if emitter is None or not rules:
            return (), []
        settings = Settings(
            options={**emitter.target.options, **self.config.editors.get(name, {})},
            editors=self.names, always=self.config.always, header=header,
        )  # fmt: skip
        try:
            emission = emitter.emit(rules, settings)
        except DrivenError:
            return (), []
        found: list[Construct] = []
        lost = {loss.rule_id for loss in emission.losses}
        for rule in rules:
            if rule.id not in lost:
                found.append(_construct(name, rule, "mapped", ""))
            found += [_construct(name, rule, one.kind, one.reason) for one in emission.losses if one.rule_id == rule.id]
        return emission.artefacts, found

    def fate(self, rule: Rule, member: Member) -> Fate:
        """See `joining.Fate`."""
        for artefact in self.emit(member.editor, [rule])[0]:
            if artefact.path == member.path and _is_text(artefact):
                return "same" if _stands(artefact, member.data) else "other"
        return "elsewhere"

    def touches(self, rule: Rule, name: str) -> bool:
        """See `joining.Touches`."""
        return any(artefact.path in self.paths for artefact in self.emit(name, [rule])[0])

    def set_apart(self, joined: Sequence[Joined], there: Mapping[str, Rule]) -> None:
        """Give another id to a rule that would be written where a file of another rule stands."""
        taken = {slug(rule_id) for rule_id in there} | {slug(one.rule.id) for one in joined}
        for _ in range(_ROUNDS):
            clashing = self._clashing(joined, there)
            if not clashing:
                return
            for one in clashing:
                rule_id = free_id(one.rule.id, taken)
                taken.add(slug(rule_id))
                rename(one, rule_id, self.fate)

    def _clashing(self, joined: Sequence[Joined], there: Mapping[str, Rule]) -> list[Joined]:
        """Those whose file, in some editor, is another rule's: of two, the one that was not read from it."""
        found: dict[str, Joined] = {}
        by_id = {one.rule.id: one for one in joined}
        for name in self.enabled or sorted(self.names):
            rules = {**there, **{one.rule.id: one.rule for one in joined if one.rule.id not in there}}
            holders: dict[str, list[str]] = {}
            for artefact in self.emit(name, [rule for rule in rules.values() if rule.for_editor(name)])[0]:
                if isinstance(artefact.ownership, WholeFile):
                    holders.setdefault(fold(artefact.path), []).extend(artefact.rule_ids)
            for path, ids in holders.items():
                loose = [
                    by_id[rule_id]
                    for rule_id in ids
                    if rule_id in by_id
                    and rule_id not in there
                    and not any(m.editor == name and fold(m.path) == path for m in by_id[rule_id].members)
                ]
                for one in loose if len(loose) < len(ids) else loose[1:]:
                    found[one.rule.id] = one
        return list(found.values())

    def output(
        self, new: Sequence[Joined], gathered: Gathered
    ) -> tuple[dict[Owned, frozenset[str]], tuple[Construct, ...], list[Diagnostic]]:
        """For the lock: the files that a sync writes for these rules where they stand, with what stands there now. What
        becomes of the rules in each editor that is written for. And which file is written anew."""
        entered: dict[Owned, frozenset[str]] = {}
        written: list[Construct] = []
        anew: list[Diagnostic] = []
        for name in self.enabled:
            rules = [one.rule for one in new if one.rule.for_editor(name)]
            artefacts, found = self.emit(name, rules, header=self.config.header)
            written += found
            for artefact in artefacts:
                standing = gathered.files.get(name, {}).get(artefact.path)
                if standing is None or not standing.inside or not _is_text(artefact):
                    continue
                mine = _part(artefact, standing.file.data)
                if mine is not None:
                    entered[Piece(name, artefact).owned] = frozenset((digest(mine),))
                if not self.config.header and not _stands(artefact, standing.file.data):
                    hint = "`driven sync --dry-run` shows it"
                    message = f"a sync will write `{artefact.path}` in a layout of its own"
                    anew.append(
                        Diagnostic(
                            code="IMP15", severity="warning", message=message, span=Span(path=artefact.path), hint=hint
                        )
                    )  # fmt: skip
        return entered, tuple(written), anew


def _is_text(artefact: Artefact) -> bool:
    """Whether it is a rule's own file, or all that a person wrote in one."""
    match artefact.ownership:
        case WholeFile() | Outside():
            return True
        case Section() | ListEntry():
            return False


def _part(artefact: Artefact, data: bytes) -> bytes | None:
    """What stands in `data` where the artefact shall; None when nothing does, or its marker lines are damaged."""
    try:
        return read_part(artefact.ownership, data, artefact.text.encode("utf-8", "surrogatepass"))
    except SourceError:
        return None


def _stands(artefact: Artefact, data: bytes) -> bool:
    return _part(artefact, data) == artefact.text.encode("utf-8", "surrogatepass")


def _construct(editor: str, rule: Rule, outcome: Outcome, note: str) -> Construct:
    return Construct(
        path=f"{RULES}/{rule.id}.md", rule_id=rule.id, editor=editor, name=activation_word(rule.activation),
        outcome=outcome, note=note,
    )  # fmt: skip
