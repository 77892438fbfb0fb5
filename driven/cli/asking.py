"""Asking a person for a yes or a passphrase, on a terminal and nowhere else."""

from __future__ import annotations

import sys

from driven.errors import PolicyError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.trust.key_sources import Ask

LEAST = 8  # characters of a new one


def can_ask(app: App) -> bool:
    """Whether somebody sits there. A passphrase is typed unseen: only the input must be a terminal."""
    try:
        return sys.stdin.isatty() and not app.json
    except (AttributeError, ValueError):
        return False


def yes(app: App, question: str, no: str, nobody: str, hint: str) -> None:
    """Ask a person. PolicyError: `no` where that is the answer; `nobody`, with `hint`, where nobody can be asked."""
    if app.json or not app.out.can_ask():
        raise PolicyError(nobody, hint=hint)
    if app.out.ask((question, "bold"), " [y/N]").lower() not in ("y", "yes"):
        raise PolicyError(no)


def passphrase(app: App) -> Ask:
    """What asks for the passphrase of a key; None where nobody can be asked."""

    def ask(question: str) -> str | None:
        if not can_ask(app):
            return None
        from getpass import getpass

        try:
            return getpass(question, stream=sys.stderr)
        except EOFError:
            return None

    return ask


def new_passphrase(app: App, name: str) -> str:
    """A new one, typed twice. UsageError where nobody can be asked, or the two differ."""
    ask = passphrase(app)
    first = ask(f"New passphrase for {name}: ")
    if first is None:
        raise UsageError(
            "a passphrase is asked for at a terminal, and there is none",
            hint="for a machine that signs by itself: --no-passphrase, and guard the file",
        )
    if len(first) < LEAST:
        raise UsageError(
            f"a passphrase has at least {LEAST} characters" if first else "a key without a passphrase is not the usual",
            hint="some words in a row are good; --no-passphrase says that there shall be none",
        )
    if ask("Once more: ") != first:
        raise UsageError("the two are not the same", hint="run it again")
    return first
