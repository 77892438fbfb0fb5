"""A project as it would be with other rule files: what `driven validate --fix` asks before it writes."""

from __future__ import annotations

from driven.format.text import parse_rule, rule_id_for
from driven.frozen import replace
from driven.model.rule import RuleSet
from driven.project.config import CONFIG
from driven.project.config_text import read_text
from driven.project.sources import RULES
from driven.resolve import unknown_targets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from driven.model.diagnostic import Diagnostic
    from driven.model.rule import Rule
    from driven.registry import Registry
    from driven.validation.validate import Loaded

NAMES = ("RUL23", "RUL24")  # said of a file's name: for as long as it stands there, whatever it holds


def reread(loaded: Loaded, overlay: Mapping[str, bytes | None]) -> Loaded:
    """`loaded` with the rules of `overlay` (path -> bytes, None: gone) and what there is to say of them.

    What plugins and plans say is not asked anew: it hangs on all rules together.
    """
    managed = loaded.managed
    if managed is None:
        return replace(loaded, diagnostics=_without(loaded.diagnostics, overlay)[0])
    rules, diagnostics = reread_rules(managed.rules, loaded.diagnostics, loaded.plugins, overlay)
    return replace(
        loaded, diagnostics=diagnostics, rules=len(rules), managed=replace(managed, rules=tuple(rules))
    )  # fmt: skip


def reread_rules(
    before: Iterable[Rule], told: Sequence[Diagnostic], plugins: Registry, overlay: Mapping[str, bytes | None]
) -> tuple[RuleSet, list[Diagnostic]]:
    """The rules `before` with those of `overlay`, and the findings `told` with what there is to say of these."""
    diagnostics, named = _without(told, overlay)
    rules = [rule for rule in before if rule.span.path not in overlay]
    ids = {rule.id for rule in rules}
    made = []
    for path, data in sorted(overlay.items()):
        if data is None or path in named or not path.startswith(RULES + "/") or not path.endswith(".md"):
            continue
        rule_id = rule_id_for(path.removeprefix(RULES + "/"))
        if not rule_id:
            continue
        rule, found = parse_rule(data, path=path, rule_id=rule_id)
        diagnostics += found
        if rule is not None and rule.id not in ids:
            ids.add(rule.id)
            made.append(rule)
    diagnostics += unknown_targets(made, plugins.emitters)
    config = overlay.get(CONFIG)
    if config is not None:
        options = {name: emitter.target.allowed for name, emitter in plugins.emitters.items()}
        diagnostics += read_text(config, CONFIG, options)[1]
    return RuleSet.of([*rules, *made]), diagnostics


def _without(told: Sequence[Diagnostic], overlay: Mapping[str, bytes | None]) -> tuple[list[Diagnostic], set[str]]:
    """What is said of other files than those of `overlay`, and of the names of these; and whose names are wrong."""
    named = {one.span.path for one in told if one.code in NAMES and overlay.get(one.span.path)}
    kept = [
        one for one in told if one.span.path not in overlay or (one.span.path in named and one.code in NAMES)
    ]  # fmt: skip
    return kept, named
