"""``portadoc trust pack``: the signed pack of an installation, for those who will judge without a network."""

from pathlib import Path

import click

from portadoc.cli.installation import installation, settings_options
from portadoc.cli.output import write_json


@click.command("pack")
@click.option(
    "--out", "out_file", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write."
)
@click.option("--institution", help="Whose pack (slug); default: the first institution that verifies.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def pack(
    *, out_file: Path, institution: str | None, as_json: bool, settings_file: str | None, data_dir: str | None
) -> None:
    """Write the trust pack of an institution that verifies here, made anew when it is due.

    Keep the pack beside what was judged from it: with both, the same verdict can be shown again in later years.
    """
    with installation(settings_file, data_dir) as house:
        made = house.verifier.trust_pack(institution or house.verifier.operator)
    out_file.write_bytes(made.pack)
    if as_json:
        write_json({"file": str(out_file), "sequence": made.sequence, "as_of": made.as_of, "exp": made.expires_at})
    else:
        click.echo(f"trust pack {made.sequence}, {len(made.pack)} bytes: {out_file}")
