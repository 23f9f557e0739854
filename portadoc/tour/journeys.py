"""The two ways through the tour: which attestation, issued by whom, asked for by whom. TEST DATA throughout."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portadoc.issuer.settings import IssuerSettings
from portadoc.schemas.catalogue import credential_configuration
from portadoc.schemas.ehic import Ehic, Prc
from portadoc.schemas.pid import Pid
from portadoc.schemas.profiles import Mode
from portadoc.schemas.records import Record
from portadoc.verifier.settings import VerifierSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """One attestation's way. ``id`` is its segment in URLs; institution and verifier are slugs."""

    id: str
    institution: str
    configuration_id: str
    example: str
    verifier: str
    preset: str

    @property
    def vct(self) -> str:
        """The credential type that travels."""
        return credential_configuration(self.configuration_id).vct


JOURNEYS: Final[Mapping[str, Journey]] = {
    journey.id: journey
    for journey in (
        Journey(
            id="a1",
            institution="fr-demo",
            configuration_id="pda1",
            example="posted-worker-fr-de",
            verifier="de-inspection",
            preset="inspector-quick",
        ),
        Journey(
            id="ehic",
            institution="fr-health",
            configuration_id="ehic",
            example="insured-traveller",
            verifier="de-inspection",
            preset="care-desk",
        ),
    )
}


def journeys_of(issuer: IssuerSettings, verifier: VerifierSettings) -> Mapping[str, Journey]:
    """Return the journeys that an installation can make: none in production, where test data has no place."""
    if issuer.mode != Mode.DEVELOPMENT:
        return {}
    return {id_: journey for id_, journey in JOURNEYS.items() if _possible(journey, issuer, verifier)}


def _possible(journey: Journey, issuer: IssuerSettings, verifier: VerifierSettings) -> bool:
    issuing, asking = issuer.by_slug.get(journey.institution), verifier.by_slug.get(journey.verifier)
    return (
        issuing is not None
        and journey.configuration_id in issuing.configuration_ids
        and asking is not None
        and journey.vct in asking.registered_types
    )


def authority_of(record: Record) -> str:
    """Return the name of the authority that has decided a record."""
    return record.issuing_authority if isinstance(record, Pid) else record.issuing_authority.name


def person_of(record: Record) -> str:
    """Return the name of the person whom a record is about."""
    if isinstance(record, Pid):
        return f"{record.given_name} {record.family_name}"
    person = record.insured if isinstance(record, Ehic | Prc) else record.person
    return f"{person.forenames} {person.surnames}"
