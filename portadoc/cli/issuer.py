"""``portadoc issuer``: offer an attestation, put it on paper, seal it for print, withdraw it."""

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Final

import click

from portadoc.cli.inputs import Day
from portadoc.cli.installation import installation, settings_options
from portadoc.cli.issuing.example import example
from portadoc.cli.issuing.example_offer import example_offer
from portadoc.cli.issuing.paper import paper
from portadoc.cli.issuing.policies import former_policies
from portadoc.cli.issuing.records import named_record, record_told, require_issuer
from portadoc.cli.issuing.seal import seal
from portadoc.cli.output import moment, write_json, write_qr_code, write_table
from portadoc.errors import Refused

if TYPE_CHECKING:
    from portadoc.issuer import Offer, Withdrawal
    from portadoc.issuer.store.credential_store import CredentialRow
    from portadoc.serve.house import House

REASONS: Final = ("issued_in_error", "fraud", "facts_changed", "holder_request", "superseded")
CAUSES: Final = ("issued_in_error", "facts_changed", "replaced", "ended_early", "other")
"""The words of ``WithdrawalReason`` and ``WithdrawalCause``, whose modules are imported when they are needed."""


@click.group()
def issuer() -> None:
    """Offer attestations, put them on paper, seal them for print, withdraw them."""


issuer.add_command(paper)
issuer.add_command(seal)
issuer.add_command(former_policies)
issuer.add_command(example_offer)
issuer.add_command(example)


@issuer.command()
@click.argument("institution")
@click.argument("record_id", metavar="[RECORD]", required=False)
@click.option("--record", "record_file", type=click.Path(exists=True, dir_okay=False), help="Record as JSON.")
@click.option("--example", "example_name", help="A record of the examples (test data) instead.")
@click.option("--type", "configurations", multiple=True, required=True, help="Configuration; repeatable.")
@click.option("--tx-code", is_flag=True, help="Ask for a transaction code, sent by another channel.")
@click.option("--by-reference", is_flag=True, help="Let the wallet fetch the offer: a small QR code.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def offer(
    *,
    institution: str,
    record_id: str | None,
    record_file: str | None,
    example_name: str | None,
    configurations: tuple[str, ...],
    tx_code: bool,
    by_reference: bool,
    as_json: bool,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Offer a decided RECORD of INSTITUTION (its slug) to a wallet.

    A record that is filed here is named by its id. Of a file (--record) the record in force that says the same is
    taken, and one that says something else under the same document number is refused.
    """
    named = named_record(record_id, record_file, example_name)
    with installation(settings_file, data_dir) as house:
        require_issuer(house, institution)
        _require_tx_code(house, asked=tx_code)
        kept, found = named.kept(house, institution)
        made = house.issuer.offer(institution, kept, configurations, tx_code=tx_code, by_reference=by_reference)
    if as_json:
        write_json({"record_id": kept, "found_in_force": found, **asdict(made)})
        return
    _tell_offer(made)
    click.echo(record_told(kept, found=found))
    code = f" --tx-code {made.tx_code}" if made.tx_code else ""
    click.echo(f"next: portadoc wallet accept 'OFFER'{code}", err=True)


def _require_tx_code(house: "House", *, asked: bool) -> None:
    """Refuse to promise a transaction code that no offer can have. Raises Refused[tx_code_not_possible]."""
    from portadoc.issuer.authorization.offers import OfferFlow

    if asked and house.issuer.offers.usual_flow is not OfferFlow.PRE_AUTHORIZED_CODE:
        raise Refused("tx_code_not_possible", profile=house.settings.profile)


def _tell_offer(made: "Offer") -> None:
    write_qr_code(made.offer_uri)
    click.echo(made.offer_uri)
    if made.tx_code:
        click.echo(f"transaction code: {made.tx_code}")
    if made.page_uri:
        click.echo(f"page: {made.page_uri}")
    click.echo(f"collect by: {moment(made.expires_at)}")


@issuer.command()
@click.argument("institution")
@click.argument("subject_id", metavar="RECORD-OR-CREDENTIAL")
@click.option(
    "--reason",
    type=click.Choice(REASONS),
    required=True,
    help="Why, for your own records; what is published comes of it.",
)
@click.option(
    "--effective-from", type=Day(), help="First day without effect, today or before; default: today, UTC."
)
@click.option("--cause", type=click.Choice(CAUSES), help="Why, as published; default: what the reason comes to.")
@click.option("--successor", metavar="RECORD", help="Record that takes its place.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def withdraw(
    *,
    institution: str,
    subject_id: str,
    reason: str,
    effective_from: date | None,
    cause: str | None,
    successor: str | None,
    as_json: bool,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Withdraw a record with all its copies, or one credential, for good; publish the status list."""
    from portadoc.formats.withdrawal_list import WithdrawalCause
    from portadoc.issuer.records.withdrawals import WithdrawalReason

    with installation(settings_file, data_dir) as house:
        require_issuer(house, institution)
        before = _standing(house, institution, subject_id)
        done = house.issuer.withdraw(
            institution,
            subject_id,
            reason=WithdrawalReason(reason),
            effective_from=effective_from,
            cause=None if cause is None else WithdrawalCause(cause),
            successor=successor,
        )
        published = house.issuer.publish_status_lists()
        known_within_s = house.issuer.settings.status_ttl_s
    if as_json:
        write_json({**asdict(done), "published": published, "known_within_s": known_within_s})
    elif not done.credential_ids:
        click.echo(before)
    else:
        _tell_withdrawal(done, published=published, known_within_s=known_within_s)


def _tell_withdrawal(done: "Withdrawal", *, published: int, known_within_s: int) -> None:
    click.echo(f"copies withdrawn: {len(done.credential_ids)}; status lists signed: {published}")
    click.echo(f"without effect from {done.effective_from} on; published cause: {done.cause}")
    click.echo(f"verifiers learn of it within {known_within_s} s")


def _standing(house: "House", institution: str, subject_id: str) -> str:
    """Return what is to be said when a withdrawal ends no copy."""
    try:
        record = house.issuer.life_cycle.view(institution, subject_id).record
    except Refused:
        return "nothing was withdrawn: this copy was withdrawn already"
    if record.withdrawn_at is not None:
        return f"nothing was withdrawn: this record was withdrawn already, on {moment(record.withdrawn_at)}"
    return "the record is withdrawn; no copy of it was in force"


@issuer.command("list")
@click.argument("institution")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def list_credentials(*, institution: str, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """List the credentials that INSTITUTION has issued: identifiers and states, no personal data."""
    with installation(settings_file, data_dir) as house:
        require_issuer(house, institution)
        rows = [{**asdict(row), "state": _state(row)} for row in house.issuer.credentials(institution)]
    if as_json:
        write_json({"credentials": rows})
        return
    write_table(("credential_id", "record_id", "configuration_id", "state"), rows)


def _state(row: "CredentialRow") -> str:
    """Return what became of a copy: intended, issued or withdrawn."""
    if row.withdrawn_at is not None:
        return "withdrawn"
    return "intended" if row.issued_at is None else "issued"
