"""``portadoc verifier``: ask for attestations, read what came of it."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from portadoc.cli.inputs import INPUT_FILE, STDIN, Day, read_file, read_text
from portadoc.cli.installation import installation, settings_options
from portadoc.cli.output import (
    language,
    language_option,
    printable,
    write_json,
    write_qr_code,
    write_report,
    write_table,
)
from portadoc.formats.strict_json import loads_object
from portadoc.i18n import render
from portadoc.verification.presets.lint import lint as excess
from portadoc.verification.presets.presets import PRESETS, preset
from portadoc.verification.presets.purposes import PURPOSES

if TYPE_CHECKING:
    from portadoc.serve.house import House
    from portadoc.verifier.results import Result
    from portadoc.verifier.sessions import SessionView

_ACCEPTED: Final = 0
_REFUSED: Final = 1
_TOO_MUCH: Final = 1
_NO_ANSWER: Final = 3
_EXIT: Final = {"accepted": _ACCEPTED, "refused": _REFUSED, "undecided": 3}
_SHOWN: Final = {
    "accepted": ("result_accepted", "green"),
    "refused": ("result_refused", "red"),
    "undecided": ("result_undecided", "yellow"),
}


@click.group()
def verifier() -> None:
    """Ask a wallet for attestations and read the result."""


@verifier.command()
@click.argument("institution")
@click.option("--preset", "preset_id", type=click.Choice(tuple(PRESETS)), required=True, help="What to ask.")
@click.option("--date", "day", type=Day(), help="Judge periods for this day; default: the day of the answer, UTC.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def ask(
    *,
    institution: str,
    preset_id: str,
    day: date | None,
    as_json: bool,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Open a request of INSTITUTION (its slug); print its link and what reads its result.

    The session secret is told here only. Wallets reach the request where the installation is served.
    """
    from portadoc.verifier.asking import Asked

    with installation(settings_file, data_dir) as house:
        _require_known(house, institution)
        made = house.verifier.create_request(institution, preset(preset_id), asked=Asked(on_date=day))
    if as_json:
        write_json(
            {
                "transaction_id": made.transaction_id,
                "session_secret": made.session_secret,
                "request_uri": made.request_uri,
                "link": made.link,
                "expires_at": made.expires_at,
                "warnings": [{"code": each.code, **each.params} for each in made.excess],
            }
        )
        return
    for each in made.excess:
        click.secho(
            printable(render(each.code, each.params_in(language()), language()).text), fg="yellow", err=True
        )
    write_qr_code(made.link)
    click.echo(made.link)
    click.echo(f"transaction: {made.transaction_id}")
    click.echo(f"session secret: {made.session_secret}")
    click.echo("next: portadoc wallet present 'LINK'", err=True)
    click.echo(f"then: portadoc verifier result {institution} TRANSACTION -", err=True)


@verifier.command(context_settings={"ignore_unknown_options": True})
@click.argument("institution")
@click.argument("transaction")
@click.argument("secret")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@language_option
@settings_options
def result(
    *,
    institution: str,
    transaction: str,
    secret: str,
    as_json: bool,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Show what came of TRANSACTION to whoever knows its session SECRET; - reads it from standard input.

    An argument can be read by others on this machine, standard input cannot.
    Exit code 0: accepted; 1: refused; 3: somebody has to look, or there is no answer (yet).
    """
    session_secret = read_text(STDIN) if secret == STDIN else secret
    with installation(settings_file, data_dir) as house:
        _require_known(house, institution)
        view = house.verifier.result(institution, transaction, session_secret)
    if as_json:
        found = None if view.result is None else view.result.to_json()
        write_json(
            {
                "phase": view.phase.value,
                "expires_at": view.expires_at,
                "result": found,
                "receipt": view.receipt,
            }
        )
    elif view.result is None:
        _write_waiting(view)
    else:
        _write_result(view.result)
    if view.result is None:
        raise click.exceptions.Exit(_NO_ANSWER)
    raise click.exceptions.Exit(_EXIT[view.result.decision])


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
    raise click.exceptions.Exit(_TOO_MUCH if found else _ACCEPTED)


def _require_known(house: "House", institution: str) -> None:
    known = [each.slug for each in house.verifier.settings.institutions]
    if institution not in known:
        raise click.BadParameter(f"one of {', '.join(known) or 'none'}", param_hint="INSTITUTION")


def _write_waiting(view: "SessionView") -> None:
    """Write that there is no answer, and until when one can come."""
    end = datetime.fromtimestamp(view.expires_at, UTC).isoformat(timespec="seconds")
    code = "result_waiting" if view.phase.value == "open" else "result_never_came"
    click.echo(render(code, {"at": end}, language()).text)


def _write_result(found: "Result") -> None:
    """Write the report of each presentation, then what all of it comes to and, if it is not accepted, why."""
    for each in found.presentations:
        click.echo(f"{printable(each.query_id)}:")
        write_report(each.report)
    code, colour = _SHOWN[found.decision]
    conclusion = render(code, {}, language())
    click.secho(f"{conclusion.text} {conclusion.action}".strip(), fg=colour, bold=True)
    first = () if found.problem is None else (found.problem,)
    for problem in (*first, *(each for each in found.problems if each not in first)):
        reason = render(problem.code, problem.params, language())
        click.echo(printable(f"{reason.text} ({problem.full_code})"))
        if reason.action:
            click.echo(printable(reason.action))
