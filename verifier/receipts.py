"""The receipt of a verification: made from what was judged, signed once the result is stored, checked, kept."""

from collections.abc import Sequence

from portadoc.formats.receipt import Receipt, make_receipt, parse_receipt, verify_receipt
from portadoc.keys.algorithms import ALL_ALGORITHMS, SIGNATURE_ALGORITHMS
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.trust.trust_store import TrustedKey
from portadoc.verification.receipts import Verified, VerifyingParty, receipt_of
from portadoc.verifier.deployment import Deployment
from portadoc.verifier.requests import VerificationRequest
from portadoc.verifier.results import Result


def draft_receipt(
    deployment: Deployment,
    request: VerificationRequest,
    result: Result,
    verified: Sequence[Verified],
    *,
    now: int,
) -> Receipt | None:
    """Return the receipt to sign, None where nothing was presented that could be read.

    ``verified`` holds the presentations that are SD-JWTs, with their whole reports; no claim goes on.
    """
    verdict = result.verdict
    if verdict is None or not verified:
        return None
    asking = deployment.institution(request.institution)
    named = VerifyingParty(
        id=asking.institution_id,
        name=next(iter(asking.names.values())),
        purpose=request.terms.preset_id,
        policy_version=request.terms.policy_version,
    )
    return receipt_of(verified, verifier=named, verdict=verdict, nonce=request.nonce, verified_at=now)


def sign_receipt(deployment: Deployment, slug: str, receipt: Receipt) -> str:
    """Return the signed receipt after reading it back.

    Raises Misconfigured[key_missing], Untrusted[receipt_invalid] when our own output does not hold.
    """
    signer = deployment.receipt_signer(slug)
    text = make_receipt(receipt, signer=signer)
    key = public_key_from_jwk(signer.public_jwk, allowed_algs=frozenset(SIGNATURE_ALGORITHMS))
    own = TrustedKey(key, receipt.verifier_id, receipt.verifier_id[:2], receipt.verified_at)
    read_back = verify_receipt(parse_receipt(text, allowed_algs=ALL_ALGORITHMS), trusted=own)
    assert read_back == receipt, "a receipt says what was recorded"
    return text
