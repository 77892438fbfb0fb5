"""Which rules an editor gets, and which names in them are none. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from driven.model.diagnostic import Diagnostic, Fix, TextEdit
from driven.model.rule import Rule
from driven.span import Span

UNKNOWN_TARGET = "RUL40"


def select(rules: Iterable[Rule], editor: str, active: Mapping[str, bool]) -> tuple[Rule, ...]:
    """The rules that go to `editor`, in their order: its name is in their `targets` and their condition is true.

    `active` maps a rule's id to what its condition came to; a rule that is not in it has none.
    """
    return tuple(
        [rule for rule in rules if (not rule.targets or rule.for_editor(editor)) and active.get(rule.id, True)]
    )


def unknown_targets(rules: Iterable[Rule], editors: Iterable[str]) -> list[Diagnostic]:
    """A warning for each name in a rule's `targets` that is none of `editors`: it changes nothing here."""
    known = sorted(editors)
    found: list[Diagnostic] = []
    for rule in rules:
        for name in dict.fromkeys(target.lstrip("-!") for target in rule.targets):
            if name not in known:
                near = closest(name, known)
                span = _place(rule, "targets", name)
                found.append(
                    Diagnostic(
                        code=UNKNOWN_TARGET,
                        severity="warning",
                        message=f"`targets` names `{name}`, and no editor is called that",
                        span=span,
                        hint=f"did you mean `{near}`?" if near else f"the editors are {names_of(known)}",
                        fix=_change(span, name, near),
                        rule_id=rule.id,
                    )
                )
    return found


def _change(span: Span, word: str, meant: str) -> Fix | None:
    from difflib import SequenceMatcher

    if not meant or not span.end_line or SequenceMatcher(None, word, meant).ratio() < 0.75:
        return None
    return Fix(title=f"Change to `{meant}`", edits=(TextEdit(span=span, text=meant),), safe=False)


def _place(rule: Rule, key: str, word: str) -> Span:
    """Where `word` stands below `key` in the rule's front matter; the rule itself where that cannot be told."""
    inside = False
    for number, line in enumerate(rule.source.front.splitlines(), 1):
        start = 0
        if line[:1] not in (" ", "\t", "-", ""):
            inside = line.startswith(key)
            start = len(key)
        at = _find_name(line.partition(" #")[0], word, start) if inside else -1
        if at >= 0:
            return Span(path=rule.span.path, line=number, column=at + 1, end_line=number, end_column=at + 1 + len(word))
    return rule.span


def _find_name(line: str, name: str, start: int) -> int:
    """Where a name stands as a whole: `curs` is not in `cursor`, nor in `x-curs`, but in `-curs`; -1 for nowhere."""
    at = line.find(name, start)
    while at >= 0:
        before = line[start:at].rstrip("-")[-1:]
        after = line[at + len(name) : at + len(name) + 1]
        if not before.isalnum() and not after.isalnum() and after != "-":
            return at
        at = line.find(name, at + 1)
    return -1


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, `""` for none."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word[:64], list(known), 1, 0.6)), "")


def names_of(names: Sequence[str], quote: str = "`") -> str:
    """`a`, `b` and `c`; of a long list the first few and how many more."""
    shown = [f"{quote}{name}{quote}" for name in names[:5]]
    if len(names) > 5:
        shown.append(f"{len(names) - 5} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
