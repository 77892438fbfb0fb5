"""The compiled rules of `state/`: however they were written in parts, they read as one; damage reads as nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from driven.frozen import replace
from driven.model.rule import Rule
from driven.project.compiled import COMPILED, FEW, SINCE, Compiled, read_compiled, write_compiled
from driven.project.disk import Tree

ROOT_RULES = {name: Rule(id=name, body=f"# {name}\n") for name in (f"r{i}" for i in range(200))}


def write(root: Path, rules: dict[str, Rule], before: Compiled | None) -> Compiled:
    with Tree(str(root)) as tree:
        return write_compiled(tree, rules.values(), before)


@pytest.mark.parametrize("seed", range(3))
def test_any_history_reads_as_what_was_written_last(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    rules = dict(ROOT_RULES)
    kept = Compiled()
    parts = whole = 0
    for step in range(120):
        wrote = write(tmp_path, rules, kept)
        checksum = wrote.checksum
        kept = read_compiled(str(tmp_path), checksum)
        assert kept == wrote
        assert kept.rules == rules and kept.checksum == checksum
        assert read_compiled(str(tmp_path), None).rules == rules
        assert not read_compiled(str(tmp_path), checksum[:-1] + bytes([checksum[-1] ^ 1])).rules
        parts, whole = parts + (tmp_path / SINCE).exists(), whole + (not (tmp_path / SINCE).exists())
        rules = dict(kept.rules)  # the same objects where nothing changed, as the scan of the rules keeps them
        for _ in range(rng.choice((0, 1, 1, 1, 9))):
            name = rng.choice([*rules, "new-1", "new-2", "new-3"])
            match rng.choice(("edit", "edit", "delete", "back")):
                case "edit":
                    rules[name] = Rule(id=name, body=f"# {step}\n")
                case "back":
                    rules[name] = ROOT_RULES.get(name, Rule(id=name, body=""))
                case _:
                    rules.pop(name, None)
    assert parts > 50 and whole > 2


def test_a_change_of_one_rule_leaves_the_rest_as_it_stands(tmp_path: Path) -> None:
    first = write(tmp_path, ROOT_RULES, None).checksum
    before = (tmp_path / COMPILED).stat()
    kept = read_compiled(str(tmp_path), first)
    rules = {**kept.rules, "r7": replace(kept.rules["r7"], body="# New\n")}
    second = write(tmp_path, rules, kept).checksum
    assert (tmp_path / COMPILED).stat() == before
    assert (tmp_path / SINCE).stat().st_size < 1000
    kept = read_compiled(str(tmp_path), second)
    assert kept.since == {"r7"}
    many = {name: replace(rule, body="x\n") if i <= FEW else rule for i, (name, rule) in enumerate(kept.rules.items())}
    third = write(tmp_path, many, kept).checksum
    assert not (tmp_path / SINCE).exists() and read_compiled(str(tmp_path), third).rules == many


def test_damage_reads_as_nothing_and_what_is_of_an_earlier_set_as_not_there(tmp_path: Path) -> None:
    first = write(tmp_path, ROOT_RULES, None).checksum
    kept = read_compiled(str(tmp_path), first)
    second = write(tmp_path, {**kept.rules, "r7": Rule(id="r7", body="# New\n")}, kept).checksum
    since = (tmp_path / SINCE).read_bytes()
    rng = random.Random(1)
    for _ in range(300):
        data = bytearray(since)
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(len(data))] ^= rng.randint(1, 255)
        (tmp_path / SINCE).write_bytes(bytes(data[: rng.randrange(len(data))]) if rng.random() < 0.2 else bytes(data))
        assert not read_compiled(str(tmp_path), second).rules
        read_compiled(str(tmp_path), None)
    (tmp_path / SINCE).write_bytes(since)
    other = {"only": Rule(id="only", body="# Other\n")}
    with Tree(str(tmp_path)) as tree:
        third = write_compiled(tree, other.values()).checksum
    (tmp_path / SINCE).write_bytes(since)  # a crash between the two: it names a set that does not stand any more
    assert read_compiled(str(tmp_path), third).rules == read_compiled(str(tmp_path), None).rules == other
    (tmp_path / COMPILED).unlink()
    assert not read_compiled(str(tmp_path), None).rules
