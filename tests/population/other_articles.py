"""Situations of articles 11, 15 and 16 of Regulation 883/2004: TEST DATA with their truth."""

from datetime import date, timedelta
from random import Random  # noqa: TID251 - the same in every run

from tests.population.situations import (
    EU,
    TELEWORK_FOUNDERS,
    Built,
    Case,
    Grant,
    Situation,
    Truth,
    a_start,
    case,
    employer,
    months_later,
    no_grant,
    regime_between,
    state_grant,
    work,
)


def one_state(random: Random) -> Built:
    home, seat = random.sample(EU, 2)
    made = _asked(random, "employee", "single_state", home, random.choice(EU))
    made["employers"], made["activities"] = [employer("E1", seat)], [work(home, 100.0)]
    return state_grant(made, "work in one state", home, "11(3)(a)", "12")


def own_business_in_one_state(random: Random) -> Built:
    there, home = random.sample(EU, 2)
    made = _asked(random, "self_employed", "single_state", there, home)
    made["activities"] = [work(there, 100.0, kind="self_employed", employer=None)]
    return state_grant(made, "own business in one state", there, "11(3)(a)", "12")


def official_abroad(random: Random) -> Built:
    home, there = random.sample(EU, 2)
    made = _asked(random, "civil_servant", "single_state", home, there, months=48)
    made["employers"] = [employer("E1", home, kind="public", turnover_share=None)]
    made["activities"] = [work(there, 100.0, kind="civil_servant")]
    return state_grant(made, "official sent abroad", home, "11(3)(b)", "05")


def all_from_home(random: Random) -> Built:
    home, seat = random.sample(EU, 2)
    made = _asked(random, "employee", "single_state", seat, home)
    made["request"]["requested_legislation"] = seat
    made["employers"], made["activities"] = [employer("E1", seat)], [work(home, 100.0, telework=True)]
    return no_grant(made, "works from home all the time", "REFUSE", "EXCEPTION_ROUTE")


def seaman(random: Random) -> Built:
    flag, home = random.sample(["LU", "MT", "FR", "DE", "DK", "GR", "CY"], 2)
    made = _asked(random, "mariner", "vessel", flag, home)
    made["mariner"] = {"flag_state": flag, "remunerator_state": flag, "waters": "sea"}
    made["employers"], made["activities"] = [employer("E1", flag)], [work(flag, 100.0, place="vessel")]
    return state_grant(made, "at sea under one flag", flag, "11(4)(1)", "07")


def paid_at_home(random: Random) -> Built:
    flag, home = random.sample(["LU", "MT", "FR", "DE", "DK", "GR", "CY"], 2)
    made = _asked(random, "mariner", "vessel", home, home)
    made["mariner"] = {"flag_state": flag, "remunerator_state": home, "waters": "sea"}
    made["employers"], made["activities"] = [employer("E1", home)], [work(flag, 100.0, place="vessel")]
    return state_grant(made, "paid from the own state", home, "11(4)(2)", "07")


def crew(random: Random) -> Built:
    there, home = random.sample(EU, 2)
    made = _asked(random, "aircrew", "aircrew", there, home)
    period = {"start": made["request"]["period_start"], "end": made["request"]["period_end"]}
    made["aircrew"] = {"home_bases": [{"state": there, **period}], "commercial_air_services": True}
    made["employers"] = [employer("E1", "IE")]
    return state_grant(made, "one home base", there, "11(5)", "10")


def two_bases(random: Random) -> Built:
    made, _ = crew(random)
    made["aircrew"]["home_bases"].append({**made["aircrew"]["home_bases"][0], "state": "IS"})
    made["aircrew"]["home_bases"][0]["state"] = "PL"
    return no_grant(made, "two home bases", "REVIEW")


def contract_staff(random: Random) -> Built:
    last = random.choice(("PL", "IT", "ES", "RO"))
    made = _asked(random, "contract_staff", "eu_contract_staff", last, "BE")
    made["contract_staff"] = {
        "employed_state": "BE",
        "last_subject_state": last,
        "nationality_states": [last],
        "option_state": last,
        "option_used_before": False,
        "exercised_at_contract": True,
    }
    made["employers"] = [employer("E1", "BE", kind="eu_institution")]
    made["activities"] = [work("BE", 100.0)]
    built, truth = state_grant(made, "opts for the last legislation", last, "15", "06")
    return built, truth


