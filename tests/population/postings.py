"""Situations of article 12 and of its twins with the United Kingdom: TEST DATA with their truth."""

from datetime import date, timedelta
from random import Random  # noqa: TID251 - the same in every run

from tests.population.situations import (
    EFTA,
    EU,
    Built,
    Case,
    Grant,
    Situation,
    Truth,
    months_later,
    no_grant,
    own_business,
    posted,
    posting_grant,
    two_states,
)


def plain(random: Random) -> Built:
    return posting_grant(posted(random), "posted by the own employer")


def to_the_last_day(random: Random) -> Built:
    made = posted(random)
    _last_day(made, months_later(_first(made), 24) - timedelta(1))
    return posting_grant(made, "posted for 24 months to the day")


def by_public_body(random: Random) -> Built:
    return posting_grant(posted(random, kind="public", turnover_share=None), "posted by a public employer")


def by_agency(random: Random) -> Built:
    share = random.uniform(26, 90)
    return posting_grant(
        posted(random, kind="temp_agency", home_assignments_share=share), "agency with business at home"
    )


def third_country_national(random: Random) -> Built:
    while "DK" in (states := two_states(random, family="EU")):
        pass
    made = posted(random, states=states)
    made["person"] |= {"nationality_class": "TCN", "nationality_states": [random.choice(("UA", "BY", "MD", "IN"))]}
    return posting_grant(made, "third-country national who resides lawfully")


def after_residence(random: Random) -> Built:
    made = posted(random)
    made["posting"]["prior_cover"]["basis"] = "residence"
    made["posting"]["recruited_for_posting"] = True
    return posting_grant(made, "hired to be posted, covered by residence before")


def after_a_break(random: Random) -> Built:
    made = posted(random)
    last = _first(made) - timedelta(random.randrange(70, 400))
    _before(made, last - timedelta(120), last, "separate_assignment")
    return posting_grant(made, "posted again after more than two months")


def to_another_host(random: Random) -> Built:
    made = posted(random)
    last = _first(made) - timedelta(1)
    _before(made, last - timedelta(300), last, "separate_assignment")
    made["previous_postings"][0]["host_state"] = "MT" if made["posting"]["host_state"] != "MT" else "CY"
    return posting_grant(made, "posted on to another state")


def extended(random: Random) -> Built:
    states = two_states(random)
    while "UK" in states:
        states = two_states(random)
    made = posted(random, states=states, days=random.randrange(20, 180))
    made["request"]["kind"] = "extension"
    last = _first(made) - timedelta(1)
    _before(made, last - timedelta(random.randrange(60, 360)), last, "extension_of_same_posting")
    return posting_grant(made, "extension inside 24 months")


def already_begun(random: Random) -> Built:
    made = posted(random)
    made["request"]["request_date"] = str(_first(made) + timedelta(random.randrange(1, 120)))
    return posting_grant(made, "asked for after the start")


def old_certificate(random: Random) -> Built:
    made = posted(random)
    made["existing_a1"] = [
        _certificate(made, random.choice(("AT", "SI", "SK")), random.choice(("valid", "withdrawn")))
    ]
    if made["existing_a1"][0]["status"] == "valid":
        start = _first(made)
        made["existing_a1"][0] |= {"start": str(start - timedelta(90)), "end": str(start)}
    return posting_grant(made, "another certificate that does not bind on these days")


def business(random: Random) -> Built:
    while "UK" in (made := own_business(random))["regime"] and made["regime"] == "EFTA_UK":
        pass
    return posting_grant(made, "own business goes abroad")


def too_long(random: Random) -> Built:
    made = posted(random)
    last = months_later(_first(made), 24) + timedelta(random.randrange(200))
    _last_day(made, last)
    if made["regime"] == "UK_TCA":
        return no_grant(made, "over 24 months towards the United Kingdom", "REFUSE")
    return no_grant(made, "over 24 months", "EXCEPTION_ROUTE")


def chain_too_long(random: Random) -> Built:
    made, _ = extended(random)
    start = _first(made)
    made["previous_postings"][0]["start"] = str(months_later(start, -24))
    return no_grant(made, "chain over 24 months", "EXCEPTION_ROUTE")


def open_ended(random: Random) -> Built:
    made = posted(random)
    made["request"]["period_end"] = made["posting"]["end"] = made["activities"][0]["end"] = None
    return no_grant(made, "no end", "REFUSE", "REVIEW")


