"""Aider's configuration and conventions: https://aider.chat/docs/config/aider_conf.html (verified 2026-11-21).

`.aider.conf.yml` is read by PyYAML and ConfigArgParse; what these do with odd keys and values was tried with
ConfigArgParse 1.7.5, PyYAML 6.0.3 and the options of Aider 0.86.2. Aider reads the file of the home folder, of the top
of the git repository and of the folder that it is started in, the last one winning; `read` is not merged.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from driven.check_kit import Document, Edit, Finding, Repair, Repository, file_check, repository_check
from driven_checks.aider_conf import FORKS, OPTIONS, Entry, conf_of, is_conf, option_for, read_value
from driven_checks.ignored import line_for

CONF = "https://aider.chat/docs/config/aider_conf.html"
CONVENTIONS = "https://aider.chat/docs/usage/conventions.html"
VERIFIED = "2026-11-21"
NAME = ".aider.conf.yml"


@file_check(
    "AID01", "several files in one text of `read`", "aider/config",
    why="`read` is one file name or a list of them. Aider takes `a.md, b.md` for the name of one file, warns that it"
    " does not exist, and loads neither.",
    url=CONF, verified=VERIFIED, bad="read: CONVENTIONS.md, docs/api.md", good="read: [CONVENTIONS.md, docs/api.md]",
    fix="safe",
)  # fmt: skip
def comma(document: Document) -> Iterator[Finding]:
    if "read" not in document.text or "," not in document.text or not is_conf(document):
        return
    conf = conf_of(document)
    for entry in conf.read:
        parts = [part.strip() for part in entry.text.split(",")]
        if len(parts) < 2 or not all(_is_file(part) for part in parts if part):
            continue
        whole = [part for one in conf.read for part in ([one.text] if one is not entry else parts) if part]
        text = read_value(document, whole)
        yield Finding(
            message=f"Aider reads `{entry.text[:80]}` as one file name, and finds no such file",
            start=entry.start, end=entry.end, hint="write a list, one file a line",
            repair=Repair(
                title="Make it a list", edits=(Edit(start=conf.read_start, end=conf.read_end, text=text),), safe=True
            ) if text else None,
        )  # fmt: skip


def _is_file(text: str) -> bool:
    """Whether a part between commas is a name of its own, and not the rest of a strange one."""
    return " " not in text and ("." in text.rpartition("/")[2] or text[-1] == "/")


@file_check(
    "AID02", "a key that is no option of Aider's", "aider/config",
    why="Aider takes every key of the file for a command-line option. At one that it does not know it prints"
    " `unrecognized arguments` and does not start, for everybody who works in the repository.",
    url=CONF, verified=VERIFIED, bad="auto_commits: false", good="auto-commits: false", fix="both",
)  # fmt: skip
def unknown_key(document: Document) -> Iterator[Finding]:
    if not is_conf(document):
        return
    conf = conf_of(document)
    names = {key.name for key in conf.keys}
    for key in conf.keys:
        name = key.name.removeprefix("--") if key.name.startswith("--") else key.name
        if name in OPTIONS or name in FORKS or key.is_empty or (key.is_text and option_for(name)):
            continue
        meant, is_sure = _meant(name)
        hint = (
            f"write `{meant}`" if meant else "take it out; the options are in the sample file of Aider's documentation"
        )
        repair = None
        if meant and meant not in names and key.end > key.start:
            edits = (Edit(start=key.start, end=key.end, text=meant),)
            repair = Repair(title=f"Rename it to {meant}", edits=edits, safe=is_sure)
        yield Finding(
            message=f"`{key.name[:80]}` is no option of Aider's; Aider does not start: `unrecognized arguments`",
            start=key.start, end=key.end, hint=hint, repair=repair,
        )  # fmt: skip


_MEANT = {"yes": "yes-always", "conventions": "read", "rules": "read", "instructions": "read", "read-only": "read",
          "files": "file", "ignore": "aiderignore"}  # fmt: skip


def _meant(name: str) -> tuple[str, bool]:
    """The option that somebody meant, and whether that is sure."""
    plain = name.replace("_", "-").lower().strip("-")
    if plain in OPTIONS:
        return plain, True
    if plain in _MEANT:
        return _MEANT[plain], plain == "yes"
    if len(plain) > 64:
        return "", False
    from difflib import get_close_matches

    found = get_close_matches(plain, OPTIONS, n=1, cutoff=0.8)
    return (found[0], False) if found else ("", False)


@file_check(
    "AID03", "`read` twice in one file", "aider/config",
    why="Of two keys of the same name YAML's reader in Aider keeps the last. The files of the first are not loaded, and"
    " nothing tells you.",
    url=CONF, verified=VERIFIED, bad="read: CONVENTIONS.md\nread: docs/api.md",
    good="read: [CONVENTIONS.md, docs/api.md]",
    fix="unsafe",
)  # fmt: skip
def twice(document: Document) -> Iterator[Finding]:
    if document.text.count("read") < 2 or not is_conf(document):
        return
    conf = conf_of(document)
    keys = [key for key in conf.keys if key.name == "read"]
    for at, key in enumerate(keys[:-1]):
        lost = ", ".join(f"`{entry.text[:80]}`" for entry in key.entries[:3]) or "its value"
        repair = None
        if at == 0 and all(each.can_be_cut for each in keys):
            whole = list(dict.fromkeys(entry.text for each in keys for entry in each.entries if entry.text))
            last = keys[-1]
            edits = [Edit(start=each.line_start, end=each.line_end, text="") for each in keys[:-1]]
            text = read_value(document, whole)
            if text:
                edits.append(Edit(start=last.start, end=last.value_end, text=text))
                repair = Repair(title="Make one list of them", edits=tuple(edits))
        yield Finding(
            message=f"`read` stands again below; only the last one counts, and {lost} {_is(key.entries)} not loaded",
            start=key.start, end=key.end, hint="write one `read` with all files", repair=repair,
        )  # fmt: skip


def _is(entries: list[Entry]) -> str:
    return "are" if len(entries) > 1 else "is"


@repository_check(
    "AID04", "a `read` that takes the place of another file's", "aider/config", severity="warning",
    why="Started in a subfolder, Aider reads that folder's configuration after the one at the top. Its `read` replaces"
    " the list from there; the two are not put together.",
    url=CONF, verified=VERIFIED, bad="read: [style.md] in web/.aider.conf.yml, read: [CONVENTIONS.md] at the top",
    good="read: [style.md, ../CONVENTIONS.md] in web/.aider.conf.yml", fix="unsafe",
)  # fmt: skip
def replaced(repository: Repository) -> Iterator[Finding]:
    top = repository.document(NAME)
    if top is None:
        return
    wanted = [entry.text for entry in conf_of(top).read if _path("", entry.text)]
    if not wanted:
        return
    for document in repository.of("aider/config"):
        if document is top or not is_conf(document):
            continue
        conf = conf_of(document)
        held = [_path(document.folder, entry.text) for entry in conf.read]
        lost = [text for text in wanted if not _covers(held, _path("", text))]
        if not held or not lost:
            continue
        more = [posixpath.relpath(_path("", text), document.folder) for text in lost]
        shown = ", ".join(f"`{text[:80]}`" for text in lost[:3])
        text = read_value(document, [*[entry.text for entry in conf.read], *more])
        yield Finding(
            message=f"started in `{document.folder}`, Aider reads this list in place of the one in `{NAME}` at the top;"
            f" {shown} {'is' if len(lost) == 1 else 'are'} not loaded",
            path=document.path, start=conf.key_start, end=conf.key_end,
            hint="repeat the entries: " + ", ".join(f"`{each[:80]}`" for each in more[:3]),
            repair=Repair(
                title="Repeat the entries of the file at the top",
                edits=(Edit(start=conf.read_start, end=conf.read_end, text=text),),
            ) if text else None,
        )  # fmt: skip


def _path(folder: str, entry: str) -> str:
    """What an entry names when Aider is started in `folder`; "" where that is not in the project."""
    if entry.startswith(("/", "~")) or "\\" in entry or "," in entry or not entry:
        return ""
    found = posixpath.normpath(posixpath.join(folder, entry))
    return "" if found.startswith("../") or found == ".." else found


def _covers(held: list[str], path: str) -> bool:
    """Whether an entry is the file, or a folder that it is in: of a folder Aider loads everything."""
    return any(each == path or each == "." or path.startswith(each + "/") for each in held if each)


@repository_check(
    "AID05", "a path that depends on where Aider is started", "aider/config", severity="info",
    why="Aider resolves the entries of `read` against the folder that it is started in, not against the file that names"
    " them. From another folder they are not found: Aider warns and goes on without them.",
    url="https://aider.chat/docs/config/options.html#--read-file", verified=VERIFIED,
    bad="read: CONVENTIONS.md in web/.aider.conf.yml, with the file at the top",
    good="read: ../CONVENTIONS.md in web/.aider.conf.yml", fix="unsafe",
)  # fmt: skip
def depends(repository: Repository) -> Iterator[Finding]:
    confs = [document for document in repository.of("aider/config") if is_conf(document)]
    # Whether Aider is started in subfolders here: it is told so, or one has a configuration without `read`.
    others = [document.folder for document in confs if document.folder and not conf_of(document).read]
    for document in confs:
        conf = conf_of(document)
        for entry in conf.read:
            here, top = _path(document.folder, entry.text), _path("", entry.text)
            if document.folder and here and top and not repository.exists(here) and repository.exists(top):
                new = posixpath.relpath(top, document.folder)
                edit = Edit(start=entry.start, end=entry.end, text=new)
                yield Finding(
                    message=f"started in `{document.folder}`, where it reads this file, Aider looks for"
                    f" `{entry.text[:80]}` there; the file stands at the top of the project",
                    path=document.path, start=entry.start, end=entry.end, hint=f"write `{new}`", severity="warning",
                    repair=Repair(title=f"Write {new}", edits=(edit,)) if entry.is_exact else None,
                )  # fmt: skip
            elif not document.folder and here and (others or conf.is_subtree) and repository.exists(here):
                where = (
                    f"`{others[0]}`, which has a `{NAME}` without `read`" if others else "a subfolder (`subtree-only`)"
                )
                yield Finding(
                    message=f"`{entry.text[:80]}` is looked for in the folder that Aider is started in; from {where},"
                    " it is not found",
                    path=document.path, start=entry.start, end=entry.end,
                    hint="give that folder a `read` of its own, or start Aider at the top",
                )  # fmt: skip


@repository_check(
    "AID06", "a CONVENTIONS.md that Aider does not load", "aider/conventions",
    why="Aider loads no file by its name. CONVENTIONS.md reaches the model only where `read` in `.aider.conf.yml` names"
    " it, or where everybody types `/read CONVENTIONS.md` in each session.",
    url=CONVENTIONS, verified=VERIFIED, bad=".aider.conf.yml without `read`", good="read: CONVENTIONS.md",
)  # fmt: skip
def unread(repository: Repository) -> Iterator[Finding]:
    path = "CONVENTIONS.md"
    document = repository.document(path)
    if document is None or not document.text.strip():
        return
    confs = [each for each in repository.of("aider/config") if is_conf(each)]
    for each in confs:
        conf = conf_of(each)
        named = [entry for key in conf.keys if key.name == "read" for entry in key.entries]  # the lost ones are AID03's
        parts = [part.strip() for entry in [*conf.loaded, *named] for part in entry.text.split(",")]
        if _covers([_path(each.folder, part) for part in parts], path) or conf.runs or conf.is_broken:
            return
    top = repository.document(NAME)
    if top is not None:
        yield Finding(
            message=f"no `read` in `{NAME}` names `{path}`; Aider does not load it by itself", path=path,
            hint=f"write `read: {path}` in `{NAME}`",
        )  # fmt: skip
    elif not confs and _is_for_aider(repository):
        yield Finding(
            message=f"there is no `{NAME}` that names `{path}`; Aider does not load it by itself", path=path,
            hint=f"make a `{NAME}` with `read: {path}`", severity="warning",
        )  # fmt: skip


def _is_for_aider(repository: Repository) -> bool:
    """Whether anything else in the project speaks of Aider: CONVENTIONS.md is a name for other things too."""
    if repository.exists(".aiderignore") or "aider" in repository.editors:
        return True
    text = repository.read(".gitignore") if repository.exists(".gitignore") else None
    return ".aider" in (text or "")


@repository_check(
    "AID07", "a .gitignore that hides `.aider.conf.yml`", "aider/config",
    why="Aider offers to write `.aider*` into `.gitignore`, for its history and caches. That line hides the team's"
    " configuration too: nobody else gets it, and their Aider loads no conventions.",
    url="https://aider.chat/docs/config/options.html#--gitignore", verified=VERIFIED,
    bad=".aider*", good=".aider*\n!.aider.conf.yml\n!.aiderignore",
)  # fmt: skip
def hidden(repository: Repository) -> Iterator[Finding]:
    document = repository.document(NAME)
    if document is None or not repository.exists(".gitignore"):
        return
    text = repository.read(".gitignore") or ""
    line = line_for(text, NAME)
    if not line or line[0] == "!" or "*" not in line or ".aider" not in line or NAME in repository.tracked:
        return
    conf = conf_of(document)
    if conf.has_secrets or any(not _path("", entry.text) for entry in conf.read):
        return  # a key, or a file of this machine: it is one person's
    yield Finding(
        message=f"the line `{line}` hides `{NAME}` from git; the team does not get it", path=".gitignore",
        hint=f"add the lines `!{NAME}` and `!.aiderignore` below it", severity=None if conf.read else "info",
    )  # fmt: skip
