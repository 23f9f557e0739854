"""Which place of a record has which number in a seal: the one table, for writing, reading and publishing.

A number is never given to another place. One that no table has is passed over by readers, with a deviation, so a
new place may be added to a table; what changes the meaning of another takes a new prefix of the whole seal.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portadoc.schemas.claims import ClaimPattern

KIND: Final = 0
"""The label of the kind of document."""
KIND_NUMBERS: Final[Mapping[str, int]] = {"pda1": 1, "ehic": 2, "prc": 3, "application": 4}
SEAL_TYPES: Final[Mapping[str, str]] = {kind: f"urn:portadoc:seal:{kind}:1" for kind in KIND_NUMBERS}
"""How reports name the type of a seal."""


class SealForm(StrEnum):
    """How a value stands in a seal; ``DAYS`` is a date as days since 1970-01-01, before that negative."""

    TEXT = "text"
    DAYS = "days"
    FLAG = "flag"
    COUNT = "count"
    TEXTS = "texts"
    ROWS = "rows"
    """A list of maps with labels of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealRow:
    """One label: the place in the record, from the object around it, and what stands there.

    ``en`` and ``fr`` are what people read. A ``mandatory`` place is in every seal. ``rows`` are the labels inside.
    """

    label: int
    path: tuple[str, ...]
    en: str
    fr: str
    form: SealForm = SealForm.TEXT
    mandatory: bool = False
    rows: tuple["SealRow", ...] = ()


def _row(
    label: int,
    place: str,
    en: str,
    fr: str,
    form: SealForm = SealForm.TEXT,
    *,
    mandatory: bool = False,
    rows: tuple[SealRow, ...] = (),
) -> SealRow:
    path = tuple(place.split("."))
    return SealRow(label=label, path=path, en=en, fr=fr, form=form, mandatory=mandatory, rows=rows)


_DAYS, _FLAG, _COUNT, _TEXTS, _ROWS = (
    SealForm.DAYS,
    SealForm.FLAG,
    SealForm.COUNT,
    SealForm.TEXTS,
    SealForm.ROWS,
)

_EMPLOYMENT: Final = (
    _row(1, "name", "Employer or activity", "Employeur ou activité", mandatory=True),
    _row(2, "id", "Identifier", "Identifiant", mandatory=True),
    _row(3, "id_type", "Kind of identifier", "Type d'identifiant", mandatory=True),
    _row(4, "type", "Employed or self-employed", "Salarié ou non salarié", mandatory=True),
    _row(5, "address.town", "Employer: town", "Employeur : commune", mandatory=True),
    _row(6, "address.country", "Employer: country", "Employeur : pays", mandatory=True),
)
_WORKPLACE: Final = (
    _row(1, "name", "Place of work", "Lieu de travail", mandatory=True),
    _row(2, "address.postcode", "Place of work: postcode", "Lieu de travail : code postal"),
    _row(3, "address.town", "Place of work: town", "Lieu de travail : commune", mandatory=True),
    _row(4, "company_id", "Place of work: identifier", "Lieu de travail : identifiant"),
    _row(5, "company_id_type", "Place of work: kind of identifier", "Lieu de travail : type d'identifiant"),
    _row(6, "flag_or_base_state", "Flag or home base", "Pavillon ou base d'affectation"),
)
_COUNTRY_OF_WORK: Final = (
    _row(1, "country", "State of work", "État de travail", mandatory=True),
    _row(2, "workplaces", "Places of work", "Lieux de travail", _ROWS, rows=_WORKPLACE),
)

