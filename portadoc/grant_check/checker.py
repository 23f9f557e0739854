"""Derive a grant a second time, straight from the law, before anything of it is recorded or signed.

The law stands here twice on purpose: own figures, own reading of the facts, nothing shared with ``rules``. What it
does not know (a member, an article, a null where a value decides) it refuses, and answers that issue nothing too:
an officer decides. 883, 987: Regulations 883/2004 and 987/2009; A2: Decision A2.
"""

import json
import re
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

from portadoc.errors import Refused
from portadoc.grant_check import figures as law
from portadoc.grant_check.counting import total
from portadoc.grant_check.days import day_of, months_after, months_between

_Object = dict[str, Any]
_Grant = tuple[Any, ...]  # article of 883, status code, competent state; days only where not those asked for


def check_grant(facts: _Object, decision: _Object) -> None:
    """Guarantee that ``decision`` is a certificate which the law gives on ``facts``, and that it says so truly.

    Both are plain JSON, believed in nothing. The article is found from the facts alone, then compared with what is
    printed; the derivation may quote only what the case says and leave nothing open.
    Raises: Refused[grant_not_derivable] with ``rule`` and ``provision``. Spec: Reg. 883/2004 Title II.
    """
    try:
        request, person = facts["request"], facts["person"]
        _need(
            {*re.findall(r'"((?:[^"\\]|\\.)*)": ', json.dumps(facts))} <= law.MEMBERS, "known members only: facts"
        )
        _derivation(facts, decision["derivation"])
        start, end = day_of(request["period_start"]), request["period_end"] and day_of(request["period_end"])
        article, code, state, *dates = _ROUTES[request["kind"]](facts, person["residence_state"], start, end)
        asked = {"multi_state": person["residence_state"], "exemption_pensioner": request["asked_state"]}
        _says(request, "987 art. 15, 16, 18", asked_state=asked.get(request["kind"], state))
        _says(request, "883 art. 11(1)", requested_legislation=(state, None))
        first, last = dates or (start, end)
        _every_case(facts, request, person, state, first, last)
        _printed(facts["regime"], request, decision, (article, code, state), str(first), last and str(last))
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as missing:
        raise Refused("grant_not_derivable", rule="fact missing or unreadable", provision="-") from missing


def _derivation(facts: _Object, steps: list[_Object]) -> None:
    _need(any(step["facts"] and step["result"] == "met" for step in steps), "derivation: 987 art. 19(2)")
    for step in steps:
        _need(step["result"] in ("met", "not_met", "not_applicable"), f"no open step: {step['provision']}")
        for pointer, value in step["facts"]:
            found: Any = facts
            for part in pointer.split("/")[1:]:
                found = found[int(part)] if isinstance(found, list) else (found or {}).get(part)
            _says({"quoted fact": found}, f"{step['rule']} {step['provision']}", **{"quoted fact": value})


def _every_case(facts: _Object, request: _Object, person: _Object, state: str, first: date, last: Any) -> None:
    regime, nation, lawful = facts["regime"], person["nationality_class"], person["legally_resident"] is True
    start, host = day_of(request["period_start"]), (facts["posting"] or {}).get("host_state")
    named = {row["state"] for row in facts["activities"]} | {row["seat_state"] for row in facts["employers"]}
    legs = {*named, request["asked_state"], person["residence_state"], host} & law.A1_STATES
    living = person["deceased"] is False and (regime != "UK_WA" or person["withdrawal_agreement"] is True)
    _need(living and not request.get("transitional"), "living, covered person: 883 art. 2, 87(8)")
    ends, since = (last or first) >= first, day_of(law.SINCE.get(regime, "2010-05-01"))
    _need(ends and start >= since, "period, regime in force: 883 art. 87, 91")
    _need(start <= months_after(day_of(request["request_date"]), 12), "at most a year ahead: 987 art. 15(1)")
    settled = request["asked_state"] in law.STATES[regime] and (lawful or regime not in law.NUMBERS)
    _need(settled, "asked state, legal residence: 987 art. 15, 16, 18; EU-UK protocol art. SSC.3")
    swiss, efta, union = "CH" in legs, bool(legs & law.EFTA), bool(legs & law.EU)
    both = {"CH", "EEA_EFTA"} if swiss is efta else {"EEA_EFTA"} if efta else {"CH"}
    covered = both | {"STATELESS", "REFUGEE"} | (set() if swiss and efta else {"EU"})
    extended = lawful and legs <= law.EU - {"DK"} | {"UK"} and nation in ("TCN", "UK")  # Reg. 1231/2010
    free = nation in covered or extended or regime not in law.UNION[:4]
    link = not (regime in law.UNION and swiss and efta and union)  # no treaty links the EU, EEA-EFTA and CH
    _need(free and link, "nationality: 883 art. 2, 90; Reg. 1231/2010")
    for other in facts["existing_a1"]:
        begin, end = day_of(other["start"] or "0001-01-01"), day_of(other["end"] or "9999-12-31")
        shared = (min(end, last or date.max) - max(begin, first)).days + 1
        replaced = other["state"] == request["asked_state"] and other["employer_same"] is True
        same = replaced or other["state"] == state
        _need(same or other["status"] == "withdrawn" or shared < 2, "no other certificate: 987 art. 5(1)")


