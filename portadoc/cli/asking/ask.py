"""``portadoc verifier ask``: put a question to a holder."""

import shlex
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import click

from portadoc.cli.inputs import INPUT_FILE, Day, State, read_file
from portadoc.cli.installation import installation, require_verifier, settings_options
from portadoc.cli.output import language, language_option, printable, write_json, write_qr_code
from portadoc.errors import Malformed
from portadoc.formats.strict_json import loads, loads_object
from portadoc.i18n import render
from portadoc.verification.presets.presets import PRESETS, Preset, preset
from portadoc.verification.presets.purposes import PURPOSES

if TYPE_CHECKING:
    from portadoc.verification.policy import WorkAsked
    from portadoc.verifier.requests import CreatedRequest

OWN_QUERY: Final = "own-query"
_TRANSACTION: Final = ("type", "credential_id", "details")


@click.command()
@click.argument("institution")
@click.option("--preset", "preset_id", type=click.Choice(tuple(PRESETS)), help="What to ask.")
@click.option("--query", "query_file", type=INPUT_FILE, help="File with a DCQL query of your own, to ask instead.")
@click.option("--purpose", type=click.Choice(tuple(PURPOSES)), help="What that query is for; warns of more.")
@click.option("--date", "day", type=Day(), help="Judge periods for this day; default: the day of the answer, UTC.")
@click.option("--work-state", type=State(), help="State of the work to be covered, such as DE.")
@click.option("--work-employer", "employers", multiple=True, help="Identifier of an employer; repeatable: one of.")
@click.option("--work-from", type=Day(), help="First day of the work.")
@click.option("--work-to", type=Day(), help="Last day of the work.")
@click.option("--transaction-data", type=INPUT_FILE, help="JSON file with what the holder has to acknowledge.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@language_option
@settings_options
def ask(
    *,
    institution: str,
    preset_id: str | None,
    query_file: str | None,
    purpose: str | None,
    day: date | None,
    transaction_data: str | None,
    as_json: bool,
    settings_file: str | None,
    data_dir: str | None,
    **work: Any,
) -> None:
    """Open a request of INSTITUTION (its slug); print its link and the command that reads its result.

    The session secret is told here only. Wallets reach the request where the installation is served.
    An alternative of a preset that INSTITUTION is not registered for is left out.
    """
    from portadoc.verifier.asking import Asked

    question = _question(preset_id, query_file, purpose)
    acknowledged = () if transaction_data is None else _acknowledged(transaction_data)
    asked = Asked(on_date=day, work=_work(**work), transaction_data=acknowledged)
    with installation(settings_file, data_dir) as house:
        require_verifier(house, institution)
        made = house.verifier.create_request(institution, question, asked=asked)
    if as_json:
        write_json(_as_json(made))
    else:
        _tell(made, institution, settings_file, data_dir)


def _question(preset_id: str | None, query_file: str | None, purpose: str | None) -> Preset:
    if (preset_id is None) == (query_file is None):
        raise click.UsageError("name either --preset or --query")
    if preset_id is not None:
        if purpose is not None:
            raise click.UsageError("--purpose belongs to --query: a preset has its own")
        return preset(preset_id)
    query = loads_object(read_file(str(query_file)), what="dcql_query")
    return Preset(id=OWN_QUERY, query=query, purpose=purpose)


def _work(
    *, work_state: str | None, employers: tuple[str, ...], work_from: date | None, work_to: date | None
) -> "WorkAsked | None":
    from portadoc.verification.policy import WorkAsked

    if not (work_state or employers or work_from or work_to):
        return None
    return WorkAsked(state=work_state, employers=frozenset(employers), first=work_from, last=work_to)


def _acknowledged(file: str) -> tuple[str, ...]:
    """Return the items of a file: one object or an array, as the management address takes them."""
    from portadoc.formats.openid4vp.transaction_data import make_transaction_data

    read = loads(read_file(file), what="transaction_data")
    items = read if isinstance(read, list) else [read]
    for item in items:
        if not isinstance(item, dict) or set(item) != set(_TRANSACTION) or not isinstance(item["details"], dict):
            raise Malformed("member_invalid", member="/transaction_data", expected=", ".join(_TRANSACTION))
    return tuple(
        make_transaction_data(str(item["type"]), item["details"], credential_id=str(item["credential_id"]))
        for item in items
    )


def _as_json(made: "CreatedRequest") -> dict[str, Any]:
    return {
        "transaction_id": made.transaction_id,
        "session_secret": made.session_secret,
        "request_uri": made.request_uri,
        "link": made.link,
        "expires_at": made.expires_at,
        "warnings": [{"code": each.code, **each.params} for each in made.excess],
    }


def _tell(made: "CreatedRequest", institution: str, settings_file: str | None, data_dir: str | None) -> None:
    """Write the link, and the two commands that follow, ready to be pasted; the secret goes by standard input."""
    for each in made.excess:
        message = render(each.code, each.params_in(language()), language())
        click.secho(printable(message.text), fg="yellow", err=True)
    write_qr_code(made.link)
    click.echo(made.link)
    click.echo(f"transaction: {made.transaction_id}")
    click.echo(f"session secret: {made.session_secret}")
    place = "".join(
        f" {option} {shlex.quote(value)}"
        for option, value in (("--config", settings_file), ("--data-dir", data_dir))
        if value is not None
    )
    reads = f"portadoc verifier result {institution} {made.transaction_id} -{place}"
    click.echo(f"next: portadoc wallet present {shlex.quote(made.link)}{place}", err=True)
    click.echo(f"then: printf '%s' {made.session_secret} | {reads}", err=True)
