"""`driven key generate`, `list`, `show`, `trust`, `revoke` and `rotate`."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from driven.errors import DrivenError, PolicyError, UsageError

if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.cli.render import Output
    from driven.trust.key_sources import Found
    from driven.trust.signer_lines import Signer
    from driven.trust.signers import TrustStore
    from driven.trust.ssh_wire import PublicKey


def run_generate(args: Any, app: App) -> int:
    """Make a key. 2 when there is one of that name."""
    from driven.cli.render_trust import show_made
    from driven.trust import ssh_keygen, ssh_private
    from driven.trust.key_store import Store, check_name, keep_in_keyring
    from driven.trust.ssh_wire import read_line

    store, name = Store.of(os.environ), check_name(args.name)
    if name in store.names() or store.has_private(name):
        raise UsageError(
            f"there is a key `{name}` already: `{store.path(name)}`",
            hint=f"choose another name, or `driven key rotate {name}`",
        )
    in_keyring = args.store == "keyring"
    words = "" if args.no_passphrase or in_keyring else _new_passphrase(app, name)
    if words and not ssh_private.can_encrypt():
        private, line = ssh_keygen.new_key(name, words)
    else:
        private, line = _new(name, words)
    if in_keyring:
        keep_in_keyring(name, private.decode())
    path = store.add(name, line, None if in_keyring else private)
    key, _ = read_line(line, "the new key")
    app.answer(
        lambda: {
            "name": name, "fingerprint": key.fingerprint, "public": line, "path": "" if in_keyring else path,
            "store": args.store, "passphrase": bool(words),
        },
        lambda out: show_made(out, name, key, "" if in_keyring else path, locked=bool(words)),
    )  # fmt: skip
    return 0


def _new_passphrase(app: App, name: str) -> str:
    from driven.cli.asking import can_ask, new_passphrase
    from driven.trust import ssh_keygen, ssh_private

    if can_ask(app) and not ssh_private.can_encrypt() and not ssh_keygen.is_there():
        raise UsageError(
            "a passphrase needs `cryptography` and `bcrypt`, or ssh-keygen, and none of them is here",
            hint="`pip install 'driven[keys]'`; or --no-passphrase, and guard the file",
        )
    return new_passphrase(app, name)


def _new(name: str, words: str) -> tuple[bytes, str]:
    """(private key file, public line)."""
    from driven.trust import ed25519, ssh_private
    from driven.trust.ssh_wire import ed25519_key

    seed = ed25519.new_seed()
    return ssh_private.write(seed, name, words), f"{ed25519_key(ed25519.public_of(seed)).line} {name}"


def run_list(args: Any, app: App) -> int:
    """List the user's own keys, and who is trusted here. 5 or 6 when the lists here cannot be believed."""
    from driven.cli.render_findings import show_error
    from driven.cli.render_trust import show_keys
    from driven.trust.key_sources import all_keys

    store = _store(app)
    found, wrong = all_keys(os.environ)
    now = int(time.time())

    def show(out: Output) -> None:
        show_keys(out, [(one, _trusted(store, one.key, now)) for one in found], store, now)
        for error in wrong:
            show_error(out, error.message, hint=error.hint, span=None, root="")

    app.answer(
        lambda: {
            "keys": [_own(one, store, now) for one in found],
            "signers": [_signer(one, store, now) for one in store.signers],
            "revoked": sorted(key.fingerprint for key in store.revoked),
            "lists": list(store.paths),
            "problems": [error.message for error in wrong],
        },
        show,
    )
    return max((error.exit_code for error in wrong), default=0)


def run_show(args: Any, app: App) -> int:
    """Show one key, in every spelling that somebody may ask for."""
    from driven.cli.render_trust import show_key
    from driven.trust import minisign
    from driven.trust.key_sources import public_key

    key, comment = public_key(args.key, os.environ)
    state, who = _trusted(_store(app), key, int(time.time()))
    line = f"{key.line} {comment}".rstrip()
    mini = minisign.write_public(key).split("\n")[1]
    app.answer(
        lambda: {
            "fingerprint": key.fingerprint, "kind": key.kind, "public": line, "minisign": mini, "state": state,
            "signer": who,
        },
        lambda out: show_key(out, key, line, mini, state, who),
    )  # fmt: skip
    return 0


