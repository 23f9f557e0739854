"""What a credential says, for how long, and that copies of it cannot be told to belong together."""

import base64
import hashlib
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from portadoc import base64url
from portadoc.errors import Conflict, Misconfigured
from portadoc.formats import jws, sd_jwt, strict_json
from portadoc.formats.roles import CREDENTIAL
from portadoc.formats.type_metadata import check_integrity
from portadoc.issuer.issuance.credentials import certified_until, make_subject
from portadoc.keys.certificates import from_pem
from portadoc.keys.key_ring import KeyPurpose
from portadoc.keys.trust.trust_file import TRUST_FILE, trust_from_json
from portadoc.schemas.catalogue import credential_configuration
from portadoc.schemas.examples import example
from portadoc.schemas.records import record_from_json, record_to_json
from tests.unit.formats import wallet_provider_workshop as providers
from tests.unit.issuer.issuance_workshop import issued_whatever_the_profile

DAY = 86_400
ALGS = frozenset({"ES256"})


def header_of(text: str) -> dict[str, Any]:
    return strict_json.loads_object(base64url.decode(text.split(".")[0]), what="header")


def midnight(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp())


def test_it_is_bound_to_the_key_that_was_proven(rig: Any) -> None:
    key = rig.new_key()
    response = rig.obtain(rig.token(), [rig.proof(key=key)])
    claims = rig.claims_of(response.json()["credentials"][0]["credential"])
    assert claims["cnf"] == {"jwk": dict(key.public_jwk)}


def test_its_envelope_is_complete_and_its_subject_is_the_projection_of_the_record(rig: Any) -> None:
    claims = rig.claims_of(*rig.issued())
    envelope = {"vct", "vct#integrity", "iss", "iat", "nbf", "exp", "jti", "sub", "cnf", "status"}
    projected = credential_configuration("pda1").projection.project(example("posted-worker-fr-de"))
    assert {name: value for name, value in claims.items() if name not in envelope} == projected
    assert (claims["vct"], claims["iss"]) == ("urn:eudi:pda1:1", "http://127.0.0.1:8700/issuer/fr-demo")


@pytest.mark.parametrize("configuration_id", ["pda1", "pda1-rulebook", "pda1-webuild", "ehic"])
def test_every_configuration_can_be_issued(rig: Any, configuration_id: str) -> None:
    institution = "fr-health" if configuration_id == "ehic" else "fr-demo"
    (text,) = rig.issued(configuration_id=configuration_id, institution=institution)
    assert rig.claims_of(text)["vct"] == credential_configuration(configuration_id).vct


def test_its_header_carries_the_chain_without_the_anchor(rig: Any) -> None:
    header = header_of(*rig.issued())
    assert (header["typ"], set(header)) == ("dc+sd-jwt", {"alg", "typ", "kid", "x5c"})
    assert len(header["x5c"]) == 2


def test_the_trust_store_of_the_ring_resolves_its_chain(rig: Any) -> None:
    (text,) = rig.issued()
    trust = trust_from_json(strict_json.loads_object((rig.key_ring.directory / TRUST_FILE).read_bytes(), what="t"))
    token = jws.split(sd_jwt.parse(text).jws_text, CREDENTIAL, allowed_algs=ALGS)
    trusted = trust.resolve(
        jws.certificate_chain(token),
        purpose=KeyPurpose.CREDENTIAL,
        at=rig.claims_of(text)["iat"],
        credential_type="urn:eudi:pda1:1",
        issuer="http://127.0.0.1:8700/issuer/fr-demo",
        institution="FR:TEST01",
    )
    assert jws.verify(token, trusted.key)["vct"] == "urn:eudi:pda1:1"


def test_only_what_the_layout_hides_is_disclosable_and_every_digest_list_has_decoys(rig: Any) -> None:
    (text,) = rig.issued()
    parts = sd_jwt.parse(text)
    payload = jws.unverified_claims(parts.jws_text)
    assert {"personal_administrative_number", "document_number"}.isdisjoint(payload)
    assert len(payload["_sd"]) == len(parts.disclosures) + 2
    assert payload["_sd_alg"] == "sha-256"


