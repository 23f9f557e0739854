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
