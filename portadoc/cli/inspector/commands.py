"""``portadoc inspector``: pair devices, read visits, export them, hand out site dossiers."""

import click

from portadoc.cli.inspector.devices import devices, pair, revoke
from portadoc.cli.inspector.dossiers import dossier
from portadoc.cli.inspector.verify import verify
from portadoc.cli.inspector.visits import export, visits


@click.group()
def inspector() -> None:
    """Pair the devices of inspectors, and read and export what they bring back."""


for command in (pair, devices, revoke, visits, export, verify, dossier):
    inspector.add_command(command)
