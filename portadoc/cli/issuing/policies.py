"""``portadoc issuer former-policies``: copies issued under another disclosure policy than the one in force."""

from dataclasses import asdict

import click

from portadoc.cli.installation import installation, settings_options
from portadoc.cli.issuing.records import require_issuer
from portadoc.cli.output import write_json, write_table


@click.command("former-policies")
@click.argument("institution")
@click.option("--withdraw", is_flag=True, help="Withdraw them for good, and publish the status lists.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def former_policies(
    *, institution: str, withdraw: bool, as_json: bool, settings_file: str | None, data_dir: str | None
) -> None:
    """List the copies that INSTITUTION issued under another disclosure policy than today's, or withdraw them.

    A wallet keeps the policy of the day of issue, so these have to end. Their records stay: offer them again.
    """
    with installation(settings_file, data_dir) as house:
        require_issuer(house, institution)
        rows = [asdict(row) for row in house.issuer.former_policies.copies(institution)]
        ended = house.issuer.former_policies.withdraw(institution) if withdraw else ()
        if withdraw:
            house.issuer.publish_status_lists()
    if as_json:
        write_json({"credentials": rows, "withdrawn": list(ended)})
        return
    write_table(("credential_id", "record_id", "configuration_id"), rows)
    if withdraw:
        click.echo(f"copies withdrawn: {len(ended)}")
