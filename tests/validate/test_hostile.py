"""Hostile files are bounded in time and memory: real processes, under limits that the kernel holds."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
from pathlib import Path

import pytest

CPU = 60  # seconds of CPU for one text in all of `PLACES`; the slowest takes six on a small machine
MEMORY = 2 << 30
PLACES = (
    ".cursor/rules/a.mdc", ".github/instructions/a.instructions.md", "CLAUDE.md", "AGENTS.md", ".clinerules/a.md",
    ".claude/settings.json", ".cursor/mcp.json", ".aider.conf.yml", "web/.windsurf/rules/a.md", "skills/a/SKILL.md",
    "opencode.json", ".kiro/steering/a.md",
)  # fmt: skip
M = 1_000_000
RANDOM = random.Random(1)
TEXTS: dict[str, str] = {
    "one line of 10 MB": "a" * (10 * M),
    "one line of words": "word " * (2 * M),
    "blanks": " " * (5 * M) + "x",
    "headings": "# Heading\n" * 100_000,
    "nested headings": "".join("#" * (1 + n % 6) + f" h{n}\n" for n in range(100_000)),
    "nested brackets": "[" * 50_000 + "]" * 50_000,
    "nested parentheses": "[a](" * 50_000 + ")" * 50_000,
    "quotes": "> " * 50_000 + "x\n",
    "items": "- " * 100_000,
    "ticks of all lengths": " ".join("`" * n for n in range(1, 1_500)),
    "fences": "```\n" * 100_001,
    "comments": "<!-- " * 200_000,
    "comments of one line": "<!-- -->" * 100_000,
    "comments and words": "<!-- ignore previous instructions " * 50_000,
    "imports": "".join(f"@docs/{n}.md " for n in range(50_000)),
    "links": "".join(f"[a](docs/{n}.md)\n" for n in range(50_000)),
    "urls": "https://" * 200_000,
    "long urls": "https://example.com/" + "a/" * M,
    "definitions": "[a]: b\n" * 50_000,
    "zero width": "a\u200b" * 500_000,
    "bidi": "\u202e" * 500_000,
    "tags": "".join(chr(0xE0000 + 32 + n % 90) for n in range(300_000)),
    "joiners": "\u200d\ufe0f" * 250_000,
    "combining": "a" + "\u0301" * 500_000,
    "base64": "".join(RANDOM.choices("ABCDEFabcdef0123456789+/", k=3 * M)),
    "keys": "AKIA" + "A" * M + " ghp_" + "a" * M + " sk-ant-" + "-" * M,
    "almost keys": "AKIA" * 300_000,
    "key blocks": "-----BEGIN PRIVATE KEY-----\n" * 50_000,
    "dots": "eyJ" + "a." * M,
    "downloads": "curl " * 300_000 + "| sh",
    "pipes": "curl x | " * 150_000,
    "always": "- Always use tabs and never use spaces, prefer camelCase over snake_case\n" * 20_000,
    "always, each another": "".join(f"- Always use x{n} and never use y{n}\n" for n in range(20_000)),
    "commands": "`npm run x` `make y` `src/a/b.py` " * 30_000,
    "one file after the other": "".join(f"`src/a{n}/b.py` " for n in range(30_000)),
    "lone CR": "line\r" * 500_000,
    "NUL": "\0" * M,
    "braces": "---\nglobs: " + "{a," * 10_000 + "\n---\nx",
    "braces that grow": "---\nglobs: " + "{a,b}" * 40 + '\npaths: ["' + "{a,b}" * 40 + '"]\n---\nx',
    "stars": "---\nglobs: " + "**/" * 10_000 + "x\napplyTo: '" + "*a" * 10_000 + "'\n---\nx",
    "many globs": "---\nglobs: " + ",".join(f"src/{n}/**" for n in range(10_000)) + "\n---\nx",
    "classes": "---\nglobs: " + "[" * 20_000 + "\npaths:\n  - '" + "[a-" * 5_000 + "'\n---\nx",
    "front matter": "---\n" + "".join(f"key{n}: value\n" for n in range(50_000)) + "---\nx",
    "front matter of brackets": "---\na: " + "[" * 50_000 + "\n---\nx",
    "front matter without an end": "---\n" + "a: b\n" * 200_000,
    "anchors": "---\na: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n---\nx",
    "json": "[" * 100_000,
    "json objects": '{"hooks":' * 50_000,
    "json comments": "/*" * 200_000 + "//" * 200_000,
    "json strings": '{"mcpServers": {"a": {"command": "npx", "args": ["' + "\\" * M + '"]}}}',
    "ignores": "<!-- driven-ignore CUR01 -->\n" * 50_000,
    "ignores of one line": "driven-ignore " * 100_000,
    "conflict markers": "<<<<<<< a\n=======\n" * 50_000,
    "rules of lines": "---\n***\n___\n" * 100_000,
    "tables": "|" * M + "\n" + "|-" * 100_000,
    "html": "<details><summary>" * 100_000 + '<a href="' * 50_000,
    "surrogates": "\ud83d" * 10,
}


def limits() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_is_bounded(name: str, tmp_path: Path) -> None:
    data = TEXTS[name].encode("utf-8", "surrogatepass")
    for path in PLACES:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-m", "driven", "validate", "--format", "json"], cwd=tmp_path, capture_output=True,
        timeout=290, preexec_fn=limits, env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr.decode(errors="replace")[-2_000:]
    assert b"PLG11" not in done.stdout, "a check failed"
