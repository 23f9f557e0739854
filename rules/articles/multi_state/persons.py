"""Rows 34 to 37: what the person is, once marginal work is left out.

Spec: Regulation (EC) 883/2004 art. 11(3)(a), 11(3)(b), 13(2)-(4); Regulation (EC) 987/2009 art. 14(5b), 14(6),
14(8), 14(9); CJEU C-89/16
"""

from typing import Final

from portadoc.rules.articles.multi_state.determined import Determined
from portadoc.rules.articles.multi_state.marginal import Kept
from portadoc.rules.articles.multi_state.seats import employed_legislation
from portadoc.rules.articles.multi_state.work import Piece, Share, Side, in_state, quote_shares, states_of, total
from portadoc.rules.articles.territory import member_states
from portadoc.rules.decision import Finding, ask, review
from portadoc.rules.derivation import Case, Quoted
from portadoc.rules.facts import ActivityKind, ApplicantKind, EmployerKind

_SELF_EMPLOYED: Final = "Reg. 883/2004 art. 13(2)"
_BOTH: Final = "Reg. 883/2004 art. 13(3)"
_OFFICIAL: Final = "Reg. 883/2004 art. 13(4)"
_LIMIT: Final = ("multi_state.substantial_share",)


def legislation(case: Case, kept: Kept, residence: str) -> Determined | Finding:
    """Rows 34 to 44: the legislation that the institution of residence determines."""
    there = tuple([piece for piece in kept.pieces if piece.member])
    officials = tuple([piece for piece in there if piece.kind is ActivityKind.CIVIL_SERVANT])
    abroad = [piece for piece in kept.pieces if piece.kind is ActivityKind.CIVIL_SERVANT and not piece.member]
    if abroad:
        case.unknown("row-35", _OFFICIAL, *quote_shares(abroad))
        return review("CIVIL_SERVANT_STATUS_UNCLEAR")
    if officials:
        return civil_servant(case, there, officials)
    if _no_office(case, kept):
        case.unknown("row-35", _OFFICIAL, ("/applicant_kind", case.facts.applicant_kind))
        return review("CIVIL_SERVANT_STATUS_UNCLEAR")
    if len(kept.states) == 1:
        case.met("row-34", "Reg. 883/2004 art. 11(3)(a)", *quote_shares(there))
        return Determined(kept.states[0], "11(3)(a)", "12")
    employed = tuple([piece for piece in there if piece.kind is ActivityKind.EMPLOYED])
    own = tuple([piece for piece in there if piece.kind is ActivityKind.SELF_EMPLOYED])
    if not own:
        return employed_legislation(
            case, kept.every, (*employed, *_employed_in_third_states(case, kept)), residence
        )
    if not employed:
        return self_employed(case, kept, own, residence)
    return _marginal_kind(case, employed, own) or employed_and_self_employed(case, kept, employed, residence)


def _no_office(case: Case, kept: Kept) -> bool:
    """Say whether somebody applies as an official and none of the work, marginal work included, is official."""
    applies = case.facts.applicant_kind is ApplicantKind.CIVIL_SERVANT
    return applies and not any(piece.kind is ActivityKind.CIVIL_SERVANT for piece in kept.every)


def civil_servant(case: Case, there: tuple[Piece, ...], officials: tuple[Piece, ...]) -> Determined | Finding:
    """Row 35, and row 34 for officials: the State whose administration employs the person."""
    administrations = _administrations(case, officials)
    if isinstance(administrations, Finding):
        return administrations
    quoted = [*quote_shares(there), *[quote for quotes in administrations.values() for quote in quotes]]
    if len(administrations) > 1:
        case.unknown("row-35", _OFFICIAL, *quoted)
        return review("TWO_CIVIL_SERVICES")
    (state,) = administrations
    if state not in member_states(case):
        case.unknown("row-35", _OFFICIAL, *quoted)
        return review("CIVIL_SERVANT_STATUS_UNCLEAR")
    if officials == there or states_of(there) == (state,):
        case.met("row-34", "Reg. 883/2004 art. 11(3)(b)", *quoted)
        return Determined(state, "11(3)(b)", "05")
    case.met("row-35", _OFFICIAL, *quoted)
    return Determined(state, "13(4)", "09")


