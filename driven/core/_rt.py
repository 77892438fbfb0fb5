"""Names that only the compiler needs, without importing `typing` or `mypy_extensions` at run time. Never compiled."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import final as final

    from mypy_extensions import i32 as i32
    from mypy_extensions import i64 as i64
    from mypy_extensions import mypyc_attr as mypyc_attr
    from mypy_extensions import u8 as u8
else:
    i64 = i32 = u8 = int

    def final(cls):
        return cls

    def mypyc_attr(**_):
        return lambda cls: cls


class FormatError(Exception):
    """Bytes or text that are not of the format. `offset` counts bytes (code points for a `str`) from its start."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset

    def __str__(self) -> str:
        return f"{self.message} (at offset {self.offset})"
