"""Rows 38 to 44: the substantial part in the State of residence, else the seats of the employers.

Spec: Regulation (EC) 883/2004 art. 13(1); Regulation (EC) 987/2009 art. 14(5a), 14(8), 14(11); CJEU C-203/24,
C-743/23, C-410/21, C-610/18
"""

from typing import Final

from portadoc.rules.articles.multi_state.determined import Determined
from portadoc.rules.articles.multi_state.work import SUBSTANTIAL, Piece, Side, in_state, quote_shares, total
from portadoc.rules.articles.territory import member_states
from portadoc.rules.decision import Finding, ask, review
from portadoc.rules.derivation import Case
from portadoc.rules.facts import Employer, EmployerKind

_STATUS: Final = "02"
_SEAT: Final = "Reg. 987/2009 art. 14(5a)"
_LIMIT: Final = ("multi_state.substantial_share",)


def employed_legislation(
    case: Case, every: tuple[Piece, ...], employed: tuple[Piece, ...], residence: str
) -> Determined | Finding:
    """Rows 38 to 44, for employed work in two or more States. ``every`` is all work, third States included."""
    return substantial_part(case, every, residence) or employer_seats(case, employed, residence)


def substantial_part(case: Case, every: tuple[Piece, ...], residence: str) -> Determined | Finding | None:
    """Rows 38 and 39: residence where the part there is substantial, None where it is not."""
    limit = case.law.number("multi_state.substantial_share")
    at_home = in_state(every, residence)
    quoted = [("/person/residence_state", residence), *quote_shares(at_home)]
    sides = {total(at_home, "time").side_of(limit), total(at_home, "pay").side_of(limit)}
    if len(sides) > 1:
        case.unknown("row-38", SUBSTANTIAL, *quoted, parameters=_LIMIT)
        return review("MIXED_SHARE_INDICATORS")
    if sides == {Side.REACHED}:
        case.met("row-39", "Reg. 883/2004 art. 13(1)(a)", *quoted, parameters=_LIMIT)
        return Determined(residence, "13(1)(a)", _STATUS)
    case.not_met("row-39", "Reg. 883/2004 art. 13(1)(a)", *quoted, parameters=_LIMIT)
    return None


def employer_seats(case: Case, employed: tuple[Piece, ...], residence: str) -> Determined | Finding:
    """Rows 40 to 44; only the employers of work that counts are looked at."""
    employers = _employers_of(case, employed)
    if isinstance(employers, Finding):
        return employers
    unknown = [
        f"/employers/{place}/{name}"
        for place, one in employers
        for name in ("seat_state", "seat_clear", "kind")
        if getattr(one, name) is None
    ]
    if unknown:
        case.unknown("row-40", _SEAT, *[(pointer, None) for pointer in unknown])
        return ask(*unknown)
    members = member_states(case)
    quoted = _quote_seats(employers)
    if any(not one.seat_clear or _is_odd(one, members) for _, one in employers):
        case.unknown("row-40", _SEAT, *quoted)
        return review("SEAT_UNCLEAR")
    case.met("row-40", _SEAT, *quoted)
    outside = [one for _, one in employers if one.seat_state not in members]
    if outside:
        return _employers_outside(case, employers, residence, some=len(outside) < len(employers))
    return _by_seats(case, employers, residence)


def _employers_of(case: Case, employed: tuple[Piece, ...]) -> list[tuple[int, Employer]] | Finding:
    by_ref = {employer.ref: (place, employer) for place, employer in enumerate(case.facts.employers)}
    unknown = [
        f"/activities/{piece.place}/employer" for piece in employed if piece.activity.employer not in by_ref
    ]
    if unknown:
        case.unknown(
            "row-40",
            _SEAT,
            *[
                (f"/activities/{piece.place}/employer", piece.activity.employer)
                for piece in employed
                if piece.activity.employer not in by_ref
            ],
        )
        return ask(*unknown)
    return [by_ref[ref] for ref in dict.fromkeys([piece.activity.employer or "" for piece in employed])]


def _is_odd(employer: Employer, members: frozenset[str]) -> bool:
    """Say whether the kind of employer contradicts its seat, or is none that has a seat in a State."""
    inside = employer.seat_state in members
    return employer.kind is EmployerKind.EU_INSTITUTION or (inside and employer.kind is EmployerKind.OUTSIDE_EU)


def _quote_seats(employers: list[tuple[int, Employer]]) -> list[tuple[str, object]]:
    return [
        (f"/employers/{place}/{name}", getattr(one, name))
        for place, one in employers
        for name in ("seat_state", "seat_clear", "kind")
    ]


def _employers_outside(
    case: Case, employers: list[tuple[int, Employer]], residence: str, *, some: bool
) -> Determined | Finding:
    """Row 41: all employers are established outside the territory; with some inside the law has a gap."""
    provision, quoted = "Reg. 987/2009 art. 14(11)", _quote_seats(employers)
    if some:
        case.unknown("row-41", provision, *quoted)
        return review("NON_EU_EMPLOYER_MIX")
    if case.pack.articles is not None:
        case.unknown("row-41", provision, *quoted)
        return review("REGIME_TABLE_UNVERIFIED")
    case.met("row-41", provision, ("/person/residence_state", residence), *quoted)
    return Determined(residence, "14(11)", _STATUS, instrument="987/2009")


def _by_seats(case: Case, employers: list[tuple[int, Employer]], residence: str) -> Determined:
    """Rows 42 to 44: points (i) to (iv)."""
    seats = tuple(dict.fromkeys([one.seat_state or "" for _, one in employers]))
    abroad = [seat for seat in seats if seat != residence]
    if len(employers) == 1:
        row, article, state = "row-42", "13(1)(b)(i)", seats[0]
    elif len(seats) == 1:
        row, article, state = "row-43", "13(1)(b)(ii)", seats[0]
    elif len(abroad) == 1:
        row, article, state = "row-43", "13(1)(b)(iii)", abroad[0]
    else:
        row, article, state = "row-44", "13(1)(b)(iv)", residence
    quoted = _quote_seats(employers)
    case.met(row, f"Reg. 883/2004 art. {article}", ("/person/residence_state", residence), *quoted)
    return Determined(state, article, _STATUS)
