"""What checks found before, so that only those are asked again whose inputs changed.

The findings of a file hang on its path, its bytes and on what of it is ours; those of a repository check on the answers
to everything that it asked (`Repository.asked`). All of it hangs on driven's version, the plugins and the codes chosen.
Kept in the person's cache folder beside the answers (`core.answers`), never in the project.
"""

from __future__ import annotations

import json
import os
import sys

from driven import __version__
from driven.core.answers import answer_path, is_own
from driven.document.document import Document
from driven.document.repository import Repository
from driven.format.hashes import digest
from driven.model.diagnostic import Diagnostic, Fix, TextEdit
from driven.project.reading import read_file
from driven.registry import path_stamps
from driven.span import Span
from driven.validation.files import Folder
from driven.validation.watched import modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    Asked = tuple[str, str]

MAX_BYTES = 64 << 20


class Memory:
    """The findings of the last validation of a folder, and of this one."""

    def __init__(self, root: str, codes: Iterable[str]) -> None:
        self.key = _key(codes)
        path = os.fsdecode(answer_path(root))
        self._path = path + ".checks" if path else ""
        self._files: dict[str, list[Any]] = {}
        self._checks: dict[str, list[Any]] = {}
        self._new_files: dict[str, list[Any]] = {}
        self._new_checks: dict[str, list[Any]] = {}
        self._digests: dict[str, str] = {}
        self._answers: dict[Asked, str] = {}
        self.asked = 0  # checks and files that had to be looked at
        self._read()

    def of_file(self, document: Document) -> list[Diagnostic] | None:
        """What was found in the same file before, None when that is not known."""
        rule = document.rule
        key = self._digests[document.path] = digest(
            f"{document.path}\0{document.place}\0{document.ours}\0{document.origins}\0{document.linked}\0"
            f"{rule and rule.id}\0".encode("utf-8", "surrogatepass")
            + document.data
        )
        rows = self._files.get(key)
        if rows is None:
            self.asked += 1
            return None
        self._new_files[key] = rows
        return [_diagnostic(row) for row in rows]

    def keep_file(self, document: Document, found: Sequence[Diagnostic]) -> None:
        """Remember what is found in a file."""
        self._new_files[self._digests[document.path]] = [_row(told) for told in found]

    def of_check(self, code: str, repository: Repository, folder: Folder) -> list[Diagnostic] | None:
        """What a repository check found before, when all that it asked then has the same answer; else None."""
        known = self._checks.get(code)
        if known is not None:
            asked, answer, rows = known
            if answer == self._answer(((one[0], one[1]) for one in asked), repository, folder):
                self._new_checks[code] = known
                return [_diagnostic(row) for row in rows]
        self.asked += 1
        return None

    def keep_check(self, code: str, found: Sequence[Diagnostic], repository: Repository, folder: Folder) -> None:
        """Remember what a repository check finds; `repository.asked` is what it asked."""
        asked = sorted(repository.asked)
        answer = self._answer(asked, repository, folder)
        self._new_checks[code] = [asked, answer, [_row(told) for told in found]]

    def write(self) -> None:
        """Keep it for the next run; nothing happens where that is not possible."""
        if not self._path or (self._new_files.keys() == self._files.keys() and self._new_checks == self._checks):
            return
        data = json.dumps([self.key, self._new_files, self._new_checks], separators=(",", ":")).encode()
        if len(data) > MAX_BYTES:
            return
        temporary = f"{self._path}.{os.getpid()}.tmp"
        try:
            os.makedirs(os.path.dirname(self._path), 0o700, exist_ok=True)
            with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
                file.write(data)
            os.replace(temporary, self._path)
        except OSError:
            try:
                os.unlink(temporary)
            except OSError:
                return

    def _read(self) -> None:
        if not self._path or not is_own(os.fsencode(self._path)):
            return
        try:
            data, _ = read_file(self._path, MAX_BYTES)
            key, files, checks = json.loads(data)
        except (OSError, ValueError, TypeError, RecursionError):
            return
        if key == self.key and isinstance(files, dict) and isinstance(checks, dict):
            self._files, self._checks = files, checks

    def _answer(self, asked: Iterable[Asked], repository: Repository, folder: Folder) -> str:
        """One digest of the answers to all these questions."""
        parts = []
        for one in asked:
            if one not in self._answers:
                self._answers[one] = self._ask(one, repository, folder)
            parts.append(self._answers[one])
        return digest("\0".join(parts).encode())

    def _ask(self, asked: Asked, repository: Repository, folder: Folder) -> str:
        question, about = asked
        if question == "exists":
            return str(folder.exists(about))
        if question == "read":
            text = folder.read(about)
            return "-" if text is None else digest(text.encode("utf-8", "surrogatepass"))
        if question == "listing":
            return folder.kept("digest", lambda files: digest("\0".join(files).encode("utf-8", "surrogatepass")))
        if question == "tracked":
            return digest("\0".join(sorted(folder.tracked())).encode("utf-8", "surrogatepass"))
        if question == "settings":
            return digest(repr((repository.managed, repository.editors)).encode())
        if question == "active":
            return digest(repr(sorted(repository.active.items())).encode())
        documents = repository.documents_of(question, about)
        return digest("".join(self._digests[document.path] for document in documents).encode())


class Recent(Memory):
    """The findings of the last look of this process, and of this one; nothing of it is kept on a disk."""

    def __init__(self) -> None:
        self.key = self._path = ""
        self._files, self._checks = {}, {}
        self._new_files, self._new_checks = {}, {}
        self._digests, self._answers = {}, {}
        self.asked = 0

    def turn(self) -> None:
        """Another look begins."""
        self._files, self._checks = self._new_files, self._new_checks
        self._new_files, self._new_checks = {}, {}
        self._digests, self._answers = {}, {}
        self.asked = 0


def _key(codes: Iterable[str]) -> str:
    parts = [__version__, sys.prefix, *(f"{path} {mtime}" for path, mtime in path_stamps()), *sorted(codes)]
    parts += [f"{path} {seen.st_size} {seen.st_ctime_ns}" for path in modules() if (seen := _stat(path))]
    parts += [f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith("DRIVEN_")]
    return digest("\0".join(parts).encode("utf-8", "surrogateescape"))


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


def _row(told: Diagnostic) -> list[Any]:
    fix = told.fix
    repair = None if fix is None else [
        fix.title, fix.safe, fix.rename, [[*_place(edit.span), edit.text] for edit in fix.edits]
    ]  # fmt: skip
    return [told.code, told.severity, told.message, told.hint, told.rule_id, *_place(told.span), repair]


def _place(span: Span) -> list[Any]:
    return [span.path, span.line, span.column, span.end_line, span.end_column]


def _span(row: Sequence[Any]) -> Span:
    return Span(path=row[0], line=row[1], column=row[2], end_line=row[3], end_column=row[4])


def _diagnostic(row: Sequence[Any]) -> Diagnostic:
    code, severity, message, hint, rule_id = row[:5]
    fix = None
    if row[10] is not None:
        title, safe, rename, edits = row[10]
        made = tuple(TextEdit(span=_span(edit), text=edit[5]) for edit in edits)
        fix = Fix(title=title, safe=safe, rename=rename, edits=made)
    return Diagnostic(
        code=code, severity=severity, message=message, span=_span(row[5:10]), hint=hint, fix=fix, rule_id=rule_id
    )  # fmt: skip
