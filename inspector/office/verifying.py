"""Exports read by whoever was given one: with certificates that they believe, and without an installation."""

from collections.abc import Iterable
from typing import Final

from portadoc.errors import Malformed, Untrusted
from portadoc.formats import jws, strict_json
from portadoc.inspector.office.exports import MAX_EXPORT_BYTES, unverified_export, verify_export
from portadoc.keys.purposes import KeyPurpose
from portadoc.paper.pades import check_signature
from portadoc.schemas.claims import JsonObject
from portadoc.verification.answers import TrustAnswers

_SKEW_S: Final = 60


def open_export(raw: bytes, *, signers: TrustAnswers, now: int) -> JsonObject:
    """Return what a signed JSON export says; its chain is judged for the time that it names.

    Raises Malformed[json_malformed], [export_malformed], [limit_exceeded], Untrusted[signature_invalid],
    [chain_invalid], [issuer_untrusted] with a reason.
    """
    unverified = unverified_export(raw)
    # 1. who says to have made it, and when
    said = strict_json.loads_object(unverified.payload, what="export", max_bytes=MAX_EXPORT_BYTES, max_depth=64)
    made_at, institution = said.get("made_at"), said.get("institution")
    if type(made_at) is not int or not 0 <= made_at <= now + _SKEW_S or not isinstance(institution, dict):
        raise Malformed("export_malformed")
    # 2. that one may sign, at that time
    trusted = signers.resolve(
        jws.certificate_chain(unverified),
        purpose=KeyPurpose.RECEIPT,
        at=made_at,
        credential_type=None,
        issuer=None,
        institution=None,
    )
    if institution.get("id") != trusted.institution_id:
        raise Untrusted("issuer_untrusted", reason="institution_mismatch")
    # 3. the signature
    return verify_export(raw, key=trusted.key)


def signer_of_pdf(pdf: bytes, *, anchors: Iterable[bytes], at: int) -> str:
    """Return who signed a PDF, whose one signature holds under one of the certificates (DER).

    Raises Untrusted[pdf_signature_invalid] with a reason, Misconfigured[extra_missing].
    """
    refused = Untrusted("pdf_signature_invalid", reason="signature")
    for anchor in anchors:
        try:
            return check_signature(pdf, trusted=anchor, at=at)
        except Untrusted as error:
            refused = error
    raise refused
