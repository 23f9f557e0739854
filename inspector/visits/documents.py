"""What a visit needs of a document: who, for whom, where, how long. Never a personal number.

The names of the members are those of the app's own model, so that both compare the same things.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self

from portadoc.schemas.claims import JsonObject
from portadoc.verification.rendering.told_verdict import kind_of
from portadoc.verification.report import VerificationReport

_MAX_LISTED: Final = 50
_MAX_CHARS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """What a document says, as far as it says it: empty texts, empty lists and no day where it says nothing.

    ``state`` is the one whose legislation applies, ``workplaces`` are places as people read them.
    """

    kind: str = ""
    institution_id: str = ""
    institution_name: str = ""
    number: str = ""
    surname: str = ""
    forenames: str = ""
    birth_date: date | None = None
    employer_ids: tuple[str, ...] = ()
    employer_names: tuple[str, ...] = ()
    state: str = ""
    status_code: str = ""
    issued_on: date | None = None
    first: date | None = None
    last: date | None = None
    countries: tuple[str, ...] = ()
    workplaces: tuple[str, ...] = ()

    @classmethod
    def of_report(cls, report: VerificationReport) -> Self:
        """Return what a report's verified claims say."""
        return cls.of_record(report.record, kind=kind_of(report), institution_id=report.institution_id or "")

    @classmethod
    def of_record(cls, record: JsonObject, *, kind: str, institution_id: str) -> Self:
        """Return what a canonical record says, or as much of one as there is."""
        person = _object(record, "person") or _object(record, "insured") or record
        period = _object(record, "legislation") or record
        institution = _object(record, "institution") or _object(record, "issuing_authority")
        employments, states = list(_objects(record, "employments")), list(_objects(record, "countries_of_work"))
        return cls(
            kind=kind,
            institution_id=institution_id,
            institution_name=_text(institution, "name"),
            number=_text(_object(record, "document"), "number") or _text(record, "card_number"),
            surname=_text(person, "surnames") or _text(person, "family_name"),
            forenames=_text(person, "forenames") or _text(person, "given_name"),
            birth_date=_day(person.get("date_of_birth") or person.get("birthdate")),
            employer_ids=_texts(each.get("id") for each in employments),
            employer_names=_texts(each.get("name") for each in employments),
            state=_text(period, "state"),
            status_code=_text(_object(record, "status"), "code"),
            issued_on=_day(_object(record, "document").get("date_of_issuance") or record.get("date_of_issuance")),
            first=_day(period.get("start")),
            last=_day(period.get("end")),
            countries=_texts(each.get("country") for each in states),
            workplaces=_texts(_place(each) for state in states for each in _objects(state, "workplaces")),
        )

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Self:
        """Return what a device wrote down, or ``to_json`` did; what has another form counts as not said."""
        return cls(
            kind=_text(told, "kind"),
            institution_id=_text(told, "institutionId"),
            institution_name=_text(told, "institutionName"),
            number=_text(told, "number"),
            surname=_text(told, "surname"),
            forenames=_text(told, "forenames"),
            birth_date=_day(told.get("birthDate")),
            employer_ids=_texts(_listed(told, "employerIds")),
            employer_names=_texts(_listed(told, "employerNames")),
            state=_text(told, "state"),
            status_code=_text(told, "statusCode"),
            issued_on=_day(told.get("issuedOn")),
            first=_day(told.get("first")),
            last=_day(told.get("last")),
            countries=_texts(_listed(told, "countries")),
            workplaces=_texts(_listed(told, "workplaces")),
        )

    def to_json(self) -> JsonObject:
        """Return the facts that there are, by the names that the app uses."""
        told: JsonObject = {
            "kind": self.kind,
            "institutionId": self.institution_id,
            "institutionName": self.institution_name,
            "number": self.number,
            "surname": self.surname,
            "forenames": self.forenames,
            "birthDate": _spelt(self.birth_date),
            "employerIds": list(self.employer_ids),
            "employerNames": list(self.employer_names),
            "state": self.state,
            "statusCode": self.status_code,
            "issuedOn": _spelt(self.issued_on),
            "first": _spelt(self.first),
            "last": _spelt(self.last),
            "countries": list(self.countries),
            "workplaces": list(self.workplaces),
        }
        return {name: value for name, value in told.items() if value}


def _place(workplace: JsonObject) -> str:
    address = _object(workplace, "address")
    parts = (_text(workplace, "name"), _text(address, "street_and_number"), _text(address, "town"))
    return ", ".join(filter(None, parts))


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value[:_MAX_CHARS] if isinstance(value, str) else ""


def _texts(values: Iterator[Any]) -> tuple[str, ...]:
    found = [value[:_MAX_CHARS] for value in values if isinstance(value, str) and value]
    return tuple(dict.fromkeys(found))[:_MAX_LISTED]


def _listed(told: Mapping[str, Any], name: str) -> Iterator[Any]:
    value = told.get(name)
    yield from value if isinstance(value, list) else ()


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _spelt(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _object(record: Mapping[str, Any], name: str) -> JsonObject:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def _objects(record: JsonObject, name: str) -> Iterator[JsonObject]:
    value = record.get(name)
    yield from (each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()
