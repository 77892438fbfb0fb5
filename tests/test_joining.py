"""Rules of several editors that say the same become one rule, in a form from which each gets its own file back."""

from __future__ import annotations

import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.joining import Fate, Member, alike, how_they_differ, join, says, text_key
from driven.model.activation import ALWAYS, Activation, ForPaths, OnRequest, WhenRelevant
from driven.model.rule import Rule

TS = ForPaths(("src/**/*.ts",))
TEXT = "# Handlers\n\nKeep them small.\n"


def member(editor: str, rule_id: str = "style", body: str = TEXT, activation: Activation = ALWAYS, **more) -> Member:
    path = more.pop("path", f"{editor}/{rule_id}.md")
    natives = more.pop("natives", ())
    return Member(editor, path, Rule(id=rule_id, body=body, activation=activation, **more), body.encode(), natives)


def judge(rule: Rule, member: Member) -> Fate:
    """An emitter that writes the body as it is below its editor's name, and knows `$path`; `legacy` is never written,
    and `tidy` writes LF and one final newline."""
    if member.path.startswith("legacy"):
        return "elsewhere"
    path = rule.extra.get(member.editor, {}).get("$path", f"{member.editor}/{rule.slug}.md")
    if path != member.path:
        return "elsewhere"
    body = rule.body.replace("\r\n", "\n") if member.editor == "tidy" else rule.body
    return "same" if body.encode() == member.data else "other"


def joined(*members: Member, enabled: tuple[str, ...] = (), touches=lambda rule, editor: False) -> dict[str, Rule]:
    return {one.rule.id: one.rule for one in join(members, judge, touches, enabled)}


def test_all_editors_hold_it() -> None:
    rules = joined(member("cursor"), member("claude"))
    assert list(rules) == ["style"] and rules["style"].targets == ()


def test_some_editors_hold_it() -> None:
    rules = joined(member("cursor"), member("claude"), member("cline", "other", "Other.\n"))
    assert {name: rule.targets for name, rule in rules.items()} == {
        "style": ("cursor", "claude"), "other": ("cline",),
    }  # fmt: skip


def test_one_editor_has_no_targets() -> None:
    assert all(rule.targets == () for rule in joined(member("cursor"), member("cursor", "b", "B.\n")).values())


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("A.\n\nB.\n", "A.\r\n\r\nB.\r\n"),
        ("A.\n", "A."),
        ("A.\n", "\n\nA.\n\n"),
        ("[a](mdc:src/a.ts)\n", "[a](src/a.ts)\n"),
        ("A.\n", "\ufeffA.\n"),
    ],
)
def test_what_of_a_text_does_not_count(one: str, two: str) -> None:
    assert text_key(one) == text_key(two)


def test_globs_in_braces_and_in_another_order_mean_the_same() -> None:
    one, two = ForPaths(("src/*.{ts,tsx}", "a.py")), ForPaths(("a.py", "src/*.tsx", "src/*.ts"))
    assert says(Rule(id="a", body="A", activation=one)) == says(Rule(id="b", body="A", activation=two))


def test_a_form_is_found_that_leaves_every_file_as_it_is() -> None:
    rules = joined(member("tidy", body="A.\nB.\n"), member("cursor", body="A.\r\nB.\r\n"))
    assert rules["style"].body == "A.\r\nB.\r\n" and rules["style"].targets == ()


def test_where_there_is_no_such_form_they_stay_apart() -> None:
    rules = joined(member("cursor", body="A.\nB.\n"), member("claude", body="A.\r\nB.\r\n"))
    assert {name: (rule.body, rule.targets) for name, rule in rules.items()} == {
        "style": ("A.\nB.\n", ("cursor",)), "style-claude": ("A.\r\nB.\r\n", ("claude",)),
    }  # fmt: skip
    assert "line ends" in how_they_differ(rules["style"], rules["style-claude"])


