"""What templates were answered is kept: a new answer, a newer template, edits in between, undo, hostile files."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.cli.commands.template import looked_at
from driven.errors import ConfigError, DiskError, UsageError
from driven.fusion.template import Template, Variable
from driven.history import restore, undo
from driven.pipeline import sync
from driven.project.disk import Tree
from driven.project.files import TEMP_SUFFIX
from driven.project.writer import Writer
from driven.templating.applying import Applied, carry_out, prepare
from driven.templating.checking import check
from driven.templating.finding import Library
from driven.templating.kept import ANSWERS, Kept, kept_text, read_kept
from driven.templating.writing import new

Put = Callable[..., None]
Make = Callable[[], Library]

TWO = "variables:\n  folder: {type: str, default: src}\n  word: {type: str, default: must}\n"
TEXT = """---
description: How it is done
paths: ["{{ folder }}/**"]
---

# Rules

- First in {{ folder }}.
- You {{ word }} test.
- Middle.
- Last.

The end.
"""


def apply(found: Library, *names: str, given: dict[str, Any] | None = None, **said: Any) -> Applied:
    made = prepare(found, names, given or {}, **said)
    return carry_out(made) if made.is_sound else made


def rule(root: Path, name: str = "x") -> Path:
    return root / f".driven/rules/{name}.md"


def text(root: Path, name: str = "x") -> str:
    return rule(root, name).read_bytes().decode()


def edit(path: Path, old: str, new: str) -> None:
    whole = path.read_bytes().decode()
    assert old in whole
    path.write_bytes(whole.replace(old, new).encode())


def kept(root: Path, name: str = "x") -> dict[str, Any]:
    return dict(read_kept(str(root))[name].answers)


def test_one_answer_changes_and_the_others_stay(root: Path, put: Put, library: Make) -> None:
    put("x", TEXT, TWO)
    apply(library(), "x", given={"folder": "lib", "word": "may"})
    made = apply(library(), "x", given={"folder": "app"})
    assert made.done and [one.path for one in made.plan.writes] == [".driven/rules/x.md", ANSWERS]
    assert 'paths: ["app/**"]' in text(root) and "You may test." in text(root)
    assert kept(root) == {"folder": "app", "word": "may"}
    before = (root / ANSWERS).read_bytes()
    assert not apply(library(), "x").plan.writes and not apply(library(), "x", given={"word": "may"}).plan.writes
    assert apply(library(), "x", force=True).values["word"] == "may" and (root / ANSWERS).read_bytes() == before


def test_the_file_says_it_to_people_and_in_one_order(root: Path, put: Put, library: Make) -> None:
    put("b", "B in {{ folder }}.\n", "variables: {folder: src}\n")
    put("a", "A.\n")
    apply(library(), "b", "a")
    one = (root / ANSWERS).read_bytes()
    said = one.decode()
    assert said.startswith("# What `driven template apply` was answered") and "\n\"b\" = '''\nB in src.\n'''\n" in said
    assert tomllib.loads(said)["rules"]["b"] == {"template": "project:b", "answers": {"folder": "src"}}
    for path in (root / ANSWERS, rule(root, "a"), rule(root, "b")):
        path.unlink()
    apply(library(), "a")
    apply(library(), "b")
    assert (root / ANSWERS).read_bytes() == one


def test_an_edit_elsewhere_is_merged_and_told_from_the_text_for_ever(root: Path, put: Put, library: Make) -> None:
    put("x", TEXT, TWO)
    apply(library(), "x")
    edit(rule(root), "- Last.\n", "- Last.\n- Ours.\n")
    for folder in ("lib", "app", "src"):
        assert apply(library(), "x", given={"folder": folder}).done
        assert f'paths: ["{folder}/**"]' in text(root) and "- Last.\n- Ours.\n" in text(root)
    assert text(root) == TEXT.replace("{{ folder }}", "src").replace("{{ word }}", "must").replace(
        "- Last.\n", "- Last.\n- Ours.\n"
    )


def test_an_edit_at_the_same_place_is_a_conflict_until_somebody_decides(root: Path, put: Put, library: Make) -> None:
    put("x", TEXT, TWO)
    apply(library(), "x")
    edit(rule(root), "You must test.", "You should test.")
    was, answers = text(root), (root / ANSWERS).read_bytes()
    made = apply(library(), "x", given={"word": "may", "folder": "lib"})
    (conflict,) = made.plan.conflicts
    assert not made.done and text(root) == was and (root / ANSWERS).read_bytes() == answers
    (lap,) = conflict.overlaps
    assert (lap.line, lap.ours, lap.theirs) == (
        8,
        "- First in src.\n- You should test.\n",
        "- First in lib.\n- You may test.\n",
    )
    assert apply(library(), "x", given={"word": "may", "folder": "lib"}, keep=True).done
    assert "You should test." in text(root) and 'paths: ["lib/**"]' in text(root) and kept(root)["word"] == "may"
    assert not apply(library(), "x").plan.conflicts, "it was decided: the next one asks no more"
    assert apply(library(), "x", force=True).done and "You may test." in text(root)


def test_a_newer_template_flows_on_any_machine(root: Path, put: Put, library: Make, tmp_path: Path) -> None:
    """What the edit is told from comes with the project, not from this machine's snapshots."""
    put("x", TEXT, TWO)
    apply(library(), "x", given={"folder": "lib"})
    edit(rule(root), "The end.", "The end of it.")
    shutil.rmtree(root / ".driven/state")
    put("x", TEXT.replace("Middle", "Centre"), TWO + "  more: {type: int, default: 3}\n")
    assert apply(library(), "x").done
    assert "- Centre.\n" in text(root) and "The end of it.\n" in text(root) and 'paths: ["lib/**"]' in text(root)
    assert kept(root) == {"folder": "lib", "word": "must", "more": 3}
    put("x", TEXT.replace("{{ word }}", "must"), "variables: {folder: src}\n")
    assert apply(library(), "x").done and kept(root) == {"folder": "lib"}, "a variable that went is forgotten"


