"""A grammar that changes while somebody uses it: built anew, looked at, and put in place by one assignment.

Who took the old one keeps it whole: a command in flight never sees half of a change. A plugin that asks for more than
it was granted is held back until somebody grants that; one that cannot be built changes nothing.
"""

from __future__ import annotations

import threading

from driven.errors import DrivenError
from driven.frozen import field, frozen
from driven.grammar.powers import widest
from driven.grammar.to_mcp import tools
from driven.trust.capability import Capability, CapabilityManifest, difference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from driven.grammar.command import Command


@frozen
class Grammar:
    """The commands of one moment. `owners`: the plugin of each command that is one's, by the command's name."""

    commands: tuple[Command, ...]
    owners: dict[str, str] = field(default_factory=dict)

    def tools(self) -> dict[str, tuple[str, Command]]:
        """Name of a tool -> (words, command)."""
        return tools(self.commands)

    def owner(self, words: str) -> str:
        """The plugin of a command, "" where it is built in."""
        return self.owners.get(words.partition(" ")[0], "")

    def asked(self) -> dict[str, CapabilityManifest]:
        """What each plugin asks for: all capabilities of all its commands."""
        found: dict[str, list[Capability]] = {}
        for command in self.commands:
            owner = self.owners.get(command.name)
            if owner:
                for verb in command.verbs or (command,):
                    found.setdefault(owner, []).extend(widest(verb).capabilities)
        return {owner: CapabilityManifest(capabilities=tuple(dict.fromkeys(all_))) for owner, all_ in found.items()}


class Live:
    """The grammar of now. `build` makes it, and may raise DrivenError; `stamp` is a value that changes when what it is
    built of does. What the plugins ask for at the first build is granted: whoever began the session installed them."""

    def __init__(self, build: Callable[[], Grammar], stamp: Callable[[], Any]) -> None:
        self._build = build
        self._stamp = stamp
        self._lock = threading.Lock()
        self._seen = stamp()  # before it is built: a change meanwhile is seen by the next look
        self.current = build()
        self.granted = self.current.asked()
        self.withheld: dict[str, tuple[Capability, ...]] = {}  # what each plugin asks for beyond what it was granted
        self.problem = ""  # why the last change was not taken

    def refresh(self) -> bool:
        """Look whether something changed, and take it up. Whether the grammar is another now."""
        with self._lock:
            seen = self._stamp()
            if seen == self._seen:
                return False
            self._seen = seen
            try:
                made = self._build()
            except DrivenError as error:
                self.problem = str(error)
                return False
            self.problem = ""
            same = made == self.current
            self.withheld = self._beyond(made)
            self.current = made
            return not same

    def _beyond(self, made: Grammar) -> dict[str, tuple[Capability, ...]]:
        nothing = CapabilityManifest()
        found = {
            plugin: difference(self.granted.get(plugin, nothing), asked)[0] for plugin, asked in made.asked().items()
        }
        return {plugin: more for plugin, more in found.items() if more}

    def grant(self, plugin: str, more: tuple[Capability, ...]) -> None:
        """Somebody agreed to these, as they were shown; what the plugin asks for beyond them since is withheld yet."""
        with self._lock:
            had = self.granted.get(plugin, CapabilityManifest()).capabilities
            self.granted = {**self.granted, plugin: CapabilityManifest(capabilities=tuple(dict.fromkeys(had + more)))}
            self.withheld = self._beyond(self.current)
