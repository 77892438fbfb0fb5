"""Links in rules that lead nowhere: to files that are not there, and to headings that the text does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from driven.check_kit import (
    TEXT,
    Body,
    Document,
    Edit,
    Finding,
    Link,
    Repair,
    Repository,
    body_check,
    folders,
    joined,
    relative,
    repository_check,
)
from driven_checks.elsewhere import is_for_another
from driven_checks.glob_checks import has_files
from driven_checks.ignored import is_ignored

VERIFIED = "2026-11-21"
# Endings of files; without one and without a slash a target may be any word: `[text](url)`.
_ENDING_WORDS = """
    md mdc mdx markdown txt rst html json jsonc yaml yml toml xml csv ini cfg conf lock css scss js jsx ts tsx mjs cjs
    vue svelte py pyi ipynb rb go rs java kt swift c h cc cpp hpp cs php lua ex exs dart sh bash zsh ps1 sql prisma
    graphql proto tf gradle png jpg jpeg gif svg webp pdf
"""
_ENDINGS = frozenset(_ENDING_WORDS.split())
# Words of examples: `[link](path/to/file.md)`; and folders that are made, and are not there in a fresh clone.
_EXAMPLE_WORDS = """
    foo bar baz qux xxx yyy example your my some placeholder todo link url title filename file file1 file2 page other
    name slug node_modules dist build out target coverage tmp generated vendor
