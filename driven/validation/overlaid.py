"""A project as it would be with other rule files: what `driven validate --fix` asks before it writes."""

from __future__ import annotations

from driven.format.text import parse_rule, rule_id_for
from driven.frozen import replace
from driven.model.rule import RuleSet
from driven.project.sources import RULES
from driven.resolve import unknown_targets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from driven.validation.validate import Loaded

NAMES = ("RUL23", "RUL24")  # said of a file's name: for as long as it stands there, whatever it holds


def reread(loaded: Loaded, overlay: Mapping[str, bytes | None]) -> Loaded:
    """`loaded` with the rules of `overlay` (path -> bytes, None: gone) and what there is to say of them.

    What plugins and plans say is not asked anew: it hangs on all rules together.
    """
    named = {told.span.path for told in loaded.diagnostics if told.code in NAMES and overlay.get(told.span.path)}
    diagnostics = [
        told
        for told in loaded.diagnostics
        if told.span.path not in overlay or (told.span.path in named and told.code in NAMES)
    ]
    managed = loaded.managed
    if managed is None:
        return replace(loaded, diagnostics=diagnostics)
    rules = [rule for rule in managed.rules if rule.span.path not in overlay]
    ids = {rule.id for rule in rules}
    made = []
    for path, data in sorted(overlay.items()):
        if data is None or path in named or not path.startswith(RULES + "/") or not path.endswith(".md"):
            continue
        rule, found = parse_rule(data, path=path, rule_id=rule_id_for(path.removeprefix(RULES + "/")))
        diagnostics += found
        if rule is not None and rule.id not in ids:
            ids.add(rule.id)
            made.append(rule)
    diagnostics += unknown_targets(made, loaded.plugins.emitters)
    rules = list(RuleSet.of([*rules, *made]))
    return replace(loaded, diagnostics=diagnostics, rules=len(rules), managed=replace(managed, rules=tuple(rules)))
