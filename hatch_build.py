"""Builds the wheel: compiles `driven/core` with mypyc where there is a C compiler, and says aloud where there is none;
and the templates of the library, so that nobody who applies one needs Jinja2.

`DRIVEN_MYPYC` decides: `auto` (the default) compiles and falls back to pure Python, `1` makes a failure an error, `0`
builds the pure `py3-none-any` wheel. An editable install is always pure: a compiled module would shadow later edits.
Everything is built in a temporary folder, so that no stale `.so` ever lies in the tree; what was built, or why it was
not, goes to stderr and into `driven/core/_build.txt` of the wheel, where `driven doctor` reads it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CORE = "driven/core"
RECORD = f"{CORE}/_build.txt"
PAGE = "docs/checks.md"
LIBRARY = "templates/driven_templates/library"
NOT_COMPILED = {
    "__init__.py",  # a package's marker; it holds a docstring only
    "_rt.py",  # what stands in for the compiler's names when nothing is compiled: must stay interpreted
}
TIMEOUT = 900  # seconds; a compiler that hangs must not hang an installation

# A program that needs the compiler, its headers and Python's, and costs 0.2 s to try where mypyc would cost 15.
PROBE = """
from setuptools import Extension, setup
with open("probe.c", "w") as file:
    file.write("#include <Python.h>\\nPyMODINIT_FUNC PyInit_probe(void) { return 0; }\\n")
setup(name="probe", packages=[], ext_modules=[Extension("probe", ["probe.c"])],
      script_args=["-q", "build_ext", "--build-lib", "probe"])
"""

# In a process of its own, on the sources as they stand: the build environment has no driven installed.
TEMPLATES = """
import sys
sys.path.insert(0, sys.argv[1])
from driven.errors import DrivenError
from driven.fusion.precompiling import compile_folder
try:
    compile_folder(sys.argv[2], sys.argv[3])
except DrivenError as error:
    sys.exit(f"{error}\\n{error.hint}")
"""

SETUP = """
import sys
from mypyc.build import mypycify
from setuptools import setup
setup(
    name="driven",
    packages=[],
    ext_modules=mypycify(
        ["--strict", *sys.argv[sys.argv.index("--") + 1 :]],
        opt_level="3",
        debug_level="0",
        group_name="driven._native",  # else a library with a hashed name lands at the top of site-packages
    ),
    script_args=sys.argv[1 : sys.argv.index("--")],
)
"""


class BuildFailed(Exception):
    """The compiled build is not to be had here; `str()` is the reason in one line."""


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # generic over a private type
    """What hatchling calls before and after it writes a wheel."""

    # Removes itself at exit too: hatchling does not call `finalize` when the build fails.
    _folder: tempfile.TemporaryDirectory[str] | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile if asked, and add what was built to the wheel. RuntimeError when it must work and does not."""
        mode = os.environ.get("DRIVEN_MYPYC", "").strip().lower() or ("0" if version == "editable" else "auto")
        if mode not in ("auto", "1", "0"):
            raise RuntimeError(f"DRIVEN_MYPYC is `{mode}`: say auto, 1 or 0")
        if version == "editable":
            if mode == "1":
                raise RuntimeError(
                    "DRIVEN_MYPYC=1 with an editable install: compiled modules would shadow your edits; build a wheel"
                )
            return
        self._folder = tempfile.TemporaryDirectory(prefix="driven-build-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        if mode == "0":
            said = "pure Python: asked for by DRIVEN_MYPYC=0"
        else:
            try:
                libraries = _compile(Path(self.root), folder)
            except BuildFailed as error:
                if mode == "1":
                    raise RuntimeError(f"DRIVEN_MYPYC=1, and the core does not compile: {error}") from error
                said = f"pure Python: {error}"
            else:
                for library in libraries:
                    build_data["force_include"][str(library)] = library.relative_to(folder / "lib").as_posix()
                build_data["pure_python"] = False
                build_data["infer_tag"] = True
                names = ", ".join(
                    sorted(library.name.split(".")[0] for library in libraries if library.parent.name == "core")
                )
                said = f"compiled by mypyc {_mypy_version()} for {sys.implementation.cache_tag}: {names}"
        record = folder / "_build.txt"
        record.write_text(said + "\n", encoding="utf-8")
        build_data["force_include"][str(record)] = RECORD
        for path in _templates(Path(self.root), folder / "templates"):
            place = path.relative_to(folder / "templates").as_posix()
            build_data["force_include"][str(path)] = f"driven_templates/library/{place}"
        page = Path(self.root, PAGE)
        if page.exists():  # where the server sends who asks what the code of a finding means
            build_data["force_include"][str(page)] = "driven_lsp/checks.md"
        print(f"driven: {said}", file=sys.stderr, flush=True)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary folder."""
        if self._folder:
            self._folder.cleanup()


def _mypy_version() -> str:
    from mypy.version import __version__

    return __version__


def _templates(root: Path, folder: Path) -> list[Path]:
    """The templates of the library, compiled, at their places below `folder`. RuntimeError where one does not compile:
    it would not either where it is applied."""
    if not (root / LIBRARY).is_dir():
        return []
    folder.mkdir()
    wrong = _run(["-c", TEMPLATES, str(root), str(root / LIBRARY), str(folder)], folder)
    if wrong:
        raise RuntimeError(f"the templates do not compile: {wrong.strip()}")
    return sorted(folder.rglob("*.dtm"))


def _compile(root: Path, folder: Path) -> list[Path]:
    """The libraries built from `root`/driven/core, below `folder`/lib at their places in the wheel.

    BuildFailed when there is no compiler, or mypyc or the compiler refuses.
    """
    source = folder / "src"
    shutil.copytree(root / CORE, source / CORE, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"))
    shutil.copy(root / "driven/__init__.py", source / "driven/__init__.py")
    files = sorted(
        path.relative_to(source).as_posix() for path in (source / CORE).glob("*.py") if path.name not in NOT_COMPILED
    )
    if not files:
        raise BuildFailed("there is nothing to compile")
    if _run(["-c", PROBE], source):
        raise BuildFailed(f"no working C compiler ({os.environ.get('CC') or 'cc'}), or no headers of this Python")
    (source / "setup.py").write_text(SETUP, encoding="utf-8")
    lib = folder / "lib"
    output = _run(["setup.py", "-q", "build_ext", "--build-lib", str(lib), "--", *files], source)
    if output:
        print(output, file=sys.stderr)
        raise BuildFailed("mypyc failed: " + output.strip().splitlines()[-1][:300])
    libraries = sorted(path for path in lib.rglob("*") if path.suffix in (".so", ".pyd"))
    if len(libraries) != len(files) + 1:  # one shim for each module, and the group that holds the code
        raise BuildFailed(f"mypyc made {len(libraries)} libraries of {len(files)} modules")
    return libraries


def _run(arguments: list[str], folder: Path) -> str:
    """Run Python in `folder`: "" when it ends well, else all it printed (never empty)."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no end after {TIMEOUT} s"
    return "" if done.returncode == 0 else done.stdout or f"exit code {done.returncode}"
