"""Certificates of coverage: for work outside the coordination of the A1, and never mistaken for one."""

from dataclasses import replace
from typing import Any

import pytest

from portadoc.errors import Error, Refused
from portadoc.schemas.catalogue import A1_TYPES, CREDENTIAL_TYPES, credential_types_for, projection_for
from portadoc.schemas.codes import PDA1_STATES
from portadoc.schemas.coverage import BilateralCertificate, CoverageCertificate, MaintenanceCertificate
from portadoc.schemas.examples import example
from portadoc.schemas.projections import COVERAGE_BILATERAL, COVERAGE_MAINTENANCE, PROJECTIONS, Projection
from portadoc.schemas.records import record_from_json, record_to_json, record_warnings
from portadoc.schemas.seals import seal_content

BOTH = (("bilateral-fr-jp", COVERAGE_BILATERAL), ("maintenance-fr-ke", COVERAGE_MAINTENANCE))


def certificate(name: str) -> CoverageCertificate:
    record = example(name)
    assert isinstance(record, BilateralCertificate | MaintenanceCertificate)
    return record


def changed(name: str, **members: Any) -> dict[str, Any]:
    fields = record_to_json(example(name))
    for path, value in members.items():
        *above, last = path.split("__")
        place = fields
        for step in above:
            place = place[step]
        place[last] = value
    return fields


@pytest.mark.parametrize("state", [*sorted(PDA1_STATES), "EL", "UK"])
@pytest.mark.parametrize("name", [name for name, _ in BOTH])
def test_work_in_a_state_of_the_a1_has_no_other_certificate(name: str, state: str) -> None:
    with pytest.raises(Refused) as refusal:
        record_from_json(changed(name, state_of_work=state))
    assert refusal.value.code == "coverage_state_coordinated"
    assert refusal.value.params["member"] == "/state_of_work"


@pytest.mark.parametrize(("name", "projection"), BOTH)
def test_a_certificate_of_ours_reads_without_deviation(name: str, projection: Projection) -> None:
    claims = projection.project(certificate(name))
    assert projection.restore(claims).deviations == ()
    assert projection_for(projection.vct, claims) is projection
    assert {"family_name", "personal_administrative_number", "document_number"} <= {
        path[0] for path in projection.disclosable(claims)
    }
    start, end = projection.coverage_period(claims)
    assert (start, end) == (certificate(name).legislation.start, certificate(name).coverage_end)
    assert projection.document_period(claims)[1] == certificate(name).document_end


@pytest.mark.parametrize(("name", "own"), BOTH)
def test_a_certificate_of_coverage_is_carried_by_its_own_layout_alone(name: str, own: Projection) -> None:
    for projection in PROJECTIONS.values():
        if projection is not own:
            with pytest.raises(Refused, match="projection_kind_differs"):
                projection.project(certificate(name))


def test_a_layout_of_coverage_never_carries_an_a1() -> None:
    for _, projection in BOTH:
        assert projection.vct not in A1_TYPES
        with pytest.raises(Refused, match="projection_kind_differs"):
            projection.project(example("posted-worker-fr-de"))


@pytest.mark.parametrize(("name", "projection"), BOTH)
def test_a_state_of_the_a1_in_a_received_certificate_is_not_read(name: str, projection: Projection) -> None:
    claims = {**projection.project(certificate(name)), "country_work": "DE"}
    read = projection.restore(claims)
    assert [(each.code, each.claim) for each in read.deviations] == [("claim_not_in_form", "country_work")]
    assert "state_of_work" not in read.record_fields


def test_each_kind_has_one_type() -> None:
    assert credential_types_for("bilateral") == ("urn:portadoc:coverage:bilateral:1",)
    assert credential_types_for("maintenance") == ("urn:portadoc:coverage:maintenance:1",)
    assert CREDENTIAL_TYPES["coverage-bilateral"].vct == "urn:portadoc:coverage:bilateral:1"


@pytest.mark.parametrize("name", [name for name, _ in BOTH])
def test_no_seal_is_made_of_it(name: str) -> None:
    with pytest.raises(Refused, match="seal_kind_unsealed"):
        seal_content(example(name))


def test_institutions_of_unusual_form_are_warnings() -> None:
    odd = replace(
        certificate("bilateral-fr-jp"),
        issuing_authority=replace(certificate("bilateral-fr-jp").issuing_authority, id="x"),
    )
    assert isinstance(odd, BilateralCertificate)
    assert [each.member for each in record_warnings(odd)] == ["/issuing_authority/id"]


@pytest.mark.parametrize(
    ("name", "members", "code"),
    [
        ("bilateral-fr-jp", {"agreement": " "}, "text_invalid"),
        ("bilateral-fr-jp", {"national_law": "x"}, "member_unknown"),
        ("maintenance-fr-ke", {"national_law": ""}, "text_invalid"),
        ("maintenance-fr-ke", {"agreement": "x"}, "member_unknown"),
        ("bilateral-fr-jp", {"state_of_work": "ZZ"}, "country_unknown"),
        ("bilateral-fr-jp", {"legislation__state": "JP"}, "country_unknown"),
        ("bilateral-fr-jp", {"legislation__end": "2026-01-01"}, "period_reversed"),
        ("bilateral-fr-jp", {"legislation__end": "2499-01-01"}, "open_end_as_date"),
        ("bilateral-fr-jp", {"legislation__start": "1985-04-11"}, "period_reversed"),
        ("bilateral-fr-jp", {"document__date_of_expiry": "2026-01-01"}, "period_reversed"),
        ("bilateral-fr-jp", {"document__replaces": "CC-FR-2026-0000417"}, "document_replaces_itself"),
        ("bilateral-fr-jp", {"employments": []}, "entry_missing"),
        ("bilateral-fr-jp", {"employments": [{"type": "9", "name": "x", "id": "1"}]}, "code_unknown"),
        ("bilateral-fr-jp", {"person__nationalities": []}, "entry_missing"),
        ("bilateral-fr-jp", {"person__nationalities": ["FR", "FR"]}, "entry_repeated"),
        ("bilateral-fr-jp", {"person__nationalities": ["ZZ"]}, "country_unknown"),
        ("bilateral-fr-jp", {"person__pin": ""}, "text_invalid"),
    ],
)
def test_what_cannot_be_is_refused(name: str, members: dict[str, Any], code: str) -> None:
    with pytest.raises(Error) as refusal:
        record_from_json(changed(name, **members))
    assert refusal.value.code == code
