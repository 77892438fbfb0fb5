"""The three-way merge of hand edits into their rules: its speed, and that it is linear in lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from driven import __version__
from driven.benchmarks.measure import PYTHON, Bench, Benchmark, Figures, against, compare, scaled
from driven.benchmarks.samples import long_rules
from driven.merging import merge_rule
from driven.model.activation import ForPaths
from driven.model.rule import Rule

RULES = 200
TIMES = 10  # as long, for the row that is to show a straight line

_Sides = tuple[Rule, Rule, Rule]  # the rule today, as it was written to an editor, as it stands there now


def _edited(rule: Rule, at: int) -> Rule:
    """A hand edit of one line, and a new glob."""
    lines = rule.body.split("\n")
    lines[at] += " And say why."
    globs = rule.activation.globs if isinstance(rule.activation, ForPaths) else ()
    return replace(rule, body="\n".join(lines), activation=ForPaths((*globs, f"more/{at}/**")))


def _sides(rules: Sequence[Rule]) -> list[_Sides]:
    """Each rule with an edit near its end, the file of an editor with one near its beginning."""
    sides = [(_edited(rule, rule.body.count("\n") - 9), rule, _edited(rule, 8)) for rule in rules]
    for now, before, after in sides:
        found = merge_rule(now, before, after)
        assert not found.overlaps and found.rule.body.count(" And say why.") == 2
    return sides


def _work(sides: Sequence[_Sides]) -> None:
    for now, before, after in sides:
        merge_rule(now, before, after)


def _rules(bench: Bench) -> Figures:
    """Against the two comparisons that any three-way merge over difflib begins with."""
    sides = _sides(list(long_rules(RULES)))
    texts = [[rule.body.split("\n") for rule in three] for three in sides]

    def theirs() -> None:
        for now, before, after in texts:
            SequenceMatcher(None, before, now).get_opcodes()
            SequenceMatcher(None, before, after).get_opcodes()

    return against(bench, ">=", lambda: _work(sides), theirs, f"difflib, two comparisons alone ({PYTHON})")


def _long(bench: Bench) -> Figures:
    rules = list(long_rules(2 * TIMES))
    short = _sides(rules[:2])
    body = "".join([f"{rule.body.rstrip()}\n\n# Part {number}\n\n" for number, rule in enumerate(rules)])
    parts = [replace(rules[0], body=body[: len(body) // 2]), replace(rules[1], body=body[len(body) // 2 :])]
    long = _sides(parts)
    lines = [sum(rule.body.count("\n") for _, rule, _ in sides) for sides in (long, short)]
    seconds, ratio = compare(lambda: _work(long), lambda: _work(short), bench.rounds)
    value, unit = scaled(seconds)
    return Figures(value, unit, ratio * lines[1] / lines[0], f"per line, a tenth of it (driven {__version__})")


BENCHMARKS = (
    Benchmark(
        "merge/200", f"hand edits of {RULES} files merged into their rules of 3.3 KB", ">=", 1.5, 9, _rules
    ),
    Benchmark("merge/long", "hand edits of two files of 33 KB, merged", "<=", 1.5, 25, _long),
)  # fmt: skip
