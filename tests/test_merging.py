"""Hand edits merged into a rule, field by field: what flows, what overlaps, and whose side is taken."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.merging import HandEdit, merge_edits, merge_globs, merge_rule, placed
from driven.model.activation import ALWAYS, ON_REQUEST, Activation, ForPaths, WhenRelevant
from driven.model.rule import Rule, Source
from driven.span import Span
from tests import strategies

BODY = "# Errors\n\n- one\n- two\n- three\n\nThe end.\n"
RULE = Rule(
    id="errors", body=BODY, description="Errors", activation=ForPaths(("src/**", "web/**")), targets=("-cline",),
    tags=("x",), priority=7, source=Source(front="---\ndescription: Errors\npaths: [src/**, web/**]\n---\n\n"),
    span=Span(path=".driven/rules/errors.md"),
)  # fmt: skip


def merged(now: Rule, before: Rule, **edit: Any) -> Rule:
    found = merge_rule(now, before, replace(before, **edit))
    assert found.overlaps == ()
    return found.rule


def test_each_field_flows() -> None:
    edit: dict[str, Any] = {
        "description": "Mistakes",
        "activation": ON_REQUEST,
        "body": BODY.replace("two", "2"),
        "extra": {"cursor": {"ticket": "A-1"}},
    }
    for name, value in edit.items():
        assert merged(RULE, RULE, **{name: value}) == replace(RULE, **{name: value})
    assert merged(RULE, RULE, **edit) == replace(RULE, **edit)


def test_what_the_form_cannot_say_stays() -> None:
    """What an editor's text says of the rule is less than the rule: only the difference counts."""
    said = Rule(id="errors", body=BODY, description="", activation=ALWAYS)
    rule = merged(RULE, said, body=BODY.replace("two", "2"))
    assert rule == replace(RULE, body=BODY.replace("two", "2"))


def test_edits_of_both_sides_meet() -> None:
    now = replace(RULE, body=BODY.replace("The end.", "Bye."), description="Mistakes", priority=1)
    rule = merged(
        now, RULE, body=BODY.replace("# Errors", "# Faults"), activation=ForPaths(("src/**", "web/**", "x/*"))
    )
    assert rule.body == BODY.replace("The end.", "Bye.").replace("# Errors", "# Faults")
    assert (rule.description, rule.activation, rule.priority) == ("Mistakes", ForPaths(("src/**", "web/**", "x/*")), 1)


def test_overlaps_say_where_and_what() -> None:
    now = replace(RULE, body=BODY.replace("two", "2"), description="A", activation=ALWAYS)
    after = replace(RULE, body=BODY.replace("two", "zwei"), description="B", activation=ForPaths(("src/**",)))
    found = merge_rule(now, RULE, after)
    shown = {o.field: (o.base, o.ours, o.theirs, o.line) for o in found.overlaps}
    assert shown == {
        "description": ("Errors", "A", "B", 2),
        "activation": ("paths:\n  - src/**\n  - web/**\n", "apply: always\n", "paths:\n  - src/**\n", 3),
        "body": ("- two\n", "- 2\n", "- zwei\n", 9),
    }
    assert {o.source for o in found.overlaps} == {".driven/rules/errors.md"}
    assert found.rule == now, "what overlaps is ours for the time being"
    assert merge_rule(now, RULE, after, take="ours").rule == now
    adopted = merge_rule(now, RULE, after, take="theirs")
    assert adopted.overlaps == () and adopted.rule == after


def test_the_line_in_the_edited_file() -> None:
    after = replace(RULE, body=BODY.replace("two", "zwei"), description="B")
    found = merge_rule(replace(RULE, body=BODY.replace("two", "2"), description="A"), RULE, after)
    text = f"---\r\nalwaysApply: true\r\ndescription: B\r\n---\r\n\r\n{after.body}".replace("\n", "\r\n")
    text = text.replace("\r\r", "\r")
    lines = {o.field: (o.file, o.their_line) for o in placed(found.overlaps, after, "a.mdc", text)}
    assert lines == {"description": ("a.mdc", 3), "body": ("a.mdc", 9)}
    assert text.split("\r\n")[8] == "- zwei"
    assert [o.their_line for o in placed(found.overlaps, after, "a.mdc", "other text")] == [0, 4]


