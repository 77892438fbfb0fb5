"""The acts: make a root, replace it, issue, delegate, revoke, and add a signature to what waits for one.

Each signs with every key of the user's own that may, as far as more signatures are needed, and says which are lacking.
"""

from __future__ import annotations

import os
from contextlib import suppress

from driven.errors import DrivenError, SignatureError, UsageError
from driven.frozen import frozen, replace
from driven.trust import attest_files as files
from driven.trust import chain, dsse, revocation, roots
from driven.trust.revocation import Revocations
from driven.trust.roots import Holder, Root

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from driven.trust.attest_files import Trust
    from driven.trust.capability import Capability
    from driven.trust.chain import Attestation
    from driven.trust.dsse import Envelope
    from driven.trust.key_sources import Ask
    from driven.trust.ssh_wire import PublicKey


@frozen
class Signer:
    """Whose keys may sign: the user's own, or only the one called `name`."""

    env: Mapping[str, str]
    ask: Ask
    name: str | None = None

    def sign(self, envelope: Envelope, sets: Sequence[tuple[Collection[PublicKey], int]]) -> Envelope:
        """Add signatures until each set of keys has as many as it needs, or there are no more keys here."""
        from driven.trust.key_sources import all_keys, choose, unlock

        own, wrong = all_keys(self.env)
        own = [choose(own, self.name)] if self.name else own
        failed: list[DrivenError] = [] if own else list(wrong)
        before = envelope
        for found in own:
            if found.key.fingerprint not in _wanted(envelope, sets):
                continue
            try:
                envelope = dsse.add(envelope, unlock(found, self.env, self.ask))
            except DrivenError as error:
                failed.append(error)
        lacking = _wanted(envelope, sets)
        if envelope is before and lacking:
            raise failed[0] if failed else SignatureError(
                f"the key `{self.name}` may not sign this, or has" if self.name else "none of your keys may sign this",
                hint="it wants one of: " + ", ".join(sorted(lacking)),
            )  # fmt: skip
        return envelope


def _wanted(envelope: Envelope, sets: Sequence[tuple[Collection[PublicKey], int]]) -> set[str]:
    """The fingerprints of those who have not signed and of whom some must."""
    found: set[str] = set()
    for keys, threshold in sets:
        names = {key.fingerprint for key in keys}
        if len(names & envelope.keyids) < threshold:
            found |= names - envelope.keyids
    return found


@frozen
class Done:
    """What an act wrote, as paths of the project; `lacks`: what is missing before it holds, "" when it holds;
    `signed`: fingerprints of the keys that signed; `again`: chains that the new root does not hold any more."""

    paths: tuple[str, ...]
    signed: tuple[str, ...]
    lacks: str = ""
    again: tuple[str, ...] = ()


def init(project: str, signer: Signer, name: str, holders: Iterable[Holder], threshold: int, exp: int,
         until: int, at: int) -> Done:  # fmt: skip
    """The first root and an empty list of revocations. `exp` and `until`: their ends. UsageError when there is one."""
    if files.has_root(project):
        raise UsageError("there is a root of trust already", hint="`driven attest root rotate` replaces it")
    made = roots.make(name, holders, threshold, exp)
    root = roots.read(made, "the new root")
    return _propose(project, signer, None, made, root, _empty(root, at, until))


def rotate(project: str, signer: Signer, trust: Trust, holders: Iterable[Holder], threshold: int, exp: int,
           until: int, at: int) -> Done:  # fmt: skip
    """The root that follows, and the list of revocations signed anew by its keys."""
    made = roots.make(trust.root.name, holders, threshold, exp, trust.root)
    root = roots.read(made, "the new root")
    return _propose(project, signer, trust.root, made, root, _renewed(project, trust, root, at, until))


def revoke(project: str, signer: Signer, trust: Trust, keys: Mapping[str, str], ids: Mapping[str, str], until: int,
           at: int) -> Done:  # fmt: skip
    """A list with these reasons by fingerprint and by id beside those that stand in it; none of either renews it."""
    waiting = files.pending(project, files.PENDING_ROOT, dsse.ROOT)
    if waiting is not None:
        raise UsageError("a new root waits for signatures", hint="`driven attest sign root` first")
    found = _renewed(project, trust, trust.root, at, until)
    wanted = replace(found, keys={**found.keys, **keys}, ids={**found.ids, **ids})
    envelope = signer.sign(revocation.seal(wanted), [(trust.root.keys, trust.root.threshold)])
    files.write(project, files.PENDING_LIST, envelope.to_bytes())
    return _settle(project, trust.root)


