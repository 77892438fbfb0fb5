"""Which rules an editor gets, and which of them hold for a path there, and why. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from driven.core.globs import Glob, expand, under_directory
from driven.model.activation import Always, ForPaths, OnRequest, WhenRelevant, activation_word
from driven.model.artefact import Artefact, Emission, ListEntry, Loss, WholeFile
from driven.model.diagnostic import Diagnostic
from driven.model.rule import Rule
from driven.model.target import Target
from driven.span import Span

if TYPE_CHECKING:
    from driven.model.reach import Reach, Verdict

UNKNOWN_TARGET = "RUL40"


def select(rules: Iterable[Rule], editor: str, active: Mapping[str, bool]) -> tuple[Rule, ...]:
    """The rules that go to `editor`, in their order: its name is in their `targets` and their condition is true.

    `active` maps a rule's id to what its condition came to; a rule that is not in it has none.
    """
    return tuple(rule for rule in rules if rule.for_editor(editor) and active.get(rule.id, True))


def unknown_targets(rules: Iterable[Rule], editors: Iterable[str]) -> list[Diagnostic]:
    """A warning for each name in a rule's `targets` that is none of `editors`: it changes nothing here."""
    known = sorted(editors)
    found: list[Diagnostic] = []
    for rule in rules:
        for name in dict.fromkeys(target.lstrip("-!") for target in rule.targets):
            if name not in known:
                near = closest(name, known)
                found.append(
                    Diagnostic(
                        code=UNKNOWN_TARGET,
                        severity="warning",
                        message=f"`targets` names `{name}`, and no editor is called that",
                        span=_place(rule, "targets", name),
                        hint=f"did you mean `{near}`?" if near else f"the editors are {_names(known)}",
                        rule_id=rule.id,
                    )
                )
    return found


def _place(rule: Rule, key: str, word: str) -> Span:
    """Where `word` stands below `key` in the rule's front matter; the rule itself where that cannot be told."""
    inside = False
    for number, line in enumerate(rule.source.front.splitlines(), 1):
        if line[:1] not in (" ", "\t", "-", ""):
            inside = line.startswith(key)
        if inside and word in line:
            column = line.index(word) + 1
            return Span(path=rule.span.path, line=number, column=column, end_line=number, end_column=column + len(word))
    return rule.span


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, `""` for none."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word[:64], list(known), 1, 0.6)), "")


def reach(
    rules: Iterable[Rule], target: Target, path: str, *, active: Mapping[str, bool], emission: Emission
) -> list[Reach]:
    """What each rule does in an editor when the file `path` is in play: one answer per rule, in their order.

    `path` is relative to the project root, POSIX, and need not exist. `emission` is what the editor's emitter gave for
    `select(rules, target.name, active)`. The verdict is the editor's, not the rule's: an editor that has no globs
    loads a rule for paths always, and a directory's `AGENTS.md` only there.
    """
    artefacts: dict[str, list[Artefact]] = {}
    for artefact in emission.artefacts:
        for rule_id in artefact.rule_ids:
            artefacts.setdefault(rule_id, []).append(artefact)
    losses: dict[str, list[Loss]] = {}
    for loss in emission.losses:
        if loss.editor in ("", target.name):
            losses.setdefault(loss.rule_id, []).append(loss)
    return [
        _Case(rule, target, artefacts.get(rule.id, []), losses.get(rule.id, [])).reach(path, active.get(rule.id, True))
        for rule in rules
    ]


