"""A release: the rules and the other files of one moment, as one value with one digest. What is streamed are releases.

A rule file that is read and written back byte for byte travels as a rule; everything else as the bytes that it is.
"""

from __future__ import annotations

from driven.errors import SourceError
from driven.format.drv import fault
from driven.format.rules_json import from_json, to_json
from driven.format.text import BOM, parse_rule, render_rule, rule_id_for
from driven.frozen import field, frozen, replace
from driven.model.rule import Rule, RuleSet
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Known = dict[str, tuple[bytes, Rule | None]]
    """Path -> the bytes that were read there last and the rule in them."""

FOLDER, SUFFIX = "rules/", ".md"
NOWHERE = Span(path="")
DOMAIN = b"driven release 1\n"
BODILESS = "x"  # the id that a rule has in its head: a head says all but the id, the text and the place


@frozen
class Release:
    """Rules, and the files (path -> content) that are no rules. Where a rule lies on a disk is no part of it: the rule
    `a/b` is the file `rules/a/b.md` of the release."""

    rules: RuleSet = RuleSet()
    files: Mapping[str, bytes] = field(default_factory=dict, hash=False)
    _kept: dict[str, tuple[Rule, bytes]] = field(default_factory=dict, compare=False, repr=False)
    _whole: list[tuple[RuleSet, object, bytes]] = field(default_factory=list, compare=False, repr=False)

    @property
    def digest(self) -> bytes:
        """32 bytes of BLAKE3: the same for the same rules, written in the same way, and the same files."""
        if not self._whole or self._whole[0][0] is not self.rules or self._whole[0][1] is not self.files:
            from blake3 import blake3

            whole = blake3(DOMAIN)
            for rule in self.rules:
                whole.update(_counted(rule.id.encode()) + self.content(rule))
            whole.update(b"\0" * 4)
            for path in sorted(self.files):
                whole.update(_counted(_encoded(path)) + blake3(self.files[path]).digest())
            self._whole[:] = [(self.rules, self.files, whole.digest())]
        return self._whole[0][2]

    def content(self, rule: Rule) -> bytes:
        """32 bytes of BLAKE3 over all of a rule but its id. SourceError for one that breaks the model."""
        known = self._kept.get(rule.id)
        if known is None or known[0] is not rule:
            from blake3 import blake3

            body = _encoded(rule.body)
            known = self._kept[rule.id] = (rule, blake3(_counted(head_of(rule)) + body).digest())
        return known[1]

    def after(self, before: Release | None) -> Release:
        """This one; what it shares with `before` is not hashed again."""
        if before is not None:
            for rule_id, known in before._kept.items():
                self._kept.setdefault(rule_id, known)
        return self


def release_of(files: Mapping[str, bytes], known: Known | None = None) -> Release:
    """The release of the files of a pack or a project (path -> content). With `known`, which the caller keeps from one
    call to the next, what has the same bytes is not read again."""
    rules: list[Rule] = []
    rest: dict[str, bytes] = {}
    for path in sorted(files):
        data = files[path]
        before = known.get(path) if known is not None else None
        rule = before[1] if before is not None and before[0] == data else _rule_in(path, data)
        if known is not None:
            known[path] = data, rule
        if rule is None:
            rest[path] = data
        else:
            rules.append(rule)
    if known is not None:
        for path in known.keys() - files.keys():
            del known[path]
    return Release(rules=RuleSet.of(rules), files=rest)


def files_of(release: Release) -> dict[str, bytes]:
    """The files of a release: what `release_of` was given. SourceError where a file and a rule have one path."""
    files = {path_of(rule.id): render_rule(rule) for rule in release.rules}
    for path, data in release.files.items():
        if path in files:
            raise SourceError(f"`{path}` is a rule and a file", hint="ask for all of it anew")
        files[path] = data
    return dict(sorted(files.items()))


def path_of(rule_id: str) -> str:
    """The path of a rule in its release."""
    return f"{FOLDER}{rule_id}{SUFFIX}"


def _rule_in(path: str, data: bytes) -> Rule | None:
    """The rule in a file; None where it would not be written back byte for byte."""
    if not path.startswith(FOLDER) or not path.endswith(SUFFIX):
        return None
    rule_id = path[len(FOLDER) : -len(SUFFIX)]
    if rule_id_for(rule_id) != rule_id:
        return None
    rule, _ = parse_rule(data, path=path, rule_id=rule_id)
    if rule is None or fault(rule):
        return None
    as_read = (BOM if rule.source.bom else b"") + (rule.source.front + rule.body).encode()
    if as_read != data:
        return None
    rule = replace(rule, span=NOWHERE)
    try:
        head_of(rule)
    except SourceError:  # `extra` holds what no JSON can say
        return None
    return rule


# What travels of a rule: its head, which is JSON, and its text


def head_of(rule: Rule) -> bytes:
    """All of a rule but its id, its text and its place: one canonical line of JSON, as `driven convert` writes it."""
    return _encoded(to_json(RuleSet((replace(rule, id=BODILESS, body="", span=NOWHERE),))))


def with_head(rule: Rule, head: bytes) -> Rule:
    """A rule with the id and the text of `rule`, and this head. SourceError for what is none."""
    return replace(_one(from_json(head.decode())), id=rule.id, body=rule.body, span=NOWHERE)


def _one(rules: RuleSet) -> Rule:
    if len(rules) != 1:
        raise SourceError("a head of a rule is one rule", hint="ask for all of it anew")
    return rules.rules[0]


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise SourceError("half of a surrogate pair is no character", hint="correct the rule") from None


def _counted(data: bytes) -> bytes:
    return len(data).to_bytes(4, "little") + data