def _printed(regime: str, asked: _Object, decision: _Object, grant: _Grant, first: str, last: Any) -> None:
    article, code, state = grant
    number, _, rest = article.partition("(")
    if regime in law.NUMBERS:
        rest = "4)" if number == "11" and rest[0] == "4" else rest.replace("3)(e)", "3)(c)")
        rest = {"1)": "1)(a)", "2)": "1)(b)"}[rest] if regime == "UK_TCA" and number == "12" else rest
        article = f"{law.NUMBERS[regime].split()[int(number) - 11]}({rest}"
    own = "ISSUE_A1" if state == asked["asked_state"] else "DETERMINE_AND_NOTIFY"
    _says(decision, "printed", outcome="GRANT", article=article, competent_state=state, status_code=code)
    _says(decision, article, action=own if code else "ISSUE_OTHER", validity_start=first, validity_end=last)
    _says(decision, "987 art. 16(2)", provisional=True if asked["kind"] == "multi_state" else (False, None))
    asked_for = decision.get("questions") or decision.get("simulation") or "revision" in str(decision.get("pack"))
    _need(not asked_for and state in law.A1_STATES, "law in force, nothing open, A1 state")


def _posting(facts: _Object, residence: Any, start: date, end: Any) -> _Grant:
    posting, kind, request = facts["posting"], facts["applicant_kind"], facts["request"]
    home, host, inside = posting["home_state"], posting["host_state"], law.STATES[facts["regime"]]
    _says(posting, "883 art. 12", start=(str(start), None), end=(str(end), None), home_state=(*(inside - {host}),))
    _need(end is not None and host in inside, "an end, a host state: 883 art. 12")
    _need(start >= months_after(day_of(request["request_date"]), -36), "not an old period: 883 art. 12")
    _need(not request.get("auto_renewing") and not request.get("regular_pattern"), "limited in time: 883 art. 12")
    article, code, limit, gap = {"employee": ("12(1)", "01", 24, 2), "self_employed": ("12(2)", "03", 24, 2)}[kind]
    if facts["regime"] == "BILATERAL":
        _says(facts["bilateral"], "agreement", agreement=(f"{home}-{host}", None))
        (article, limit), code, gap = law.AGREED[f"{home}-{host} {kind}"], "", 12
    for row in facts["activities"]:
        _says(row, "987 art. 14(7)", state=host, kind=("employed" if kind == "employee" else kind, None))
    if kind == "employee":
        (employer,) = facts["employers"]
        kinds = ("private", "temp_agency", "public")
        _says(employer, "883 art. 12(1)", seat_state=home, seat_clear=True, kind=kinds)
        refs = {row["employer"] for row in facts["activities"]}
        _need(refs <= {employer["ref"], None}, "employer: 883 art. 12(1)")
        active, private = employer["home_activity"] or {}, employer["kind"] == "private"
        if employer["kind"] != "public":
            share = "turnover_share" if private else "home_assignments_share"
            _need(25 <= active[share] <= 100, "25 % of the business at home: 987 art. 14(2); C-784/19")
        if private:
            _says(active, "987 art. 14(2)", admin_staff_only=False)
            _need(0 <= active["admin_staff_share"] <= 50, "staff: 987 art. 14(2)")
        _says(posting, "883 art. 12(1); C-527/16", replaces=("none", "local_worker"))
        _says(posting, "A2 no 1, 4", direct_relationship=True, hired_out_onward=False, paid_by=("employer", None))
        cover, worked = posting["prior_cover"], posting.get("worked_in_home_state_before")
        _says(cover, "987 art. 14(1)", basis=("employment", "self_employment", "benefit", "residence"))
        month = months_after(day_of(cover["since"]), 1) <= start and cover["gap_days_before_start"] == 0
        _need(month, "one month of cover just before: 987 art. 14(1); A2 no 1")
        at_home = worked is True or (worked is None and cover["basis"] in ("employment", "self_employment"))
        _need(residence is not None and (residence != host or at_home), "not a local hire: 987 art. 14(1)")
    else:
        own = facts["self_employed_home"]
        _says(own, "987 art. 14(3)", prior_status="self_employed", keeps_means=True, similar_activity=True)
        _says(own, "987 art. 14(3)", business_suspended=(False, None), real_home_activity=(True, None))
        _need(own["months_active_before"] >= 2, "two months of own business: 987 art. 14(3)")
    chain = start
    for earlier in sorted(facts["previous_postings"], key=lambda row: str(row["end"]), reverse=True):
        first, last = day_of(earlier["start"] or earlier["end"]), day_of(earlier["end"])
        same_job = earlier["relation"] == "extension_of_same_posting" and earlier["start"] is not None
        others = earlier["same_undertakings"] is False and not same_job
        other = others or earlier["host_state"] not in (host, None)
        if not other and months_after(last, gap) >= chain and first <= months_after(end, gap):
            _need(same_job and first <= start, "break of two months: A2 no 3(c)")
            chain = min(chain, first)
    _need(months_between(chain, end) < limit, f"under {limit} months in all: art. {article}")
    return article, code or None, home


