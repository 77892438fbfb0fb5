"""What a watch says became of each rule; on a real process, whose events a client could act on."""

from __future__ import annotations

from pathlib import Path

from e2e.watching import make_project, text, watching

from driven.pipeline import Session
from driven.streaming.feed import RuleFeed
from driven.sync.published import published

RULE = ".driven/rules/rule-1.md"


def test_each_event_says_which_operations_on_which_rules(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    long = text(1, "A line of this rule, and what it is for.\n" * 12)
    (project / RULE).write_text(long)
    with watching(project) as watcher:
        assert watcher.events[0]["operations"] == [{"operation": "FullSync", "rule": ""}]
        (project / RULE).write_text(long.replace("what it", "why it", 1))
        event = watcher.wait("synced", 1, causes=[RULE])
        assert event["operations"] == [{"operation": "PatchText", "rule": "rule-1"}]
        (project / RULE).write_text(long + "\n## Retries\n\n- Twice.\n")
        event = watcher.wait("synced", watcher.events.index(event) + 1, causes=[RULE])
        assert "rule-1" in {one["rule"] for one in event["operations"]}
        (project / RULE).unlink()
        event = watcher.wait("synced", watcher.events.index(event) + 1, causes=[RULE])
        assert event["operations"] == [{"operation": "Remove", "rule": "rule-1"}]


def test_without_a_feed_nothing_is_computed_and_a_rule_that_is_wrong_ends_nothing(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    session = Session(str(project))
    assert published(None, session) == ()
    feed = RuleFeed()
    assert [str(one) for one in published(feed, session)] == ["FullSync"], "of nothing: there was no sync yet"
    session.sync()
    assert {one.op for one in published(feed, session)} == {"TemplateDefine", "Instantiate"}
    (project / RULE).write_text("---\nprioritty: 1\n---\n\nNo rule\n")
    session.sync()
    assert published(feed, session) == (), "its last good form stands in the editors' files"
