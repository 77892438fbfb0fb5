"""The grammar -> completion scripts for bash, zsh and fish.

Words that are fixed stand in the script; editors, rules and the like are asked of `driven --complete KIND ROOT` when
they are needed, which prints one word a line. Such words, and the names of files, come from whoever wrote the project:
no shell may expand them, so bash's `compgen -W` has no place here, and what is put on the line is quoted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from driven.grammar.command import Argument, Command
from driven.grammar.commands import OPTIONS, TOP_OPTIONS

SHELLS = ("bash", "zsh", "fish")
DYNAMIC = ("editor", "rule", "plugin", "form", "benchmark", "code", "pack", "template")


def script(shell: str, commands: Sequence[Command]) -> str:
    """The script for `shell`, one of `SHELLS`."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](commands)


def _leaves(commands: Iterable[Command], above: str = "") -> Iterator[tuple[str, Command]]:
    """Every command that runs, with its words: `plugin list`."""
    for command in commands:
        words = f"{above} {command.name}".strip()
        if command.verbs:
            yield from _leaves(command.verbs, words)
        else:
            yield words, command


def _options(arguments: Iterable[Argument]) -> list[Argument]:
    return [a for a in arguments if a.name.startswith("-")]


def _valued(commands: Iterable[Command]) -> list[str]:
    """The options that take a value in every command that has them: the word that follows is no argument."""
    options = [*OPTIONS, *(o for _, command in _leaves(commands) for o in _options(command.arguments))]
    flags = {name for o in options if o.flag for name in _names(o)}
    return [name for name in dict.fromkeys(name for o in options for name in _names(o)) if name not in flags]


def _positionals(command: Command) -> list[Argument]:
    return [a for a in command.arguments if not a.name.startswith("-")]


def _names(argument: Argument) -> list[str]:
    return [argument.name, argument.short] if argument.short else [argument.name]


# bash


def _bash(commands: Sequence[Command]) -> str:
    valued = "|".join(_valued(commands))
    nouns = "|".join(c.name for c in commands if c.verbs)
    values = [line for o in OPTIONS for line in _bash_values("*", o)]
    words: list[str] = [
        f'        "") choices=({_words((c.name for c in commands), (*OPTIONS, *TOP_OPTIONS))}) ;;',
    ]
    for noun in (c for c in commands if c.verbs):
        words.append(f'        "{noun.name}") choices=({_words((v.name for v in noun.verbs), OPTIONS)}) ;;')
    for path, command in _leaves(commands):
        values += [line for o in _options(command.arguments) for line in _bash_values(path, o)]
        words.append(f'        "{path}") choices=({_words((), (*OPTIONS, *_options(command.arguments)))})')
        for i, a in enumerate(_positionals(command)):
            test = "-ge" if a.many else "-eq"
            words.append(f"            [[ $cur != -* && $count {test} {i} ]] && {{ {_bash_kind(a)}; return; }}")
        words.append("            ;;")
    return _BASH.format(valued=valued, nouns=nouns or "-", values="\n".join(values), words="\n".join(words))


def _words(first: Iterable[str], options: Iterable[Argument]) -> str:
    return " ".join((*first, *(o.name for o in options)))


def _bash_values(path: str, option: Argument) -> Iterator[str]:
    if not option.flag:
        tests = "|".join(f'{path}" {name}"' if path == "*" else f'"{path} {name}"' for name in _names(option))
        yield f"        {tests}) {_bash_kind(option)}; return ;;"


def _bash_kind(a: Argument) -> str:
    if a.choices:
        return f"_driven_fixed {' '.join(a.choices)}"
    if a.complete in DYNAMIC:
        return f"_driven_asked {a.complete}"
    return {"file": "_driven_files default", "dir": "_driven_files dirnames"}.get(a.complete, ":")


