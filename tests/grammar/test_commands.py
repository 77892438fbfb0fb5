"""The table of commands holds together, and docs/commands.md is what it says."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from driven.grammar.command import Argument, Command
from driven.grammar.commands import COMMANDS, EXIT_CODES, OPTIONS, TOP_OPTIONS
from driven.grammar.to_argparse import destination
from driven.grammar.to_json import to_json
from driven.grammar.to_markdown import to_markdown

ROOT = Path(__file__).parents[2]


def leaves(commands: Iterable[Command], above: str = "") -> Iterator[tuple[str, Command]]:
    for command in commands:
        words = f"{above} {command.name}".strip()
        if command.verbs:
            yield from leaves(command.verbs, words)
        else:
            yield words, command


LEAVES = list(leaves(COMMANDS))


def test_every_word_of_the_first_release_is_there() -> None:
    words = "init import sync status explain validate explain-code lsp undo snapshot convert build show plugin doctor"
    words += " benchmark grammar key sign verify"
    assert set(words.split()) <= {c.name for c in COMMANDS}


@pytest.mark.parametrize(("words", "command"), LEAVES, ids=[words for words, _ in LEAVES])
def test_a_command_names_a_function_a_schema_and_distinct_arguments(words: str, command: Command) -> None:
    module, _, name = command.run.partition(":")
    assert callable(getattr(importlib.import_module(module), name))
    schema = json.loads(command.result)
    assert schema["type"] == "object" and set(schema["required"]) <= set(schema["properties"])
    arguments: tuple[Argument, ...] = (*OPTIONS, *command.arguments)
    assert len({destination(a) for a in arguments}) == len(arguments)
    shorts = [a.short for a in arguments if a.short]
    assert len(set(shorts)) == len(shorts)
    assert command.help and not command.help.endswith(".") and command.help[0].islower()
    assert all(a.help for a in arguments)
    # Nothing can follow an argument that takes all the rest.
    positionals = [a for a in command.arguments if not a.name.startswith("-")]
    assert not any(a.many or a.optional for a in positionals[:-1])


@pytest.mark.parametrize(("words", "command"), LEAVES, ids=[words for words, _ in LEAVES])
def test_examples_parse(words: str, command: Command) -> None:
    from driven.grammar.to_argparse import parse

    for example in command.examples:
        given = example.split()
        assert given[: 1 + len(words.split())] == ["driven", *words.split()]
        parse(command, f"driven {words}", given[1 + len(words.split()) :])


def test_groups_are_contiguous_so_that_help_lists_each_once() -> None:
    groups = [c.group for c in COMMANDS]
    assert all(groups)
    assert len(set(groups)) == sum(a != b for a, b in zip(groups, ["", *groups], strict=False))


def test_exit_codes_are_those_of_the_house() -> None:
    assert sorted(EXIT_CODES) == [0, 1, 2, 4, 5, 6, 7, 70, 130, 141]


def test_json_is_the_whole_grammar_and_plain_data() -> None:
    grammar = to_json("1.2.3")
    assert json.loads(json.dumps(grammar)) == grammar
    assert {c["name"] for c in grammar["commands"]} == {c.name for c in COMMANDS}
    assert {o["name"] for o in grammar["options"]} == {o.name for o in (*OPTIONS, *TOP_OPTIONS)}
    sync = next(c for c in grammar["commands"] if c["name"] == "sync")
    assert sync["safety"] == "deletes" and sync["result"]["required"]


def test_a_noun_says_nothing_of_what_only_its_verbs_do() -> None:
    commands = to_json("1.2.3")["commands"]
    plugin = next(c for c in commands if c["name"] == "plugin")
    assert not {"capability", "run", "result", "safety"} & set(plugin)
    assert all({"capability", "run", "result", "safety"} <= set(verb) for verb in plugin["verbs"])
    assert all(command.capability for _, command in LEAVES), "every command says what it may do"


def test_docs_are_generated_from_the_grammar() -> None:
    assert (ROOT / "docs/commands.md").read_text(encoding="utf-8") == to_markdown(), (
        "run `python -m driven.grammar.to_markdown > docs/commands.md`"
    )


def test_every_command_stands_in_the_docs() -> None:
    text = to_markdown()
    for words, command in LEAVES:
        assert f"## driven {words}\n" in text
        assert all(f"`{a.name}" in text for a in command.arguments if a.name.startswith("-"))
