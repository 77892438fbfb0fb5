"""Reading AGENTS.md, of the root and of directories, and the skills in .agents/skills.

Diagnostics carry the numbers of the table of its mistakes: AGM01-AGM03, AGM06, SKL01-SKL03 and GEN01-GEN09.
"""

from __future__ import annotations

from collections.abc import Sequence

from driven.hookspecs import Imported, SourceFile
from driven.model.activation import ALWAYS
from driven.model.diagnostic import Diagnostic
from driven_emitters import skill_read
from driven_emitters.document_read import document, joined, outer
from driven_emitters.layout import Read
from driven_emitters.reading import Canonical, below, finding, rules_of

NAME = "AGENTS.md"
LEGACY = ("AGENT.md", "agents.md")
OVERRIDE = "AGENTS.override.md"
LIMIT = 32_768  # bytes of the chain from the root to a directory: see agents.py
INFO = frozenset(("AGM06", "SKL03"))


def name(path: str) -> str:
    """What the path proposes as the rule's id."""
    return skill_read.name(path) if path.endswith("/SKILL.md") else path.removesuffix(".md")


def read(text: str, path: str) -> Read:
    """One file. Never fails."""
    if path.endswith("/SKILL.md"):
        return skill_read.read(text, path)
    found = document(text, path, below(path.rpartition("/")[0], ALWAYS))
    if found.front.strip("\ufeff"):
        message = "front matter, which AGENTS.md has none of: most tools send it as text"
        found.find("AGM02", 1, message, "delete it")
    if path in LEGACY:
        found.find("AGM03", 1, f"`{path}` is not the standard's name: several tools miss it", "rename it to AGENTS.md")
    return found


def read_files(files: Sequence[SourceFile], canonical: Canonical) -> Imported:
    """One rule per file that holds text outside of our section."""
    diagnostics: list[Diagnostic] = []
    mine: list[SourceFile] = []
    sizes: dict[str, int] = {}
    for file in files:
        if file.path.rpartition("/")[2] == OVERRIDE:
            message = "a local file that hides AGENTS.md: it is not imported"
            diagnostics.append(finding("AGM06", "info", file.path, message, "keep it out of git"))
            continue
        mine.append(file)
        if file.path.rpartition("/")[2] == NAME:
            sizes[file.path] = len(file.data)
    for path in sorted(sizes):
        parts = path.split("/")[:-1]
        size = sum(sizes.get("/".join([*parts[:depth], NAME]), 0) for depth in range(len(parts) + 1))
        if size > LIMIT:
            message = f"with the files above it {size:,} bytes: Codex drops the last {size - LIMIT:,}"
            diagnostics.append(finding("AGM01", "warning", path, message, "make it shorter, or move text deeper"))
    skills = [file for file in mine if file.path.endswith("/SKILL.md")]
    documents = outer([file for file in mine if not file.path.endswith("/SKILL.md")], diagnostics)
    return joined(rules_of([*documents, *skills], "agents", read, name, canonical, LEGACY), diagnostics, INFO)
