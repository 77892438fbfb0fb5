"""Rules of several editors that say the same become one rule; those that nearly do are named. Pure.

What a person wrote is not to change by it: a rule is joined only in a form from which every editor that holds it gets
its own file back, byte for byte. Where there is none, the rules stay apart, each for its own editors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from itertools import islice, product
from typing import Literal

from driven.core._rt import FormatError
from driven.core.globs import plain_first
from driven.frozen import field, frozen, record, replace
from driven.model.activation import Activation, ForPaths, activation_word
from driven.model.rule import Rule, Value
from driven.plugin_kit import body_text

Fate = Literal["same", "other", "elsewhere"]
# What a sync makes of the file that a rule was read from:
# same       it writes those very bytes there
# other      it writes something else there
# elsewhere  it writes nothing there
Judge = Callable[[Rule, "Member"], Fate]
Touches = Callable[[Rule, str], bool]
"""(rule, editor) -> whether writing the rule for that editor would change one of the files that were read."""

_TRIES = 32  # forms that are tried for one rule: bodies x activations x descriptions


@frozen(kw_only=False)
class Member:
    """A rule as one editor's file says it. `own` is what its importer put into `targets`, `natives` the editors that
    read that very file by themselves."""

    editor: str
    path: str
    rule: Rule
    data: bytes = b""
    natives: tuple[str, ...] = ()


@record
class Joined:
    """One rule, and what it was made of."""

    rule: Rule
    members: list[Member] = field(default_factory=list)

    @property
    def editors(self) -> list[str]:
        """Those that hold it."""
        return list(dict.fromkeys(member.editor for member in self.members))


def text_key(body: str) -> str:
    """What of a body counts: not its line ends, the blank lines around it, nor the scheme of Cursor's links."""
    return body_text(body.replace("](mdc:", "](")).strip("\n")


def activation_key(activation: Activation) -> object:
    """Equal for activations that mean the same, whatever the order and the braces of their globs."""
    if not isinstance(activation, ForPaths):
        return activation
    try:
        return frozenset(plain_first(list(activation.globs)))
    except FormatError:
        return frozenset(activation.globs)


def says(rule: Rule) -> tuple[str, object]:
    """Equal for two rules that say the same. One without text is like no other but one of its name."""
    return text_key(rule.body) or f"\0{rule.id}", activation_key(rule.activation)


def join(
    members: Sequence[Member], judge: Judge, touches: Touches, enabled: Iterable[str], known: Iterable[str] = ()
) -> list[Joined]:
    """The rules that `members` make, in the order of their ids: joined, named, with `targets` where there are several
    editors. `judge` is asked for what a sync would do to a member's file; `enabled` are the editors that it writes for,
    none for all that there are; `known` the ids of rules that are there already."""
    before = {member: _fate(judge, member) for member in members}
    groups: dict[tuple[str, object], list[Member]] = {}
    for member in members:
        groups.setdefault(says(member.rule), []).append(member)
    made: list[Joined] = []
    for group in groups.values():
        for bunch in _bunches(group, before):
            made += _make(bunch, judge, before)
    order = list(dict.fromkeys(member.editor for member in members))
    _name(made, order, known)
    wanted = set(enabled) or set(order)
    holding = [name for name in order if name in wanted]
    others = sorted(wanted - {*order})
    for joined in made:
        joined.rule = _settled(joined, judge, before)
        joined.rule = replace(joined.rule, targets=_targets(joined, holding, others, touches))
    return sorted(made, key=lambda joined: joined.rule.id)


def _fate(judge: Judge, member: Member) -> Fate:
    return judge(member.rule, member)


def _bunches(group: Sequence[Member], before: Mapping[Member, Fate]) -> list[list[Member]]:
    """The members that can be one rule: of one editor only one whose file a sync writes, those of one name together."""
    bunches: list[list[Member]] = []
    for member in group:
        written = before[member] != "elsewhere"
        free = [
            bunch
            for bunch in bunches
            if not (written and any(m.editor == member.editor and before[m] != "elsewhere" for m in bunch))
        ]
        free.sort(key=lambda bunch: all(m.rule.id != member.rule.id for m in bunch))
        if free:
            free[0].append(member)
        else:
            bunches.append([member])
    return bunches


