"""Why something is not allowed."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a rule said no; shown to the subject and told to the audit, so it names no person."""

    ROLE = "role"
    NOT_YOURS = "not_yours"
    MANDATE_NOT_BEGUN = "mandate_not_begun"
    MANDATE_ENDED = "mandate_ended"
    MANDATE_SCOPE = "mandate_scope"
    OTHER_INSTITUTION = "other_institution"
    OWN_CASE = "own_case"
    SAME_PERSON = "same_person"
    NOTHING_TO_APPROVE = "nothing_to_approve"
    PURPOSE_MISSING = "purpose_missing"
    CONSENT_MISSING = "consent_missing"


HIDDEN = frozenset({Reason.ROLE, Reason.NOT_YOURS, Reason.OTHER_INSTITUTION})
"""Reasons that would tell a stranger that something exists."""
