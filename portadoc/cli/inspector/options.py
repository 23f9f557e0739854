"""Which institution's inspectors a command is about."""

from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from portadoc.serve.house import House

INSTITUTION: Final = click.option(
    "--institution", help="Whose inspectors (slug); default: the first institution that verifies."
)


def chosen(house: "House", institution: str | None) -> str:
    """Return the slug of the institution that was asked for. Raises click.BadParameter for an unknown one."""
    known, slug = house.inspector.settings.by_slug, institution or house.inspector.settings.first
    if slug not in known:
        raise click.BadParameter(f"one of {', '.join(known) or 'none'}", param_hint="--institution")
    return slug
