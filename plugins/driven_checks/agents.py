"""AGENTS.md and its neighbours: https://agents.md (verified 2026-11-21); what Codex, Warp, Zed and Gemini CLI do."""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Edit, Finding, Repair, Repository, file_check, repository_check

STANDARD = "https://agents.md"
VERIFIED = "2026-11-21"
NAME = "AGENTS.md"
OVERRIDE = "AGENTS.override.md"
LIMIT = 32_768  # bytes: `project_doc_max_bytes` of Codex
# What Zed looks for at the root before AGENTS.md; it takes the first that is there.
_BEFORE = (".rules", ".cursorrules", ".windsurfrules", ".clinerules", ".github/copilot-instructions.md", "AGENT.md")
_METADATA = frozenset(
    ("description", "globs", "alwaysApply", "applyTo", "paths", "trigger", "name", "title", "apply", "type",
     "inclusion", "tags", "priority", "version", "author", "model", "tools")
)  # fmt: skip


@repository_check(
    "AGM01", "AGENTS.md files that are too long together", "agents/memory",
    why="Codex reads at most 32,768 bytes of the AGENTS.md files from the root to the folder it works in, the root"
    " first. What is over is cut off without a word, in the nearest file, which says the most about the work.",
    url="https://github.com/openai/codex/issues/13386", verified=VERIFIED,
    bad="AGENTS.md of 40,000 bytes", good="AGENTS.md of 20,000 bytes, and web/AGENTS.md of 5,000",
)  # fmt: skip
def too_long(repository: Repository) -> Iterator[Finding]:
    read: dict[str, Document] = {}  # by folder: of two files Codex takes the override
    total = 0
    for document in repository.of("agents/memory"):
        if document.name == OVERRIDE or (document.name == NAME and document.folder not in read):
            read[document.folder] = document
        total += len(document.data)
    limit = LIMIT if total > LIMIT else 0
    if limit and (config := repository.read(".codex/config.toml")) is not None:
        limit = _limit(config)
    if not limit:
        return
    for folder, document in sorted(read.items()):
        above = 0
        parts = folder.split("/") if folder else []
        for depth in range(len(parts)):
            upper = read.get("/".join(parts[:depth]))
            above += len(upper.data) if upper is not None else 0
        own = len(document.data)
        over = above + own - limit
        if over <= 0:
            continue
        kept = max(0, limit - above)
        start = len(document.data[:kept].decode("utf-8", "ignore"))
        if not kept:
            message = f"Codex reads nothing of this file: those above it have {above:,} bytes, and {limit:,} are read"
        elif above:
            message = (
                f"Codex drops the last {over:,} bytes: with the files above {above + own:,}, and {limit:,} are read"
            )
        else:
            message = f"Codex drops the last {over:,} bytes: the file has {own:,}, and {limit:,} are read"
        yield Finding(
            path=document.path, message=message, start=start, end=len(document.text),
            hint="shorten it, move parts to AGENTS.md files of folders, or raise `project_doc_max_bytes` in"
            " `.codex/config.toml`",
        )  # fmt: skip


def _limit(config: str) -> int:
    """The bytes that a project's `.codex/config.toml` allows; 0 where it switches the files off."""
    if "project_doc_max_bytes" not in config:
        return LIMIT
    import tomllib

    try:
        stated = tomllib.loads(config).get("project_doc_max_bytes", LIMIT)
    except (tomllib.TOMLDecodeError, RecursionError):
        return LIMIT
    return stated if isinstance(stated, int) and not isinstance(stated, bool) and stated >= 0 else LIMIT