@pytest.mark.parametrize(
    ("now", "before", "after", "want"),
    [
        ("a b", "a b", "a b c", "a b c"),
        ("a b", "a b", "c a b", "c a b"),
        ("a b", "a b", "a c b", "a c b"),
        ("a b", "a b", "b", "b"),
        ("a b x", "a b", "a", "a x"),  # ours added, theirs removed
        ("x a b", "a b", "a b c", "x a b c"),
        ("b", "a b", "a b c", "b c"),
        ("a b", "a b", "b a", "b a"),  # an order is worth keeping, though it says nothing
        ("a b x", "a b", "b a", "a b x"),
        ("a", "a b", "a", "a"),  # both removed
        ("a b c", "a b", "a b c", "a b c"),  # both added
        ("*.{ts,tsx} b", "*.{ts,tsx} b", "*.ts *.tsx b c", "*.{ts,tsx} b c"),  # braces written out by an emission
        ("*.{ts,tsx} b", "*.{ts,tsx} b", "*.ts b", "*.ts b"),
        ("*.{ts,tsx}", "*.ts *.tsx", "*.ts *.tsx *.js", "*.{ts,tsx} *.js"),
        ("a", "a", "a *.{c,d}", "a *.{c,d}"),
        ("src/*.{a,b} lib", "src/*.{a,b} lib", "src/*.a lib new", "src/*.a lib new"),  # the file's order
        ("*.{a,b} lib", "*.{a,b} lib", "lib *.a *.b new", "lib *.{a,b} new"),
        ("a b", "a b c", "b a", "b a"),  # both removed the same
        ("a x b", "a b c", "b a", "a x b"),  # but the rule has one that the file has not
        ("c", "a", "b", ""),  # one glob made two others
        ("b", "a b", "a", ""),  # none is left
        ("a{", "a{", "a{ b", "a{ b"),  # no pattern at all: a rule that was built by hand
    ],
)
def test_globs(now: str, before: str, after: str, want: str) -> None:
    assert merge_globs(now.split(), before.split(), after.split()) == tuple(want.split())


def test_globs_that_overlap() -> None:
    found = merge_rule(
        replace(RULE, activation=ForPaths(("c",))),
        replace(RULE, activation=ForPaths(("a",))),
        replace(RULE, activation=ForPaths(("b",))),
    )
    (overlap,) = found.overlaps
    assert (overlap.field, overlap.ours, overlap.theirs, overlap.base) == ("paths", "c\n", "b\n", "a\n")


@pytest.mark.parametrize(
    ("now", "before", "after", "want"),
    [
        (ALWAYS, ALWAYS, ON_REQUEST, ON_REQUEST),
        (ON_REQUEST, ALWAYS, ON_REQUEST, ON_REQUEST),
        (ON_REQUEST, ALWAYS, ALWAYS, ON_REQUEST),
        (ForPaths(("a",)), ForPaths(("a",)), ALWAYS, ALWAYS),
        (ForPaths(("a", "b")), ForPaths(("a",)), ALWAYS, None),
        (ALWAYS, ForPaths(("a",)), ForPaths(("b",)), None),
        (ON_REQUEST, ALWAYS, ForPaths(("b",)), None),
        (ForPaths(("b",)), ALWAYS, ForPaths(("b",)), ForPaths(("b",))),
        (ForPaths(("b",)), ALWAYS, ForPaths(("c",)), None),
    ],
)
def test_activation(now: Activation, before: Activation, after: Activation, want: Activation | None) -> None:
    rules = [replace(RULE, activation=one) for one in (now, before, after)]
    found = merge_rule(*rules)
    assert ([o.field for o in found.overlaps] == ["activation"]) is (want is None)
    assert found.rule.activation == (want or now)


