"""Row 7: to whom the instruments apply, split by the legs of the case.

The agreements with Switzerland and with the EEA States are not linked: nobody is covered by both at once.
Nationals of third States are covered inside the Union by Regulation 1231/2010, which does not bind Denmark and is
not part of either agreement. Stateless persons and refugees are inside Regulation 883/2004 itself.

Spec: Regulation (EC) 883/2004 art. 2(1); Regulation (EU) 1231/2010 art. 1; EU-Swiss agreement Annex II; EEA
agreement Annex VI
"""

from typing import Final

from portadoc.rules.decision import Finding, ask, refuse, review
from portadoc.rules.derivation import Case, Quoted
from portadoc.rules.facts import NationalityClass, Regime

ROW: Final = "row-7"
COORDINATED: Final = frozenset({Regime.EU, Regime.EEA, Regime.CH, Regime.EFTA})
RESIDENCE_BASED: Final = frozenset({Regime.UK_TCA, Regime.EFTA_UK})
OF_THIRD_STATES: Final = frozenset({NationalityClass.TCN, NationalityClass.UK})
IN_THEMSELVES: Final = frozenset({NationalityClass.STATELESS, NationalityClass.REFUGEE})
CLASS: Final = "/person/nationality_class"
RESIDENT: Final = "/person/legally_resident"


def row_7_personal_scope(case: Case) -> Finding | None:
    regime = case.facts.regime
    if regime in COORDINATED:
        return _coordinated(case)
    if regime in RESIDENCE_BASED:
        return _lawful_residence(case)
    if regime is Regime.UK_WA:
        return _withdrawal_agreement(case)
    return None


def states_of(case: Case) -> frozenset[str]:
    """Return the States that the case touches: residence, work, seats, posting, ship, home base, pension."""
    facts = case.facts
    found = {facts.person.residence_state, *(one.seat_state for one in facts.employers)}
    found.update(one.state for one in facts.activities)
    if facts.posting is not None:
        found |= {facts.posting.home_state, facts.posting.host_state}
    if facts.contract_staff is not None:
        found |= {facts.contract_staff.employed_state, facts.contract_staff.option_state}
    if facts.mariner is not None:
        found |= {facts.mariner.flag_state, facts.mariner.remunerator_state}
    if facts.aircrew is not None:
        found.update(base.state for base in facts.aircrew.home_bases)
    found.update(facts.pension_states or ())
    return frozenset(state for state in found if state is not None)


def _coordinated(case: Case) -> Finding | None:
    nationality = case.facts.person.nationality_class
    if nationality is None:
        case.unknown(ROW, "Reg. 883/2004 art. 2(1)", (CLASS, None))
        return ask(CLASS)
    if nationality in OF_THIRD_STATES:
        return _third_state_national(case)
    if _two_agreements(case, nationality):
        case.not_met(ROW, "EU-Swiss agreement Annex II; EEA agreement Annex VI", (CLASS, nationality))
        return review("TRIANGULAR_CH_EEA")
    if nationality in IN_THEMSELVES:
        return _resident_in_the_union(case, nationality)
    case.met(ROW, "Reg. 883/2004 art. 2(1)", (CLASS, nationality))
    return None


def _two_agreements(case: Case, nationality: NationalityClass) -> bool:
    """Say whether the case needs Switzerland's agreement and the EEA's at once."""
    states, law = states_of(case), case.law
    swiss, eea = (
        not states.isdisjoint(law.states("states.ch")),
        not states.isdisjoint(law.states("states.eea_efta")),
    )
    union = not states.isdisjoint(law.states("states.eu"))
    if swiss and eea:
        return union or nationality not in (NationalityClass.EEA_EFTA, NationalityClass.CH)
    if nationality is NationalityClass.EEA_EFTA:
        return swiss and union
    return nationality is NationalityClass.CH and eea and union


def _resident_in_the_union(case: Case, nationality: NationalityClass) -> Finding | None:
    """Stateless persons and refugees must reside in a State of the coordination."""
    residence = case.facts.person.residence_state
    quoted: tuple[Quoted, ...] = ((CLASS, nationality), ("/person/residence_state", residence))
    if residence is None:
        case.unknown(ROW, "Reg. 883/2004 art. 2(1)", *quoted)
        return ask("/person/residence_state")
    if residence not in case.law.states("states.a1"):
        case.not_met(ROW, "Reg. 883/2004 art. 2(1)", *quoted)
        return review("NOT_LEGALLY_RESIDENT")
    case.met(ROW, "Reg. 883/2004 art. 2(1)", *quoted)
    return None


def _third_state_national(case: Case) -> Finding | None:
    person, law = case.facts.person, case.law
    provision, quoted = (
        "Reg. 1231/2010 art. 1",
        ((CLASS, person.nationality_class), (RESIDENT, person.legally_resident)),
    )
    if person.legally_resident is None:
        case.unknown(ROW, provision, *quoted)
        return ask(RESIDENT)
    if not person.legally_resident:
        case.not_met(ROW, provision, *quoted)
        return refuse("NOT_LEGALLY_RESIDENT")
    states = states_of(case)
    outside = [
        code
        for code, name in (
            ("TCN_NOT_COVERED_DK", "states.outside_1231_2010"),
            ("TCN_NOT_COVERED_CH", "states.ch"),
            ("TCN_NOT_COVERED_EEA", "states.eea_efta"),
        )
        if not states.isdisjoint(law.states(name))
    ]
    if outside:
        case.not_met(ROW, provision, *quoted, parameters=("states.outside_1231_2010",))
        return review(*outside)
    case.met(ROW, provision, *quoted, parameters=("states.outside_1231_2010",))
    case.note("TCN_1231_2010")
    return None


def _lawful_residence(case: Case) -> Finding | None:
    """The protocol with the United Kingdom looks at lawful residence, whatever the nationality."""
    person = case.facts.person
    provision, quoted = f"{case.pack.title}: persons covered", (RESIDENT, person.legally_resident)
    if person.withdrawal_agreement:
        case.not_met(ROW, provision, ("/person/withdrawal_agreement", True))
        return review("REGIME_DOES_NOT_FIT")
    if person.legally_resident is None:
        case.unknown(ROW, provision, quoted)
        return ask(RESIDENT)
    if not person.legally_resident:
        case.not_met(ROW, provision, quoted)
        return refuse("NOT_LEGALLY_RESIDENT")
    case.met(ROW, provision, quoted)
    return None


def _withdrawal_agreement(case: Case) -> Finding | None:
    covered = case.facts.person.withdrawal_agreement
    provision, quoted = "Withdrawal Agreement art. 30", ("/person/withdrawal_agreement", covered)
    if covered is None:
        case.unknown(ROW, provision, quoted)
        return ask("/person/withdrawal_agreement")
    if not covered:
        case.not_met(ROW, provision, quoted)
        return review("REGIME_DOES_NOT_FIT")
    case.note("WITHDRAWAL_AGREEMENT")
    case.met(ROW, provision, quoted)
    return None
