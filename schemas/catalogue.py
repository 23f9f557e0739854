"""Credential types that Portadoc offers, and the recognition of those that others issue."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Malformed, Refused
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.codes import canonical_country
from portadoc.schemas.projections import (
    COVERAGE_BILATERAL,
    COVERAGE_MAINTENANCE,
    EHIC_DC4EU,
    EHIC_EUDI_ISSUER,
    EHIC_V0,
    LAYOUTS,
    PDA1_DC4EU_A,
    PDA1_DC4EU_B,
    PDA1_EUDI_ISSUER,
    PDA1_V0,
    PDA1_WEBUILD,
    PID_EUDI,
    PRC_PORTADOC,
    Projection,
)
from portadoc.schemas.seals import SEAL_LAYOUTS, SEAL_TYPES

CREDENTIAL_FORMAT: Final = "dc+sd-jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialDisplay:
    """Name and description in one language (BCP 47 locale)."""

    locale: str
    name: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialConfiguration:
    """One entry of the issuer's metadata: a layout under a credential configuration id.

    ``validity_days`` bounds the technical life of one issued credential; the document may end earlier.
    """

    id: str
    projection: Projection
    scope: str
    display: tuple[CredentialDisplay, ...]
    validity_days: int
    format: str = CREDENTIAL_FORMAT

    @property
    def vct(self) -> str:
        """Return the credential type identifier."""
        return self.projection.vct


def _display(name_en: str, name_fr: str, about_en: str, about_fr: str) -> tuple[CredentialDisplay, ...]:
    return (
        CredentialDisplay(locale="en", name=name_en, description=about_en),
        CredentialDisplay(locale="fr", name=name_fr, description=about_fr),
    )


_ABOUT_PDA1: Final = (
    "States which country's social security legislation applies to a person who works abroad.",
    "Atteste la législation de sécurité sociale applicable à une personne qui travaille à l'étranger.",
)

CREDENTIAL_TYPES: Final[Mapping[str, CredentialConfiguration]] = {
    configuration.id: configuration
    for configuration in (
        CredentialConfiguration(
            id="pda1",
            projection=PDA1_DC4EU_A,
            scope="pda1",
            display=_display("A1 certificate", "Certificat A1", *_ABOUT_PDA1),
            validity_days=90,
        ),
        CredentialConfiguration(
            id="pda1-rulebook",
            projection=PDA1_DC4EU_B,
            scope="pda1-rulebook",
            display=_display(
                "A1 certificate, several employers", "Certificat A1, plusieurs employeurs", *_ABOUT_PDA1
            ),
            validity_days=90,
        ),
        CredentialConfiguration(
            id="pda1-webuild",
            projection=PDA1_WEBUILD,
            scope="pda1-webuild",
            display=_display("A1 certificate, full form", "Certificat A1, formulaire complet", *_ABOUT_PDA1),
            validity_days=90,
        ),
        CredentialConfiguration(
            id="ehic",
            projection=EHIC_DC4EU,
            scope="ehic",
            display=_display(
                "European Health Insurance Card",
                "Carte européenne d'assurance maladie",
                "Proves the right to necessary health care during a stay in another country.",
                "Prouve le droit aux soins nécessaires pendant un séjour dans un autre pays.",
            ),
            validity_days=90,
        ),
        CredentialConfiguration(
            id="prc",
            projection=PRC_PORTADOC,
            scope="prc",
            display=_display(
                "Provisional replacement certificate",
                "Certificat provisoire de remplacement",
                "Replaces the European Health Insurance Card for a time, with the same right to health care.",
                "Remplace pour un temps la carte européenne d'assurance maladie, avec le même droit aux soins.",
            ),
            validity_days=90,
        ),
        CredentialConfiguration(
            id="coverage-bilateral",
            projection=COVERAGE_BILATERAL,
            scope="coverage-bilateral",
            display=_display(
                "Certificate of coverage",
                "Certificat d'assujettissement",
                "States that a country's social security legislation keeps applying under a bilateral agreement.",
                "Atteste que la législation de sécurité sociale d'un pays reste applicable selon un accord "
                "bilatéral.",
            ),
            validity_days=90,
        ),
        CredentialConfiguration(
            id="coverage-maintenance",
            projection=COVERAGE_MAINTENANCE,
            scope="coverage-maintenance",
            display=_display(
                "Certificate of maintained coverage",
                "Certificat de maintien de l'assujettissement",
                "States that a country's social security law keeps applying during work in a country without an "
                "agreement.",
                "Atteste que la législation sociale d'un pays reste applicable pendant un travail dans "
                "un pays sans accord.",
            ),
            validity_days=90,
        ),
        CredentialConfiguration(
            id="pid",
            projection=PID_EUDI,
            scope="pid",
            display=_display(
                "Person identification data (test)",
                "Données d'identification personnelle (test)",
                "Identity of a fictional person, for demonstrations only.",
                "Identité d'une personne fictive, uniquement pour des démonstrations.",
            ),
            validity_days=30,
        ),
    )
}


def credential_configuration(configuration_id: str) -> CredentialConfiguration:
    """Return a credential configuration by id. Raises Refused[credential_configuration_unknown]."""
    found = CREDENTIAL_TYPES.get(configuration_id)
    if found is None:
        raise Refused("credential_configuration_unknown", known=", ".join(CREDENTIAL_TYPES))
    return found


OLD_VCTS: Final[Mapping[str, str]] = {
    "urn:eu.europa.ec.eudi:pda1:1": PDA1_DC4EU_A.vct,
    "urn:eu.europa.ec.eudi:ehic:1": EHIC_DC4EU.vct,
    "urn:eudi:pid:arf-1.8:1": PID_EUDI.vct,
}
"""Older type identifiers that are accepted when reading, with the type that took their place."""

ACCEPTED_VCTS: Final = frozenset({c.vct for c in CREDENTIAL_TYPES.values()} | OLD_VCTS.keys())
A1_TYPES: Final = frozenset(
    vct
    for vct in ACCEPTED_VCTS
    for configuration in CREDENTIAL_TYPES.values()
    if OLD_VCTS.get(vct, vct) == configuration.vct and configuration.projection.kind == "pda1"
)
"""Every identifier under which an A1 certificate is known."""

SEAL_VCTS: Final = frozenset(SEAL_TYPES.values())
"""How reports name the types of seals; nobody issues credentials of them."""
_STANDS_IN_FOR: Final[Mapping[str, str]] = {"prc": "ehic", "application": "pda1"}
"""Who may issue the card may seal the certificate that replaces it, as who may issue that certificate itself; who
may issue an A1, the proof of an application for one. Neither is the other: a proof of application leads to a
verdict of its own."""
EVERY_LAYOUT: Final[Mapping[str, Projection]] = {
    **LAYOUTS,
    **{layout.id: layout for layout in SEAL_LAYOUTS.values()},
}
"""Every layout in which verified claims are read, by its id: those of credentials and those of seals."""


_DOMESTIC_PID: Final = re.compile(r"urn:eudi:pid:[a-z]{2}:[0-9]{1,3}", re.ASCII)


def current_type(vct: str) -> str:
    """Return the type that took an older one's place, or that a domestic PID type extends; else the type itself.

    Spec: EUDI PID rulebook 1.7 §2.2
    """
    return PID_EUDI.vct if _DOMESTIC_PID.fullmatch(vct) else OLD_VCTS.get(vct, vct)


def projection_for(vct: str, claims: JsonObject) -> Projection:
    """Return the layout in which verified claims of a type are to be read; the dialect is told by its shape.

    Raises Refused[vct_unknown], or Malformed[layout_unknown] for claims that mix dialects or follow none.
    """
    current = current_type(vct)
    if current == PDA1_DC4EU_A.vct:
        return _pda1_dialect(claims)
    if current == EHIC_DC4EU.vct:
        return _ehic_dialect(claims)
    for configuration in CREDENTIAL_TYPES.values():
        if configuration.vct == current:
            return configuration.projection
    raise Refused("vct_unknown")


def _pda1_dialect(claims: JsonObject) -> Projection:
    """Return the one dialect of which the claims have something that no other dialect has."""
    employer = claims.get("employer")
    shapes = {
        PDA1_DC4EU_A: isinstance(employer, dict) and "work_information" not in claims,
        PDA1_DC4EU_B: isinstance(employer, list) and "work_address" not in claims,
        PDA1_EUDI_ISSUER: "employment_details" in claims or "legislation" in claims,
        PDA1_V0: "details_of_employment" in claims or "decision_legislation_applicable" in claims,
    }
    fitting = [layout for layout, fits in shapes.items() if fits]
    if len(fitting) != 1:
        raise Malformed("layout_unknown", vct=PDA1_DC4EU_A.vct)
    return fitting[0]


def _ehic_dialect(claims: JsonObject) -> Projection:
    """Return the dialect: the older two name the competent institution where the current one has its source."""
    current = "authentic_source" in claims or isinstance(claims.get("issuing_authority"), dict)
    if current or "competent_institution" not in claims:
        return EHIC_DC4EU
    return EHIC_V0 if "period_entitlement" in claims else EHIC_EUDI_ISSUER


def credential_types_for(sealed_kind: str) -> tuple[str, ...]:
    """Return the types of credentials that say the same as a seal of this kind."""
    kinds = (sealed_kind, _STANDS_IN_FOR.get(sealed_kind))
    return tuple(dict.fromkeys(c.vct for c in CREDENTIAL_TYPES.values() if c.projection.kind in kinds))


def seal_types_for(vcts: Collection[str]) -> frozenset[str]:
    """Return the types of seals that say the same as credentials of these types."""
    return frozenset(
        type_ for kind, type_ in SEAL_TYPES.items() if not set(credential_types_for(kind)).isdisjoint(vcts)
    )


def issuing_institution(claims: JsonObject) -> str | None:
    """Return the id of the institution that issues, where the layout names it by id and it is disclosed."""
    for holder, member in (("issuing_authority", "id"), ("competentInstitution", "institutionID")):
        part = claims.get(holder)
        if isinstance(part, dict) and isinstance(part.get(member), str):
            return str(part[member])
    return None


def issuing_countries(claims: JsonObject) -> frozenset[str]:
    """Return the countries that the claims name as the issuer's, as stored; empty text for what is no text."""
    places = ("issuing_authority", "country"), ("competentInstitution", "countryCode")
    parts = [(claims.get(holder), member) for holder, member in places]
    named = [
        claims.get("issuing_country"),
        *(part.get(member) for part, member in parts if isinstance(part, dict)),
    ]
    texts = (code if isinstance(code, str) else "" for code in named if code is not None)
    return frozenset(map(canonical_country, texts))
