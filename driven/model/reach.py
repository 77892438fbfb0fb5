"""Which rules hold for a path in an editor, and why: the answer of `driven explain`."""

from __future__ import annotations

from typing import Literal

from driven.frozen import field, frozen
from driven.model.artefact import Loss

Verdict = Literal["always", "match", "model", "manual", "no", "off"]
# always  loaded in every conversation
# match   loaded because `pattern` matches the path
# model   offered: the model decides from the description
# manual  only when a person names it
# no      its globs do not match the path
# off     never reaches this editor: excluded by `targets`, its condition is false, or no file holds it


@frozen
class Reach:
    """One rule seen from one editor and one path."""

    rule_id: str
    editor: str
    verdict: Verdict
    why: str
    pattern: str = ""  # the glob that matched, in the editor's own spelling
    file: str = ""  # the emitted file that carries it, perhaps another editor's; "" when none does
    losses: tuple[Loss, ...] = ()
    text: str = field(default="", repr=False)  # what of it is in the conversation, "" when it is not loaded
    largest: int = 0  # characters, front matter included, of the biggest file of the editor's own that carries it
    title: str = ""

    @property
    def characters(self) -> int:
        """What the rule adds to the conversation, 0 when it is not loaded."""
        return len(self.text)


@frozen
class AlsoRead:
    """Rules that an editor loads a second time, or though they are not meant for it, from files of other editors.

    `path` is the file, or the glob of several; `characters` is what the `rules` add to the conversation there.
    """

    path: str
    rules: int
    characters: int