def wrong_way_round(random: Random) -> Built:
    made = posted(random)
    _last_day(made, _first(made) - timedelta(random.randrange(1, 40)))
    return no_grant(made, "ends before it starts", "REFUSE")


def host_asked(random: Random) -> Built:
    made = posted(random)
    made["request"]["asked_state"] = made["posting"]["host_state"]
    return no_grant(made, "the host's institution was asked", "REFUSE")


def replaces(random: Random) -> Built:
    made = posted(random)
    start = _first(made)
    made["posting"] |= {
        "replaces": random.choice(("posted_same_employer", "posted_other_employer")),
        "replaced_posting": {
            "start": str(start - timedelta(300)),
            "end": str(start - timedelta(1)),
            "employer_same": False,
            "ended_early": False,
        },
    }
    return no_grant(made, "takes a posted person's place", "REFUSE")


def never_covered(random: Random) -> Built:
    made = posted(random)
    start = made["posting"]["start"]
    made["posting"]["prior_cover"] = {"basis": "none", "since": start, "gap_days_before_start": 0, "days": 0}
    return no_grant(made, "never covered before", "REFUSE")


def briefly_covered(random: Random) -> Built:
    made = posted(random)
    days = random.randrange(1, 27)
    since = str(_first(made) - timedelta(days))
    made["posting"]["prior_cover"] |= {"since": since, "days": days}
    return no_grant(made, "covered for less than a month", "REVIEW")


def low_turnover(random: Random) -> Built:
    return no_grant(posted(random, turnover_share=random.uniform(1, 24.9)), "little business at home", "REVIEW")


def unknown_turnover(random: Random) -> Built:
    return no_grant(posted(random, turnover_share=None, months_active=2), "business at home unknown", "REVIEW")


def office_only(random: Random) -> Built:
    return no_grant(posted(random, admin_staff_only=True, admin_staff_share=100.0), "office staff only", "REFUSE")


def agency_abroad_only(random: Random) -> Built:
    made = posted(random, kind="temp_agency", home_assignments_share=0.0, turnover_share=0.0)
    return no_grant(made, "agency without users at home", "REFUSE")


def too_soon_again(random: Random) -> Built:
    made = posted(random, days=random.randrange(600, 700))
    last = _first(made) - timedelta(random.randrange(5, 45))
    _before(made, last - timedelta(250), last, "separate_assignment")
    return no_grant(made, "again too soon, over 24 months in all", "REFUSE", "REVIEW", "EXCEPTION_ROUTE")


def soon_again(random: Random) -> Built:
    made = posted(random, days=random.randrange(20, 200))
    last = _first(made) - timedelta(random.randrange(5, 45))
    _before(made, last - timedelta(100), last, "separate_assignment")
    return no_grant(made, "again too soon, within 24 months", "REVIEW", "REFUSE")


def other_certificate(random: Random) -> Built:
    made = posted(random, days=random.randrange(30, 300))
    made["existing_a1"] = [_certificate(made, random.choice(("SI", "SK")), "valid")]
    if made["existing_a1"][0]["state"] == made["posting"]["home_state"]:
        made["existing_a1"][0]["state"] = "EE"
    return no_grant(made, "another state's certificate binds", "REVIEW")


def not_covered_national(random: Random) -> Built:
    home, host = random.choice((("PL", "NO"), ("DE", "CH"), ("PL", "DK"), ("IT", "CH"), ("RO", "NO")))
    made = posted(random, states=(home, host))
    made["person"] |= {"nationality_class": "TCN", "nationality_states": ["RS"]}
    return no_grant(made, "third-country national outside the scope", "REVIEW", "REFUSE")


def not_lawful(random: Random) -> Built:
    while "DK" in (states := two_states(random, family="EU")):
        pass
    made = posted(random, states=states)
    made["person"] |= {"nationality_class": "TCN", "legally_resident": False, "nationality_states": ["IN"]}
    return no_grant(made, "does not reside lawfully", "REFUSE", "REVIEW")


def lent_on(random: Random) -> Built:
    made = posted(random)
    made["posting"]["hired_out_onward"] = True
    return no_grant(made, "passed on by the host", "REFUSE", "REVIEW")