def test_line_ends_of_windows_are_no_edit(root: Path, put: Put, library: Make) -> None:
    put("x", TEXT, TWO)
    apply(library(), "x")
    rule(root).write_bytes(rule(root).read_bytes().replace(b"\n", b"\r\n"))
    assert apply(library(), "x", given={"word": "may"}).done
    assert b"You may test.\r\n" in rule(root).read_bytes()


def test_a_merge_that_gives_no_rule_is_a_conflict(root: Path, put: Put, library: Make) -> None:
    put("x", "---\ndescription: One\napply: always\npriority: 3\n---\n\nText.\n")
    apply(library(), "x")
    edit(rule(root), "description: One\n", "description: One\ntitle: [\n")
    put("x", "---\ndescription: One\napply: always\npriority: 4\n---\n\nText.\n")
    assert apply(library(), "x").plan.conflicts and "priority: 3" in text(root)


@pytest.mark.parametrize("before", ["nothing", "another template"])
def test_a_rule_of_somebody_else_stays(root: Path, put: Put, library: Make, before: str) -> None:
    put("x", "Ours.\n")
    put("other/x", "Theirs.\n")
    if before == "nothing":
        rule(root).write_text("Mine.\n", encoding="utf-8")
    else:
        apply(library(), "other/x")
    was = text(root)
    (conflict,) = apply(library(), "project:x").plan.conflicts
    assert conflict.drift == "foreign" and text(root) == was


def test_a_rule_that_stands_there_as_it_is_given_is_taken_for_its_own(root: Path, put: Put, library: Make) -> None:
    put("x", TEXT, TWO)
    rule(root).write_text(TEXT.replace("{{ folder }}", "src").replace("{{ word }}", "must"), encoding="utf-8")
    assert [one.path for one in apply(library(), "x").plan.writes] == [ANSWERS]
    assert apply(library(), "x", given={"folder": "lib"}).done and "First in lib" in text(root)


def test_what_went_is_forgotten_and_several_of_one_template_are_apart(root: Path, put: Put, library: Make) -> None:
    put("x", TEXT, TWO)
    put("y", "Y.\n")
    apply(library(), "x", given={"folder": "one"}, rule_id="a/one")
    apply(library(), "x", given={"folder": "two"}, rule_id="two")
    apply(library(), "x", given={"word": "may"}, rule_id="a/one")
    assert "First in one." in text(root, "a/one") and "First in two." in text(root, "two")
    rule(root, "two").unlink()
    apply(library(), "y")
    assert sorted(read_kept(str(root))) == ["a/one", "y"]


# several templates


