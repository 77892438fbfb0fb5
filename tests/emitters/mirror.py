"""An emitter and its importer, held against each other with one rule: what the tests of several editors ask."""

from __future__ import annotations

from dataclasses import dataclass

from driven.hookspecs import Emitter, Importer, SourceFile
from driven.model.artefact import Artefact, Settings
from driven.model.rule import Rule
from driven_emitters import agents, aider, claude, cline, copilot, cursor, windsurf

EMITTERS: dict[str, Emitter] = {
    module.__name__.rpartition(".")[2]: module.driven_emitters()[0]  # type: ignore[index]
    for module in (agents, aider, claude, cline, copilot, cursor, windsurf)
}


@dataclass
class Mirror:
    """`path` is where the editor has a rule that is named `rule`."""

    emitter: Emitter
    importer: Importer
    path: str

    def imported(self, text: str | bytes, path: str = "") -> tuple[Rule, list[str]]:
        """The rule in one file and the codes of what was found."""
        data = text.encode() if isinstance(text, str) else text
        found = self.importer.read([SourceFile(path=path or self.path, data=data)])
        return found.rules[0], [item.code for item in found.diagnostics]

    def emitted(self, rule: Rule) -> Artefact:
        """The one artefact of the rule."""
        (artefact,) = self.emitter.emit([rule], Settings()).artefacts
        return artefact

    def edited(self, rule: Rule, old: str, new: str) -> Rule:
        """The rule after `old` became `new` in its file."""
        artefact = self.emitted(rule)
        assert old in artefact.text
        back = self.importer.read_back(rule, artefact.path, artefact.text.replace(old, new, 1))
        assert back.rule is not None, back
        return back.rule
