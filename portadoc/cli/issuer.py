"""``portadoc issuer``: offer an attestation, put it on paper, seal it for print, withdraw it."""

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Final

import click

from portadoc.cli.inputs import Day
from portadoc.cli.installation import installation, settings_options
from portadoc.cli.issuing.example_offer import example_offer
from portadoc.cli.issuing.paper import paper
from portadoc.cli.issuing.policies import former_policies
from portadoc.cli.issuing.records import read_record, require_issuer
from portadoc.cli.issuing.seal import seal
from portadoc.cli.output import write_json, write_qr_code, write_table

if TYPE_CHECKING:
    from portadoc.issuer.store.credential_store import CredentialRow

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


@issuer.command()
@click.argument("institution")
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
    record_file: str | None,
    example_name: str | None,
    configurations: tuple[str, ...],
    tx_code: bool,
    by_reference: bool,
    as_json: bool,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Offer a decided record of INSTITUTION (its slug) to a wallet."""
    record = read_record(record_file, example_name)
    with installation(settings_file, data_dir) as house:
        require_issuer(house, institution)
        record_id = house.issuer.upload(institution, record)
        made = house.issuer.offer(
            institution, record_id, configurations, tx_code=tx_code, by_reference=by_reference
        )
    if as_json:
        write_json({"record_id": record_id, **asdict(made)})
        return
    write_qr_code(made.offer_uri)
    click.echo(made.offer_uri)
    if made.tx_code:
        click.echo(f"transaction code: {made.tx_code}")
    if made.page_uri:
        click.echo(f"page: {made.page_uri}")
    click.echo(f"record: {record_id}")
    click.echo("next: portadoc wallet accept 'OFFER'", err=True)


@issuer.command()
@click.argument("institution")
@click.argument("subject_id", metavar="RECORD-OR-CREDENTIAL")
@click.option(
    "--reason",
    type=click.Choice(REASONS),
    default="facts_changed",
    show_default=True,
    help="Why, for your own records.",
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
        click.echo("no copies to withdraw: already withdrawn, or none was made")
    else:
        click.echo(f"copies withdrawn: {len(done.credential_ids)}; status lists signed: {published}")
        click.echo(f"without effect from {done.effective_from} on; published cause: {done.cause}")
        click.echo(f"verifiers learn of it within {known_within_s} s")


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