def test_each_keeps_its_own_answer_until_somebody_says_otherwise(root: Path, put: Put, library: Make) -> None:
    put("a", "A of {{ package }}.\n", "variables: {package: one}\n")
    put("b", "B of {{ package }}.\n", "variables: {package: two}\n")
    put("c", "C of {{ package }}.\n", "variables: {package: three}\n")
    put("p", "", "kind: project\ninclude: [a, b, c]\nvariables: {package: four}\n")
    apply(library(), "a", given={"package": "left"})
    apply(library(), "b", given={"package": "right"})
    made = apply(library(), "p")
    assert made.done and (text(root, "a"), text(root, "b")) == ("A of left.\n", "B of right.\n")
    assert text(root, "c") == "C of left.\n", "what is new takes the first answer"
    assert apply(library(), "p", given={"package": "all"}).done
    assert (text(root, "a"), text(root, "b"), text(root, "c")) == ("A of all.\n", "B of all.\n", "C of all.\n")


# questions


def test_a_person_is_asked_again_with_the_former_answers(root: Path, put: Put, library: Make) -> None:
    put("x", TEXT, TWO)
    put("y", "Y in {{ folder }}.\n", "variables: {folder: src}\n")
    apply(library(), "x", "y", given={"folder": "lib", "word": "may"})
    asked: list[tuple[str, Any]] = []
    typed = iter(["app", ""])

    def ask(template: Template, variable: Variable, default: Any, problem: str) -> str:
        asked.append((variable.name, default))
        return next(typed)

    assert apply(library(), "x", "y", ask=ask).done
    assert asked == [("folder", "lib"), ("word", "may")], "what was said for one is not asked for the other"
    assert "First in app." in text(root) and text(root, "y") == "Y in app.\n"
    asked.clear()
    assert apply(library(), "x", given={"word": "can"}, ask=ask).done
    assert asked == [] and "First in app." in text(root), "one answer is changed: nothing else is asked"


def test_a_former_answer_that_fits_no_more(root: Path, put: Put, library: Make) -> None:
    put("x", "In {{ folder }}.\n", "variables: {folder: src}\n")
    apply(library(), "x", given={"folder": "lib"})
    put("x", "In {{ folder }}.\n", "variables:\n  folder: {type: str, choices: [src, app], default: src}\n")
    with pytest.raises(UsageError, match="`folder` cannot be `lib`") as told:
        apply(library(), "x")
    assert ANSWERS in told.value.hint and "--set folder=" in told.value.hint
    assert apply(library(), "x", ask=lambda _template, _variable, default, _problem: "").done
    assert kept(root) == {"folder": "src"}


def test_what_is_not_asked_for_follows_its_default(root: Path, put: Put, library: Make) -> None:
    more = "variables:\n  deep: {type: bool, default: true}\n  level: {type: int, default: 3, when: '{{ deep }}'}\n"
    put("x", "Level {{ level }}.\n", more)
    apply(library(), "x", given={"level": 7})
    assert apply(library(), "x", given={"deep": "no"}).done
    assert text(root) == "Level 3.\n" and kept(root) == {"deep": False}


# taking it back


def test_an_undo_takes_the_answers_back_with_the_rule(root: Path, put: Put, library: Make) -> None:
    put("x", TEXT, TWO)
    apply(library(), "x", given={"folder": "one"})
    was = (root / ANSWERS).read_bytes()
    apply(library(), "x", given={"folder": "two"})
    undo(str(root))
    assert "First in one." in text(root) and (root / ANSWERS).read_bytes() == was
    undo(str(root))
    assert "First in two." in text(root) and kept(root)["folder"] == "two"


def test_the_undo_of_a_sync_leaves_rule_and_answers_together(root: Path, put: Put, library: Make) -> None:
    put("x", TEXT, TWO)
    apply(library(), "x", given={"folder": "one"})
    sync(str(root))
    apply(library(), "x", given={"folder": "two"})
    sync(str(root))
    output = root / ".cursor/rules/x.mdc"
    assert "First in two." in output.read_text()
    undo(str(root))
    assert "First in one." in output.read_text()
    assert "First in two." in text(root) and kept(root)["folder"] == "two"
    sync(str(root))
    assert "First in two." in output.read_text()
    restore(str(root), 1)
    assert "First in one." in text(root) and kept(root)["folder"] == "one"