def test_the_description_of_a_rule_that_the_model_finds() -> None:
    """It stands in the file as `description`, and is the title where that has none."""
    titled = replace(RULE, description="", activation=WhenRelevant("Errors"))
    said = replace(titled, description="Errors")  # what the editor's file had to say
    rule = merged(titled, said, description="How to fail", activation=WhenRelevant("How to fail"))
    assert (rule.description, rule.activation) == ("How to fail", WhenRelevant("How to fail"))
    rule = merged(titled, titled, body=BODY.replace("# Errors", "# Faults"))
    assert (rule.description, rule.activation) == ("", WhenRelevant("Faults"))
    rule = merged(RULE, RULE, activation=WhenRelevant("Errors"))
    assert (rule.description, rule.activation) == ("Errors", WhenRelevant("Errors"))
    rule = merged(titled, said, description="", activation=ON_REQUEST)
    assert (rule.description, rule.activation) == ("", ON_REQUEST)


def test_keys_of_an_editor() -> None:
    now = replace(RULE, extra={"cursor": {"a": 1, "b": 2, "$path": "old.mdc"}, "cline": {"z": 1}})
    edit = {"cursor": {"a": 1, "c": [3], "$path": "new.mdc"}}
    assert merged(now, now, extra=edit | {"cline": {"z": 1}}).extra == edit | {"cline": {"z": 1}}
    assert merged(now, now, extra={"cursor": {"b": 2, "a": 1, "$path": "old.mdc"}}).extra == {
        "cursor": {"b": 2, "a": 1, "$path": "old.mdc"}
    }
    before = replace(RULE, extra={"cursor": {"a": 0, "b": 2, "$path": "older.mdc"}})
    after = replace(RULE, extra={"cursor": {"a": True, "b": 3, "$path": "new.mdc"}})
    found = merge_rule(now, before, after)
    (overlap,) = found.overlaps
    assert (overlap.field, overlap.ours, overlap.theirs, overlap.base) == ("key `a`", "1", "true", "0")
    assert found.rule.extra["cursor"] == {"a": 1, "b": 3, "$path": "new.mdc"}
    assert merge_rule(now, before, after, take="theirs").rule.extra["cursor"] == {"a": True, "b": 3, "$path": "new.mdc"}


def test_a_key_that_is_gone_here_and_changed_there() -> None:
    before = replace(RULE, extra={"cursor": {"a": 0}})
    found = merge_rule(RULE, before, replace(RULE, extra={"cursor": {"a": 1}}))
    (overlap,) = found.overlaps
    assert (overlap.ours, overlap.theirs) == ("", "1")
    assert merged(RULE, before, extra={}) == RULE


def test_links_of_cursor_come_through_other_editors() -> None:
    now = replace(RULE, body="See [a](mdc:a.md) and [b](b.md).\n\nx\n")
    said = replace(now, body=now.body.replace("mdc:", ""))
    rule = merged(now, said, body=said.body.replace("See", "Read").replace("x", "[a](a.md) [b](b.md)"))
    assert rule.body == "Read [a](mdc:a.md) and [b](b.md).\n\n[a](mdc:a.md) [b](b.md)\n"
    assert merged(now, now, body=said.body).body == said.body, "in Cursor a person may take the scheme away"


def test_a_section_never_ends_by_its_text() -> None:
    now = replace(RULE, body="Write <!-- driven:begin x -->.\n\nx\n")
    said = replace(now, body=now.body.replace("driven:", "driven :"))
    assert merged(now, said, body=said.body.replace("x\n", "y\n")).body == now.body.replace("x\n", "y\n")


def edit(path: str, **changes: Any) -> HandEdit:
    after = replace(RULE, **changes)
    return HandEdit(path=path, before=RULE, after=after, text="---\n---\n" + after.body)


def test_two_editors_at_once() -> None:
    one = edit("a.mdc", body=BODY.replace("# Errors", "# Faults"))
    two = edit("b.md", body=BODY.replace("three", "3"), activation=ON_REQUEST)
    found = merge_edits(RULE, [one, two])
    assert found.overlaps == ()
    assert found.rule.body == BODY.replace("# Errors", "# Faults").replace("three", "3")
    assert found.rule.activation == ON_REQUEST
    same = merge_edits(RULE, [one, replace(one, path="b.md")])
    assert same.overlaps == () and same.rule == one.after


