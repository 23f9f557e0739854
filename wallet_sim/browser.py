"""Answer a page that asks through the browser's Digital Credentials API; the browser says which page it is.

Spec: OpenID4VP 1.0 Appendix A.
"""

from typing import Final

from portadoc.errors import Error, Malformed, Untrusted
from portadoc.formats.openid4vp.digital_credentials import (
    BrowserAnswer,
    parse_browser_request,
    read_unsigned_browser_request,
    verify_browser_request,
)
from portadoc.formats.openid4vp.request_object import UnverifiedRequestObject
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.schemas.claims import JsonObject
from portadoc.wallet_sim.peers import CLOCK_SKEW_S, Means
from portadoc.wallet_sim.presentation import Preview, bind_answer, encrypt_answer
from portadoc.wallet_sim.requests import TrustedRequest, judged_request
from portadoc.wallet_sim.store import WalletStore
from portadoc.wallet_sim.verifiers import KnownVerifier, known_verifier

_TRANSACTION: Final = "transaction_data_invalid"


def read_browser_request(protocol: str, data: JsonObject, *, origin: str, means: Means) -> TrustedRequest:
    """Return the request of a page at ``origin``, the browser's word.

    Of several signatures the first whose signer the wallet trusts counts. Raises Untrusted[request_object_invalid]
    with a reason, Untrusted[encryption_invalid], and as the chain is judged. Spec: OpenID4VP 1.0 §A.3.
    """
    signed = parse_browser_request(protocol, data, allowed_algs=ALL_ALGORITHMS)
    if not signed:
        return judged_request(read_unsigned_browser_request(data, origin=origin), None, means)
    unverified, verifier = _first_known(signed, means)
    request = verify_browser_request(
        unverified,
        key=verifier.key,
        origin=origin,
        now=means.clock.now(),
        skew_s=CLOCK_SKEW_S,
        attestation=verifier.attestation,
    )
    return judged_request(request, verifier, means)


def answer_browser(preview: Preview, *, means: Means, store: WalletStore) -> BrowserAnswer:
    """Return what the wallet hands back to the page: what the preview shows, or ``access_denied`` for nothing.

    Raises Untrusted[transaction_data_invalid]. Spec: OpenID4VP 1.0 §A.4.
    """
    if preview.missing:
        return BrowserAnswer(error="access_denied")
    vp_token = bind_answer(preview, means=means)
    for credential_id in sorted({shared.credential.id for shared in preview.shared}):
        store.mark_presented(credential_id)
    if preview.request.request.response_mode.is_encrypted:
        return BrowserAnswer(response=encrypt_answer(vp_token, preview.request))
    return BrowserAnswer(vp_token={**vp_token})


def refuse_browser(error: Error) -> BrowserAnswer:
    """Return the protocol's word for a request that the wallet does not answer. Spec: OpenID4VP 1.0 §8.5, §A.4."""
    named = {error.code, error.params.get("reason")}
    return BrowserAnswer(error="invalid_transaction_data" if _TRANSACTION in named else "invalid_request")


def _first_known(
    signed: tuple[UnverifiedRequestObject, ...], means: Means
) -> tuple[UnverifiedRequestObject, KnownVerifier]:
    refusals: list[Error] = []
    for unverified in signed:
        try:
            return unverified, known_verifier(unverified, means)
        except (Untrusted, Malformed) as refusal:
            refusals.append(refusal)
    raise refusals[0]
