"""The life of an application: which acts lead from which state to which, and nothing else does.

Pure: an act takes the application as it is and returns the next one, with an entry in its history.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

from portadoc.errors import Conflict
from portadoc.portal.applications.application import (
    NOTHING,
    Actor,
    Application,
    ApplicationState,
    HistoryEntry,
)
from portadoc.schemas.claims import Json

_State = ApplicationState


class Act(StrEnum):
    """What can happen to an application; the names are text keys below ``history.``."""

    STARTED = "started"
    ANSWERED = "answered"
    SUBMITTED = "submitted"
    QUESTIONS_LEFT = "questions_left"
    SENT_TO_OFFICER = "sent_to_officer"
    DECIDED = "decided"
    GRANTED = "granted"
    GRANTED_PROVISIONALLY = "granted_provisionally"
    REFUSED = "refused"
    EXCEPTION_OPEN = "exception_open"
    EXCEPTION_WISHED = "exception_wished"
    EXCEPTION_NOT_WISHED = "exception_not_wished"
    CONTESTED = "contested"
    CONFIRMED = "confirmed"
    ASSIGNED = "assigned"
    ASKED = "asked"
    PROPOSED = "proposed"
    RETURNED = "returned"
    SENT_TO_OTHER_STATE = "sent_to_other_state"
    FORWARDED = "forwarded"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    STATES_TOLD = "states_told"
    OBJECTED = "objected"
    OBJECTION_SETTLED = "objection_settled"
    REVOCATION_DECIDED = "revocation_decided"
    REVOKED = "revoked"


_UNDER_WAY: Final = frozenset({_State.IN_REVIEW, _State.AWAITING_OTHER_STATE})
_IN_FORCE: Final = frozenset({_State.GRANTED, _State.PROVISIONAL})
_SAME: Final = None

TRANSITIONS: Final[Mapping[Act, tuple[frozenset[ApplicationState], ApplicationState | None]]] = {
    Act.STARTED: (frozenset({_State.DRAFT}), _State.DRAFT),
    Act.ANSWERED: (frozenset({_State.DRAFT, _State.WAITING_FOR_ANSWERS}), _SAME),
    Act.SUBMITTED: (frozenset({_State.DRAFT, _State.WAITING_FOR_ANSWERS}), _State.IN_REVIEW),
    Act.QUESTIONS_LEFT: (frozenset({_State.IN_REVIEW}), _State.WAITING_FOR_ANSWERS),
    Act.SENT_TO_OFFICER: (_UNDER_WAY | _IN_FORCE | {_State.WAITING_FOR_ANSWERS}, _SAME),
    Act.DECIDED: (_UNDER_WAY, _SAME),
    Act.GRANTED: (_UNDER_WAY | {_State.PROVISIONAL}, _State.GRANTED),
    Act.GRANTED_PROVISIONALLY: (_UNDER_WAY, _State.PROVISIONAL),
    Act.REFUSED: (_UNDER_WAY, _State.REFUSED),
    Act.EXCEPTION_OPEN: (frozenset({_State.IN_REVIEW}), _State.WAITING_FOR_ANSWERS),
    Act.EXCEPTION_WISHED: (frozenset({_State.WAITING_FOR_ANSWERS}), _State.IN_REVIEW),
    Act.EXCEPTION_NOT_WISHED: (frozenset({_State.WAITING_FOR_ANSWERS}), _State.REFUSED),
    Act.CONTESTED: (frozenset({_State.REFUSED, _State.GRANTED, _State.PROVISIONAL}), _State.IN_REVIEW),
    Act.CONFIRMED: (frozenset({_State.REFUSED}), _State.REFUSED),
    Act.ASSIGNED: (_UNDER_WAY, _SAME),
    Act.ASKED: (_UNDER_WAY, _State.WAITING_FOR_ANSWERS),
    Act.PROPOSED: (_UNDER_WAY | _IN_FORCE | {_State.REFUSED}, _SAME),
    Act.RETURNED: (_UNDER_WAY | _IN_FORCE | {_State.REFUSED}, _SAME),
    Act.SENT_TO_OTHER_STATE: (frozenset({_State.IN_REVIEW}), _State.AWAITING_OTHER_STATE),
    Act.FORWARDED: (_UNDER_WAY | {_State.REFUSED}, _State.FORWARDED),
    Act.SUPERSEDED: (_IN_FORCE, _State.SUPERSEDED),
    Act.WITHDRAWN: (
        _UNDER_WAY | {_State.DRAFT, _State.WAITING_FOR_ANSWERS, _State.REFUSED},
        _State.WITHDRAWN,
    ),
    Act.STATES_TOLD: (frozenset({_State.PROVISIONAL}), _SAME),
    Act.OBJECTED: (frozenset({_State.PROVISIONAL}), _SAME),
    Act.OBJECTION_SETTLED: (frozenset({_State.PROVISIONAL}), _SAME),
    Act.REVOCATION_DECIDED: (_IN_FORCE, _SAME),
    Act.REVOKED: (_IN_FORCE, _State.WITHDRAWN),
}
"""From which states an act is possible, and where it leads; None leaves the state as it is."""


def may(application: Application, act: Act) -> bool:
    """Tell whether an act is possible now."""
    return application.state in TRANSITIONS[act][0]


def after(
    application: Application,
    act: Act,
    *,
    now: int,
    actor: Actor,
    actor_id: str = "",
    reason: str = "",
    details: Mapping[str, Json] = NOTHING,
    **changes: Any,
) -> Application:
    """Return the application after an act, its version one higher and its history one entry longer.

    ``changes`` are fields of Application that the act sets. Raises Conflict[application_state].
    """
    allowed, leads_to = TRANSITIONS[act]
    if application.state not in allowed:
        raise Conflict("application_state", state=application.state.value, act=act.value)
    state = leads_to or application.state
    entry = HistoryEntry(
        at=now, what=act.value, actor=actor, actor_id=actor_id, state=state, reason=reason, details=details
    )
    return replace(
        application,
        **changes,
        state=state,
        version=application.version + 1,
        changed_at=now,
        history=(*application.history, entry),
    )