def issue(project: str, signer: Signer, trust: Trust, sub: str, key: PublicKey, caps: Iterable[Capability],
          paths: Iterable[str], *, nbf: int, exp: int, depth: int, out: str = "") -> Done:  # fmt: skip
    """A chain of one link, by the root."""
    root = trust.root
    _alive(trust, key)
    made = chain.make(root.name, sub, key, caps, paths, nbf=nbf, exp=exp, depth=depth)
    path = _new_chain(project, out or files.chain_name(sub))
    envelope = signer.sign(made, [(root.keys, root.threshold)])
    files.write(project, path, chain.render((envelope,)))
    return _chain_done(path, envelope, root)


def delegate(project: str, signer: Signer, trust: Trust, links: tuple[Envelope, ...], sub: str, key: PublicKey,
             caps: Iterable[Capability], paths: Sequence[str], *, at: int, exp: int, depth: int,
             out: str = "") -> Done:  # fmt: skip
    """A chain that is one link longer, signed by the subject of the last one. SignatureError when the chain does not
    hold, PolicyError when it does not give as much."""
    before = last(trust, links, at)
    _alive(trust, key)
    made = chain.make(
        before.sub, sub, key, caps, paths or before.paths, nbf=at, exp=exp, depth=depth, before=before
    )  # fmt: skip
    path = _new_chain(project, out or files.chain_name(sub))
    envelope = signer.sign(made, [([before.sub_key], 1)])
    files.write(project, path, chain.render((*links, envelope)))
    return Done(paths=(path,), signed=tuple(sorted(envelope.keyids)))


def last(trust: Trust, links: tuple[Envelope, ...], at: int) -> Attestation:
    """The last link of a chain that holds. SignatureError."""
    verdict = trust.check(links, at)
    if not verdict.holds:
        raise SignatureError(verdict.message, hint=verdict.hint)
    return verdict.links[-1]


def _alive(trust: Trust, key: PublicKey) -> None:
    """That a key may be given something. SignatureError."""
    if key in trust.revoked_keys or (trust.revoked is not None and key.fingerprint in trust.revoked.keys):
        raise SignatureError(
            f"the key {key.fingerprint} was revoked: what it is given holds nowhere", hint="its owner needs another one"
        )  # fmt: skip


def sign_waiting(project: str, signer: Signer, root: Root | None) -> Done:
    """Sign the root that waits and the list that waits, or what there is of both. `root`: the one that holds so far."""
    made = files.pending(project, files.PENDING_ROOT, dsse.ROOT)
    waiting = files.pending(project, files.PENDING_LIST, dsse.REVOCATIONS)
    if made is None and waiting is None:
        raise UsageError("nothing waits for a signature", hint="a chain is named: `driven attest sign CHAIN`")
    new = roots.read(made, f"`{files.PENDING_ROOT}`") if made is not None else root
    if made is not None and new is not None:
        made = signer.sign(made, _sets(new, root))
        files.write(project, files.PENDING_ROOT, made.to_bytes())
    if waiting is not None and new is not None:
        waiting = signer.sign(waiting, [(new.keys, new.threshold)])
        files.write(project, files.PENDING_LIST, waiting.to_bytes())
    return _settle(project, root)


def sign_chain(project: str, signer: Signer, root: Root, path: str) -> Done:
    """Add a signature of the root's to a chain's first link: where it takes several, or after the root was replaced."""
    links = files.read_chain(path)
    if not links:
        raise SignatureError("a chain of no links: there is nothing to sign")
    found = chain.look(links[0])
    if found.iss != root.name or found.parent:
        raise SignatureError(f"the first link was issued by `{found.iss}`, and the root is `{root.name}`")
    made = signer.sign(links[0], [(root.keys, root.threshold)])
    from driven.trust.key_store import replace as write

    write(path, chain.render((made, *links[1:])))
    return _chain_done(os.path.relpath(path, project), made, root)


