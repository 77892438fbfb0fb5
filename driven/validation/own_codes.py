"""The codes that no check has: what the reader of rules, the configuration, plugins, a sync and an import tell.

One table, from which `driven explain-code` and docs/checks.md speak. A test holds it against the sources: every code
that stands there has a check or an entry here. Codes are stable: one that is no longer used is never given out again.
It is a table of prose, so it may have more than 350 lines.
"""

from __future__ import annotations

from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.model.diagnostic import Severity


@frozen(kw_only=False)
class OwnCode:
    """A code without a check. Those that begin with DRV are no findings: they end a run. `fix`: which repair its
    findings may carry, "safe", "unsafe", "both" or "" for none."""

    code: str
    title: str
    severity: Severity
    why: str
    bad: str = ""
    good: str = ""
    fix: str = ""


_ALL = (
    # Rules in .driven/rules: driven.format, driven.project.sources, driven.resolve.
    OwnCode(
        "RUL01", "front matter that is not YAML", "error",
        "What the rule is for stands in its front matter. Where that does not parse, nothing of the rule is known,"
        " and it is written nowhere; its files stay as they are.",
        "description: Handlers: HTTP", 'description: "Handlers: HTTP"',
    ),
    OwnCode(
        "RUL02", "an anchor, alias or tag in the front matter", "error",
        "A short file of aliases can grow to gigabytes, and tags can build objects. Neither is needed in a rule, so"
        " neither is read. A value that begins with `*`, `&` or `!` needs quotes.",
        "description: !important", 'description: "!important"',
    ),
    OwnCode(
        "RUL03", "front matter that is too long, too deep or has too many values", "error",
        "Front matter says what a rule is for, in a few lines. So much of it is an accident or an attack; long text"
        " belongs into the body.",
    ),
    OwnCode(
        "RUL04", "a key that stands twice", "error",
        "YAML readers do not agree on which of the two counts: one editor would take the first, another the last.",
        "apply: always\napply: manual", "apply: manual",
    ),
    OwnCode(
        "RUL05", "front matter that is no list of `key: value` lines", "error",
        "A list or a bare text at the top of a rule has no keys, so nothing is known about the rule.",
        "- src/**/*.py", 'paths: ["src/**/*.py"]',
    ),
    OwnCode(
        "RUL06", "an unknown key", "error",
        "A misspelt key would be passed over, and the rule would silently hold for everything, or for nothing. What"
        " only one editor knows goes below `extra`.",
        "prioritty: 3", "priority: 3",
        fix="both",
    ),
    OwnCode(
        "RUL07", "a value of the wrong type", "error",
        "The key wants another kind of value; guessing at what was meant could change where the rule holds.",
        "priority: high", "priority: 10",
    ),
    OwnCode(
        "RUL08", "an unknown value of `apply`, `kind` or `category`", "error",
        "These keys take one of a few words. Any other one would leave open when the rule is loaded.",
        "apply: sometimes", "apply: model",
        fix="both",
    ),
    OwnCode(
        "RUL09", "`priority` out of range", "error",
        "Rules are put in order by a number from 0 (first) to 255.",
        "priority: 1000", "priority: 200",
    ),
    OwnCode(
        "RUL10", "a glob that cannot be used", "error",
        "Globs are relative to the project and written with `/`. One that is not could match nothing, or files"
        " outside of the project, in a different way in each editor.",
        'paths: ["C:\\\\src\\\\*.py"]', 'paths: ["src/**/*.py"]',
    ),
    OwnCode(
        "RUL11", "`apply: paths` without `paths`", "error",
        "A rule for paths that names none would never be loaded.",
        "apply: paths", 'apply: paths\npaths: ["src/**/*.py"]',
    ),
    OwnCode(
        "RUL12", "a condition that cannot be used", "error",
        "`when` decides whether the rule is written at all. One that does not parse is neither true nor false.",
        'when: file("**/*.tf")', 'when: files("**/*.tf")',
    ),
    OwnCode(
        "RUL13", "a target, tag or editor name that cannot be one", "error",
        "Names are lower-case words joined by `-`. Another one can never be the name of an editor.",
        "targets: [Git Hub]", "targets: [copilot]",
    ),
    OwnCode(
        "RUL14", "`paths` that have no effect", "warning",
        "With `apply: always`, `model` or `manual` the globs do not say when the rule is loaded. One of the two keys"
        " is not what was meant.",
        'apply: always\npaths: ["src/**"]', 'paths: ["src/**"]',
        fix="unsafe",
    ),
    OwnCode(
        "RUL15", "front matter that is not closed", "error",
        "Without the second `---` line the whole file is front matter, and the rule has no text.",
        "---\napply: always\n\nUse tabs.", "---\napply: always\n---\n\nUse tabs.",
    ),
    OwnCode(
        "RUL16", "blank lines above the front matter", "error",
        "Front matter is only what begins on the first line. Below a blank line it is text, and the rule would hold"
        " always.",
        fix="safe",
    ),
    OwnCode(
        "RUL17", "a merge conflict that nobody resolved", "error",
        "The marker lines of git would go to every editor, with both versions of the rule between them.",
    ),
    OwnCode(
        "RUL20", "a file that is not UTF-8", "error",
        "Editors read rules as UTF-8: other bytes come out as wrong characters, or the file is skipped.",
    ),
    OwnCode(
        "RUL21", "a NUL character in a rule", "error",
        "A file with NUL characters is binary for git and for most editors: it is shown and merged by none of them.",
    ),
    OwnCode(
        "RUL22", "a rule file that is too large", "error",
        "A rule has at most 1 MiB. No model reads so much; most editors cut a rule after a few thousand characters.",
    ),
    OwnCode(
        "RUL23", "a file name that gives no rule id", "error",
        "The id of a rule comes from its path. Each part of that needs a letter a-z or a digit.",
        ".driven/rules/???.md", ".driven/rules/errors.md",
    ),
    OwnCode(
        "RUL24", "two files that give one rule id", "error",
        "Both would be written to the same files. Case, accents and signs do not tell two ids apart.",
        ".driven/rules/API.md\n.driven/rules/api.md", ".driven/rules/api.md\n.driven/rules/api-errors.md",
    ),
    OwnCode(
        "RUL25", "a rule file or folder that cannot be read", "error",
        "What it says is not known, so what it wrote before is neither changed nor deleted.",
    ),
    OwnCode(
        "RUL30", "a byte order mark", "warning",
        "Nobody sees it, and some editors then do not see the front matter behind it. It is left out of what is"
        " written.",
        fix="safe",
    ),
    OwnCode(
        "RUL31", "lines that end with CRLF", "warning",
        "What is written has LF. A rule with CRLF differs from its outputs in every line when the two are compared.",
        fix="safe",
    ),
    OwnCode(
        "RUL32", "a lone CR that ends a line", "warning",
        "Old Macs ended lines so. Most tools take all such lines for one.",
        fix="safe",
    ),
    OwnCode(
        "RUL33", "a rule without text", "warning",
        "It has front matter and nothing to say. Every editor would get an empty file.",
    ),
    OwnCode(
        "RUL34", "an empty rule file", "warning",
        "It says nothing, and every editor would get an empty file.",
    ),
    OwnCode(
        "RUL40", "`targets` that name no editor", "warning",
        "No plugin offers an editor of that name, so the name changes nothing: the rule may go to editors it was not"
        " meant for, or to none.",
        "targets: [cursr]", "targets: [cursor]",
        fix="unsafe",
    ),
    # The configuration: driven.project.config.
    OwnCode(
        "CFG01", "an editor or option in the configuration that is not known", "error",
        "Nothing is written for that editor, and what it has on disk stays as it is, until the configuration is"
        " right.",
        "[editors]\ncursr = true", "[editors]\ncursor = true",
        fix="both",
    ),
    # Plugins: driven.registry, driven.emission, driven.validation.engine.
    OwnCode(
        "PLG01", "a plugin that cannot be imported", "warning",
        "Its editors, commands and checks are missing; everything else works. Update or uninstall it.",
    ),
    OwnCode(
        "PLG02", "a plugin that names a hook that does not exist", "warning",
        "It was written for another version of driven. Nothing of it is used.",
    ),
    OwnCode(
        "PLG03", "a plugin that does not fit its hooks", "warning",
        "A hook takes arguments that driven does not give. Nothing of it is used.",
    ),
    OwnCode(
        "PLG04", "a plugin whose hook raised", "warning",
        "What that hook would have offered is missing.",
    ),
    OwnCode(
        "PLG05", "a plugin that offers what the contract does not know", "warning",
        "Of a hook with one bad answer nothing is used, so that half a plugin never decides what is written.",
    ),
    OwnCode(
        "PLG06", "two plugins that offer the same name", "error",
        "The first one stays: ours, else the first by the name of its entry point. DRIVEN_DISABLE_PLUGINS chooses"
        " the other one.",
    ),
    OwnCode(
        "PLG07", "a plugin without a hook", "warning",
        "It is installed, and does nothing.",
    ),
    OwnCode(
        "PLG08", "entry points that cannot be read", "warning",
        "The installation of a distribution is damaged, so its plugins are not found. Reinstall it.",
    ),
    OwnCode(
        "PLG09", "DRIVEN_DISABLE_PLUGINS names no plugin", "warning",
        "The plugin that was to be switched off may be running under another name.",
    ),
    OwnCode(
        "PLG10", "an emitter that failed", "error",
        "Nothing was written for that editor; all others have what the rules say.",
    ),
    OwnCode(
        "PLG11", "a check that failed", "warning",
        "The check raised an error instead of an answer: what it looks for was not looked for in that file. All"
        " other checks went on.",
    ),
    # A sync: driven.planning, driven.workspace, driven.pipeline, driven.sync.
    OwnCode(
        "PLN01", "two editors want different text at one path", "error",
        "Whatever is written, one of the two reads what is not meant for it. Nothing is written there.",
    ),
    OwnCode(
        "SYN01", "a rule cannot be read, and what it wrote before is not known here", "warning",
        "On a machine that has not seen the rule in a good state, shared files and deletions wait: otherwise the"
        " text of a rule that is only misspelt would be taken out of them.",
    ),
    OwnCode(
        "SYN02", "a file that a rule is written to is in conflict", "error",
        "Its text was edited by hand, and its rule was changed too, or nobody's file stands where a rule must go."
        " Both sides are kept until a person chooses one: in an editor by the quick fixes of this finding, in the file"
        " or in the rule, on the command line with `driven sync --adopt` or `--force`. The language server tells it;"
        " `driven status` shows the same.",
    ),
    OwnCode(
        "LSP01", "a file that is too large to be looked at while it is edited", "warning",
        "The language server looks at a file with every key that is pressed. Above two MiB it leaves that to"
        " `driven validate`: no editor sends that much to a model anyway.",
    ),
    OwnCode(
        "DSK01", "a file that could not be written", "error",
        "The disk refused, or somebody saved the file in that moment. Nothing was lost; the next sync writes it.",
    ),
    OwnCode(
        "WCH01", "folders that cannot be watched", "error",
        "The system gives out no more watches, or refused one: changes there are not seen until the watch restarts."
        " `--poll` looks by itself.",
    ),
    OwnCode(
        "WCH02", "another driven is writing in this project", "error",
        "Two writers would undo each other's work, so the watch waits for the other one to finish.",
    ),
    # An import: driven.gathering, driven.intake, driven.rehearsal, driven.placing, the importers.
    OwnCode(
        "IMP01", "a file that cannot be read", "error",
        "It was left out of the import; it stays as it is.",
    ),
    OwnCode(
        "IMP02", "two names that are one file on some disks, or a name that is no plain text", "error",
        "On macOS and Windows `Style.md` and `style.md` are one file: one of the rules would be lost there.",
    ),
    OwnCode(
        "IMP03", "a path that gives the id of another rule, or none", "warning",
        "Each rule needs an id of its own, made from the path of its file; this one got another.",
    ),
    OwnCode(
        "IMP04", "a file that is too large for a rule", "error",
        "A rule has at most 1 MiB, so the file was left out of the import.",
    ),
    OwnCode(
        "IMP05", "a marked section that cannot be told apart", "error",
        "The lines `driven:begin` and `driven:end` do not fit together, so nobody can say which text is a person's"
        " and which is ours. The file was left out of the import.",
    ),
    OwnCode(
        "IMP10", "a rule file that is a link", "warning",
        "A sync writes through no link: that would change a file somewhere else. Where the link leads to a file that"
        " is imported anyway, nothing is lost.",
    ),
    OwnCode(
        "IMP11", "a file that was edited since a sync wrote it", "warning",
        "Its text is a rule already. `driven sync` brings the edit into that rule; an import would make a second"
        " one.",
    ),
    OwnCode(
        "IMP12", "an import that was not followed", "warning",
        "The text behind it is outside of the project, too deep, or one file too many. Its editor goes on reading"
        " it; no other editor gets it.",
    ),
    OwnCode(
        "IMP13", "an importer that failed", "error",
        "The files of that editor were left alone; those of all others were imported.",
    ),
    OwnCode(
        "IMP14", "a file that could be of several editors", "error",
        "The same name means different things to them. `--editor NAME` says whose it is.",
    ),
    OwnCode(
        "IMP15", "a file that a sync will write in a layout of its own", "warning",
        "The editor reads the same from it, but its lines will look different in the next commit.",
    ),
    OwnCode(
        "IMP16", "a file that repeats a rule, and that no sync writes", "warning",
        "Its editor loads the text twice, and the two will not stay the same. Delete it after the next sync.",
    ),
    OwnCode(
        "IMP17", "two rules that are nearly the same", "info",
        "They were probably one, and drifted apart. One rule for both editors cannot do that.",
    ),
    OwnCode(
        "IMP18", "commands, prompts and workflows beside the rules", "info",
        "A person calls these by name; they are no rules, and an import leaves them alone.",
    ),
    # What importers alone find: it is no mistake in the editor, but other editors cannot have it.
    OwnCode(
        "CUR16", "a Cursor file whose path gives the id of another rule, or none", "warning",
        "Each rule needs an id of its own, made from the path of its file; this one got another.",
    ),
    OwnCode(
        "CLA16", "an import from outside of the project", "info",
        "It stays an import of Claude Code's. What stands there is not in the project, so no other editor gets it.",
        "@~/notes/style.md", "@docs/style.md",
    ),
    OwnCode(
        "CLA17", "a personal CLAUDE.local.md", "info",
        "It is one person's, so it is no rule of the project: it is not imported, and Claude Code goes on reading"
        " it.",
    ),
    OwnCode(
        "AID08", "an entry of Aider's `read` that is a folder or outside of the project", "info",
        "Aider goes on reading it; what stands there is no rule of the project, so no other editor gets it.",
        "read: [../style.md]", "read: [docs/style.md]",
    ),
    OwnCode(
        "AID09", "a configuration that Aider cannot read", "warning",
        "Aider stops at it, so none of its rules is loaded.",
    ),
    OwnCode(
        "SKL03", "files beside a skill", "info",
        "They stay where they are. Only the text of the skill goes to other editors, whose copy cannot find them.",
    ),
    # A template: driven.fusion.template_reader, driven.templating.
    OwnCode(
        "TPL01", "a template without front matter", "error",
        "What it is and asks for stands between two lines `---` at the top; the rule that it gives stands below them.",
    ),
    OwnCode(
        "TPL02", "a key of a template that is unknown, missing or of another type", "error",
        "It would be passed over without a word, and the template would be another one than its author meant.",
        "descripton: How errors are raised", "description: How errors are raised",
    ),
    OwnCode(
        "TPL03", "a variable of a template that cannot be one", "error",
        "It could not be asked for, or its default would be refused where it is used.",
        "port: {type: int, default: http}", "port: {type: int, default: 80}",
    ),
    OwnCode(
        "TPL04", "a template's file that cannot be read, or whose name is none", "error",
        "A name is made of small letters, digits, `-` and `/`: people type it, and it becomes the id of a rule. A link"
        " is not followed, and a warning says so. Of more than 5,000 templates the rest is not looked at, nor what lies"
        " more than 8 folders deep.",
    ),
    OwnCode(
        "TPL05", "a value that says something beside its place", "error",
        "It ends the text of front matter that it stands in, so the rule would hold elsewhere, or for another reason.",
        """--set 'package=x"], apply: "always'""", "--set package=x",
    ),
    OwnCode(
        "TPL06", "a template that gives no text, or more than a rule may have", "error",
        "An empty rule says nothing; one that is too long no editor would read whole, and no agent would follow.",
    ),
    # A validation itself: driven.validation.
    OwnCode(
        "TXT02", "a rule file that could not be read", "error",
        "No check has seen it, and an editor may not read it either: it is too large, not readable for you, or a"
        " link that leads out of the project.",
    ),
    OwnCode(
        "SUP01", "a comment that silences nothing", "warning",
        "The finding that it was written for is gone. Left there, it would hide the next one.",
        "<!-- driven-ignore CUR14: agreed with the team -->",
    ),
    OwnCode(
        "SUP02", "a comment that names a code that is none", "warning",
        "It silences nothing, and whoever wrote it believes that it does.",
        "<!-- driven-ignore CRU14: agreed with the team -->", "<!-- driven-ignore CUR14: agreed with the team -->",
    ),
    # What ends a run; `code` in the `error` of --json: driven.errors.
    OwnCode(
        "DRV000", "an error that has no code of its own", "error",
        "The message says what is wrong.",
    ),
    OwnCode(
        "DRV001", "a word on the command line that means nothing", "error",
        "Nothing was done. The hint says what was probably meant; `--help` behind a command lists what it takes.",
    ),
    OwnCode(
        "DRV002", "a configuration that cannot be used", "error",
        "`.driven/config.toml` (or `[tool.driven]` in pyproject.toml) does not parse or says something unknown."
        " Nothing was done, because every guess at it could delete files. All of its mistakes are told at once.",
        "[sync]\nmode = \"twoway\"", "[sync]\nmode = \"two-way\"",
        fix="both",
    ),
    OwnCode(
        "DRV003", "a rule file, a `.drv` or a `.json` that cannot be read", "error",
        "It is damaged, of a later version, or no file of that kind.",
    ),
    OwnCode(
        "DRV004", "no project here, or it is in use", "error",
        "There is no `.driven/` here or above, it cannot be read, or another run is writing in it.",
    ),
    OwnCode(
        "DRV005", "a disk that refuses to be written", "error",
        "It is full, read-only, or a path leads out of the project. What was begun is completed by the next run.",
    ),
    OwnCode(
        "DRV006", "two editors that want different text at one path", "error",
        "Whatever is written, one of the two reads what is not meant for it.",
    ),
    OwnCode(
        "DRV007", "a plugin that is needed here and does not work", "error",
        "It cannot be loaded, or broke its contract. `driven plugin list` says more.",
    ),
    OwnCode(
        "DRV008", "a file that was edited by hand", "error",
        "A sync does not overwrite what a person wrote. `--adopt` takes the edit, `--force` the rule.",
    ),
    OwnCode(
        "DRV009", "something that nobody granted", "error",
        "Foreign code asked for more than its manifest says. Read what it wants before you grant it.",
    ),
    OwnCode(
        "DRV010", "a signature that is missing, broken, or of nobody who is trusted", "error",
        "What is signed is not what was read, or its key is not in this project's list of signers.",
    ),
    OwnCode(
        "DRV011", "foreign code that cannot be held as it must be", "error",
        "This machine lacks what holds it, or it ran into its limits. `driven doctor sandbox` says what there is.",
    ),
    OwnCode(
        "DRV012", "a template that does not compile, or that cannot be rendered", "error",
        "It says something that docs/dtm.md does not list, or a variable that it uses has no value.",
    ),
    OwnCode(
        "DRV014", "a pack that is not here, or cannot be fetched", "error",
        "The server or the repository is not there, does not know the pack, or was cut off. What is here stays; what a"
        " pack wrote that is pinned and not here stays too, until `driven update` brings it or `driven pack forget`"
        " takes its pin back.",
    ),
    OwnCode(
        "DRV070", "a bug in driven", "error",
        "Please report it with the log file that the message names; read that before you paste it.",
    ),
)  # fmt: skip

OWN_CODES: dict[str, OwnCode] = {own.code: own for own in _ALL}
