"""What is going on when the plug is pulled: projects before a sync, and the changes that the sync is about."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

EDITORS = ("cursor", "copilot", "windsurf", "claude", "aider", "cline")
FRONTS = (
    "", '---\npaths:\n  - "src/api/**/*.ts"\n---\n\n', "---\napply: model\ndescription: When it matters\n---\n\n",
    "---\napply: manual\n---\n\n",
)  # fmt: skip
PERSONS = {
    "CONVENTIONS.md": "# House\n\nA person wrote this.\n",
    ".aider.conf.yml": "# mine\nmodel: sonnet\nread: [docs/own.md]  # keep\n",
    ".github/copilot-instructions.md": "Be kind.",
    "CLAUDE.md": "# Claude\n\nMine.\n",
    "docs/own.md": "Own.\n",
}


@dataclass(frozen=True)
class Scene:
    """`before` is synced in peace, `change` happens then, and the run of `words` is the one that is disturbed."""

    before: Callable[[str], None] | None
    change: Callable[[str], None]
    words: Sequence[str] = ("sync",)
    code: int = 0
    hands: Mapping[str, str] = field(default_factory=dict)  # whole file that was edited by hand -> the rule's own file


def write(root: str, path: str, text: str) -> None:
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8", newline="") as file:
        file.write(text)


def read(root: str, path: str) -> str:
    with open(os.path.join(root, path), encoding="utf-8", newline="") as file:
        return file.read()


def config(root: str, **editors: bool) -> None:
    lines = [f"{name} = {str(editors.get(name, True)).lower()}\n" for name in EDITORS]
    write(root, ".driven/config.toml", "version = 1\n[editors]\n" + "".join(lines))


def rule(root: str, number: int, words: str = "Do this.") -> None:
    front = FRONTS[number % len(FRONTS)]
    folder = "deep/" if number % 3 == 2 else ""
    write(root, f".driven/rules/{folder}rule-{number:02}.md", f"{front}# Rule {number}\n\n{words}\n")


def fresh(root: str) -> None:
    """Twelve rules, six editors, and the files that a person keeps there."""
    config(root)
    for number in range(12):
        rule(root, number)
    for path, text in PERSONS.items():
        write(root, path, text)


def worked_on(root: str) -> None:
    """A morning's work: rules changed, new, deleted and renamed, text around a section, an output lost."""
    rule(root, 0, "Do that.")
    rule(root, 1, "Do that\n\n- and this\n- and more")
    rule(root, 12)
    os.unlink(os.path.join(root, ".driven/rules/rule-04.md"))
    os.unlink(os.path.join(root, ".driven/rules/deep/rule-08.md"))
    os.unlink(os.path.join(root, ".driven/rules/deep/rule-11.md"))
    os.rename(os.path.join(root, ".driven/rules/rule-03.md"), os.path.join(root, ".driven/rules/moved.md"))
    write(root, "CONVENTIONS.md", "# Above\n\n" + read(root, "CONVENTIONS.md") + "\nBelow.\n")
    os.unlink(os.path.join(root, ".clinerules/rule-00.md"))


def editors_gone(root: str) -> None:
    """Two editors switched off: sections and entries are taken out of a person's files, folders emptied."""
    config(root, aider=False, windsurf=False)
    rule(root, 5, "Do that.")


def clash(root: str) -> None:
    """A person's own file where a rule would write, and an edit of an output that this run cannot take."""
    rule(root, 13)
    write(root, ".cursor/rules/rule-13.mdc", "---\nalwaysApply: true\n---\n\nA person wrote this.\n")
    write(root, ".windsurf/rules/rule-01.md", "")
    rule(root, 1, "Do that.")
    rule(root, 2, "Do that.")


HANDS = {
    ".cursor/rules/rule-00.mdc": ".driven/rules/rule-00.md",
    ".claude/rules/rule-01.md": ".driven/rules/rule-01.md",
    ".github/instructions/deep-rule-02.instructions.md": ".driven/rules/deep/rule-02.md",
    ".clinerules/workflows/rule-03.md": ".driven/rules/rule-03.md",
}


def edited_by_hand(root: str) -> None:
    """Editors' files edited: bodies, a description, globs, a section; one renamed; and a rule in its own file."""
    edit(root, ".cursor/rules/rule-00.mdc", "Do this.", "Do this by hand.")
    edit(root, ".claude/rules/rule-01.md", "src/api/**/*.ts", "src/web/**/*.ts")
    edit(root, ".github/instructions/deep-rule-02.instructions.md", "When it matters", "When it counts")
    edit(root, ".clinerules/workflows/rule-03.md", "Do this.", "Do this by hand.")
    edit(root, "CONVENTIONS.md", "Do this.\n<!--", "Do this by hand.\n<!--")
    rules = os.path.join(root, ".windsurf/rules")
    os.rename(os.path.join(rules, "rule-06.md"), os.path.join(rules, "own-name.md"))
    rule(root, 7, "Do that.")


def edit(root: str, path: str, old: str, new: str) -> None:
    text = read(root, path)
    assert old in text, f"{path} has no {old}"
    write(root, path, text.replace(old, new, 1))


SCENES = {
    "by hand": Scene(fresh, edited_by_hand, hands=HANDS),
    "first": Scene(None, fresh),
    "work": Scene(fresh, worked_on),
    "editors": Scene(fresh, editors_gone),
    "clash": Scene(fresh, clash, code=4),
    "forced": Scene(fresh, clash, ("sync", "--force")),
}
