"""Our own layouts of certificates of coverage: what concerns the person is disclosed claim by claim."""

from typing import Final

from portadoc.schemas.claims import ClaimPattern
from portadoc.schemas.codes import EMPLOYMENT_TYPES, NATIONALITIES, PDA1_STATES, WORLD_COUNTRIES
from portadoc.schemas.projections.dc4eu import AUTHORITY_AND_SOURCE, DEMANDED, ISSUING_COUNTRY
from portadoc.schemas.projections.forms import (
    END_DATE,
    FULL_DATE,
    STATE,
    Form,
    code,
    country,
    text,
)
from portadoc.schemas.projections.layout import Projection
from portadoc.schemas.projections.rows import Claim, Disclosure

DEMANDED_ON_PAPER: Final = DEMANDED - {"cnf"}
"""Envelope of what travels inside papers as well, where it is bound to nobody's key."""

_OUTSIDE: Final = country(WORLD_COUNTRIES - PDA1_STATES)


def _row(
    name: str,
    en: str,
    fr: str,
    field: ClaimPattern,
    form: Form | None,
    *,
    sd: Disclosure = "never",
    mandatory: bool = True,
) -> Claim:
    return Claim(path=(name,), en=en, fr=fr, field=field, form=form, sd=sd, mandatory=mandatory)


_PERSON: Final = (
    _row(
        "personal_administrative_number",
        "Social security number",
        "Numéro de sécurité sociale",
        ("person", "pin"),
        text(1, 500),
        sd="always",
    ),
    _row("family_name", "Surnames", "Noms de famille", ("person", "surnames"), text(1, 500), sd="always"),
    _row("given_name", "Forenames", "Prénoms", ("person", "forenames"), text(1, 500), sd="always"),
    _row("birthdate", "Date of birth", "Date de naissance", ("person", "date_of_birth"), FULL_DATE, sd="always"),
    _row("nationalities", "Nationalities", "Nationalités", ("person", "nationalities"), None, sd="always"),
    Claim(
        path=("nationalities", None),
        en="Nationality",
        fr="Nationalité",
        field=("person", "nationalities", None),
        form=country(NATIONALITIES),
    ),
)
_LEGISLATION: Final = (
    _row(
        "legislation_country",
        "State whose legislation applies",
        "État dont la législation s'applique",
        ("legislation", "state"),
        STATE,
    ),
    _row("starting_date", "Covered from", "Couverture à partir du", ("legislation", "start"), FULL_DATE),
    _row("ending_date", "Covered until", "Couverture jusqu'au", ("legislation", "end"), END_DATE, mandatory=False),
    _row("country_work", "State of work", "État de travail", ("state_of_work",), _OUTSIDE),
)
_ACTIVITIES: Final = (
    _row(
        "employments", "Employers and activities", "Employeurs et activités", ("employments",), None, sd="always"
    ),
    *(
        Claim(
            path=("employments", None, name),
            en=en,
            fr=fr,
            field=("employments", None, name),
            form=form,
            mandatory=True,
        )
        for name, en, fr, form in (
            ("type", "Employed or self-employed", "Salarié ou non salarié", code(EMPLOYMENT_TYPES)),
            ("name", "Employer or activity", "Employeur ou activité", text(1, 500)),
            ("id", "Identifier", "Identifiant", text(1, 500)),
        )
    ),
)
_DOCUMENT: Final = (
    _row(
        "document_number",
        "Document number",
        "Numéro du document",
        ("document", "number"),
        text(1, 500),
        sd="always",
    ),
    _row("date_of_issuance", "Date of issue", "Date de délivrance", ("document", "date_of_issuance"), FULL_DATE),
    _row(
        "date_of_expiry",
        "Date of expiry",
        "Date d'expiration",
        ("document", "date_of_expiry"),
        FULL_DATE,
        mandatory=False,
    ),
    _row(
        "replaces",
        "Replaces the document",
        "Remplace le document",
        ("document", "replaces"),
        text(1, 500),
        sd="always",
        mandatory=False,
    ),
)


def _layout(kind: str, basis: Claim) -> Projection:
    return Projection(
        id=f"coverage-{kind}",
        vct=f"urn:portadoc:coverage:{kind}:1",
        kind=kind,
        claims=(
            *_PERSON,
            *_LEGISLATION,
            basis,
            *_ACTIVITIES,
            ISSUING_COUNTRY,
            *AUTHORITY_AND_SOURCE,
            *_DOCUMENT,
        ),
        document=(("date_of_issuance",), ("date_of_expiry",)),
        coverage=(("starting_date",), ("ending_date",)),
        demanded=DEMANDED_ON_PAPER,
    )


COVERAGE_BILATERAL: Final = _layout(
    "bilateral", _row("agreement", "Agreement", "Accord", ("agreement",), text(1, 500))
)
COVERAGE_MAINTENANCE: Final = _layout(
    "maintenance",
    _row(
        "national_law",
        "Provision of national law",
        "Disposition du droit national",
        ("national_law",),
        text(1, 500),
    ),
)