def run_trust(args: Any, app: App) -> int:
    """Add a key to those that are trusted here. 5 when nobody said yes, 6 for a key that must not be trusted."""
    from driven.cli.render_trust import show_trusted
    from driven.trust import sshsig, trusting
    from driven.trust.key_sources import public_key
    from driven.trust.signer_lines import Signer

    root = None if args.user else app.root
    now = int(time.time())
    if args.rotation:
        return _take_rotation(args, app, root, now)
    if not args.key:
        raise UsageError(
            "which key?", hint="`driven key trust KEY`: a .pub file, a line, or a name of `driven key list`"
        )
    key, comment = public_key(args.key, os.environ)
    said = getattr(args, "as") or comment.split(" ")[0]
    if not said:
        raise UsageError("the key does not say whose it is", hint="--as NAME says it: --as ana@example.org")
    who = trusting.check_principal(said)
    valid_after, valid_before = _times(args, now)
    signer = Signer(
        principals=(who,), key=key, namespaces=(sshsig.PACK,), comment=comment if comment != who else "",
        valid_after=valid_after, valid_before=valid_before,
    )  # fmt: skip
    _agree(args, app, key, who)
    path = trusting.trust(root, os.environ, signer)
    app.answer(
        lambda: {"signer": who, "fingerprint": key.fingerprint, "list": path, "changed": bool(path)},
        lambda out: show_trusted(out, key, who, path),
    )
    return 0


def _agree(args: Any, app: App, key: PublicKey, who: str) -> None:
    """To trust a key is a person's to say: by its fingerprint, by --yes, or when asked. One's own goes without."""
    from driven.trust.key_sources import all_keys

    if args.fingerprint:
        if args.fingerprint != key.fingerprint:
            raise PolicyError(
                f"the key has the fingerprint {key.fingerprint}, not {args.fingerprint}",
                hint="it is another key than its owner told you of: do not trust it",
            )
        return
    if args.yes or key in {one.key for one in all_keys(os.environ)[0]}:
        return
    if not app.out.can_ask() or app.json:
        raise PolicyError(
            f"nobody said that {who} has the key {key.fingerprint}",
            hint="--fingerprint SHA256:… says it, by what its owner told you",
        )
    app.out.line(f"{who}  ", (key.fingerprint, "bold"), error=True)
    if app.out.ask("Did its owner tell you the same fingerprint? [y/N]").lower() not in ("y", "yes"):
        raise PolicyError("the key is not trusted", hint="ask its owner for the fingerprint, by another way")


def _take_rotation(args: Any, app: App, root: str | None, now: int) -> int:
    from driven.cli.render_trust import show_rotated
    from driven.trust import trusting
    from driven.trust.signers import load

    found = trusting.read_rotation(args.rotation, load(root, os.environ), now)
    path = trusting.follow(root, os.environ, found.old, found.new, now)
    if not path:
        raise UsageError("the old key stands in another list than this one", hint="with or without --user?")
    app.answer(
        lambda: {"signer": found.who, "fingerprint": found.new.fingerprint, "list": path, "changed": True},
        lambda out: show_rotated(out, found.who, found.old, found.new, [path]),
    )
    return 0


def run_revoke(args: Any, app: App) -> int:
    """Believe a key no more."""
    from driven.cli.render_trust import show_revoked
    from driven.trust import ssh_keygen, trusting
    from driven.trust.signers import load

    root = None if args.user else app.root
    changed: list[str] = []
    keys: list[PublicKey] = []
    if args.key:
        for key, comment in _named(args.key, load(root, os.environ)):
            keys.append(key)
            changed += filter(None, [trusting.revoke(root, os.environ, key, comment)])
    elif not args.krl:
        raise UsageError("which key?", hint="`driven key revoke KEY`: a .pub file, a line, a fingerprint or a name")
    if args.krl:
        revoked = load(root, os.environ).revoked
        ssh_keygen.krl(args.krl, sorted(revoked, key=lambda one: one.raw))
        changed.append(args.krl)
    app.answer(
        lambda: {"fingerprints": [key.fingerprint for key in keys], "written": list(dict.fromkeys(changed))},
        lambda out: show_revoked(out, keys, list(dict.fromkeys(changed))),
    )
    return 0


def _named(word: str, store: TrustStore) -> list[tuple[PublicKey, str]]:
    """The keys of a word: those of a signer by that name, of a fingerprint, or what `public_key` finds."""
    from driven.trust.key_sources import public_key

    listed = {one.key: one.name for one in store.signers if word in (one.key.fingerprint, *one.principals)}
    return list(listed.items()) or [public_key(word, os.environ)]


