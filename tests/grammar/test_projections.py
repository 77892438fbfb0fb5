"""The grammar as MCP tools, OpenAPI, a manual page and data, each held against a judge that is not ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from mcp.types import Tool
from openapi_spec_validator import OpenAPIV31SpecValidator
from trust.tools import need

from driven.errors import ConfigError, UsageError
from driven.grammar.command import Argument, Command
from driven.grammar.commands import COMMANDS
from driven.grammar.from_json import from_json
from driven.grammar.to_argparse import parse, usage
from driven.grammar.to_json import to_json
from driven.grammar.to_man import to_man
from driven.grammar.to_mcp import MAX_VALUES, command_line, leaves, to_mcp, tools
from driven.grammar.to_openapi import to_openapi

NASTY = Command(
    name="nasty", help=".begins 'oddly' and has \\(dq \"quotes\"", run="a.b:c", capability="",
    description="'quoted\\ -- and a back\\slash", arguments=(Argument(name="--odd", help=".TH \\fBx", metavar="A\\B"),),
    examples=("'x", ".so /etc/passwd"),
)  # fmt: skip


def test_a_tool_is_one_to_the_sdk_and_its_schemas_are_schemas() -> None:
    made = to_mcp(COMMANDS)
    for tool in made:
        Tool.model_validate(tool)
        jsonschema.Draft202012Validator.check_schema(tool["inputSchema"])
        jsonschema.Draft202012Validator.check_schema(tool["outputSchema"])
        assert tool["outputSchema"]["type"] == "object"
        assert set(tool["name"]) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-") and len(tool["name"]) <= 64
    assert json.loads(json.dumps(made)) == made


def test_annotations_say_what_the_declarations_do() -> None:
    hints = {tool["name"]: tool["annotations"] for tool in to_mcp(COMMANDS)}
    assert "lsp" not in hints and "mcp_serve" not in hints
    reads = {name for name, hint in hints.items() if hint["readOnlyHint"]}
    assert {"status", "explain", "explain-code", "snapshot_list", "show", "plugin_list", "grammar"} <= reads
    assert not {"sync", "init", "import", "build", "convert", "undo", "validate", "sign"} & reads
    assert not any(hint["destructiveHint"] for name, hint in hints.items() if name in reads)
    assert hints["sync"]["destructiveHint"] and hints["sync"]["idempotentHint"] and not hints["undo"]["idempotentHint"]
    assert hints["benchmark"]["openWorldHint"] and not hints["status"]["openWorldHint"]
    assert all(isinstance(value, bool) for hint in hints.values() for key, value in hint.items() if key != "title")


@pytest.mark.parametrize("name", [tool["name"] for tool in to_mcp(COMMANDS)])
def test_arguments_that_fit_the_schema_are_words_that_parse(name: str) -> None:
    words, command = tools(COMMANDS)[name]
    schema = next(tool for tool in to_mcp(COMMANDS) if tool["name"] == name)["inputSchema"]
    given: dict[str, Any] = {}
    for key, field in schema["properties"].items():
        one = field.get("items", field)
        value: Any = {"boolean": True, "integer": 7}.get(one.get("type", ""), "--force")
        value = one["enum"][0] if "enum" in one else value
        given[key] = [value] if field["type"] == "array" else value
    jsonschema.Draft202012Validator(schema).validate(given)
    line = command_line(command, words, given)
    args = parse(command, f"driven {words}", line[len(words.split()) :])
    for argument in command.arguments:
        if not argument.terminal:
            found = getattr(args, argument.key, getattr(args, argument.key + "_", None))
            assert found == given[argument.key], argument.name


def test_arguments_that_do_not_fit_are_told() -> None:
    words, command = tools(COMMANDS)["validate"]
    for given, said in (
        ({"select": ["a\x1b"]}, "control"), ({"select": ["\ud800"]}, "control"), ({"select": [3]}, "is a text"),
        ({"select": ["x"] * (MAX_VALUES + 1)}, "at most"), ({"fix": 1}, "true or false"),
        ({"format": "json"}, "no arg"),
        ({"baseline": "x" * 100_000}, "at most"), ({"": 1}, "no argument"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=said):
            command_line(command, words, given)


def test_openapi_is_openapi() -> None:
    made = to_openapi("1.2.3")
    assert [str(error) for error in OpenAPIV31SpecValidator(made).iter_errors()] == []
    assert made["paths"]["/snapshot/show"]["post"]["operationId"] == "snapshot_show"
    sync = made["paths"]["/sync"]["post"]
    assert {"200", "400", "403", "409", "500"} == sync["responses"].keys()
    assert sync["x-driven-safety"] == "deletes"
    broken = {**made, "paths": {"/x": {"post": {"responses": {"200": {}}}}}}
    assert [*OpenAPIV31SpecValidator(broken).iter_errors()], "the judge finds a mistake"


def warnings(page: str, folder: Path) -> str:
    """What groff says of a page."""
    file = folder / "driven.1"
    file.write_text(page, encoding="utf-8")
    done = subprocess.run(
        [need("man", "man-db"), "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(file)], capture_output=True,
        env={**os.environ, "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    return done.stderr.decode()


def test_the_manual_page_renders_without_a_warning(tmp_path: Path) -> None:
    need("groff", "groff-base")
    page = to_man("1.2.3", (*COMMANDS, NASTY))
    assert warnings(page, tmp_path) == ""
    shown = subprocess.run(
        ["man", "-l", str(tmp_path / "driven.1")], capture_output=True, check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "120", "MANPAGER": "cat", "PAGER": "cat"},
    ).stdout.decode()  # fmt: skip
    for words, _ in leaves(COMMANDS):
        assert f"driven {words}" in shown
    assert warnings(page + ".foo\n\\f[nothing]x\n", tmp_path), "groff tells of a mistake"


LONG = Command(
    name="long", help="has much to say " * 9, run="a.b:c", capability="",
    arguments=tuple(Argument(name=f"--option-{at}", help="x " * 60, metavar="VALUE", many=True) for at in range(12)),
    examples=("driven long " + "--option-1 value " * 9 + "'a text in quotes that is not taken apart'",),
)  # fmt: skip


def test_no_line_of_the_manual_page_is_wider_than_a_terminal(tmp_path: Path) -> None:
    command = [need("groff", "groff-base"), "-man", "-Tutf8", "-Kutf8", "-P-cbou"]
    page = to_man("1.2.3", (*COMMANDS, LONG))
    shown = subprocess.run(command, input=page.encode(), capture_output=True, check=True).stdout.decode()
    lines = shown.splitlines()
    assert "\x1b" not in shown and "\b" not in shown and len(lines) > 500
    assert [line for line in lines if len(line) > 80] == []
    # What was broken is, joined again, what it was: as a person reads it, and as a shell does.
    for words, command in leaves((*COMMANDS, LONG)):
        assert usage(command, f"driven {words}") in " ".join(shown.split()), words
        for example in command.examples:
            assert " ".join(example.split()) in " ".join(shown.replace(" \\\n", " ").split()), example


def test_odd_text_stands_on_the_page_as_it_is(tmp_path: Path) -> None:
    need("groff", "groff-base")
    assert warnings(to_man("1", (NASTY,)), tmp_path) == ""
    shown = subprocess.run(
        ["man", "-l", str(tmp_path / "driven.1")], capture_output=True, check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "120", "MANPAGER": "cat", "PAGER": "cat"},
    ).stdout.decode()  # fmt: skip
    for text in (".begins 'oddly' and has \\(dq \"quotes\"", "a back\\slash", ".so /etc/passwd", "'x", ".TH \\fBx"):
        assert text in shown


def test_data_and_back_is_the_same_grammar() -> None:
    grammar = json.loads(json.dumps(to_json("1", (*COMMANDS, NASTY), {"nasty": "odd"})))
    commands, owners = from_json(grammar)
    assert to_json("1", commands, owners) == grammar and owners == {"nasty": "odd"}
    for wrong in (None, [], {}, {"commands": 3}, {"commands": [3]}, {"commands": [{"name": "x"}]},
                  {"commands": [{"name": "x", "help": "y", "arguments": [1]}]},
                  {"commands": [{"name": "x", "help": "y", "run": "a:b", "exits": 0}]},
                  {"commands": [{"name": "x", "help": "y", "run": "a:b", "capabilities": ["Everything"]}]},
                 ):  # fmt: skip
        with pytest.raises(ConfigError):
            from_json(wrong)


def test_the_forms_are_printed(tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "driven", "grammar", *words], capture_output=True, text=True, cwd=tmp_path,
            check=False,
        )  # fmt: skip

    assert run("--man").stdout.startswith(".TH DRIVEN 1")
    assert [tool["name"] for tool in json.loads(run("snapshot", "list", "--mcp").stdout)["tools"]] == ["snapshot_list"]
    assert [*json.loads(run("status", "--openapi").stdout)["paths"]] == ["/status"]
    only = json.loads(run("plugin", "show", "--json").stdout)["data"]["commands"]
    assert [verb["name"] for verb in only[0]["verbs"]] == ["show"]
    for words, said in ((("snapshto",), "did you mean `snapshot`?"), (("sync", "list"), "no words below"),
                        (("--man", "--json"), "two things"), (("plugin", "lst"), "no command `lst`")):  # fmt: skip
        done = run(*words)
        assert done.returncode == 2 and said in done.stderr + done.stdout
