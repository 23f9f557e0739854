"""The facts and limits that explanations repeat, as words: every param that a text of the book may name."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from portadoc.catalogue import Texts, day_in_words
from portadoc.catalogue.countries import country_name
from portadoc.rules.decision import Decision
from portadoc.rules.facts import Activity, Facts
from portadoc.rules.law import Law
from portadoc.schemas.codes import canonical_country

Known = str | float | date | None

_LIMITS: Final = ("posting", "request", "multi_state", "telework", "exception", "finality", "incoming")
"""The parts of the law whose figures texts may name, as ``posting_max_months``."""

_STATES: Final = frozenset(
    {
        *("asked", "base", "competent", "compulsory", "default", "flag", "home", "host", "notify", "option"),
        *("other", "receiving", "redirect", "residence", "seats", "wanted", "work_states"),
    }
)
"""The params that name States, by their names in the reader's language."""
_INSTRUMENTS: Final = {
    "883/2004": "instrument.883",
    "883/2004 as proposed": "instrument.883_proposed",
    "987/2009": "instrument.987",
    "CH-UK convention": "instrument.ch_uk",
    "EFTA-UK convention": "instrument.efta_uk",
    "EU-UK TCA": "instrument.eu_uk",
    "bilateral agreement": "instrument.bilateral",
}
_BETWEEN: Final = ", "


def figures(decision: Decision, facts: Facts, law: Law, found: Texts) -> dict[str, str]:
    """Return every param with its words; what is not known says so."""
    unknown = found.text("word.none")
    known: dict[str, Known] = {
        **_of_decision(decision, facts, law, found),
        **_of_request(facts),
        **_of_work(facts),
        **_of_posting(facts),
        **_of_groups(facts),
    }
    params = {
        name: unknown if value is None or value == "" else _word(name, value, found.language)
        for name, value in known.items()
    }
    return {**_limits(law, unknown), **params}


def _word(name: str, value: str | float | date, language: str) -> str:
    if isinstance(value, date):
        return day_in_words(value, language)
    if isinstance(value, int | float):
        return f"{value:g}"
    return named(value, language) if name in _STATES else value


def named(codes: str, language: str) -> str:
    """Return the names of States; what is no country's code stays as it is."""
    return _BETWEEN.join(country_name(canonical_country(code), language) for code in codes.split(_BETWEEN))


def _limits(law: Law, unknown: str) -> dict[str, str]:
    """Return the figures of the law; one that has none on the day of the case says "not known"."""
    limits: dict[str, str] = {}
    for name in law.since:
        if name.partition(".")[0] in _LIMITS:
            value = law.get(name)
            is_figure = isinstance(value, int | float) and not isinstance(value, bool)
            limits[name.replace(".", "_")] = f"{value:g}" if is_figure else unknown
    return limits


def _joined(values: Iterable[str | None]) -> str:
    return _BETWEEN.join(dict.fromkeys([value for value in values if value]))


def _instrument(instrument: str | None, found: Texts) -> str | None:
    """Return the name of the law in words, as it stands behind an article; a law without a name as it is."""
    key = _INSTRUMENTS.get(instrument or "")
    return instrument if key is None else found.text(key)


def _of_decision(decision: Decision, facts: Facts, law: Law, found: Texts) -> dict[str, Known]:
    translated: Mapping[str, str] = law.pack_of(facts.regime).articles or {}
    article = decision.article or ""
    original = next((one for one, other in translated.items() if other == article), article)
    return {
        "competent": decision.competent_state,
        "redirect": decision.redirect_state or decision.competent_state,
        "default": decision.default_state,
        "article": decision.article,
        "article_of_883": original,
        "instrument": _instrument(decision.instrument, found),
        "valid_from": decision.validity_start,
        "valid_to": decision.validity_end,
        "notify": _joined(decision.notify_states),
        "pack": decision.pack,
        "law_version": decision.law_version[:12],
    }


def _of_request(facts: Facts) -> dict[str, Known]:
    request = facts.request
    return {
        "asked": request.asked_state,
        "wanted": request.requested_legislation,
        "start": request.period_start,
        "end": request.period_end,
        "filed": request.request_date,
        "residence": facts.person.residence_state,
        "last_end": max([one.end for one in facts.previous_postings if one.end is not None], default=None),
    }


def _of_work(facts: Facts) -> dict[str, Known]:
    at_home = [one for one in facts.activities if one.state == facts.person.residence_state]
    employer = facts.employers[0].home_activity if facts.employers else None
    return {
        "work_states": _joined(one.state for one in facts.activities),
        "seats": _joined(one.seat_state for one in facts.employers),
        "home_time": _sum(at_home, "share_of_time"),
        "home_pay": _sum(at_home, "share_of_pay"),
        "turnover": employer.turnover_share if employer else None,
        "admin_share": employer.admin_staff_share if employer else None,
        "agency_share": employer.home_assignments_share if employer else None,
    }


def _sum(activities: list[Activity], name: str) -> float | None:
    """Add up shares; one that is not known makes the sum so."""
    shares: list[float | None] = [getattr(one, name) for one in activities]
    known = [share for share in shares if share is not None]
    return round(sum(known), 6) if len(known) == len(shares) else None


def _of_posting(facts: Facts) -> dict[str, Known]:
    posting, own = facts.posting, facts.self_employed_home
    cover = posting.prior_cover if posting else None
    return {
        "home": posting.home_state if posting else facts.request.asked_state,
        "host": posting.host_state if posting else None,
        "cover_since": cover.since if cover else None,
        "self_months": own.months_active_before if own else None,
    }


def _of_groups(facts: Facts) -> dict[str, Known]:
    mariner, telework, staff = facts.mariner, facts.telework, facts.contract_staff
    exception, incoming, procedure = facts.exception, facts.incoming, facts.procedure
    return {
        "flag": _joined([mariner.flag_state, *mariner.flag_states]) if mariner else None,
        "base": _joined(base.state for base in facts.aircrew.home_bases) if facts.aircrew else None,
        "telework_share": telework.share_in_residence if telework else None,
        "other_share": telework.other_state_share if telework else None,
        "option": staff.option_state if staff else None,
        "other": exception.other_state if exception else None,
        "compulsory": facts.voluntary.compulsory_state if facts.voluntary else None,
        "receiving": incoming.receiving_state if incoming else None,
        "informed": procedure.informed_on if procedure else None,
    }