def run_rotate(args: Any, app: App) -> int:
    """Put a new key in the place of an old one, which says so itself."""
    from driven.cli.asking import passphrase
    from driven.cli.render_trust import show_rotated
    from driven.cli.trust import root_or_none
    from driven.trust import trusting
    from driven.trust.key_sources import all_keys, choose, unlock
    from driven.trust.key_store import Store, check_name, make_folder, write_new
    from driven.trust.signers import load
    from driven.trust.ssh_wire import read_line

    store, name = Store.of(os.environ), check_name(args.name)
    if not store.has_private(name):
        raise UsageError(
            f"there is no key file `{name}`", hint="`driven key list` says which there are; only files are rotated"
        )
    if store.has_private(name + ".next"):  # a run that was cut off; which of the two holds, the lists say
        raise UsageError(
            f"`{store.path(name)}.next` is there: a rotation of `{name}` was cut off",
            hint="where `driven key list` calls it trusted, name it in the place of the old one; else delete it",
        )
    old = unlock(choose([one for one in all_keys(os.environ)[0] if one.path], name), os.environ, passphrase(app))
    words = "" if args.no_passphrase else _new_passphrase(app, name)
    private, line = _new(name, words)
    new, _ = read_line(line, "the new key")
    now = int(time.time())
    data, signature = trusting.rotation(old, new, name, now)
    root = root_or_none(app)
    load(root, os.environ)  # nothing is made where a list is not to be believed
    folder = os.path.join(root, ".driven", "trust") if root else store.folder
    place = os.path.join(folder, f"rotation-{new.raw[:6].hex()}.json")
    make_folder(folder)
    write_new(place, data, 0o644)
    write_new(place + ".sig", signature, 0o644)
    try:
        store.add(name + ".next", line, private)
    except DrivenError:
        for made in (place, place + ".sig"):
            os.unlink(made)
        raise
    written = [place, place + ".sig"]
    for one in dict.fromkeys((root, None)):
        written += filter(None, [trusting.follow(one, os.environ, old.key, new, now)])
    store.succeed(name, name + ".next", time.strftime("%Y%m%d%H%M%S", time.gmtime(now)))
    app.answer(
        lambda: {
            "name": name, "old": old.key.fingerprint, "fingerprint": new.fingerprint, "statement": place,
            "written": written,
        },
        lambda out: show_rotated(out, name, old.key, new, written),
    )  # fmt: skip
    return 0


def _store(app: App) -> TrustStore:
    from driven.cli.trust import root_or_none
    from driven.trust.signers import load

    return load(root_or_none(app), os.environ)


def _trusted(store: TrustStore, key: PublicKey, now: int) -> tuple[str, str]:
    """What the lists here say of a key, and as whom it signs."""
    from driven.trust import sshsig

    found = store.judge(key, sshsig.PACK, now)
    return found.state, found.signer.name if found.signer else ""


def _own(one: Found, store: TrustStore, now: int) -> dict[str, Any]:
    state, who = _trusted(store, one.key, now)
    return {
        "name": one.name, "fingerprint": one.key.fingerprint, "source": one.source, "path": one.path,
        "passphrase": one.locked, "state": state, "signer": who,
    }  # fmt: skip


def _signer(one: Signer, store: TrustStore, now: int) -> dict[str, Any]:
    return {
        "signer": one.name, "fingerprint": one.key.fingerprint, "namespaces": list(one.namespaces),
        "valid_after": one.valid_after, "valid_before": one.valid_before, "state": _trusted(store, one.key, now)[0],
        "list": one.path, "line": one.line,
    }  # fmt: skip


def _times(args: Any, now: int) -> tuple[int | None, int | None]:
    """From when until when, as it was typed. UsageError for a time in which the key would never hold."""
    from driven.cli.trust import read_time
    from driven.trust.signer_lines import shown_time

    after, before = (
        read_time(word, option) if word else None for word, option in ((args.from_, "--from"), (args.until, "--until"))
    )
    if before is not None and before <= now:
        raise UsageError(
            f"--until {args.until}: that is over, today is {shown_time(now)}",
            hint="a time to come; a key that is to be believed no more: `driven key revoke KEY`",
        )
    if after is not None and before is not None and before <= after:
        raise UsageError(
            f"--until {args.until} is not after --from {args.from_}", hint="it would hold at no time: turn them round?"
        )
    return after, before
