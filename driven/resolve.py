"""Which rules an editor gets, and which names in them are none. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from driven.model.diagnostic import Diagnostic
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
                found.append(
                    Diagnostic(
                        code=UNKNOWN_TARGET,
                        severity="warning",
                        message=f"`targets` names `{name}`, and no editor is called that",
                        span=_place(rule, "targets", name),
                        hint=f"did you mean `{near}`?" if near else f"the editors are {names_of(known)}",
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


def names_of(names: Sequence[str], quote: str = "`") -> str:
    """`a`, `b` and `c`; of a long list the first few and how many more."""
    shown = [f"{quote}{name}{quote}" for name in names[:5]]
    if len(names) > 5:
        shown.append(f"{len(names) - 5} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