def test_two_editors_differently_at_once() -> None:
    one = edit("a.mdc", body=BODY.replace("two", "2").replace("The end", "Bye"))
    two = edit("b.md", body=BODY.replace("two", "zwei"))
    three = edit("c.md", body=BODY.replace("# Errors", "# Faults"))
    for take in ("none", "theirs"):
        (overlap,) = merge_edits(RULE, [three, one, two], take=take).overlaps  # type: ignore[arg-type]
        assert (overlap.source, overlap.line, overlap.ours) == ("a.mdc", 6, "- 2\n")
        assert (overlap.file, overlap.their_line, overlap.theirs) == ("b.md", 6, "- zwei\n")
    forced = merge_edits(RULE, [one, two], take="ours")
    assert forced.overlaps == ()
    assert forced.rule.body == BODY.replace("The end", "Bye"), "neither edit of that line is the rule's side"
    ways = [edit("a.mdc", activation=ON_REQUEST), edit("b.md", activation=ALWAYS, description="B")]
    (overlap,) = merge_edits(RULE, ways).overlaps
    assert (overlap.field, overlap.source, overlap.file) == ("activation", "a.mdc", "b.md")
    forced = merge_edits(RULE, ways, take="ours")
    assert (forced.overlaps, forced.rule) == ((), replace(RULE, description="B"))


def test_two_editors_and_a_title() -> None:
    """A rule that the model finds by its title gets no description from a new one."""
    titled = replace(RULE, description="", activation=WhenRelevant("Errors"))
    said = replace(titled, description="Errors")
    edits = [
        HandEdit(path=path, before=said, after=replace(said, body=BODY.replace(old, new)))
        for path, old, new in (("a.mdc", "two", "2"), ("b.md", "# Errors", "# Faults"), ("c.md", "The end", "Bye"))
    ]
    rule = merge_edits(titled, edits).rule
    assert (rule.description, rule.activation) == ("", WhenRelevant("Faults"))
    assert rule.body == BODY.replace("two", "2").replace("# Errors", "# Faults").replace("The end", "Bye")


def test_a_rule_and_two_editors() -> None:
    now = replace(RULE, body=BODY.replace("two", "II"))
    one = edit("a.mdc", body=BODY.replace("two", "2"))
    two = edit("b.md", body=BODY.replace("The end", "Bye"))
    found = merge_edits(now, [one, two])
    assert [(o.source, o.file) for o in found.overlaps] == [(".driven/rules/errors.md", "a.mdc")]
    assert merge_edits(now, [one, two], take="theirs").rule.body == BODY.replace("two", "2").replace("The end", "Bye")
    assert merge_edits(now, [one, two], take="ours").rule.body == BODY.replace("two", "II").replace("The end", "Bye")


def _without_fronts(rule: Rule) -> dict[str, dict[str, object]]:
    bare = {name: {key: value for key, value in keys.items() if key != "$front"} for name, keys in rule.extra.items()}
    return {name: keys for name, keys in bare.items() if keys}


@settings(max_examples=200)
@given(strategies.rules, strategies.rules)
def test_one_side_is_taken_as_it_is(now: Rule, other: Rule) -> None:
    changed = replace(
        now, body=other.body, description=other.description, extra=other.extra, activation=other.activation
    )
    found = merge_rule(now, now, changed)
    assert found.overlaps == ()
    rule = found.rule
    if (now.activation, now.description) == (changed.activation, changed.description):
        assert rule.extra == changed.extra
    else:  # a front matter that says what the rule said before is written no more
        assert _without_fronts(rule) == _without_fronts(changed)
    assert rule.body.split() == changed.body.split()
    if isinstance(changed.activation, ForPaths):
        assert isinstance(rule.activation, ForPaths) and set(rule.activation.globs) == set(changed.activation.globs)
    elif not isinstance(changed.activation, WhenRelevant) and not isinstance(now.activation, WhenRelevant):
        assert (rule.activation, rule.description) == (changed.activation, changed.description)
    assert merge_rule(changed, now, changed).overlaps == ()
    assert merge_rule(now, changed, changed).rule.body == now.body


@given(
    st.lists(strategies.globs, max_size=4),
    st.lists(strategies.globs, max_size=4),
    st.lists(strategies.globs, max_size=4),
)
def test_globs_of_any_kind(now: list[str], before: list[str], after: list[str]) -> None:
    found = merge_globs(now, before, after)
    assert set(after) - set(before) <= set(found) or not found
    assert not (set(before) - set(after)) & set(found)
    assert set(found) <= set(now) | set(after) or any("{" in glob for glob in now)


