"""The operation stream: what `diff` says, `apply` does; nothing else, nothing half, and onto nothing else."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.benchmarks.samples import long_rules, short_rules
from driven.core import htip
from driven.core.tokens import split_front
from driven.errors import DrivenError, SourceError
from driven.format.drv import to_drv
from driven.format.text import parse_rule
from driven.frozen import replace
from driven.model.rule import Rule, RuleSet
from driven.streaming.operations import NAMES, WrongBase, apply, diff, ends, replay
from driven.streaming.payload import MAX_BATCHES, MAX_BYTES, number
from driven.streaming.release import Release, files_of, release_of
from streaming.sets import edited, releases

FRONT = "---\ndescription: {0}\npriority: 50\ntags: [team]\n---\n\n"


def same(one: Release, other: Release) -> None:
    assert one == other
    assert [rule.source for rule in one.rules] == [rule.source for rule in other.rules]
    assert one.digest == other.digest


def opcodes(ops: bytes) -> list[str]:
    reader = htip.OpReader(ops)
    found = []
    while (op := reader.next()) is not None:
        found.append(NAMES[op[0] - 1])
    return found


def inner(ops: bytes) -> list[str]:
    """The operations between the beginning and the end of the one batch."""
    found = opcodes(ops)
    assert (found[0], found[-1]) == ("BatchStart", "BatchCommit")
    return found[1:-1]


def rule(name: str, text: str, front: str = FRONT) -> tuple[str, bytes]:
    return f"rules/{name}.md", (front.format(name) + text).encode()


def release(*files: tuple[str, bytes]) -> Release:
    made = release_of(dict(files))
    assert files_of(made) == dict(files)
    return made


TEXT = "# {0}\n\n" + "".join(f"- Step {n} of what holds here, and why it does.\n" for n in range(30))
BASE = [rule(name, TEXT.format(name)) for name in ("api", "db", "errors", "http", "logs", "tests", "ui", "web")]
OLD = release(*BASE, ("pack.toml", b'name = "team"\n' * 20), ("pack.manifest", b"x" * 100))


def with_files(changes: dict[str, bytes | None]) -> Release:
    found = {**files_of(OLD), **{path: data for path, data in changes.items() if data is not None}}
    return release_of({path: data for path, data in found.items() if changes.get(path, data) is not None})


# Every pair


@settings(max_examples=40)
@given(releases, releases)
def test_any_release_comes_of_any_other(old: Release, new: Release) -> None:
    same(apply(old, diff(old, new)), new)


@settings(max_examples=40)
@given(edited())
def test_an_edited_release_comes_of_the_one_before(pair: tuple[Release, Release]) -> None:
    old, new = pair
    ops = diff(old, new)
    same(apply(old, ops), new)
    same(apply(new, diff(new, old)), old)
    assert len(ops) <= len(diff(None, new)), "the smallest"
    assert ends(ops)[1] == new.digest


@settings(max_examples=25)
@given(releases)
def test_everything_comes_of_nothing_and_of_anything(new: Release) -> None:
    ops = diff(None, new)
    assert inner(ops) == ["FullSync"]
    same(apply(None, ops), new)
    same(apply(OLD, ops), new)


@settings(max_examples=25)
@given(releases)
def test_nothing_changes_between_equal_ones(one: Release) -> None:
    other = Release(rules=RuleSet(tuple(replace(rule, tags=tuple(rule.tags)) for rule in one.rules)), files=one.files)
    ops = diff(one, other)
    assert inner(ops) == []
    same(apply(one, ops), one)


def test_real_rules_of_public_projects(corpus: list[Path]) -> None:
    """Each file appended to, cut, reordered and renamed; all of them, then half of them."""
    files: dict[str, bytes] = {}
    for at, path in enumerate(corpus):
        data = path.read_bytes()
        body = data[split_front(data)[2] :]
        files[f"rules/{path.stem.lower().replace('_', '-')}.md"] = FRONT.format(f"File {at}").encode() + body
    old = release_of(files)
    assert len(old.rules) >= 40
    assert files_of(old) == files
    pick = random.Random(7)
    for path in sorted(files)[::2]:
        data = files[path]
        lines = data.splitlines(keepends=True)
        shuffled = lines[:5] + pick.sample(lines[5:], len(lines[5:])) if len(lines) > 5 else lines
        for changed in (
            data + b"\n## New\n\n- One.\n",
            data[: len(data) // 2],
            b"".join(shuffled),
            b"\xef\xbb\xbf" + data,
        ):
            new = release_of({**files, path: changed})
            ops = diff(old, new)
            assert files_of(apply(old, ops)) == {**files, path: changed}
            assert len(ops) < len(changed) + 200
        moved = {**files, f"rules/moved/{Path(path).name}": data}
        del moved[path]
        assert files_of(apply(old, diff(old, release_of(moved)))) == moved
    half = dict(list(files.items())[::2])
    assert files_of(apply(old, diff(old, release_of(half)))) == half


# What each operation is for


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rules/new.md": b"# New\n\nOf its own kind, like nothing else.\n"}, ["TemplateDefine", "Instantiate"]),
        (dict([rule("cache", TEXT.format("cache"))]), ["Instantiate"]),
        ({"rules/errors.md": BASE[2][1].replace(b"why it", b"what it", 1)}, ["PatchText"]),
        ({"rules/errors.md": BASE[2][1].replace(b"[team]", b"[team, new]")}, ["PatchMeta"]),
        ({"rules/errors.md": None}, ["Remove"]),
        ({"rules/api.md": None, "rules/db.md": None, "rules/logs.md": None}, ["Remove"]),
        ({"rules/errors.md": BASE[2][1] + b"\n## Retries\n\n- Twice.\n"}, ["AddSection"]),
        ({"rules/errors.md": BASE[2][1].replace(b"- Step 9", b"## Between\n\n- Step 9")}, ["AddSection"]),
        ({"rules/errors.md": BASE[2][1].replace(b"priority: 50", b"priority: 7")}, ["Reorder"]),
        ({"rules/errors.md": None, "rules/failures.md": BASE[2][1]}, ["Remove", "Instantiate"]),
        ({"pack.toml": b'name = "team"\n' * 20 + b"# more\n"}, ["PatchMeta"]),
        ({"pack.toml": None, "more.toml": b"x"}, ["Remove", "PatchMeta"]),
    ],
)  # fmt: skip
def test_each_change_is_said_by_the_operation_that_is_for_it(changes: dict[str, bytes | None], said: list[str]) -> None:
    new = with_files(changes)
    ops = diff(OLD, new)
    assert inner(ops) == said
    assert files_of(apply(OLD, ops)) == files_of(new)


def test_everything_is_said_where_nothing_is_as_it_was() -> None:
    new = release(*[rule(f"n{at}", f"# {at}\n\n{chr(97 + at) * 500}\n", "") for at in range(9)])
    many = release(*[(f"{at}", b"") for at in range(200)])
    assert inner(diff(OLD, many)) == ["FullSync"], "a header of eight bytes for each file, or one for all"
    assert "FullSync" not in inner(diff(OLD, new)), "templates hold no table of steps"


def test_a_text_that_is_shared_by_new_rules_travels_once() -> None:
    text = "".join(chr(33 + at * 7 % 90) for at in range(3000))
    new = release(*BASE, *[rule(f"copy-{at}", text, "") for at in range(20)])
    old = release(*BASE)
    ops = diff(old, new)
    assert len(ops) < 3000 * 2
    assert inner(ops)[-19:] == ["Instantiate"] * 19
    same(apply(old, ops), new)


def test_what_was_done_is_told_by_rule() -> None:
    new = with_files(
        {"rules/errors.md": BASE[2][1].replace(b"why it", b"what it"), "rules/api.md": None, "a.txt": b"a"}
    )
    told = [str(one) for one in replay(OLD, diff(OLD, new))[1]]
    assert told == ["Remove api", "PatchText errors", "PatchMeta a.txt"]


def test_the_priority_moves_a_rule_and_its_front_matter() -> None:
    new = with_files(
        {path: data.replace(b"priority: 50", f"priority: {9 - at}".encode()) for at, (path, data) in enumerate(BASE)}
    )
    ops = diff(OLD, new)
    assert inner(ops) == ["Reorder"]
    assert len(ops) == 88 + 2 * len(BASE)
    assert [one.id for one in apply(OLD, ops).rules] == [one.id for one in reversed(OLD.rules.rules)]


def test_one_rule_inserted_in_two_hundred_costs_no_more_than_that_rule() -> None:
    for rules in (short_rules(200), long_rules(200)):
        for left_out in (0, 57, 199):
            one = rules.rules[left_out]
            old = Release(rules=RuleSet(tuple(each for each in rules if each is not one)))
            new = Release(rules=rules)
            ops = diff(old, new)
            same(apply(old, ops), new)
            assert len(ops) <= 1.3 * len(to_drv(RuleSet((one,))))


# Wrong bases, hostile streams


def test_operations_for_another_base_are_refused_and_everything_is_the_answer() -> None:
    new = with_files({"rules/errors.md": None})
    ops = diff(OLD, new)
    for other in (None, new, Release()):
        with pytest.raises(WrongBase, match="another release") as refused:
            apply(other, ops)
        assert "FullSync" in refused.value.hint
        same(apply(other, diff(None, new)), new)
    assert ends(ops) == (OLD.digest, new.digest)


def test_batches_follow_one_another_and_one_that_is_missing_is_noticed() -> None:
    steps = [OLD]
    for at in range(4):
        steps.append(with_files({"rules/errors.md": BASE[2][1] + f"\n## {at}\n".encode()}))
    ops = [diff(one, two) for one, two in pairwise(steps)]
    same(apply(OLD, b"".join(ops)), steps[-1])
    with pytest.raises(WrongBase):
        apply(OLD, b"".join([ops[0], *ops[2:]]))
    with pytest.raises(WrongBase):
        apply(OLD, b"".join(reversed(ops)))


def test_a_batch_that_is_cut_off_is_not_applied() -> None:
    new = with_files({"rules/errors.md": None, "rules/new.md": b"# New\n", "pack.toml": b"x"})
    ops = diff(OLD, new)
    before = files_of(OLD)
    for end in range(len(ops)):
        with pytest.raises(SourceError):
            apply(OLD, ops[:end])
    assert files_of(OLD) == before
    assert OLD.digest == release_of(before).digest


@settings(max_examples=30)
@given(edited(), st.randoms(use_true_random=False))
def test_a_stream_that_was_tampered_with_gives_what_it_says_or_an_error(
    pair: tuple[Release, Release], pick: random.Random
) -> None:
    old, new = pair
    whole = bytearray(diff(old, new))
    for _ in range(20):
        ops = bytearray(whole)
        for _ in range(pick.randint(1, 4)):
            at = pick.randrange(len(ops))
            match pick.randrange(4):
                case 0:
                    ops[at] = pick.randrange(256)
                case 1:
                    del ops[at : at + pick.randint(1, 8)]
                case 2:
                    ops[at:at] = pick.randbytes(pick.randint(1, 8))
                case _:
                    ops[at:at] = ops[at : at + pick.randint(1, 60)]
            if not ops:
                break
        try:
            made = apply(old, bytes(ops))
        except DrivenError as error:
            assert error.hint
        else:
            assert made.digest == ends(bytes(ops))[1]


def hostile(*ops: tuple[int, int, bytes], base: bytes = b"", result: bytes = bytes(32)) -> bytes:
    out = htip.OpWriter()
    out.put(htip.BATCH_START, 0, (base or OLD.digest) + result)
    for op in ops:
        out.put(*op)
    out.put(htip.BATCH_COMMIT, 0, b"")
    return out.bytes()


def _streams() -> Iterable[tuple[str, bytes]]:
    yield "nothing", b""
    yield "no batch", hostile()[72:]
    yield "a digest that is not the result's", hostile()
    yield "a batch in a batch", hostile((htip.BATCH_START, 0, bytes(64)))
    yield "an empty FullSync", hostile(base=bytes(32))
    yield "two FullSyncs", hostile(*[(htip.FULL_SYNC, 0, number(0))] * 2, base=bytes(32))
    yield "a FullSync onto a base", hostile((htip.FULL_SYNC, 0, number(0)))
    yield "a patch without a base", hostile((htip.REMOVE, 0, b""), base=bytes(32))
    yield "an unknown flag", hostile((htip.PATCH_TEXT, 0x40, number(0) + b"x"))
    yield "an unknown kind", hostile((htip.PATCH_TEXT, 3, number(0) + b"x"))
    yield "a rule that is not there", hostile((htip.PATCH_TEXT, 0, number(99) + b"x"))
    yield "a removed rule", hostile((htip.REMOVE, 0, number(0) + number(1)), (htip.PATCH_TEXT, 0, number(0) + b"x"))
    yield "removed twice", hostile(*[(htip.REMOVE, 0, number(0) + number(1))] * 2)
    yield "a run past the end", hostile((htip.REMOVE, 0, number(7) + number(2)))
    yield "an empty run", hostile((htip.REMOVE, 0, number(1) + number(0)))
    yield "a text that is not UTF-8", hostile((htip.PATCH_TEXT, 0, number(0) + b"\xff"))
    yield "a text with NUL", hostile((htip.PATCH_TEXT, 0, number(0) + b"a\0"))
    yield "a head that is none", hostile((htip.PATCH_META, 0, number(0) + b"{}"))
    yield "a head that is deep", hostile((htip.PATCH_META, 0, number(0) + b"[" * 100_000))
    yield "an id that is none", hostile((htip.INSTANTIATE, 0, number(1) + number(3) + b"../"))
    yield "a template that is not there", hostile((htip.INSTANTIATE, 0, number(0) + number(1) + b"a"))
    yield "templates that are not there", hostile((htip.INSTANTIATE, 1, number(0) + number(1)))
    yield "a section outside", hostile((htip.ADD_SECTION, 0, number(0) + number(1 << 30) + b"# x"))
    yield (
        "a section in a letter",
        hostile((htip.PATCH_TEXT, 0, number(0) + "ü".encode()), (htip.ADD_SECTION, 0, b"\0\x01# ")),
    )
    yield "a priority that is missing", hostile((htip.REORDER, 0, number(0)))
    yield "a file twice", hostile(*[(htip.PATCH_META, 0x30, number(1) + b"a" + b"x")] * 2)
    yield "more than a payload", hostile((htip.INSTANTIATE, 0, number(1) + number(1) + b"a" + b"more"))
    yield "a number that does not end", hostile((htip.PATCH_TEXT, 0, b"\x80" * 40))
    yield "a commit with a payload", hostile((htip.BATCH_COMMIT, 0, b"x"))
    yield "too many batches", diff(OLD, OLD) * (MAX_BATCHES + 1)


@pytest.mark.parametrize(("what", "ops"), [pytest.param(*one, id=one[0]) for one in _streams()])
def test_a_hostile_stream_is_an_error_and_nothing_else(what: str, ops: bytes) -> None:
    with pytest.raises(SourceError) as refused:
        apply(OLD, ops)
    assert not isinstance(refused.value, WrongBase), what
    assert refused.value.hint


def test_a_bomb_is_refused_before_it_goes_off() -> None:
    """COPY of the same bytes again and again, in patch after patch: 20 bytes of stream for a MiB of text."""
    text = b"x" * (1 << 20)
    old = release(("rules/a.md", text))
    grown = number((1 << 20) << 1 | 1) + number(0) + (number((1 << 20) << 1 | 1) + number((1 << 21) - 1)) * 15
    patch = b"\x01\x02\0\0" + (1 << 20).to_bytes(4, "little") + (16 << 20).to_bytes(4, "little") + grown
    one = (htip.INSTANTIATE, 4, number(1) + number(2) + b"%02d" + b"\x02" + number(len(patch)) + patch)
    ops = [(one[0], one[1], one[2].replace(b"%02d", b"%02d" % at)) for at in range(50)]
    tracemalloc.start()
    with pytest.raises(SourceError, match="more than"):
        apply(old, hostile(*ops, base=old.digest))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * MAX_BYTES
    copies = [(htip.INSTANTIATE, 0, number(1) + number(3) + b"%03d" % at) for at in range(200)]
    with pytest.raises(SourceError, match="more than"):
        apply(old, hostile(*copies, base=old.digest))
    moves = [(htip.REORDER, 0, number(0) + bytes([at])) for at in range(200)]
    with pytest.raises(SourceError, match="more than"):
        apply(old, hostile(*moves, base=old.digest))
    with pytest.raises(SourceError, match="cannot be applied"):
        apply(old, hostile((htip.PATCH_TEXT, 2, number(0) + patch[:8] + b"\xff\xff\xff\x7f" + grown), base=old.digest))


def test_rules_that_break_the_model_do_not_travel() -> None:
    for bad in (
        Rule(id="a", body="\0"),
        Rule(id="..", body=""),
        Rule(id="a", body="\udc00"),
        Rule(id="a", body="", priority=300),
    ):
        with pytest.raises(SourceError):
            diff(OLD, Release(rules=RuleSet((bad,))))


def test_too_much_does_not_travel() -> None:
    with pytest.raises(SourceError, match="too many"):
        diff(None, Release(files={"a": bytes(MAX_BYTES + 1)}))


def test_the_digest_is_of_all_that_comes_back() -> None:
    made, _ = parse_rule(b"---\npriority: 5\n---\n\n# A\n", path="rules/a.md", rule_id="a")
    assert made is not None
    seen = {Release().digest, Release(files={"a": b""}).digest, Release(rules=RuleSet((made,))).digest}
    for other in (
        replace(made, id="b"), replace(made, body="# B\n"), replace(made, priority=6),
        replace(made, source=replace(made.source, bom=True)),
        replace(made, source=replace(made.source, front="---\npriority:  5\n---\n\n")),
    ):  # fmt: skip
        seen.add(Release(rules=RuleSet((other,))).digest)
    assert len(seen) == 8
    assert Release().digest.hex().startswith("447aaf0846c63291"), "peers of other versions compute it, too"
