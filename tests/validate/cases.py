"""The labelled cases of `driven validate`: folders written as one text file each (txtar), and what is expected of them.

A case is a header and files. Header lines: `CODE path:line:column`, a finding of that code, in order; `# git`: make it
a repository with everything added; `# escapes`: `\\u{200B}` is that character and `\\x{FF}` that byte; `# allow CODE`:
errors of other codes that may be there; `# no-newline path`: that file's last line has no end.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

CASES = Path(__file__).parent.parent / "cases" / "validate"


@dataclass
class Case:
    """One folder: `files` by path, the findings expected, the options."""

    files: dict[str, bytes]
    expected: list[str] = field(default_factory=list)
    git: bool = False
    allowed: set[str] = field(default_factory=set)

    def write(self, root: Path) -> None:
        """Make the folder."""
        for path, data in self.files.items():
            full = root / path
            full.parent.mkdir(parents=True, exist_ok=True)
            full.write_bytes(data)
        if self.git:
            for words in (["init", "-q"], ["add", "-A"]):
                subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)


def read_case(path: Path) -> Case:
    """The case in a file. ValueError for a header line that means nothing."""
    lines = path.read_text(encoding="utf-8").split("\n")
    case = Case(files={})
    escapes, bare = False, set()
    at = 0
    while at < len(lines) and not _file(lines[at]):
        line = lines[at].strip()
        at += 1
        _, _, rest = line.removeprefix("#").strip().partition(" ")
        if not line:
            continue
        if line == "# git":
            case.git = True
        elif line == "# escapes":
            escapes = True
        elif line.startswith("# allow "):
            case.allowed |= {code.strip() for code in rest.split(",")}
        elif line.startswith("# no-newline "):
            bare.add(rest.strip())
        elif line[0] != "#" and re.fullmatch(r"[A-Z]{3}\d\d .*:\d+:\d+", line):
            case.expected.append(line)
        else:
            raise ValueError(f"{path}: unknown header line {line!r}")
    name = ""
    texts: dict[str, list[str]] = {}
    for line in lines[at:]:
        if _file(line):
            name = _file(line)
            texts[name] = []
        else:
            texts[name].append(line)
    last = name
    for name, content in texts.items():
        if name == last and content and content[-1] == "":
            content.pop()
        text = "".join(line + "\n" for line in content)
        if name in bare:
            text = text.removesuffix("\n")
        case.files[name] = _unescaped(text) if escapes else text.encode()
    return case


def _file(line: str) -> str:
    return line[3:-3].strip() if line.startswith("-- ") and line.endswith(" --") else ""


def _unescaped(text: str) -> bytes:
    made = re.sub(r"\\u\{([0-9A-Fa-f]+)\}", lambda m: chr(int(m[1], 16)), text).encode("utf-8", "surrogatepass")
    return re.sub(rb"\\x\{([0-9A-Fa-f]{2})\}", lambda m: bytes([int(m[1], 16)]), made)
