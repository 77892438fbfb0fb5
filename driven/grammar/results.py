"""What `--json` puts under `data`, per command, as the text of a JSON schema (draft 2020-12, a small subset).

The texts are joined from parts without importing json: who does not ask for a schema does not pay for it. One table,
as the commands are, so longer than 350 lines.
"""

from __future__ import annotations

STRING = '{"type": "string"}'
INTEGER = '{"type": "integer"}'
NUMBER = '{"type": "number"}'
BOOLEAN = '{"type": "boolean"}'


def array(of: str) -> str:
    """A list of `of`."""
    return '{"type": "array", "items": ' + of + "}"


def mapping(to: str) -> str:
    """An object whose keys are free and whose values are `to`."""
    return '{"type": "object", "additionalProperties": ' + to + "}"


def one_of(*words: str) -> str:
    """One of these strings."""
    return '{"enum": [' + ", ".join(f'"{word}"' for word in words) + "]}"


def maybe(of: str) -> str:
    """`of`, or null."""
    return '{"anyOf": [' + of + ', {"type": "null"}]}'


def any_of(*schemas: str) -> str:
    """A value that one of these schemas takes."""
    return '{"anyOf": [' + ", ".join(schemas) + "]}"


def record(**fields: str) -> str:
    """An object with exactly these keys; one whose name ends in `_` may be left out."""
    names = [(name.rstrip("_"), schema) for name, schema in fields.items()]
    required = ", ".join(f'"{name}"' for name in fields if not name.endswith("_"))
    properties = ", ".join(f'"{name}": {schema}' for name, schema in names)
    return (
        '{"type": "object", "additionalProperties": false, "required": [' + required + '], "properties": {'
        + properties + "}}"
    )  # fmt: skip


STRINGS = array(STRING)
_PLACE = {"path": STRING, "line": INTEGER, "column": INTEGER, "end_line": INTEGER, "end_column": INTEGER}
DIAGNOSTIC = record(
    code=STRING,
    severity=one_of("error", "warning", "info"),
    message=STRING,
    hint=STRING,
    rule=STRING,
    **_PLACE,
    fix_=record(title=STRING, safe=BOOLEAN, rename=STRING, edits=array(record(text=STRING, **_PLACE))),
)
LOSS = record(rule=STRING, editor=STRING, kind=one_of("approximated", "dropped"), reason=STRING)
_SIDE = record(path=STRING, line=INTEGER, text=STRING)
OVERLAP = record(field=STRING, base=STRING, ours=_SIDE, theirs=_SIDE)
CHANGE = record(
    action=one_of("create", "replace", "delete", "keep", "conflict"),
    path=STRING,
    editors=STRINGS,
    rules=STRINGS,
    forced_=BOOLEAN,
    reason_=STRING,
    drift_=one_of("absent", "same", "ours", "edited", "foreign"),
    message_=STRING,
    hint_=STRING,
    overlaps_=array(OVERLAP),
    diff_=STRING,
)
PLAN = record(
    clean=BOOLEAN, kept=INTEGER, changes=array(CHANGE), losses=array(LOSS), diagnostics=array(DIAGNOSTIC)
)  # fmt: skip
LIMIT = record(characters=INTEGER, lines=INTEGER, bytes=INTEGER, hard=BOOLEAN, note=STRING)