# `complete -o default` and not `compgen -f`: readline itself offers files, and quotes their names as they must be.
_BASH = """\
# bash completion for driven, made by `driven --install-completion`
_driven_fixed() {{
    local word
    for word; do
        [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
    done
}}
_driven_asked() {{
    local word
    while IFS= read -r word; do
        [[ $word == "$cur"* ]] && COMPREPLY+=("$(printf %q "$word")")
    done < <(driven --complete "$1" "$root" 2>/dev/null)
}}
_driven_files() {{
    compopt -o "$1" 2>/dev/null
}}
_driven() {{
    local cur="${{COMP_WORDS[COMP_CWORD]}}" prev="${{COMP_WORDS[COMP_CWORD-1]}}" path="" root="" count=0 i word
    local -a choices=()
    COMPREPLY=()
    compopt +o default 2>/dev/null
    # A `=` is a word of its own here: `--root = DIR`.
    [[ $cur == = ]] && cur=""
    [[ $prev == = ]] && prev="${{COMP_WORDS[COMP_CWORD-2]}}"
    for ((i = 1; i < COMP_CWORD; i++)); do
        word="${{COMP_WORDS[i]}}"
        case "$word" in
            {valued})
                ((i++))
                [[ ${{COMP_WORDS[i]}} == = ]] && ((i++))
                [[ $word == --root ]] && root="${{COMP_WORDS[i]}}"
                ;;
            -*) ;;
            *)
                case "$path" in
                    "") path="$word" ;;
                    {nouns}) path="$path $word" ;;
                    *) ((count++)) ;;
                esac
                ;;
        esac
    done
    case "$path $prev" in
{values}
    esac
    case "$path" in
{words}
    esac
    _driven_fixed "${{choices[@]}}"
}}
complete -o default -F _driven driven
"""


# zsh


def _zsh(commands: Sequence[Command]) -> str:
    lines = [
        "#compdef driven",
        "# zsh completion for driven, made by `driven --install-completion`",
        "_driven_words() {",
        '    local -a found; local root=""; local -i i',
        "    for ((i = 2; i < $#typed; i++)); do",
        "        case $typed[i] in",
        "            --root) root=$typed[i+1] ;;",
        "            --root=*) root=${typed[i]#--root=} ;;",
        "        esac",
        "    done",
        '    found=(${(f)"$(driven --complete $1 "$root" 2>/dev/null)"})',
        "    compadd -a found",
        "}",
        "_driven() {",
        '    local curcontext="$curcontext" state line',
        '    local -a typed; typed=("${words[@]}")',
        "    typeset -A opt_args",
        *_zsh_arguments((*OPTIONS, *TOP_OPTIONS), ("'1:command:->command'", "'*::argument:->argument'"), "    "),
        "    case $state in",
        "        command)",
        *_zsh_describe(commands, "            "),
        "            ;;",
        "        argument)",
        "            case $words[1] in",
    ]
    for command in commands:
        lines.append(f"                {command.name})")
        if command.verbs:
            pad = " " * 20
            lines += _zsh_arguments(OPTIONS, ("'1:verb:->verb'", "'*::argument:->rest'"), pad)
            lines += [f"{pad}case $state in", f"{pad}    verb)", *_zsh_describe(command.verbs, pad + " " * 8)]
            lines += [f"{pad}        ;;", f"{pad}    rest)", f"{pad}        case $words[1] in"]
            for verb in command.verbs:
                lines.append(f"{pad}            {verb.name})")
                lines += _zsh_arguments((*OPTIONS, *_options(verb.arguments)), _zsh_rest(verb), pad + " " * 16)
                lines.append(f"{pad}                ;;")
            lines += [f"{pad}        esac", f"{pad}        ;;", f"{pad}esac"]
        else:
            lines += _zsh_arguments((*OPTIONS, *_options(command.arguments)), _zsh_rest(command), " " * 20)
        lines.append("                    ;;")
    lines += ["            esac", "            ;;", "    esac", "}", 'if [ "$funcstack[1]" = "_driven" ]; then']
    lines += ['    _driven "$@"', "else", "    compdef _driven driven", "fi"]
    return "\n".join(lines) + "\n"


def _zsh_describe(commands: Iterable[Command], pad: str) -> list[str]:
    words = " ".join(_quote(f"{c.name}:{c.help}") for c in commands)
    return [f"{pad}local -a commands; commands=({words})", f"{pad}_describe command commands"]


