"""What a person asks `driven validate` for: the words of the command line on top of `[validate]` in config.toml."""

from __future__ import annotations

import os
from contextlib import suppress

from driven.errors import UsageError
from driven.frozen import frozen
from driven.project.config import Config
from driven.project.reading import read_file
from driven.validation.baseline import MAX_BYTES, fingerprint, parse_baseline, render_baseline
from driven.validation.engine import Choice, look
from driven.validation.files import Folder
from driven.validation.validate import Lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driven.model.diagnostic import Diagnostic


@frozen
class Words:
    """The options, as they were typed. `baseline`: a file, "" for the one in the configuration."""

    paths: Sequence[str] = ()
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    baseline: str = ""
    update_baseline: bool = False


def choice_of(root: str, config: Config, words: Words) -> Choice:
    """What is asked for. A code that is selected by name on the command line is told, whatever the configuration says.

    UsageError for a path that is not there or outside, and for a baseline that cannot be read.
    """
    select, ignore = _codes(words.select), _codes(words.ignore)
    ignored = tuple(code for code in config.ignore if code not in select)
    baseline = "" if words.update_baseline else baseline_of(root, config, words)
    return Choice(
        select=select or config.select, ignore=(*ignored, *ignore), paths=tuple(_inside(root, p) for p in words.paths),
        known=_known(baseline, is_named=bool(words.baseline)) if baseline else {},
    )  # fmt: skip


def baseline_of(root: str, config: Config, words: Words) -> str:
    """The baseline file to use, "" for none. The command line names it from where one stands, the configuration from
    the root."""
    return words.baseline or (os.path.join(root, config.baseline) if config.baseline else "")


def write_baseline(root: str, choice: Choice, path: str, found: Iterable[Diagnostic]) -> int:
    """Write the findings to the baseline `path`, whole or not at all; how many. UsageError when it cannot be."""
    lines = Lines(look(Folder(root), (), choice))
    rows = [(told, fingerprint(told, lines.of(told))) for told in found]
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            file.write(render_baseline(rows))
        os.replace(temporary, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(temporary)
        raise UsageError(
            f"`{path}` cannot be written: {(error.strerror or 'unknown').lower()}",
            hint="name a file in a folder of yours",
        ) from None
    return len(rows)


def _known(path: str, *, is_named: bool) -> dict[str, int]:
    try:
        data, _ = read_file(path, MAX_BYTES)
    except FileNotFoundError:
        if not is_named:
            return {}  # the configuration names where it will stand
        raise UsageError(f"there is no baseline `{path}`", hint="make it with `--update-baseline`") from None
    except OSError as error:
        raise UsageError(f"`{path}` cannot be read: {(error.strerror or 'unknown').lower()}") from None
    return parse_baseline(data, path)


def _codes(words: Sequence[str]) -> tuple[str, ...]:
    from driven.project.validate_table import is_code

    codes = tuple(code.strip().upper() for word in words for code in word.split(",") if code.strip())
    if words and not codes:
        raise UsageError("no code is named", hint="a code is `CUR03`, or `CUR` for all of a kind")
    for code in codes:
        if not is_code(code):
            raise UsageError(f"`{code}` is no code", hint="a code is `CUR03`, or `CUR` for all of a kind")
    return codes


def _inside(root: str, path: str) -> str:
    full = os.path.abspath(path)
    relative = os.path.relpath(full, root)
    if relative == ".." or relative.startswith(".." + os.sep):
        raise UsageError(f"`{path}` is outside of `{root}`", hint="name a file or folder inside it, or use --root")
    if not os.path.lexists(full):
        raise UsageError(f"there is no `{path}`", hint="name a file or a folder")
    return "" if relative == "." else relative.replace(os.sep, "/")
