"""The numbers of filters and tests in compiled templates: they are compared as numbers, not as names. Compiled.

Each is its place in `dtm_layout.FILTERS` or TESTS, which a test holds it against.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

F_ABS: Final = 0
F_CAPITALIZE: Final = 1
F_CENTER: Final = 2
F_DEFAULT: Final = 3
F_FIRST: Final = 4
F_FLOAT: Final = 5
F_INDENT: Final = 6
F_INT: Final = 7
F_JOIN: Final = 8
F_LAST: Final = 9
F_LENGTH: Final = 10
F_LIST: Final = 11
F_LOWER: Final = 12
F_MAX: Final = 13
F_MIN: Final = 14
F_REPLACE: Final = 15
F_REVERSE: Final = 16
F_ROUND: Final = 17
F_SORT: Final = 18
F_STRING: Final = 19
F_SUM: Final = 20
F_TITLE: Final = 21
F_TRIM: Final = 22
F_TRUNCATE: Final = 23
F_UNIQUE: Final = 24
F_UPPER: Final = 25
F_WORDCOUNT: Final = 26

T_BOOLEAN: Final = 0
T_DEFINED: Final = 1
T_DIVISIBLEBY: Final = 2
T_EQ: Final = 3
T_EVEN: Final = 4
T_FALSE: Final = 5
T_FLOAT: Final = 6
T_GE: Final = 7
T_GT: Final = 8
T_IN: Final = 9
T_INTEGER: Final = 10
T_ITERABLE: Final = 11
T_LE: Final = 12
T_LOWER: Final = 13
T_LT: Final = 14
T_MAPPING: Final = 15
T_NE: Final = 16
T_NONE: Final = 17
T_NUMBER: Final = 18
T_ODD: Final = 19
T_SEQUENCE: Final = 20
T_STRING: Final = 21
T_TRUE: Final = 22
T_UNDEFINED: Final = 23
T_UPPER: Final = 24
