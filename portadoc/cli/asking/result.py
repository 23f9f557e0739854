"""``portadoc verifier result``: what came of a question, for people, for programs, and to keep."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from portadoc.cli.inputs import STDIN, read_text
from portadoc.cli.installation import installation, require_verifier, settings_options
from portadoc.cli.output import TONES, language, language_option, printable, write_json, write_report
from portadoc.errors import Refused
from portadoc.i18n import render
from portadoc.verification.report import VerificationReport

if TYPE_CHECKING:
    from portadoc.serve.house import House
    from portadoc.verifier.results import Result
    from portadoc.verifier.sessions import SessionView

_NO_ANSWER: Final = 3
_DECLINED: Final = 3
_EXIT: Final = {"accepted": 0, "refused": 1, "undecided": 3}
_SHOWN: Final = {
    "accepted": ("result_accepted", "green"),
    "refused": ("result_refused", "red"),
    "undecided": ("result_undecided", "yellow"),
}
_HOLDER_SAID_NO: Final = "access_denied"
_KEY_FIELDS: Final = frozenset(
    {"legislation", "start", "end", "employments", "workplace", "workplaces", "countries_of_work", "stays"}
)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("institution")
@click.argument("transaction")
@click.argument("secret")
@click.option(
    "--save",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for result, receipt, nonce, audience and trust pack; what was presented is not kept.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@language_option
@settings_options
def result(
    *,
    institution: str,
    transaction: str,
    secret: str,
    folder: Path | None,
    as_json: bool,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Show what came of TRANSACTION to whoever knows its session SECRET; - reads it from standard input.

    An argument can be read by others on this machine, standard input cannot.
    Exit code 0: accepted (green); 1: refused (red); 3: somebody has to look (amber), the holder said no, or there
    is no answer (yet).
    """
    session_secret = read_text(STDIN) if secret == STDIN else secret
    with installation(settings_file, data_dir) as house:
        require_verifier(house, institution)
        view = _view(house, institution, transaction, session_secret)
        if folder is not None and view.result is not None:
            _save(folder, house, institution, transaction, session_secret, view)
    if as_json:
        write_json(_as_json(view))
    elif view.result is None:
        _write_waiting(view)
    else:
        _write_result(view.result)
    raise click.exceptions.Exit(_exit(view.result))


def _view(house: "House", institution: str, transaction: str, session_secret: str) -> "SessionView":
    """Return where the session stands. Raises Refused[result_unknown], whichever of the two is wrong."""
    try:
        return house.verifier.result(institution, transaction, session_secret)
    except Refused as refused:
        if refused.code == "not_found":
            raise Refused("result_unknown") from refused
        raise


def _exit(found: "Result | None") -> int:
    if found is None:
        return _NO_ANSWER
    return _DECLINED if _declined(found) else _EXIT[found.decision]


def _declined(found: "Result") -> bool:
    """Tell whether the holder said no: nothing speaks against anybody then."""
    return found.wallet_error == _HOLDER_SAID_NO


def _as_json(view: "SessionView") -> dict[str, Any]:
    found = None if view.result is None else view.result.to_json()
    return {"phase": view.phase.value, "expires_at": view.expires_at, "result": found, "receipt": view.receipt}


def _save(
    folder: Path, house: "House", institution: str, transaction: str, session_secret: str, view: "SessionView"
) -> None:
    """Write what the verifier holds of a session, for its owner's eyes only; the presentation it does not hold."""
    request = house.verifier.session(institution, transaction, session_secret).request
    texts = {
        "result.json": json.dumps(_as_json(view), indent=2, ensure_ascii=False) + "\n",
        "receipt.jwt": view.receipt,
        "nonce.txt": request.nonce,
        "audience.txt": request.client_id,
    }
    files = {name: text.encode("utf-8") for name, text in texts.items() if text is not None}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in {**files, "trust.pack": house.verifier.trust_pack(institution).pack}.items():
        (folder / name).write_bytes(content)
    click.echo(f"saved: {folder}", err=True)


def _write_waiting(view: "SessionView") -> None:
    """Write that there is no answer, and until when one can come."""
    end = datetime.fromtimestamp(view.expires_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    code = "result_waiting" if view.phase.value == "open" else "result_never_came"
    click.echo(render(code, {"at": end}, language()).text)


def _write_result(found: "Result") -> None:
    """Write the report of each presentation, then what all of it comes to and, if it is not accepted, why."""
    for each in found.presentations:
        click.echo(f"{printable(each.query_id)}:")
        write_report(each.report)
        for label, value in key_claims(each.report):
            click.echo(f"    {label}: {printable(value)}")
    code, colour = ("result_declined", "yellow") if _declined(found) else _SHOWN[found.decision]
    conclusion = render(code, {}, language())
    click.secho(f"{conclusion.text} {conclusion.action}".strip(), fg=colour, bold=True)
    if found.verdict is not None and len(found.presentations) > 1:
        verdict = render(found.verdict.code, {}, language())
        click.secho(printable(f"{found.verdict.colour.upper()}: {verdict.text}"), fg=TONES[found.verdict.colour])
    first = () if found.problem is None or _declined(found) else (found.problem,)
    for problem in (*first, *(each for each in found.problems if each not in first)):
        reason = render(problem.code, problem.params, language())
        click.echo(printable(f"{reason.text} ({problem.full_code})"))
        if reason.action:
            click.echo(printable(reason.action))


def key_claims(report: VerificationReport) -> Iterator[tuple[str, str]]:
    """Yield label and value of what an officer looks for: legislation, period, employer, place of work."""
    from portadoc.schemas.claims import claims_at
    from portadoc.schemas.projections import LAYOUTS

    for row in LAYOUTS[report.layout].claims if report.layout else ():
        if row.field is not None and row.field[0] in _KEY_FIELDS:
            for _, value in claims_at(report.claims, row.path):
                if value is not None and not isinstance(value, dict | list):
                    yield (row.fr if language() == "fr" else row.en), str(value)
