"""Rows 31 and 32: is this work in several States at all, and which of it is left out.

Spec: Regulation (EC) 987/2009 art. 14(5), 14(5b), 14(7); CJEU C-570/15, C-115/11, C-879/19, C-89/16
"""

from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple

from portadoc.rules.articles.multi_state.work import Piece, Side, in_state, quote_shares, states_of, total
from portadoc.rules.dates import day_after, months_between
from portadoc.rules.decision import Finding, ask, refuse, review
from portadoc.rules.derivation import Case
from portadoc.rules.facts import ActivityKind

_NORMALLY: Final = "Reg. 987/2009 art. 14(5)"
_MARGINAL: Final = "Reg. 987/2009 art. 14(5b)"
_DELIMITATION: Final = "Reg. 987/2009 art. 14(7)"


class Kept(NamedTuple):
    """What counts: third-State work stays in as part of all work; ``states`` are those of the coordination.

    ``unplanned`` names States of three or more whose work must make no difference.
    """

    every: tuple[Piece, ...]
    pieces: tuple[Piece, ...]
    states: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    unplanned: tuple[str, ...] = ()


def not_multi_state(case: Case, pieces: tuple[Piece, ...]) -> Finding | None:
    """Row 31: one real State of work, long stretches one after the other, or one short stay."""
    states = states_of(pieces)
    if not states:
        case.not_met("row-31", _NORMALLY, *quote_shares(pieces))
        return review("NOT_NORMALLY_MULTI_STATE")
    found = _single_state(case, pieces, states[0]) if len(states) == 1 else successive(case, pieces)
    found = found or _single_stay(case, pieces, states)
    if found is None:
        case.met("row-31", _NORMALLY, *[(f"/activities/{piece.place}/state", piece.state) for piece in pieces])
    return found


def _single_state(case: Case, pieces: tuple[Piece, ...], state: str) -> Finding:
    there = in_state(pieces, state)
    case.not_met("row-31", _NORMALLY, *quote_shares(there))
    if any(_is_limited(case, piece) for piece in there):
        return review("POSTING_NOT_MULTI_STATE")
    if any(piece.kind is ActivityKind.CIVIL_SERVANT for piece in there):
        return review("CIVIL_SERVANT_STATUS_UNCLEAR", "NOT_NORMALLY_MULTI_STATE")
    return refuse("NOT_NORMALLY_MULTI_STATE", competent_state=state, article="11(3)(a)", redirect_state=state)


class Stretch(NamedTuple):
    """All the work in one State, from its first day to its last."""

    start: date
    end: date
    first: Piece


def successive(case: Case, pieces: tuple[Piece, ...]) -> Finding | None:
    """One State after the other is no alternation, unless the request says that it goes on so (C-879/19).

    Long stretches are work in one State at a time; of shorter ones the judgment does not say it clearly enough.
    """
    there = [piece for piece in pieces if piece.member]
    stretches = _stretches(there)
    if len(stretches) < 2 or any(second.start <= one.end for one, second in pairwise(stretches)):
        return None
    limit = case.law.integer("multi_state.successive_months")
    long = [months_between(one.start, day_after(one.end)) >= limit for one in stretches]
    regular = case.facts.request.regular_pattern and all(piece.activity.regular for piece in there)
    if regular and not any(long):
        return None
    first = stretches[0].first
    case.not_met("row-31", _NORMALLY, *_quote_stays(there), parameters=("multi_state.successive_months",))
    case.note("SUCCESSIVE_SINGLE_STATE")
    if not all(long) or first.kind is ActivityKind.CIVIL_SERVANT:
        return review("NOT_NORMALLY_MULTI_STATE")
    return refuse(
        "NOT_NORMALLY_MULTI_STATE", competent_state=first.state, article="11(3)(a)", redirect_state=first.state
    )


def _stretches(there: list[Piece]) -> list[Stretch]:
    """Return the stretch of each State, in the order of time; none where a first or last day is not known."""
    found = []
    for state in states_of(there):
        pieces = in_state(there, state)
        starts = [piece.activity.start for piece in pieces if piece.activity.start is not None]
        ends = [piece.activity.end for piece in pieces if piece.activity.end is not None]
        if len(starts) < len(pieces) or len(ends) < len(pieces):
            return []
        found.append(Stretch(min(starts), max(ends), pieces[0]))
    return sorted(found, key=lambda stretch: stretch[:2])


