"""Events: what happened to a credential or a transaction, written in the same transaction as the act."""

from dataclasses import dataclass
from enum import StrEnum

from portadoc.schemas.claims import JsonObject


class EventKind(StrEnum):
    """Kinds of events, in the past tense: an event is written when the act is."""

    RECORD_ADDED = "record_added"
    RECORD_REFUSED = "record_refused"
    RECORD_WITHDRAWN = "record_withdrawn"
    RECORD_REISSUED = "record_reissued"
    RECORD_PROLONGED = "record_prolonged"
    RECORD_CORRECTED = "record_corrected"
    RECORD_REPLACED = "record_replaced"
    OFFER_CREATED = "offer_created"
    OFFER_REDEEMED = "offer_redeemed"
    OFFER_LOCKED = "offer_locked"
    OFFER_CANCELLED = "offer_cancelled"
    AUTHORIZATION_APPROVED = "authorization_approved"
    AUTHORIZATION_REFUSED = "authorization_refused"
    TOKENS_REVOKED = "tokens_revoked"
    GUESSES_THROTTLED = "guesses_throttled"
    ISSUANCE_RECORDED = "issuance_recorded"
    CREDENTIAL_ISSUED = "credential_issued"
    CREDENTIAL_NOTIFIED = "credential_notified"
    CREDENTIAL_WITHDRAWN = "credential_withdrawn"
    DOCUMENT_SEALED = "document_sealed"
    SEAL_CODE_ANSWERED = "seal_code_answered"
    SEAL_CODE_REFUSED = "seal_code_refused"
    SEAL_CODE_LOCKED = "seal_code_locked"
    STATUS_LIST_PUBLISHED = "status_list_published"
    REQUEST_CREATED = "request_created"
    PRESENTATION_RECEIVED = "presentation_received"
    PRESENTATION_VERIFIED = "presentation_verified"
    PAIRING_CODE_MADE = "pairing_code_made"
    DEVICE_PAIRED = "device_paired"
    DEVICE_REVOKED = "device_revoked"
    ENTRY_RECEIVED = "entry_received"
    SCAN_RECEIPTED = "scan_receipted"
    VISIT_EXPORTED = "visit_exported"
    VISIT_FORGOTTEN = "visit_forgotten"
    DOSSIER_LINKED = "dossier_linked"
    DOSSIER_UNLINKED = "dossier_unlinked"
    APPLICATION_STARTED = "application_started"
    APPLICATION_CHANGED = "application_changed"
    APPLICATION_DECIDED = "application_decided"
    APPLICATION_PROVED = "application_proved"
    CERTIFICATE_RELEASED = "certificate_released"
    CERTIFICATE_OFFERED = "certificate_offered"
    CERTIFICATE_READ = "certificate_read"
    CONSENT_GIVEN = "consent_given"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    REPLACEMENT_ASKED = "replacement_asked"
    REPLACEMENT_REFUSED = "replacement_refused"
    TASK_DONE = "task_done"
    CASE_AUDITED = "case_audited"
    REMINDER_SENT = "reminder_sent"
    PERSON_EXPORTED = "person_exported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One act of one institution. ``at`` is seconds since the epoch; ``payload`` carries no personal data."""

    kind: EventKind
    institution: str
    subject_id: str
    at: int
    payload: JsonObject
