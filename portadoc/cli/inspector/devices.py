"""``portadoc inspector pair|devices|revoke``: which devices may write visits."""

import click

from portadoc.cli.inspector.options import INSTITUTION, chosen, told_as
from portadoc.cli.installation import installation, settings_options
from portadoc.cli.output import moment, write_json, write_qr_code, write_table


@click.command()
@INSTITUTION
@click.option("--name", required=True, help="How the office will know the device, such as its inventory number.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def pair(
    *, institution: str | None, name: str, as_json: bool, settings_file: str | None, data_dir: str | None
) -> None:
    """Make a code that pairs one device, once and within minutes."""
    from portadoc.inspector.devices import shown_code

    with installation(settings_file, data_dir) as house:
        slug = chosen(house, institution)
        made = house.inspector.devices.pairing_code(slug, name)
        address = f"{house.settings.base_url}/inspect/"
    link = f"{address}#pair={made.code}"
    if as_json:
        write_json({"institution": slug, "code": made.code, "expires_at": made.expires_at, "link": link})
        return
    write_qr_code(link)
    click.echo(f"pairing code: {shown_code(made.code)}")
    click.echo(f"good once, until {moment(made.expires_at)}")
    click.echo(f"next: open {address} on the device and type the code there", err=True)


@click.command("devices")
@INSTITUTION
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def devices(*, institution: str | None, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """List the devices that were paired, the newest first."""
    with installation(settings_file, data_dir) as house:
        found = house.inspector.devices.listed(chosen(house, institution))
    if as_json:
        rows = [
            {
                "device": each.device_id,
                "name": each.name,
                "own_name": each.own_name,
                "paired": each.created_at,
                "revoked": each.revoked_at,
            }
            for each in found
        ]
        write_json({"devices": rows})
        return
    write_table(
        ("device", "name", "own_name", "paired", "state"),
        [
            {
                "device": each.device_id,
                "name": each.name,
                "own_name": each.own_name or "-",
                "paired": moment(each.created_at),
                "state": "paired" if each.revoked_at is None else f"revoked {moment(each.revoked_at)}",
            }
            for each in found
        ],
    )


@click.command()
@click.argument("device")
@INSTITUTION
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def revoke(
    *, device: str, institution: str | None, as_json: bool, settings_file: str | None, data_dir: str | None
) -> None:
    """Revoke DEVICE (its id in the list) for good; what it still holds stays encrypted and comes no more."""
    with installation(settings_file, data_dir) as house:
        slug = chosen(house, institution)
        with told_as("device_not_here"):
            house.inspector.devices.revoke(slug, device)
    write_json({"revoked": device}) if as_json else click.echo("revoked")
