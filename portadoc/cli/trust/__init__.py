"""``portadoc trust``: whom to believe."""

from portadoc.cli.trust.commands import trust

__all__ = ["trust"]