CONSTRUCT = record(
    editor=STRING,
    rule=STRING,
    path=STRING,
    line=INTEGER,
    construct=STRING,
    outcome=one_of("mapped", "approximated", "dropped", "unsupported"),
    note=STRING,
)
IMPORT = record(
    applied=BOOLEAN,
    rules=array(
        record(
            id=STRING,
            activation=one_of("always", "paths", "model", "manual"),
            detail=STRING,
            targets=STRINGS,
            files=mapping(STRING),
            like=STRING,
        )
    ),
    same=STRINGS,
    files=mapping(INTEGER),
    ours=STRINGS,
    fidelity=record(read=array(CONSTRUCT), written=array(CONSTRUCT)),
    plan=PLAN,
    diagnostics=array(DIAGNOSTIC),
)
SYNC = record(
    applied=BOOLEAN, rules=INTEGER, editors=STRINGS, held=STRINGS, waiting=STRINGS, kept_copies=STRING, seconds=NUMBER,
    plan=PLAN,
)  # fmt: skip
# The lines of `driven sync --watch --json`: one object each, as things happen.
WATCH = any_of(
    record(event=one_of("watching"), at=STRING, schema=STRING, version=STRING, root=STRING, rules=INTEGER,
           editors=STRINGS, folders=INTEGER, polling=BOOLEAN),
    record(event=one_of("synced"), at=STRING, causes=STRINGS, seconds=NUMBER, rules=INTEGER, editors=STRINGS,
           held=STRINGS, kept_copies=STRING, changes=array(CHANGE), diagnostics=array(DIAGNOSTIC),
           operations=array(record(operation=STRING, rule=STRING))),
    record(event=one_of("problem", "cured"), at=STRING, conflict=BOOLEAN, diagnostic=DIAGNOSTIC),
    record(event=one_of("polling"), at=STRING, reason=STRING, hint=STRING, seconds=NUMBER),
    record(event=one_of("stopped"), at=STRING, syncs=INTEGER, seconds=NUMBER),
)  # fmt: skip
SNAPSHOT = record(
    number=INTEGER, name=STRING, parent=INTEGER, time=STRING, what=STRING, version=STRING, files=INTEGER, rules=INTEGER,
    bytes=INTEGER,
)  # fmt: skip
SNAPSHOT_LIST = record(snapshots=array(SNAPSHOT), damaged=STRINGS)
SNAPSHOT_SHOW = record(
    snapshot=SNAPSHOT,
    changes=array(
        record(
            path=STRING, editor=STRING, part=STRING, action=one_of("created", "changed", "deleted", "same"),
            added=INTEGER, removed=INTEGER, merged=BOOLEAN, diff=STRING,
        )
    ),
)  # fmt: skip
SNAPSHOT_DIFF = record(first=INTEGER, second=INTEGER, changes=array(CHANGE))
RESTORE = record(what=STRING, number=INTEGER, applied=BOOLEAN, kept=STRING, plan=PLAN)
STATUS = record(
    root=STRING,
    digest=STRING,
    rules=array(
        record(
            id=STRING,
            title=STRING,
            activation=one_of("always", "paths", "model", "manual"),
            detail=STRING,
            path=STRING,
            characters=INTEGER,
            editors=STRINGS,
            active=BOOLEAN,
        )
    ),
    editors=array(
        record(
            name=STRING,
            title=STRING,
            enabled=BOOLEAN,
            plugin=STRING,
            files=INTEGER,
            characters=INTEGER,
            largest=INTEGER,
            largest_path=STRING,
            limit=INTEGER,
            drift=INTEGER,
            conflicts=INTEGER,
            losses=array(LOSS),
        )
    ),
    plan=PLAN,
)
EXPLAIN = record(
    path=STRING,
    exists=BOOLEAN,
    counter=STRING,
    editors=array(
        record(
            name=STRING,
            title=STRING,
            docs=STRING,
            verified=STRING,
            loaded=INTEGER,
            characters=INTEGER,
            tokens=INTEGER,
            tokens_estimated=BOOLEAN,
            limits=array(LIMIT),
            largest=INTEGER,
            also_read=array(record(path=STRING, rules=INTEGER, characters=INTEGER)),
            rules=array(
                record(
                    id=STRING,
                    title=STRING,
                    verdict=one_of("always", "match", "model", "manual", "no", "off"),
                    loaded=BOOLEAN,
                    why=STRING,
                    pattern=STRING,
                    file=STRING,
                    characters=INTEGER,
                    losses=array(LOSS),
                )
            ),
        )
    ),
    diagnostics=array(DIAGNOSTIC),
)
VALIDATE = record(
    rules=INTEGER, files=INTEGER, silenced=INTEGER, diagnostics=array(DIAGNOSTIC), repaired=array(DIAGNOSTIC),
    changes=array(CHANGE), written=BOOLEAN,
)  # fmt: skip
EXPLAIN_CODE = record(
    codes=array(
        record(
            code=STRING, family=STRING, title=STRING, severity=one_of("error", "warning", "info"), check=BOOLEAN,
            why=STRING, bad=STRING, good=STRING, reads=STRING, url=STRING, verified=STRING,
            fix=one_of("", "safe", "unsafe", "both"), security=BOOLEAN, silence=STRINGS, origin=STRING,
        )
    ),
    families=array(record(prefix=STRING, title=STRING, codes=STRINGS)),
    stale=array(record(name=STRING, verified=STRING, days=INTEGER, url=STRING)),
)  # fmt: skip
CONVERT = record(
    input=STRING,
    source=STRING,
    output=STRING,
    target=STRING,
    rules=STRINGS,
    files=STRINGS,
    losses=array(LOSS),
    diagnostics=array(DIAGNOSTIC),
)
BUILD = record(
    output=STRING, rules=INTEGER, bytes=INTEGER, digest=STRING, compressed=BOOLEAN, source=BOOLEAN,
    diagnostics=array(DIAGNOSTIC),
)  # fmt: skip
RULE = record(
    id=STRING,
    title=STRING,
    description=STRING,
    activation=one_of("always", "paths", "model", "manual"),
    paths=STRINGS,
    kind=STRING,
    category=STRING,
    priority=INTEGER,
    targets=STRINGS,
    tags=STRINGS,
    when=STRING,
    characters=INTEGER,
    steps=INTEGER,
    body_=STRING,
)
SHOW = record(
    path=STRING,
    bytes=INTEGER,
    version=INTEGER,
    compressed=BOOLEAN,
    signed=BOOLEAN,
    digest=STRING,
    sections=array(record(name=STRING, kind=INTEGER, offset=INTEGER, length=INTEGER, raw_length=INTEGER)),
    rules=array(RULE),
)
PLUGIN = record(
    name=STRING, distribution=STRING, version=STRING, value=STRING, status=one_of("loaded", "disabled", "broken"),
    error=STRING, offers=STRINGS, ring=one_of("W", "N", "L", "T"),
)  # fmt: skip
PLUGIN_RUN = record(
    value="{}", ring=one_of("W", "N", "L"), log=STRING, violations=array(record(tried=STRING, lacks=STRING)),
    seconds=NUMBER, cpu=NUMBER, calls=INTEGER,
)  # fmt: skip
PLUGIN_LIST = record(plugins=array(PLUGIN), diagnostics=array(DIAGNOSTIC))
UPDATE = record(
    packs=array(
        record(
            **{"from": STRING}, name=STRING, version=STRING, newest=STRING,
            state=one_of("current", "new", "restored", "updated", "refused", "unreachable"),
            key=STRING, signer=STRING, more=STRINGS, less=STRINGS, surfaces=STRINGS, diff=STRING, coding=STRING,
            edited=BOOLEAN, bytes=INTEGER, problem=maybe(record(code=STRING, message=STRING, hint=STRING)),
        )
    ),
    repinned_=STRINGS,
)  # fmt: skip
FOLLOW = any_of(
    record(event=one_of("following"), at=STRING, packs=STRINGS),
    record(event=one_of("published", "updated"), at=STRING, name=STRING, before=STRING, version=STRING, more=STRINGS,
           edited=BOOLEAN),
    record(event=one_of("problem"), at=STRING, code=STRING, message=STRING, hint=STRING),
    record(event=one_of("away"), at=STRING, server=STRING, message=STRING, hint=STRING, retry=NUMBER),
    record(event=one_of("polling"), at=STRING, server=STRING, retry=NUMBER),
    record(event=one_of("back"), at=STRING, server=STRING),
)  # fmt: skip
PACKS = record(
    packs=array(
        record(
            name=STRING, version=STRING, description=STRING,
            state=one_of("accepted", "new", "changed", "refused", "gone"), content=STRING, rules=STRINGS,
            plugins=STRINGS, signature=STRING, signer=STRING, key=STRING, wants=STRINGS, more=STRINGS, less=STRINGS,
            risk=INTEGER,
            pinned=maybe(record(version=STRING, content=STRING, key=STRING, signer=STRING, **{"from": STRING})),
            problem=maybe(record(code=STRING, message=STRING, hint=STRING)),
            surfaces=STRINGS, hidden=array(record(path=STRING, line=INTEGER, message=STRING)),
        )
    )
)  # fmt: skip
_BUILT: dict[str, str] = {
    "name": STRING, "version": STRING, "etag": STRING, "sha256": STRING, "size": INTEGER, "files": INTEGER,
    "rules": INTEGER, "signer": STRING, "compiled": STRINGS,
}  # fmt: skip
PACK_BUILD = record(output=STRING, **_BUILT)
PACK_PUBLISH = record(to=STRING, new=BOOLEAN, published=STRING, **_BUILT)
SERVE = record()
_GRANT = one_of("read", "publish")
TOKEN_ADD = record(name=STRING, grant=_GRANT, token_=STRING, output_=STRING, file=STRING)
TOKEN_LIST = record(file=STRING, holders=array(record(name=STRING, grant=_GRANT)))
# The line of `driven serve --json` once it takes requests.
SERVING = record(
    event=one_of("serving"), url=STRING, store=STRING, tokens=BOOLEAN, tls=BOOLEAN, reads_only=BOOLEAN
)  # fmt: skip
ANY = '{"type": ["string", "integer", "boolean", "null", "array", "object"]}'
_VALUE = '{"type": ["string", "integer", "number", "boolean", "null", "array"]}'
_TEMPLATE = record(
    name=STRING, title=STRING, description=STRING, kind=one_of("persona", "project", "standard", "workflow"),
    tags=STRINGS, origin=STRING, path=STRING, condition=STRING, holds=maybe(BOOLEAN), rule=STRING, there=BOOLEAN,
    applied=array(record(rule=STRING, answers=mapping(_VALUE))),
)  # fmt: skip
TEMPLATES = record(templates=array(_TEMPLATE), diagnostics=array(DIAGNOSTIC))
TEMPLATE_SEARCH = record(templates=array(_TEMPLATE), meant=STRING, diagnostics=array(DIAGNOSTIC))
TEMPLATE_SHOW = record(
    template=_TEMPLATE, include=STRINGS, preview=STRING, diagnostics=array(DIAGNOSTIC),
    variables=array(
        record(
            name=STRING, type=one_of("str", "int", "float", "bool"), help=STRING, default=_VALUE,
            choices=array(record(label=STRING, value=_VALUE)), multiselect=BOOLEAN, multiline=BOOLEAN, when=STRING,
            validator=STRING,
        )
    ),
)  # fmt: skip
TEMPLATE_RENDER = record(
    template=STRING, rule=STRING, text=STRING, values=mapping(_VALUE), diagnostics=array(DIAGNOSTIC)
)  # fmt: skip
TEMPLATE_APPLY = record(
    applied=BOOLEAN, templates=STRINGS, rules=STRINGS, values=mapping(_VALUE), changes=array(CHANGE),
    diagnostics=array(DIAGNOSTIC),
)  # fmt: skip
TEMPLATE_CHECK = record(templates=STRINGS, diagnostics=array(DIAGNOSTIC))
TEMPLATE_NEW = record(path=STRING)
INIT = record(
    root=STRING, found=mapping(STRINGS), editors=STRINGS, written=STRINGS, imported=maybe(IMPORT),
    template_=TEMPLATE_APPLY,
)  # fmt: skip
AUDIT_SHOW = record(
    entries=array(
        record(
            seq=INTEGER, prev=STRING, wall=STRING, mono=INTEGER, pid=INTEGER, event=STRING,
            outcome=one_of("allowed", "denied", "violation", "note"), told=mapping(ANY),
        )
    )
)  # fmt: skip
AUDIT_SIGN = record(head=STRING, signed=INTEGER, name=STRING, where=STRING)
AUDIT_VERIFY = record(
    whole=BOOLEAN, entries=INTEGER, id=STRING, head=STRING, outcomes=mapping(INTEGER), signed=maybe(INTEGER),
    signer=STRING, healed=INTEGER, torn=BOOLEAN, clock=INTEGER,
    faults=array(record(line=INTEGER, kind=STRING, message=STRING)), more=INTEGER,
)  # fmt: skip
_ATTESTATION = record(
    id=STRING, issuer=STRING, subject=STRING, key=STRING, fingerprint=STRING, capabilities=STRINGS, paths=STRINGS,
    begins=STRING, ends=STRING, depth=INTEGER, signatures=STRINGS,
)  # fmt: skip
_CHAIN_STATE = one_of(
    "ok", "empty", "too-long", "edited", "malformed", "wrong-root", "too-few", "wrong-key", "swapped",
    "widened-capability", "widened-path", "outlives", "too-deep", "early", "expired", "revoked", "unknown",
)  # fmt: skip
_CHAIN = record(
    name=STRING, path=STRING, state=_CHAIN_STATE, holds=BOOLEAN, message=STRING, hint=STRING, link=INTEGER,
    links=array(_ATTESTATION), allowed=maybe(BOOLEAN),
    envelopes_=array(
        record(payload=STRING, payloadType=STRING, signatures=array(record(keyid=STRING, sig=STRING)))
    ),
)  # fmt: skip
_ROOT = record(
    name=STRING, version=INTEGER, threshold=INTEGER, ends=STRING, digest=STRING,
    keys=array(record(name=STRING, key=STRING, fingerprint=STRING)),
)  # fmt: skip
ATTEST_WRITE = record(written=STRINGS, signatures=STRINGS, holds=BOOLEAN, lacks=STRING, again=STRINGS)
ATTEST_VERIFY = record(root=_ROOT, revocations=maybe(INTEGER), warnings=STRINGS, chains=array(_CHAIN))
ATTEST_SHOW = record(
    root=maybe(_ROOT),
    revocations=maybe(
        record(number=INTEGER, issued=STRING, ends=STRING, keys=mapping(STRING), ids=mapping(STRING))
    ),
    problem=maybe(record(code=STRING, message=STRING, hint=STRING)),
    waiting=STRINGS,
    chains=array(_CHAIN),
)  # fmt: skip
DOCTOR = record(
    checks=array(record(name=STRING, state=one_of("ok", "warn", "fail"), message=STRING, hint=STRING)),
    sandbox_=record(
        rings=array(
            record(ring=one_of("W", "N", "L"), works=BOOLEAN, lacks=STRING, remedy=STRING, not_enforced=STRINGS)
        ),
        mechanisms=record(
            landlock=INTEGER, seccomp=STRING, bubblewrap=STRING, wasmtime=STRING, kernel=STRING, machine=STRING
        ),
        statement=STRINGS,
        matrix_=record(
            rings=STRINGS, rows=array(record(name=STRING, text=STRING, signs=STRINGS)), why=mapping(STRING)
        ),
    ),
)  # fmt: skip
BENCHMARK = record(
    build=STRING,
    rows=array(
        record(
            name=STRING, value=NUMBER, unit=STRING, ratio=maybe(NUMBER), baseline=STRING, bar=maybe(NUMBER),
            better=one_of("<=", ">="), ok=maybe(BOOLEAN), note=STRING, claim=STRING,
        )
    ),
)  # fmt: skip
_ARGUMENT = record(
    name=STRING,
    short=STRING,
    help=STRING,
    flag=BOOLEAN,
    many=BOOLEAN,
    optional=BOOLEAN,
    default='{"type": ["string", "integer", "null"]}',
    type=one_of("str", "int"),
    choices=STRINGS,
    metavar=STRING,
    complete=STRING,
    capabilities=STRINGS,
    dry=BOOLEAN,
    review=BOOLEAN,
    terminal=BOOLEAN,
)
GRAMMAR = record(
    version=STRING,
    options=array(_ARGUMENT),
    commands=array('{"type": "object", "required": ["name", "help", "arguments", "verbs"]}'),
    exit_codes=mapping(STRING),
)
# It speaks the Language Server Protocol on stdout: nothing is printed at its end.
LSP = record()
# It speaks the Model Context Protocol on stdout, and no envelope.
MCP_SERVE = record()