class TestCopies:
    def test_l12_two_days_apart_or_five_seconds_only_the_day_shows(self, rig: Any) -> None:
        (first,) = rig.issued()
        rig.clock.advance(5)
        (second,) = rig.issued()
        times = [{name: rig.claims_of(text)[name] for name in ("iat", "nbf", "exp")} for text in (first, second)]
        assert times[0] == times[1]
        assert [value % DAY for value in times[0].values()] == [0, 0, 0]

    def test_nothing_but_days_and_facts_is_shared(self, rig: Any) -> None:
        texts = rig.issued(copies=10)
        claims = [rig.claims_of(text) for text in texts]
        for name in ("jti", "sub"):
            assert len({each[name] for each in claims}) == 10
        assert len({each["status"]["status_list"]["idx"] for each in claims}) == 10
        assert len({strict_json.dumps(each["cnf"]) for each in claims}) == 10
        digests = [digest for text in texts for digest in jws.unverified_claims(text.split("~")[0])["_sd"]]
        salts = [disclosure[:30] for text in texts for disclosure in sd_jwt.parse(text).disclosures]
        assert len(set(digests)) == len(digests)
        assert len(set(salts)) == len(salts)

    def test_l10_no_three_indices_of_a_batch_stand_in_a_row(self, make_rig: Any) -> None:
        rig = make_rig(status_list_size=131_072)
        claims = [rig.claims_of(text) for text in rig.issued(copies=10)]
        indices = [each["status"]["status_list"]["idx"] for each in claims]
        steps = [later - earlier for earlier, later in pairwise(indices)]
        assert all(step != following for step, following in pairwise(steps))
        assert indices != sorted(indices)


class TestValidity:
    NOW = midnight(2026, 11, 22) + 3_600

    def subject(self, record: Any, *, grace: int | None = None, certified: int = midnight(2030, 1, 1)) -> Any:
        configuration = credential_configuration("pda1")
        return make_subject(
            configuration, record, now=self.NOW, coverage_grace_days=grace, certified_until=certified
        )

    def test_it_lasts_as_long_as_its_configuration_says(self) -> None:
        subject = self.subject(example("posted-worker-fr-de"))
        assert (subject.valid_from, subject.valid_until) == (midnight(2026, 11, 22), midnight(2027, 2, 20))

    def test_it_ends_with_the_last_day_of_the_document(self) -> None:
        assert self.subject(dated(expiry="2026-12-01", end="2026-12-01")).valid_until == midnight(2026, 12, 2)

    @pytest.mark.parametrize("configuration_id", ["pda1", "pda1-rulebook", "pda1-webuild"])
    def test_it_ends_with_the_document_although_its_layout_has_no_place_for_that_day(
        self, configuration_id: str
    ) -> None:
        content = record_to_json(example("posted-worker-fr-de"))
        content["document"]["date_of_expiry"] = "2026-11-23"
        record = record_from_json(content)

        def made(now: int) -> Any:
            return make_subject(
                credential_configuration(configuration_id),
                record,
                now=now,
                coverage_grace_days=None,
                certified_until=midnight(2030, 1, 1),
            )

        assert made(midnight(2026, 11, 23) + 5).valid_until == midnight(2026, 11, 24)
        with pytest.raises(Conflict, match="record_expired"):
            made(midnight(2026, 11, 24))

    def test_a_document_that_ends_today_can_still_be_issued_and_one_that_ended_yesterday_cannot(self) -> None:
        assert self.subject(dated(expiry="2026-11-22", end="2026-11-22")).valid_until == midnight(2026, 11, 23)
        with pytest.raises(Conflict, match="record_expired"):
            self.subject(dated(expiry="2026-11-21", end="2026-11-21"))

    def test_it_does_not_outlive_the_certificate_of_its_signer(self) -> None:
        record = example("posted-worker-fr-de")
        assert self.subject(record, certified=midnight(2026, 12, 24) + 5).valid_until == midnight(2026, 12, 24)
        with pytest.raises(Misconfigured, match="signer_certificate_expired"):
            self.subject(record, certified=self.NOW)

    def test_a_period_in_the_past_does_not_stop_it_unless_the_operator_says_so(self) -> None:
        record = dated(expiry="2026-11-30", end="2026-01-31")
        assert self.subject(record).valid_until > self.NOW
        with pytest.raises(Conflict, match="record_expired"):
            self.subject(record, grace=30)
        assert self.subject(record, grace=400).valid_until > self.NOW


