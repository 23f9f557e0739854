"""``portadoc trust pack``: the signed pack of an installation, for those who will judge without a network."""

from pathlib import Path

import click

from portadoc.cli.installation import installation, settings_options
from portadoc.cli.output import duration, write_json


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
    """Write the trust pack of an institution that verifies here, with the newest lists that there are.

    The status lists, the trusted lists and the certificates of seals are fetched first; what cannot be had stays
    as it was, and the age of every list is told.
    Keep the pack beside what was judged from it: with both, the same verdict can be shown again in later years.
    """
    from portadoc.formats.trust_pack import parse_trust_pack, unverified_content
    from portadoc.keys.algorithms import ALL_ALGORITHMS

    with installation(settings_file, data_dir) as house:
        slug = institution or house.verifier.operator
        house.issuer.publish_status_lists()
        house.verifier.refresh_trust_lists()
        house.verifier.refresh_seal_certificates(everything=True)
        house.verifier.refresh_status_lists(everything=True)
        made, now = house.verifier.trust_pack(slug), house.clock.now()
    out_file.write_bytes(made.pack)
    content = unverified_content(parse_trust_pack(made.pack, allowed_algs=ALL_ALGORITHMS))
    ages = {each["uri"]: max(0, now - each["resolved_at"]) for each in content["status_lists"]}
    if as_json:
        told = {"file": str(out_file), "sequence": made.sequence, "as_of": made.as_of, "exp": made.expires_at}
        write_json({**told, "status_lists": [{"uri": uri, "age_s": age} for uri, age in ages.items()]})
        return
    click.echo(f"trust pack {made.sequence}, {len(made.pack)} bytes: {out_file}")
    oldest = f", the oldest fetched {duration(max(ages.values()))} ago" if ages else ""
    click.echo(f"status lists in it: {len(ages)}{oldest}", err=True)