def _multi_state(facts: _Object, home: str, start: date, end: date | None) -> _Grant:
    work, inside = facts["activities"], law.STATES[facts["regime"]]
    sums = [total(work, name) for name in law.WORK]
    _need(all(low <= 101 and high >= 99 for low, high in sums), "shares of all work: 987 art. 14(8)")
    official = facts["applicant_kind"] != "civil_servant" or "civil_servant" in {row["kind"] for row in work}
    _need(facts["applicant_kind"] in law.SEVERAL and official, "kind of person: 883 art. 13; 987 art. 14(5a)")
    states = {row["state"] for row in work} & inside
    kept = {state for state in states if _reaches(work, 5, state)}  # 987 art. 14(5b)
    rare = {state for state in kept if not any(row["regular"] for row in work if row["state"] == state)}
    unknown = any(row["regular"] is None for row in work if row["state"] in rare)
    _need(len(states) > 1 and home in inside, "work in several states: 883 art. 13")
    readings = set()  # irregular work is none in one of two states (C-570/15); otherwise it must not matter
    for without in [set()] if len(kept) == 1 else [rare] if len(kept) == 2 and not unknown else [rare, set()]:
        normal = [row for row in work if row["state"] not in without]
        real = [row for row in normal if row["state"] in kept]
        parts = [r for r in real if _reaches([o for o in real if o["kind"] == r["kind"]], 5, r["state"])]
        for rows in (real, parts):  # 987 art. 14(5b) says activities: a marginal part must not matter either
            alone = len({row["state"] for row in rows}) == 1
            readings.add((_of_one if alone else _of_several)(facts, home, normal, rows))
        spans = sorted((day_of(row["start"]), day_of(row["end"])) for row in real if row["start"] and row["end"])
        apart = len(spans) == len(real) > 1 and all(one[1] < two[0] for one, two in pairwise(spans))
        long = any(months_between(one, two + timedelta(1)) >= 12 for one, two in spans)
        _need(not (apart and long), "not one state after the other: C-879/19")
    _need(len(readings) == 1, "one reading of the work: 987 art. 14(5), (5b)")
    return readings.pop()


