"""Proofs of application and certificates of coverage: who may make them, and how a proof ends."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from portadoc.formats.status_list.statuses import status_reference
from portadoc.issuer import WithdrawalReason
from portadoc.issuer.sealing.terms import EndsWith
from portadoc.schemas.catalogue import credential_configuration
from portadoc.schemas.coverage import ApplicationProof, BilateralCertificate
from portadoc.schemas.examples import example
from portadoc.schemas.seals import seal_content
from tests.filed_applications import sealed_application
from tests.unit.issuer.test_issuer_seals import A1, DAY, HEALTH, claims_of, judged, refusal


def proof(**changes: Any) -> ApplicationProof:
    record = example("application-fr-de")
    assert isinstance(record, ApplicationProof)
    return replace(record, **changes)


def of(institution_id: str, country: str = "FR") -> Any:
    return replace(proof().issuing_authority, id=institution_id, country=country)


def copies(rig: Any, institution: str = A1) -> int:
    return len(rig.issuer.credentials(institution))


def test_a_proof_is_recorded_sealed_and_read_as_applied_for_and_not_decided(rig: Any) -> None:
    made = sealed_application(rig.issuer, A1, proof())
    claims = claims_of(rig, made.text)
    assert claims.content == seal_content(proof())
    assert (made.kind, made.document_number, made.document["urgent"]) == ("application", "A1-2026-000123-7", True)
    assert claims.envelope["exp"] == made.expires_at == rig.clock.now() // DAY * DAY + 60 * DAY
    assert made.ends_with is EndsWith.SETTING
    (row,) = rig.issuer.credentials(A1, record_id=made.record_id)
    assert row.vct == "urn:portadoc:seal:application:1"
    rig.issuer.publish_status_lists()
    assert judged(rig, made.text) == "applied_not_decided"


def test_a_proof_ends_when_the_application_is_decided_and_nothing_else_does(rig: Any) -> None:
    first, second = (sealed_application(rig.issuer, A1, proof(reference=each)) for each in ("A1-1", "A1-2"))
    one, other = (status_reference(claims_of(rig, each.text).envelope) for each in (first, second))
    assert one != other
    rig.issuer.withdraw(A1, first.record_id, reason=WithdrawalReason.SUPERSEDED)
    rig.issuer.publish_status_lists()
    assert judged(rig, first.text) == "withdrawn_or_replaced"
    assert judged(rig, second.text) == "applied_not_decided"


def test_a_proof_ends_by_itself(make_rig: Any) -> None:
    rig = make_rig(seal_application_days=5)
    made = sealed_application(rig.issuer, A1, proof())
    rig.clock.advance(DAY * 6)
    rig.issuer.publish_status_lists()
    assert judged(rig, made.text) == "not_in_force_on_date"
    assert datetime.fromtimestamp(made.expires_at, UTC).date() == date(2026, 11, 27)


def test_the_code_beside_it_opens_with_the_case_number_or_the_birth_date(rig: Any) -> None:
    made = sealed_application(rig.issuer, A1, proof())
    for second in ("A1-2026-000123-7", "1985-04-12"):
        assert rig.issuer.seals.codes.seal_behind(made.verification_code, second, source="1.2.3.4") == made.text


def test_an_institution_that_may_not_seal_an_a1_seals_no_application(make_rig: Any) -> None:
    rig = make_rig()
    settings = rig.issuer.settings
    assert "pda1" in settings.by_slug[HEALTH].configuration_ids, "the rule is about what it issues"
    code, params = refusal(lambda: sealed_application(rig.issuer, HEALTH, proof()))
    assert (code, params["institution"]) == ("record_of_other_institution", "FR:TEST02")
    made = sealed_application(rig.issuer, HEALTH, proof(issuing_authority=of("FR:TEST02")))
    assert made.kind == "application"
    assert copies(rig) == 0


@pytest.mark.parametrize("authority", [of("FR:TEST02"), of("FR:TEST01", "DE")])
def test_a_proof_of_another_institution_or_country_is_refused_before_it_is_recorded(
    rig: Any, authority: Any
) -> None:
    assert refusal(lambda: sealed_application(rig.issuer, A1, proof(issuing_authority=authority)))[0] == (
        "record_of_other_institution"
    )
    assert copies(rig) == 0


def test_no_credential_is_offered_of_an_application(rig: Any) -> None:
    made = sealed_application(rig.issuer, A1, proof())
    for configuration in ("pda1", "pda1-rulebook", "pda1-webuild"):
        code, _ = refusal(lambda name=configuration: rig.issuer.offer(A1, made.record_id, [name]))
        assert code == "projection_kind_differs"


def bilateral(**changes: Any) -> BilateralCertificate:
    record = example("bilateral-fr-jp")
    assert isinstance(record, BilateralCertificate)
    return replace(record, **changes)


@pytest.mark.parametrize("configuration", ["pda1", "pda1-rulebook", "pda1-webuild"])
def test_a_certificate_of_coverage_is_never_issued_as_an_a1(rig: Any, configuration: str) -> None:
    record_id = rig.issuer.upload(A1, bilateral())
    assert refusal(lambda: rig.issuer.offer(A1, record_id, [configuration]))[0] == "projection_kind_differs"
    assert refusal(lambda: rig.issuer.seal(A1, record_id, pin="none"))[0] == "seal_kind_not_issued"


def test_a_certificate_of_coverage_is_on_the_legislation_of_the_own_state(rig: Any) -> None:
    foreign = bilateral(legislation=replace(bilateral().legislation, state="DE"))
    code, params = refusal(lambda: rig.issuer.upload(A1, foreign))
    assert (code, params["state"], params["legislation"]) == ("legislation_of_other_state", "FR", "DE")
    other = bilateral(issuing_authority=replace(bilateral().issuing_authority, id="FR:TEST02"))
    assert refusal(lambda: rig.issuer.upload(A1, other))[0] == "record_of_other_institution"


@pytest.mark.parametrize(
    ("name", "configuration"),
    [("bilateral-fr-jp", "coverage-bilateral"), ("maintenance-fr-ke", "coverage-maintenance")],
)
def test_a_certificate_of_coverage_is_offered_where_it_is_issued(
    make_rig: Any, name: str, configuration: str
) -> None:
    rig = make_rig()
    (own, health) = rig.issuer.settings.institutions
    issuing = own.model_copy(update={"configuration_ids": (*own.configuration_ids, configuration)})
    rig = make_rig(institutions=(issuing, health))
    record_id = rig.issuer.upload(A1, example(name))
    rig.last_record = record_id
    offered = rig.issuer.offer(A1, record_id, [configuration])
    token = rig.token(offered)
    answer = rig.request(token, {"credential_configuration_id": configuration, "proofs": {"jwt": [rig.proof()]}})
    assert answer.status == 200, answer.body
    (copy,) = rig.issuer.credentials(A1, record_id=record_id)
    assert copy.vct == credential_configuration(configuration).vct
    assert copy.vct.startswith("urn:portadoc:coverage:")
