"""Which institution's inspectors a command is about."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from portadoc.errors import Refused

if TYPE_CHECKING:
    from portadoc.serve.house import House

INSTITUTION: Final = click.option(
    "--institution", help="Whose inspectors (slug); default: the first institution that verifies."
)


@contextmanager
def told_as(code: str) -> Iterator[None]:
    """Say in words of its own that what was named is not there. Raises Refused[``code``] for [not_found]."""
    try:
        yield
    except Refused as error:
        if error.code != "not_found":
            raise
        raise Refused(code) from error


def chosen(house: "House", institution: str | None) -> str:
    """Return the slug of the institution that was asked for. Raises click.BadParameter for an unknown one."""
    known, slug = house.inspector.settings.by_slug, institution or house.inspector.settings.first
    if slug not in known:
        raise click.BadParameter(f"one of {', '.join(known) or 'none'}", param_hint="--institution")
    return slug
