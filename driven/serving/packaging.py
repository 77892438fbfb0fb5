"""A pack's folder -> its bundle, once it is what it should be: it parses, hides nothing, and is signed as it stands."""

from __future__ import annotations

import os
import time

from driven.errors import ConfigError, DrivenError, SignatureError, SourceError, UsageError
from driven.frozen import frozen
from driven.fusion.shelf import COMPILED
from driven.project.pack_texts import MAX_TEXT, READ
from driven.serving.accepting import check_bundle, check_files, version_of_bundle
from driven.serving.store import Version
from driven.trust.manifest import MANIFEST, MINISIG, OURS, SIG
from driven.trust.pack import ABOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from driven.fusion.template import Template
    from driven.trust.pack import About

RULES, TEMPLATES = "rules/", "templates/"
_SIGN = "`driven sign {0}`, and build again"


@frozen
class Built:
    """A bundle that is fit to be published. `compiled`: the templates whose compiled form was written just now."""

    data: bytes
    version: Version
    signer: str
    files: int
    rules: int
    compiled: tuple[str, ...] = ()


def build(folder: str) -> Built:
    """The bundle of a pack as it stands in `folder`, its templates compiled. SignatureError where its signature is not
    of this content; SourceError, ConfigError, UsageError for what is wrong with it."""
    from driven.trust.bundle import write_bundle

    if not os.path.isdir(folder):
        raise UsageError(f"`{folder}` is no folder", hint="name the folder with the `pack.toml`")
    about = _about(folder)
    compiled = tuple(_compile(folder))
    rules = _rules(folder, about)
    files = _files(folder, compiled)
    _hidden(files)
    data = write_bundle(files)
    signed = MINISIG in files and SIG not in files
    version, signer = (_unproved(data, about), "minisign") if signed else check_bundle(data, None, int(time.time()))
    return Built(data=data, version=version, signer=signer, files=len(files), rules=rules, compiled=compiled)


def read_built(path: str) -> Built:
    """A bundle from its file. SignatureError for what is none."""
    from driven.trust.bundle import MAX_BUNDLE, read_bundle
    from driven.trust.key_store import read_plain

    data = read_plain(path, MAX_BUNDLE)
    files = read_bundle(data)
    if MINISIG in files and SIG not in files:
        from driven.trust.pack import read_about

        version, signer = _unproved(data, read_about(files.get(ABOUT, b""), ABOUT)), "minisign"
    else:
        version, signer = check_bundle(data, None, int(time.time()))
    return Built(data=data, version=version, signer=signer, files=len(files), rules=sum(map(_is_rule, files)))


def _is_rule(path: str) -> bool:
    return path.startswith(RULES) and path.endswith(".md")


def _unproved(data: bytes, about: About) -> Version:
    """What a bundle is whose signature can be proved only by who has its key's list."""
    return version_of_bundle(data, about, int(time.time()))


def _about(folder: str) -> About:
    from driven.trust.key_store import read_plain
    from driven.trust.pack import MAX_BYTES, read_about

    path = os.path.join(folder, ABOUT)
    if not os.path.lexists(path):
        raise ConfigError(
            f"`{path}` is not there: nothing says what this pack is",
            hint='write name = "…" and version = "1.0.0" into it',
        )
    return read_about(read_plain(path, MAX_BYTES), path)


def _files(folder: str, compiled: tuple[str, ...]) -> dict[str, bytes]:
    """The files that were signed, as they were signed, and the signature."""
    from driven.trust.canonical import MAX_BYTES
    from driven.trust.key_store import read_plain
    from driven.trust.manifest import parse, shown
    from driven.trust.manifest_disk import compare

    if not os.path.lexists(os.path.join(folder, MANIFEST)):
        raise SignatureError(f"the pack in `{folder}` is not signed", hint=_SIGN.format(folder))
    said = read_plain(os.path.join(folder, MANIFEST), MAX_BYTES)
    manifest = parse(said, f"`{MANIFEST}`")
    wrong = compare(manifest, folder)
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if wrong[1:] else ""
        why = f"{shown(compiled[0])} was compiled just now" if compiled else wrong[0].told + more
        raise SignatureError(f"the pack in `{folder}` is not as it was signed: {why}", hint=_SIGN.format(folder))
    files = {one.path: read_plain(os.path.join(folder, one.path), one.size) for one in manifest.files}
    for name, limit in ((SIG, 1 << 14), (MINISIG, 1 << 15)):
        if os.path.lexists(os.path.join(folder, name)):
            files[name] = read_plain(os.path.join(folder, name), limit)
    files[MANIFEST] = said
    if SIG in files:
        try:
            check_files(files, None, int(time.time())) if MINISIG not in files else None
        except SignatureError as error:
            raise SignatureError(error.message, hint=_SIGN.format(folder)) from None
    return files


