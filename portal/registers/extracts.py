"""Extracts of registers as JSON: the known facts of a person or a company, as the questions take them.

A member that the register does not know is null, or absent; it is then asked.
"""

from portadoc.portal.registers.register import (
    Company,
    CompanyRegister,
    Cover,
    EarlierCertificate,
    Entitlement,
    Person,
    PersonRegister,
    RegisterAddress,
)
from portadoc.schemas.claims import JsonObject


class KnownFacts:
    """Both registers as one: what is known already and is not asked again."""

    def __init__(self, companies: CompanyRegister, persons: PersonRegister) -> None:
        self.companies = companies
        self.persons = persons

    def known(self, slug: str, *, worker_pin: str | None, employer_id: str | None) -> JsonObject:
        """Return ``{"person": ..., "employer": ...}``; null for what is not known or not asked for.

        The registers of this installation are one state's: ``slug`` makes no difference. Raises
        Unavailable[register_unavailable].
        """
        person = self.persons.person(worker_pin) if worker_pin else None
        company = self.companies.company(employer_id) if employer_id else None
        return {
            "person": None if person is None else extract_of_person(person),
            "employer": None if company is None else extract_of_company(company),
        }


def works_for(person: JsonObject | None, employer_id: str | None) -> bool:
    """Tell whether an extract says that a person works for an employer: an employer sees nobody else's entry."""
    if person is None or employer_id is None:
        return False
    return any(each["employer"] == employer_id and each["until"] is None for each in person["covers"])


def extract_of_person(person: Person) -> JsonObject:
    """Return what a register knows of a person."""
    cover = person.cover_now
    return {
        "pin": person.pin,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "birth_date": person.birth_date.isoformat(),
        "gender": person.gender,
        "family_name_at_birth": person.family_name_at_birth,
        "birth_place": None if person.birth_place is None else _address(person.birth_place),
        "nationalities": list(person.nationalities),
        "address": _address(person.address),
        "legally_resident": person.legally_resident,
        "deceased": person.deceased,
        "contact": person.contact,
        "cover": None if cover is None else _cover(cover),
        "covers": [_cover(each) for each in person.covers],
        "children": [
            {
                "pin": child.pin,
                "given_name": child.given_name,
                "family_name": child.family_name,
                "birth_date": child.birth_date.isoformat(),
            }
            for child in person.children
        ],
        "entitlement": None if person.entitlement is None else _entitlement(person.entitlement),
        "certificates": [_certificate(each) for each in person.certificates],
    }


def extract_of_company(company: Company) -> JsonObject:
    """Return what a register knows of a company."""
    activity = company.home_activity
    return {
        "id": company.id,
        "id_type": company.id_type,
        "name": company.name,
        "address": _address(company.address),
        "seat_state": company.seat_state,
        "registered_state": company.registered_state,
        "kind": company.kind.value,
        "seat_clear": company.seat_clear,
        "nace": company.nace,
        "home_activity": {
            "turnover_share": activity.turnover_share,
            "admin_staff_only": activity.admin_staff_only,
            "admin_staff_share": activity.admin_staff_share,
            "home_assignments_share": activity.home_assignments_share,
            "months_active": activity.months_active,
        },
        "mass_registered_address": company.mass_registered_address,
        "email": company.email,
    }


def _address(address: RegisterAddress) -> JsonObject:
    return {
        "street": address.street,
        "postcode": address.postcode,
        "town": address.town,
        "country": address.country,
    }


def _cover(cover: Cover) -> JsonObject:
    return {
        "basis": cover.basis.value,
        "since": cover.since.isoformat(),
        "until": None if cover.until is None else cover.until.isoformat(),
        "employer": cover.employer,
    }


def _entitlement(entitlement: Entitlement) -> JsonObject:
    return {
        "institution": entitlement.institution,
        "institution_name": entitlement.institution_name,
        "card_number": entitlement.card_number,
        "valid_until": entitlement.valid_until.isoformat(),
    }


def _certificate(certificate: EarlierCertificate) -> JsonObject:
    return {
        "state": certificate.state,
        "article": certificate.article,
        "start": certificate.start.isoformat(),
        "end": certificate.end.isoformat(),
        "employer": certificate.employer,
        "host_state": certificate.host_state,
        "host_undertakings": list(certificate.host_undertakings),
        "status": "withdrawn" if certificate.withdrawn else "valid",
    }