def _administrations(case: Case, officials: tuple[Piece, ...]) -> dict[str, list[Quoted]] | Finding:
    """Return the employing States with what is quoted for each."""
    by_ref = {employer.ref: (place, employer) for place, employer in enumerate(case.facts.employers)}
    found: dict[str, list[Quoted]] = {}
    for piece in officials:
        pointer = f"/activities/{piece.place}/employer"
        if piece.activity.employer not in by_ref:
            case.unknown("row-35", _OFFICIAL, (pointer, piece.activity.employer))
            return ask(pointer)
        place, employer = by_ref[piece.activity.employer]
        quoted = [
            (f"/employers/{place}/seat_state", employer.seat_state),
            (f"/employers/{place}/kind", employer.kind),
        ]
        if employer.seat_state is None or employer.kind is None:
            case.unknown("row-35", _OFFICIAL, *quoted)
            return ask(*[pointer for pointer, value in quoted if value is None])
        if employer.kind is not EmployerKind.PUBLIC:
            case.unknown("row-35", _OFFICIAL, *quoted)
            return review("CIVIL_SERVANT_STATUS_UNCLEAR")
        found.setdefault(employer.seat_state, []).extend(quoted)
    return found


def _employed_in_third_states(case: Case, kept: Kept) -> tuple[Piece, ...]:
    """Return the work whose employers count too, although no State of the coordination is its place."""
    limit = case.law.number("multi_state.marginal_share")
    outside = [piece for piece in kept.pieces if not piece.member and piece.kind is ActivityKind.EMPLOYED]
    by_state = {piece.state: [one for one in outside if one.state == piece.state] for piece in outside}
    counts = {
        state
        for state, pieces in by_state.items()
        if any(total(pieces, each).side_of(limit) is not Side.BELOW for each in ("time", "pay"))
    }
    return tuple([piece for piece in outside if piece.state in counts])


def _marginal_kind(case: Case, employed: tuple[Piece, ...], own: tuple[Piece, ...]) -> Finding | None:
    """Marginal work of one kind in a State that other work keeps in: no rule says whether it counts."""
    limit = case.law.number("multi_state.marginal_share")
    for pieces in (employed, own, *[in_state(employed, state) for state in states_of(employed)]):
        if any(total(pieces, each).side_of(limit) is not Side.REACHED for each in ("time", "pay")):
            case.unknown(
                "row-36",
                "Reg. 987/2009 art. 14(5b)",
                *quote_shares(pieces),
                parameters=("multi_state.marginal_share",),
            )
            return review("MARGINAL_INDICATORS_CONFLICT")
    return None


def employed_and_self_employed(
    case: Case, kept: Kept, employed: tuple[Piece, ...], residence: str
) -> Determined | Finding:
    """Row 36: employed work prevails; in several States paragraph 1 decides on any basis of comparison."""
    states = states_of(employed)
    if len(states) == 1:
        case.met("row-36", _BOTH, *quote_shares(piece for piece in kept.pieces if piece.member))
        return Determined(states[0], "13(3)", "08")
    every_employed = tuple([piece for piece in kept.every if piece.kind is ActivityKind.EMPLOYED])
    if any(share.low < share.high for piece in every_employed for share in (piece.time, piece.pay)):
        case.unknown("row-36", _BOTH, *quote_shares(every_employed), parameters=_LIMIT)
        return review("FORECAST_UNSTABLE")
    if len(_sides_of_bases(case, kept.every, every_employed, residence)) > 1:
        case.unknown("row-36", _BOTH, *quote_shares(kept.every), parameters=_LIMIT)
        return review("EMPLOYED_SHARE_BASIS_UNCLEAR")
    also = _employed_in_third_states(case, kept)
    found = employed_legislation(case, kept.every, (*employed, *also), residence)
    if isinstance(found, Finding):
        return found
    case.met("row-36", _BOTH, *quote_shares(kept.pieces))
    return Determined(found.state, "13(3)", "08")