_PDA1: Final = (
    _row(1, "document.number", "Document number", "Numéro du document", mandatory=True),
    _row(2, "document.date_of_issuance", "Date of issue", "Date de délivrance", _DAYS, mandatory=True),
    _row(3, "document.date_of_expiry", "Date of expiry", "Date d'expiration", _DAYS),
    _row(4, "person.surnames", "Surnames", "Noms de famille", mandatory=True),
    _row(5, "person.forenames", "Forenames", "Prénoms", mandatory=True),
    _row(6, "person.date_of_birth", "Date of birth", "Date de naissance", _DAYS, mandatory=True),
    _row(7, "person.gender", "Sex", "Sexe", mandatory=True),
    _row(8, "person.surname_at_birth", "Surname at birth", "Nom de naissance"),
    _row(9, "person.nationalities", "Nationality", "Nationalité", _TEXTS, mandatory=True),
    _row(10, "person.place_of_birth.town", "Town of birth", "Commune de naissance", mandatory=True),
    _row(11, "person.place_of_birth.country", "Country of birth", "Pays de naissance", mandatory=True),
    _row(
        12,
        "legislation.state",
        "State whose legislation applies",
        "État dont la législation s'applique",
        mandatory=True,
    ),
    _row(13, "legislation.start", "Covered from", "Couverture à partir du", _DAYS, mandatory=True),
    _row(14, "legislation.end", "Covered until", "Couverture jusqu'au", _DAYS),
    _row(15, "status.code", "Situation", "Situation", mandatory=True),
    _row(
        16,
        "employments",
        "Employers and activities",
        "Employeurs et activités",
        _ROWS,
        mandatory=True,
        rows=_EMPLOYMENT,
    ),
    _row(
        17, "countries_of_work", "States of work", "États de travail", _ROWS, mandatory=True, rows=_COUNTRY_OF_WORK
    ),
    _row(
        18,
        "institution.id",
        "Identifier of the competent institution",
        "Identifiant de l'institution compétente",
        mandatory=True,
    ),
    _row(19, "institution.name", "Competent institution", "Institution compétente", mandatory=True),
    _row(
        20,
        "institution.country",
        "Country of the competent institution",
        "Pays de l'institution compétente",
        mandatory=True,
    ),
    _row(
        21,
        "legislation.for_duration_of_activity",
        "For the duration of the activity",
        "Pour la durée de l'activité",
        _FLAG,
    ),
    _row(22, "legislation.provisional", "Provisional", "Provisoire", _FLAG),
    _row(23, "more_workplaces", "Places of work not listed here", "Lieux de travail non mentionnés ici", _COUNT),
    _row(
        24, "legislation.transitional_rules", "Transitional rules apply", "Règles transitoires applicables", _FLAG
    ),
    _row(25, "status.exception_description", "Description of the exception", "Description de l'exception"),
    _row(26, "person.pin", "Social security number", "Numéro de sécurité sociale"),
    _row(
        27,
        "person.pin_ending",
        "Social security number, last four characters",
        "Numéro de sécurité sociale, quatre derniers caractères",
    ),
    _row(28, "person.forenames_at_birth", "Forenames at birth", "Prénoms de naissance"),
    _row(29, "document.replaces", "Replaces the document", "Remplace le document"),
    _row(30, "issuing_authority.id", "Identifier of the issuing authority", "Identifiant de l'autorité émettrice"),
    _row(31, "issuing_authority.name", "Issuing authority", "Autorité émettrice"),
    _row(32, "issuing_authority.country", "Country of the issuing authority", "Pays de l'autorité émettrice"),
    _row(
        33,
        "authentic_source.id",
        "Identifier of the institution that decided",
        "Identifiant de l'institution qui a décidé",
    ),
    _row(34, "authentic_source.name", "Institution that decided", "Institution qui a décidé"),
)

_INSURED: Final = (
    _row(1, "insured.surnames", "Surnames", "Noms de famille", mandatory=True),
    _row(2, "insured.forenames", "Forenames", "Prénoms", mandatory=True),
    _row(3, "insured.date_of_birth", "Date of birth", "Date de naissance", _DAYS, mandatory=True),
    _row(
        4, "issuing_authority.id", "Identifier of the institution", "Identifiant de l'institution", mandatory=True
    ),
    _row(5, "issuing_authority.name", "Institution", "Institution", mandatory=True),
    _row(6, "issuing_authority.country", "Issuing State", "État d'émission", mandatory=True),
)
_INSURED_PIN: Final = (
    _row(26, "insured.pin", "Personal identification number", "Numéro d'identification personnel"),
    _row(
        27,
        "insured.pin_ending",
        "Personal identification number, last four characters",
        "Numéro d'identification personnel, quatre derniers caractères",
    ),
)

