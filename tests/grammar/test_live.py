"""A grammar that is replaced while it is used: whole, or not at all, and never wider without consent."""

from __future__ import annotations

from driven.errors import PluginError
from driven.grammar.command import Command
from driven.grammar.dsl import verb
from driven.grammar.live import Grammar, Live


class World:
    """What the grammar is built of, and how often it was."""

    def __init__(self, *commands: Command) -> None:
        self.commands = commands
        self.version = 0
        self.built = 0
        self.broken = False

    def build(self) -> Grammar:
        self.built += 1
        if self.broken:
            raise PluginError("it is broken")
        return Grammar(commands=self.commands, owners={c.name: c.name.partition("-")[0] for c in self.commands})

    def change(self, *commands: Command) -> None:
        self.commands = commands
        self.version += 1


def made(name: str, *touches: str) -> Command:
    return verb(name, "do it", run="a:b", touches=touches)


def test_it_is_built_when_something_changed_and_then_replaced_whole() -> None:
    world = World(made("a-x"))
    live = Live(world.build, lambda: world.version)
    old = live.current
    assert not live.refresh() and world.built == 1
    world.change(made("a-x"), made("a-y"))
    assert live.refresh() and world.built == 2
    assert live.current is not old and [c.name for c in old.commands] == ["a-x"], "who has the old one keeps it"
    world.version += 1
    assert not live.refresh(), "built anew, and the same"


def test_what_cannot_be_built_changes_nothing() -> None:
    world = World(made("a-x"))
    live = Live(world.build, lambda: world.version)
    old = live.current
    world.broken, world.version = True, 1
    assert not live.refresh() and live.current is old and "broken" in live.problem
    world.broken, world.version = False, 2
    assert not live.refresh() and live.problem == ""


def test_what_asks_for_more_is_withheld_until_somebody_agrees() -> None:
    world = World(made("a-x", "FileRead(docs)"), made("b-x"))
    live = Live(world.build, lambda: world.version)
    assert live.withheld == {}
    world.change(made("a-x", "FileRead(docs/api)"), made("b-x"))
    assert live.refresh() and live.withheld == {}, "less is no more"
    world.change(made("a-x", "FileRead(.)", "EnvAccess(TOKEN)"), made("b-x"), made("c-x", "FileRead(.)"))
    assert live.refresh()
    assert {plugin: [str(one) for one in more] for plugin, more in live.withheld.items()} == {
        "a": ["EnvAccess(TOKEN)", "FileRead(.)"], "c": ["FileRead(.)"],
    }  # fmt: skip
    shown = live.withheld["a"]
    world.change(made("a-x", "FileRead(.)", "EnvAccess(TOKEN)", "ShellExec"), made("b-x"))
    live.refresh()
    live.grant("a", shown)
    assert [str(one) for one in live.withheld["a"]] == ["ShellExec"], "what was shown is granted, not what came since"
    live.grant("a", live.withheld["a"])
    assert live.withheld == {}
    world.change(made("b-x"))
    live.refresh()
    world.change(made("a-x", "ShellExec"), made("b-x"))
    assert live.refresh() and live.withheld == {}, "what was granted in this session stays so"
