"""The packs of a project, `.driven/packs/NAME/`: rules from elsewhere that stand here as they were accepted, or not at
all.

A pack is accepted by its content: `driven.lock` names the digest of its manifest, and the manifest every file. What was
changed since, by anybody, is not read: its rules stay as the last sync wrote them, until a person has looked.
"""

from __future__ import annotations

import os

from driven import __version__
from driven.errors import DrivenError, PolicyError, SignatureError
from driven.format.text import MAX_RULE_BYTES, parse_rule, rule_id_for
from driven.frozen import field, record, replace
from driven.model.diagnostic import Diagnostic
from driven.model.rule import Rule
from driven.project.ledger import PACKS
from driven.project.pins import Pin
from driven.project.reading import read_file
from driven.span import Span
from driven.trust import manifest, pack
from driven.trust.manifest_disk import compare, of_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from driven.trust.ssh_wire import PublicKey

MAX_PACKS = 200
RULES = "rules/"
COMPILED = "rules.drv"  # in their place


@record
class Pack:
    """One pack as it stands. `content` is the digest of its manifest, "" where `problem` says why it has none;
    `is_signed`: there is a signature, of either form, which nobody has verified yet; `key` is the one that it names,
    None where it names none. `rules` are by id."""

    name: str
    folder: str
    about: pack.About | None = None
    content: str = ""
    previous: str = ""
    key: PublicKey | None = None
    is_signed: bool = False
    files: dict[str, str] = field(default_factory=dict)  # path -> SHA-256 in hex
    rules: dict[str, Rule] = field(default_factory=dict)
    findings: list[Diagnostic] = field(default_factory=list)
    problem: DrivenError | None = None


def pack_names(root: str) -> list[str]:
    """The folders of packs, sorted. SignatureError where `.driven/packs` is a link or no folder."""
    top = os.path.join(root, PACKS)
    if not os.path.lexists(top):
        return []
    if os.path.islink(top) or not os.path.isdir(top):
        what, hint = "a link", "a link could lead anywhere: put the packs themselves there"
        if not os.path.islink(top):
            what, hint = "no folder", "remove it; `driven update` then brings the packs that came from somewhere"
        raise SignatureError(f"`{PACKS}` is {what}", hint=hint)
    with os.scandir(top) as listing:
        names = sorted(child.name for child in listing if child.name[0] != "." and not child.is_file())
    if len(names) > MAX_PACKS:
        raise SignatureError(f"`{PACKS}` holds {len(names):,} packs: more than {MAX_PACKS}")
    return names


def read_pack(root: str, name: str, *, rules: bool = True) -> Pack:
    """One pack: what it says of itself, its manifest held against its files, and its rules. Never raises for what a
    pack says: that is its `problem`."""
    made = Pack(name=name, folder=f"{PACKS}/{name}")
    try:
        _read(root, made, rules)
    except DrivenError as error:
        made.problem = error
    except OSError as error:
        made.problem = SignatureError(f"the pack `{name}` cannot be read: {(error.strerror or 'unknown').lower()}")
    return made


def _read(root: str, made: Pack, rules: bool) -> None:
    from hashlib import sha256

    name, folder = made.name, os.path.join(root, made.folder)
    if not pack.is_name(name):
        raise SignatureError(
            f"{name!r:.80} is no name of a pack", hint="small letters, digits and `-`; rename the folder"
        )
    if os.path.islink(folder):
        raise SignatureError(f"`{made.folder}` is a link", hint="a link could lead anywhere: put the pack itself there")
    where = f"{made.folder}/{pack.ABOUT}"
    try:
        data = read_file(os.path.join(folder, pack.ABOUT), pack.MAX_BYTES)[0]
    except FileNotFoundError:
        raise SignatureError(
            f"`{where}` is missing: nothing says what this pack is", hint="remove the folder, or get it anew"
        ) from None
    about = made.about = pack.read_about(data, where)
    if about.name != name:
        raise SignatureError(
            f"`{where}` says that it is `{about.name}`, and its folder is called `{name}`", hint="rename the folder"
        )
    if about.driven and pack.version_of(about.driven) > pack.version_of(__version__):
        raise SignatureError(
            f"the pack `{name}` needs driven {about.driven}, and this is {__version__}", hint="update driven"
        )
    signed = _manifest(root, made, about)
    if next((one.sha256 for one in signed.files if one.path == pack.ABOUT), "") != sha256(data).hexdigest():
        raise SignatureError(f"`{where}` was changed while it was read", hint="run this again")
    for plugin in about.plugins:
        if plugin.run not in {one.path for one in signed.files}:
            raise SignatureError(f"`{where}`: there is no `{plugin.run}`", hint="its author adds the file, or the name")
    made.content, made.previous = signed.digest, signed.previous or ""
    made.files = {one.path: one.sha256 for one in signed.files}
    if rules:
        for path, digest in made.files.items():
            if path.startswith(RULES) and path.endswith(".md"):
                _rule(root, made, path, digest)
        if not made.rules and COMPILED in made.files:
            _compiled(root, made, made.files[COMPILED])