def _sides_of_bases(
    case: Case, every: tuple[Piece, ...], employed: tuple[Piece, ...], residence: str
) -> set[tuple[Side, Side]]:
    """Compare the part at home: of employed work, of all work, and the employed part of all work."""
    limit = case.law.number("multi_state.substantial_share")
    at_home = in_state(every, residence)
    employed_at_home = in_state(employed, residence)
    bases = ((employed_at_home, employed), (at_home, every), (employed_at_home, every))
    return {
        (_part(part, whole, "time").side_of(limit), _part(part, whole, "pay").side_of(limit))
        for part, whole in bases
    }


def _part(part: tuple[Piece, ...], whole: tuple[Piece, ...], measure: str) -> Share:
    some, everything = total(part, measure), total(whole, measure)
    if everything.low <= 0:
        return Share(0.0, 100.0)
    return Share(100 * some.low / max(everything.high, some.low), min(100.0, 100 * some.high / everything.low))


def self_employed(case: Case, kept: Kept, own: tuple[Piece, ...], residence: str) -> Determined | Finding:
    """Row 37: residence with a substantial part there, else the centre of interest."""
    limit = case.law.number("multi_state.substantial_share")
    at_home = in_state(kept.every, residence)
    quoted = [("/person/residence_state", residence), *quote_shares(at_home)]
    sides = {total(at_home, "time").side_of(limit), total(at_home, "pay").side_of(limit)}
    if any(piece.activity.turnover_share is not None for piece in kept.every):
        turnover = [(f"/activities/{one.place}/turnover_share", one.activity.turnover_share) for one in at_home]
        unknown = [pointer for pointer, value in turnover if value is None]
        if unknown:
            case.unknown("row-37", _SELF_EMPLOYED, *turnover)
            return ask(*unknown)
        share = sum([value for _, value in turnover if value is not None])
        sides.add(Share(share, share).side_of(limit))
        quoted += turnover
    if len(sides) > 1:
        case.unknown("row-37", _SELF_EMPLOYED, *quoted, parameters=_LIMIT)
        return review("MIXED_SHARE_INDICATORS")
    if sides == {Side.REACHED}:
        case.met("row-37", "Reg. 883/2004 art. 13(2)(a)", *quoted, parameters=_LIMIT)
        return Determined(residence, "13(2)(a)", "04")
    case.not_met("row-37", "Reg. 883/2004 art. 13(2)(a)", *quoted, parameters=_LIMIT)
    return _centre_of_interest(case, kept, own)


def _centre_of_interest(case: Case, kept: Kept, own: tuple[Piece, ...]) -> Determined | Finding:
    """The one State with a fixed place of business, if most of the work is done there too (art. 14(9))."""
    provision = "Reg. 987/2009 art. 14(9)"
    fixed = states_of(piece for piece in own if piece.activity.fixed_place)
    quoted = [
        *[(f"/activities/{piece.place}/fixed_place", piece.activity.fixed_place) for piece in own],
        *quote_shares(kept.every),
    ]
    if len(fixed) == 1 and _has_largest_share(kept, fixed[0]):
        case.met("row-37", provision, *quoted)
        return Determined(fixed[0], "13(2)(b)", "04")
    case.unknown("row-37", provision, *quoted)
    return review("CENTRE_OF_INTEREST_UNCLEAR")


def _has_largest_share(kept: Kept, state: str) -> bool:
    there = in_state(kept.every, state)
    elsewhere: dict[str, list[Piece]] = {}
    for piece in kept.every:
        if piece not in there:
            elsewhere.setdefault(piece.state, []).append(piece)
    return all(
        total(there, measure).low > total(pieces, measure).high
        for pieces in elsewhere.values()
        for measure in ("time", "pay")
    )
