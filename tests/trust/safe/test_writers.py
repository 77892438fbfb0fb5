"""Every place of the program that writes a file is known, with the reason why it may: a new one fails here until it has
one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MODE = re.compile("[rbt]*[wax+][rbt+]*")
MAY = re.compile(r"open\(|\bos\.|shutil\.|tempfile\.|write_text|write_bytes|extractall")
WRITING = {"O_WRONLY", "O_RDWR", "O_CREAT", "O_APPEND"}
OTHERS = {
    *(f"os.{name}" for name in ("replace", "rename", "renames", "link", "symlink", "truncate", "mknod", "mkfifo")),
    *(f"shutil.{name}" for name in ("copy", "copy2", "copyfile", "copytree", "move")),
    "tempfile.mkstemp", "tempfile.NamedTemporaryFile",
}  # fmt: skip
# A file, or a folder with all below it -> why it may write, and what keeps it in its place.
WHY = {
    "driven/project/": "the writer of a project: folders by handles that no link outside led to, temps O_EXCL and"
    " O_NOFOLLOW, names replaced; test_project_writes.py",
    "driven/delivery/": "bundles on their way, in a folder of the user's own: temps by O_EXCL|O_NOFOLLOW, then a name;"
    " what is half there by O_NOFOLLOW, in a cache that is the user's own (`refused`)",
    "driven/trust/beneath.py": "write_beneath itself",
    "driven/trust/archives.py": "a fresh folder gets its name; its files are written by write_beneath",
    "driven/validation/asking.py": "the baseline that a person named: a temp O_EXCL beside it, then its name",
    "driven/validation/memory.py": "a cache in a folder of the user's own (`is_own`): a temp O_EXCL|O_NOFOLLOW, then"
    " its name",
    "driven/validation/answers.py": "as memory.py",
    "driven/fusion/binary_cache.py": "caches in a folder of the user's own (`refused`): a temp O_EXCL|O_NOFOLLOW, then"
    " its name; test_binary_cache.py",
    "driven/registry/proxy.py": "the code of a pack as it was accepted, in a new folder for temps: by `x`",
    "driven/registry/index.py": "a cache in `.driven/state`, which is no link: a temp O_EXCL, then its name",
    "driven/cli/crash.py": "a log of a fault of ours: mkstemp, in `.driven/state` where that is no link, else in the"
    " system's folder for temps",
    "driven/cli/files.py": "files that a person named as OUT: a temp made by `x`, then the name; no link, no device",
    "driven/cli/commands/complete.py": "the user's own shell's folder, asked for by name: O_NOFOLLOW, then its name",
    "driven/cli/app.py": "/dev/null, in the place of a closed stdout",
    "driven/__main__.py": "/dev/null, in the place of a closed stdout",
    "driven/mcp/link.py": "/dev/null, in the place of a stdout that is done with",
    "driven/sync/others.py": "opens the lock of a project to ask who holds it; writes nothing",
    "driven/serving/folder.py": "the store that a person named: names were checked, a temp O_NOFOLLOW beside it, then"
    " its name; the log O_NOFOLLOW, by its lock's holder",
    "driven/serving/tokens.py": "the list of tokens that a person named: O_APPEND|O_NOFOLLOW, 0600; a new token, into a"
    " file that was not there: O_EXCL|O_NOFOLLOW, 0600 (`write_new`)",
    "driven/benchmarks/": "projects of the benchmark's own, in a folder for temps",
    "driven/fusion/precompiling.py": "run when a wheel or a pack is built: what it compiles, beside its source",
    "driven/trust/make_tables.py": "run by hand: writes a source file of this repository",
    "driven/trust/make_confusables.py": "run by hand: writes a source file of this repository",
    "driven/trust/audit_file.py": "the log: O_APPEND|O_NOFOLLOW; what stands beside it by a temp O_EXCL|O_NOFOLLOW",
    "driven/trust/key_store.py": "the user's own keys, 0600 in a folder 0700",
    "driven/trust/ssh_keygen.py": "a key for ssh-keygen, 0600 in a folder for temps that is 0700",
    "driven/trust/rings/": "folders of a ring's own; what a guest may write is opened below its folder by the broker",
    "lsp/driven_lsp/streams.py": "/dev/null, in the place of stdin and stdout",
    "lsp/driven_lsp/schemas.py": "run by hand: writes source files of this repository",
}


def writes(tree: ast.AST) -> set[str]:
    """Calls that write: `open` with a mode, os.open with a flag, what moves and copies."""
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        call, owner = node.func, ""
        name = call.id if isinstance(call, ast.Name) else ""
        if isinstance(call, ast.Attribute):
            name, owner = call.attr, ast.unparse(call.value)
        words = [*node.args, *(keyword.value for keyword in node.keywords)]
        if name in ("open", "fdopen"):
            modes = [word.value for word in words[1:2] if isinstance(word, ast.Constant)]
            modes += [k.value.value for k in node.keywords if k.arg == "mode" and isinstance(k.value, ast.Constant)]
            flags = {one.attr for word in words for one in ast.walk(word) if isinstance(one, ast.Attribute)}
            if any(MODE.fullmatch(str(mode)) for mode in modes) or flags & WRITING:
                found.add(name)
        elif f"{owner}.{name}" in OTHERS or name in ("write_text", "write_bytes", "extractall"):
            found.add(name)
    return found


def test_every_writer_is_known() -> None:
    unknown = {}
    met = set()
    for top in ("driven", "lsp", "plugins"):
        for file in sorted((ROOT / top).rglob("*.py")):
            path = file.relative_to(ROOT).as_posix()
            text = file.read_text(encoding="utf-8")
            found = writes(ast.parse(text)) if MAY.search(text) else set()
            why = next((known for known in WHY if path == known or (known[-1] == "/" and path.startswith(known))), "")
            if found and not why:
                unknown[path] = found
            met.add(why)
            assert "extractall" not in found, path
    assert unknown == {}, "say in WHY what keeps these in their place, or let them write by driven.trust.beneath"
    assert not [known for known in WHY if known not in met and not (ROOT / known).exists()]


@pytest.mark.parametrize(("code", "told"), [
    ("open(p, 'w')", True), ("open(p, mode='ab')", True), ("open(p)", False), ("open(p, 'rb')", False),
    ("os.open(p, os.O_RDONLY | os.O_CREAT)", True), ("os.open(p, os.O_RDONLY)", False), ("x.replace('a', 'b')", False),
    ("os.replace(a, b)", True), ("Path(p).write_text('x')", True), ("z.extractall()", True), ("io.open(p, 'x')", True),
    ("os.fdopen(h, 'w')", True), ("gzip.open(p, 'w')", True),
])  # fmt: skip
def test_what_counts_as_writing(code: str, told: bool) -> None:
    assert bool(writes(ast.parse(code))) is told


def test_plugins_write_nothing() -> None:
    assert not [path for path in WHY if path.startswith("plugins/")]