def test_the_undo_of_a_sync_takes_back_the_edit_and_not_the_template(root: Path, put: Put, library: Make) -> None:
    put("x", TEXT, TWO)
    apply(library(), "x", given={"folder": "one"})
    sync(str(root))
    apply(library(), "x", given={"folder": "two"})
    was = text(root)
    edit(rule(root), "- Last.\n", "- Last.\n- Ours.\n")
    sync(str(root))
    undo(str(root))
    assert text(root) == was and kept(root)["folder"] == "two"
    assert not apply(library(), "x").plan.writes


def test_the_first_one_is_taken_back_whole(root: Path, put: Put, library: Make) -> None:
    put("x", TEXT, TWO)
    apply(library(), "x")
    undo(str(root))
    assert not rule(root).exists() and not (root / ANSWERS).exists()
    sync(str(root))
    assert not (root / ".cursor/rules/x.mdc").exists()


@pytest.mark.parametrize("path", [".driven/rules/x.md", ANSWERS])
def test_what_was_changed_meanwhile_is_not_written_over(root: Path, put: Put, library: Make, path: str) -> None:
    put("x", TEXT, TWO)
    apply(library(), "x")
    made = prepare(library(), ["x"], {"word": "may"})
    (root / path).write_bytes((root / path).read_bytes() + b"# more\n")
    was = {one: (root / one).read_bytes() for one in (".driven/rules/x.md", ANSWERS)}
    with pytest.raises(DiskError, match="was changed meanwhile") as told:
        carry_out(made)
    assert told.value.hint == "run `driven template apply` again"
    assert {one: (root / one).read_bytes() for one in was} == was


# the file itself


