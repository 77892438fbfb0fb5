"""Which language a file is written in, by its name alone: what `lang("python")` looks at."""

from __future__ import annotations

from collections.abc import Iterable

# Names as GitHub's linguist has them, in lower case; extensions in lower case, without the dot.
# https://github.com/github-linguist/linguist/blob/main/lib/linguist/languages.yml (verified 2026-11-21)
_EXTENSIONS = {
    "ada": "adb ads",
    "apex": "cls trigger",
    "assembly": "asm s",
    "astro": "astro",
    "bicep": "bicep",
    "c": "c h",
    "c#": "cs csx",
    "c++": "cc cpp cxx c++ hh hpp hxx h++ ipp",
    "clojure": "clj cljc cljs edn",
    "cmake": "cmake",
    "cobol": "cbl cob",
    "coffeescript": "coffee",
    "common lisp": "lisp lsp",
    "crystal": "cr",
    "css": "css",
    "csv": "csv",
    "cuda": "cu cuh",
    "cue": "cue",
    "d": "d",
    "dart": "dart",
    "dockerfile": "dockerfile",
    "elixir": "ex exs",
    "elm": "elm",
    "emacs lisp": "el",
    "erlang": "erl hrl",
    "f#": "fs fsi fsx",
    "fish": "fish",
    "fortran": "f f03 f08 f77 f90 f95 for ftn",
    "gdscript": "gd",
    "gleam": "gleam",
    "glsl": "frag glsl vert",
    "go": "go",
    "graphql": "gql graphql",
    "groovy": "gradle groovy",
    "handlebars": "handlebars hbs",
    "haskell": "hs lhs",
    "hcl": "hcl nomad",
    "html": "htm html",
    "ini": "cfg ini",
    "java": "java",
    "javascript": "cjs js jsx mjs",
    "jinja": "j2 jinja jinja2",
    "json": "json json5 jsonc",
    "jsonnet": "jsonnet libsonnet",
    "julia": "jl",
    "jupyter": "ipynb",
    "just": "just",
    "kotlin": "kt kts",
    "less": "less",
    "liquid": "liquid",
    "lua": "lua",
    "makefile": "mak mk",
    "markdown": "markdown md mdx",
    "matlab": "mlx",
    "nim": "nim nims",
    "nix": "nix",
    "objective-c": "m mm",
    "ocaml": "ml mli",
    "perl": "pl pm",
    "php": "php phtml",
    "powershell": "ps1 psd1 psm1",
    "prisma": "prisma",
    "protobuf": "proto",
    "pug": "pug",
    "puppet": "pp",
    "python": "py pyi pyw pyx",
    "r": "r rmd",
    "racket": "rkt",
    "rego": "rego",
    "restructuredtext": "rst",
    "ruby": "gemspec rake rb",
    "rust": "rs",
    "scala": "sbt sc scala",
    "scheme": "scm ss",
    "scss": "sass scss",
    "shell": "bash ksh sh zsh",
    "smalltalk": "st",
    "solidity": "sol",
    "sql": "sql",
    "starlark": "bazel bzl star",
    "svelte": "svelte",
    "swift": "swift",
    "systemverilog": "sv svh",
    "tcl": "tcl",
    "terraform": "tf tfvars",
    "tex": "tex",
    "toml": "toml",
    "twig": "twig",
    "typescript": "cts mts ts tsx",
    "v": "v",
    "vala": "vala",
    "vhdl": "vhd vhdl",
    "vim script": "vim",
    "visual basic": "vb",
    "vue": "vue",
    "webassembly": "wat wast",
    "wgsl": "wgsl",
    "xml": "xml xsd xsl xslt",
    "yaml": "yaml yml",
    "zig": "zig",
}
_FILE_NAMES = {
    "BUILD": "starlark",
    "CMakeLists.txt": "cmake",
    "Containerfile": "dockerfile",
    "Dockerfile": "dockerfile",
    "GNUmakefile": "makefile",
    "Gemfile": "ruby",
    "Jenkinsfile": "groovy",
    "Makefile": "makefile",
    "Rakefile": "ruby",
    "WORKSPACE": "starlark",
    "justfile": "just",
    "makefile": "makefile",
}
_ALIASES = {
    "bash": "shell",
    "c sharp": "c#",
    "cpp": "c++",
    "cs": "c#",
    "csharp": "c#",
    "docker": "dockerfile",
    "elisp": "emacs lisp",
    "ex": "elixir",
    "fsharp": "f#",
    "golang": "go",
    "hs": "haskell",
    "javascriptreact": "javascript",
    "js": "javascript",
    "jsx": "javascript",
    "kt": "kotlin",
    "latex": "tex",
    "make": "makefile",
    "md": "markdown",
    "node": "javascript",
    "notebook": "jupyter",
    "objc": "objective-c",
    "proto": "protobuf",
    "ps": "powershell",
    "py": "python",
    "python3": "python",
    "rb": "ruby",
    "rs": "rust",
    "rst": "restructuredtext",
    "sass": "scss",
    "sh": "shell",
    "tf": "terraform",
    "ts": "typescript",
    "tsx": "typescript",
    "typescriptreact": "typescript",
    "vb": "visual basic",
    "viml": "vim script",
    "yml": "yaml",
    "zsh": "shell",
}
_BY_EXTENSION = {extension: name for name, extensions in _EXTENSIONS.items() for extension in extensions.split()}
LANGUAGES = tuple(_EXTENSIONS)


def language(name: str) -> str:
    """The one name of a language, `javascript` for `JS`; `""` when none of that name is known."""
    wanted = " ".join(name.lower().split())
    wanted = _ALIASES.get(wanted, wanted)
    return wanted if wanted in _EXTENSIONS else ""


def lang_of(path: str) -> str:
    """The language of a file, `""` when its name does not tell. `path` may be a bare name; no file is read."""
    name = path.rpartition("/")[2]
    known = _FILE_NAMES.get(name)
    if known:
        return known
    stem, dot, extension = name.rpartition(".")
    if name.startswith(("Dockerfile.", "Makefile.")):
        return _FILE_NAMES[name.partition(".")[0]]
    return _BY_EXTENSION.get(extension.lower(), "") if dot and stem else ""


def languages_of(paths: Iterable[str]) -> frozenset[str]:
    """The languages that at least one of `paths` is written in."""
    return frozenset(map(lang_of, paths)) - {""}
