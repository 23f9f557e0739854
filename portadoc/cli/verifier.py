"""``portadoc verifier``: ask for attestations, read what came of it."""

from typing import Any, Final

import click

from portadoc.cli.asking.ask import ask
from portadoc.cli.asking.result import result
from portadoc.cli.inputs import INPUT_FILE, read_file
from portadoc.cli.output import language, language_option, printable, write_json, write_table
from portadoc.formats.strict_json import loads_object
from portadoc.i18n import render
from portadoc.verification.presets.lint import lint as excess
from portadoc.verification.presets.presets import PRESETS
from portadoc.verification.presets.purposes import PURPOSES

_WITHIN: Final = 0
_TOO_MUCH: Final = 1


@click.group()
def verifier() -> None:
    """Ask a wallet for attestations and read the result."""


verifier.add_command(ask)
verifier.add_command(result)


@verifier.command("presets")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@language_option
def list_presets(*, as_json: bool) -> None:
    """List the questions that can be asked, each with its purpose and the types of attestation that answer it."""
    rows: list[dict[str, Any]] = [
        {
            "id": each.id,
            "title": each.title[language()],
            "purpose": each.purpose,
            "types": [vct for wanted in each.query["credentials"] for vct in wanted["meta"]["vct_values"]],
            "version": each.version,
            "query": each.query,
        }
        for each in PRESETS.values()
    ]
    if as_json:
        write_json({"presets": rows})
    else:
        write_table(("id", "title", "types"), [{**row, "types": ", ".join(row["types"])} for row in rows])


@verifier.command()
@click.argument("file", type=INPUT_FILE)
@click.option("--purpose", "purpose_id", type=click.Choice(tuple(PURPOSES)), required=True, help="What it is for.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@language_option
def lint(*, file: str, purpose_id: str, as_json: bool) -> None:
    """Say whether the DCQL query in FILE (- for standard input) asks for more than its purpose may see.

    Exit code 0: it does not; 1: it does.
    """
    found = excess(loads_object(read_file(file), what="dcql_query"), purpose_id)
    messages = [render(each.code, each.params_in(language()), language()) for each in found]
    if as_json:
        rows = [
            {"code": each.code, **each.params, "message": {"text": said.text, "action": said.action}}
            for each, said in zip(found, messages, strict=True)
        ]
        write_json({"purpose": purpose_id, "findings": rows})
    elif not found:
        click.echo(render("purpose_respected", {"purpose": purpose_id}, language()).text)
    else:
        for said in messages:
            click.secho(printable(said.text), fg="yellow")
            click.echo(f"  {printable(said.action)}")
    raise click.exceptions.Exit(_TOO_MUCH if found else _WITHIN)