def test_two_hundred_edited_rules_take_less_than_a_second() -> None:
    body = "".join(f"## Part {at}\n\n- Do {at}.\n- Never {at}.\n\n" for at in range(60))
    before = [replace(RULE, id=f"r{at}", body=body) for at in range(200)]
    now = [replace(rule, body=rule.body.replace("- Do 7.", "- Do it.")) for rule in before]
    after = [
        replace(rule, body=rule.body.replace("- Never 50.", "- Never."), activation=ForPaths(("src/**", "lib/**")))
        for rule in before
    ]
    began = time.process_time()
    found = [merge_rule(*rules) for rules in zip(now, before, after, strict=True)]
    assert time.process_time() - began < 30, "the bar is a second, on a machine that is not shared"
    assert not any(one.overlaps for one in found)
    assert found[9].rule.body == now[9].body.replace("- Never 50.", "- Never.")


def front(editor: str, text: str, **more: str) -> dict[str, dict[str, str]]:
    return {editor: {"$front": text, **more}}


def test_a_layout_that_means_something_else_now_is_not_kept() -> None:
    """Of the other editors' files and of the edited one; what still says what the rule says stays."""
    old = front("cursor", "---\nglobs : src/**,web/**\n---\n\n")
    rule = replace(RULE, extra=old)
    globs = ForPaths(("src/**", "x/*"))
    assert merged(rule, rule, activation=globs).extra == {}
    assert merged(rule, rule, activation=ON_REQUEST).extra == {}
    assert merged(rule, rule, activation=ForPaths(("web/**", "src/**"))).extra == old, "the same files"
    assert merged(rule, rule, body="Text.\n", description="Other").extra == old
    new = front("cursor", "---\nglobs : src/**,x/*\n---\n\n", k="v")
    assert merged(rule, rule, activation=globs, extra=new).extra == new
    now = replace(rule, activation=ForPaths(("src/**", "web/**", "b")))
    both = merged(now, rule, activation=globs, extra=new)
    assert (both.activation, both.extra) == (ForPaths(("src/**", "x/*", "b")), {"cursor": {"k": "v"}})


def test_a_layout_with_another_description_is_not_kept() -> None:
    stated = replace(RULE, extra=front("cursor", '---\ndescription: "Errors"\n---\n'))
    assert merged(stated, stated, description="Mistakes").extra == {}
    silent = replace(RULE, extra=front("claude", "---\n# my description\n---\n"))
    assert merged(silent, silent, description="Mistakes").extra == silent.extra
    document = replace(RULE, extra=front("claude", "---\ndescription: Errors\n---\n", **{"$path": "CLAUDE.md"}))
    assert merged(document, document, description="Mistakes").extra == document.extra, "a person's own text"


def test_a_layout_with_a_comment_is_kept_whatever_it_says() -> None:
    """It is a person's words; the emitter says that they are not written."""
    rule = replace(RULE, extra=front("cursor", "---\nglobs: src/**,web/** # why\n---\n\n"))
    assert merged(rule, rule, activation=ForPaths(("x/*",))).extra == rule.extra


def test_two_files_that_say_the_same_keep_the_layout_of_each() -> None:
    rule = replace(RULE, extra=front("cursor", "---\na:\n---\n") | front("windsurf", "---\nb:\n---\n"))
    globs = ForPaths(("src/**",))
    cursor = replace(rule, activation=globs, extra=rule.extra | front("cursor", "---\nc:\n---\n"))
    windsurf = replace(rule, activation=globs, extra=rule.extra | front("windsurf", "---\nd:\n---\n"))
    edits = [HandEdit(path="a", before=rule, after=cursor), HandEdit(path="b", before=rule, after=windsurf)]
    found = merge_edits(rule, edits)
    assert not found.overlaps
    assert found.rule.extra == front("cursor", "---\nc:\n---\n") | front("windsurf", "---\nd:\n---\n")
    edits[1] = HandEdit(path="b", before=rule, after=replace(windsurf, activation=ForPaths(("src/**", "web/**", "x"))))
    assert merge_edits(rule, edits).rule.extra == {}, "both are without the other's globs"