@file_check(
    "AGM02", "front matter in AGENTS.md", "agents/memory",
    why="AGENTS.md has no metadata. Most tools send the lines to the model as text, and none obeys them: the file"
    " holds for its folder, always.",
    url=STANDARD, verified=VERIFIED, bad="---\nalwaysApply: true\n---", good="# Project", fix="unsafe",
)  # fmt: skip
def front_matter(document: Document) -> Iterator[Finding]:
    front = document.front
    if front is None or front.end < 0 or document.name not in (NAME, OVERRIDE, "AGENT.md"):
        return
    names = {key.name for key in front.keys}
    if not names or names.isdisjoint(_METADATA) or names == {"globs"}:  # Amp reads `globs` of files that one includes
        return
    if front.problem and not all(name.replace("-", "").replace("_", "").isalnum() for name in names):
        return  # prose between two lines across the page
    delete = Edit(start=1 if document.text[:1] == "\ufeff" else 0, end=document.body_start, text="")
    yield Finding(
        message="AGENTS.md has no front matter; most tools send it to the model as text", start=front.start - 4,
        end=front.start - 1, hint="delete it; what must hold for some files only goes to AGENTS.md of their folder",
        repair=Repair(title="Delete the front matter", edits=(delete,)),
    )  # fmt: skip


@repository_check(
    "AGM03", "a file named almost like AGENTS.md", "agents/memory",
    why="The standard's name is AGENTS.md, in capitals. Codex, Amp on Linux and others look for that name only.",
    url=STANDARD, verified=VERIFIED, bad="AGENT.md", good="AGENTS.md", fix="unsafe",
)  # fmt: skip
def other_name(repository: Repository) -> Iterator[Finding]:
    documents = repository.of("agents/memory")
    named = {document.folder for document in documents if document.name == NAME}
    for document in documents:
        folder, name = document.folder, document.name
        if name in (NAME, OVERRIDE) or folder in named or document.editor != "agents":
            continue
        if name != "AGENT.md" and folder:
            continue  # `docs/agents.md` is a page about agents
        if "/." in "/" + folder or name.lower() == OVERRIDE.lower():
            continue
        wanted = f"{folder}/{NAME}" if folder else NAME
        yield Finding(
            path=document.path, message=f"`{name}` is not the standard's name; several tools do not read it",
            hint=f"rename it to `{wanted}`", repair=Repair(title=f"Rename to {wanted}", rename=wanted),
        )  # fmt: skip


@repository_check(
    "AGM04", "WARP.md next to AGENTS.md", "warp/memory",
    why="Of the two in one folder Warp reads WARP.md alone. What is only in AGENTS.md does not reach its agents.",
    url="https://docs.warp.dev/agents/capabilities/rules", verified=VERIFIED,
    bad="WARP.md and AGENTS.md", good="AGENTS.md",
)  # fmt: skip
def warp_hides(repository: Repository) -> Iterator[Finding]:
    for document in repository.of("warp/memory"):
        if document.name != "WARP.md":
            continue
        path = f"{document.folder}/{NAME}" if document.folder else NAME
        other = repository.document(path)
        if other is None or other.text.strip() == document.text.strip() or NAME in document.text:
            continue
        yield Finding(
            path=document.path, message=f"Warp reads only WARP.md where both are; its agents never see `{path}`",
            hint=f"move what is only here into `{path}`, and delete WARP.md",
        )  # fmt: skip


@repository_check(
    "AGM05", "an older file that hides AGENTS.md from Zed", "agents/memory", severity="warning",
    why="Zed takes the first file of a list, and AGENTS.md stands near its end. Who works with Zed gets the older file"
    " and nothing of AGENTS.md.",
    url="https://zed.dev/docs/ai/rules", verified=VERIFIED, bad=".cursorrules and AGENTS.md", good="AGENTS.md",
)  # fmt: skip
def zed_hides(repository: Repository) -> Iterator[Finding]:
    ours = repository.document(NAME)
    if ours is None or not ours.text.strip():
        return
    for path in _BEFORE:
        first = repository.document(path)
        if first is None:
            continue
        if first.text.strip() == ours.text.strip() or NAME in first.text:  # a link, or it says to read it
            return
        certain = path == ".rules" or repository.exists(".zed")
        yield Finding(
            path=path, message=f"Zed reads only `{path}` of the two; it never sees AGENTS.md",
            hint="merge it into AGENTS.md, or name AGENTS.md in it", severity=None if certain else "info",
        )  # fmt: skip
        return


