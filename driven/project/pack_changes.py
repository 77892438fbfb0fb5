"""What taking another version of a pack changes in the project: the files that are not the same, before and after."""

from __future__ import annotations

import os

from driven.errors import DrivenError, SignatureError
from driven.project.ledger import PACKS
from driven.project.reading import read_file
from driven.trust.manifest import OURS
from driven.trust.manifest_disk import of_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

Changes: TypeAlias = "Mapping[str, tuple[bytes | None, bytes | None]]"
"""Path in the pack -> (before, after) of its files, None where there is no such file."""
MAX_SHOWN = 1 << 20  # bytes of a file whose change is shown


def changes(root: str, top: str, name: str) -> dict[str, tuple[bytes | None, bytes | None]]:
    """The files that are not the same in the project and in what was laid out in the folder `top`, but signatures.

    SignatureError where the project's folder holds what cannot be in a pack: what of it would be lost cannot be shown.
    """
    try:
        before = _files(os.path.join(root, PACKS, name))
    except DrivenError as error:
        raise SignatureError(
            f"`{PACKS}/{name}` holds what cannot be in a pack, and would be lost: {error.message}",
            hint="move it to where it belongs, or delete the folder; then run this again",
        ) from None
    after = _files(os.path.join(top, PACKS, name))
    return {
        path: (before.get(path), after.get(path))
        for path in sorted({*before, *after}) if before.get(path) != after.get(path)
    }  # fmt: skip


def _files(folder: str) -> dict[str, bytes]:
    """All files of a pack; one that is too large to be shown as its digest."""
    found = {}
    for one in of_folder(folder, name="pack", version="0").files if os.path.isdir(folder) else ():
        if one.path in OURS:
            continue
        try:
            found[one.path] = read_file(os.path.join(folder, one.path), MAX_SHOWN)[0]
        except OSError:
            found[one.path] = b"\0" + one.sha256.encode()
    return found