def _zsh_arguments(options: Iterable[Argument], rest: Iterable[str], pad: str) -> list[str]:
    specs = [spec for o in options for spec in _zsh_option(o)]
    return [f"{pad}_arguments -C \\", *(f"{pad}    {spec} \\" for spec in (*specs, *rest)), f"{pad}    && return"]


def _zsh_option(o: Argument) -> Iterator[str]:
    help_ = o.help.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    value = "" if o.flag else f":{o.metavar or 'value'}:{_zsh_kind(o)}"
    for name in _names(o):
        repeat = "*" if o.many else f"({' '.join(_names(o))})"
        yield _quote(f"{repeat}{name}[{help_}]{value}")


def _zsh_rest(command: Command) -> list[str]:
    return [
        _quote(f"{'*' if a.many else i}:{a.metavar or a.name}:{_zsh_kind(a)}")
        for i, a in enumerate(_positionals(command), 1)
    ]


def _zsh_kind(a: Argument) -> str:
    if a.choices:
        return f"({' '.join(a.choices)})"
    if a.complete in DYNAMIC:
        return f"_driven_words {a.complete}"
    return {"file": "_files", "dir": "_files -/"}.get(a.complete, " ")


def _quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


# fish


def _fish(commands: Sequence[Command]) -> str:
    valued = " ".join(_valued(commands))
    lines = [_FISH.format(valued=valued)]
    for o in OPTIONS:
        lines.append(_fish_option("", o))
    for o in TOP_OPTIONS:
        lines.append(_fish_option("", o, exact=True))
    for c in commands:
        lines.append(f"complete -c driven -n {_fish_quote('__driven_is')} -a {c.name} -d {_fish_quote(c.help)}")
        for verb in c.verbs:
            test = _fish_quote(f"__driven_is {c.name}")
            lines.append(f"complete -c driven -n {test} -a {verb.name} -d {_fish_quote(verb.help)}")
    for path, command in _leaves(commands):
        lines += [_fish_option(path, o) for o in _options(command.arguments)]
        for i, a in enumerate(_positionals(command)):
            test = f"__driven_at {path}; and __driven_has {'-ge' if a.many else '-eq'} {len(path.split()) + i}"
            lines.append(f"complete -c driven -n {_fish_quote(test)} {_fish_kind(a)}".rstrip())
    return "\n".join(lines) + "\n"


def _fish_option(path: str, o: Argument, *, exact: bool = False) -> str:
    parts = ["complete -c driven"]
    if path or exact:
        parts.append("-n " + _fish_quote("__driven_is" if exact else f"__driven_at {path}"))
    parts.append(f"-l {o.name[2:]}")
    if o.short:
        parts.append(f"-s {o.short[1:]}")
    parts.append(f"-d {_fish_quote(o.help)}")
    if not o.flag:
        parts.append(f"-r {_fish_kind(o)}".rstrip())
    return " ".join(parts)


def _fish_kind(a: Argument) -> str:
    if a.choices:
        return f"-f -a {_fish_quote(' '.join(a.choices))}"
    if a.complete in DYNAMIC:
        return f"-f -a {_fish_quote(f'(driven --complete {a.complete} (__driven_root) 2>/dev/null)')}"
    return {"file": "-F", "dir": "-f -a " + _fish_quote("(__fish_complete_directories)")}.get(a.complete, "-f")


def _fish_quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_FISH = """\
# fish completion for driven, made by `driven --install-completion`
function __driven_words
    set -l words
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word {valued}
            set skip 1
        else if not string match -q -- '-*' $word
            set -a words (string replace -a ' ' '?' -- $word)
        end
    end
    string join ' ' -- $words
end
function __driven_root
    set -l words (commandline -opc)
    for i in (seq 2 (count $words))
        if test "$words[$i]" = --root; and set -q words[(math $i + 1)]
            echo -- $words[(math $i + 1)]
            return
        end
        if string match -q -- '--root=*' $words[$i]
            string replace -- --root= '' $words[$i]
            return
        end
    end
end
function __driven_is
    test (__driven_words | string collect --allow-empty) = "$argv"
end
function __driven_at
    string match -q -- "$argv *" (__driven_words)' '
end
function __driven_has
    test (__driven_words | string split ' ' | count) $argv
end
complete -c driven -f"""
