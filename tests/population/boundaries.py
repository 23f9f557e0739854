"""Cases on and around every threshold of the decision table: TEST DATA without a truth of their own.

A case of the population, or of the kinds that it leaves out, is moved to an edge (a day more or less, a hundredth
of a per cent, another state, a fact missing) once, twice or three times. Whatever the engine then grants, the
checker has to derive.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date, timedelta
from random import Random  # noqa: TID251 - the same in every run
from typing import Any

from tests.population import other_articles, postings, several_states
from tests.population.situations import Case, Situation, case, employer, months_later, work

STATES = (
    "AT",
    "BE",
    "CH",
    "CY",
    "DE",
    "DK",
    "ES",
    "FR",
    "GR",
    "IE",
    "IS",
    "IT",
    "LI",
    "LT",
    "LU",
    "NL",
    "NO",
    "PL",
)
FAR_STATES = ("SE", "SI", "UK", "US", "AU", "XX")
FIRST_DAYS = (date(2027, 1, 31), date(2027, 2, 28), date(2028, 2, 29), date(2027, 3, 1), date(2027, 8, 31))
SIGNED = (date(2023, 7, 1), date(2023, 9, 1), date(2024, 1, 1), date(2024, 5, 1), date(2024, 6, 1))
EDGES = (0.0, 4.99, 5.0, 5.01, 24.99, 25.0, 25.01, 49.99, 50.0, 50.01, 100.0)
WORDS = {
    "applicant_kind": ("employee", "self_employed", "employed_and_self_employed", "civil_servant", "mariner",
                       "aircrew", "contract_staff", "inactive", "pensioner", "unemployed_art65", "military"),
    "regime": ("EU", "EEA", "CH", "EFTA", "UK_TCA", "UK_WA", "EFTA_UK", "CH_UK", "BILATERAL", "NONE"),
    "request/kind": ("posting", "extension", "multi_state", "telework_framework", "single_state", "vessel",
                     "aircrew", "eu_contract_staff", "exception", "exemption_pensioner", "voluntary_insurance"),
    "kind": ("employed", "self_employed", "civil_servant"),
    "employers/kind": ("private", "public", "temp_agency", "outside_eu", "eu_institution"),
    "nationality_class": ("EU", "EEA_EFTA", "CH", "UK", "TCN", "STATELESS", "REFUGEE"),
    "replaces": ("none", "local_worker", "posted_same_employer", "posted_other_employer"),
    "basis": ("employment", "self_employment", "benefit", "residence", "none"),
    "relation": ("extension_of_same_posting", "separate_assignment"),
    "paid_by": ("employer", "host"),
    "status": ("valid", "withdrawn"),
    "waters": ("sea", "territorial"),
    "prior_status": ("self_employed", "employee"),
    "reply": (None, "pending", "A011", "A002_partial", "A002_refusal"),
}  # fmt: skip
Move = Callable[[Random, Case], None]


def boundary_cases(count: int, *, seed: int = 987_2009) -> Iterator[Case]:
    """Yield ``count`` cases, the same for the same seed."""
    random = Random(seed)
    starts: list[Situation] = [*postings.SHARES, *several_states.SHARES, *other_articles.SHARES]
    for number in range(count):
        if number % 17 == 0:
            made = random.choice(LEFT_OUT)(random)
        else:
            made = deepcopy(starts[number % len(starts)](random)[0])
        for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3))):
            random.choice(MOVES)(random, made)
        yield made


def _new_start(random: Random, made: Case) -> None:
    first = random.choice(FIRST_DAYS) if random.random() < 0.7 else random.choice(SIGNED)
    first += timedelta(random.choice((-1, 0, 0, 1)))
    filed = first - timedelta(30)
    made["request"] |= {"period_start": str(first), "request_date": str(filed)}
    months = random.choice((1, 6, 12, 23, 24, 24, 24, 36, 60))
    last = months_later(first, months) + timedelta(random.choice((-2, -1, -1, 0, 1)))
    _all_days(made, first, last)


def _first(made: Case) -> date:
    return date.fromisoformat(made["request"]["period_start"] or "2027-03-01")


def _new_end(random: Random, made: Case) -> None:
    first = _first(made)
    chain = [date.fromisoformat(row["start"]) for row in made["previous_postings"] if row["start"]]
    count_from = min([first, *chain]) if random.random() < 0.5 else first
    last = months_later(count_from, random.choice((12, 24, 24, 36, 60))) + timedelta(random.choice((-2, -1, 0, 1)))
    _all_days(made, first, max(last, first - timedelta(1)))


def _all_days(made: Case, first: date, last: date) -> None:
    days = {"start": str(first), "end": str(last)}
    made["request"] |= {"period_start": str(first), "period_end": str(last)}
    if made["posting"]:
        made["posting"] |= days
    for row in made["activities"]:
        if row["start"]:
            row |= days
    for base in (made["aircrew"] or {}).get("home_bases", ()):
        base |= days


def _filed(random: Random, made: Case) -> None:
    first = _first(made)
    months = random.choice((-12, -12, 0, 3, 3, 12, 12, 36, 36))
    made["request"]["request_date"] = str(
        months_later(first, months) + timedelta(random.choice((-2, -1, 0, 1, 2)))
    )


def _cover(random: Random, made: Case) -> None:
    cover = (made["posting"] or {}).get("prior_cover")
    if cover:
        first = _first(made)
        since = months_later(first, -1) + timedelta(random.choice((-2, -1, 0, 1, 2)))
        cover |= {"since": str(since), "days": (first - since).days}
        cover["gap_days_before_start"] = random.choice((0, 0, 0, 1))


def _earlier(random: Random, made: Case) -> None:
    if made["posting"]:
        first = _first(made)
        away = random.choice((0, 0, -1, -2, -2, -2, -12))
        last = months_later(first, away) + timedelta(random.choice((-3, -2, -1, -1, 0, 1)))
        begun = months_later(last, -random.choice((1, 6, 12, 18, 23))) + timedelta(random.choice((-1, 0, 1, 2)))
        row = {"host_state": made["posting"]["host_state"], "start": str(begun), "end": str(last)}
        row["relation"] = random.choice(WORDS["relation"])
        row["same_undertakings"] = random.choice((True, True, True, False, None))
        made["previous_postings"].append(row)


def _certificate(random: Random, made: Case) -> None:
    first = _first(made)
    last = first + timedelta(random.choice((-1, 0, 1, 60)))
    row = {"state": random.choice((made["request"]["asked_state"], "SK", "NL")), "article": "12(1)"}
    row |= {"start": str(first - timedelta(200)), "end": random.choice((str(last), str(last), None))}
    row |= {"status": random.choice(("valid", "valid", "withdrawn", None)), "host_state": None}
    made["existing_a1"].append(row | {"employer_same": random.choice((True, False, None))})


def _share(random: Random, made: Case) -> None:
    rows = made["activities"]
    if len(rows) < 2:
        return
    one, two = random.sample(rows, 2)
    names = (
        ("share_of_time", "share_of_pay")
        if random.random() < 0.7
        else (random.choice(("share_of_time", "share_of_pay")),)
    )
    edge = random.choice(EDGES)
    for name in names:
        both = sum(row[name] or 0.0 for row in (one, two))
        one[name], two[name] = edge, max(0.0, round(both - edge, 2))
    if made["telework"] and random.random() < 0.8:
        made["telework"]["share_in_residence"] = edge


def _range(random: Random, made: Case) -> None:
    if made["activities"]:
        low = random.choice((3.0, 4.0, 15.0, 25.0, 30.0))
        row = random.choice(made["activities"])
        row |= {"share_min": low, "share_max": low + random.choice((0.5, 5.0, 20.0))}
        if random.random() < 0.5:
            row |= {"share_of_time": None, "share_of_pay": None}


def _number(random: Random, made: Case) -> None:
    place = random.choice(_leaves(made, lambda name, value: type(value) in (int, float)) or [(made, "regime")])
    if place[1] != "regime":
        whole = place[1] in ("months_active", "months_active_before", "gap_days_before_start", "days")
        place[0][place[1]] = random.choice((0, 1, 2, 3)) if whole else random.choice(EDGES)


def _missing(random: Random, made: Case) -> None:
    node, name = random.choice(_leaves(made, lambda name, value: True))
    node[name] = None


def _other_state(random: Random, made: Case) -> None:
    places = _leaves(made, lambda name, value: name.endswith("state") and isinstance(value, str))
    node, name = random.choice(places)
    new = random.choice(STATES + FAR_STATES)
    if random.random() < 0.5:
        node[name] = new
        return
    old = node[name]
    for where, member in places:
        if where[member] == old:
            where[member] = new


def _other_word(random: Random, made: Case) -> None:
    places = _leaves(made, lambda name, value: name in WORDS or name == "kind")
    node, name = random.choice(places)
    inside = "request/kind" if node is made["request"] else "employers/kind" if "seat_state" in node else name
    node[name] = random.choice(WORDS[inside])


def _other_truth(random: Random, made: Case) -> None:
    places = _leaves(made, lambda name, value: isinstance(value, bool))
    node, name = random.choice(places)
    node[name] = not node[name]


def _rare_member(random: Random, made: Case) -> None:
    request, posting = made["request"], made["posting"]
    request[random.choice(("transitional", "auto_renewing", "regular_pattern"))] = random.choice(
        (True, False, None)
    )
    if posting and random.random() < 0.5:
        posting["worked_in_home_state_before"] = random.choice((True, False, None))
        made["person"]["residence_state"] = random.choice((posting["home_state"], posting["host_state"]))
    if made["self_employed_home"]:
        made["self_employed_home"][random.choice(("business_suspended", "real_home_activity"))] = (
            random.random() < 0.5
        )
    for row in made["activities"]:
        if row["kind"] == "self_employed" and random.random() < 0.5:
            row["turnover_share"] = random.choice((None, 20.0, 25.0, 80.0))
            row["fixed_place"] = random.choice((None, True, True, False))


def _one_more(random: Random, made: Case) -> None:
    name = random.choice(("employers", "activities", "previous_postings", "activities"))
    if made[name]:
        more = deepcopy(random.choice(made[name]))
        if name == "employers":
            more["ref"] = "E9"
            for row in made["activities"][1:]:
                row["employer"] = "E9"
        if name == "activities":
            part = random.choice((1.0, 4.99, 5.0, 20.0))
            more |= {"state": random.choice(STATES + FAR_STATES), "share_of_time": part, "share_of_pay": part}
            more |= {"kind": random.choice(WORDS["kind"])} if random.random() < 0.3 else {}
            for share in ("share_of_time", "share_of_pay"):
                largest = max(made["activities"], key=lambda row, share=share: row[share] or 0.0)
                largest[share] = max(0.0, (largest[share] or 0.0) - part)
        made[name].append(more)


def _one_less(random: Random, made: Case) -> None:
    name = random.choice(("employers", "activities", "previous_postings"))
    if made[name]:
        made[name].pop(random.randrange(len(made[name])))


MOVES: tuple[Move, ...] = (
    _new_start, _new_end, _new_end, _filed, _cover, _earlier, _earlier, _certificate, _share, _share, _share,
    _range, _number, _missing, _missing, _other_state, _other_state, _other_word, _other_truth, _rare_member,
    _one_more, _one_less,
)  # fmt: skip


def _leaves(node: Any, wanted: Callable[[str, Any], bool]) -> list[tuple[Any, str]]:
    found: list[tuple[Any, str]] = []
    for name, value in node.items():
        if isinstance(value, dict):
            found += _leaves(value, wanted)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for part in value:
                found += _leaves(part, wanted)
        elif not isinstance(value, list) and name != "ref" and wanted(name, value):
            found.append((node, name))
    return found


def _empty(random: Random, applicant: str, kind: str, asked: str, residence: str, regime: str = "EU") -> Case:
    first = random.choice(FIRST_DAYS)
    made = case(
        random, applicant=applicant, kind=kind, asked=asked, residence=residence, regime=regime, start=first
    )
    made["request"]["period_end"] = str(months_later(first, 12) - timedelta(1))
    return made


def _pensioner(random: Random) -> Case:
    made = _empty(random, "pensioner", "exemption_pensioner", random.choice(("NL", "ES")), "ES")
    return made | {"pension_states": random.choice((["NL"], ["NL", "DE"], ["ES"]))}


def _idle(random: Random) -> Case:
    made = _empty(
        random,
        random.choice(("inactive", "pensioner", "unemployed_art65", "military")),
        "single_state",
        "DE",
        "DE",
    )
    kind = random.choice(("old_age_pension", "sickness_short_term"))
    return made | random.choice(({}, {"cash_benefit": {"state": "DE", "kind": kind}}))


def _on_benefit(random: Random) -> Case:
    made = _empty(random, "employee", "single_state", "LU", "FR")
    made["employers"] = [employer("E1", "LU")]
    return made | {
        "cash_benefit": {"state": "LU", "kind": random.choice(("sickness_short_term", "old_age_pension"))}
    }


def _voluntary(random: Random) -> Case:
    made = _empty(random, "employee", "voluntary_insurance", "FR", "FR")
    made["activities"] = [work("LU", 100.0)]
    made["employers"] = [employer("E1", "LU")]
    sure = random.random() < 0.5
    given = {"branch": "old_age", "state": "FR", "compulsory_state": "LU", "national_law_allows": True}
    return made | {"voluntary": given | {"earlier_activity_in_state": sure}}


def _far_flag(random: Random) -> Case:
    made = _empty(random, "mariner", "vessel", "LV", "LV")
    flag = random.choice(("LR", "BS", "MT", "LV"))
    made["mariner"] = {"flag_state": flag, "remunerator_state": random.choice(("LV", "NL")), "waters": "sea"}
    made["employers"], made["activities"] = [employer("E1", "LV")], [work(flag, 100.0, place="vessel")]
    return made


def _agreement(random: Random) -> Case:
    host, limit = random.choice((("US", 60), ("AU", 36), ("CA", 60)))
    made = deepcopy(postings.overseas(random)[0])
    made["posting"]["host_state"] = made["activities"][0]["state"] = host
    made["bilateral"]["agreement"] = f"NO-{host}"
    first = _first(made)
    _all_days(made, first, months_later(first, limit) + timedelta(random.choice((-2, -1, 0, 1))))
    return made


def _withdrawal_agreement(random: Random) -> Case:
    made = deepcopy(postings.to_the_last_day(random)[0])
    made["posting"]["host_state"] = made["activities"][0]["state"] = "UK"
    made["regime"], made["person"]["withdrawal_agreement"] = "UK_WA", random.random() < 0.8
    return made


def _convention(random: Random) -> Case:
    made = deepcopy(random.choice((postings.to_the_last_day, postings.business))(random)[0])
    made["posting"] |= {"home_state": "NO", "host_state": "UK"}
    made["request"] |= {"asked_state": "NO", "requested_legislation": "NO"}
    made["activities"][0]["state"], made["regime"] = "UK", "EFTA_UK"
    for row in made["employers"]:
        row["seat_state"] = "NO"
    return made


def _ordered(random: Random) -> Case:
    made = _empty(random, "employee", "multi_state", "CZ", "CZ")
    made["employers"] = [employer("E1", "CZ"), employer("E2", "DE")]
    mine = random.choice((10.0, 20.0, 25.0, 30.0, 50.0))
    made["activities"] = [work("CZ", mine), work("DE", 80.0 - mine, employer="E2")]
    made["activities"].append(work("SK", 20.0, kind="self_employed", employer=None))
    made["applicant_kind"] = "employed_and_self_employed"
    return made


def _in_turn(random: Random) -> Case:
    made = deepcopy(several_states.two_other_seats(random)[0])
    first = _first(made)
    turn = months_later(first, 12) + timedelta(random.choice((-2, -1, 0, 1)))
    made["activities"][0] |= {"start": str(first), "end": str(turn)}
    made["activities"][1] |= {"start": str(turn + timedelta(1)), "end": str(months_later(turn, 6))}
    return made


LEFT_OUT: tuple[Callable[[Random], Case], ...] = (
    _pensioner, _idle, _on_benefit, _voluntary, _far_flag, _agreement, _withdrawal_agreement, _convention,
    _ordered, _in_turn,
)  # fmt: skip