def _of_several(facts: _Object, home: str, work: list[_Object], real: list[_Object]) -> tuple[str, str, str]:
    kinds = {row["kind"] for row in real}
    groups = {kind: [row for row in real if row["kind"] == kind] for kind in kinds}
    _need(kinds <= {"employed", "self_employed", "civil_servant"}, "kind of work: 883 art. 13")
    if "civil_servant" in kinds:
        office = _administration(facts, groups["civil_servant"])
        return ("13(4)", "09", office) if len(kinds) > 1 else ("11(3)(b)", "05", office)
    if kinds == {"self_employed"}:
        turnover = any(row.get("turnover_share") is not None for row in work)
        if _reaches(work, 25, home, (*law.WORK, "turnover_share") if turnover else law.WORK):
            return "13(2)(a)", "04", home
        (centre,) = {row["state"] for row in real if row.get("fixed_place") is True}
        others = [(name, row["state"]) for name in law.WORK for row in real if row["state"] != centre]
        largest = all(total(real, name, centre)[0] > total(real, name, state)[1] for name, state in others)
        _need(largest, "centre of interest: 987 art. 14(9)")
        return "13(2)(b)", "04", centre
    if kinds == {"employed"}:
        return _employed(facts, home, work, real)
    if len({row["state"] for row in groups["employed"]}) == 1:
        return "13(3)", "08", groups["employed"][0]["state"]
    alone = [row for row in work if row["kind"] == "employed"]
    part = {name: total(alone, name)[0] / 100 for name in law.WORK}
    scaled = [row | {name: min(100, row[name] / part[name]) for name in law.WORK} for row in alone]
    _need(_reaches(scaled, 25, home) is _reaches(work, 25, home), "25 % of employed and all work: 883 art. 13(3)")
    return "13(3)", "08", _employed(facts, home, work, groups["employed"])[2]


def _employed(facts: _Object, home: str, work: list[_Object], real: list[_Object]) -> tuple[str, str, str]:
    if _reaches(work, 25, home):
        return "13(1)(a)", "02", home
    inside = law.STATES[facts["regime"]]
    away = [row for row in work if row["state"] not in inside and row["kind"] == "employed"]
    large = [row for row in away if any(total(away, name, row["state"])[1] >= 5 for name in law.WORK)]
    refs = {
        row["employer"] for row in real + large
    }  # whoever employs, wherever the work is, but for marginal work
    engaged = {row["ref"]: row for row in facts["employers"] if row["ref"] in refs}
    _need(refs == engaged.keys(), "employers: 883 art. 13(1)(b)")
    _need(all(row["seat_clear"] is True for row in engaged.values()), "seat: 987 art. 14(5a)")
    seats = {row["seat_state"] for row in engaged.values()}
    foreign = {seat not in inside for seat in seats}
    odd = any(row["kind"] == "outside_eu" and row["seat_state"] in inside for row in engaged.values())
    _need(len(foreign) == 1 and None not in seats and not odd, "seats: 987 art. 14(11)")
    if True in foreign:
        return "14(11)", "02", home
    others = seats - {home}
    limb = ("i" if len(refs) == 1 else "ii") if len(seats) == 1 else "iii" if len(others) == 1 else "iv"
    return f"13(1)(b)({limb})", "02", home if limb == "iv" else (others or seats).pop()


def _of_one(facts: _Object, home: str, work: list[_Object], real: list[_Object]) -> tuple[str, str, str]:
    kinds, states = {row["kind"] for row in real}, {row["state"] for row in real}
    if kinds == {"civil_servant"}:
        return "11(3)(b)", "05", _administration(facts, real)
    (state,) = states & law.STATES[facts["regime"]]
    _need(kinds <= {"employed", "self_employed", None} and len(states) == 1, "one state: 883 art. 11(3)(a)")
    return "11(3)(a)", "12", state