class _Case:
    """One rule in one editor. Where it has no file, another editor's carries it, or `AGENTS.md`, as the rule says."""

    def __init__(self, rule: Rule, target: Target, artefacts: Sequence[Artefact], losses: Sequence[Loss]) -> None:
        self.rule = rule
        self.target = target
        self.losses = tuple(losses)
        # An entry in a list merely names the file that carries the rule.
        self.artefacts = [a for a in artefacts if not isinstance(a.ownership, ListEntry)]

    def reach(self, path: str, active: bool) -> Reach:
        rule, target = self.rule, self.target
        if not rule.for_editor(target.name):
            return self._off(_excluded(rule, target.name))
        if not active:
            return self._off(f"condition `{rule.when}` is false")
        way = target.ways.get(activation_word(rule.activation))
        dropped = next((loss for loss in self.losses if loss.kind == "dropped"), None)
        if not self.artefacts and (dropped or (way is not None and way.fidelity == "dropped")):
            reason = dropped.reason if dropped else way.words if way else ""
            return self._off(f"{target.title}: {reason}")
        match rule.activation:
            case Always():
                return self._say("always", "always on")
            case ForPaths(globs):
                return self._paths(globs, path)
            case WhenRelevant(description):
                if self._alone() or not self.artefacts:
                    return self._say("model", f"the model decides from “{description}”")
                return self._always("lets no model decide")
            case OnRequest():
                if self._alone() or not self.artefacts:
                    return self._say("manual", "only when a person asks for it by name")
                return self._always("loads nothing on request")

    def _paths(self, globs: Sequence[str], path: str) -> Reach:
        """A file of its own with front matter keeps the globs. Any other file has none: it holds below its directory
        when that is what a glob says, and else always."""
        own = self._alone()
        if not self.artefacts or (own is not None and own.text.startswith("---")):
            return self._globs(globs, path, own)
        folders = {under_directory(line): line for glob in globs for line in expand(glob)}
        nested = [(a, folder) for a in self.artefacts if (folder := a.path.rpartition("/")[0]) and folder in folders]
        if not nested or len(nested) < len(self.artefacts):
            return self._always("has no globs", " under a heading that names them")
        for artefact, folder in nested:
            if path.startswith(folder + "/"):
                return self._say("match", f"`{path}` is below `{folder}/`", artefact, pattern=folders[folder])
        names = _names([f"{folder}/" for _, folder in nested])
        return self._say("no", f"`{path}` is not below {names}", nested[0][0])

    def _globs(self, globs: Sequence[str], path: str, own: Artefact | None) -> Reach:
        dialect = self.target.dialect
        spelled: list[str] = []
        for glob in globs:
            kept = dialect.braces and (own is None or glob in own.text)
            spelled.extend([glob] if kept else expand(glob))
        for pattern in spelled:
            if Glob(pattern, dialect.ignore_case, dialect.dot, dialect.anywhere, dialect.braces).match(path):
                return self._say("match", self._why(pattern, path), own, pattern=pattern)
        if len(spelled) == 1:
            return self._say("no", f"`{spelled[0]}` does not match", own)
        return self._say("no", f"none of {_names(spelled)} matches", own)

    def _why(self, pattern: str, path: str) -> str:
        """The words for a match: what the editor reads into the pattern is said, since the rule does not say it."""
        dialect, title = self.target.dialect, self.target.title
        exact = Glob(pattern, False, dialect.dot, False, dialect.braces)
        if exact.match(path):
            return f"`{pattern}` matches"
        if Glob(pattern, dialect.ignore_case, dialect.dot, False, dialect.braces).match(path):
            return f"{title} matches `{pattern}` in either case"
        return f"{title} matches `{pattern}` at any depth"

    def _always(self, lack: str, how: str = "") -> Reach:
        return self._say("always", f"{self.target.title} {lack}: the rule is in {self.artefacts[0].path}{how}")

    def _off(self, why: str) -> Reach:
        from driven.model.reach import Reach

        return Reach(
            rule_id=self.rule.id,
            editor=self.target.name,
            verdict="off",
            why=why,
            losses=self.losses,
            title=self.rule.title,
        )

    def _say(self, verdict: Verdict, why: str, artefact: Artefact | None = None, *, pattern: str = "") -> Reach:
        carrier = artefact or next(iter(self.artefacts), None)
        from driven.model.reach import Reach

        return Reach(
            rule_id=self.rule.id,
            editor=self.target.name,
            verdict=verdict,
            why=why,
            pattern=pattern,
            file=carrier.path if carrier else "",
            losses=self.losses,
            characters=self._characters(carrier) if verdict in ("always", "match") else 0,
            title=self.rule.title,
        )

    def _alone(self) -> Artefact | None:
        """The file that carries this rule and nothing else, if it has one: the first, where a limit made it several."""
        return next(iter(self._own()), None)

    def _own(self) -> list[Artefact]:
        return [a for a in self.artefacts if isinstance(a.ownership, WholeFile) and len(a.rule_ids) == 1]

    def _characters(self, carrier: Artefact | None) -> int:
        """Files of its own are sent without their front matter; to a shared one, the rule adds its body."""
        own = self._own()
        return sum(map(_sent, own)) if carrier in own else len(self.rule.body)


def _sent(artefact: Artefact) -> int:
    text = artefact.text.replace("\r\n", "\n")
    end = text.find("\n---\n", 3) if text.startswith("---\n") else -1
    return len(text[end + 5 :].removeprefix("\n")) if end >= 0 else len(text)


def _excluded(rule: Rule, editor: str) -> str:
    if "-" + editor in rule.targets or "!" + editor in rule.targets:
        return f"targets exclude {editor}"
    return f"targets name only {_names([name for name in rule.targets if name[:1] not in '-!'], '')}"


def _names(names: Sequence[str], quote: str = "`") -> str:
    """`a`, `b` and `c`; of a long list the first few and how many more."""
    shown = [f"{quote}{name}{quote}" for name in names[:5]]
    if len(names) > 5:
        shown.append(f"{len(names) - 5} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
