"""Words -> namespace, and mistakes -> messages that are ours on every Python."""

from __future__ import annotations

import pytest

from driven.errors import UsageError
from driven.grammar.command import Argument, Command
from driven.grammar.to_argparse import parse, split_words, usage

COMMAND = Command(
    name="try",
    help="try",
    arguments=(
        Argument(name="path", help="a path", metavar="PATH"),
        Argument(name="rest", help="more", many=True, metavar="MORE"),
        Argument(name="--dry-run", short="-n", help="dry", flag=True),
        Argument(name="--editor", short="-e", help="editors", many=True, metavar="NAME"),
        Argument(name="--from", help="form", metavar="FORM"),
        Argument(name="--rounds", help="rounds", type="int"),
        Argument(name="--size", help="size", choices=("small", "large")),
    ),
)


def test_everything_at_once_in_any_order() -> None:
    words = "a -n b --from x --json c -e one --editor=two --rounds 3 --size large --root /r"
    args = parse(COMMAND, "driven try", words.split())
    assert (args.path, args.rest) == ("a", ["b", "c"])
    assert (args.dry_run, args.from_, args.editor) == (True, "x", ["one", "two"])
    assert (args.rounds, args.size, args.root, args.json, args.color) == (3, "large", "/r", True, "auto")


def test_defaults() -> None:
    args = parse(COMMAND, "driven try", ["a"])
    assert (args.rest, args.dry_run, args.editor, args.from_, args.rounds) == ([], False, [], None, None)


def test_lists_are_not_shared_between_runs() -> None:
    parse(COMMAND, "driven try", ["a", "-e", "one"])
    assert parse(COMMAND, "driven try", ["a"]).editor == []


def test_a_path_that_looks_like_an_option_follows_two_dashes() -> None:
    assert parse(COMMAND, "driven try", ["--", "--odd"]).path == "--odd"


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ([], "`driven try` needs PATH: a path", "usage: driven try PATH [MORE…]"),
        (["a", "--drry-run"], "unknown option `--drry-run`", "did you mean `--dry-run`?"),
        (["a", "--zzzz=1"], "unknown option `--zzzz` of", "`driven try --help` lists the options"),
        (["a", "-z"], "unknown option `-z`", ""),
        (["a", "--size", "larg"], "`larg` is no value of `--size`", "did you mean `large`?"),
        (["a", "--size", "9"], "`9` is no value of `--size`", "one of: small, large"),
        (["a", "--rounds", "0"], "`0` is no value of `--rounds`", "a whole number"),
        (["a", "--rounds", "٣"], "is no value of `--rounds`", "a whole number"),
        (["a", "--rounds", "9" * 5000], "is no value of `--rounds`", "a whole number"),
        (["a", "--root"], "--root", "`driven try --help` shows how"),
        (["a", "--dry"], "unknown option `--dry`", "did you mean `--dry-run`?"),
    ],
)
def test_mistakes(words: list[str], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(COMMAND, "driven try", words)
    assert message in str(caught.value)
    assert hint in caught.value.hint


def test_one_word_too_many() -> None:
    with pytest.raises(UsageError, match="does not take `b`"):
        parse(Command(name="one", help=""), "driven one", ["b"])


def test_split_words_skips_the_values_of_options() -> None:
    assert split_words(["--root", "sync", "-q", "status", "--json"]) == (["--root", "sync", "-q"], ["status", "--json"])
    assert split_words(["--root=x", "sync"]) == (["--root=x"], ["sync"])
    assert split_words(["--color"]) == (["--color"], [])
    assert split_words([]) == ([], [])


def test_usage() -> None:
    expected = "driven try PATH [MORE…] [--dry-run] [--editor NAME]… [--from FORM] [--rounds ROUNDS] [--size SIZE]"
    assert usage(COMMAND, "driven try") == expected