def _administration(facts: _Object, work: list[_Object]) -> str:
    refs = {row["employer"] for row in work} - {None} or {row["ref"] for row in facts["employers"]}
    ((kind, state),) = {(row["kind"], row["seat_state"]) for row in facts["employers"] if row["ref"] in refs}
    _need(kind == "public" and state in law.STATES[facts["regime"]], "public employer: 883 art. 11(3)(b)")
    return str(state)


def _single_state(facts: _Object, home: str, start: date, end: date | None) -> _Grant:
    kind, work, benefit = facts["applicant_kind"], facts["activities"], facts.get("cash_benefit") or {"kind": None}
    deemed = benefit["kind"] in ("sickness_short_term", "maternity", "paternity")  # 883 art. 11(2)
    if kind == "civil_servant":
        _need({row["kind"] for row in work} <= {kind}, "official only: 883 art. 11(3)(b)")
        return "11(3)(b)", "05", _administration(facts, work)
    if kind in ("employee", "self_employed", "employed_and_self_employed") or (work and kind == "pensioner"):
        found = ("11(3)(a)", "12", benefit["state"]) if deemed and not work else _of_one(facts, home, work, work)
        _need(found[1] == "12" and not (work and deemed), "work: 883 art. 11(2), (3)")
        return found
    _need(not work and (not deemed or kind == "unemployed_art65"), "no work: 883 art. 11(3)(e)")
    return {"inactive": "11(3)(e)", "pensioner": "11(3)(e)", "unemployed_art65": "11(3)(c)"}[kind], None, home


def _at_sea(facts: _Object, home: str, start: date, end: date | None) -> _Grant:
    mariner, inside, payer = facts["mariner"], law.STATES[facts["regime"]], facts["mariner"]["remunerator_state"]
    flag, own = mariner["flag_state"], {row["kind"] for row in facts["activities"]} == {"self_employed"}
    flags, paid = {flag, *(mariner.get("flag_states") or ())}, own or payer or flag == home or flag not in inside
    at_home = payer == home != flag and not own  # the second sentence is for employed persons
    _need(len(flags) == 1 and None not in (flag, home) and bool(paid), "flag: 883 art. 11(4)")
    _need(facts["applicant_kind"] == "mariner" and mariner["waters"] == "sea", "at sea: 883 art. 11(4)")
    kinds: tuple[str | None, ...] = ("employed",) if at_home else ("employed", "self_employed", None)
    for row in facts["activities"]:
        _says(row, "883 art. 11(4)", state=flag, kind=kinds)
    at_sea = ("11(4)(2)", "07", home) if at_home else ("11(4)(1)", "07", flag)
    return at_sea if flag in inside else ("11(3)(e)", None, home)  # C-631/17


def _in_the_air(facts: _Object, home: str, start: date, end: date | None) -> _Grant:
    bases = facts["aircrew"]["home_bases"]
    (base,) = [row for place, row in enumerate(bases) if row not in bases[:place]]
    begin, last = day_of(base["start"] or "0001-01-01"), day_of(base["end"] or "9999-12-31")
    _need(begin <= start and last >= (end or date.max), "home base: 883 art. 11(5)")
    _need(start >= date(2015, 1, 1) or base["state"] != "CH", "first day: EU-Swiss Decision 1/2014")
    crew = facts["applicant_kind"] == "aircrew" and facts["aircrew"]["commercial_air_services"] is True
    _need(crew and base["state"] in law.STATES[facts["regime"]], "air services: 883 art. 11(5)")
    return "11(5)", "10", base["state"]


def _option(facts: _Object, home: str, start: date, end: date | None) -> _Grant:
    staff, state = facts["contract_staff"], facts["contract_staff"]["option_state"]
    _says(staff, "883 art. 15; 987 art. 17", option_used_before=False, exercised_at_contract=True)
    choice = {staff["employed_state"], staff["last_subject_state"], *staff["nationality_states"]} - {None}
    hired = all(row["kind"] == "eu_institution" for row in facts["employers"])
    _need(hired and state in choice and facts["applicant_kind"] == "contract_staff", "choice: 883 art. 15")
    return "15", "06", state


