"""From what a verification found to the receipt of it: nothing of the claims, and nothing that could link."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from portadoc.errors import Untrusted
from portadoc.formats.receipt import (
    SPEC,
    Receipt,
    ReceiptCredential,
    ReceiptStatus,
    parse_receipt,
    presentation_commitment,
    verify_receipt,
)
from portadoc.formats.status_list.statuses import status_reference
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.purposes import KeyPurpose
from portadoc.schemas.catalogue import ACCEPTED_VCTS, SEAL_VCTS
from portadoc.verification.answers import TrustAnswers
from portadoc.verification.report import COVERS_WORK, STATUS, Outcome, VerificationReport
from portadoc.verification.verdict import Verdict

_SKEW_S: Final = 60
_OUR_TYPES: Final = ACCEPTED_VCTS | SEAL_VCTS
_NOT_JUDGED: Final = frozenset({Outcome.NOT_APPLICABLE, Outcome.NOT_RUN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One presentation or seal and its report, with all claims that were verified (the receipt takes none)."""

    unverified_presentation: str = field(repr=False)
    report: VerificationReport


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyingParty:
    """Who verified, for which purpose and by which version of the policy."""

    id: str
    name: str
    purpose: str
    policy_version: str


def receipt_of(
    verified: Sequence[Verified], *, verifier: VerifyingParty, verdict: Verdict, nonce: str, verified_at: int
) -> Receipt:
    """Return the receipt of one verification, of one presentation at least; ``verdict`` is the one over all.

    ``nonce`` is the session's: who knows it and a presentation can tell that the receipt is about that one. Raises
    Malformed for a presentation that is neither an SD-JWT nor a seal: leave such a one out.
    """
    on_date = verified[0].report.on_date
    assert on_date is not None, "whoever judges does it for a day"
    return Receipt(
        verifier_id=verifier.id,
        verifier_name=verifier.name,
        verified_at=verified_at,
        purpose=verifier.purpose,
        policy_version=verifier.policy_version,
        on_date=on_date,
        work=any(each.report.check(COVERS_WORK).outcome not in _NOT_JUDGED for each in verified),
        verdict=verdict.value,
        colour=verdict.colour.value,
        credentials=tuple(_credential(each, nonce) for each in verified),
    )


def open_receipt(unverified_text: str, *, verifiers: TrustAnswers, now: int) -> Receipt:
    """Return a receipt that a trusted verifier signed; its chain is judged for the time that it names.

    That time may not lie ahead of ``now`` (epoch seconds) by more than a minute.

    Raises Untrusted[receipt_invalid], [chain_invalid], [issuer_untrusted] with a reason,
    Malformed[limit_exceeded].
    """
    unverified = parse_receipt(unverified_text, allowed_algs=ALL_ALGORITHMS)
    if unverified.unverified_at > now + _SKEW_S:
        raise Untrusted("receipt_invalid", spec=SPEC, reason="not_yet_made")
    trusted = verifiers.resolve(
        unverified.unverified_chain,
        purpose=KeyPurpose.RECEIPT,
        at=unverified.unverified_at,
        credential_type=None,
        issuer=None,
        institution=None,
    )
    return verify_receipt(unverified, trusted=trusted)


def _credential(verified: Verified, nonce: str) -> ReceiptCredential:
    report = verified.report
    return ReceiptCredential(
        # A type that we do not know is the issuer's own words: they could say anything.
        type=report.credential_type if report.credential_type in _OUR_TYPES else None,
        issuer=report.institution_id,
        verdict=report.verdict.value,
        status=_status(report),
        commitment=presentation_commitment(nonce, verified.unverified_presentation),
    )


def _status(report: VerificationReport) -> ReceiptStatus | None:
    """Return source and age of the status where it was known, for or against."""
    params = report.check(STATUS).params
    if "as_of" not in params:
        return None
    as_of = int(params["as_of"])
    reference = status_reference(report.claims)
    assert reference is not None, "a status that is known has a reference"
    return ReceiptStatus(urlsplit(reference.uri).netloc, as_of, max(0, report.as_of - as_of))
