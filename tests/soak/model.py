"""What the files must be: rules as a person means them, the texts of a person's own, and the checks against the disk.

Independent of `driven`: it knows what was typed and where, not how it is merged or emitted. Every typed line carries a
token of its own, so that a lost line can be named.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

EDITORS = ("cursor", "copilot", "windsurf", "claude", "aider", "cline")
SHARED = ("CONVENTIONS.md", ".github/copilot-instructions.md")
SECTION = re.compile(rb"<!-- driven:begin (\S+) -->\n.*?<!-- driven:end \1 -->", re.DOTALL)


class Wrong(AssertionError):
    """The disk is not what the model says."""


@dataclass
class Rule:
    """A rule as a person means it: front matter, and parts of a body that stand well apart."""

    name: str
    apply: str  # always | paths | model | manual
    parts: list[list[str]]
    description: str = ""
    globs: list[str] = field(default_factory=list)
    priority: int = 100

    @property
    def path(self) -> str:
        return f".driven/rules/{self.name}.md"

    def body(self) -> str:
        title = self.parts[0][0].partition(" ")[2]
        blocks = [f"# Rule of {title}\n"]
        for number, lines in enumerate(self.parts[1:], 1):
            blocks.append(f"Part {number} of {title}:\n\n" + "".join(f"{line}\n" for line in lines))
        return "\n".join(blocks)

    def text(self) -> str:
        front = []
        if self.description:
            front.append(f"description: {self.description}\n")
        if self.apply in ("model", "manual"):
            front.append(f"apply: {self.apply}\n")
        if self.globs:
            front.append("paths:\n" + "".join(f'  - "{glob}"\n' for glob in self.globs))
        if self.priority != 100:
            front.append(f"priority: {self.priority}\n")
        return (f"---\n{''.join(front)}---\n\n" if front else "") + self.body()

    def tokens(self) -> set[str]:
        return set(re.findall(r"tk\d+", self.text()))


@dataclass
class Model:
    """Everything that must hold of the project now. `persons`: shared file -> lines of a person; `foreign`: path ->
    bytes of files that are nobody's but a person's; `moved`: files that a person renamed -> their rule."""

    rules: dict[str, Rule] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)
    persons: dict[str, list[str]] = field(default_factory=dict)
    foreign: dict[str, bytes] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)

    def check_sources(self, root: str, skip: set[str]) -> None:
        """Each rule file says what the model says, but for the rules in `skip`; no other rule file is there."""
        folder = os.path.join(root, ".driven/rules")
        found = {
            os.path.relpath(os.path.join(place, name), folder).removesuffix(".md")
            for place, _, names in os.walk(folder)
            for name in names
        }
        if found != self.rules.keys():
            raise Wrong(f"rule files: {sorted(found ^ self.rules.keys())} are one side's only")
        for name, rule in self.rules.items():
            if name not in skip:
                _check_rule(rule, read(root, rule.path).decode())

    def check_persons(self, root: str) -> None:
        """What a person wrote beside our sections, and files of a person's own."""
        for path, lines in self.persons.items():
            outside = SECTION.sub(b"", read(root, path)).decode()
            if lost := [line for line in lines if line not in outside]:
                raise Wrong(f"`{path}` lost {lost}")
        for path, data in self.foreign.items():
            if read(root, path) != data:
                raise Wrong(f"`{path}` is a person's and was changed")
        for path, name in self.moved.items():
            if name in self.rules and not os.path.exists(os.path.join(root, path)):
                raise Wrong(f"`{path}`, renamed by a person, is gone again")

    def check_agreement(self, root: str, fresh: str) -> None:
        """Every editor's files are what a project made anew from the same rules has (`fresh`, synced)."""
        here, there = _outputs(root), _outputs(fresh)
        for path in sorted(here.keys() | there.keys()):
            if here.get(path) != there.get(path):
                raise Wrong(
                    f"`{path}` does not agree with the rules:\n{here.get(path, b'(not there)').decode()}\n-- but --\n"
                    f"{there.get(path, b'(not there)').decode()}"
                )


def _check_rule(rule: Rule, text: str) -> None:
    front: dict[str, Any] = {}
    body = text
    if text.startswith("---\n"):
        head, body = text[4:].split("---\n", 1)
        front = yaml.safe_load(head) or {}
        body = body.removeprefix("\n")
    paths = front.get("paths", [])
    said = {
        "description": front.get("description", ""),
        "paths": [paths] if isinstance(paths, str) else paths,
        "apply": front.get("apply", "paths" if paths else "always"),
        "priority": front.get("priority", 100),
        "body": body.rstrip("\n"),
    }
    meant = {
        "description": rule.description, "paths": rule.globs, "apply": rule.apply, "priority": rule.priority,
        "body": rule.body().rstrip("\n"),
    }  # fmt: skip
    for key, value in meant.items():
        if said[key] != value:
            raise Wrong(f"`{rule.path}`: {key} must be\n{value}\n-- and is --\n{said[key]}")


def _outputs(root: str) -> dict[str, bytes]:
    """What `outputs.lock` calls ours: whole files, and of shared ones our part."""
    found: dict[str, bytes] = {}
    try:
        lines = read(root, ".driven/outputs.lock").decode().splitlines()
    except FileNotFoundError:
        return {}
    for line in lines:
        if line and not line.startswith("#"):
            path, _, digest = line.split("\t")
            data = read(root, path)
            kind = digest.partition(":")[0] if ":" in digest else "file"
            if kind == "file":
                found[path] = data
            elif kind == "section":
                found.update({f"{path} {match[1].decode()}": match[0] for match in SECTION.finditer(data)})
            elif kind == "entry":
                found[path] = b"CONVENTIONS.md" if b"CONVENTIONS.md" in data else b""
    return found


def read(root: str, path: str) -> bytes:
    with open(os.path.join(root, path), "rb") as file:
        return file.read()


def write(root: str, path: str, data: str | bytes) -> None:
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)


def fingerprint(folder: str) -> dict[str, tuple[int, int, bytes]]:
    """All of a tree that must not be touched."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            seen = os.lstat(path)
            with open(path, "rb") as file:
                found[path] = (seen.st_mtime_ns, seen.st_ino, file.read())
    return found