@repository_check(
    "AGM06", "AGENTS.override.md in git", "agents/memory", severity="warning",
    why="AGENTS.override.md is for one person's changes. Codex reads it in place of AGENTS.md, so once committed it"
    " hides AGENTS.md from everybody.",
    url="https://github.com/avifenesh/agnix", verified=VERIFIED,
    bad="git add AGENTS.override.md", good="AGENTS.override.md in .gitignore",
)  # fmt: skip
def override_tracked(repository: Repository) -> Iterator[Finding]:
    found = [document for document in repository.of("agents/memory") if document.name == OVERRIDE]
    for document in found:
        if document.path in repository.tracked:
            yield Finding(
                path=document.path,
                message="AGENTS.override.md is in git; for everybody who uses Codex it takes the place of AGENTS.md",
                hint=f"run `git rm --cached {document.path}`, and add it to .gitignore",
            )  # fmt: skip


@file_check(
    "AGM07", "`contextFileName` in Gemini's settings", "gemini/settings",
    why="Since September 2025 Gemini CLI reads `context.fileName`. With the old key alone, files of another name than"
    " GEMINI.md are not loaded.",
    url="https://geminicli.com/docs/get-started/configuration-v1", verified=VERIFIED,
    bad='"contextFileName": "AGENTS.md"', good='"context": {"fileName": "AGENTS.md"}', fix="safe",
)  # fmt: skip
def flat_name(document: Document) -> Iterator[Finding]:
    text = document.text
    if '"contextFileName"' not in text or document.name != "settings.json":
        return
    keys = _top_keys(text)
    found = keys.get("contextFileName")
    if found is None:
        return
    start, end, value_start, value_end = found
    repair = None
    if "context" not in keys:
        edits = (
            Edit(start=start, end=end, text='"context"'),
            Edit(start=value_start, end=value_end, text='{ "fileName": ' + text[value_start:value_end] + " }"),
        )
        repair = Repair(title="Write context.fileName", edits=edits, safe=True)
    yield Finding(
        message="Gemini CLI now reads `context.fileName`; the flat `contextFileName` is the spelling before it",
        start=start, end=end, hint='write `"context": { "fileName": … }`', repair=repair,
    )  # fmt: skip


def _top_keys(text: str) -> dict[str, tuple[int, int, int, int]]:
    """The keys of a JSON object, comments allowed: where each key and its value begin and end. {} for anything else."""
    found: dict[str, tuple[int, int, int, int]] = {}
    depth = 0
    at = 0
    key = (0, 0)  # the text read last
    value = -1  # where the value began that is being read
    name: tuple[int, int] | None = None
    last = 0  # behind the last character that is no blank
    while at < len(text):
        char = text[at]
        if char in " \t\r\n\ufeff":
            at += 1
            continue
        if char == "/" and text[at + 1 : at + 2] in ("/", "*"):
            end = text.find("\n" if text[at + 1] == "/" else "*/", at + 2)
            if end < 0:
                break
            at = end + (1 if text[at + 1] == "/" else 2)
            continue
        if depth == 1 and name is not None and value < 0 and char != ":":
            value = at
        if char == '"':
            end = _string_end(text, at)
            if end < 0:
                return {}
            key = (at, end)
            at = end
        else:
            if char == ":" and depth == 1 and name is None:
                name = key
            elif char in ",}" and depth == 1 and name is not None:
                found[text[name[0] + 1 : name[1] - 1]] = (*name, value, last)
                name, value = None, -1
            depth += (char in "{[") - (char in "}]")
            at += 1
        last = at
    return found


def _string_end(text: str, at: int) -> int:
    """Behind the quote that closes the string at `at`; -1 when none does."""
    end = text.find('"', at + 1)
    while end >= 0:
        back = end - 1
        while text[back] == "\\":
            back -= 1
        if (end - back) % 2:
            return end + 1
        end = text.find('"', end + 1)
    return -1
