"""`driven attest root`, `issue`, `delegate`, `sign`, `verify`, `revoke` and `show`."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from driven.errors import DrivenError, SignatureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driven.cli.app import App
    from driven.trust.attest_files import Trust
    from driven.trust.attesting import Done, Signer
    from driven.trust.capability import Capability
    from driven.trust.chain import Verdict
    from driven.trust.dsse import Envelope
    from driven.trust.revocation import Revocations
    from driven.trust.roots import Holder, Root
    from driven.trust.ssh_wire import PublicKey

_DAY = 86_400
_UNITS = {"h": 3600, "d": _DAY, "w": 7 * _DAY, "y": 365 * _DAY}
_ROOT, _LIST, _LINK = 365 * _DAY, 90 * _DAY, 30 * _DAY  # how long each holds by itself, in seconds
_LONGEST = 20 * 365 * _DAY


def run_root(args: Any, app: App) -> int:
    """Make the first root, or the one that follows. 2 for keys that do not fit, 5 or 6 for what is refused."""
    from driven.trust import attesting

    now = int(time.time())
    exp = now + _seconds(args.expires, _ROOT)
    given = [_holder(word) for word in args.holder]
    if args.act == "init":
        if not given or args.remove:
            raise UsageError(
                "a root needs keys", hint="--holder KEY for each of them; two, so that none alone can do all of it"
            )
        name = args.name or os.path.basename(os.path.abspath(app.root))
        done = attesting.init(app.root, _signer(args, app), name, given, _threshold(args, len(given)), exp,
                              now + _LIST, now)  # fmt: skip
        return _told(app, done, alone=len(given) == 1)
    if args.name:
        raise UsageError("a root keeps its name", hint="leave --name out")
    trust = _held(app, now)
    holders = [*_without(trust.root, args.remove), *given]
    least = args.threshold or min(trust.root.threshold, len(holders))
    done = attesting.rotate(app.root, _signer(args, app), trust, holders, least, exp, now + _LIST, now)
    return _told(app, done, alone=len(holders) == 1)


def run_issue(args: Any, app: App) -> int:
    """Grant something in the name of the root."""
    from driven.trust import attesting

    now = int(time.time())
    key, sub = _subject(args)
    done = attesting.issue(
        app.root, _signer(args, app), _held(app, now), sub, key, _caps(args.cap),
        args.path or ["."], nbf=now, exp=now + _seconds(args.expires, _LINK), depth=args.depth or 0,
        out=args.out or "",
    )  # fmt: skip
    return _told(app, done)


def run_delegate(args: Any, app: App) -> int:
    """Grant a part of it further on."""
    from driven.trust import attest_files, attesting

    now = int(time.time())
    key, sub = _subject(args)
    trust = _held(app, now)
    links = attest_files.read_chain(attest_files.chain_path(app.root, args.chain))
    before = attesting.last(trust, links, now)
    exp = now + _seconds(args.expires, _LINK)
    done = attesting.delegate(
        app.root, _signer(args, app), trust, links, sub, key, _caps(args.cap), args.path, at=now,
        exp=exp if args.expires else min(exp, before.exp), depth=args.depth or 0, out=args.out or "",
    )  # fmt: skip
    return _told(app, done)


def run_sign(args: Any, app: App) -> int:
    """Add a signature to what waits for it."""
    from driven.trust import attest_files, attesting

    signer = _signer(args, app)
    root = attest_files.load_root(app.root) if attest_files.has_root(app.root) else None
    if args.what in ("root", "revocations"):
        _agreed(args, app, *_waiting(app))
        return _told(app, attesting.sign_waiting(app.root, signer, root))
    if root is None:
        root = _trust(app).root  # which says that there is none, and what to do
    path = attest_files.chain_path(app.root, args.what)
    _agreed(args, app, None, None, attest_files.read_chain(path)[:1])
    return _told(app, attesting.sign_chain(app.root, signer, root, path))


def _waiting(app: App) -> tuple[Root | None, Revocations | None]:
    """What waits for signatures, as it says it is."""
    from driven.trust import attest_files, dsse, revocation, roots

    made = attest_files.pending(app.root, attest_files.PENDING_ROOT, dsse.ROOT)
    listed = attest_files.pending(app.root, attest_files.PENDING_LIST, dsse.REVOCATIONS)
    return (
        None if made is None else roots.read(made, f"`{attest_files.PENDING_ROOT}`"),
        None if listed is None else revocation.parse(listed, f"`{attest_files.PENDING_LIST}`"),
    )


def _agreed(
    args: Any, app: App, root: Root | None, listed: Revocations | None, links: Sequence[Envelope] = ()
) -> None:  # fmt: skip
    """Show what is to be signed: nobody signs what they have not seen. It is somebody else's, so a person says yes to
    it: when asked, or by --yes. PolicyError where nobody did."""
    from driven.cli.asking import yes
    from driven.cli.render_attest import show_to_sign

    if not app.json:
        show_to_sign(app.out, root, listed, links)
    if not args.yes and (root or listed or links):
        hint = f"if somebody has looked at it: `driven attest sign {args.what} --yes`"
        yes(app, "Sign this?", "it was not signed", "nobody is here to say that this is to be signed", hint)


def run_verify(args: Any, app: App) -> int:
    """Check chains. 6 when one does not hold, 5 when what --cap names is not granted."""
    from driven.cli import attest_data
    from driven.cli.render_attest import show_verified
    from driven.trust import attest_files

    now = int(time.time())
    trust = _trust(app)
    warnings = attest_files.judge(app.root, trust, now, locked=args.locked)
    wanted = _caps(args.cap)
    looked = []
    for word in args.chains or attest_files.chain_names(app.root):
        path = attest_files.chain_path(app.root, word)
        links, verdict = _checked(trust, path, now)
        allowed = all(map(verdict.allows, wanted)) if wanted else None
        looked.append((_name(app, path), path, links, verdict, allowed))
    app.answer(
        lambda: {
            "root": attest_data.root_data(trust.root),
            "revocations": trust.revoked.number if trust.revoked else None,
            "warnings": list(warnings),
            "chains": [attest_data.chain_data(*one) for one in looked],
        },
        lambda out: show_verified(out, trust, warnings, looked, wanted),
    )  # fmt: skip
    return app.outcome(
        untrusted=not all(verdict.holds for _, _, _, verdict, _ in looked),
        denied=bool(wanted) and not (looked and all(allowed for *_, allowed in looked)),
    )


def run_revoke(args: Any, app: App) -> int:
    """Add to the list of revocations, or renew it."""
    from driven.trust import attesting
    from driven.trust.key_sources import public_key
    from driven.trust.revocation import is_fingerprint, is_id

    now = int(time.time())
    trust = _held(app, now)
    keys: dict[str, str] = {}
    ids: dict[str, str] = {}
    reason = " ".join((args.reason or "").split())
    for word in args.what:
        if is_id(word):
            ids[word] = reason
        else:
            keys[word if is_fingerprint(word) else public_key(word, os.environ)[0].fingerprint] = reason
    until = now + _seconds(args.expires, _LIST)
    return _told(app, attesting.revoke(app.root, _signer(args, app), trust, keys, ids, until, now))


def run_show(args: Any, app: App) -> int:
    """Show what stands here, whether it holds or not. 2 when there is nothing of that name."""
    from driven.cli import attest_data
    from driven.cli.render_attest import show_all
    from driven.trust import attest_files

    now = int(time.time())
    trust, problem = _loaded(app, now)
    names = [args.chain] if args.chain else attest_files.chain_names(app.root)
    looked = []
    for word in names:
        path = attest_files.chain_path(app.root, word)
        looked.append((_name(app, path), path, *_checked(trust, path, now), None))
    waiting = [
        path for path in (attest_files.PENDING_ROOT, attest_files.PENDING_LIST)
        if os.path.lexists(os.path.join(app.root, path))
    ]  # fmt: skip
    app.answer(
        lambda: {
            "root": attest_data.root_data(trust.root) if trust else None,
            "revocations": attest_data.list_data(trust.revoked) if trust and trust.revoked else None,
            "problem": None if problem is None else {
                "code": problem.code, "message": str(problem), "hint": problem.hint},
            "waiting": waiting,
            "chains": [
                {**attest_data.chain_data(*one), "envelopes": [link.to_json() for link in one[2]]} for one in looked
            ],
        },
        lambda out: show_all(out, trust, problem, waiting, looked, one=bool(args.chain)),
    )  # fmt: skip
    there = bool(waiting) or attest_files.has_root(app.root)
    return problem.exit_code if problem is not None and there else app.outcome()


# What was typed


def _signer(args: Any, app: App) -> Signer:
    from driven.cli.asking import passphrase
    from driven.trust.attesting import Signer

    return Signer(env=os.environ, ask=passphrase(app), name=args.key)


def _holder(word: str) -> Holder:
    from driven.trust.key_sources import public_key
    from driven.trust.roots import Holder, check_name

    key, comment = public_key(word, os.environ)
    return Holder(name=check_name(comment or _called(word, key), "a key"), key=key)


def _called(word: str, key: PublicKey) -> str:
    """What a key without a comment is called."""
    name = os.path.basename(word).removesuffix(".pub")
    return key.fingerprint if " " in word or not name else name


def _without(root: Root, words: Iterable[str]) -> list[Holder]:
    left = list(root.holders)
    for word in words:
        gone = [one for one in left if word in (one.name, one.key.fingerprint)]
        if len(gone) != 1:
            said = ", ".join(f"{one.name} ({one.key.fingerprint})" for one in root.holders)
            raise UsageError(f"`{word[:100]}` names {len(gone) or 'none'} of the root's keys", hint=f"they are {said}")
        left.remove(gone[0])
    return left


def _threshold(args: Any, many: int) -> int:
    return int(args.threshold or many // 2 + 1)


def _subject(args: Any) -> tuple[PublicKey, str]:
    from driven.trust.key_sources import public_key

    if not args.to:
        raise UsageError("an attestation is for somebody", hint="--to KEY: a .pub file, or a key of your own")
    key, comment = public_key(args.to, os.environ)
    return key, args.__dict__["as"] or comment or _called(args.to, key)


def _caps(words: Sequence[str]) -> list[Capability]:
    from driven.trust.capability import capability

    found = []
    for word in words:
        kind, equals, scope = word.partition("=")
        if kind == "ShellExec":
            raise UsageError("a shell is in no attestation: who has one has everything", hint="--cap ProcessSpawn=git")
        if not equals or not scope:
            raise UsageError(f"`{word[:100]}` grants nothing", hint="--cap KIND=SCOPE: FileRead=docs")
        found.append(capability(kind, scope))
    return found


def _seconds(text: str | None, default: int) -> int:
    if not text:
        return default
    digits, unit = text[:-1], text[-1:]
    if not (digits.isascii() and digits.isdigit() and len(digits) < 6 and unit in _UNITS):
        raise UsageError(f"`{text[:40]}` is no time", hint="--expires 12h, 30d, 8w or 1y")
    found = int(digits) * _UNITS[unit]
    if not 0 < found <= _LONGEST:
        raise UsageError(f"{text} is not a time to trust for", hint="from an hour to twenty years")
    return found


# What is answered


def _trust(app: App) -> Trust:
    """What stands here. SignatureError where nothing does, or the first root still waits for a signature."""
    from driven.trust import attest_files

    place = attest_files.PENDING_ROOT
    if os.path.lexists(os.path.join(app.root, place)) and not attest_files.has_root(app.root):
        raise SignatureError(f"the root of trust waits for signatures: `{place}`", hint="`driven attest sign root`")
    return attest_files.load(app.root, os.environ)


def _held(app: App, now: int) -> Trust:
    """What holds here, and is no older than what was seen: what is signed next is signed on top of it."""
    from driven.trust import attest_files

    trust = _trust(app)
    for text in attest_files.judge(app.root, trust, now):
        app.out.line(("warning: ", "yellow"), text, error=True)
    return trust


def _loaded(app: App, now: int) -> tuple[Trust | None, DrivenError | None]:
    from driven.trust import attest_files

    try:
        trust = _trust(app)
        attest_files.compare(app.root, trust, now)
    except DrivenError as error:
        return None, error
    return trust, None


def _checked(trust: Trust | None, path: str, now: int) -> tuple[tuple[Envelope, ...], Verdict]:
    from driven.trust import attest_files, chain

    try:
        links = attest_files.read_chain(path)
    except DrivenError as error:
        return (), chain.Verdict(state="malformed", message=error.message, hint=error.hint)
    if trust is None:
        return links, chain.Verdict(state="unknown", message="there is no root to check it by")
    return links, trust.check(links, now)


def _name(app: App, path: str) -> str:
    from driven.trust.attest_files import END

    return os.path.basename(path).removesuffix(END)


def _told(app: App, done: Done, *, alone: bool = False) -> int:
    from driven.cli.render_attest import show_done

    app.answer(
        lambda: {
            "written": list(done.paths), "signatures": list(done.signed), "holds": not done.lacks,
            "lacks": done.lacks, "again": list(done.again),
        },
        lambda out: show_done(out, done, alone=alone),
    )  # fmt: skip
    return 0
