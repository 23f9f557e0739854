"""``portadoc inspector dossier``: a link by which a client or main contractor reads what was checked on a site."""

import click

from portadoc.cli.inspector.options import INSTITUTION, chosen, told_as
from portadoc.cli.installation import installation, settings_options
from portadoc.cli.output import moment, write_json, write_qr_code, write_table


@click.command()
@click.argument("site", required=False)
@INSTITUTION
@click.option("--end", "ended", metavar="DOSSIER", help="End this link (its id in the list).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def dossier(
    *,
    site: str | None,
    institution: str | None,
    ended: str | None,
    as_json: bool,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Make a link to the dossier of SITE (its name in the visits), end one, or list them all."""
    if site is not None and ended is not None:
        raise click.UsageError("SITE or --end, not both")
    with installation(settings_file, data_dir) as house:
        slug, dossiers = chosen(house, institution), house.inspector.dossiers
        if ended is not None:
            with told_as("dossier_not_here"):
                dossiers.unlink(slug, ended)
        with told_as("site_not_here"):
            made = None if site is None else dossiers.link(slug, site)
        found, now = dossiers.links(slug), house.clock.now()
    if made is not None:
        told = {"dossier": made.link.dossier_id, "address": made.address, "expires_at": made.link.expires_at}
        if as_json:
            write_json(told)
            return
        write_qr_code(made.address)
        click.echo(made.address)
        click.echo(f"holds until {moment(made.link.expires_at)}; whoever has it can read the dossier")
        return
    rows = [
        {
            "dossier": each.dossier_id,
            "site": each.title,
            "until": each.expires_at if as_json else moment(each.expires_at),
            "holds": each.holds(now) if as_json else "yes" if each.holds(now) else "no",
        }
        for each in found
    ]
    write_json({"dossiers": rows}) if as_json else write_table(("dossier", "site", "until", "holds"), rows)
