"""What can be asked: every action of the portal that needs a permit."""

from enum import StrEnum


class Action(StrEnum):
    """One thing to do with a resource."""

    # an applicant's own requests
    LIST = "list"
    START = "start"
    VIEW = "view"
    ANSWER = "answer"
    ATTACH = "attach"
    VIEW_ATTACHMENT = "view_attachment"
    SUBMIT = "submit"
    CONTEST = "contest"
    REPORT_CHANGE = "report_change"
    WITHDRAW = "withdraw"
    VIEW_PAPER = "view_paper"
    VIEW_PROOF = "view_proof"
    HAND_OVER = "hand_over"
    EXPORT_PERSON = "export_person"
    # the office of an institution
    VIEW_WORK_LIST = "view_work_list"
    VIEW_EXPLANATION = "view_explanation"
    ASSIGN = "assign"
    ASK_APPLICANT = "ask_applicant"
    DECIDE = "decide"
    APPROVE = "approve"
    REVOKE = "revoke"
    VIEW_HISTORY = "view_history"
    VIEW_NUMBERS = "view_numbers"
    # health care
    REPORT_LOST = "report_lost"
    ASK_REPLACEMENT = "ask_replacement"


UNSAID = frozenset({Action.LIST, Action.START})
"""Actions on nothing that exists yet: a refusal gives no secret away."""
