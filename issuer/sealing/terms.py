"""For how long a printed seal can be read, and who may seal what: pure functions of record, key and settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from portadoc.errors import Conflict, Misconfigured, Refused
from portadoc.issuer.issuance.credentials import certified_until, day_of, end_of, require_own_legislation
from portadoc.issuer.settings import SECONDS_PER_DAY, IssuerSettings
from portadoc.keys.certificates import certificate_country
from portadoc.keys.signer import Signer
from portadoc.schemas.catalogue import credential_configuration
from portadoc.schemas.coverage.application import ApplicationProof
from portadoc.schemas.ehic import Prc
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.pid import Pid
from portadoc.schemas.records import Record

SPEC: Final = "Seal §5"
_STANDS_FOR: Final[Mapping[str, str]] = {"prc": "ehic", "application": "pda1"}
"""What an institution has to issue as a credential to seal what stands in for it, unless it issues that itself."""


class EndsWith(StrEnum):
    """What the end of a seal's life follows from."""

    DOCUMENT = "document"
    COVERAGE = "coverage"
    SETTING = "setting"
    CERTIFICATE = "certificate"
    """Earlier than the document: somebody has said that this shall be so."""


@dataclass(frozen=True, slots=True)
class SealLife:
    """From when (inclusive) until when (exclusive) a seal can be believed (epoch seconds), and why till then."""

    starts_at: int
    ends_at: int
    ends_with: EndsWith


def seal_life(
    record: Record, *, now: int, settings: IssuerSettings, signer: Signer, until_certificate_ends: bool
) -> SealLife:
    """Return the life of a seal made now: as long as the document, or its period when it has no end, and a grace.

    Whole days, so that nothing in it tells the hour. A paper cannot be fetched anew as a credential can: where the
    signer's certificate ends before, this is refused unless ``until_certificate_ends`` says that it is wanted.
    Raises Conflict[record_expired], [seal_outlives_certificate], Misconfigured[signer_certificate_expired].
    """
    wanted = _wanted_end(record, now, settings)
    certificate_end = day_of(certified_until(signer))
    if certificate_end <= now:
        raise Misconfigured("signer_certificate_expired")
    if wanted.ends_at <= certificate_end:
        return wanted
    if not until_certificate_ends:
        missing = -(-(wanted.ends_at - certificate_end) // SECONDS_PER_DAY)
        raise Conflict("seal_outlives_certificate", days=missing)
    return SealLife(wanted.starts_at, certificate_end, EndsWith.CERTIFICATE)


def _wanted_end(record: Record, now: int, settings: IssuerSettings) -> SealLife:
    starts_at = day_of(now)
    last_day, ends_with = _last_day(record, datetime.fromtimestamp(now, UTC).date())
    if isinstance(record, ApplicationProof):
        return SealLife(starts_at, starts_at + settings.seal_application_days * SECONDS_PER_DAY, ends_with)
    if last_day is None:
        return SealLife(starts_at, starts_at + settings.seal_open_end_days * SECONDS_PER_DAY, ends_with)
    if end_of(last_day) <= now:
        raise Conflict("record_expired")
    return SealLife(starts_at, end_of(last_day) + settings.seal_grace_days * SECONDS_PER_DAY, ends_with)


def _last_day(record: Record, today: date) -> tuple[date | None, EndsWith]:
    """Return the day that counts. What is certified of a past period alone is evidence of it today as well."""
    if record.document_end is not None and not isinstance(record, Prc):
        return record.document_end, EndsWith.DOCUMENT
    if record.coverage_end is not None:
        return max(record.coverage_end, today), EndsWith.COVERAGE
    return None, EndsWith.SETTING


def require_may_seal(
    record: Record, *, institution_id: str, configuration_ids: tuple[str, ...], signer: Signer
) -> None:
    """Refuse a seal that no reader would believe under this institution's key.

    Raises Refused[seal_kind_not_issued], [record_of_other_institution], [legislation_of_other_state],
    Misconfigured[seal_certificate_missing].
    """
    if not signer.chain:
        raise Misconfigured("seal_certificate_missing")
    kinds = {credential_configuration(each).projection.kind for each in configuration_ids}
    if isinstance(record, Pid) or kinds.isdisjoint({record.KIND, _STANDS_FOR.get(record.KIND)}):
        raise Refused("seal_kind_not_issued", spec=SPEC, kind=record.KIND)
    named = [record.issuing_authority.country, *([record.institution.country] if isinstance(record, Pda1) else [])]
    if record.issuing_authority.id != institution_id or set(named) != {certificate_country(signer.chain[0])}:
        raise Refused("record_of_other_institution", institution=institution_id)
    if isinstance(record, Pda1):
        require_own_legislation(record, signer=signer)
