"""A rule's part of a shared section, read back: nothing changes until somebody changes it, and then only that."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import rules

from driven.model.activation import ALWAYS, Activation, ForPaths, WhenRelevant
from driven.model.rule import Rule
from driven_emitters.markdown_read import code_spans
from driven_emitters.section_read import section_back
from driven_emitters.shared import section

PATHS = ForPaths(("src/**", "**/*.py"))
RULE = Rule(id="style", body="One.\n\n- Two.\n", description="How to write", activation=PATHS)
OWN = Rule(id="style", body="# How to write\nOne.\n\n- Two.\n")


def emitted(rule: Rule, applies: bool = True) -> str:
    """The rule's part of a section."""
    return section(rule, "agents", applies=applies)[0]


def back(rule: Rule, text: str, applies: bool = True) -> Rule:
    """What the text makes of the rule."""
    found = section_back(rule, text, applies=applies)
    assert found.rule is not None, found
    return found.rule


@given(rules, st.booleans())
def test_what_was_written_says_what_the_rule_says(rule: Rule, applies: bool) -> None:
    text = emitted(rule, applies)
    assume(text)
    for spelt in (text, text.rstrip("\n"), text + "\n\n", text.replace("\n", "\r\n")):
        assert back(rule, spelt, applies) == rule


@given(rules, st.booleans(), st.text("abc #`-", max_size=12).map(lambda text: f"edit {text}"), st.data())
def test_one_edited_line_of_the_body_is_all_that_changes(
    rule: Rule, applies: bool, line: str, data: st.DataObject
) -> None:
    text = emitted(rule, applies)
    assume(text)
    lines = text.rstrip("\n").split("\n")
    above = 2 if applies and isinstance(rule.activation, ForPaths) else 0
    assume(len(lines) > 2 + above)
    at = data.draw(st.integers(2 + above, len(lines) - 1))
    lines[at] = line
    found = back(rule, "\n".join(lines) + "\n", applies)
    assert replace(found, body=rule.body, description=rule.description) == rule  # an own heading may be its title
    assert found.description == rule.description
    again = emitted(found, applies)
    if found.title == rule.title:
        assert again.split("\n")[at] == line.rstrip("\n") or "driven" in line
        assert back(found, again, applies) == found


@given(rules, st.sampled_from(["Other", "C#", "a `b`", "Über"]))
def test_an_edited_heading(rule: Rule, title: str) -> None:
    text = emitted(rule)
    assume(text)
    _, _, rest = text.partition("\n")
    assume(rest)
    found = back(rule, f"## {title}\n{rest}")
    if found.body == rule.body:
        assert found.description == title
        assert emitted(found).startswith(f"## {title}\n")
    else:
        assert found.body.lstrip("\ufeff\r\n").startswith(f"## {title}")
        assert not rule.description or found.description == title.strip("# ")


@pytest.mark.parametrize(
    ("line", "activation"),
    [
        ("Applies to files matching: `src/**`, `**/*.py`, `lib/**`", ForPaths(("src/**", "**/*.py", "lib/**"))),
        ("Applies to files matching: `**/*.py`", ForPaths(("**/*.py",))),
        ("Applies to files matching: src/**, `a/{b,c}/*.ts`", ForPaths(("src/**", "a/{b,c}/*.ts"))),
        ("Applies to files matching: `src/**`,\n`./lib/**`", ForPaths(("src/**", "lib/**"))),
        ("Applies to files matching: ``a`b``, `` `x ``", ForPaths(("a`b", "`x"))),
        ("Applies to files matching: `**`", ALWAYS),
        ("Applies to files matching:", ALWAYS),
        ("", ALWAYS),
    ],
)
def test_edited_globs(line: str, activation: Activation) -> None:
    text = emitted(RULE)
    old = "Applies to files matching: `src/**`, `**/*.py`"
    assert old in text
    assert back(RULE, text.replace(old, line)) == replace(RULE, activation=activation)
    assert back(RULE, text.replace(old, line), False).activation == PATHS


def test_a_glob_that_cannot_be_one() -> None:
    found = section_back(RULE, emitted(RULE).replace("src/**", "../x"), applies=True)
    assert found.rule is None
    assert "`../x`" in found.problem
    assert (found.line, bool(found.hint)) == (3, True)