_EHIC: Final = (
    *_INSURED,
    _row(7, "card_number", "Card number", "Numéro de la carte", mandatory=True),
    _row(8, "date_of_issuance", "Date of issue", "Date de délivrance", _DAYS, mandatory=True),
    _row(9, "date_of_expiry", "Date of expiry", "Date d'expiration", _DAYS, mandatory=True),
    _row(10, "start", "Covered from", "Couverture à partir du", _DAYS, mandatory=True),
    _row(11, "end", "Covered until", "Couverture jusqu'au", _DAYS),
    _row(12, "to_representative", "Held by a representative", "Détenue par un représentant", _FLAG),
    *_INSURED_PIN,
    _row(
        33,
        "authentic_source.id",
        "Identifier of the institution that decided",
        "Identifiant de l'institution qui a décidé",
    ),
    _row(34, "authentic_source.name", "Institution that decided", "Institution qui a décidé"),
)

_PRC: Final = (
    *_INSURED,
    _row(7, "card_number", "Card number", "Numéro de la carte"),
    _row(8, "issued_on", "Date of issue", "Date de délivrance", _DAYS, mandatory=True),
    _row(9, "card_expiry", "Card expires on", "Date d'expiration de la carte", _DAYS),
    _row(10, "valid_from", "Valid from", "Valable à partir du", _DAYS, mandatory=True),
    _row(11, "valid_to", "Valid until", "Valable jusqu'au", _DAYS, mandatory=True),
    _row(13, "acronym", "Acronym of the institution", "Sigle de l'institution"),
    _row(14, "reason", "Reason", "Motif", mandatory=True),
    *_INSURED_PIN,
)

_APPLICATION: Final = (
    _row(1, "reference", "Case number", "Numéro de dossier", mandatory=True),
    _row(2, "filed_on", "Filed on", "Déposée le", _DAYS, mandatory=True),
    _row(3, "filed_time", "Filed at (UTC)", "Déposée à (UTC)", mandatory=True),
    _row(4, "person.surnames", "Surnames", "Noms de famille", mandatory=True),
    _row(5, "person.forenames", "Forenames", "Prénoms", mandatory=True),
    _row(6, "person.date_of_birth", "Date of birth", "Date de naissance", _DAYS, mandatory=True),
    _row(7, "asked.kind", "Asked for", "Demande", mandatory=True),
    _row(8, "asked.state", "Legislation asked for", "Législation demandée", mandatory=True),
    _row(9, "asked.states_of_work", "States of work named", "États de travail indiqués", _TEXTS, mandatory=True),
    _row(10, "asked.start", "Asked for from", "Demandée à partir du", _DAYS, mandatory=True),
    _row(11, "asked.end", "Asked for until", "Demandée jusqu'au", _DAYS),
    _row(12, "employer.name", "Employer", "Employeur"),
    _row(13, "employer.id", "Identifier of the employer", "Identifiant de l'employeur"),
    _row(
        14, "issuing_authority.id", "Identifier of the institution", "Identifiant de l'institution", mandatory=True
    ),
    _row(15, "issuing_authority.name", "Institution", "Institution", mandatory=True),
    _row(
        16,
        "issuing_authority.country",
        "Country of the institution",
        "Pays de l'institution",
        mandatory=True,
    ),
    _row(17, "urgent", "Urgent departure", "Départ urgent", _FLAG),
)

SEAL_ROWS: Final[Mapping[str, tuple[SealRow, ...]]] = {
    "pda1": _PDA1,
    "ehic": _EHIC,
    "prc": _PRC,
    "application": _APPLICATION,
}
"""The labels of each kind of record that is sealed."""

LEFT_OUT: Final[Mapping[str, tuple[ClaimPattern, ...]]] = {
    "pda1": (
        ("document", "replaced_by"),
        ("person", "residence"),
        ("person", "stay"),
        ("employments", None, "address", "street_and_number"),
        ("employments", None, "address", "postcode"),
        ("employments", None, "address", "region"),
        ("countries_of_work", None, "workplaces", None, "address", "street_and_number"),
        ("countries_of_work", None, "workplaces", None, "address", "region"),
        ("institution", "address"),
        ("institution", "phone"),
        ("institution", "fax"),
        ("institution", "email"),
        ("decision",),
    ),
    "ehic": (),
    "prc": (),
    "application": (),
}
"""What a seal has no place for: nobody who compares a paper with a person needs it."""


def all_rows(rows: tuple[SealRow, ...]) -> Iterator[SealRow]:
    """Yield every row, those inside after the one around them."""
    for row in rows:
        yield row
        yield from all_rows(row.rows)
