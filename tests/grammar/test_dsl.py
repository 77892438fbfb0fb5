"""Nouns and verbs in a few lines, and every mistake that can be made in them told where it is made."""

from __future__ import annotations

from typing import Any

import pytest

from driven.errors import ConfigError
from driven.frozen import replace
from driven.grammar.command import Command
from driven.grammar.commands import COMMANDS
from driven.grammar.dsl import STRING, array, flag, noun, option, positional, problem, record, verb

LIST = verb("list", "every note", run="notes.verbs:run_list", touches=["FileRead(.notes)"],
            answers=record(notes=array(STRING)))  # fmt: skip


def test_a_noun_is_a_command_like_ours() -> None:
    add = verb(
        "add", "write a note", positional("text", "what to write"),
        option("--to", "the file", touches=["FileWrite({to})"]),
        flag("--dry-run", "write nothing", short="-n", dry=True), run="notes.verbs:run_add", writes="writes",
        touches=["FileWrite(.notes)"], exits=(0, 2, 4), idempotent=True,
    )  # fmt: skip
    made = noun("notes", "look after notes", LIST, add)
    assert problem(made) == "" and [one.name for one in made.verbs] == ["list", "add"]
    assert LIST.safety == "reads" and add.safety == "writes" and LIST.stability == "preview"
    assert LIST.capabilities == ("FileRead(.notes)",), "nothing is taken for granted"
    assert verb("x", "y", run="a:b").capabilities == ()


def test_ours_are_sound() -> None:
    assert [problem(command) for command in COMMANDS if problem(command)] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "List"}, "lower-case"), ({"name": "a" * 65}, "lower-case"), ({"run": "nothing"}, "module:function"),
        ({"run": None}, "module:function"), ({"help": "a\u202eb"}, "hidden"),
        ({"help": "a\x1b[2Jb"}, "hidden"), ({"help": 3}, "a text is none"), ({"help": "x" * 5000}, "longer than"),
        ({"capabilities": ("FileRead(/etc)",)}, "below the project"),
        ({"capabilities": ("Magic(.)",)}, "no capability"),
        ({"capabilities": (3,)}, "another type"), ({"capabilities": ("FileRead({z})",)}, "no argument"),
        ({"exits": (0, 99)}, "exits"), ({"exits": (2,)}, "no 0"), ({"result": "{"}, "no JSON"),
        ({"result": "[" * 5000}, "no JSON"), ({"result": '{"type": "string"}'}, "an object"),
        ({"safety": "harmless"}, "safety"), ({"band": "slow"}, "band"), ({"interactive": "often"}, "interactive"),
        ({"arguments": (positional("a", "b", many=True), positional("c", "d"))}, "takes the rest"),
        ({"arguments": (flag("--json", "x"),)}, "every command has"),
        ({"arguments": (flag("yes", "x"),)}, "without `--`"),
        ({"arguments": (option("--a b", "x"),)}, "a name is"), ({"arguments": ("--a",)}, "another type"),
        ({"arguments": (flag("--a", "x", short="-q"),)}, "every command has"),
        ({"arguments": tuple(flag(f"--a{i}", "x") for i in range(65))}, "more than"),
        ({"capability": "all", "capabilities": None}, "no known word"),
    ],
)  # fmt: skip
def test_a_mistake_is_told(change: dict[str, Any], said: str) -> None:
    assert said in problem(replace(LIST, **change))


def test_a_mistake_is_told_where_it_is_made() -> None:
    with pytest.raises(ConfigError, match="below the project"):
        verb("x", "y", run="a:b", touches=["FileRead(../other)"])
    with pytest.raises(ConfigError, match="two verbs"):
        noun("x", "y", LIST, LIST)
    with pytest.raises(ConfigError, match="module:function"):
        noun("x", "y")
    with pytest.raises(ConfigError, match="verbs below verbs"):
        noun("x", "y", noun("z", "y", LIST))
    assert "Command" in problem("no command") and "both verbs" in problem(replace(LIST, verbs=(LIST,)))
    assert "of driven.grammar" in problem(Command(name="x", help="y", verbs=("z",)))  # type: ignore[arg-type]
