"""``read_facts``: the JSON of a case into ``Facts``; strict, and the only door into the rules."""

from collections.abc import Mapping
from typing import Any, Final

from portadoc.rules.facts import kinds, model
from portadoc.rules.facts.reading import (
    amount,
    count,
    day,
    flag,
    invalid,
    list_of,
    object_of,
    one_of,
    percent,
    required,
    state,
    text,
)

_REQUEST: Final = required(
    object_of(
        model.Request,
        {
            "asked_state": state,
            "requested_legislation": state,
            "kind": required(one_of(kinds.RequestKind)),
            "request_date": day,
            "period_start": day,
            "period_end": day,
            "transitional": flag,
            "auto_renewing": flag,
            "regular_pattern": flag,
        },
    )
)
_PERSON: Final = required(
    object_of(
        model.Person,
        {
            "nationality_class": one_of(kinds.NationalityClass),
            "nationality_states": list_of(required(text)),
            "residence_state": state,
            "legally_resident": flag,
            "deceased": flag,
            "withdrawal_agreement": flag,
        },
    )
)
_HOME_ACTIVITY: Final = object_of(
    model.HomeActivity,
    {
        "turnover_share": percent,
        "admin_staff_only": flag,
        "admin_staff_share": percent,
        "home_assignments_share": percent,
        "months_active": amount,
    },
)
_UNKNOWN_ACTIVITY: Final = model.HomeActivity()


def _home_activity(value: Any, pointer: str) -> model.HomeActivity:
    found = _HOME_ACTIVITY(value, pointer)
    assert found is None or isinstance(found, model.HomeActivity)
    return found or _UNKNOWN_ACTIVITY


_EMPLOYER: Final = required(
    object_of(
        model.Employer,
        {
            "ref": required(text),
            "seat_state": state,
            "registered_state": state,
            "kind": one_of(kinds.EmployerKind),
            "seat_clear": flag,
            "home_activity": _home_activity,
        },
    )
)
_ACTIVITY: Final = required(
    object_of(
        model.Activity,
        {
            "state": state,
            "kind": one_of(kinds.ActivityKind),
            "share_of_time": percent,
            "share_of_pay": percent,
            "employer": text,
            "start": day,
            "end": day,
            "regular": flag,
            "telework": flag,
            "third_state": flag,
            "fixed_place": flag,
            "turnover_share": percent,
            "past_share_of_time": percent,
            "share_min": percent,
            "share_max": percent,
            "host_classification": text,
            "role": text,
            "place": text,
            "trade": text,
        },
    )
)
_PERIOD: Final = object_of(model.Period, {"start": day, "end": day})
_POSTING: Final = object_of(
    model.Posting,
    {
        "home_state": state,
        "host_state": state,
        "host_undertakings": list_of(required(text)),
        "start": day,
        "end": day,
        "replaces": one_of(kinds.Replaces),
        "replaced_posting": object_of(
            model.ReplacedPosting, {"start": day, "end": day, "employer_same": flag, "ended_early": flag}
        ),
        "prior_cover": object_of(
            model.PriorCover,
            {
                "basis": one_of(kinds.CoverBasis),
                "since": day,
                "gap_days_before_start": count,
                "days": count,
            },
        ),
        "recruited_for_posting": flag,
        "direct_relationship": flag,
        "group_company": flag,
        "paid_by": one_of(kinds.PaidBy),
        "hired_out_onward": flag,
        "worked_in_home_state_before": flag,
        "pauses": list_of(required(object_of(model.Pause, {"start": day, "end": day, "reason": text}))),
    },
)
_PREVIOUS: Final = object_of(
    model.PreviousPosting,
    {
        "host_state": state,
        "start": day,
        "end": day,
        "same_undertakings": flag,
        "relation": one_of(kinds.Relation),
    },
)
_SELF_EMPLOYED: Final = object_of(
    model.SelfEmployedHome,
    {
        "months_active_before": amount,
        "keeps_means": flag,
        "similar_activity": flag,
        "prior_status": text,
        "business_suspended": flag,
        "real_home_activity": flag,
    },
)
_CERTIFICATE: Final = object_of(
    model.ExistingCertificate,
    {
        "state": state,
        "article": text,
        "start": day,
        "end": day,
        "status": one_of(kinds.CertificateStatus),
        "employer_same": flag,
        "host_state": state,
    },
)


