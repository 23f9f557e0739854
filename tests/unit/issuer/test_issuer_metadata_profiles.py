"""What each profile adds to the issuer metadata. OIDF: metadata-test, metadata-test-signed."""

from pathlib import Path
from typing import Any

import pytest

from portadoc.errors import Misconfigured
from portadoc.formats import jws
from portadoc.formats.openid4vp.registration_certificate import Registration, make_registration_certificate
from portadoc.issuer import InstitutionSettings
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.openid4vci import IssuerMetadata, ReuseMethod, read_message
from tests.unit.formats import wallet_provider_workshop as providers

WELL_KNOWN = "/.well-known/openid-credential-issuer/issuer/fr-demo"
PROFILES = ("ietf-latest", "haip-1.0", "eudi-2026")
PROVIDER_OF_ATTESTATIONS = "https://uri.etsi.org/19475/Entitlement/PUB_EAA_Provider"


def registration(rig: Any, folder: Path, *, sub: str = "FR:TEST01", issued_ago_s: int = 0) -> str:
    """Write a registration certificate and return its file; the registrar is whoever signs it here."""
    issued_at = rig.clock.now() - issued_ago_s
    certificate = make_registration_certificate(
        Registration(
            sub=sub,
            name="Institution A1 (test)",
            country="FR",
            registry_uri="https://registrar.example",
            entitlements=(PROVIDER_OF_ATTESTATIONS,),
            credentials=(),
            purposes={},
            issued_at=issued_at,
            expires_at=issued_at + 86_400,
        ),
        signer=rig.key_ring.signer("fr-demo", KeyPurpose.METADATA),
    )
    file = folder / "registration.jwt"
    file.write_text(certificate + "\n", encoding="ascii")
    return str(file)


def institutions(file: str) -> tuple[InstitutionSettings, ...]:
    return (
        InstitutionSettings(
            slug="fr-demo",
            institution_id="FR:TEST01",
            names={"en": "Test"},
            configuration_ids=("pda1",),
            registration_certificate=file,
        ),
    )


def metadata_of(rig: Any) -> dict[str, Any]:
    content: dict[str, Any] = rig.transport.get(WELL_KNOWN).json()
    return content


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_read_back_by_our_own_wallets_model(make_rig: Any, profile: str) -> None:
    content = metadata_of(make_rig(profile=profile, wallet_trust=providers.TRUST))
    read = read_message(IssuerMetadata, content)
    assert read.to_json() == content
    assert (read.deferred_credential_endpoint or "").endswith("/issuer/fr-demo/deferred")
    assert read.nonce_endpoint is not None
    assert read.credential_request_encryption is not None
    for each in read.credential_configurations_supported.values():
        assert set(each.proof_types_supported or ()) == {"jwt", "attestation"}


@pytest.mark.parametrize("profile", PROFILES)
def test_issu32_the_signed_form_is_there_under_every_profile_and_says_the_same(
    make_rig: Any, profile: str
) -> None:
    rig = make_rig(profile=profile, wallet_trust=providers.TRUST)
    token = rig.transport.get(WELL_KNOWN, headers={"accept": "application/jwt"}).text
    claims = jws.unverified_claims(token)
    plain = metadata_of(rig)
    assert {name: claims[name] for name in plain} == plain


def test_issu38_the_european_profile_says_how_copies_are_used_up(make_rig: Any) -> None:
    read = read_message(
        IssuerMetadata, metadata_of(make_rig(profile="eudi-2026", wallet_trust=providers.TRUST, batch_size=20))
    )
    metadata = read.credential_configurations_supported["pda1"].credential_metadata
    assert metadata is not None
    assert metadata.credential_reuse_policy is not None
    (option,) = metadata.credential_reuse_policy.options or ()
    assert (option.methods, option.batch_size, option.reissue_trigger_unused) == ({ReuseMethod.ONCE_ONLY}, 20, 4)


@pytest.mark.parametrize("profile", ["ietf-latest", "haip-1.0"])
def test_the_other_profiles_say_nothing_of_it(make_rig: Any, profile: str) -> None:
    content = metadata_of(make_rig(profile=profile))
    assert "credential_reuse_policy" not in str(content)
    assert "key_attestations_required" not in str(content)


class TestRegistrationCertificate:
    def test_rprc22_it_is_shown_by_value_under_the_european_profile(self, make_rig: Any, tmp_path: Path) -> None:
        file = registration(make_rig(), tmp_path)
        named = {"institutions": institutions(file), "wallet_trust": providers.TRUST}
        shown = metadata_of(make_rig(profile="eudi-2026", **named))["issuer_info"]
        assert shown == [{"format": "registration_cert", "data": Path(file).read_text("ascii").strip()}]
        assert "issuer_info" not in metadata_of(make_rig(profile="haip-1.0", **named))

    def test_without_one_there_is_none(self, make_rig: Any) -> None:
        assert "issuer_info" not in metadata_of(make_rig(profile="eudi-2026", wallet_trust=providers.TRUST))

    @pytest.mark.parametrize(
        ("fault", "reason"),
        [
            ({"sub": "FR:TEST02"}, "institution_mismatch"),
            ({"issued_ago_s": 2 * 86_400}, "expired"),
        ],
        ids=str,
    )
    def test_one_that_is_not_ours_or_has_run_out_stops_the_start(
        self, make_rig: Any, tmp_path: Path, fault: dict[str, Any], reason: str
    ) -> None:
        file = registration(make_rig(), tmp_path, **fault)
        with pytest.raises(Misconfigured, match=f"paper_unusable.*{reason}"):
            make_rig(profile="eudi-2026", institutions=institutions(file), wallet_trust=providers.TRUST)

    def test_a_file_that_is_not_there_stops_the_start(self, make_rig: Any) -> None:
        with pytest.raises(Misconfigured, match=r"paper_unusable.*unreadable"):
            make_rig(profile="eudi-2026", institutions=institutions("/nowhere.jwt"), wallet_trust=providers.TRUST)
