"""Rows 75 and 76: flight and cabin crew, where the home base is.

Spec: Regulation (EC) 883/2004 art. 11(5); Regulation (EC) 987/2009 art. 14(5a); Regulation (EEC) 3922/91 Annex III
"""

from typing import Final

from portadoc.rules.articles.special.whose_law import granted_by, other_institution
from portadoc.rules.articles.territory import member_states
from portadoc.rules.dates import shared_days
from portadoc.rules.decision import Finding, ask, review
from portadoc.rules.derivation import Case, Quoted
from portadoc.rules.facts import Aircrew, HomeBase
from portadoc.rules.rows import first_terminal

_HOME_BASE: Final = "Reg. 883/2004 art. 11(5)"
_EFTA: Final = frozenset({"IS", "LI", "NO"})


def decide_aircrew(case: Case) -> Finding:
    """Decide for a member of a crew: the one home base in the period."""
    rows = (row_75_one_base, row_75_rule_applies)
    return row_75_known(case) or first_terminal(case, rows) or _row_76(case)


def row_75_known(case: Case) -> Finding | None:
    aircrew = case.facts.aircrew
    if aircrew is None or not aircrew.home_bases:
        case.unknown("row-75", _HOME_BASE, ("/aircrew" if aircrew is None else "/aircrew/home_bases", None))
        return ask("/aircrew/home_bases")
    missing = [
        f"/aircrew/home_bases/{place}/state" for place, base in enumerate(aircrew.home_bases) if base.state is None
    ]
    missing += ["/aircrew/commercial_air_services"] if aircrew.commercial_air_services is None else []
    missing += ["/request/asked_state"] if case.facts.request.asked_state is None else []
    if not missing:
        return None
    case.unknown("row-75", _HOME_BASE, *[(pointer, None) for pointer in missing])
    return ask(*missing)


def row_75_one_base(case: Case) -> Finding | None:
    """Passenger or freight services, and one base in one State of the coordination for the whole period."""
    aircrew = _aircrew(case)
    bases = _bases_in_period(case)
    states = {base.state for base in bases}
    reasons = [] if aircrew.commercial_air_services else ["AIR_SERVICE_SCOPE"]
    if not states <= member_states(case):
        reasons.append("HOME_BASE_OUTSIDE")
    if len(states) > 1:
        reasons.append("SEVERAL_HOME_BASES" if _at_once(bases) else "HOME_BASE_CHANGES")
    elif not _covers_period(case, bases):
        reasons.append("HOME_BASE_CHANGES")
    case.step("row-75", _HOME_BASE, "not_met" if reasons else "met", tuple(_quote(aircrew)))
    return review(*reasons) if reasons else None


def row_75_rule_applies(case: Case) -> Finding | None:
    """The home-base rule is younger than the coordination, towards Switzerland and the EEA most of all."""
    start, law = case.facts.request.period_start, case.law
    states = {case.facts.person.residence_state, _bases_in_period(case)[0].state}
    where = "CH" if "CH" in states else "EEA" if not _EFTA.isdisjoint(states) else "EU"
    since = law.first_day(f"aircrew.home_base_rule.{where}")
    if start is not None and since is not None and since <= start:
        return None
    case.not_met("row-75", _HOME_BASE, ("/request/period_start", start))
    return review("OLD_PERIOD")


def _row_76(case: Case) -> Finding:
    state = _bases_in_period(case)[0].state or ""
    case.met("row-76", _HOME_BASE, *_quote(_aircrew(case)))
    elsewhere = other_institution(case, "row-76", state, "11(5)", "HOME_BASE_ELSEWHERE")
    return elsewhere or granted_by(case, state, "11(5)", "10")


def _aircrew(case: Case) -> Aircrew:
    assert case.facts.aircrew is not None
    return case.facts.aircrew


def _bases_in_period(case: Case) -> tuple[HomeBase, ...]:
    """Return the bases that share days with the period; all of them where none does."""
    request, bases = case.facts.request, _aircrew(case).home_bases
    asked = (request.period_start, request.period_end)
    return tuple([base for base in bases if shared_days(asked, (base.start, base.end))]) or bases


def _at_once(bases: tuple[HomeBase, ...]) -> bool:
    return any(
        shared_days((one.start, one.end), (other.start, other.end))
        for place, one in enumerate(bases)
        for other in bases[place + 1 :]
    )


def _covers_period(case: Case, bases: tuple[HomeBase, ...]) -> bool:
    """Say whether the bases of one State leave no day of the period without a base."""
    request = case.facts.request
    asked = (request.period_start, request.period_end)
    whole = shared_days(asked, (None, None))
    if any(shared_days(asked, (base.start, base.end)) == whole for base in bases):
        return True
    return not _at_once(bases) and sum([shared_days(asked, (base.start, base.end)) for base in bases]) == whole


def _quote(aircrew: Aircrew) -> list[Quoted]:
    quoted: list[Quoted] = [("/aircrew/commercial_air_services", aircrew.commercial_air_services)]
    for place, base in enumerate(aircrew.home_bases):
        at = f"/aircrew/home_bases/{place}"
        quoted += [(f"{at}/state", base.state), (f"{at}/start", base.start), (f"{at}/end", base.end)]
    return quoted
