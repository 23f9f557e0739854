"""A PDF signed by an institution: PAdES baseline B, by the keys that the key ring holds, verified before release.

pyHanko is an extra (``portadoc[pdf]``); it never sees a private key: our Signer signs what it prepared.
Spec: ETSI EN 319 142-1 §6, RFC 5652, RFC 5753 §2.1.
"""

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from portadoc.errors import Misconfigured, Untrusted
from portadoc.keys.signer import Signer

if TYPE_CHECKING:
    from pyhanko.sign.signers import Signer as PdfSignerKey

FIELD: Final = "Institution"
_DIGESTS: Final = {"ES256": "sha256", "ES384": "sha384", "ES512": "sha512"}
_RESERVED: Final = 16 * 1024


def signed_pdf(pdf: bytes, *, signer: Signer, name: str, at: int) -> bytes:
    """Return the PDF with an invisible signature of the institution over all of it.

    Raises Misconfigured[extra_missing], [signer_unfit_for_pdf], Untrusted[pdf_signature_invalid] when our own
    output does not hold.
    """
    _require_pyhanko()
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers
    from pyhanko.sign.fields import SigSeedSubFilter

    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        name=name,
        md_algorithm=_digest_of(signer),
        subfilter=SigSeedSubFilter.PADES,
        signer_key_usage={"digital_signature"},
    )
    made = io.BytesIO()
    signers.PdfSigner(metadata, signer=_pdf_key(signer)).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf)), output=made, bytes_reserved=_RESERVED
    )
    check_signature(made.getvalue(), trusted=signer.chain[-1], at=at)
    return made.getvalue()


def check_signature(pdf: bytes, *, trusted: bytes, at: int) -> str:
    """Return who signed a PDF, once its one signature is verified to cover the whole file under ``trusted`` (DER).

    Raises Untrusted[pdf_signature_invalid] with a reason, Misconfigured[extra_missing].
    """
    _require_pyhanko()
    from asn1crypto import x509
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.errors import SignatureValidationError
    from pyhanko.sign.validation.settings import KeyUsageConstraints
    from pyhanko_certvalidator import ValidationContext

    try:
        embedded = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
        if len(embedded) != 1:
            raise Untrusted("pdf_signature_invalid", reason="count")
        status = validate_pdf_signature(
            embedded[0],
            ValidationContext(
                trust_roots=[x509.Certificate.load(trusted)],
                moment=datetime.fromtimestamp(at, UTC),
                allow_fetching=False,
            ),
            key_usage_settings=KeyUsageConstraints(key_usage={"digital_signature"}),
        )
    except (PdfError, SigningError, SignatureValidationError, ValueError) as exc:
        raise Untrusted("pdf_signature_invalid", reason="form") from exc
    if not (status.intact and status.valid and status.trusted):
        raise Untrusted("pdf_signature_invalid", reason="signature")
    if status.coverage is None or status.coverage.name != "ENTIRE_FILE":
        raise Untrusted("pdf_signature_invalid", reason="coverage")
    return str(status.signing_cert.subject.human_friendly)


def _pdf_key(signer: Signer) -> "PdfSignerKey":
    """Return our signer in the form that pyHanko asks for."""
    from asn1crypto import x509
    from asn1crypto.algos import DSASignature, SignedDigestAlgorithm
    from pyhanko.sign.signers import Signer as PdfSignerKey
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple([x509.Certificate.load(each) for each in signer.chain])

    class InstitutionKey(PdfSignerKey):
        async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
            assert digest_algorithm == _digest_of(signer)
            return bytes(DSASignature.from_p1363(signer.sign(data)).dump())  # RFC 5753 §2.1.1: DER, not r || s

    return InstitutionKey(
        signing_cert=x509.Certificate.load(signer.chain[0]),
        cert_registry=store,
        signature_mechanism=SignedDigestAlgorithm({"algorithm": f"{_digest_of(signer)}_ecdsa"}),
        embed_roots=True,
    )


def _digest_of(signer: Signer) -> str:
    """Return the digest of a signer. Raises Misconfigured[signer_unfit_for_pdf]."""
    if signer.alg not in _DIGESTS or not signer.chain:
        raise Misconfigured("signer_unfit_for_pdf", alg=signer.alg)
    return _DIGESTS[signer.alg]


def _require_pyhanko() -> Any:
    """Raises Misconfigured[extra_missing]."""
    try:
        import pyhanko.sign
    except ImportError as exc:
        raise Misconfigured("extra_missing", package="pyhanko", extra="pdf") from exc
    return pyhanko.sign
