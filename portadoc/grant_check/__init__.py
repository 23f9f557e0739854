"""A second opinion on every grant, by code that shares nothing with the rules that made it."""

from portadoc.grant_check.checker import check_grant

__all__ = ["check_grant"]
