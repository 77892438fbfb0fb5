"""Errors that a client of the API may see."""

from __future__ import annotations


class ApiError(Exception):
    """An answer that is not 2xx: `code` is stable and for machines, `message` is for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def not_found(kind: str, key: str) -> ApiError:
    """404: there is no such thing, or this customer may not know of it."""
    return ApiError(404, f"{kind}_not_found", f"There is no {kind} {key}.")


def invalid(field: str, reason: str) -> ApiError:
    """422: a field of the request is missing or wrong."""
    return ApiError(422, "invalid_request", f"{field} {reason}.")