"""
_EXAMPLES = frozenset(_EXAMPLE_WORDS.split())
_TEMPLATES = "{}<>$*|`%^\\\n\"'=,;!…"
_DOMAINS = frozenset(("com", "org", "net", "io", "dev", "ai", "app", "co", "edu", "gov", "me", "so", "xyz", "cloud"))
_ANCHOR_EXAMPLES = frozenset(("anchor", "heading", "section", "link", "id", "fragment", "top", "todo", "url"))
_HTML_HEADING = re.compile(r"<[hH][1-6]\b[^<>]{0,300}>([^<]{0,300})")
MOST = 100  # broken links of one file that are told
MOST_HEADINGS = 2_000


@repository_check(
    "GEN08", "a link to a file that is not there", *sorted(TEXT),
    why="The model follows the link when the rule tells it to, finds nothing, and guesses or gives up. Where an editor"
    " pulls linked files into the prompt, the text is simply missing.",
    url="https://github.com/stbenjam/skillsaw", verified=VERIFIED,
    bad="[style](docs/stile.md)", good="[style](docs/style.md)", fix="unsafe",
)  # fmt: skip
def broken_link(repository: Repository) -> Iterator[Finding]:
    for document in repository.of(*sorted(TEXT)):
        links = document.body.shared("links:paths", _paths)
        if not links or document.name.endswith((".toml", ".json")) or is_for_another(document.path):
            continue
        if not has_files(repository):
            return  # rules alone: what they speak of is elsewhere
        told = 0
        # What was copied from a rule is meant as it stands there; what is broken there is told there.
        origins = [rule for at in document.origins if (rule := repository.document(at)) is not None]
        copied = {link.target for rule in origins for link, _ in rule.body.shared("links:paths", _paths)}
        for link, path in links:
            if link.target in copied:
                continue
            tried = [one for place in (*origins, document) for one in _candidates(place, path)]
            if link.target[:4] == "mdc:" and "/" in path:  # with the workspace's name in front
                tried.append(path.partition("/")[2])
            if tried and not any(_is_there(repository, one) or _is_personal(repository, one) for one in tried):
                yield _broken(repository, document, link, path, origins[0].folder if origins else document.folder)
                told += 1
                if told == MOST:
                    break


def _paths(body: Body) -> list[tuple[Link, str]]:
    """The links to files, with the path that each of them means."""
    if "](" not in body.text and "]:" not in body.text:
        return []
    return [(link, path) for link in body.links if link.kind != "url" and (path := _path(link))]


def _path(link: Link) -> str:
    """The file that a link means, relative; "" where it is none, or not certainly one."""
    target = link.target
    if target[:4] == "mdc:":
        target = target[4:].lstrip("/")
    elif target[:1] in ("#", "/", "@", "~", "?", "&", "") or ":" in target[:32].partition("/")[0]:
        name, colon, number = target.partition(":")
        if not colon or not number.replace("-", "").replace(":", "").isdigit() or "." not in name:
            return ""  # a URL, a route, an alias, a drive letter
    path = target.partition("#")[0].partition("?")[0]
    if "%" in path:
        from urllib.parse import unquote

        path = unquote(path)
    head, colon, lines = path.partition(":")  # `src/a.ts:12`
    if colon and lines.replace("-", "").replace(":", "").isdigit():
        path = head
    if "\\" in path and path.isascii():
        path = path.replace("\\_", "_").replace("\\(", "(").replace("\\)", ")").replace("\\", "/")
    if not path or any(char in path for char in _TEMPLATES) or "//" in path or ":" in path or path[:1] == "[":
        return ""
    words = path.lower().replace("/", ".").replace("-", ".").replace("_", ".").split(".")
    if "..." in path or "path/to" in path or "node_modules" in path or not _EXAMPLES.isdisjoint(words):
        return ""
    name = path.rstrip("/").rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    first = path.split("/")[0]
    if "." in first.strip(".") and first.rpartition(".")[2].lower() in _DOMAINS and "/" in path:
        return ""  # github.com/… without its scheme
    if dot and stem and ending.lower() in _ENDINGS:
        return path
    if path[:2] == "./" or path[:3] == "../" or (link.target[:4] == "mdc:" and "/" in path):
        return path if " " not in path else ""
    return ""


def _candidates(document: Document, path: str) -> list[str]:
    """Where the file may be: from the document's folder, the folders above it, the project's root. [] when one of them
    is outside of the project, of which nothing is known."""
    return [whole for folder in folders(document.folder) if (whole := joined(folder, path)) is not None]


def _is_there(repository: Repository, path: str) -> bool:
    """Whether it stands there, or a page of that name without its ending."""
    if not path or repository.exists(path):
        return True
    if path.endswith(".html"):  # what a site makes of a page
        return repository.exists(path[:-4] + "md")
    return "." not in path.rpartition("/")[2] and any(repository.exists(path + end) for end in (".md", ".mdc", ".mdx"))


def _is_personal(repository: Repository, path: str) -> bool:
    """Whether each person has that file alone: `CLAUDE.local.md`, or what git ignores."""
    if ".local." in path.rpartition("/")[2]:
        return True
    return repository.exists(".gitignore") and is_ignored(repository.read(".gitignore") or "", path)


def _broken(repository: Repository, document: Document, link: Link, path: str, folder: str) -> Finding:
    shift = document.body_start
    name = path.rstrip("/").rpartition("/")[2]
    same = repository.shared("links:names", lambda: _by_name(repository)).get(name, [])
    hint = "correct the path, or delete the link"
    repair = None
    if len(same) == 1 and name.lower() not in ("readme.md", "index.md", "skill.md", "agents.md", "claude.md"):
        at = same[0]
        there = f"mdc:{at}" if link.target[:4] == "mdc:" else relative(at, folder)
        hint = f"the file of that name is `{at}`: write `{there}`"
        if not any(char in there for char in " ()<>"):
            rest = link.target[len(link.target.partition("#")[0].partition("?")[0]) :]
            edit = Edit(start=link.target_start + shift, end=link.target_end + shift, text=there + rest)
            repair = Repair(title=f"Link to {at}", edits=(edit,))
    what = "image" if link.kind == "image" else "link"
    shown = path if len(path) <= 120 else path[:117] + "..."
    return Finding(
        path=document.path, message=f"the {what}'s target `{shown}` does not exist; the model is sent to nothing",
        start=link.target_start + shift, end=link.target_end + shift, hint=hint, repair=repair,
    )  # fmt: skip


def _by_name(repository: Repository) -> dict[str, list[str]]:
    """The files of the project by name; of a name that stands everywhere two are enough."""
    found: dict[str, list[str]] = {}
    for path in repository.files:
        known = found.setdefault(path.rpartition("/")[2], [])
        if len(known) < 2:
            known.append(path)
    return found


@body_check(
    "LNK01", "a link to a heading that the text does not have", severity="warning",
    why="The heading was renamed or moved to another file. Whoever follows the link, a person or a model, does not find"
    " the part that the rule refers to.",
    url="https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/"
    "basic-writing-and-formatting-syntax#section-links",
    verified=VERIFIED, bad="[tests](#testing) above `## Tests`", good="[tests](#tests) above `## Tests`", fix="unsafe",
)  # fmt: skip
def broken_anchor(body: Body) -> Iterator[Finding]:
    text = body.text
    if "](#" not in text and "]: #" not in text:
        return
    known: set[str] | None = None
    for link in body.links:
        anchor = link.target[1:]
        if link.kind == "url" or link.target[:1] != "#" or not _is_anchor(anchor):
            continue
        if known is None:
            known = _anchors(body)
        if "%" in anchor:
            from urllib.parse import unquote

            anchor = unquote(anchor)
        core = _core(anchor)
        if not core or core in known or core.rstrip("0123456789") in known or _is_id(text, anchor):
            continue
        near = _nearest(body, anchor)
        repair = None
        if near:
            edit = Edit(start=link.target_start + 1, end=link.target_end, text=near)
            repair = Repair(title=f"Link to #{near}", edits=(edit,))
        yield Finding(
            message=f"no heading of this file gives the anchor `#{anchor[:80]}`; the link leads nowhere",
            start=link.target_start, end=link.target_end, repair=repair,
            hint=f"did you mean `#{near}`?" if near else "link to a heading that is there, or delete the link",
        )  # fmt: skip


def _is_anchor(anchor: str) -> bool:
    return (
        bool(anchor)
        and not any(char in anchor for char in "/={}<>$!?&:~*|")
        and not anchor.isdigit()
        and anchor.lower() not in _ANCHOR_EXAMPLES
    )


def _anchors(body: Body) -> set[str]:
    """The letters and digits of every heading, in lower case: how tools join them differs."""
    texts = [body.text[heading.text_start : heading.end] for heading in body.headings]
    found = {_core(_shown(text)) for text in texts} | {_core(text) for text in texts if "](" in text}
    if "<h" in body.text or "<H" in body.text:
        found |= {_core(match[1]) for match in _HTML_HEADING.finditer(body.text)}
    return found


def _core(text: str) -> str:
    return "".join([char for char in text.casefold() if char.isalnum()])


def _shown(heading: str) -> str:
    """What a heading reads: of a link only its text, without an id that is given to it."""
    heading = heading.rstrip("# \t")
    if "](" in heading:
        parts = []
        rest = heading
        while "](" in rest:
            before, _, rest = rest.partition("](")
            parts.append(before)
            rest = rest.partition(")")[2]
        heading = "".join([*parts, rest])
    return heading


def _is_id(text: str, anchor: str) -> bool:
    """Whether HTML or `{#id}` gives the anchor."""
    return any(form in text for form in (f'"{anchor}"', f"'{anchor}'", f"{{#{anchor}}}", f"={anchor}>"))


def _nearest(body: Body, anchor: str) -> str:
    """The anchor of the heading that is most like it, "" for none."""
    from difflib import get_close_matches

    if len(body.headings) > MOST_HEADINGS or len(anchor) > 200:
        return ""
    slugs = [_slug(_shown(body.text[h.text_start : min(h.end, h.text_start + 200)])) for h in body.headings]
    near = get_close_matches(anchor.lower(), [slug for slug in slugs if slug], 1, 0.75)
    return near[0] if near else ""


def _slug(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    kept = [char for char in heading.strip().lower() if char.isalnum() or char in " -_"]
    return "".join(kept).replace(" ", "-")
