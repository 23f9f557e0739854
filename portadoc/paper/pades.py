"""A PDF sealed by an institution: PAdES baseline B, by the keys of the key ring, verified before release.

The field is invisible: what people see of a seal is set with the page. pyHanko is an extra (``portadoc[pdf]``); it
never sees a private key: our Signer signs what it prepared.
Spec: ETSI EN 319 142-1 §6, RFC 5652, RFC 5753 §2.1.
"""

import io
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from portadoc.errors import Malformed, Misconfigured, Untrusted
from portadoc.keys.signer import Signer

if TYPE_CHECKING:
    from pyhanko.sign.signers import PdfSigner
    from pyhanko.sign.signers import Signer as PdfSignerKey

FIELD: Final = "Institution"
_DIGESTS: Final = {"ES256": "sha256", "ES384": "sha384", "ES512": "sha512"}
_RESERVED: Final = 16 * 1024


def signed_pdf(pdf: bytes, *, signer: Signer, name: str, at: int) -> bytes:
    """Return the PDF with an invisible signature of the institution over all of it, made at ``at`` (seconds).

    A tagged and archivable file stays one: the field lies beside the page, where no reader has to be told of it.
    Raises Misconfigured[extra_missing], [signer_unfit_for_pdf], Malformed[pdf_unreadable] for what cannot be
    sealed or is already; Untrusted[pdf_signature_invalid] when our own output does not hold.
    """
    require_pyhanko()
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.general import SigningError

    made = io.BytesIO()
    ended = pdf if pdf.endswith(b"\n") else pdf + b"\n"  # ISO 19005-3 §6.1.9: what is added begins a line
    key = _pdf_signer(signer, name, at)
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(ended))
        key.sign_pdf(writer, output=made, bytes_reserved=_RESERVED)
    except (PdfError, SigningError) as exc:
        raise Malformed("pdf_unreadable") from exc
    check_signature(made.getvalue(), trusted=signer.chain[-1], at=at)
    return made.getvalue()


def check_signature(pdf: bytes, *, trusted: bytes, at: int) -> str:
    """Return who signed a PDF, once its one signature is verified to cover the whole file under ``trusted`` (DER).

    Raises Untrusted[pdf_signature_invalid] with a reason, Misconfigured[extra_missing].
    """
    require_pyhanko()
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


def _pdf_signer(signer: Signer, name: str, at: int) -> "PdfSigner":
    from pyhanko.sign import signers
    from pyhanko.sign.fields import InvisSigSettings, SigFieldSpec, SigSeedSubFilter

    class PdfSignerAt(signers.PdfSigner):
        """Signs at the installation's time."""

        def init_signing_session(self, *args: Any, **options: Any) -> Any:
            session = super().init_signing_session(*args, **options)
            session.system_time = datetime.fromtimestamp(at, UTC)
            return session

    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        name=name,
        md_algorithm=_digest_of(signer),
        subfilter=SigSeedSubFilter.PADES,
        signer_key_usage={"digital_signature"},
    )
    beside = InvisSigSettings(box_out_of_bounds=True)
    field = SigFieldSpec(FIELD, invis_sig_settings=beside, readable_field_name=name)
    return PdfSignerAt(metadata, signer=_pdf_key(signer), new_field_spec=field)


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


def require_pyhanko() -> None:
    """Raises Misconfigured[extra_missing]."""
    if find_spec("pyhanko") is None:
        raise Misconfigured("extra_missing", package="pyhanko", extra="pdf")