def test_a_rule_that_is_always_on_can_get_paths() -> None:
    rule = replace(RULE, activation=ALWAYS)
    text = emitted(rule).replace("\n\n", "\n\nApplies to files matching: `a/**`\n\n", 1)
    assert back(rule, text) == replace(rule, activation=ForPaths(("a/**",)))
    own = replace(rule, body="Applies to files matching: `a/**`\n\nOne.\n")
    assert back(own, emitted(own)) == own


@pytest.mark.parametrize("text", ["", "\n\n", "## How to write\n", "## Other\n\nApplies to files matching: `a`\n"])
def test_no_text_is_a_problem(text: str) -> None:
    found = section_back(RULE, text, applies=True)
    assert found.rule is None
    assert found.problem
    assert found.hint


def test_where_the_heading_is_the_bodys_own() -> None:
    text = emitted(OWN)
    assert text == "# How to write\n\nOne.\n\n- Two.\n"
    assert back(OWN, text.replace("How to", "How not to")).body == "# How not to write\nOne.\n\n- Two.\n"
    described = replace(OWN, description="How to write")
    changed = back(described, text.replace("How to", "How not to"))
    assert (changed.description, changed.body) == ("How not to write", "# How not to write\nOne.\n\n- Two.\n")
    assert emitted(changed) == text.replace("How to", "How not to")
    assert back(OWN, text.replace("One", "Three")).body == "# How to write\nThree.\n\n- Two.\n"
    assert back(OWN, text.partition("\n\n")[2]).body == "One.\n\n- Two.\n"


def test_a_deleted_heading() -> None:
    rule = replace(RULE, activation=ALWAYS, body="# Part\n\nOne.\n")
    assert back(rule, "# Part\n\nOne.\n") == rule
    assert back(rule, "One.\n") == replace(rule, body="One.\n")


def test_a_rule_for_the_model_is_found_by_its_heading() -> None:
    rule = replace(RULE, activation=WhenRelevant("How to write"))
    found = back(rule, emitted(rule).replace("How to", "How not to"))
    assert (found.description, found.activation) == ("How not to write", WhenRelevant("How not to write"))


def test_what_nobody_touched_keeps_its_layout() -> None:
    body = "\ufeff\r\n\r\nSee [a](mdc:a.md).\r\n\r\n<!-- driven: x -->\r\nTwo.\r\n\r\n[b](mdc:b.md)"
    rule = replace(RULE, body=body)
    text = emitted(rule)
    assert "mdc:" not in text
    assert "<!-- driven :" in text
    assert back(rule, text).body == body
    assert back(rule, text.replace("Two.", "Three.\nFour.")).body == body.replace("Two.", "Three.\r\nFour.")
    moved = "\n".join(["## How to write", "", "New.", "[b](b.md)", "See [a](a.md).", "<!-- driven : x -->", "Last."])
    assert back(rule, moved).body == (
        "\ufeff\r\n\r\nNew.\r\n[b](mdc:b.md)\r\nSee [a](mdc:a.md).\r\n<!-- driven: x -->\r\nLast."
    )


def test_steps_that_a_limit_left_out_are_not_edits() -> None:
    rule = replace(RULE, body="# A\n\nOne.\n\n## B\n\nTwo.\n\nThree.\n")
    whole, part = (section(rule, "agents", applies=True, body=body)[0] for body in (None, "# A\n\n## B\n\nThree.\n"))
    assert back(rule, whole) == rule
    base = back(rule, part)
    assert base.body == "# A\n\n## B\n\nThree.\n"
    assert back(rule, part.replace("Three", "Four")) == replace(base, body=base.body.replace("Three", "Four"))


@given(st.text("` a", max_size=24))
def test_code_spans_are_those_of_commonmark(text: str) -> None:
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").parseInline(f"x{text}x")[0].children or []
    expected = [token.content.replace(" ", "") for token in tokens if token.type == "code_inline"]
    assert [text[start + n : end - n].replace(" ", "") for start, end, n in code_spans(text)] == expected


def test_hostile_text_costs_no_time() -> None:
    start = time.process_time()
    for line in ("`" * 500_000, "` `` " * 100_000, ", " * 300_000, "`a`," * 200_000, "{" * 500_000, " #" * 500_000):
        for text in (f"## {line}\n\nApplies to files matching: {line}\n\n{line}\n", f"{line}\n" * 2, "\n" * 500_000):
            section_back(RULE, text, applies=True)
    many = replace(RULE, body="".join([f"line {number}\n" for number in range(50_000)]))
    back(many, emitted(many).replace("line 1\n", "x\n").replace("line 49000\n", "y\n"))
    assert time.process_time() - start < 60
