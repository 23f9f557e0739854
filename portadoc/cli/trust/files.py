"""``portadoc trust export`` and ``add``: files that say whom to believe, for others and from others."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portadoc.cli.installation import installation, read, settings_options
from portadoc.cli.output import write_json, write_table

if TYPE_CHECKING:
    from portadoc.keys.purposes import KeyPurpose
    from portadoc.keys.trust.trust_store import TrustAnchor, TrustStore


@click.command()
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder to write into.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def export(*, folder: Path, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """Write what makers of wallets and verifiers import to believe this installation's institutions.

    PEM files of the anchors for attestations and for access certificates; signed lists of both (ETSI TS 119 602)
    with the certificate of their signer. The same files are published under /trust/.
    """
    from portadoc.serve.own_anchors import OwnAnchors

    with installation(settings_file, data_dir) as house:
        own = OwnAnchors(house.settings, house.key_ring, house.trust, house.clock)
        made = {name: make() for name, make in own.files().items()}
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        (folder / name).write_bytes(content)
    rows = [
        {"file": str(folder / name), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in made.items()
    ]
    if as_json:
        write_json({"files": rows})
    else:
        write_table(("file", "sha256"), rows)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--wallet-provider", metavar="ID", help="FILE is PEM: the authorities of a wallet provider with this id."
)
@click.option("--name", default="", help="Its name; default: its id.")
@click.option("--country", help="Its state (ISO 3166 code).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def add(
    *,
    file: Path,
    wallet_provider: str | None,
    name: str,
    country: str | None,
    as_json: bool,
    settings_file: str | None,
    data_dir: str | None,
) -> None:
    """Believe whom FILE (a trust configuration) names, beside those whom this installation believes already.

    What was believed before stays as it is, under the name that it has.

    With --wallet-provider FILE holds certificates, and ID is the organizationIdentifier in the certificates below
    them. Start the server again afterwards. Who is no longer to be believed is taken out of keys/trust.json.
    """
    from portadoc.keys.files.members import replace_json_file
    from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file, trust_to_json
    from portadoc.keys.trust.trust_store import TrustStore

    own = read(settings_file, data_dir).data_dir / "keys" / TRUST_FILE
    known = read_trust_file(own)
    if wallet_provider is None:
        _require_configuration(file)
        more = read_trust_file(file)
    elif country is None:
        raise click.UsageError("--wallet-provider needs --country.")
    else:
        more = _wallet_provider(file.read_text("ascii", "replace"), wallet_provider, name, country)
    had = {each for anchor in known.anchors for each in _vouching(anchor)}
    anchors = tuple(each for each in more.anchors if not _vouching(each) <= had)
    named = {replace(each, name="") for each in known.authorisations}
    authorisations = tuple(each for each in more.authorisations if replace(each, name="") not in named)
    issuers = tuple(each for each in more.web_issuers if each not in known.web_issuers)
    joined = TrustStore(
        (*known.anchors, *anchors), (*known.authorisations, *authorisations), (*known.web_issuers, *issuers)
    )
    replace_json_file(own, trust_to_json(joined))
    rows = [
        *({"added": each.name, "purposes": ", ".join(sorted(each.purposes))} for each in anchors),
        *({"added": each.institution, "purposes": ", ".join(sorted(each.purposes))} for each in authorisations),
        *({"added": each.issuer, "purposes": "credential"} for each in issuers),
    ]
    if as_json:
        write_json({"added": rows})
    else:
        write_table(("added", "purposes"), rows)
    if rows:
        click.echo("A server that is running believes them once it was started again.", err=True)


def _vouching(anchor: "TrustAnchor") -> frozenset[tuple[bytes, str, "KeyPurpose"]]:
    return frozenset((anchor.certificate, anchor.trust_list, each) for each in anchor.purposes)


def _require_configuration(file: Path) -> None:
    """Refuse certificates of whom nobody says what they are for. Raises click.UsageError."""
    content = file.read_bytes()
    if b"-----BEGIN CERTIFICATE" in content and not content.lstrip().startswith(b"{"):
        raise click.UsageError(
            f"{file.name} is PEM: say of whom, with --wallet-provider ID --country XX (a wallet provider's "
            "authorities); without these, FILE is a trust configuration (JSON)."
        )


def _wallet_provider(pem: str, institution: str, name: str, country: str) -> "TrustStore":
    """Return trust in the authorities (PEM) of a wallet provider, for wallets and their keys and nothing else."""
    from portadoc.keys.certificates import from_pem
    from portadoc.keys.purposes import KeyPurpose
    from portadoc.keys.trust.trust_store import Authorisation, TrustAnchor, TrustStore

    vouching = frozenset({KeyPurpose.CLIENT_ATTESTATION, KeyPurpose.KEY_ATTESTATION})
    provider = Authorisation(
        institution=institution,
        name=name or institution,
        country=country,
        issuers=frozenset(),
        purposes=vouching,
        credential_types=frozenset(),
        valid_from=0,
    )
    return TrustStore(tuple(TrustAnchor(name or institution, der, vouching) for der in from_pem(pem)), (provider,))