def _rules(folder: str, about: About) -> int:
    """How many rules it has. SourceError names the first mistake."""
    from driven.format.text import MAX_RULE_BYTES, parse_rule, rule_id_for
    from driven.trust.key_store import read_plain

    count = 0
    for path in _walk(os.path.join(folder, "rules"), ".md"):
        inner = rule_id_for(path)
        where = os.path.join(folder, "rules", path)
        if not inner:
            raise SourceError(f"`{where}` gives no rule id", hint="small letters, digits and `-`")
        _, found = parse_rule(
            read_plain(where, MAX_RULE_BYTES), path=where.replace(os.sep, "/"), rule_id=f"{about.name}/{inner}"
        )
        wrong = next((one for one in found if one.severity == "error"), None)
        if wrong is not None:
            raise SourceError(f"{wrong.code}: {wrong.message}", hint=wrong.hint, span=wrong.span)
        count += 1
    return count


def _hidden(files: Mapping[str, bytes]) -> None:
    """SourceError where a text hides something from who reads it, or is too large to be looked through."""
    from driven.trust.scan import scan_bytes

    for path, data in files.items():
        if path.endswith(READ) and path not in OURS:
            if len(data) > MAX_TEXT:
                raise SourceError(
                    f"{path}: a text of {len(data):,} bytes: nobody who brings the pack looks through more than"
                    f" {MAX_TEXT:,}", hint="make several files of it",
                )  # fmt: skip
            wrong = next((one for one in scan_bytes(path, data) if one.severity == "error"), None)
            if wrong is not None:
                raise SourceError(
                    f"{wrong.span}: {wrong.code} {wrong.message}",
                    hint=f"what is published shows what it says; `driven explain-code {wrong.code}` says more",
                )


def _compile(folder: str) -> Iterator[str]:
    """Compile the templates whose compiled form is not there, or of another text; the paths that were written."""
    from driven.trust.key_store import read_plain, replace

    top = os.path.normpath(os.path.join(folder, "templates"))
    for path in _walk(top, ".md"):
        made = _compiled(top, path)
        if made is None:
            continue
        place = os.path.join(top, path.removesuffix(".md") + COMPILED)
        try:
            if read_plain(place, len(made)) == made:
                continue
        except DrivenError:
            pass  # it is not there, or another one
        replace(place, made)
        yield TEMPLATES + path.removesuffix(".md") + COMPILED


def _compiled(top: str, path: str) -> bytes | None:
    """A template's compiled form; None for one that is only a part of others. SourceError, TemplateError."""
    from driven.fusion.precompiling import compile_document
    from driven.fusion.template import UNLISTED

    name = path.removesuffix(".md")
    if name.startswith(UNLISTED):
        return None
    return compile_document(_template(top, name), lambda other: _template(top, other))


def _template(top: str, name: str) -> Template:
    from driven.fusion.template import parse_template
    from driven.trust.key_store import read_plain

    path = os.path.join(top, f"{name}.md")
    if os.path.normpath(path) != path or not os.path.normpath(path).startswith(top + os.sep):
        raise SourceError(f"`{name[:100]}` is no template of this pack", hint="a name like `partials/head`")
    template, found = parse_template(read_plain(path, MAX_TEXT), path=path.replace(os.sep, "/"), name=name)
    wrong = next((one for one in found if one.severity == "error"), None)
    if template is None or wrong is not None:
        raise SourceError(
            f"{wrong.code}: {wrong.message}" if wrong else f"`{path}` is no template", hint=wrong.hint if wrong else "",
            span=wrong.span if wrong else None,
        )  # fmt: skip
    return template


def _walk(top: str, end: str) -> Iterator[str]:
    """The files below a folder whose names end so, relative to it, sorted; links are not followed."""
    for base, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name[0] != ".")
        for name in sorted(names):
            path = os.path.join(base, name)
            if name.endswith(end) and os.path.isfile(path) and not os.path.islink(path):
                yield os.path.relpath(path, top).replace(os.sep, "/")
