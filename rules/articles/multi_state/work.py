"""The work of the next twelve months, as shares of all work, third States included.

Spec: Regulation (EC) 987/2009 art. 14(8), 14(10); CJEU C-743/23
"""

from collections.abc import Iterable
from enum import Enum
from typing import Final, NamedTuple

from portadoc.rules.articles.territory import member_states
from portadoc.rules.decision import Finding, ask, review
from portadoc.rules.derivation import Case, Quoted
from portadoc.rules.facts import Activity, ActivityKind

PROJECTION: Final = "Reg. 987/2009 art. 14(10)"
SUBSTANTIAL: Final = "Reg. 987/2009 art. 14(8)"


class Side(Enum):
    BELOW = "below"
    REACHED = "reached"
    UNSTABLE = "unstable"


class Share(NamedTuple):
    """Percent of all work: one figure, or the range of the forecast."""

    low: float
    high: float

    def side_of(self, limit: float) -> Side:
        """Say on which side of a limit the share lies; the limit itself is reached."""
        if round(self.low, 6) >= limit:
            return Side.REACHED
        return Side.BELOW if round(self.high, 6) < limit else Side.UNSTABLE


class Piece(NamedTuple):
    """One activity whose shares are known, with its place in the list of the case."""

    place: int
    state: str
    kind: ActivityKind
    time: Share
    pay: Share
    member: bool
    activity: Activity


def read_work(case: Case) -> tuple[Piece, ...] | Finding:
    """Row 30: the shares are there, add up, and the forecast does not straddle the substantial part."""
    facts = case.facts
    residence = facts.person.residence_state
    missing = ["/person/residence_state"] if residence is None else []
    if not facts.activities:
        missing.append("/activities")
    for place, activity in enumerate(facts.activities):
        missing += _missing(place, activity)
    if missing or residence is None:
        case.unknown("row-30", PROJECTION, *[(pointer, None) for pointer in missing])
        return ask(*missing)
    members = member_states(case)
    odd = [
        f"/activities/{place}/third_state"
        for place, one in enumerate(facts.activities)
        if one.third_state and one.state in members
    ]
    if odd:
        case.unknown("row-30", PROJECTION, *[(pointer, True) for pointer in odd])
        return ask(*odd)
    pieces = tuple([_piece(place, one, members) for place, one in enumerate(facts.activities)])
    return _unsound(case, pieces, residence) or pieces


def _missing(place: int, activity: Activity) -> list[str]:
    at = f"/activities/{place}"
    missing = [f"{at}/{name}" for name in ("state", "kind") if getattr(activity, name) is None]
    if _forecast(activity) is None:
        missing += [
            f"{at}/{name}" for name in ("share_of_time", "share_of_pay") if getattr(activity, name) is None
        ]
    return missing


def _forecast(activity: Activity) -> Share | None:
    low, high = activity.share_min, activity.share_max
    return Share(low, high) if low is not None and high is not None and low <= high else None


def _piece(place: int, activity: Activity, members: frozenset[str]) -> Piece:
    assert activity.state is not None
    assert activity.kind is not None
    return Piece(
        place,
        activity.state,
        activity.kind,
        _share(activity.share_of_time, activity),
        _share(activity.share_of_pay, activity),
        activity.state in members,
        activity,
    )


def _share(figure: float | None, activity: Activity) -> Share:
    """Return the span of all figures that were given for one activity."""
    figures = [one for one in (figure, activity.share_min, activity.share_max) if one is not None]
    return Share(min(figures), max(figures))


def _unsound(case: Case, pieces: tuple[Piece, ...], residence: str) -> Finding | None:
    tolerance = case.law.number("multi_state.shares_tolerance")
    for measure in ("time", "pay"):
        whole = total(pieces, measure)
        if whole.high < 100 - tolerance or whole.low > 100 + tolerance:
            case.unknown("row-30", PROJECTION, *quote_shares(pieces), parameters=("multi_state.shares_tolerance",))
            return ask(*[f"/activities/{piece.place}/share_of_{measure}" for piece in pieces])
    limit = case.law.number("multi_state.substantial_share")
    at_home = in_state(pieces, residence)
    if any(total(at_home, measure).side_of(limit) is Side.UNSTABLE for measure in ("time", "pay")):
        case.unknown("row-30", PROJECTION, *quote_shares(at_home), parameters=("multi_state.substantial_share",))
        return review("FORECAST_UNSTABLE")
    case.met("row-30", PROJECTION, *quote_shares(pieces))
    return None


def in_state(pieces: Iterable[Piece], state: str) -> tuple[Piece, ...]:
    """Return the work that is done in a State of the coordination."""
    return tuple([piece for piece in pieces if piece.member and piece.state == state])


def states_of(pieces: Iterable[Piece]) -> tuple[str, ...]:
    """Return the States of the coordination in which work is done, in the order of the case."""
    return tuple(dict.fromkeys([piece.state for piece in pieces if piece.member]))


def total(pieces: Iterable[Piece], measure: str) -> Share:
    """Add up the shares of ``time`` or ``pay``."""
    shares = [piece.time if measure == "time" else piece.pay for piece in pieces]
    return Share(sum([share.low for share in shares]), sum([share.high for share in shares]))


def quote_shares(pieces: Iterable[Piece]) -> list[Quoted]:
    """Quote the shares as they stand in the case."""
    quoted: list[Quoted] = []
    for piece in pieces:
        at, activity = f"/activities/{piece.place}", piece.activity
        quoted.append((f"{at}/state", activity.state))
        quoted.append((f"{at}/share_of_time", activity.share_of_time))
        quoted.append((f"{at}/share_of_pay", activity.share_of_pay))
        if activity.share_min is not None:
            quoted.append((f"{at}/share_min", activity.share_min))
            quoted.append((f"{at}/share_max", activity.share_max))
    return quoted