def _propose(
    project: str, signer: Signer, before: Root | None, made: Envelope, root: Root, wanted: Revocations
) -> Done:
    if os.path.lexists(os.path.join(project, files.PENDING_ROOT)):
        raise UsageError(
            "a new root waits for signatures already",
            hint=f"`driven attest sign root` adds yours; to begin anew delete `{files.PENDING_ROOT}`",
        )
    made = signer.sign(made, _sets(root, before))
    listed = revocation.seal(wanted)
    with suppress(SignatureError):  # who holds but an old key signs the new root, and not the list of its own keys
        listed = signer.sign(listed, [(root.keys, root.threshold)])
    files.write(project, files.PENDING_ROOT, made.to_bytes())
    files.write(project, files.PENDING_LIST, listed.to_bytes())
    return _settle(project, before)


def _settle(project: str, before: Root | None) -> Done:
    """Put what waits in its place when it has all its signatures: a new root and its list together, or not at all."""
    made = files.pending(project, files.PENDING_ROOT, dsse.ROOT)
    listed = files.pending(project, files.PENDING_LIST, dsse.REVOCATIONS)
    signed = tuple(sorted({keyid for one in (made, listed) if one is not None for keyid in one.keyids}))
    waits = tuple(
        path for path, one in ((files.PENDING_ROOT, made), (files.PENDING_LIST, listed)) if one is not None
    )  # fmt: skip
    try:
        root = before
        if made is not None:
            what = "the new root"
            root = roots.check_next(before, made, what) if before else roots.check_first(made, what)
        if root is not None and listed is not None:
            revocation.read(listed, root, "its list of revocations" if made is not None else "the new list")
    except SignatureError as error:
        return Done(paths=waits, signed=signed, lacks=f"{error.message}: {error.hint}" if error.hint else error.message)
    paths = []
    # The list goes last: between the two writes a reader refuses the old list under the new root, and believes no less.
    if made is not None and root is not None:
        paths.append(f"{files.ROOTS}/{root.version}.json")
        files.write(project, paths[-1], made.to_bytes())
        files.remove(project, files.PENDING_ROOT)
    if listed is not None:
        paths.append(files.LIST)
        files.write(project, files.LIST, listed.to_bytes())
        files.remove(project, files.PENDING_LIST)
    return Done(paths=tuple(paths), signed=signed, again=_again(project, root) if made is not None and root else ())


def _sets(new: Root, before: Root | None) -> list[tuple[Collection[PublicKey], int]]:
    sets: list[tuple[Collection[PublicKey], int]] = [(new.keys, new.threshold)]
    return [*sets, (before.keys, before.threshold)] if before else sets


def _empty(root: Root, at: int, until: int) -> Revocations:
    return Revocations(name=root.name, number=1, issued=at, exp=until)


def _renewed(project: str, trust: Trust, root: Root, at: int, until: int) -> Revocations:
    """The list with the next number, and all that was to be in one that still waits."""
    found = trust.revoked or replace(_empty(root, at, until), number=0)
    keys, ids = dict(found.keys), dict(found.ids)
    waiting = files.pending(project, files.PENDING_LIST, dsse.REVOCATIONS)
    if waiting is not None:
        before = revocation.parse(waiting, f"`{files.PENDING_LIST}`")
        keys |= before.keys
        ids |= before.ids
    return replace(found, number=found.number + 1, issued=at, exp=until, keys=keys, ids=ids, digest="")


def _again(project: str, root: Root) -> tuple[str, ...]:
    """The chains whose first link has not enough signatures of this root."""
    found = []
    for name in files.chain_names(project):
        try:
            links = files.read_chain(os.path.join(project, files.CHAINS, name + files.END))
            if links and len(dsse.signed_by(links[0], root.keys, name)) < root.threshold:
                found.append(name)
        except SignatureError:
            continue  # it holds as little as before
    return tuple(found)


def _new_chain(project: str, name: str) -> str:
    if files.chain_name(name) != name:
        raise UsageError(f"`{name[:100]}` cannot be the name of a chain", hint="letters, digits and `@._+-`")
    path = f"{files.CHAINS}/{name}{files.END}"
    if os.path.lexists(os.path.join(project, path)):
        raise UsageError(f"there is a chain `{name}` already: `{path}`", hint="delete it, or --out NAME for this one")
    return path


def _chain_done(path: str, envelope: Envelope, root: Root) -> Done:
    signed = dsse.signed_by(envelope, root.keys, "the chain")
    lacks = ""
    if len(signed) < root.threshold:
        who = ", ".join(one.name for one in root.holders if one.key not in signed)
        lacks = f"it has {len(signed)} of {root.threshold} signatures; `driven attest sign`, by one of: {who}"
    return Done(paths=(path,), signed=tuple(sorted(one.fingerprint for one in signed)), lacks=lacks)