def _single_stay(case: Case, pieces: tuple[Piece, ...], states: tuple[str, ...]) -> Finding | None:
    """One limited stay for the same employer (or the same business) beside the usual work: posting, art. 14(7)."""
    if len(states) != 2 or case.facts.request.regular_pattern:
        return None
    for state in states:
        there = in_state(pieces, state)
        usual = [piece for piece in pieces if piece.member and piece.state != state]
        if (
            len(there) == 1
            and _is_limited(case, there[0])
            and not any(_is_limited(case, piece) for piece in usual)
            and any(_same_work(there[0], piece) for piece in usual)
        ):
            case.not_met("row-31", _DELIMITATION, *_quote_stays(there))
            return review("POSTING_NOT_MULTI_STATE")
    return None


def _is_limited(case: Case, piece: Piece) -> bool:
    """Say whether the activity has days of its own, shorter than the period that is asked for."""
    request, activity = case.facts.request, piece.activity
    starts_later = activity.start is not None and (
        request.period_start is None or activity.start > request.period_start
    )
    ends_earlier = activity.end is not None and (request.period_end is None or activity.end < request.period_end)
    return starts_later or ends_earlier


def _same_work(first: Piece, second: Piece) -> bool:
    return first.kind is second.kind and first.activity.employer == second.activity.employer


def _quote_stays(pieces: tuple[Piece, ...] | list[Piece]) -> list[tuple[str, object]]:
    return [
        (f"/activities/{piece.place}/{name}", value)
        for piece in pieces
        for name, value in (
            ("state", piece.state),
            ("start", piece.activity.start),
            ("end", piece.activity.end),
        )
    ]


def leave_out_marginal(case: Case, pieces: tuple[Piece, ...]) -> Kept | Finding:
    """Row 32: leave out States with marginal work, then unplanned work when two States remain."""
    limit = case.law.number("multi_state.marginal_share")
    left_out = []
    for state in states_of(pieces):
        there = in_state(pieces, state)
        sides = {total(there, "time").side_of(limit), total(there, "pay").side_of(limit)}
        if sides == {Side.BELOW}:
            left_out.append(state)
        elif sides != {Side.REACHED}:
            case.unknown("row-32", _MARGINAL, *quote_shares(there), parameters=("multi_state.marginal_share",))
            return review("FORECAST_UNSTABLE" if Side.UNSTABLE in sides else "MARGINAL_INDICATORS_CONFLICT")
    kept = _without(case, pieces, left_out)
    if left_out:
        case.note("MARGINAL_DISREGARDED")
        alone = successive(case, kept.pieces)
        if alone is not None:
            return alone
    return _leave_out_unplanned(case, kept)


def _without(case: Case, pieces: tuple[Piece, ...], left_out: list[str]) -> Kept:
    dropped = [piece for piece in pieces if piece.member and piece.state in left_out]
    kept = tuple([piece for piece in pieces if not piece.member or piece.state not in left_out])
    if dropped:
        case.met("row-32", _MARGINAL, *quote_shares(dropped), parameters=("multi_state.marginal_share",))
    else:
        case.not_met("row-32", _MARGINAL, *quote_shares(pieces), parameters=("multi_state.marginal_share",))
    return Kept(pieces, kept, states_of(kept))


def _leave_out_unplanned(case: Case, kept: Kept) -> Kept | Finding:
    """Work that nobody planned or agreed is not normal, even above the marginal share (C-570/15)."""
    if not kept.states:
        return review("NOT_NORMALLY_MULTI_STATE")
    there = [piece for piece in kept.pieces if piece.member]
    quoted = [(f"/activities/{piece.place}/regular", piece.activity.regular) for piece in there]
    unknown = [pointer for pointer, regular in quoted if regular is None]
    if len(kept.states) > 1 and unknown:
        case.unknown("row-32", _NORMALLY, *quoted)
        return ask(*unknown)
    unplanned = [
        state
        for state in kept.states
        if not any(piece.activity.regular for piece in there if piece.state == state)
    ]
    if not unplanned or len(kept.states) != 2:
        return kept._replace(unplanned=tuple(unplanned) if len(kept.states) > 1 else ())
    case.not_met("row-32", _NORMALLY, *quoted, parameters=("multi_state.substantial_share",))
    limit = case.law.number("multi_state.substantial_share")
    work = in_state(kept.pieces, unplanned[0])
    if len(unplanned) > 1 or any(total(work, each).side_of(limit) is not Side.BELOW for each in ("time", "pay")):
        return review("NOT_NORMALLY_MULTI_STATE")
    rest = tuple([piece for piece in kept.pieces if piece not in work])
    return Kept(kept.every, rest, states_of(rest), ("NOT_NORMALLY_MULTI_STATE",))
