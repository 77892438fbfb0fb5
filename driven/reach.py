"""Which rules hold for a path in an editor, and why. Pure: values in, values out.

What an editor is told it finds in files of its own, or in files of other editors that it reads as well
(`Target.also_reads`): `AGENTS.md`, another one's skills.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from driven.core.globs import Glob, expand, under_directory
from driven.model.activation import Always, ForPaths, OnRequest, WhenRelevant, activation_word
from driven.model.artefact import Artefact, Emission, ListEntry, Loss, Outside, Section, WholeFile
from driven.model.rule import Rule
from driven.model.target import Target
from driven.resolve import names_of

if TYPE_CHECKING:
    from driven.model.reach import AlsoRead, Reach, Verdict

_LOADED = ("always", "match")
_MOST_FIRST = ("always", "match", "model", "manual", "no", "off")


def read_by(target: Target, own: Iterable[Artefact], others: Sequence[Artefact]) -> list[Artefact]:
    """Those of `others`, the artefacts of other editors, that the editor reads beside its `own`; what its target
    names first stands first."""
    named = {_refers_to(artefact) for artefact in own}
    globs = [Glob(pattern) for pattern in target.also_reads]
    found = [[a for a in others if glob.match(a.path)] for glob in globs] + [[a for a in others if a.path in named]]
    return list({id(a): a for one in found for a in one}.values())


def _scope(path: str) -> str:
    """The directory that a file without globs is for: its own, of `web/.claude/CLAUDE.md` the one above."""
    folder = path.rpartition("/")[0]
    while folder.rpartition("/")[2].startswith("."):
        folder = folder.rpartition("/")[0]
    return folder


def _refers_to(artefact: Artefact) -> str:
    """The file that an artefact names instead of holding text: a list entry does, and a section that is one `@path`
    (https://code.claude.com/docs/en/memory, verified 2026-11-21). "" for any other."""
    match artefact.ownership:
        case ListEntry():
            return artefact.text
        case Section():
            line = artefact.text.strip()
            return line[1:] if line.startswith("@") and len(line.split()) == 1 else ""
        case WholeFile() | Outside():
            return ""


class Editor:
    """One editor with the file `path` in play: what each rule does there.

    `path` is relative to the project root, POSIX, and need not exist. `emission` is what the editor's emitter gave for
    `select(rules, target.name, active)`, `others` are the artefacts of all other editors. `root` is the absolute path
    of the project, POSIX, for editors that match whole paths.
    """

    def __init__(
        self, rules: Iterable[Rule], target: Target, path: str, *, active: Mapping[str, bool], emission: Emission,
        others: Sequence[Artefact] = (), root: str = "",
    ) -> None:  # fmt: skip
        self.rules = {rule.id: rule for rule in rules}
        self.titles = {rule_id: rule.title for rule_id, rule in self.rules.items()}  # a title is made at each call
        self.target = target
        self.path = path
        self.root = root.strip("/")
        self.active = active
        self.own = _by_rule(emission.artefacts)
        self.others = read_by(target, emission.artefacts, others)
        self.losses: dict[str, list[Loss]] = {}
        for loss in emission.losses:
            if loss.editor in ("", target.name):
                self.losses.setdefault(loss.rule_id, []).append(loss)
        self._parts: dict[int, dict[str, str]] = {}

    def reaches(self) -> list[Reach]:
        """One answer per rule, in their order. The verdict is the editor's, not the rule's: an editor that has no
        globs loads a rule for paths always, and a directory's `AGENTS.md` only there."""
        carriers = _by_rule(self.others)
        return [self._reach(rule, carriers.get(rule.id, [])) for rule in self.rules.values()]

    def also_read(self, reaches: Iterable[Reach]) -> tuple[AlsoRead, ...]:
        """What the editor loads from files of other editors beside `reaches`, which name the rest of them."""
        from driven.model.reach import AlsoRead

        told = {(reach.rule_id, reach.file) for reach in reaches}
        found: dict[str, list[tuple[str, int]]] = {}
        for rule_id, artefacts in _by_rule(self.others).items():
            for artefact in artefacts:
                if (rule_id, artefact.path) in told or rule_id not in self.rules:
                    continue
                said = _Case(self, self.rules[rule_id], [artefact], is_carried=True).reach()
                if said.verdict in _LOADED:
                    patterns = (pattern for pattern in self.target.also_reads if Glob(pattern).match(artefact.path))
                    found.setdefault(next(patterns, artefact.path), []).append((artefact.path, said.characters))
        return tuple(
            AlsoRead(
                path=held[0][0] if len({path for path, _ in held}) == 1 else pattern,
                rules=len(held),
                characters=sum(characters for _, characters in held),
            )
            for pattern, held in found.items()
        )

    def part(self, artefact: Artefact, rule_id: str) -> str:
        """What of a shared file is one rule's."""
        known = self._parts.get(id(artefact))
        if known is None:
            known = self._parts[id(artefact)] = _parts(artefact, self.rules)
        return known.get(rule_id, "")

    def _reach(self, rule: Rule, carriers: Sequence[Artefact]) -> Reach:
        target = self.target
        excluded = "" if rule.for_editor(target.name) else _excluded(rule, target.name)
        own = self.own.get(rule.id, [])
        if own and not excluded:
            return _Case(self, rule, own).reach()
        cases = [_Case(self, rule, [artefact], is_carried=True, excluded=excluded) for artefact in carriers]
        if cases:
            return min([case.reach() for case in cases], key=lambda reach: _MOST_FIRST.index(reach.verdict))
        if not excluded and not self.active.get(rule.id, True):
            excluded = f"condition `{rule.when}` is false"
        return _Case(self, rule, []).off(excluded)


def _by_rule(artefacts: Iterable[Artefact]) -> dict[str, list[Artefact]]:
    """The artefacts that hold text, by the ids of the rules in them."""
    found: dict[str, list[Artefact]] = {}
    for artefact in artefacts:
        if not _refers_to(artefact):
            for rule_id in artefact.rule_ids:
                found.setdefault(rule_id, []).append(artefact)
    return found


class _Case:
    """One rule in one editor, in the files that carry it there: its own, or (`is_carried`) one of another editor's.

    `excluded`: why the rule should not reach the editor, which reads that file all the same.
    """

    def __init__(
        self, editor: Editor, rule: Rule, artefacts: Sequence[Artefact], *, is_carried: bool = False,
        excluded: str = "",
    ) -> None:  # fmt: skip
        self.editor = editor
        self.rule = rule
        self.target = editor.target
        self.losses = tuple(editor.losses.get(rule.id, ()))
        self.artefacts = artefacts
        self.is_carried = is_carried
        self.excluded = excluded
        # The files that hold this rule and nothing else: several where a limit split it.
        self.alone = [a for a in artefacts if isinstance(a.ownership, WholeFile) and len(a.rule_ids) == 1]

    def reach(self) -> Reach:
        match self.rule.activation:
            case Always():
                return self._say("always", "always on")
            case ForPaths(globs):
                return self._paths(globs)
            case WhenRelevant(description):
                if self._says("model"):
                    return self._say("model", f"the model decides from “{description}”")
                return self._always("lets no model decide")
            case OnRequest():
                if self.alone:
                    return self._say("manual", "only when a person asks for it by name")
                return self._always("loads nothing on request")

    def off(self, why: str = "") -> Reach:
        """No file that the editor reads holds it: for the reason given, else for the one that its emitter gives."""
        from driven.model.reach import Reach

        if not why:
            way = self.target.ways.get(activation_word(self.rule.activation))
            reasons = [loss.reason for loss in self.losses if loss.kind == "dropped"]
            if way and way.fidelity == "dropped":
                reasons.append(way.words)
            why = f"{self.target.title}: {(reasons or ['no file that is written holds it'])[0]}"
        return Reach(
            rule_id=self.rule.id, editor=self.target.name, verdict="off", why=why, losses=self.losses,
            title=self.editor.titles[self.rule.id],
        )  # fmt: skip

    def _says(self, key: str) -> bool:
        """Whether a file of the rule's own says so: in front matter, or in whatever way the target calls native."""
        way = self.target.ways.get(key)
        native = way is not None and way.fidelity == "native"
        return bool(self.alone) and (native or self.alone[0].text.startswith("---"))

    def _paths(self, globs: Sequence[str]) -> Reach:
        """A file of its own keeps the globs. Any other file has none: it holds below its directory when that is what a
        glob says, and else always."""
        if self._says("paths"):
            return self._globs(globs, self.alone[0])
        path = self.editor.path
        folders = {under_directory(line) for glob in globs for line in expand(glob)}
        nested = [(a, folder) for a in self.artefacts if (folder := _scope(a.path)) and folder in folders]
        if not nested or len(nested) < len(self.artefacts):
            return self._always("has no globs", " under a heading that names them")
        for artefact, folder in nested:
            if path.startswith(folder + "/"):
                return self._say("match", f"`{path}` is below `{folder}/`", artefact)
        names = names_of([f"{folder}/" for _, folder in nested])
        return self._say("no", f"`{path}` is not below {names}", nested[0][0])

    def _globs(self, globs: Sequence[str], own: Artefact) -> Reach:
        dialect = self.target.dialect
        spelled: list[str] = []
        for glob in globs:
            spelled.extend([glob] if dialect.braces and glob in own.text else expand(glob))
        if dialect.anywhere and "*" in spelled:
            return self._say("always", f"{dialect.name or self.target.title} takes a bare `*` for every file", own)
        for pattern in spelled:
            if why := self._match(pattern):
                return self._say("match", why, own, pattern=pattern)
        lone = len(spelled) == 1
        return self._say(
            "no", f"`{spelled[0]}` does not match" if lone else f"none of {names_of(spelled)} matches", own
        )

    def _match(self, pattern: str) -> str:
        """Why the pattern matches, "" when it does not. What the editor reads into it is said, since the rule does
        not say it."""
        dialect, path, root = self.target.dialect, self.editor.path, self.editor.root
        reader = dialect.name or self.target.title
        if Glob(pattern, False, dialect.dot, False, dialect.braces).match(path):
            return f"`{pattern}` matches"
        if dialect.ignore_case and Glob(pattern, True, dialect.dot, False, dialect.braces).match(path):
            return f"{reader} matches `{pattern}` in either case"
        whole = Glob(pattern, dialect.ignore_case, dialect.dot, dialect.anywhere, dialect.braces)
        if whole.match(path):
            return f"{reader} matches `{pattern}` at any depth"
        if not dialect.absolute or not root or not whole.match(f"{root}/{path}"):
            return ""
        names = [*root.split("/"), path]
        begins = Glob(pattern.removeprefix("**/"), dialect.ignore_case, dialect.dot, False, dialect.braces)
        above = [names[at] for at in range(len(names) - 1) if begins.match("/".join(names[at:]))]
        return f"{reader} matches whole paths, and the project lies below `{above[-1] if above else names[0]}/`"

    def _always(self, lack: str, how: str = "") -> Reach:
        file = self.artefacts[0].path
        if self.is_carried:
            return self._say("always", f"{file} {lack}: always on{how}")
        return self._say("always", f"{self.target.title} {lack}: the rule is in {file}{how}")

    def _say(self, verdict: Verdict, why: str, artefact: Artefact | None = None, *, pattern: str = "") -> Reach:
        from driven.model.reach import Reach

        carrier = artefact or self.artefacts[0]
        if self.excluded and verdict != "no":
            why = f"{self.excluded}, but it is in {carrier.path}, which {self.target.title} reads"
        files = self.alone if carrier in self.alone else [carrier]
        is_loaded = verdict in _LOADED
        return Reach(
            rule_id=self.rule.id, editor=self.target.name, verdict=verdict, why=why,
            pattern="" if self.excluded else pattern,
            file=carrier.path,
            losses=self.losses,
            text="".join([self._sent(file) for file in files]) if is_loaded else "",
            largest=max([len(file.text) for file in files]) if is_loaded and not self.is_carried else 0,
            title=self.editor.titles[self.rule.id],
        )  # fmt: skip

    def _sent(self, artefact: Artefact) -> str:
        """Files of its own are sent without their front matter; of a shared one, its part is the rule's."""
        return _body(artefact) if artefact in self.alone else self.editor.part(artefact, self.rule.id)


def _parts(artefact: Artefact, rules: Mapping[str, Rule]) -> dict[str, str]:
    """A shared file, divided among its rules, which stand in it in their order: each part begins at the rule's heading,
    or where the text of the rule before ends."""
    text = artefact.text
    held = [rules[rule_id] for rule_id in artefact.rule_ids if rule_id in rules]
    starts: list[int] = []
    at = 0
    for rule in held:
        heading = re.compile(rf"^#[# \t]*{re.escape(rule.summary.strip())}[# \t]*$", re.MULTILINE).search(text, at)
        starts.append(heading.start() if heading else at)
        at = heading.end() if heading else at
        body = rule.body.replace("\r\n", "\n").strip("\n")
        body = body.partition("\n")[2].strip("\n") if body.startswith("#") else body
        # Of a rule that lost steps to a limit it is not there as a whole: the next heading is looked for from here.
        found = text.find(body, at)
        at = found + len(body) if found >= 0 else at
    ends = [*starts[1:], len(text)]
    return {rule.id: text[start:end] for rule, start, end in zip(held, [0, *starts[1:]], ends, strict=True)}


def _body(artefact: Artefact) -> str:
    text = artefact.text.replace("\r\n", "\n")
    end = text.find("\n---\n", 3) if text.startswith("---\n") else -1
    return text[end + 5 :].removeprefix("\n") if end >= 0 else text


def _excluded(rule: Rule, editor: str) -> str:
    if "-" + editor in rule.targets or "!" + editor in rule.targets:
        return f"targets exclude {editor}"
    return f"targets name only {names_of([name for name in rule.targets if name[:1] not in '-!'], '')}"
