"""Who may do what: one pure decision over subject, action, resource and circumstances, deny by default."""

from portadoc.access.actions import Action
from portadoc.access.decision import Decision, Deny, Permit, Reach, decide, reach, require
from portadoc.access.reasons import Reason
from portadoc.access.resources import Consent, Context, Resource, ResourceKind
from portadoc.access.subjects import STAFF, Mandate, Role, Subject, SubjectKind

__all__ = [
    "STAFF",
    "Action",
    "Consent",
    "Context",
    "Decision",
    "Deny",
    "Mandate",
    "Permit",
    "Reach",
    "Reason",
    "Resource",
    "ResourceKind",
    "Role",
    "Subject",
    "SubjectKind",
    "decide",
    "reach",
    "require",
]