_KEY_STATE = one_of("ok", "untrusted", "principal", "expired", "early", "revoked")
KEY_GENERATE = record(
    name=STRING, fingerprint=STRING, public=STRING, path=STRING, store=one_of("file", "keyring"), passphrase=BOOLEAN
)  # fmt: skip
KEY_LIST = record(
    keys=array(
        record(
            name=STRING,
            fingerprint=STRING,
            source=one_of("agent", "keyring", "file", "environment"),
            path=STRING,
            passphrase=BOOLEAN,
            state=_KEY_STATE,
            signer=STRING,
        )
    ),
    signers=array(
        record(
            signer=STRING,
            fingerprint=STRING,
            namespaces=STRINGS,
            valid_after=maybe(INTEGER),
            valid_before=maybe(INTEGER),
            state=_KEY_STATE,
            list=STRING,
            line=INTEGER,
        )
    ),
    revoked=STRINGS,
    lists=STRINGS,
    problems=STRINGS,
)
KEY_SHOW = record(fingerprint=STRING, kind=STRING, public=STRING, minisign=STRING, state=_KEY_STATE, signer=STRING)
KEY_TRUST = record(signer=STRING, fingerprint=STRING, list=STRING, changed=BOOLEAN)
KEY_REVOKE = record(fingerprints=STRINGS, written=STRINGS)
KEY_ROTATE = record(name=STRING, old=STRING, fingerprint=STRING, statement=STRING, written=STRINGS)
SIGN = record(
    signed=array(
        record(
            manifest=STRING,
            signature=STRING,
            format=one_of("ssh", "minisign"),
            name=STRING,
            version=STRING,
            digest=STRING,
            files=INTEGER,
            previous=maybe(STRING),
        )
    ),
    key=STRING,
    name=STRING,
    where=STRING,
    trusted=BOOLEAN,
)
VERIFY = record(
    results=array(
        record(
            path=STRING,
            state=one_of("ok", "unsigned", "bad", "untrusted", "principal", "expired", "early", "revoked"),
            message=STRING,
            hint=STRING,
            signer=STRING,
            fingerprint=STRING,
            name=STRING,
            version=STRING,
            digest=STRING,
            problems=array(
                record(
                    kind=one_of("changed", "missing", "unlisted", "mode", "refused"),
                    path=STRING,
                    message=STRING,
                )
            ),
        )
    ),
    at=INTEGER,
    lists=STRINGS,
)
CACHE_STATUS = record(
    folder=STRING,
    files=INTEGER,
    bytes=INTEGER,
    caches=array(
        record(
            name=STRING, holds=STRING, folder=STRING, files=INTEGER, bytes=INTEGER, limit=INTEGER, oldest=STRING,
            newest=STRING, others=INTEGER, refused=STRING,
        )
    ),
)  # fmt: skip
CACHE_LIST = record(files=array(record(cache=STRING, name=STRING, what=STRING, bytes=INTEGER, used=STRING)))
CACHE_FREED = record(
    applied=BOOLEAN, files=INTEGER, bytes=INTEGER, caches=array(record(name=STRING, files=INTEGER, bytes=INTEGER))
)  # fmt: skip
CACHE_WARM = record(
    templates=INTEGER, compiled=INTEGER, there=INTEGER, shipped=INTEGER, diagnostics=array(DIAGNOSTIC)
)  # fmt: skip
