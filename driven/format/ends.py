"""What two texts have in common at their ends: all that a small edit of a long one leaves."""

from __future__ import annotations


def common_ends(one: bytes, two: bytes) -> tuple[int, int]:
    """How many bytes two texts have in common at their starts, and at the ends of what is left; found by halving, so
    that long texts are compared by the processor and not in a loop."""
    most = min(len(one), len(two))
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == two[low:middle]:
            low = middle
        else:
            high = middle - 1
    prefix, most = low, most - low
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == two[len(two) - middle : len(two) - low]:
            low = middle
        else:
            high = middle - 1
    return prefix, low