def dated(*, expiry: str, start: str = "2025-11-01", end: str) -> Any:
    """Return the example record with another end of document and another period."""
    fields = record_to_json(example("posted-worker-fr-de"))
    fields["document"]["date_of_issuance"] = start
    fields["document"]["date_of_expiry"] = expiry
    fields["legislation"].update(start=start, end=end)
    return record_from_json(fields)


class TestProfiles:
    @pytest.mark.parametrize("profile", ["ietf-latest", "haip-1.0", "eudi-2026"])
    def test_every_profile_names_the_integrity_of_the_type_metadata(self, make_rig: Any, profile: str) -> None:
        rig = make_rig(profile=profile, wallet_trust=providers.TRUST)
        claims = rig.claims_of(*issued_whatever_the_profile(rig))
        check_integrity(rig.transport.get("/types/urn:eudi:pda1:1").body, claims["vct#integrity"])

    def test_v33_the_european_profile_names_its_category_and_the_certificate(self, make_rig: Any) -> None:
        rig = make_rig(profile="eudi-2026", wallet_trust=providers.TRUST)
        (text,) = issued_whatever_the_profile(rig)
        leaf = rig.key_ring.signer("fr-demo", KeyPurpose.CREDENTIAL).chain[0]
        assert rig.claims_of(text)["category"] == "urn:etsi:esi:eaa:eu:pub"
        assert header_of(text)["x5t#S256"] == base64url.encode(hashlib.sha256(leaf).digest())

    def test_the_high_assurance_profile_has_no_kid_beside_the_chain(self, make_rig: Any) -> None:
        rig = make_rig(profile="haip-1.0", wallet_trust=providers.TRUST)
        assert set(header_of(*issued_whatever_the_profile(rig))) == {"alg", "typ", "x5c"}


def test_the_certificate_of_the_key_ring_bounds_what_is_issued(rig: Any) -> None:
    signer = rig.key_ring.signer("fr-demo", KeyPurpose.CREDENTIAL)
    assert certified_until(signer) % DAY == 0
    assert certified_until(signer) > rig.claims_of(*rig.issued())["exp"]
    assert certified_until(rig.new_key()) > midnight(9999, 1, 1)


class TestCertificateAddress:
    """PuB-EAA-5.6.3-01 to -03: ``x5u``, ``x5t#S256`` and ``x5c`` name one certificate, alike in every copy."""

    def test_pub_eaa_563_the_european_profile_names_the_certificate_in_three_ways(self, make_rig: Any) -> None:
        rig = make_rig(profile="eudi-2026", wallet_trust=providers.TRUST)
        one, other = (header_of(text) for text in issued_whatever_the_profile(rig, copies=2))
        assert one == other
        assert set(one) == {"alg", "typ", "x5c", "x5u", "x5t#S256"}
        chain = tuple(base64.b64decode(text) for text in one["x5c"])
        assert one["x5t#S256"] == base64url.encode(hashlib.sha256(chain[0]).digest())
        found = rig.transport.get(one["x5u"].removeprefix("http://127.0.0.1:8700"))
        assert found.headers["content-type"].startswith("application/pem-certificate-chain")
        assert from_pem(found.text) == chain

    @pytest.mark.parametrize("profile", ["ietf-latest", "haip-1.0"])
    def test_the_others_do_not(self, make_rig: Any, profile: str) -> None:
        rig = make_rig(profile=profile, wallet_trust=providers.TRUST)
        assert not {"x5u", "x5t#S256"} & header_of(*issued_whatever_the_profile(rig)).keys()

    def test_only_certificates_that_sign_credentials_of_the_institution_are_there(self, rig: Any) -> None:
        signers = {
            (slug, purpose): rig.key_ring.signer(slug, purpose)
            for slug in ("fr-demo", "fr-health")
            for purpose in (KeyPurpose.CREDENTIAL, KeyPurpose.METADATA)
        }
        names = {key: base64url.encode(hashlib.sha256(each.chain[0]).digest()) for key, each in signers.items()}
        found = {
            key
            for key, name in names.items()
            if rig.transport.get(f"/issuer/fr-demo/certificates/{name}.pem").status == 200
        }
        assert found == {("fr-demo", KeyPurpose.CREDENTIAL)}
        assert rig.transport.get("/issuer/nowhere/certificates/x.pem").status == 404
