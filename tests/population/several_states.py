"""Situations of article 13 of Regulation 883/2004: TEST DATA with their truth."""

from random import Random  # noqa: TID251 - the same in every run

from tests.population.situations import EU, Built, Case, Situation, employer, no_grant, several, state_grant, work


def substantial_at_home(random: Random) -> Built:
    home, other = random.sample(EU, 2)
    share = random.randrange(26, 95)
    seat = random.choice((home, other))
    made = several(random, home, _split(home, share, other), [employer("E1", seat)])
    return state_grant(made, "a quarter or more at home", home, "13(1)(a)", "02")


def one_employer(random: Random) -> Built:
    home, seat, third = random.sample(EU, 3)
    share = random.randrange(5, 25)
    rest = 100 - share
    far = random.randrange(10, 60)
    rows = [work(home, share), work(seat, rest - far), work(third, far)]
    made = several(random, home, rows, [employer("E1", seat)])
    return state_grant(made, "less at home, one employer", seat, "13(1)(b)(i)", "02")


def driver(random: Random) -> Built:
    home, *others = random.sample(EU, 4)
    share = random.randrange(5, 25)
    rows = [work(home, share), *(work(state, (100 - share) / 3) for state in others)]
    made = several(random, home, rows, [employer("E1", home)])
    return state_grant(made, "driver of an undertaking at home", home, "13(1)(b)(i)", "02")


def one_seat_state(random: Random) -> Built:
    home, seat = random.sample(EU, 2)
    rows = [work(home, 20.0, employer="E1"), work(seat, 80.0, employer="E2")]
    made = several(random, home, rows, [employer("E1", seat), employer("E2", seat)])
    return state_grant(made, "two employers of one state", seat, "13(1)(b)(ii)", "02")


def home_and_other_seat(random: Random) -> Built:
    home, seat = random.sample(EU, 2)
    share = random.randrange(6, 25)
    rows = [work(home, share, employer="E1"), work(seat, 100 - share, employer="E2")]
    made = several(random, home, rows, [employer("E1", home), employer("E2", seat)])
    return state_grant(made, "an employer at home and one elsewhere", seat, "13(1)(b)(iii)", "02")


def two_other_seats(random: Random) -> Built:
    home, one, two = random.sample(EU, 3)
    share = random.randrange(10, 90)
    rows = [work(one, share, employer="E1"), work(two, 100 - share, employer="E2")]
    made = several(random, home, rows, [employer("E1", one), employer("E2", two)])
    return state_grant(made, "employers of two other states", home, "13(1)(b)(iv)", "02")


def employer_overseas(random: Random) -> Built:
    home, one, two = random.sample(EU, 3)
    rows = [work(one, 70.0), work(two, 30.0)]
    made = several(random, home, rows, [employer("E1", "JP", kind="outside_eu")])
    return state_grant(made, "employer outside the Union", home, "14(11)", "02")


def third_state_work(random: Random) -> Built:
    home, other = random.sample(EU, 2)
    rows = [work(home, 16.0), work(other, 16.0), work("US", 68.0, third_state=True)]
    made = several(random, home, rows, [employer("E1", other)])
    return state_grant(made, "most of the work in a third state", other, "13(1)(b)(i)", "02")


def marginal_at_home(random: Random) -> Built:
    home, other = random.sample(EU, 2)
    share = random.randrange(1, 5)
    made = several(random, home, _split(home, share, other), [employer("E1", other)])
    return state_grant(made, "marginal work at home", other, "11(3)(a)", "12")


def marginal_third(random: Random) -> Built:
    home, other, third = random.sample(EU, 3)
    rows = [work(home, 60.0), work(other, 37.0), work(third, 3.0)]
    made = several(random, home, rows, [employer("E1", other)])
    return state_grant(made, "marginal work in a third member state", home, "13(1)(a)", "02")


def swiss(random: Random) -> Built:
    home = random.choice(("DE", "FR", "IT", "AT"))
    share = random.randrange(6, 25)
    made = several(random, home, _split(home, share, "CH"), [employer("E1", "CH")])
    return state_grant(made, "frontier worker of a Swiss employer", "CH", "13(1)(b)(i)", "02")


def self_employed_at_home(random: Random) -> Built:
    home, other = random.sample(EU, 2)
    made = several(
        random, home, _split(home, random.randrange(26, 95), other, own=True), [], applicant="self_employed"
    )
    return state_grant(made, "own business, a quarter or more at home", home, "13(2)(a)", "04")


def self_employed_elsewhere(random: Random) -> Built:
    home, other = random.sample(EU, 2)
    rows = _split(home, random.randrange(6, 25), other, own=True)
    rows[1]["fixed_place"] = True
    made = several(random, home, rows, [], applicant="self_employed")
    return state_grant(made, "own business with its place elsewhere", other, "13(2)(b)", "04")


