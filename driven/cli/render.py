"""The only printer, and the only importer of rich: lines, tables, panels, questions and progress.

Lines are styled here with a few escape codes, so that a sync which prints three does not pay for rich; rich lays out
columns. All text passes `driven.cli.text.safe` on its way out. Not on a terminal it is plain, unwrapped and stable.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence

from driven.cli.text import GONE, safe, safe_line
from driven.errors import DiskError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from rich.console import RenderableType
    from rich.progress import Progress as RichProgress
    from rich.text import Text

# A piece of a line: text, or text with a style such as "bold red" or "dim".
Piece = str | tuple[str, str]
Progress = Callable[[str, int, int], None]  # what is done, how many are, of how many

_CODES = {
    "bold": "1", "dim": "2", "italic": "3", "underline": "4", "reverse": "7", "red": "31", "green": "32",
    "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36",
}  # fmt: skip
_PLAIN_WIDTH = 10_000  # columns where there is no terminal: nothing is wrapped or cut
_LEAST = 6  # columns that the narrowest column keeps
_PATIENCE = 0.5  # seconds of work before a progress bar appears

# With a terminal that can show them, and without.
_GLYPHS = {
    "always": ("●", "*"), "match": ("◆", "+"), "model": ("◇", "?"), "manual": ("○", "@"), "no": ("·", "."),
    "off": ("×", "x"), "paths": ("◆", "+"), "ok": ("✓", "ok"), "warn": ("!", "!"), "fail": ("✗", "x"),
    "loss": ("≈", "~"), "dropped": ("×", "x"), "dash": ("–", "-"), "dot": ("·", "-"), "arrow": ("→", "->"),
    "more": ("…", "..."), "full": ("█", "#"), "empty": ("░", "."),
}  # fmt: skip


def wants_color(stream: TextIO, when: str) -> bool:
    """Whether to colour `stream`: `always`, `never`, or `auto`: NO_COLOR, FORCE_COLOR, TERM, then whether it is a
    terminal (https://no-color.org, https://force-color.org)."""
    if when != "auto":
        return when == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0", "false"):
        return True
    return os.environ.get("TERM") != "dumb" and _isatty(stream)


def _isatty(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


class Output:
    """Where everything is printed. `quiet` drops notes, `verbose` adds details."""

    def __init__(self, *, color: str = "auto", quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self.terminal = _isatty(sys.stdout)
        self.color = wants_color(sys.stdout, color)
        self.error_color = wants_color(sys.stderr, color)
        encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
        self.unicode = encoding.replace("-", "").startswith(("utf", "gb18030"))
        self.refused = False  # whether stdout took no more
        self.kept: list[tuple[bool, str]] | None = None  # what is printed, where somebody keeps it: (on stderr, text)

    @property
    def width(self) -> int:
        """Columns to lay out for."""
        if not self.terminal:
            return _PLAIN_WIDTH
        import shutil

        return max(40, shutil.get_terminal_size().columns)

    @property
    def panel(self) -> int:
        """Columns of a panel, borders included: longer lines are hard to read."""
        return min(self.width, 132) if self.terminal else self.width

    def glyph(self, name: str) -> str:
        """A sign by name, in ASCII where the output cannot carry more."""
        return _GLYPHS[name][0 if self.unicode else 1]

    # Lines

    def line(self, *pieces: Piece, error: bool = False) -> None:
        """Print one line on stdout, or with `error` on stderr."""
        color = self.error_color if error else self.color
        self._write("".join(_ansi(piece, color) for piece in pieces) + "\n", error=error)

    def note(self, *pieces: Piece, error: bool = False) -> None:
        """Print one line unless --quiet."""
        if not self.quiet:
            self.line(*pieces, error=error)

    def detail(self, *pieces: Piece) -> None:
        """Print one line only with --verbose."""
        if self.verbose:
            self.line(*pieces)

    def raw(self, text: str) -> None:
        """Print text that is safe by its making: JSON, a completion script."""
        self._write(text, error=False)

    def _write(self, text: str, *, error: bool) -> None:
        if self.refused and not error:
            return
        stream = sys.stderr if error else sys.stdout
        if self.kept is not None:
            self.kept.append((error, text))
        try:
            if error and not self.refused:
                sys.stdout.flush()
            stream.write(text)
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        except BrokenPipeError:
            raise
        except OSError as failed:
            if self.refused:  # it was told, or cannot be
                return
            if failed.errno in GONE:
                raise
            self.refused = True
            why = (failed.strerror or "unknown").lower()
            raise DiskError(f"the output cannot be written: {why}", hint="look at the disk") from None

    # Layout

    def text(self, *pieces: Piece) -> Text:
        """A cell or a title for rich, made safe; a piece that is just a line end is one."""
        from rich.text import Text

        made = Text()
        for piece in pieces:
            words, style = piece if isinstance(piece, tuple) else (piece, "")
            made.append(words if words == "\n" else safe(words), style or None)
        return made

    def table(
        self,
        rows: Iterable[Sequence[Sequence[Piece] | Piece]],
        *,
        head: Sequence[str] = (),
        right: Sequence[int] = (),
        wrap: Sequence[int] = (),
        cut: Sequence[int] = (),
        stretch: int = -1,
        indent: int = 2,
        room: int = 0,
    ) -> RenderableType:
        """Columns without lines between them. `head` are the titles, `right` the columns that align to the right.

        When the `room` (default: the terminal) is too narrow, the columns in `wrap` break over lines and those in
        `cut` end in `…`; all others keep their width. `stretch` is a column that takes what a terminal has to spare.
        """
        from rich.padding import Padding
        from rich.table import Table

        made = [[self._cell(cell) for cell in row] for row in rows]
        columns = max((len(row) for row in made), default=len(head))
        names = [head[i] if i < len(head) else "" for i in range(columns)]
        natural = [max((_wide(row[i]) for row in made if i < len(row)), default=0) for i in range(columns)]
        natural = [max(len(name), width) for name, width in zip(names, natural, strict=True)]
        flexible = [i for i in range(columns) if i in wrap or i in cut]
        spare = (room or self.width) - indent - 2 * columns - sum(natural)
        widths = list(natural)
        if spare < 0:
            shared = _share([natural[i] for i in flexible], sum(natural[i] for i in flexible) + spare)
            for i, width in zip(flexible, shared, strict=True):
                widths[i] = width
        elif self.terminal and stretch >= 0:
            widths[stretch] += spare
        table = Table(box=None, show_header=bool(head), header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
        for i in range(columns):
            table.add_column(
                names[i],
                justify="right" if i in right else "left",
                width=widths[i],
                no_wrap=i not in wrap,
                overflow="fold" if i in wrap else "ellipsis",
            )
        for row in made:
            table.add_row(*row)
        return Padding(table, (0, 0, 0, indent), expand=False)

    def _cell(self, cell: Sequence[Piece] | Piece) -> Text:
        if isinstance(cell, str):
            return self.text(cell)
        if isinstance(cell, tuple) and len(cell) == 2 and all(isinstance(x, str) for x in cell):
            return self.text((str(cell[0]), str(cell[1])))
        return self.text(*(x if isinstance(x, tuple) else str(x) for x in cell))

    def section(self, title: Text, body: RenderableType, foot: Text) -> None:
        """A panel on a terminal; elsewhere a title line, the body and a foot line."""
        from rich.console import Group

        if not self.terminal:
            self.show(Group(title, body, foot) if foot.plain else Group(title, body))
            return
        from rich import box
        from rich.panel import Panel

        self.show(
            Panel(
                body,
                title=title,
                title_align="left",
                subtitle=foot if foot.plain else None,
                subtitle_align="right",
                box=box.ROUNDED if self.unicode else box.ASCII,
                border_style="dim",
                padding=(0, 1),
                width=self.panel,
            )
        )

    def show(self, renderable: RenderableType) -> None:
        """Lay out with rich and print, without blanks at the ends of lines."""
        from io import StringIO

        from rich.console import Console

        buffer = StringIO()
        console = Console(
            file=buffer,
            width=self.width,
            color_system="standard" if self.color else None,
            force_terminal=self.color,
            no_color=False,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )
        console.print(renderable)
        text = buffer.getvalue()
        if not self.color:
            text = "".join(line.rstrip() + "\n" for line in text.splitlines())
        self._write(text, error=False)

    def code(self, text: str, language: str) -> None:
        """Print `text` highlighted on a coloured terminal, else as it is, line by line."""
        if not self.color:
            for line in text.splitlines():
                self._write(safe_line(line) + "\n", error=False)
            return
        from rich.syntax import Syntax

        shown = "\n".join(safe_line(line) for line in text.splitlines())
        self.show(Syntax(shown, language, theme="ansi_dark", word_wrap=True, background_color="default"))

    # Asking and waiting

    def can_ask(self) -> bool:
        """Whether a person sits at both ends."""
        return _isatty(sys.stdin) and self.terminal

    def ask(self, *question: Piece, ends: bool = False) -> str:
        """The answer typed, stripped; at the end of input "", with `ends` an interruption: nothing was agreed to."""
        self._write("".join(_ansi(piece, self.error_color) for piece in question) + " ", error=True)
        sys.stderr.flush()
        try:
            return input().strip()
        except EOFError:
            if ends:
                raise KeyboardInterrupt from None
            return ""

    def progress(self) -> _Bar:
        """As a context, a function to call as work goes on: a bar on stderr, on a terminal, after half a second."""
        from time import monotonic

        shown = not self.quiet and _isatty(sys.stderr)
        return _Bar(monotonic() + _PATIENCE if shown else float("inf"), monotonic, color=self.error_color)


class _Bar:
    """rich's progress bar, made only once the wait is long enough."""

    def __init__(self, start: float, clock: Callable[[], float], *, color: bool) -> None:
        self._start, self._clock, self._color = start, clock, color
        self._bar: RichProgress | None = None

    def __enter__(self) -> Progress:
        return self.step

    def __exit__(self, *_: object) -> None:
        self.stop()

    def step(self, what: str, done: int, total: int) -> None:
        if self._bar is None:
            if self._clock() < self._start:
                return
            from rich.console import Console
            from rich.progress import Progress as RichProgress

            console = Console(
                file=sys.stderr,
                color_system="standard" if self._color else None,
                highlight=False,
                markup=False,
                emoji=False,
            )
            self._bar = RichProgress(console=console, transient=True)
            self._bar.add_task("")
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], description=safe(what), completed=done, total=total)

    def stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def _wide(text: Text) -> int:
    """Columns of the widest line."""
    return max((line.cell_len for line in text.split("\n")), default=0)


def _share(natural: Sequence[int], room: int) -> list[int]:
    """Divide `room` columns: whoever needs less than an equal share gets what it needs, the others share the rest."""
    widths = list(natural)
    left, open_ = room, sorted(range(len(natural)), key=lambda i: natural[i])
    while open_:
        i = open_.pop(0)
        widths[i] = max(_LEAST, min(natural[i], left // (len(open_) + 1)))
        left -= widths[i]
    return widths


def _ansi(piece: Piece, color: bool) -> str:
    text, style = piece if isinstance(piece, tuple) else (piece, "")
    text = safe_line(text)
    if not color or not style:
        return text
    codes = ";".join(_CODES[word] for word in style.split())
    return f"\x1b[{codes}m{text}\x1b[0m"
