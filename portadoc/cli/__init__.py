"""The command line: one small module a command group, imported only when it is called.

Exit codes: 0 ok, 1 not valid, 2 usage (also: no attestation was given to judge), 3 unavailable, 4 misconfigured.
"""

import difflib
import importlib
import sys
from typing import Any, Final

import click

from portadoc import __version__
from portadoc.errors import Error, Misconfigured, Unavailable

COMMANDS: Final = {
    "demo": "portadoc.cli.demo:demo",
    "serve": "portadoc.cli.serve:serve",
    "issuer": "portadoc.cli.issuer:issuer",
    "wallet": "portadoc.cli.wallet:wallet",
    "verifier": "portadoc.cli.verifier:verifier",
    "verify": "portadoc.cli.offline.verify:verify",
    "receipt": "portadoc.cli.offline.receipt:receipt",
    "inspect": "portadoc.cli.inspect:inspect",
    "inspector": "portadoc.cli.inspector.commands:inspector",
    "conformance": "portadoc.cli.conformance:conformance",
    "determine": "portadoc.cli.offline.determine:determine",
    "keys": "portadoc.cli.keys:keys",
    "trust": "portadoc.cli.trust:trust",
    "config": "portadoc.cli.config:config",
}
USAGE: Final = frozenset(
    {
        "attestation_in_lines",
        "attestations_several",
        "batch_file_too_large",
        "batch_file_unreadable",
        "batch_no_document",
        "example_unknown",
        "no_attestation",
    }
)
"""Refusals of what was given on the command line; they say nothing about the validity of anything."""


class LazyCommands(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or name the nearest: click itself does so for groups whose commands are all imported."""
        near = difflib.get_close_matches(args[0], COMMANDS)
        if args[0] not in COMMANDS and near:
            raise click.UsageError(f"No such command {args[0]!r}. Did you mean {' or '.join(near)}?", ctx)
        return super().resolve_command(ctx, args)


class PortadocCommands(LazyCommands):
    """The root group: turns an Error into its sentence on stderr and its exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Error as error:
            from portadoc.cli.output import explain

            explain(error)
            sys.exit(exit_code(error))


def exit_code(error: Error) -> int:
    """Return 2 for a wrong name, 3 for Unavailable, 4 for Misconfigured, 1 for everything that is not valid."""
    if error.code in USAGE:
        return 2
    if isinstance(error, Unavailable):
        return 3
    return 4 if isinstance(error, Misconfigured) else 1


@click.group(cls=PortadocCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="portadoc")
def main() -> None:
    """Issue, hold and verify portable social-security attestations (A1, EHIC) as wallet credentials."""
