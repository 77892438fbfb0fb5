"""Lists of globs: what they stand for without braces, and an edit of one merged into another."""

from __future__ import annotations

from collections.abc import Sequence


def merge_globs(now: Sequence[str], before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    """`now` without the globs that `after` lacks and with those it adds, in their order. Braces count as what they
    stand for, and stay where all of that stays. Empty where both sides put different globs in one's place, or none is
    left."""
    was, wanted, ours = expanded(before), expanded(after), expanded(now)
    removed = {glob for glob in was if glob not in wanted}
    added = {glob for glob in wanted if glob not in was}
    if not removed and not added:
        return tuple(after) if list(now) == list(before) else tuple(now)
    gone = {glob for glob in was if glob not in ours}
    new = {glob for glob in ours if glob not in was}
    if removed & gone and added - new and new - added:
        return ()
    result: list[str] = []
    for glob in now:
        parts = list(expanded([glob]))
        left = [part for part in parts if part not in removed]
        result += [glob] if len(left) == len(parts) else left
    places = {part: glob for glob in result for part in expanded([glob])}
    at = 0
    for glob in after:
        parts = list(expanded([glob]))
        missing = [part for part in parts if part in added and part not in places]
        if missing:
            missing = [glob] if len(missing) == len(parts) else missing
            result[at:at] = missing
            at += len(missing)
        elif parts[0] in places:
            at = result.index(places[parts[0]]) + 1
    if expanded(result).keys() == wanted.keys():  # then the order is the edited file's
        order = {part: at for at, part in enumerate(wanted)}
        result.sort(key=lambda glob: min([order[part] for part in expanded([glob])]))
    return tuple(result)


def expanded(globs: Sequence[str]) -> dict[str, None]:
    """The patterns without braces, in order."""
    from driven.core._rt import FormatError
    from driven.core.globs import expand

    found: dict[str, None] = {}
    for glob in globs:
        try:
            found |= dict.fromkeys(expand(glob))
        except FormatError:  # a rule that was built by hand
            found[glob] = None
    return found
