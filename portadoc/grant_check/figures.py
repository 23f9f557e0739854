"""The law's own figures, entered a second time: States, first days, numbers of articles, agreements, members."""

from typing import Final

EU: Final = frozenset(
    (
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    )
)
EFTA: Final = frozenset({"IS", "LI", "NO"})
A1_STATES: Final = EU | EFTA | {"CH", "UK"}  # the states of form PD A1
UNION: Final = ("EU", "EEA", "CH", "EFTA", "UK_WA")  # regimes under 883; the scope follows the states of the case
UK: Final = {"UK_WA": EU | {"UK"}, "UK_TCA": EU | {"UK"}, "EFTA_UK": EFTA | {"UK"}}
STATES: Final = dict.fromkeys(UNION, A1_STATES - {"UK"}) | UK | {"BILATERAL": {"NO", "US", "CA", "AU"}}
OLD: Final = {"CH": "2012-04-01", "EEA": "2012-06-01", "EFTA": "2016-01-01"}  # first days of the regimes
SINCE: Final = OLD | {"EFTA_UK": "2024-01-01", "UK_WA": "2021-01-01", "UK_TCA": "2021-01-01"}
NUMBERS: Final = {"UK_TCA": "SSC.10 SSC.11 SSC.12", "EFTA_UK": "13 14 15"}  # for art. 11, 12, 13 of 883
US: Final = {"NO-US employee": ("5(2)", 60), "NO-US self_employed": ("5(4)", 12)}  # agreements of Norway
AGREED: Final = US | {"NO-AU employee": ("9(3)", 36), "NO-CA employee": ("7", 60)}
FOUNDERS: Final = (
    *("AT", "BE", "CH", "CZ", "DE", "ES", "FI", "FR", "HR", "LI", "LU", "MT", "NL", "NO", "PL", "PT", "SE", "SK"),
)
LATER: Final = {"SI": "2023-09-01", "IT": "2024-01-01", "LT": "2024-05-01", "IE": "2024-06-01"}
TELEWORK: Final = dict.fromkeys(FOUNDERS, "2023-07-01") | LATER  # framework agreement: bound since
WORK: Final = ("share_of_time", "share_of_pay")  # 987 art. 14(8)
SEVERAL: Final = (
    "employee",
    "self_employed",
    "employed_and_self_employed",
    "civil_servant",
    "pensioner",
)  # art. 13
MEMBERS: Final = frozenset(
    [
        "activities",
        "admin_staff_only",
        "admin_staff_share",
        "agreed_period",
        "agreement",
        "aircrew",
        "applicant_kind",
        "article",
        "asked_state",
        "auto_renewing",
        "basis",
        "bilateral",
        "business_suspended",
        "cash_benefit",
        "commercial_air_services",
        "contract_staff",
        "days",
        "deceased",
        "digital_link",
        "direct_relationship",
        "employed_state",
        "employer",
        "employer_same",
        "employers",
        "end",
        "ended_early",
        "exception",
        "exercised_at_contract",
        "existing_a1",
        "fixed_place",
        "flag_state",
        "flag_states",
        "gap_days_before_start",
        "grounds",
        "group_company",
        "hired_out_onward",
        "home_activity",
        "home_assignments_share",
        "home_bases",
        "home_state",
        "host_classification",
        "host_state",
        "host_undertakings",
        "incoming",
        "joint_consent",
        "keeps_means",
        "kind",
        "last_subject_state",
        "legally_resident",
        "mariner",
        "months_active",
        "months_active_before",
        "nationality_class",
        "nationality_states",
        "notes",
        "option_state",
        "option_used_before",
        "other_activity_in_residence",
        "other_state",
        "other_state_share",
        "paid_by",
        "past_share_of_time",
        "pauses",
        "pension_states",
        "period_end",
        "period_start",
        "person",
        "place",
        "posting",
        "previous_postings",
        "prior_cover",
        "prior_status",
        "procedure",
        "real_home_activity",
        "reason",
        "recruited_for_posting",
        "ref",
        "regime",
        "registered_state",
        "regular",
        "regular_pattern",
        "relation",
        "remunerator_state",
        "replaced_posting",
        "replaces",
        "reply",
        "request",
        "request_date",
        "requested_legislation",
        "residence_signatory",
        "residence_state",
        "role",
        "same_undertakings",
        "seat_clear",
        "seat_signatory",
        "seat_state",
        "self_employed_home",
        "share_in_residence",
        "share_max",
        "share_min",
        "share_of_pay",
        "share_of_time",
        "similar_activity",
        "since",
        "start",
        "state",
        "status",
        "telework",
        "third_state",
        "trade",
        "transitional",
        "turnover_share",
        "voluntary",
        "waters",
        "withdrawal_agreement",
        "worked_in_home_state_before",
    ]
)
"""The members that facts may have, at any depth."""


def in_full(provision: str) -> str:
    """Return a provision with the names of the texts written out."""
    for short, title in (("883 ", "Reg. 883/2004 "), ("987 ", "Reg. 987/2009 "), ("A2 ", "Decision A2 ")):
        provision = provision.replace(short, title)
    return provision or "Reg. 883/2004 Title II"