def host_is_employer(random: Random) -> Built:
    made = posted(random)
    made["posting"]["direct_relationship"] = False
    return no_grant(made, "no direct relationship", "REFUSE")


def far_ahead(random: Random) -> Built:
    made = posted(random)
    made["request"]["request_date"] = str(_first(made) - timedelta(random.randrange(367, 500)))
    return no_grant(made, "more than a year ahead", "REVIEW")


def in_and_out(random: Random) -> Built:
    made = posted(random)
    made["request"]["regular_pattern"] = True
    return no_grant(made, "goes and comes regularly", "REVIEW")


def two_employers(random: Random) -> Built:
    made = posted(random)
    made["employers"].append({**made["employers"][0], "ref": "E2"})
    return no_grant(made, "two employers", "REVIEW")


def new_business(random: Random) -> Built:
    made = own_business(random, months_active_before=random.randrange(0, 2))
    return no_grant(made, "own business of less than two months", "REVIEW")


def other_trade(random: Random) -> Built:
    return no_grant(own_business(random, similar_activity=False), "another trade abroad", "REFUSE")


def trade_unknown(random: Random) -> Built:
    return no_grant(own_business(random, similar_activity=None), "kind of work abroad unknown", "REVIEW")


def business_closed(random: Random) -> Built:
    return no_grant(own_business(random, keeps_means=False), "business at home closed", "REFUSE", "REVIEW")


def overseas(random: Random) -> Built:
    start = date(2027, 1, 1) + timedelta(random.randrange(300))
    made = posted(random, states=("NO", "US"))
    made["regime"], made["bilateral"] = "BILATERAL", {"agreement": "NO-US"}
    made["request"] |= {"period_start": str(start), "request_date": str(start - timedelta(40))}
    made["posting"] |= {"start": str(start)}
    made["posting"]["prior_cover"]["since"] = "2019-01-01"
    made["activities"][0]["start"] = str(start)
    _last_day(made, start + timedelta(random.randrange(30, 1500)))
    request = made["request"]
    grant = Grant("NO", "5(2)", None, "ISSUE_OTHER", request["period_start"], request["period_end"])
    return made, Truth("posted overseas under an agreement", grant)


def _first(made: Case) -> date:
    return date.fromisoformat(made["posting"]["start"])


def _last_day(made: Case, last: date) -> None:
    made["request"]["period_end"] = made["posting"]["end"] = made["activities"][0]["end"] = str(last)


def _before(made: Case, first: date, last: date, relation: str) -> None:
    made["previous_postings"] = [
        {
            "host_state": made["posting"]["host_state"],
            "start": str(first),
            "end": str(last),
            "same_undertakings": True,
            "relation": relation,
        }
    ]


def _certificate(made: Case, state: str, status: str) -> Case:
    posting = made["posting"]
    return {
        "state": state,
        "article": "12(1)",
        "start": posting["start"],
        "end": posting["end"],
        "status": status,
        "employer_same": False,
        "host_state": None,
    }


SHARES: dict[Situation, float] = {
    plain: 72.0,
    to_the_last_day: 1.0,
    by_public_body: 1.5,
    by_agency: 2.0,
    third_country_national: 3.0,
    after_residence: 1.0,
    after_a_break: 2.5,
    to_another_host: 1.0,
    extended: 3.0,
    already_begun: 3.0,
    old_certificate: 0.7,
    business: 4.0,
    too_long: 0.8,
    chain_too_long: 0.3,
    open_ended: 0.3,
    wrong_way_round: 0.3,
    host_asked: 0.5,
    replaces: 0.5,
    never_covered: 0.4,
    briefly_covered: 0.8,
    low_turnover: 0.6,
    unknown_turnover: 0.4,
    office_only: 0.1,
    agency_abroad_only: 0.1,
    too_soon_again: 0.2,
    soon_again: 0.3,
    other_certificate: 0.5,
    not_covered_national: 0.5,
    not_lawful: 0.1,
    lent_on: 0.1,
    host_is_employer: 0.1,
    far_ahead: 0.2,
    in_and_out: 0.4,
    two_employers: 0.2,
    new_business: 0.2,
    other_trade: 0.1,
    trade_unknown: 0.1,
    business_closed: 0.1,
    overseas: 0.5,
}
"""Situations of posting, in per cent of the postings. The kinds of mistakes are ours: no source counts them."""

__all__ = ["EFTA", "EU", "SHARES"]