def _make(bunch: list[Member], judge: Judge, before: Mapping[Member, Fate]) -> list[Joined]:
    """One rule for the bunch; where no form of it leaves every file as it is, one for each part of the bunch that has
    such a form, as few as come of taking the members in turn: each goes to the first part that bears it."""
    if (whole := _one(bunch, judge, before)) is not None:
        return [whole]
    forms: dict[object, list[Member]] = {}
    for member in bunch:
        rule = member.rule
        forms.setdefault((rule.body, rule.activation, rule.description), []).append(member)
    made: list[Joined] = []
    for form in forms.values():
        # A thousand files with one form are one step, not a thousand.
        together = _one(form, judge, before) if len(forms) > 1 else None
        for part in [form] if together is not None else [[member] for member in form]:
            for at, joined in enumerate(made[:_TRIES]):
                if (more := _one([*joined.members, *part], judge, before)) is not None:
                    made[at] = more
                    break
            else:
                made.append(together or Joined(part[0].rule, part))
    return made


def _one(bunch: list[Member], judge: Judge, before: Mapping[Member, Fate]) -> Joined | None:
    """The bunch as one rule, in the first form that leaves every file as it is; None when there is none."""
    extra: dict[str, dict[str, Value]] = {}
    for member in bunch:
        for editor, held in member.rule.extra.items():
            extra.setdefault(editor, {}).update({k: v for k, v in held.items() if k not in extra.get(editor, {})})
    first = bunch[0].rule
    bodies = dict.fromkeys(member.rule.body for member in bunch)
    activations = dict.fromkeys(member.rule.activation for member in bunch)
    about = sorted(dict.fromkeys(member.rule.description for member in bunch), key=lambda text: -len(text))
    changes = {
        name: next((value for m in bunch if (value := getattr(m.rule, name)) != getattr(_PLAIN, name)), None)
        for name in ("kind", "category", "priority", "tags", "when")
    }
    plain = replace(first, extra=extra, **{name: value for name, value in changes.items() if value is not None})
    placed = {member.editor: member for member in bunch if before[member] != "elsewhere"}
    for body, activation, description in islice(product(bodies, activations, about), _TRIES):
        rule = replace(plain, body=body, activation=activation, description=description)
        rule = _with_paths(rule, placed.values())
        if all(_holds(before[member], judge(rule, member)) for member in reversed(bunch)):
            return Joined(replace(rule, extra=extra), list(bunch))
    return None


_PLAIN = Rule(id="x", body="")


def _holds(before: Fate, after: Fate) -> bool:
    """Whether a file is no worse off: what came back as it was still does, and nothing is written over it anew."""
    return before == "other" or after == before


def _with_paths(rule: Rule, members: Iterable[Member]) -> Rule:
    """The rule with the memory of where each member's file stands."""
    extra = {editor: dict(held) for editor, held in rule.extra.items()}
    for member in members:
        extra.setdefault(member.editor, {})["$path"] = member.path
    return replace(rule, extra=extra)


def _name(made: list[Joined], order: Sequence[str], known: Iterable[str]) -> None:
    """Give each rule an id of its own: the name that most of its files have, the shortest of several; of rules with one
    name the one that most editors hold keeps it, the others add their editor's. `known` are ids of rules that are there
    already: one of them is for them, and no id is to give the same file names as another."""
    proposals: dict[str, list[tuple[str, Joined]]] = {}
    for joined in made:
        names = Counter(member.rule.id for member in joined.members)
        best = min(names, key=lambda name: (-names[name], len(name), name))
        proposals.setdefault(slug(best), []).append((best, joined))
    taken = {slug(name): name for name in known}
    late: list[tuple[str, Joined]] = []
    for rivals in proposals.values():
        rivals.sort(key=lambda rival: (-len(rival[1].editors), order.index(rival[1].editors[0])))
        for at, (name, joined) in enumerate(rivals):
            if at == 0 and taken.setdefault(slug(name), name) == name:
                joined.rule = replace(joined.rule, id=name)
                continue
            editor = joined.editors[0]
            late.append((name if editor in rivals[0][1].editors else f"{name}-{editor}", joined))
    for name, joined in late:
        rule_id = free_id(name, taken)
        taken[slug(rule_id)] = rule_id
        joined.rule = replace(joined.rule, id=rule_id)


def slug(rule_id: str) -> str:
    """What file names are made of: two ids with one slug would give one file."""
    return rule_id.replace("/", "-")


