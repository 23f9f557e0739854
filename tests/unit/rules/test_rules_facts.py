"""Reading facts: everything of the form, nothing else."""

from datetime import date
from typing import Any

import pytest

from portadoc.errors import Malformed
from portadoc.rules import read_facts
from portadoc.rules.facts import ApplicantKind, CoverBasis, Regime


def test_facts_become_typed_values(make: Any) -> None:
    facts = read_facts(make())
    assert facts.applicant_kind is ApplicantKind.EMPLOYEE
    assert facts.regime is Regime.EU
    assert facts.request.period_start == date(2027, 3, 1)
    assert facts.posting is not None
    assert facts.posting.prior_cover is not None
    assert facts.posting.prior_cover.basis is CoverBasis.EMPLOYMENT
    assert facts.employers[0].home_activity.turnover_share == 60.0
    assert facts.mariner is None


def test_null_and_left_out_are_not_known_and_never_zero(make: Any) -> None:
    case = make(put={"/employers/0/home_activity/turnover_share": None, "/person/residence_state": None})
    del case["posting"]["paid_by"]
    facts = read_facts(case)
    assert facts.employers[0].home_activity.turnover_share is None
    assert facts.person.residence_state is None
    assert facts.posting is not None
    assert facts.posting.paid_by is None


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/unknown", 1),
        ("/request/unknown", None),
        ("/posting/prior_cover/unknown", True),
        ("/applicant_kind", "astronaut"),
        ("/applicant_kind", None),
        ("/regime", ["EU"]),
        ("/request/kind", None),
        ("/request/period_start", "2027-02-29"),
        ("/request/period_start", "01/03/2027"),
        ("/request/period_start", "20270301"),
        ("/request/period_start", 20270301),
        ("/request/period_start", "9999-12-31"),
        ("/person", None),
        ("/person", []),
        ("/person/deceased", "no"),
        ("/person/deceased", 0),
        ("/person/residence_state", "Germany"),
        ("/person/residence_state", "de"),
        ("/employers", {}),
        ("/employers/0", None),
        ("/employers/0/kind", "Private"),
        ("/employers/0/home_activity/turnover_share", 100.1),
        ("/employers/0/home_activity/turnover_share", -1),
        ("/employers/0/home_activity/turnover_share", "60"),
        ("/employers/0/home_activity/turnover_share", True),
        ("/employers/0/home_activity/turnover_share", float("nan")),
        ("/employers/0/home_activity/admin_staff_only", 1),
        ("/posting/prior_cover/gap_days_before_start", 1.5),
        ("/posting/host_undertakings", "H1"),
        ("/notes", [1]),
        ("/notes", ["x" * 501]),
        ("/bilateral", {"agreement": "NO-US", "more": 1}),
        ("/bilateral", "NO-US"),
        ("/procedure", {"kind": "art16_finality", "more": {}}),
    ],
)
def test_what_does_not_fit_is_refused_with_its_pointer(make: Any, pointer: str, value: Any) -> None:
    with pytest.raises(Malformed) as caught:
        read_facts(make(put={pointer: value}))
    assert caught.value.code == "facts_invalid"
    assert str(caught.value.params["member"]).startswith(pointer)


def test_the_value_is_never_told(make: Any) -> None:
    with pytest.raises(Malformed) as caught:
        read_facts(make(put={"/person/residence_state": "Secret Place"}))
    assert "Secret" not in str(caught.value)


def test_a_strange_member_name_is_not_repeated(make: Any) -> None:
    with pytest.raises(Malformed) as caught:
        read_facts(make(put={"/\x1b[31m": 1}))
    assert caught.value.params["member"] == "/?"


def test_greece_and_the_kingdom_have_one_spelling(make: Any) -> None:
    facts = read_facts(make(put={"/person/residence_state": "EL", "/posting/host_state": "GB"}))
    assert facts.person.residence_state == "GR"
    assert facts.posting is not None
    assert facts.posting.host_state == "UK"


def test_notices_and_procedures_keep_plain_members_that_are_not_named(make: Any) -> None:
    facts = read_facts(make(procedure={"kind": "ac_referral", "review_requested_on": "2027-01-01"}))
    assert facts.procedure is not None
    assert facts.procedure.further == {"review_requested_on": "2027-01-01"}


@pytest.mark.parametrize("value", [None, [], "facts", 3])
def test_something_else_than_an_object_is_refused(value: Any) -> None:
    with pytest.raises(Malformed):
        read_facts(value)
