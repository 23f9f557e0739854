"""Answer a verifier's request with the least that satisfies it, bound to the holder's key and encrypted.

Spec: OpenID4VP 1.0 §6.4, §8; RFC 9901 §7.2.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlencode

from portadoc.errors import Malformed, Refused, Untrusted
from portadoc.formats import jwe, strict_json
from portadoc.formats.dcql.authorities import authorities_of
from portadoc.formats.dcql.matching import Candidate, CredentialView, DcqlMatch, match
from portadoc.formats.jws import certificate_chain, split, unverified_claims
from portadoc.formats.openid4vp.transaction_data import assign
from portadoc.formats.roles import CREDENTIAL_WITH_X5U
from portadoc.formats.sd_jwt import bind, parse, process, select
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.private_jwk import signer_from_private_jwk
from portadoc.keys.purposes import KeyPurpose
from portadoc.schemas.claims import ClaimPath, JsonObject
from portadoc.schemas.openid4vci import read_message
from portadoc.schemas.openid4vp import DirectPostAnswer
from portadoc.wallet_sim.peers import GONE, Means, admitted, error_reason, error_word, read_answer
from portadoc.wallet_sim.registration import HolderWarning, disclosure_warning
from portadoc.wallet_sim.requests import TrustedRequest
from portadoc.wallet_sim.store import HeldCredential, WalletStore
from portadoc.wallet_sim.transport import FORM_TYPE, TransportResponse

FORMAT: Final = "dc+sd-jwt"
_OF_A_COPY: Final = frozenset({"cnf", "status", "iat", "nbf", "exp", "jti"})
_CLOSED: Final = frozenset({"request_answered", "request_expired", "request_unknown"})
VpToken = dict[str, list[str]]
"""Query id to presentations. Spec: OpenID4VP 1.0 §8.1."""


@dataclass(frozen=True, slots=True)
class SharedCredential:
    """What one credential would reveal: ``disclosed`` the places opened up, ``claims`` all that can be read."""

    query_id: str
    credential: HeldCredential
    disclosed: tuple[ClaimPath, ...]
    claims: JsonObject = field(repr=False)
    unbound_text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Preview:
    """A trusted request and what the wallet would share.

    ``missing`` are the ids of the queries that the wallet has nothing for; then it can share nothing at all.
    ``unwanted`` are the warnings of issuers that do not want what would be shared shown to who asks.
    """

    request: TrustedRequest
    shared: tuple[SharedCredential, ...]
    missing: tuple[str, ...] = ()
    unwanted: tuple[HolderWarning, ...] = ()

    @property
    def warnings(self) -> tuple[HolderWarning, ...]:
        """All that the holder should know before agreeing."""
        return (*self.request.warnings, *self.unwanted)


@dataclass(frozen=True, slots=True)
class PresentationOutcome:
    """The verifier took the answer. ``redirect_uri`` is where the holder's browser goes next, if anywhere.

    ``presentations`` are the texts that were sent, by query id.
    """

    status: Literal["presented"]
    redirect_uri: str | None
    shared: tuple[SharedCredential, ...]
    presentations: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)


def preview_answer(
    request: TrustedRequest, held: Sequence[HeldCredential], *, means: Means, optional_sets: bool
) -> Preview:
    """Work out the least disclosure of ``held`` that satisfies a request; nothing is sent or signed.

    Of several copies of one credential the one that was shown least often counts. ``optional_sets`` adds what the
    verifier asked for and does not need. Spec: OpenID4VP 1.0 §6.4.
    """
    fresh: dict[str, tuple[HeldCredential, CredentialView]] = {}
    for credential in sorted(held, key=lambda credential: credential.presented):
        view = _view(credential, means)
        fresh.setdefault(_sameness(view), (credential, view))
    copies, views = [copy for copy, _ in fresh.values()], [view for _, view in fresh.values()]
    found = match(request.request.query, views)
    chosen = _chosen(found, optional_sets=optional_sets)
    if not chosen:
        missing = tuple(query_id for query_id, candidates in found.candidates.items() if not candidates)
        return Preview(request, (), missing)
    shared = tuple(
        _shared(query_id, copies[candidate.position], candidate)
        for query_id, candidates in chosen.items()
        for candidate in candidates
    )
    objections = [disclosure_warning(each.credential, request.asker) for each in shared]
    unwanted = tuple(each for place, each in enumerate(objections) if each and each not in objections[:place])
    return Preview(request, shared, unwanted=unwanted)


def require_wanted(preview: Preview, *, means: Means) -> None:
    """Decline what an issuer does not want shown, where nobody can be asked: only the holder may overrule that.

    Raises Refused with the code of the warning, after telling the verifier no more than ``access_denied``.
    Spec: ARF 3.0 EDP_07, §6.6.3.5.7.
    """
    for warning in preview.unwanted[:1]:
        decline(preview, means=means)
        raise Refused(warning.code, spec="ARF 3.0 EDP_07", **warning.params)


def send_answer(preview: Preview, *, means: Means, store: WalletStore) -> PresentationOutcome:
    """Present what a preview shows. Spec: OpenID4VP 1.0 §8.

    Raises Refused[query_unsatisfied], after telling the verifier no more than ``access_denied``, when the wallet
    lacks what is required; Refused[request_closed], [presentation_refused], [peer_refused], [peer_redirected] and
    Unavailable as the verifier answers.
    """
    if preview.missing:
        decline(preview, means=means)
        missing = ", ".join(preview.missing)
        raise Refused(
            "query_unsatisfied", spec="OpenID4VP 1.0 §6.4.2", query=missing, reason="credential_missing", path=""
        )
    vp_token = bind_answer(preview, means=means)  # 1 each presentation bound to this verifier and nonce
    form = answer_form(vp_token, preview.request)  # 2 encrypted for this request's key, if it asks for that
    for credential_id in sorted({shared.credential.id for shared in preview.shared}):
        store.mark_presented(credential_id)  # 3 recorded first: whoever refuses a copy has seen it all the same
    response = post_answer(form, preview, means)  # 4 sent, once
    answer = read_message(DirectPostAnswer, _read_taken(response))
    return PresentationOutcome("presented", answer.redirect_uri, preview.shared, vp_token)


def decline(preview: Preview, *, means: Means) -> None:
    """Tell the verifier that there will be no presentation. Spec: OpenID4VP 1.0 §8.5.

    Raises as the verifier answers.
    """
    form = {"error": "access_denied"}
    if preview.request.request.state is not None:
        form["state"] = preview.request.request.state
    _read_taken(post_answer(form, preview, means))


def _read_taken(response: TransportResponse) -> JsonObject:
    """Return what the verifier says to an answer that it has taken.

    Raises Refused[request_closed], Refused[presentation_refused] with the code that the verifier tells, and as
    ``read_answer``. Spec: OpenID4VP 1.0 §8.2, §14.1.
    """
    reason = error_reason(response)
    if response.status in GONE or (response.status == 400 and reason in _CLOSED):
        raise Refused("request_closed", spec="OpenID4VP 1.0 §14.1")
    if response.status == 400 and error_word(response) == "invalid_request":
        raise Refused("presentation_refused", spec="OpenID4VP 1.0 §8.2", reason=reason)
    return read_answer(response, endpoint="response")


def bind_answer(preview: Preview, *, means: Means) -> VpToken:
    """Return the presentations by query id, each bound to this verifier and nonce.

    What the holder acknowledges goes into the binding of one credential; raises Untrusted
    [transaction_data_invalid] when none that is shared may acknowledge it. Spec: OpenID4VP 1.0 §8.4, §B.3.
    """
    request = preview.request.request
    acknowledged = assign(request.transaction_data, {shared.query_id for shared in preview.shared})
    vp_token: VpToken = {}
    for shared in preview.shared:
        text = bind(
            shared.unbound_text,
            audience=request.audience,
            nonce=request.nonce,
            now=means.clock.now(),
            signer=signer_from_private_jwk(shared.credential.holder_key),
            transaction_data=acknowledged.get(shared.query_id, ()),
        )
        vp_token.setdefault(shared.query_id, []).append(text)
    return vp_token


def answer_form(vp_token: VpToken, trusted: TrustedRequest) -> dict[str, str]:
    """Return the form of the answer: encrypted, or in clear where the request asks for that. Spec: §8.2, §8.3."""
    if trusted.request.response_mode.is_encrypted:
        return {"response": encrypt_answer(vp_token, trusted)}
    form = {"vp_token": strict_json.dumps(vp_token).decode("utf-8")}
    return form if trusted.request.state is None else {**form, "state": trusted.request.state}


def encrypt_answer(vp_token: VpToken, trusted: TrustedRequest) -> str:
    """Return the encrypted response for the key of a request that has one. Spec: OpenID4VP 1.0 §8.3."""
    assert trusted.encryption_jwk is not None, "the request asks for an answer in clear"
    assert trusted.enc is not None, "the request asks for an answer in clear"
    payload: JsonObject = {"vp_token": vp_token}
    if trusted.request.state is not None:
        payload["state"] = trusted.request.state
    return jwe.encrypt(strict_json.dumps(payload), trusted.encryption_jwk, enc=trusted.enc, apu=None, apv=None)


def post_answer(form: Mapping[str, str], preview: Preview, means: Means) -> TransportResponse:
    """POST a form to the response address; a redirect comes back as it is and is never followed."""
    url = preview.request.request.response_uri
    assert url is not None, "the answer goes through the browser"
    admitted(url, means.transport)
    headers = {"accept": "application/json", "content-type": FORM_TYPE}
    return means.transport.request("POST", url, headers=headers, body=urlencode(form).encode())


def _sameness(view: CredentialView) -> str:
    """Return what copies of one credential share: all but what ties a copy to its key, its time and its status."""
    subject = {name: value for name, value in view.claims.items() if name not in _OF_A_COPY}
    return json.dumps([view.vct, sorted(view.authorities), subject], sort_keys=True)


def _trust_lists(chain: tuple[bytes, ...], means: Means) -> frozenset[str]:
    """Return the trusted lists that the issuer is on now; none when the chain leads nowhere any more."""
    try:
        return means.trust.resolve_chain(chain, purpose=KeyPurpose.CREDENTIAL, at=means.clock.now()).trust_lists
    except (Untrusted, Malformed):
        return frozenset()


def _view(credential: HeldCredential, means: Means) -> CredentialView:
    """Return what matching may know; the credential was verified on receipt, under the same profile.

    What a holder cannot open is a decoy, so elements count as they are. Spec: OpenID4VP 1.0 §7.1.
    """
    held = parse(credential.sd_jwt)
    processed = process(unverified_claims(held.jws_text), held.disclosures)
    header = split(
        held.jws_text,
        CREDENTIAL_WITH_X5U,
        allowed_algs=ALL_ALGORITHMS,
        tolerated_typ=means.profile.accepted_credential_typs,
    )
    chain = certificate_chain(header)
    return CredentialView(
        format=FORMAT,
        vct=credential.vct,
        claims=processed.claims,
        disclosed=processed.disclosed,
        holder_bound=True,
        authorities=authorities_of(chain, trust_lists=_trust_lists(chain, means)),
    )


def _chosen(found: DcqlMatch, *, optional_sets: bool) -> Mapping[str, tuple[Candidate, ...]]:
    """Return what to present; nothing when a required set has no answer. Where nothing is required, all counts."""
    if not found.satisfiable:
        return {}
    return found.choose(optional_sets=optional_sets) or found.choose(optional_sets=True)


def _shared(query_id: str, credential: HeldCredential, candidate: Candidate) -> SharedCredential:
    unbound = select(credential.sd_jwt, candidate.paths)
    shown = parse(unbound)
    processed = process(unverified_claims(shown.jws_text), shown.disclosures)
    return SharedCredential(query_id, credential, processed.disclosed, processed.claims, unbound)
