"""`driven validate --fix` of a project that cannot be loaded: the repairs of its config.toml, before anything else."""

from __future__ import annotations

import os

from driven.document.document import Document
from driven.model.plan import Plan, Replace
from driven.model.report import ValidateReport
from driven.project.config import CONFIG, MAX_BYTES
from driven.project.config_text import read_text
from driven.project.reading import read_file
from driven.registry import load as load_plugins
from driven.validation.engine import Choice
from driven.validation.fixing import ROUNDS, Fixed, write_fixes
from driven.validation.repairs import apply_fixes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.model.diagnostic import Diagnostic


def mend_config(root: str, choice: Choice, *, unsafe: bool, dry_run: bool) -> Fixed:
    """Repair config.toml, and nothing else; the report says what is left in it. With `dry_run` nothing is written.
    DiskError when the disk refuses, or the file was changed meanwhile. Nothing is repaired where it cannot be read."""
    try:
        before = read_file(os.path.join(root, CONFIG), MAX_BYTES)[0]
    except OSError:
        before = b""
    plugins = load_plugins()
    options = {name: emitter.target.allowed for name, emitter in plugins.emitters.items()}
    data = before
    repaired: list[Diagnostic] = []
    _, left = read_text(data, CONFIG, options)
    for _ in range(ROUNDS):
        may = [told for told in left if told.fix is not None and choice.has(told.code)]
        fixes = [(told, told.fix) for told in may if told.fix is not None and (told.fix.safe or unsafe)]
        document = Document(CONFIG, data)
        if not fixes or document.broken >= 0:
            break
        done, text = apply_fixes(document, fixes)
        _, then = read_text(text.encode(), CONFIG, options)
        if not _is_toml(then) and _is_toml(left):  # unsafe ones that do not go together
            break
        data, left = text.encode(), then
        repaired += done
    changes = (Replace(path=CONFIG, before=before, after=data),) if data != before else ()
    report = ValidateReport(root=root, rules=0, files=1, emitted=0, diagnostics=tuple(left))
    fixed = Fixed(root=root, plan=Plan(changes=changes), repaired=repaired, report=report)
    if changes and not dry_run:
        write_fixes(root, fixed.plan, managed=True)
    return fixed


def _is_toml(found: list[Diagnostic]) -> bool:
    return not any(told.message.startswith("not valid TOML") for told in found)
