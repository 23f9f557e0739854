"""Options that say whom to believe, the same for every command that judges offline."""

from pathlib import Path
from typing import Final

import click

from portadoc.cli.inputs import INPUT_FILE

TRUST: Final = click.option(
    "--trust",
    "trust_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=".portadoc/keys/trust.json",
    show_default=True,
    envvar="PORTADOC_TRUST",
    show_envvar=True,
    help="Whom to believe.",
)


def _trust_of(context: click.Context, _: click.Parameter, folder: str | None) -> None:
    """Let the trust file default to that of an installation."""
    if folder is not None:
        default = str(Path(folder) / "keys" / "trust.json")
        context.default_map = {**(context.default_map or {}), "trust_file": default}


DATA_DIR: Final = click.option(
    "--data-dir",
    is_eager=True,
    expose_value=False,
    callback=_trust_of,
    help="Folder of an installation, whose trust file counts unless --trust or PORTADOC_TRUST names another.",
)
ANCHOR: Final = click.option(
    "--anchor",
    "anchor_file",
    type=INPUT_FILE,
    help="PEM certificates of authorities to believe in place of the trust file: the operator's own, or a root.",
)
OPERATOR: Final = click.option(
    "--operator",
    help="Identifier of the institution whose trust pack it has to be, such as DE:TEST90. "
    "Needed unless the anchor is its own authority, or only one may sign packs.",
)
