"""The feed: everyone who listens ends on the newest release, in order, however far behind."""

from __future__ import annotations

import random
import threading

import pytest

from driven.errors import SourceError
from driven.model.rule import Rule, RuleSet
from driven.streaming.feed import STEPS, RuleFeed
from driven.streaming.operations import NAMES, apply, ends
from driven.streaming.release import Release, files_of, release_of


def release(number: int) -> Release:
    return release_of(
        {f"rules/rule-{at}.md": f"# {at}\n\n- Step {number if at == number % 5 else 0}.\n".encode() for at in range(5)}
    )


def test_a_listener_gets_each_step_and_a_late_one_all_it_missed() -> None:
    feed = RuleFeed()
    assert feed.since(None) == b"" and feed.newest is None
    has: Release | None = None
    late: Release | None = None
    for number in range(10):
        ops = feed.publish(release(number))
        assert feed.since(has.digest if has else None) == ops
        has = apply(has, ops)
        assert has == release(number)
        if number in (2, 7):
            late = apply(late, feed.since(late.digest if late else None))
            assert late == has
    assert late is not None
    chain = feed.since(late.digest)
    assert apply(late, chain) == has
    assert ends(chain) == (late.digest, release(9).digest)
    assert feed.since(release(9).digest) == b""


def test_who_is_too_far_behind_or_out_of_step_gets_everything() -> None:
    feed = RuleFeed()
    first = release(0)
    for number in range(STEPS + 2):
        feed.publish(release(number))
    newest = release(STEPS + 1)
    for base in (None, first.digest, bytes(32), b"nonsense"):
        ops = feed.since(base)
        assert ends(ops) == (bytes(32), newest.digest)
        assert apply(release(3), ops) == newest
    assert feed.since(None) is feed.since(first.digest), "made once"
    assert NAMES[-1] == "FullSync"


def test_the_same_release_is_no_step_and_one_that_cannot_travel_leaves_the_feed_as_it_is() -> None:
    feed = RuleFeed()
    feed.publish(release(1))
    assert feed.publish(release(1)) == b""
    with pytest.raises(SourceError):
        feed.publish(Release(rules=RuleSet((Rule(id="a", body="\0"),))))
    assert feed.newest == release(1)
    assert feed.publish(release(2)) != b""


def test_a_way_that_comes_back_to_where_it_was_is_gone_the_short_way() -> None:
    feed = RuleFeed()
    for number in (1, 2, 1, 3):
        feed.publish(release(number))
    ops = feed.since(release(1).digest)
    assert len(ops) < 2 * 200
    assert apply(release(1), ops) == release(3)


def test_several_threads_publish_and_listen() -> None:
    feed = RuleFeed()
    releases = [release(number) for number in range(40)]
    failed: list[BaseException] = []
    over = threading.Event()

    def listen(seed: int) -> None:
        pick = random.Random(seed)
        has: Release | None = None
        try:
            while not over.is_set() or has is None or has.digest != releases[-1].digest:
                ops = feed.since(has.digest if has is not None else None)
                if ops:
                    has = apply(has, ops)
                if pick.random() < 0.2:
                    has = None
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=listen, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for one in releases:
        feed.publish(one)
    over.set()
    for thread in threads:
        thread.join(30)
    assert failed == [] and not any(thread.is_alive() for thread in threads)


def test_files_that_are_not_rules_byte_for_byte_stay_files() -> None:
    files = {
        "rules/plain.md": b"# Plain\n", "rules/crlf.md": b"\xef\xbb\xbf---\r\ntags: [a]\r\n---\r\n\r\n# CRLF\r\n",
        "rules/deep/er.md": b"", "rules/Upper.md": b"# Upper\n", "rules/latin.md": b"\xe9", "rules/nul.md": b"\0",
        "rules/broken.md": b"---\nprioritty: 1\n---\n", "rules/a.md.md": b"x", "pack.toml": b"[pack]\n",
        "rules/x.txt": b"",
        "rules/odd.md": b"--- \npriority: 3\n---\t\n\n\nText", ".hidden": b"\xff\xfe", "rules/.md": b"y",
    }  # fmt: skip
    made = release_of(files)
    assert {rule.id for rule in made.rules} >= {"plain", "crlf", "deep/er"}
    assert {"rules/Upper.md", "rules/latin.md", "rules/nul.md", "rules/broken.md", "rules/a.md.md"} <= made.files.keys()
    assert files_of(made) == files
    with pytest.raises(SourceError, match="is a rule and a file"):
        files_of(Release(rules=made.rules, files={"rules/plain.md": b""}))


def test_what_has_not_changed_is_not_read_again() -> None:
    known: dict[str, tuple[bytes, Rule | None]] = {}
    files = {f"rules/r{at}.md": b"# %d\n" % at for at in range(3)}
    one = release_of(files, known)
    files["rules/r1.md"] = b"# New\n"
    del files["rules/r2.md"]
    two = release_of(files, known)
    assert two.rules.get("r0") is one.rules.get("r0")
    assert two == release_of(files)
    assert known.keys() == files.keys()
