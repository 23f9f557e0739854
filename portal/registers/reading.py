"""Entries of register files: ``Company`` and ``Person`` from JSON, each member by name and type.

Raises Malformed[register_malformed] with the JSON Pointer of the member that does not fit.
"""

from dataclasses import fields
from typing import Any

from portadoc.errors import Malformed
from portadoc.portal.registers.fields import Fields, read_state, read_text
from portadoc.portal.registers.register import (
    Child,
    Company,
    CompanyKind,
    Cover,
    CoverBasis,
    EarlierCertificate,
    Entitlement,
    HomeActivity,
    Person,
    RegisterAddress,
)
from portadoc.schemas.claims import Json
from portadoc.schemas.codes import IDENTIFIER_TYPES


def read_company(value: Json, pointer: str) -> Company:
    """Return a company."""
    told = _fields(value, pointer, Company)
    return Company(
        id=told.text("id"),
        id_type=told.word("id_type", _id_type),
        name=told.text("name"),
        address=told.inner("address", _address),
        seat_state=told.state("seat_state"),
        registered_state=told.state("registered_state"),
        kind=told.word("kind", CompanyKind),
        seat_clear=told.flag("seat_clear"),
        nace=told.optional_text("nace"),
        home_activity=told.inner("home_activity", _home_activity),
        mass_registered_address=told.flag("mass_registered_address"),
        email=told.optional_text("email"),
    )


def read_person(value: Json, pointer: str) -> Person:
    """Return a person."""
    told = _fields(value, pointer, Person)
    return Person(
        pin=told.text("pin"),
        given_name=told.text("given_name"),
        family_name=told.text("family_name"),
        birth_date=told.day("birth_date"),
        gender=told.optional_text("gender"),
        family_name_at_birth=told.optional_text("family_name_at_birth"),
        birth_place=told.optional_inner("birth_place", _address),
        nationalities=told.each("nationalities", read_state),
        address=told.inner("address", _address),
        legally_resident=told.flag("legally_resident"),
        deceased=told.flag("deceased"),
        contact=told.optional_text("contact"),
        covers=told.each("covers", _cover),
        children=told.each("children", _child),
        entitlement=told.optional_inner("entitlement", _entitlement),
        certificates=told.each("certificates", _certificate),
    )


def _address(value: Json, pointer: str) -> RegisterAddress:
    told = _fields(value, pointer, RegisterAddress)
    return RegisterAddress(
        town=told.text("town"),
        country=told.state("country"),
        street=told.optional_text("street"),
        postcode=told.optional_text("postcode"),
    )


def _home_activity(value: Json, pointer: str) -> HomeActivity:
    told = _fields(value, pointer, HomeActivity)
    return HomeActivity(
        turnover_share=told.share("turnover_share"),
        admin_staff_share=told.share("admin_staff_share"),
        home_assignments_share=told.share("home_assignments_share"),
        months_active=told.count("months_active"),
    )


def _cover(value: Json, pointer: str) -> Cover:
    told = _fields(value, pointer, Cover)
    cover = Cover(
        basis=told.word("basis", CoverBasis),
        since=told.day("since"),
        until=told.optional_day("until"),
        employer=told.optional_text("employer"),
    )
    if cover.until is not None and cover.until < cover.since:
        raise Malformed("register_malformed", pointer=f"{pointer}/until", expected="day after since")
    return cover


def _child(value: Json, pointer: str) -> Child:
    told = _fields(value, pointer, Child)
    return Child(
        pin=told.text("pin"),
        given_name=told.text("given_name"),
        family_name=told.text("family_name"),
        birth_date=told.day("birth_date"),
    )


def _entitlement(value: Json, pointer: str) -> Entitlement:
    told = _fields(value, pointer, Entitlement)
    return Entitlement(
        institution=told.text("institution"),
        institution_name=told.text("institution_name"),
        card_number=told.text("card_number"),
        valid_until=told.day("valid_until"),
    )


def _certificate(value: Json, pointer: str) -> EarlierCertificate:
    told = _fields(value, pointer, EarlierCertificate)
    certificate = EarlierCertificate(
        state=told.state("state"),
        article=told.text("article"),
        start=told.day("start"),
        end=told.day("end"),
        employer=told.optional_text("employer"),
        host_state=told.state("host_state"),
        host_undertakings=told.each("host_undertakings", read_text),
        withdrawn=told.flag("withdrawn") is True,
    )
    if certificate.end < certificate.start:
        raise Malformed("register_malformed", pointer=f"{pointer}/end", expected="day after start")
    return certificate


def _fields(value: Json, pointer: str, model: type[Any]) -> Fields:
    return Fields(value, pointer, known=[each.name for each in fields(model)])


def _id_type(word: str) -> str:
    if word not in IDENTIFIER_TYPES:
        raise ValueError(word)
    return word
