"""What the files of a pack hide from a reader, and what they make an editor do."""

from __future__ import annotations

import os

from driven.project.packs import COMPILED, Pack
from driven.project.reading import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from driven.model.diagnostic import Diagnostic
    from driven.trust.surfaces import Surface

MAX_TEXT = 1 << 20  # of a file of a pack that is looked through for hidden text
READ = (".md", ".mdc", ".markdown", ".txt", ".toml", ".json", ".yaml", ".yml", ".py")  # what such files end in


def texts(
    root: str, made: Pack, granted: Mapping[str, str]
) -> tuple[tuple[Diagnostic, ...], tuple[Surface, ...], dict[str, str]]:
    """What the files of a pack hide from a reader; what they make an editor do that is not granted; path -> digest of
    all that make one do something. A rule's own file is told by its front matter, not by where it stands."""
    from driven.format.canonical import front_lines
    from driven.trust.scan import scan, scan_bytes
    from driven.trust.surfaces import digest, surfaces

    hidden: list[Diagnostic] = []
    shown: list[Surface] = []
    runs: dict[str, str] = {}
    for path in made.files:
        try:
            data = read_file(os.path.join(root, made.folder, path), MAX_TEXT)[0]
        except OSError:
            data = b"\0" * (MAX_TEXT + 1)  # as a file that is too large to look at
        if path.endswith(READ):
            hidden += [told for told in scan_bytes(f"{made.folder}/{path}", data) if told.severity == "error"]
        found = surfaces(path, data)
        for rule in made.rules.values() if path == COMPILED else ():  # a text that stands in no file of its own
            inside = f"{path}/{rule.id.partition('/')[2]}.md"
            text = "\n".join([rule.description, *rule.tags, "", rule.body])  # front matter would escape what is hidden
            hidden += [told for told in scan(f"{made.folder}/{inside}", text) if told.severity == "error"]
            front = "\n".join(["---", *front_lines(rule), "---", "", rule.body])
            found += surfaces(inside, front.encode("utf-8", "surrogatepass"))
        if found:
            runs[path] = digest(data)
            shown += found if granted.get(path) != runs[path] else []
    return tuple(hidden), tuple(shown), runs