def _agreement(value: Any, pointer: str) -> str | None:
    """Read ``{"agreement": "XX-YY"}``."""
    if value is None:
        return None
    if type(value) is not dict or not set(value) <= {"agreement"}:
        raise invalid(pointer, "object")
    return text(value.get("agreement"), f"{pointer}/agreement")


LISTS: Final = ("employers", "activities", "previous_postings", "existing_a1", "pension_states")
"""Lists that may be null: then it is not known whether there are any, which an empty list says there are not."""


def _members(*values: Any) -> tuple[Any, ...]:
    return values


_FACTS: Final = required(
    object_of(
        _members,
        {
            "applicant_kind": required(one_of(kinds.ApplicantKind)),
            "regime": required(one_of(kinds.Regime)),
            "request": _REQUEST,
            "person": _PERSON,
            "employers": list_of(_EMPLOYER),
            "activities": list_of(_ACTIVITY),
            "posting": _POSTING,
            "previous_postings": list_of(required(_PREVIOUS)),
            "self_employed_home": _SELF_EMPLOYED,
            "mariner": object_of(
                model.Mariner,
                {
                    "flag_state": state,
                    "flag_states": list_of(required(state)),
                    "remunerator_state": state,
                    "waters": one_of(kinds.Waters),
                },
            ),
            "aircrew": object_of(
                model.Aircrew,
                {
                    "home_bases": list_of(
                        required(object_of(model.HomeBase, {"state": state, "start": day, "end": day}))
                    ),
                    "commercial_air_services": flag,
                },
            ),
            "telework": object_of(
                model.Telework,
                {
                    "share_in_residence": percent,
                    "digital_link": flag,
                    "other_state_share": percent,
                    "other_activity_in_residence": flag,
                    "joint_consent": flag,
                    "residence_signatory": flag,
                    "seat_signatory": flag,
                },
            ),
            "contract_staff": object_of(
                model.ContractStaff,
                {
                    "employed_state": state,
                    "last_subject_state": state,
                    "nationality_states": list_of(required(state)),
                    "option_state": state,
                    "option_used_before": flag,
                    "exercised_at_contract": flag,
                },
            ),
            "existing_a1": list_of(required(_CERTIFICATE)),
            "exception": object_of(
                model.ExceptionRequest,
                {
                    "other_state": state,
                    "reply": one_of(kinds.ExceptionReply),
                    "agreed_period": _PERIOD,
                    "grounds": list_of(required(text)),
                },
            ),
            "incoming": object_of(
                model.Incoming,
                {
                    "sed": text,
                    "receiving_state": state,
                    "legislation_state": state,
                    "article": text,
                    "nationalities": list_of(required(text)),
                    "sender_state": state,
                    "workplaces": list_of(required(state)),
                    "resident_in_receiving": flag,
                    "benefits_paid": flag,
                    "existing_membership": _PERIOD,
                },
                rest="further",
            ),
            "procedure": object_of(
                model.Procedure,
                {
                    "kind": text,
                    "informed_on": day,
                    "objection_on": day,
                    "evaluated_on": day,
                    "residence_state": state,
                    "work_states": list_of(required(state)),
                    "first_requested": state,
                    "host": state,
                    "a1_issuer": state,
                    "a1_status": text,
                    "doubt": flag,
                },
                rest="further",
            ),
            "cash_benefit": object_of(model.CashBenefit, {"state": state, "kind": text}),
            "pension_states": list_of(required(state)),
            "voluntary": object_of(
                model.Voluntary,
                {
                    "branch": text,
                    "state": state,
                    "compulsory_state": state,
                    "earlier_activity_in_state": flag,
                    "national_law_allows": flag,
                },
            ),
            "bilateral": _agreement,
            "notes": list_of(required(text)),
        },
    )
)


def read_facts(value: Mapping[str, Any]) -> model.Facts:
    """Read the facts of a case.

    Members that are left out are read as null; unknown members, unknown words and values of another type are
    refused (``incoming`` and ``procedure`` keep plain members that they do not name in ``further``).
    Raises Malformed[facts_invalid] with the JSON pointer of the first member that does not fit.
    """
    members: list[Any] = [*_FACTS(value, ""), frozenset([name for name in LISTS if value.get(name) is None])]
    return model.Facts(*members)