def _manifest(root: str, made: Pack, about: pack.About) -> manifest.Manifest:
    """The manifest of a pack, signed or made from what stands there. SignatureError where the two differ."""
    folder = os.path.join(root, made.folder)
    try:
        data = read_file(os.path.join(folder, manifest.MANIFEST), 4 << 20)[0]
    except FileNotFoundError:
        return of_folder(
            folder, name=about.name, version=about.version, min_driven=about.driven, capabilities=about.wants
        )
    signed = manifest.parse(data, f"{made.folder}/{manifest.MANIFEST}")
    if (signed.name, signed.version, signed.capabilities) != (about.name, about.version, about.wants):
        raise SignatureError(
            f"the manifest of the pack `{made.name}` was made for another `{pack.ABOUT}`",
            hint="its author signs it anew: `driven sign`",
        )
    wrong = compare(signed, folder)
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if wrong[1:] else ""
        raise SignatureError(
            f"the pack `{made.name}` is not as signed: {wrong[0].told}{more}",
            hint="get it anew from where it came from",
        )
    made.key = _key(folder)
    made.is_signed = made.key is not None or os.path.lexists(os.path.join(folder, manifest.MINISIG))
    return signed


def _key(folder: str) -> PublicKey | None:
    """The key that a signature names; nothing is verified by that."""
    from driven.trust import sshsig

    try:
        data = read_file(os.path.join(folder, manifest.SIG), sshsig.MAX_BYTES)[0]
    except FileNotFoundError:
        return None
    return sshsig.parse(data, manifest.SIG).key


def _rule(root: str, made: Pack, path: str, digest: str) -> None:
    """One rule of a pack, from the very bytes that its manifest names."""
    from hashlib import sha256

    shown = f"{made.folder}/{path}"
    inner = rule_id_for(path.removeprefix(RULES))
    if not inner:
        made.findings.append(_told("RUL23", f"`{shown}` gives no rule id", shown, "its author renames the file"))
        return
    data = read_file(os.path.join(root, shown), MAX_RULE_BYTES)[0]
    if sha256(data).hexdigest() != digest:
        raise SignatureError(f"`{shown}` was changed while it was read", hint="run this again")
    rule, findings = parse_rule(data, path=shown, rule_id=f"{made.name}/{inner}")
    made.findings += findings
    if rule is not None:
        made.rules[rule.id] = rule


def _compiled(root: str, made: Pack, digest: str) -> None:
    """The rules of a pack that ships them as a `.drv`."""
    from hashlib import sha256

    from driven.format.drv import from_drv

    shown = f"{made.folder}/{COMPILED}"
    data = read_file(os.path.join(root, shown), manifest.MAX_FILE)[0]
    if sha256(data).hexdigest() != digest:
        raise SignatureError(f"`{shown}` was changed while it was read", hint="run this again")
    for rule in from_drv(data, path=shown):
        named = replace(rule, id=f"{made.name}/{rule.id}", span=Span(path=shown))
        made.rules[named.id] = named


def unaccepted(made: Pack, pin: Pin | None, revoked: Mapping[str, str]) -> DrivenError | None:
    """Why a pack is not taken as it stands, None when it is. `revoked`: the fingerprints that this project revoked."""
    if made.problem is not None:
        return made.problem
    hint = f"look at it, and accept it: `driven pack trust {made.name}`"
    if pin is None:
        return PolicyError(f"the pack `{made.name}` was not accepted in this project", hint=hint)
    if pin.key and not made.is_signed:
        return SignatureError(
            f"the pack `{made.name}` is not signed any more, and was accepted from {pin.key}",
            hint="get it anew from where it came from, with its signature",
        )
    if pin.key and made.key is not None and made.key.fingerprint != pin.key:
        return SignatureError(
            f"the pack `{made.name}` is signed by {made.key.fingerprint}, and was accepted from {pin.key}",
            hint="a key never changes by itself: ask whoever made the pack",
        )
    if made.content != pin.content.removeprefix("sha256:"):
        return SignatureError(f"the pack `{made.name}` is not what was accepted (version {pin.version})", hint=hint)
    if pin.key in revoked:
        return SignatureError(
            f"the key of the pack `{made.name}`, {pin.key}, was revoked", hint="get the pack anew from whoever made it"
        )
    return None


def revoked_keys(root: str) -> dict[str, str]:
    """Fingerprint -> the list that names it as revoked."""
    from driven.trust.signers import REVOKED, load

    return {key.fingerprint: REVOKED for key in load(root, os.environ).revoked}


def _told(code: str, message: str, path: str, hint: str) -> Diagnostic:
    return Diagnostic(code=code, severity="error", message=message, span=Span(path=path), hint=hint)
