"""``portadoc trust anchors``: the certificates by which others can check an installation's packs and receipts."""

import hashlib
from pathlib import Path

import click

from portadoc.cli.installation import installation, settings_options
from portadoc.cli.output import write_json, write_table


@click.command("anchors")
@click.option(
    "--out", "out_file", type=click.Path(dir_okay=False, path_type=Path), required=True, help="PEM file to write."
)
@click.option("--institution", help="Whose authority (slug); default: the first institution that verifies.")
@click.option("--all", "everything", is_flag=True, help="All anchors in force in the installation instead.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def anchors(
    *,
    out_file: Path,
    institution: str | None,
    everything: bool,
    as_json: bool,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Write the authority that certifies the signer of an institution's trust packs, for --anchor.

    Whoever gets the file compares its SHA-256 with you by another way than the one by which the file came.
    """
    from portadoc.formats.trust_pack import parse_trust_pack
    from portadoc.keys.algorithms import ALL_ALGORITHMS
    from portadoc.keys.certificates import parse_certificate, to_pem
    from portadoc.keys.purposes import KeyPurpose

    with installation(settings_file, data_dir) as house:
        trust = house.verifier.trust_lists.current()
        pack = house.verifier.trust_pack(institution or house.verifier.operator).pack
    above = parse_trust_pack(pack, allowed_algs=ALL_ALGORITHMS).unverified_chain[1:2]
    roots = tuple(each.certificate for each in trust.anchors if KeyPurpose.TRUST_LIST in each.purposes)
    chosen = tuple(each.certificate for each in trust.anchors) if everything else above or roots
    out_file.write_text(to_pem(chosen), encoding="ascii")
    rows = [
        {"certificate": parse_certificate(der).subject.rfc4514_string(), "sha256": hashlib.sha256(der).hexdigest()}
        for der in chosen
    ]
    if as_json:
        write_json({"file": str(out_file), "anchors": rows})
    else:
        write_table(("certificate", "sha256"), rows)