def free_id(name: str, taken: Container[str]) -> str:
    """`name`, or with the first number that makes a slug which is not `taken`."""
    rule_id, number = name, 1
    while slug(rule_id) in taken:
        number += 1
        rule_id = f"{name}-{number}"
    return rule_id


def rename(joined: Joined, rule_id: str, judge: Judge) -> None:
    """Call the rule `rule_id`; every member keeps its file."""
    before = {member: _fate(judge, member) for member in joined.members}
    joined.rule = replace(joined.rule, id=rule_id)
    joined.rule = _settled(joined, judge, before)


def _settled(joined: Joined, judge: Judge, before: Mapping[Member, Fate]) -> Rule:
    """The rule under its final id, with `$path` for those editors that would not find their file without it."""
    rule = joined.rule
    for member in joined.members:
        if not _holds(before[member], judge(rule, member)):
            there = _with_paths(rule, [member])
            if _holds(before[member], judge(there, member)):
                rule = there
    return rule


def _targets(joined: Joined, order: Sequence[str], others: Sequence[str], touches: Touches) -> tuple[str, ...]:
    """The editors that hold the rule, unless all do, and `others`, which have no files yet and are to get everything;
    those that have the text by themselves are named with a `-`.

    Where none that holds it is written for (it is switched off, or takes the file in), the rule is for all others, but
    for those that would get it into a file of a person's that was read.
    """
    own = [target for member in joined.members for target in member.rule.targets]
    native = [f"-{name}" for member in joined.members for name in member.natives]
    holders = [m.editor for m in joined.members if not m.rule.targets and m.editor in order]
    without = [name for name in dict.fromkeys([*own, *native]) if name[1:] not in holders]
    if not holders:
        free = replace(joined.rule, targets=tuple(without))
        mine = [name for name in order if free.for_editor(name) and touches(free, name)]
        return (*without, *(f"-{name}" for name in mine))
    if {*holders, *(name[1:] for name in without)}.issuperset(order):
        return tuple(without)
    new = [name for name in others if not touches(joined.rule, name)]
    return (*(name for name in order if name in holders), *new)


# Rules that are nearly one

ALIKE = 0.9  # the share of words, each as often as it stands there, that two texts have in common
_WORDS = 4_000  # words of a text that are looked at
_POSTED = 64  # texts that are kept for one rare word
_COMPARED = 8  # texts that are compared with one: those that share most of its rare words


def how_they_differ(one: Rule, two: Rule) -> str:
    """Why two rules with one text, or nearly so, are not one rule."""
    if text_key(one.body) != text_key(two.body):
        return "nearly the same text"
    if activation_key(one.activation) != activation_key(two.activation):
        words = [activation_word(rule.activation) for rule in (one, two)]
        kinds = f": `{words[0]}` and `{words[1]}`" if words[0] != words[1] else ""
        return f"the same text, and hold for different things{kinds}"
    if one.description != two.description:
        return "the same text, but not one description"
    return "the same text, but for line ends or the blank lines around it"


def alike(rules: Sequence[tuple[Rule, Iterable[str]]]) -> dict[str, str]:
    """Rule id -> the id of an earlier rule (before it in `rules`) with nearly the same text. Rules that an editor holds
    both of are a person's own doing. In time, about linear: only texts that share rare words are compared."""
    import re

    counts = [Counter(re.findall(r"\w+", text_key(rule.body))[:_WORDS]) for rule, _ in rules]
    spread = Counter(word for words in counts for word in words)
    holders = [set(editors) for _, editors in rules]
    index: dict[tuple[str, int], list[int]] = {}
    found: dict[str, str] = {}
    for at, (rule, _) in enumerate(rules):
        size = counts[at].total()
        words = sorted((spread[word], word, n) for word, times in counts[at].items() for n in range(times))
        # Two texts that are alike share at least 0.82 of either, and so a word among the 0.18 that are rarest.
        least = size * ALIKE / (2 - ALIKE)
        head = [(word, n) for _, word, n in words[: size - int(least) + 1]]
        near = Counter(other for key in head for other in index.get(key, ()))
        for other, _ in near.most_common(_COMPARED):
            common = (counts[at] & counts[other]).total()
            if 2 * common >= ALIKE * (size + counts[other].total()) and not holders[at] & holders[other]:
                found[rule.id] = rules[other][0].id
                break
        for key in head:
            posting = index.setdefault(key, [])
            if len(posting) < _POSTED:
                posting.append(at)
    return found