def telework(random: Random) -> Built:
    made, seat = _teleworker(random, float(random.randrange(25, 50)))
    return state_grant(made, "telework under the framework agreement", seat, "16(1)", "11")


def telework_capped(random: Random) -> Built:
    made, seat = _teleworker(random, 40.0)
    start = date.fromisoformat(made["request"]["period_start"])
    made["request"]["period_end"] = str(start + timedelta(1500))
    end = str(months_later(start, 36) - timedelta(1))
    return made, Truth(
        "telework for longer than three years", Grant(seat, "16(1)", "11", "ISSUE_A1", str(start), end)
    )


def too_much_telework(random: Random) -> Built:
    made, _ = _teleworker(random, float(random.randrange(50, 90)))
    return no_grant(made, "half of the time or more at home", "REFUSE")


def no_signatory(random: Random) -> Built:
    made, _ = _teleworker(random, 40.0, seat="DK")
    made["telework"]["seat_signatory"] = False
    return no_grant(made, "a state is not bound", "REFUSE", "EXCEPTION_ROUTE")


def no_consent(random: Random) -> Built:
    made, _ = _teleworker(random, 40.0)
    made["telework"]["joint_consent"] = False
    return no_grant(made, "no joint consent", "REVIEW", "REFUSE")


def agreed(random: Random) -> Built:
    made = _exception(random)
    request = made["request"]
    period = {"start": request["period_start"], "end": request["period_end"]}
    made["exception"] |= {"reply": "A011", "agreed_period": period}
    return state_grant(made, "exception agreed", request["asked_state"], "16(1)", "11")


def to_be_agreed(random: Random) -> Built:
    return no_grant(_exception(random), "exception to be asked for", "EXCEPTION_ROUTE")


def _exception(random: Random) -> Case:
    home, other = random.sample(EU, 2)
    made = _asked(random, "employee", "exception", home, home, months=30)
    made["request"]["requested_legislation"] = home
    made["employers"], made["activities"] = [employer("E1", home)], [work(other, 100.0)]
    made["exception"] = {"other_state": other, "reply": None, "agreed_period": None, "grounds": ["long_posting"]}
    return made


def _teleworker(random: Random, share: float, *, seat: str | None = None) -> tuple[Case, str]:
    home, other = random.sample(TELEWORK_FOUNDERS, 2)
    seat = seat or other
    made = _asked(random, "employee", "telework_framework", seat, home)
    made["request"]["requested_legislation"] = seat
    made["employers"] = [employer("E1", seat)]
    made["activities"] = [work(home, share, telework=True), work(seat, 100.0 - share, telework=False)]
    made["telework"] = {
        "share_in_residence": share,
        "digital_link": True,
        "other_state_share": 0.0,
        "other_activity_in_residence": False,
        "joint_consent": True,
        "residence_signatory": True,
        "seat_signatory": True,
    }
    return made, seat


def _asked(random: Random, applicant: str, kind: str, asked: str, residence: str, months: int = 12) -> Case:
    start = a_start(random)
    made = case(
        random,
        applicant=applicant,
        kind=kind,
        asked=asked,
        residence=residence,
        regime=regime_between(asked, residence),
        start=start,
    )
    made["request"]["period_end"] = str(months_later(start, months) - timedelta(1))
    return made


SHARES: dict[Situation, float] = {
    one_state: 22.0,
    own_business_in_one_state: 6.0,
    official_abroad: 10.0,
    all_from_home: 2.0,
    seaman: 7.0,
    paid_at_home: 4.0,
    crew: 9.0,
    two_bases: 1.0,
    contract_staff: 1.0,
    telework: 22.0,
    telework_capped: 2.0,
    too_much_telework: 2.0,
    no_signatory: 1.0,
    no_consent: 1.0,
    agreed: 6.0,
    to_be_agreed: 4.0,
}
"""Situations under other articles, in per cent of them."""
