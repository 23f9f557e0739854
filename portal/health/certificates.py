"""The record of a card or of a replacement certificate, from the application alone, and the number of a card.

Spec: Decisions S1 (annexes) and S2; ISO/IEC 7812 (prefix 80, country, issuer, serial, check digit).
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from portadoc.errors import Refused
from portadoc.portal.applications.application import Application, CertificateKind
from portadoc.portal.applications.records import Competent, document_number
from portadoc.portal.applications.timers import day_of
from portadoc.portal.health.insurance import is_within_entitlement
from portadoc.schemas.claims import Json
from portadoc.schemas.ehic import Ehic, InsuredPerson, Prc
from portadoc.schemas.pda1 import AuthenticSource, IssuingAuthority

_PREFIX: Final = "80"
_SERIALS: Final = 10**7
_NUMBERS: Final = """
AT:040 BE:056 BG:100 CH:756 CY:196 CZ:203 DE:276 DK:208 EE:233 ES:724 FI:246 FR:250 GB:826 GR:300 HR:191 HU:348
IE:372 IS:352 IT:380 LI:438 LT:440 LU:442 LV:428 MT:470 NL:528 NO:578 PL:616 PT:620 RO:642 SE:752 SI:705 SK:703
"""
_COUNTRIES: Final = {each[:2]: each[3:] for each in _NUMBERS.split()}
"""ISO 3166 numbers of the States of the card."""


def health_record_of(application: Application, institution: Competent) -> Ehic | Prc:
    """Return what is certified. Raises Refused[particulars_missing], [beyond_entitlement], as the records do."""
    health = (application.facts or {}).get("health")
    start, end = application.valid_from, application.valid_to
    if health is None or health["person"] is None:
        raise Refused("particulars_missing", what="worker")
    if start is None or end is None:
        raise Refused("particulars_missing", what="validity_end")
    if application.automated and not is_within_entitlement(application.facts or {}, start, end):
        raise Refused("beyond_entitlement")
    if application.certificate_kind is CertificateKind.PRC:
        return _replacement(application, institution, health, start, end)
    return _card(application, institution, health, start, end)


def health_number(application: Application, institution: Competent, *, issue: int) -> str:
    """Return the number of a document: that of the card for a card, of the case for anything else.

    Raises Refused[card_numbers_used_up].
    """
    if application.certificate_kind is not CertificateKind.EHIC:
        return document_number(application, institution.country, issue=issue)
    _, year, running, _ = application.case_number.split("-")
    country = _COUNTRIES.get(institution.country)
    if country is None or int(running) >= _SERIALS or issue > 9:
        raise Refused("card_numbers_used_up")
    issuer = "".join(re.findall(r"[0-9]", institution.institution_id))[-5:].zfill(5)
    body = f"{_PREFIX}{country}{issuer}{year[-1]}{int(running):07d}{issue}"
    return body + _check_digit(body)


def _card(
    application: Application, institution: Competent, health: Mapping[str, Json], start: date, end: date
) -> Ehic:
    return Ehic(
        insured=_insured(health),
        card_number=application.document_number or "",
        issuing_authority=_authority(institution),
        authentic_source=AuthenticSource(id=institution.institution_id, name=institution.name),
        date_of_issuance=day_of(application.decided_at or 0),
        date_of_expiry=end,
        start=start,
        end=end,
        to_representative=bool(health["by_representative"]),
    )


def _replacement(
    application: Application, institution: Competent, health: Mapping[str, Json], start: date, end: date
) -> Prc:
    expiry = health["card_expiry"]
    return Prc(
        insured=_insured(health),
        issuing_authority=_authority(institution),
        valid_from=start,
        valid_to=end,
        issued_on=day_of(application.decided_at or 0),
        reason=str(health["reason"]),
        card_number=health["card_number"],
        card_expiry=None if expiry is None else date.fromisoformat(expiry),
    )


def _insured(health: Mapping[str, Json]) -> InsuredPerson:
    person = health["person"]
    return InsuredPerson(
        pin=person["pin"],
        surnames=person["family_name"],
        forenames=person["given_name"],
        date_of_birth=date.fromisoformat(person["birth_date"]),
    )


def _authority(institution: Competent) -> IssuingAuthority:
    return IssuingAuthority(id=institution.institution_id, name=institution.name, country=institution.country)


def _check_digit(digits: str) -> str:
    """Return the Luhn digit. Spec: ISO/IEC 7812-1 annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)
