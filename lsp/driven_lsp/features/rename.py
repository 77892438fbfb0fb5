"""A rule's id is renamed: its file, and everywhere that it is named. A tag is renamed in all rules."""

from __future__ import annotations

from driven.document.paths import folders, joined
from driven.errors import UsageError
from driven.format.text import is_rule_id
from driven.project.sources import RULES
from driven_lsp.mentions import is_there, rule_ids
from driven_lsp.subjects import named, subject_at
from driven_lsp.taking import id_of_name
from driven_lsp.values import Edit, Edits, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven_lsp.subjects import Subject
    from driven_lsp.values import Here


def prepare(here: Here) -> tuple[int, int, str] | None:
    """What is renamed from the cursor: its bounds and its name now; None where there is nothing to rename. At a link it
    is the rule's id, not the link's text."""
    subject = _subject(here)
    return None if subject is None else (subject.start, subject.end, subject.name)


def rename(here: Here, name: str) -> Edits:
    """The edits, whose places are those before the rule's file moves. UsageError for a name that cannot be one.

    Files that driven writes are not touched: the next sync writes them anew.
    """
    subject = _subject(here)
    if subject is None:
        raise UsageError(
            "there is no rule's id here", hint="put the cursor on the id of a rule, a link to it or its title"
        )
    if subject.kind == "tag":
        return _rename_tag(here, subject, name.strip())
    snapshot = here.snapshot
    rule_id = _wanted(here, subject, name.strip())
    if rule_id == subject.name:
        return Edits()
    known = rule_ids(snapshot)
    old = known[subject.name]
    new = f"{RULES}/{rule_id}.md"
    if rule_id in known or is_there(snapshot, new):
        raise UsageError(f"there is a rule `{rule_id}` already", hint="give another id, or delete that rule first")
    from driven_lsp.features.will_rename_files import edits

    return Edits(edits=edits(snapshot, [(old, new)]).edits, renames=((old, new),))


def _subject(here: Here) -> Subject | None:
    subject = subject_at(here)
    if subject is None or subject.kind not in ("rule", "tag"):
        return None
    if subject.kind == "rule" and subject.name not in rule_ids(here.snapshot):
        return None
    return subject


def _wanted(here: Here, subject: Subject, name: str) -> str:
    """The id that somebody asks for. Some editors offer the text that stands there instead of the id, so that the
    answer may be a link, or a title: that one stays in the rule's folder."""
    document = here.snapshot.document(here.path)
    if name.endswith(".md") and subject.mention is not None and document is not None:
        for base in folders(document.folder):
            whole = joined(base, name.removeprefix("mdc:"))
            if whole is not None and whole.startswith(RULES + "/"):
                name = whole.removeprefix(RULES + "/")
                break
    name = name.removesuffix(".md")
    rule_id = id_of_name(name)
    folder = subject.name.rpartition("/")[0]
    if not is_rule_id(name) and "/" not in name and folder:
        rule_id = f"{folder}/{rule_id}"
    return rule_id


def _rename_tag(here: Here, subject: Subject, name: str) -> Edits:
    from driven.format.canonical import scalar

    if not name or "\n" in name or "\r" in name:
        raise UsageError("a tag is one line of text", hint="write a word")
    found = []
    for document, start, end in named(here.snapshot, subject):
        text = name
        if document.text[start - 1 : start] in ("'", '"'):
            text = name if not set(name) & {'"', "'", "\\"} else ""
        else:
            text = scalar(name, in_list=True)
        if not text:
            raise UsageError(f"`{name}` holds a quote", hint="give a tag without quotes")
        found.append(Edit(place=Place(path=document.path, start=start, end=end), text=text))
    return Edits(edits=tuple(found))
