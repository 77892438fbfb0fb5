"""Import and sync over generated projects: whatever the layout of the files of seven editors, none of them changes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from driven import intake, pipeline

EDITORS = ("agents", "aider", "claude", "cline", "copilot", "cursor", "windsurf")
BODIES = (
    "# Handlers\n\nValidate input. Never log tokens.\n",
    "# Handlers\n\nValidate input. Never log secrets.\n",
    "Short lines.\n",
    "See [the list](mdc:docs/list.md) and [that](docs/that.md).\n",
    "---\n\nA line across the page.\n",
)
ABOUT = ("", "HTTP handlers", "yes", "a: b # c")
GLOBS = ("src/**/*.ts", "*.py,src/*.py", "src/**/*.{ts,tsx}", "**")


def front(editor: str, kind: str, about: str, globs: str) -> str:
    """Front matter as people write it, or none."""
    described = [f"description: {about!r}"] if about else []
    listed = [f"  - {glob!r}" for glob in globs.split(",")] if "{" not in globs else [f'  - "{globs}"']
    match editor, kind:
        case "cursor", "always":
            lines = [*described, "alwaysApply: true"]
        case "cursor", "paths":
            lines = [*described, f"globs: {globs}", "alwaysApply: false"]
        case "copilot", "paths":
            lines = [*described, f'applyTo: "{globs}"']
        case "windsurf", "always":
            lines = ["trigger: always_on"]
        case "windsurf", "paths":
            lines = ["trigger: glob", *described, f"globs: {globs}"]
        case (("claude" | "cline"), "paths"):
            lines = ["paths:", *listed]
        case "cursor", _:
            lines = [*described, "alwaysApply: false"]
        case "windsurf", _:
            lines = ["trigger: manual"]
        case _:
            lines = []
    return "\n".join(["---", *lines, "---", "", ""]) if lines else ""


PLACES = {
    "claude": ".claude/rules/{}.md", "cline": ".clinerules/{}.md", "cursor": ".cursor/rules/{}.mdc",
    "copilot": ".github/instructions/{}.instructions.md", "windsurf": ".windsurf/rules/{}.md",
}  # fmt: skip
SHARED = (
    "AGENTS.md",
    "src/AGENTS.md",
    "CLAUDE.md",
    "CONVENTIONS.md",
    ".github/copilot-instructions.md",
    ".cursorrules",
)
LAYOUTS = ("", "", "", "crlf", "bom", "no end", "blank", "tight", "key")


def laid_out(text: str, layout: str) -> bytes:
    match layout:
        case "crlf":
            text = text.replace("\n", "\r\n")
        case "bom":
            text = "\ufeff" + text
        case "no end":
            text = text.rstrip("\n")
        case "blank":
            text = text + "\n\n"
        case "tight":
            text = text.replace("---\n\n", "---\n", 1)
        case "key":
            text = text.replace("---\n", "---\nodd: [1, 'two']   # three\n", 1) if text.startswith("---\n") else text
    return text.encode()


@st.composite
def projects(draw: st.DrawFn) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for _ in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(("api", "Style Guide", "web/style", "tests")))
        body, about = draw(st.sampled_from(BODIES)), draw(st.sampled_from(ABOUT))
        kind, globs = draw(st.sampled_from(("always", "paths", "manual"))), draw(st.sampled_from(GLOBS))
        for editor in draw(st.sets(st.sampled_from(sorted(PLACES)), min_size=1)):
            flat = name.replace("/", "-") if editor == "windsurf" else name
            text = front(editor, kind, about, globs) + body
            files[PLACES[editor].format(flat)] = laid_out(text, draw(st.sampled_from(LAYOUTS)))
    for path in draw(st.sets(st.sampled_from(SHARED))):
        files[path] = laid_out(draw(st.sampled_from(BODIES[:3])), draw(st.sampled_from(LAYOUTS)))
    if "CONVENTIONS.md" in files and draw(st.booleans()):
        files[".aider.conf.yml"] = b"# mine\nread:\n- CONVENTIONS.md # yes\n"
    return files


@settings(max_examples=60)
@given(projects())
def test_no_byte_changes(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, data in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
        (root / ".driven/rules").mkdir(parents=True)
        lines = "".join(f"{name} = true\n" for name in EDITORS)
        (root / ".driven/config.toml").write_text(f"[editors]\n{lines}")
        report = intake.import_files(folder, [])
        assert not report.plan.conflicts
        several = len({editor for rule in report.rules for editor in rule.files}) > 1
        synced = pipeline.sync(folder)
        assert not synced.plan.conflicts and not synced.held, synced.plan.conflicts
        differ = {path for path, data in files.items() if (root / path).read_bytes() != data}
        # The rules of one editor are for all: then a file that people share gets a section of them.
        assert not differ or (not several and differ <= {*SHARED, ".aider.conf.yml"})
        assert pipeline.sync(folder).plan.is_clean
        assert intake.import_files(folder, []).rules == ()