def _telework(facts: _Object, home: str, start: date, end: date | None) -> _Grant:
    telework, work, filed = facts["telework"], facts["activities"], day_of(facts["request"]["request_date"])
    ((seat, clear),) = {(row["seat_state"], row["seat_clear"]) for row in facts["employers"]}
    scope = facts["applicant_kind"] == "employee" and facts["regime"] in law.UNION[:4]
    _need(scope and clear is True and home != seat, "employee and seat: framework agreement art. 2")
    _need(law.TELEWORK[home] <= str(start) >= law.TELEWORK[seat], "both states bound: framework agreement art. 6")
    _says(telework, "agreement", digital_link=True, other_activity_in_residence=False, joint_consent=True)
    _says(telework, "agreement art. 6", residence_signatory=True, seat_signatory=True)
    low = high = said = telework["share_in_residence"]
    for row in work:  # one at home may not be called anything else
        _says(row, "agreement", kind="employed", telework=(True, None, row["state"] == home))
    if all(row["share_of_time"] is not None or row.get("share_min") is not None for row in work):
        (low, high), whole = total(work, "share_of_time", home), total(work, "share_of_time")
        other = [row for row in work if row["state"] not in (home, seat)]
        full = whole[1] >= 99 or seat not in {row["state"] for row in work}
        _need(full and whole[0] <= 101 and total(other, "share_of_time")[1] < 5, "elsewhere marginal: art. 2")
    inside = 25 <= min(low, said) <= max(high, said) < 50 and low - 1.01 < said < high + 1.01
    _need(inside and 0 <= telework["other_state_share"] < 5, "25 to 50 % at home: agreement art. 2, 3")
    _need(start >= months_after(filed, -12 if filed < date(2024, 7, 1) else -3), "look back: agreement art. 4")
    cap = months_after(start, 36) - timedelta(1)
    return "16(1)", "11", seat, start, min(end or cap, cap)


def _agreed(facts: _Object, home: str, start: date, end: date | None) -> _Grant:
    agreement, state = facts["exception"], facts["request"]["requested_legislation"]
    others = law.STATES[facts["regime"]] - {state} if facts["regime"] in law.UNION else ()
    _says(agreement, "883 art. 16(1)", reply=("A011", "A002_partial"), other_state=(*others,))
    return "16(1)", "11", state, *(day_of(agreement["agreed_period"][side]) for side in ("start", "end"))


def _pensioner(facts: _Object, home: str, start: date, end: date | None) -> _Grant:
    (state,), inside = set(facts["pension_states"]), law.STATES[facts["regime"]]
    idle = not facts["activities"] and facts["applicant_kind"] == "pensioner"
    _need({state, home} <= inside and state != home and idle, "pension of another state: 883 art. 16(2)")
    _says(facts["request"], "883 art. 16(2)", asked_state=(state, home))
    return "16(2)", "11", state


def _reaches(rows: list[_Object], limit: float, state: str, names: tuple[str, ...] = law.WORK) -> bool:
    reached, *mixed = {bound >= limit for name in names for bound in total(rows, name, state)}
    _need(not mixed, f"all indicators on one side of {limit} %: 987 art. 14(5b), 14(8)")
    return reached


def _says(node: _Object, provision: str, **expected: Any) -> None:
    for member, values in expected.items():
        found, allowed = node.get(member), values if isinstance(values, tuple) else (values,)
        said = any(found == one and isinstance(found, bool) is isinstance(one, bool) for one in allowed)
        _need(said, f"{member}: {provision}")


def _need(holds: bool, rule: str) -> None:
    if not holds:
        condition, _, provision = rule.partition(": ")
        raise Refused("grant_not_derivable", rule=condition, provision=law.in_full(provision))


_HOME: Final = {"single_state": _single_state, "telework_framework": _telework, "exemption_pensioner": _pensioner}
_AWAY: Final = {"vessel": _at_sea, "aircrew": _in_the_air, "eu_contract_staff": _option, "exception": _agreed}
_ROUTES: Final = _HOME | _AWAY | {"posting": _posting, "extension": _posting, "multi_state": _multi_state}