def employed_and_own(random: Random) -> Built:
    home, other = random.sample(EU, 2)
    share = random.randrange(6, 95)
    own = work(home, 100 - share, kind="self_employed", employer=None)
    made = several(
        random, home, [work(other, share), own], [employer("E1", other)], applicant="employed_and_self_employed"
    )
    return state_grant(made, "employed elsewhere, own business at home", other, "13(3)", "08")


def civil_servant(random: Random) -> Built:
    home, other = random.sample(EU, 2)
    share = random.randrange(10, 90)
    rows = [work(home, share, kind="civil_servant"), work(other, 100 - share, employer="E2")]
    made = several(
        random, home, rows, [employer("E1", home, kind="public"), employer("E2", other)], applicant="civil_servant"
    )
    return state_grant(made, "civil servant with another job", home, "13(4)", "09")


def seat_state_asked(random: Random) -> Built:
    made, _ = one_employer(random)
    made["request"]["asked_state"] = made["employers"][0]["seat_state"]
    return no_grant(made, "not the residence's institution", "REFUSE")


def one_state_only(random: Random) -> Built:
    home, other = random.sample(EU, 2)
    made = several(random, home, [work(other, 100.0)], [employer("E1", other)])
    return no_grant(made, "work in one state only", "REFUSE", "REVIEW")


def mixed_indicators(random: Random) -> Built:
    home, other = random.sample(EU, 2)
    rows = [work(home, 20.0, 35.0), work(other, 80.0, 65.0)]
    return no_grant(several(random, home, rows, [employer("E1", other)]), "time below, pay above 25 %", "REVIEW")


def unstable(random: Random) -> Built:
    home, other = random.sample(EU, 2)
    rows = [work(home, 25.0, share_min=15.0, share_max=35.0), work(other, 75.0, share_min=65.0, share_max=85.0)]
    for row in rows:
        row |= {"share_of_time": None, "share_of_pay": None}
    return no_grant(several(random, home, rows, [employer("E1", other)]), "forecast straddles 25 %", "REVIEW")


def shares_missing(random: Random) -> Built:
    made, _ = substantial_at_home(random)
    for row in made["activities"]:
        row |= {"share_of_time": None, "share_of_pay": None}
    return no_grant(made, "shares unknown", "REVIEW")


def doubtful_seat(random: Random) -> Built:
    made, _ = one_employer(random)
    made["employers"][0]["seat_clear"] = False
    return no_grant(made, "letterbox suspected", "REVIEW")


def half_overseas(random: Random) -> Built:
    home, one, two = random.sample(EU, 3)
    rows = [work(one, 50.0, employer="E1"), work(two, 50.0, employer="E2")]
    made = several(random, home, rows, [employer("E1", one), employer("E2", "US", kind="outside_eu")])
    return no_grant(made, "one employer outside the Union", "REVIEW")


def no_fixed_place(random: Random) -> Built:
    home, one, two = random.sample(EU, 3)
    rows = [work(state, 45.0, kind="self_employed", employer=None) for state in (one, two)]
    rows.append(work(home, 10.0, kind="self_employed", employer=None))
    made = several(random, home, rows, [], applicant="self_employed")
    return no_grant(made, "own business without a centre", "REVIEW")


def bound_elsewhere(random: Random) -> Built:
    made, truth = substantial_at_home(random)
    request = made["request"]
    taken = made["activities"][1]["state"]
    made["existing_a1"] = [
        {
            "state": taken,
            "article": "11(3)(a)",
            "start": request["period_start"],
            "end": request["period_end"],
            "status": "valid",
            "employer_same": False,
            "host_state": None,
        }
    ]
    return no_grant(made, f"another certificate binds: {truth.why}", "REVIEW")


def _split(home: str, share: float, other: str, *, own: bool = False) -> list[Case]:
    kind = {"kind": "self_employed", "employer": None} if own else {}
    return [work(home, float(share), **kind), work(other, 100.0 - share, **kind)]


SHARES: dict[Situation, float] = {
    substantial_at_home: 34.0,
    one_employer: 19.0,
    driver: 12.0,
    one_seat_state: 2.5,
    home_and_other_seat: 4.5,
    two_other_seats: 3.0,
    employer_overseas: 0.5,
    third_state_work: 1.0,
    marginal_at_home: 2.0,
    marginal_third: 1.0,
    swiss: 2.5,
    self_employed_at_home: 3.0,
    self_employed_elsewhere: 1.0,
    employed_and_own: 3.5,
    civil_servant: 1.5,
    seat_state_asked: 2.5,
    one_state_only: 0.8,
    mixed_indicators: 0.8,
    unstable: 0.6,
    shares_missing: 1.0,
    doubtful_seat: 0.8,
    half_overseas: 0.2,
    no_fixed_place: 0.6,
    bound_elsewhere: 0.7,
}
"""Situations of work in several states, in per cent of them."""
