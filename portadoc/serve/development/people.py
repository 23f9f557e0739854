"""TEST DATA: the example people of the development sign-in, and what their claims are worth here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from portadoc.access import Role
from portadoc.portal.login.settings import GrantSettings, ProviderSettings

CLIENT_ID: Final = "portadoc-portal"
PROVIDER_ID: Final = "development"
SIMPLE_ACR: Final = "urn:portadoc:development:simple"
STRONG_ACR: Final = "urn:portadoc:development:strong"


@dataclass(frozen=True, slots=True)
class ExamplePerson:
    """Somebody whom anybody may be here."""

    sub: str
    name: str
    about: str
    claims: Mapping[str, Any] = field(default_factory=dict)


_PEOPLE: Final = (
    ExamplePerson(
        "claire-test",
        "Claire Test",
        "speaks for Menuiserie Test SARL, an employer",
        {"companies": ["TEST12345"]},
    ),
    ExamplePerson(
        "ivan-interim",
        "Ivan Intérim",
        "speaks for Intérim Fictif SAS, a temporary-work agency",
        {"companies": ["TEST23456"]},
    ),
    ExamplePerson("jean-exemple", "Jean Exemple", "a worker of Menuiserie Test SARL", {"pin": "TEST185041201"}),
    ExamplePerson("sofia-muster", "Sofia Muster", "self-employed", {"pin": "TEST279110801"}),
    ExamplePerson("nadia-modele", "Nadia Modèle", "insured, with two children", {"pin": "TEST288062001"}),
    ExamplePerson("karim-essai", "Karim Essai", "a worker who was posted before", {"pin": "TEST190013001"}),
    ExamplePerson("anne-agent", "Anne Agent", "case officer of fr-demo", {"groups": ["fr-demo-officers"]}),
    ExamplePerson(
        "paul-second",
        "Paul Second",
        "case officer of fr-demo who approves what others decide",
        {"groups": ["fr-demo-officers", "fr-demo-approvers"]},
    ),
    ExamplePerson("helene-sante", "Hélène Santé", "case officer of fr-health", {"groups": ["fr-health-officers"]}),
    ExamplePerson("victor-audit", "Victor Audit", "auditor of fr-demo", {"groups": ["fr-demo-auditors"]}),
    ExamplePerson("clinique-test", "Clinique Test Berlin", "a care provider", {"groups": ["care-providers"]}),
)
PEOPLE: Final[Mapping[str, ExamplePerson]] = {each.sub: each for each in _PEOPLE}

_STAFF: Final = (
    ("fr-demo-officers", Role.OFFICER, "fr-demo"),
    ("fr-demo-approvers", Role.SECOND_OFFICER, "fr-demo"),
    ("fr-demo-auditors", Role.AUDITOR, "fr-demo"),
    ("fr-health-officers", Role.OFFICER, "fr-health"),
    ("care-providers", Role.CARE_PROVIDER, ""),
)


def development_provider(issuer: str) -> ProviderSettings:
    """Return the settings of the development provider: what each of its claims is worth."""
    return ProviderSettings(
        id=PROVIDER_ID,
        name="Example people (development)",
        issuer=issuer,
        client_id=CLIENT_ID,
        algorithms=("ES256",),
        pin_claim="pin",
        employer_claim="companies",
        staff_acr=(STRONG_ACR,),
        grants=tuple(
            GrantSettings(claim="groups", value=value, role=role, institution=institution)
            for value, role, institution in _STAFF
        ),
    )
