"""Which rules hold for a path in an editor, and why: the answer of `driven explain`."""

from __future__ import annotations

from typing import Literal

from driven.frozen import frozen
from driven.model.artefact import Loss

Verdict = Literal["always", "match", "model", "manual", "no", "off"]
# always  loaded in every conversation
# match   loaded because `pattern` matches the path
# model   offered: the model decides from the description
# manual  only when a person names it
# no      its globs do not match the path
# off     never reaches this editor: excluded by `targets`, its condition is false, or the editor cannot say it


@frozen
class Reach:
    """One rule seen from one editor and one path."""

    rule_id: str
    editor: str
    verdict: Verdict
    why: str
    pattern: str = ""  # the glob that matched, in the editor's own spelling
    file: str = ""  # the emitted file that carries it, "" when none does
    losses: tuple[Loss, ...] = ()
    characters: int = 0  # what the rule adds to the conversation, 0 when it is not loaded
    title: str = ""
