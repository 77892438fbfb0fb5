"""Rule files that are written for another project than the one they stand in: templates, test data, shared skills.

What such a file names (links, imports, paths, scripts) is in the project that it is copied to, and not missing here.
"""

from __future__ import annotations

_FOLDERS = frozenset(
    ("template", "templates", "_template", "_templates", "scaffold", "scaffolds", "scaffolding", "skeleton",
     "skeletons", "boilerplate", "boilerplates", "fixture", "fixtures", "__fixtures__", "testdata", "test-data",
     "test_data", "cookiecutter")
)  # fmt: skip


def is_for_another(path: str) -> bool:
    """Whether a file stands in a folder of templates or of test data."""
    folders = path.lower().split("/")[:-1]
    return not _FOLDERS.isdisjoint(folders) or ("{" in path and any("{{" in folder for folder in folders))


def is_handed_on(path: str) -> bool:
    """Whether a skill stands outside of every editor's folder: it is installed elsewhere, `plugins/x/skills/y`."""
    return not any(folder[:1] == "." for folder in path.split("/")[:-1])
