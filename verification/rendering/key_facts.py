"""What decides a check at a glance: a few facts of each kind of document, always in the same order."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from portadoc.schemas.claims import Json, JsonObject
from portadoc.schemas.ehic import PRC_REASONS
from portadoc.verification.rendering.told_verdict import kind_of
from portadoc.verification.rendering.wording import Words
from portadoc.verification.report import VerificationReport

_MOST: Final = 4


@dataclass(frozen=True, slots=True)
class Labelled:
    """A value and what it is."""

    label: str
    value: str


def key_facts(report: VerificationReport, words: Words) -> Iterator[Labelled]:
    """Yield the facts that were shown; what the holder kept back is left out."""
    record, kind = report.record, kind_of(report)
    for name, read in _FACTS.get(kind, {}).items():
        value = read(record, words)
        if value:
            yield Labelled(words.say(f"key.{name}"), value)


def _legislation(record: JsonObject, words: Words) -> str:
    return words.country(_text(record, "legislation", "state"))


def _period(record: JsonObject, words: Words) -> str:
    part = _object(record, "legislation") if "legislation" in record else record
    first = _text(part, "start") or _text(part, "valid_from")
    last = _text(part, "end") or _text(part, "valid_to")
    if not first and not last:
        return ""
    name = "period.whole" if first and last else "period.from" if first else "period.until"
    return words.say(name, first=words.value(first), last=words.value(last))


def _employer(record: JsonObject, words: Words) -> str:
    found = (
        _joined(_text(each, "name"), words.country(_text(each, "address", "country")))
        for each in _objects(record, "employments")
    )
    return _listed(found, words)


def _work(record: JsonObject, words: Words) -> str:
    return _listed(_places(record, words), words)


def _places(record: JsonObject, words: Words) -> Iterator[str]:
    for state in _objects(record, "countries_of_work"):
        country = words.country(_text(state, "country"))
        places = list(_objects(state, "workplaces")) or [{}]
        for place in places:
            yield _joined(_text(place, "name"), _text(place, "address", "town"), country)


def _more_workplaces(record: JsonObject, words: Words) -> str:
    return str(record.get("more_workplaces", ""))


def _number(record: JsonObject, words: Words) -> str:
    return _text(record, "document", "number") or _text(record, "card_number") or _text(record, "reference")


def _state_of_work(record: JsonObject, words: Words) -> str:
    return words.country(_text(record, "state_of_work"))


def _basis(record: JsonObject, words: Words) -> str:
    return _text(record, "agreement") or _text(record, "national_law")


def _filed(record: JsonObject, words: Words) -> str:
    day, time = words.value(_text(record, "filed_on")), _text(record, "filed_time")
    return words.say("time", day=day, time=time) if day and time else day


def _asked_of(record: JsonObject, words: Words) -> str:
    return words.country(_text(record, "asked", "state"))


def _asked_states(record: JsonObject, words: Words) -> str:
    states = _object(record, "asked").get("states_of_work", [])
    return _listed(map(words.country, states), words)


def _asked_period(record: JsonObject, words: Words) -> str:
    return _period(_object(record, "asked"), words)


def _asking_employer(record: JsonObject, words: Words) -> str:
    return _text(record, "employer", "name")


def _urgent(record: JsonObject, words: Words) -> str:
    return words.value(True) if record.get("urgent") is True else ""


def _institution(record: JsonObject, words: Words) -> str:
    for part in ("institution", "issuing_authority", "authentic_source"):
        name = _text(record, part, "name")
        if name:
            country = _text(record, part, "country") or _text(record, "institution_country")
            return _joined(name, words.country(country))
    return _joined(_text(record, "issuing_authority"), words.country(_text(record, "issuing_country")))


def _person(record: JsonObject, words: Words) -> str:
    part = next((_object(record, name) for name in ("person", "insured") if name in record), record)
    forenames = _text(part, "forenames") or _text(part, "given_name")
    surnames = _text(part, "surnames") or _text(part, "family_name")
    return " ".join(filter(None, (forenames, surnames)))


def _birth(record: JsonObject, words: Words) -> str:
    part = next((_object(record, name) for name in ("person", "insured") if name in record), record)
    return words.value(_text(part, "date_of_birth") or _text(part, "birthdate"))


def _card_expiry(record: JsonObject, words: Words) -> str:
    return words.value(_text(record, "card_expiry"))


def _issued(record: JsonObject, words: Words) -> str:
    return words.value(_text(record, "issued_on"))


def _reason(record: JsonObject, words: Words) -> str:
    names = PRC_REASONS.get(_text(record, "reason"), ("", ""))
    return names[words.language == "fr"]


_COVERAGE: Final[Mapping[str, Callable[[JsonObject, Words], str]]] = {
    "legislation": _legislation,
    "period": _period,
    "basis": _basis,
    "employer": _employer,
    "work_state": _state_of_work,
    "number": _number,
    "institution": _institution,
    "person": _person,
    "birth": _birth,
}
_FACTS: Final[Mapping[str, Mapping[str, Callable[[JsonObject, Words], str]]]] = {
    "pda1": {
        "legislation": _legislation,
        "period": _period,
        "employer": _employer,
        "work": _work,
        "more_workplaces": _more_workplaces,
        "number": _number,
        "institution": _institution,
        "person": _person,
        "birth": _birth,
    },
    "ehic": {
        "person": _person,
        "birth": _birth,
        "entitled": _period,
        "card": _number,
        "institution": _institution,
    },
    "prc": {
        "person": _person,
        "birth": _birth,
        "entitled": _period,
        "card": _number,
        "card_expiry": _card_expiry,
        "institution": _institution,
        "issued": _issued,
        "reason": _reason,
    },
    "pid": {"person": _person, "birth": _birth, "provider": _institution},
    "bilateral": _COVERAGE,
    "maintenance": _COVERAGE,
    "application": {
        "filed": _filed,
        "reference": _number,
        "person": _person,
        "birth": _birth,
        "employer": _asking_employer,
        "asked_state": _asked_of,
        "asked_work": _asked_states,
        "asked_period": _asked_period,
        "urgent": _urgent,
        "institution": _institution,
    },
}


def _listed(values: Iterator[str], words: Words) -> str:
    """Return a few of the values, and how many more there are."""
    all_of_them = list(dict.fromkeys(filter(None, values)))
    few = "; ".join(islice(all_of_them, _MOST))
    more = len(all_of_them) - _MOST
    return few if more <= 0 else words.say("key.more", few=few, count=more)


def _joined(*parts: str) -> str:
    return ", ".join(filter(None, parts))


def _text(record: JsonObject, *path: str) -> str:
    """Return a text of the record, empty where there is none."""
    value: Json = record
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _object(record: JsonObject, name: str) -> JsonObject:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def _objects(record: JsonObject, name: str) -> Iterator[JsonObject]:
    value = record.get(name)
    yield from (each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()