RULE = '[rules.x]\ntemplate = "project:x"\n'
BROKEN = {
    "no TOML": "version = ", "no UTF-8": "\udcff", "deep": "a = " + "[" * 100_000, "no version": RULE,
    "of the future": "version = 2\n" + RULE, "another key": "version = 1\nmore = 1\n" + RULE,
    "no table": "version = 1\nrules = 3\n", "texts of another kind": "version = 1\ntexts = 3\n" + RULE,
    "a way out": 'version = 1\n[rules."../../x"]\ntemplate = "project:x"\n',
    "no template": "version = 1\n[rules.x]\n", "a template that is a list": "version = 1\n[rules.x]\ntemplate = []\n",
    "a template elsewhere": 'version = 1\n[rules.x]\ntemplate = "project:../x"\n',
    "a key of a rule": "version = 1\n" + RULE + "more = 1\n",
    "answers of another kind": "version = 1\n" + RULE + "answers = 1\n",
    "an answer that is a table": "version = 1\n" + RULE + "answers = {a = {b = 1}}\n",
    "an answer that is a date": "version = 1\n" + RULE + "answers = {a = 1979-05-27}\n",
    "an answer of lists": "version = 1\n" + RULE + "answers = {a = [[1]]}\n",
    "a long answer": "version = 1\n" + RULE + f"answers = {{a = '{'x' * 10_001}'}}\n",
    "a text that is none": "version = 1\n" + RULE + "[texts]\nx = 1\n",
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_is_none_of_ours_is_told_and_nothing_is_written(
    root: Path, put: Put, library: Make, case: str
) -> None:  # fmt: skip
    put("x", TEXT, TWO)
    (root / ANSWERS).write_bytes(BROKEN[case].encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError) as told:
        apply(library(), "x")
    assert ANSWERS in told.value.message and told.value.hint and len(told.value.message) < 300
    assert not rule(root).exists()


def test_both_sides_of_a_merge_and_a_slip_are_told_with_their_lines(root: Path, put: Put, library: Make) -> None:
    put("x", TEXT, TWO)
    apply(library(), "x")
    good = (root / ANSWERS).read_text(encoding="utf-8")
    for old, slip, line, said in (
        ('folder = "src"\n', '<<<<<<< HEAD\nfolder = "src"\n=======\nfolder = "lib"\n>>>>>>> other\n', 9, "both sides"),
        ('folder = "src"\n', 'folder = "src\n', 9, "does not parse"),
    ):
        assert old in good
        (root / ANSWERS).write_text(good.replace(old, slip), encoding="utf-8")
        with pytest.raises(ConfigError, match=said) as told:
            read_kept(str(root))
        assert told.value.span is not None and told.value.span.line == line and "(at line" not in told.value.message
        assert [(one.span.path, one.span.line) for one in check(library()).diagnostics] == [(ANSWERS, line)]
        assert [one["applied"] for one in looked_at(library(), library().all())] == [[]], "they are listed all the same"


KILLED = """
import os, signal, sys
from driven.cli.app import main
real = os.rename
def rename(a, b, **more):
    if b.endswith("templates.toml"):
        os.kill(os.getpid(), signal.SIGKILL)
    real(a, b, **more)
os.rename = os.replace = rename
sys.argv[0] = "driven"
sys.exit(main())
"""


def test_a_run_that_is_killed_before_the_answers_is_no_edit(root: Path, put: Put, library: Make) -> None:
    put("x", TEXT, TWO)
    apply(library(), "x", given={"folder": "one"})
    words = ["template", "apply", "x", "--set", "folder=two"]
    ended = subprocess.run([sys.executable, "-c", KILLED, *words], cwd=root, check=False)
    assert ended.returncode == -9 and "First in two." in text(root)
    assert b'folder = "one"' in (root / ANSWERS).read_bytes() and kept(root)["folder"] == "two"
    sync(str(root))
    assert apply(library(), "x").done and b'folder = "two"' in (root / ANSWERS).read_bytes()
    assert apply(library(), "x", given={"folder": "three"}).done and "First in three." in text(root)


def test_a_run_beside_another_leaves_its_temps_alone(root: Path, put: Put, library: Make) -> None:
    """What waits for its turn clears away nothing: the temp may be one that is written now."""
    put("x", TEXT, TWO)
    apply(library(), "x")
    temp = root / f".driven/state/snapshots/1-x.snap{TEMP_SUFFIX}"
    waiting = [
        lambda: apply(library(), "x", given={"folder": "lib"}),
        lambda: new(str(root), "another"),
    ]
    for one in waiting:
        with Tree(str(root)) as tree, ThreadPoolExecutor(1) as pool:
            with Writer(tree):
                temp.write_bytes(b"half")
                done = pool.submit(one)
                time.sleep(0.3)
                assert temp.exists() and not done.done()
            done.result()
        assert not temp.exists(), "once it has its turn, what a killed run left goes"
    assert "First in lib." in text(root)


def test_answers_of_a_stranger_pass_what_typed_ones_pass(root: Path, put: Put, library: Make) -> None:
    """They come with a branch: neither hidden characters nor a second value in the front matter come through."""
    put("x", TEXT, TWO)
    for bad in ("a\\u200bb", "a\\nb", "\\u001b[2J"):
        (root / ANSWERS).write_text(f'version = 1\n{RULE}answers = {{folder = "{bad}"}}\n', encoding="utf-8")
        with pytest.raises(UsageError) as told:
            apply(library(), "x")
        assert told.value.message.isprintable()
    (root / ANSWERS).write_text(
        f"version = 1\n{RULE}answers = {{folder = 'x\"], apply: \"always'}}\n", encoding="utf-8"
    )
    assert not apply(library(), "x").is_sound and not rule(root).exists()
    (root / ANSWERS).write_text(f"version = 1\n{RULE}answers = {{strange = 'a', folder = 'lib'}}\n", encoding="utf-8")
    assert apply(library(), "x").done and kept(root) == {"folder": "lib", "word": "must"}


def test_a_link_in_its_place_is_not_written_through(root: Path, put: Put, library: Make, tmp_path: Path) -> None:
    put("x", TEXT, TWO)
    (tmp_path / "other.toml").write_text("version = 1\n", encoding="utf-8")
    (root / ANSWERS).symlink_to(tmp_path / "other.toml")
    made = apply(library(), "x")
    assert [one.path for one in made.plan.conflicts] == [ANSWERS] and not rule(root).exists()
    assert (tmp_path / "other.toml").read_text() == "version = 1\n"


VALUES = st.one_of(
    st.booleans(), st.integers(-(10**18), 10**18), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20), st.lists(st.text(max_size=5), max_size=3),
)  # fmt: skip


@settings(max_examples=200)
@given(answers=st.dictionaries(st.text(max_size=8), VALUES, max_size=4), body=st.text(max_size=60))
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, answers: Any, body: str) -> None:
    folder = tmp_path_factory.mktemp("any", numbered=True)
    (folder / ".driven").mkdir()
    one = {
        "a/b": Kept(template="an origin:x/y", answers=answers, text=body),
        "c": Kept(template="x", text=f"'''{body}'"),
    }
    (folder / ANSWERS).write_bytes(kept_text(one))
    assert read_kept(str(folder)) == one
