"""``portadoc inspector visits|export``: what devices brought back, and exports that stand alone."""

from pathlib import Path

import click

from portadoc.cli.inspector.options import INSTITUTION, chosen, told_as
from portadoc.cli.installation import installation, settings_options
from portadoc.cli.output import language, language_option, moment, write_json, write_table


@click.command()
@INSTITUTION
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def visits(*, institution: str | None, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """List the visits that came in, the newest first."""
    with installation(settings_file, data_dir) as house:
        found = house.inspector.visits.listed(chosen(house, institution))
    if as_json:
        rows = [
            {
                "visit": each.visit_id,
                "site": each.site,
                "device": each.device_id,
                "opened": each.first_at,
                "closed": each.closed_at,
                "entries": each.entries,
            }
            for each in found
        ]
        write_json({"visits": rows})
        return
    write_table(
        ("visit", "site", "opened", "state", "entries"),
        [
            {
                "visit": each.visit_id,
                "site": each.site or "-",
                "opened": moment(each.first_at),
                "state": "open" if each.closed_at is None else "closed",
                "entries": each.entries,
            }
            for each in found
        ],
    )


@click.command()
@click.argument("visit")
@INSTITUTION
@click.option("--pdf", "pdf_file", type=click.Path(dir_okay=False, path_type=Path), help="Signed PDF to write.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Signed JSON to write.")
@language_option
@settings_options
def export(
    *,
    visit: str,
    institution: str | None,
    pdf_file: Path | None,
    json_file: Path | None,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Export VISIT (its id in the list), signed by the institution: for people as PDF, for systems as JSON."""
    if pdf_file is None and json_file is None:
        raise click.UsageError("name a file to write: --pdf FILE, --json FILE or both")
    with installation(settings_file, data_dir) as house:
        slug, exports = chosen(house, institution), house.inspector.exports
        with told_as("visit_not_here"):
            house.inspector.visits.opened(slug, visit)
        if json_file is not None:
            json_file.write_bytes(exports.as_json(slug, visit))
            click.echo(f"signed JSON: {json_file}")
        if pdf_file is not None:
            pdf_file.write_bytes(exports.as_pdf(slug, visit, language=language()))
            click.echo(f"signed PDF: {pdf_file}")
