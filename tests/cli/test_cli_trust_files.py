"""``portadoc trust export`` and ``add``: what wallets import of an installation, and whom it believes besides."""

import json
from pathlib import Path
from typing import Any

import pytest

from portadoc.formats.jws import unverified_claims
from portadoc.formats.trust_lists.listing import SchemeOperators
from portadoc.formats.trust_lists.reading import read_trust_list
from portadoc.keys.certificates import from_pem, to_pem
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file
from portadoc.keys.trust.trust_list import ListForm
from portadoc.keys.trust.wallet_providers import wallet_provider_key
from portadoc.randomness import system_random_bytes
from portadoc.wallet_sim.transport import NetworkTransport
from tests.cli.conftest import NOW, Run, Served, told

NAMES = ("attestation.pem", "access.pem", "pub-eaa.jwt", "wrpac.jwt", "operator.pem")


@pytest.fixture(scope="module")
def exported(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of an installation, as the service publishes them."""
    folder = tmp_path_factory.mktemp("exported")
    transport = served.house.wallet.means.transport
    assert isinstance(transport, NetworkTransport)
    for name in NAMES:
        answer = transport.get(f"{served.base_url}/trust/{name}")
        assert (answer.status, answer.headers["cache-control"]) == (200, "public, max-age=300")
        (folder / name).write_bytes(answer.body)
    return folder


def content(file: Path) -> Any:
    """Return what a file says, a list without its number and times."""
    if file.suffix == ".pem":
        return file.read_text()
    return unverified_claims(file.read_text())["LoTE"]["TrustedEntitiesList"]


def test_the_command_writes_what_the_service_publishes(
    portadoc: Any, served: Served, exported: Path, tmp_path: Path
) -> None:
    files = portadoc("trust", "export", "--out", tmp_path / "out")["files"]
    assert [Path(each["file"]).name for each in files] == list(NAMES)
    for name in NAMES:
        assert content(tmp_path / "out" / name) == content(exported / name)
    missing = served.house.wallet.means.transport.get(f"{served.base_url}/trust/private.pem")
    assert missing.status == 404


def test_anchors_certify_the_keys_of_the_installation(served: Served, exported: Path) -> None:
    by_purpose = {purpose: each.certificate for each in served.house.trust.anchors for purpose in each.purposes}
    assert from_pem((exported / "attestation.pem").read_text()) == (by_purpose[KeyPurpose.CREDENTIAL],)
    assert from_pem((exported / "access.pem").read_text()) == (by_purpose[KeyPurpose.METADATA],)


def test_the_list_names_each_issuer_with_the_certificate_above_its_keys(served: Served, exported: Path) -> None:
    operators = SchemeOperators(from_pem((exported / "operator.pem").read_text()))
    text, now = (exported / "pub-eaa.jwt").read_bytes(), served.house.clock.now()
    snapshot = read_trust_list(text, form=ListForm.LOTE, uri="list", operators=operators, now=now, skew_s=0)
    assert snapshot.omitted == ()
    assert {identifier for each in snapshot.entities for identifier in each.identifiers} == {
        "FR:TEST01",
        "FR:TEST02",
        "FR:TEST03",
    }
    chain = served.house.key_ring.signer("fr-demo", KeyPurpose.CREDENTIAL).chain
    assert snapshot.entities[0].services[0].certificates == (chain[-1],)


def test_the_list_of_access_certificates_names_verifiers_too(exported: Path) -> None:
    claims = unverified_claims((exported / "wrpac.jwt").read_text())
    assert claims["LoTE"]["ListAndSchemeInformation"]["LoTEType"].endswith("/EUWRPACProvidersList")
    listed = json.dumps(claims["LoTE"]["TrustedEntitiesList"])
    assert all(identifier in listed for identifier in ("FR:TEST01", "DE:TEST90"))


def test_a_list_of_access_certificates_is_called_one(run: Run, exported: Path) -> None:
    refused = run("trust", "list", exported / "wrpac.jwt", "--signer", exported / "operator.pem")
    assert (refused.exit_code, "trust_list_of_access_certificates" in refused.stderr) == (1, True)


def ring(place: Path, name: str, slug: str, role: Role) -> Path:
    """Make keys of an institution and return whom they say to trust."""
    each = DevelopmentInstitution(slug, f"FR:{slug}", "FR", slug, frozenset({role}))
    folder = place / name / "keys"
    create_development_ring(
        folder, [each], base_url="https://x.example", now=NOW, random_bytes=system_random_bytes, passphrase=b"t"
    )
    return folder / TRUST_FILE


def test_somebody_else_is_believed_beside_those_who_were(run: Run, tmp_path: Path) -> None:
    own, other = (
        ring(tmp_path, "own", "verifier", Role.VERIFIER),
        ring(tmp_path, "other", "wallets", Role.WALLET_PROVIDER),
    )
    before = read_trust_file(own)
    added = told(run("trust", "add", other, "--data-dir", tmp_path / "own", "--json"))["added"]
    after = read_trust_file(own)
    assert "FR:wallets" in [each["added"] for each in added]
    assert after.anchors[: len(before.anchors)] == before.anchors
    assert set(after.authorisations) == {*before.authorisations, *read_trust_file(other).authorisations}
    assert told(run("trust", "add", other, "--data-dir", tmp_path / "own", "--json"))["added"] == []
    renamed = tmp_path / "renamed.json"
    renamed.write_text(other.read_text().replace('"name": "', '"name": "Other: '))
    again = run("trust", "add", renamed, "--data-dir", tmp_path / "own")
    assert (again.stdout, again.stderr) == ("none\n", "")
    assert read_trust_file(own) == after


def test_a_wallet_provider_is_believed_by_its_authorities(run: Run, tmp_path: Path) -> None:
    own = ring(tmp_path, "own", "verifier", Role.VERIFIER)
    other = ring(tmp_path, "other", "wallets", Role.WALLET_PROVIDER)
    signer = KeyRing.open(other.parent, passphrase=b"t").signer("wallets", KeyPurpose.KEY_ATTESTATION)
    (anchor,) = (a for a in read_trust_file(other).anchors if KeyPurpose.KEY_ATTESTATION in a.purposes)
    (tmp_path / "anchors.pem").write_text(to_pem([anchor.certificate]))
    provider = ("trust", "add", tmp_path / "anchors.pem", "--wallet-provider", "FR:wallets")
    assert run(*provider, "--data-dir", tmp_path / "own").exit_code == 2
    unnamed = run("trust", "add", tmp_path / "anchors.pem", "--data-dir", tmp_path / "own")
    assert (unnamed.exit_code, "--wallet-provider ID --country XX" in unnamed.stderr) == (2, True)
    done = run(*provider, "--country", "FR", "--name", "Wallets (test data)", "--data-dir", tmp_path / "own")
    assert done.exit_code == 0, done.stderr
    assert "started again" in done.stderr
    trusted = wallet_provider_key(
        signer.chain, trust=read_trust_file(own), purpose=KeyPurpose.KEY_ATTESTATION, at=NOW
    )
    assert (trusted.institution_id, trusted.anchor) == ("FR:wallets", "Wallets (test data)")
