"""A path for each place of `driven.document.places`: what a client must open."""

from __future__ import annotations

from driven.document import places


def sample_paths() -> list[str]:
    """One rule file for each name, each folder and each suffix; settings of other programs are left out."""
    found = [name for name, place in places.NAMES.items() if place in places.TEXT]
    for folder, (whole, parts) in places.FOLDERS.items():
        if whole:
            found.append(f"{folder}/x.md")
        for part, place in parts.items():
            if place not in places.TEXT and place != "driven/config":
                continue
            suffix = ".mdc" if place == "cursor/rule" else ".toml" if place == "gemini/command" else ".md"
            found.append(f"{folder}/{part}" if "." in part else f"{folder}/{part}/x{suffix}")
    found += [f"docs/x{suffix}" for suffix in places.SUFFIXES]
    found += ["CONVENTIONS.md", ".aider.conf.yml", ".claude/skills/x/SKILL.md", ".driven/rules/web/forms.md"]
    assert all(places.place_of(path) for path in found), [path for path in found if not places.place_of(path)]
    return sorted(set(found))