def test_one_name_and_two_texts() -> None:
    rules = joined(member("cline", body="Short.\n"), member("cursor"), member("claude"))
    assert {name: rule.targets for name, rule in rules.items()} == {
        "style": ("cursor", "claude"), "style-cline": ("cline",),
    }  # fmt: skip
    assert rules["style-cline"].extra == {"cline": {"$path": "cline/style.md"}}, "the file stays where it is"


def test_a_name_with_the_editors_may_be_taken() -> None:
    rules = joined(member("cline", body="1.\n"), member("cursor", body="2.\n"), member("cline", "style-cursor", "3.\n"))
    assert {name: rule.body for name, rule in rules.items()} == {
        "style": "1.\n", "style-cursor": "3.\n", "style-cursor-2": "2.\n",
    }  # fmt: skip


def test_the_name_that_most_files_have_else_the_shortest() -> None:
    assert list(joined(member("a", "code-style"), member("b", "code-style"), member("c", "x"))) == ["code-style"]
    rules = joined(member("a", "code-style"), member("b", "style"))
    assert rules["style"].extra == {"a": {"$path": "a/code-style.md"}}


def test_the_longest_description_and_every_editors_own_keys() -> None:
    one = member("a", description="Long words", extra={"a": {"tags": "x"}})
    rules = joined(one, member("b", extra={"b": {"$front": "---\n---\n"}}))
    assert rules["style"].description == "Long words"
    assert rules["style"].extra == {"a": {"tags": "x"}, "b": {"$front": "---\n---\n"}}


def test_two_files_of_one_editor_stay_two_rules_and_a_legacy_one_does_not() -> None:
    rules = joined(member("a", "x"), member("a", "y"), member("a", "z", path="legacy"))
    assert set(rules) == {"x", "y"}


def test_two_files_of_two_editors_pair_by_name() -> None:
    members = [member("a", "x"), member("a", "y"), member("b", "y"), member("b", "x")]
    made = join(members, judge, lambda rule, editor: False, ())
    assert {one.rule.id: [m.path for m in one.members] for one in made} == {
        "x": ["a/x.md", "b/x.md"], "y": ["a/y.md", "b/y.md"],
    }  # fmt: skip


def test_another_activation_is_another_rule() -> None:
    rules = joined(member("a"), member("b", activation=TS), member("c", activation=WhenRelevant("When in doubt")))
    assert set(rules) == {"style", "style-b", "style-c"}
    assert "`always` and `paths`" in how_they_differ(rules["style"], rules["style-b"])
    assert alike([(rule, rule.targets) for rule in rules.values()]) == {"style-b": "style", "style-c": "style"}


def test_rules_without_text_are_alike_only_by_name() -> None:
    assert set(joined(member("a", "x", ""), member("b", "y", "\n"), member("c", "x", ""))) == {"x", "y"}


def test_what_an_importer_says_of_targets_stays() -> None:
    own = member("claude", "docs", "Docs.\n", targets=("-claude",))
    assert joined(own)["docs"].targets == ("-claude",)
    assert joined(own, member("cursor"))["docs"].targets == ("-claude",)
    shared = joined(own, member("cursor"), touches=lambda rule, editor: editor == "cursor")
    assert shared["docs"].targets == ("-claude", "-cursor"), "a person's file is not to get a section by an import"
    both = joined(own, member("cursor", "docs", "Docs.\n"), member("cline"))
    assert both["docs"].targets == ("cursor",)
    assert joined(own, member("cursor", "docs", "Docs.\n"))["docs"].targets == ("-claude",)


def test_who_reads_the_file_by_itself_gets_no_second_one() -> None:
    assert joined(member("agents", natives=("claude",)))["style"].targets == ("-claude",)
    rules = joined(member("agents", natives=("claude",)), member("claude", "other", "Other.\n"))
    assert rules["style"].targets == ("-claude",) and rules["other"].targets == ("claude",)


