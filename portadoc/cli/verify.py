"""``portadoc verify``: is this presentation to be believed? Offline: nothing is fetched, nothing is kept."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from portadoc.cli.inputs import INPUT_FILE, Day, Moment, read_text
from portadoc.cli.output import (
    explain,
    language,
    language_option,
    printable,
    report_as_json,
    write_json,
    write_report,
)
from portadoc.errors import Misconfigured
from portadoc.i18n import render
from portadoc.schemas.profiles import DEFAULT_PROFILE, PROFILES, profile

if TYPE_CHECKING:
    from portadoc.keys.trust.trust_store import TrustStore
    from portadoc.verification.answers import HeldStatusList, HeldStatusLists
    from portadoc.verification.policy import KeyBindingRefused, KeyBindingRequired
    from portadoc.verification.report import VerificationReport

POLICY_ID: Final = "offline"
_SKEW_S: Final = 60
_MAX_BINDING_AGE_S: Final = 300
_EXIT: Final = {"valid": 0, "invalid": 1, "status_unknown": 3}


@click.command()
@click.argument("file", type=INPUT_FILE)
@click.option(
    "--trust",
    "trust_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=".portadoc/keys/trust.json",
    show_default=True,
    envvar="PORTADOC_TRUST",
    show_envvar=True,
    help="Whom to believe.",
)
@click.option(
    "--status-list", "status_files", type=INPUT_FILE, multiple=True, help="Status list token; repeatable."
)
@click.option("--at", type=Moment(), help="Judge for this time (ISO 8601 or epoch seconds); default: now.")
@click.option("--date", "day", type=Day(), help="Judge periods for this day; default: the day of that time, UTC.")
@click.option("--audience", help="Who the holder presented to; needs --nonce. Requires key binding.")
@click.option("--nonce", help="The nonce that the holder was given; needs --audience.")
@click.option("--type", "types", multiple=True, help="Accept this vct only; repeatable. Default: all known types.")
@click.option(
    "--profile",
    "profile_id",
    type=click.Choice(tuple(PROFILES)),
    default=DEFAULT_PROFILE.id,
    show_default=True,
    help="Edition of the protocols.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@language_option
def verify(
    *,
    file: str,
    trust_file: Path,
    status_files: tuple[str, ...],
    at: int | None,
    day: date | None,
    audience: str | None,
    nonce: str | None,
    types: tuple[str, ...],
    profile_id: str,
    as_json: bool,
) -> None:
    """Verify the SD-JWT or SD-JWT+KB in FILE (- for standard input), offline.

    Exit code 0: valid; 1: not valid; 3: its status cannot be known; 4: the trust file has to be mended.
    """
    from portadoc.clock import SystemClock
    from portadoc.schemas.catalogue import ACCEPTED_VCTS
    from portadoc.verification.policy import VerificationPolicy
    from portadoc.verification.procedure import verify_presentation

    now = SystemClock().now() if at is None else at
    policy = VerificationPolicy(
        policy_id=POLICY_ID,
        accepted_types=frozenset(types) or ACCEPTED_VCTS,
        key_binding=_key_binding(audience, nonce),
        status_required=False,
        profile=profile(profile_id),
        on_date=day or datetime.fromtimestamp(now, UTC).date(),
    )
    text, trust = read_text(file), _read_trust(trust_file)
    status = _status_lists(status_files, trust, now)
    _tell(verify_presentation(text, trust=trust, status=status, policy=policy, now=now), as_json=as_json)


def _read_trust(file: Path) -> "TrustStore":
    """Return whom to believe. Raises Misconfigured[verify_trust_missing] and as ``read_trust_file``."""
    from portadoc.keys.trust.trust_file import read_trust_file

    if not file.exists():
        raise Misconfigured("verify_trust_missing", file=str(file))
    return read_trust_file(file)


def _key_binding(audience: str | None, nonce: str | None) -> "KeyBindingRequired | KeyBindingRefused":
    """Require a key binding exactly when audience and nonce are given: it is decided before the file is read."""
    from portadoc.verification.policy import KeyBindingRefused, KeyBindingRequired

    if (audience is None) != (nonce is None):
        raise click.UsageError("--audience and --nonce belong together")
    if audience is None or nonce is None:
        return KeyBindingRefused()
    return KeyBindingRequired(audience=audience, nonce=nonce, max_age_s=_MAX_BINDING_AGE_S)


def _status_lists(files: Iterable[str], trust: "TrustStore", now: int) -> "HeldStatusLists":
    """Return the lists that can be believed, and why others cannot; the latter is said on stderr as well.

    Of several lists of one address the one that was issued last counts, in whatever order they come.
    """
    from portadoc.errors import Error
    from portadoc.formats.jws import unverified_claims
    from portadoc.verification.answers import HeldStatusList, HeldStatusLists

    lists: dict[str, HeldStatusList] = {}
    files_of: dict[str, str] = {}
    problems = {}
    for file in files:
        uri = ""
        try:
            text = read_text(file)
            uri = str(unverified_claims(text).get("sub"))
            found = _believed(text, uri, trust, now)
        except Error as error:
            _say_of_file("status_list_unusable", file)
            explain(error)
            problems[uri] = ("status_invalid", str(error.params.get("reason", error.code)))
            continue
        held = lists.get(uri)
        if held is not None and found.token.iat <= held.token.iat:
            _say_of_file("status_list_passed_over", file)
            continue
        if held is not None:
            _say_of_file("status_list_passed_over", files_of[uri])
        lists[uri], files_of[uri] = found, file
    return HeldStatusLists(lists, problems)


def _believed(text: str, uri: str, trust: "TrustStore", now: int) -> "HeldStatusList":
    """Return a verified list. Nobody knows when a file was fetched: it counts as fetched when it was issued.

    Raises as ``believe_status_list``.
    """
    from portadoc.formats.status_list.jwt_form import StatusListLimits
    from portadoc.verification.answers import HeldStatusList
    from portadoc.verification.status_tokens import believe_status_list

    found = believe_status_list(text, uri=uri, trust=trust, now=now, skew_s=_SKEW_S, limits=StatusListLimits())
    return HeldStatusList(found.token, found.issued_by, resolved_at=found.token.iat)


def _say_of_file(code: str, file: str) -> None:
    message = render(code, {"file": file}, language())
    click.echo(printable(f"{message.text} {message.action}".strip()), err=True)


def _tell(report: "VerificationReport", *, as_json: bool) -> None:
    if as_json:
        write_json(report_as_json(report))
    else:
        write_report(report)
        _tell_more(report)
    raise click.exceptions.Exit(_EXIT[report.verdict])


def _tell_more(report: "VerificationReport") -> None:
    """Write who says what when all of it holds; on stderr, what to do about a key binding not asked for."""
    if report.valid:
        said = {"institution": report.institution_id or "-", "type": report.credential_type or "-"}
        click.echo(f"  {render('verify_says', said, language()).text}")
        for label, value in _labelled(report):
            click.echo(f"    {label}: {printable(value)}")
    if any(check.code == "kb_unexpected" for check in report.checks):
        advice = render("verify_key_binding_terms", {}, language())
        click.echo(f"{advice.text} {advice.action}", err=True)


def _labelled(report: "VerificationReport") -> Iterable[tuple[str, str]]:
    """Yield label and value of each claim that its layout names."""
    from portadoc.schemas.catalogue import projection_for
    from portadoc.schemas.claims import claims_at

    for row in projection_for(str(report.credential_type), report.claims).claims:
        for _, value in claims_at(report.claims, row.path):
            if not isinstance(value, dict | list):
                yield (row.fr if language() == "fr" else row.en), str(value)