def test_editors_that_are_switched_off_hold_nothing_back() -> None:
    """A project that moves from one editor to another: what the old one had is for the new one."""
    old, new = member("cursor"), member("claude", "other", "Other.\n")
    rules = joined(old, new, enabled=("claude",))
    assert rules["style"].targets == () and rules["other"].targets == ()
    assert joined(old, new, enabled=("claude",), touches=lambda rule, editor: True)["style"].targets == ("-claude",)


WORDS = st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=60)


@given(st.lists(WORDS, min_size=2, max_size=8))
def test_what_is_alike_is_found_and_nothing_else(texts: list[list[str]]) -> None:
    from collections import Counter

    rules = [(Rule(id=f"r{i}", body=" ".join(words)), (f"e{i}",)) for i, words in enumerate(texts)]
    found = alike(rules)
    for at, words in enumerate(texts):
        near = [
            other
            for other in range(at)
            if 2 * (Counter(words) & Counter(texts[other])).total() >= 0.9 * (len(words) + len(texts[other]))
        ]
        assert (f"r{at}" in found) == bool(near)
        assert found.get(f"r{at}") in (None, *(f"r{other}" for other in near))


def test_many_rules_are_compared_with_few() -> None:
    """About linear: of four times as many rules, no more than ten times the calls; where all are alike as well."""

    def calls(count: int, *, same: bool) -> int:
        texts = [TEXT if same else " ".join(f"w{(i * 7 + n * n) % 900}" for n in range(200)) for i in range(count)]
        rules = [(Rule(id=f"r{i}", body=text), (f"e{i % 7}",)) for i, text in enumerate(texts)]
        number = 0

        def called(*_: object) -> None:
            nonlocal number
            number += 1

        sys.setprofile(called)  # of every call, and of every step of a generator
        try:
            found = alike(rules)
        finally:
            sys.setprofile(None)
        assert not same or len(found) == count - 1
        return number

    for same in (False, True):
        assert calls(800, same=same) < 10 * calls(200, same=same)


def test_on_request_and_always_are_not_one() -> None:
    assert says(Rule(id="a", body="A", activation=OnRequest())) != says(Rule(id="a", body="A"))


def test_who_fits_is_joined_though_another_does_not() -> None:
    """The file of one editor that bears no other form than its own keeps nobody else apart."""
    crlf = TEXT.replace("\n", "\r\n")
    members = [member("a", body=crlf), member("tidy"), member("c", body=crlf)]
    for at in range(4):
        odd = member("odd", body="\n" + TEXT)
        rules = joined(*members[:at], odd, *members[at:])
        assert {frozenset(rule.targets) for rule in rules.values()} == {
            frozenset(("a", "tidy", "c")),
            frozenset(("odd",)),
        }
    pairs = [member("a"), member("b", body="\n" + TEXT), member("c"), member("d", body="\n" + TEXT)]
    assert sorted(rule.targets for rule in joined(*pairs).values()) == [("a", "c"), ("b", "d")]


def test_a_part_takes_who_bears_it() -> None:
    """`tidy` bears another form than its own: with it, three forms are two rules."""
    crlf = TEXT.replace("\n", "\r\n")
    rules = joined(member("b", body="\n" + TEXT), member("tidy"), member("a", body=crlf))
    assert sorted(rule.targets for rule in rules.values()) == [("b",), ("tidy", "a")]


@pytest.mark.parametrize("path", ["legacy/{}", "{}"])
def test_many_files_with_one_text_are_joined_in_no_time(path: str) -> None:
    crlf = TEXT.replace("\n", "\r\n")
    members = [member("a", f"r{n}", path=path.format(n), body=(TEXT, crlf)[n % 2]) for n in range(400)]
    began = time.process_time()
    assert joined(*members, member("b", body="\n" + TEXT), member("c"))
    assert time.process_time() - began < 60
