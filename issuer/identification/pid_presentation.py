"""A wallet shows its PID so that the person before an authorization is known.

What guards against the findings of the formal analyses of such flows (OpenID4VCI issues 742, 806):

* The request is made for one authorization, with a nonce, a state and an encryption key of its own, signed with
  the institution's access key. A presentation made for anybody else has another audience or another nonce.
* An answer alone identifies nobody. It counts when the browser that began the authorization brings the response
  code, which only the wallet that answered is told. A request that was slipped to somebody else leads that
  person's browser here, which does not have the cookie: then the answer is thrown away.
* There is no way across devices, and no QR code.
* The key that a PID is bound to proves who shows it. It is kept as ``shown_key`` and never taken for the key to
  which a new credential is bound: that one is proven at the credential endpoint, under the token of the wallet
  that the person has approved here by name.

Spec: OpenID4VP 1.0 §5, §8, §13.3, §14; HAIP 1.0 §5.1.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from portadoc.errors import Conflict, Malformed, Misconfigured, Refused, Untrusted
from portadoc.formats import strict_json
from portadoc.formats.dcql.query import SD_JWT_VC, parse_query
from portadoc.formats.jwe import ENCRYPTIONS, decrypt, encryption_key_from_text, new_encryption_key
from portadoc.formats.openid4vp.client_identifier import x509_hash_identifier
from portadoc.formats.openid4vp.request_object import PresentationRequest, make_request_object
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.identification import attempt_store
from portadoc.issuer.identification.attempt_store import Attempt, Means, Phase
from portadoc.issuer.identification.identity import Identity
from portadoc.issuer.identification.pid_status import StatusLookup
from portadoc.issuer.identification.shown_pid import (
    PID_QUERY,
    judged_pid,
    pid_query,
)
from portadoc.issuer.issuance.registration import read_request_registrations
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import Signer
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.openid4vci import read_message
from portadoc.schemas.openid4vp import AuthorizationRequestLink, AuthorizationResponse, DirectPost
from portadoc.storage.installation import digest
from portadoc.verification.answers import TrustAnswers
from portadoc.verification.policy import KeyBindingRequired, VerificationPolicy

LINK_SCHEME: Final = "openid4vp://"
REQUEST_TTL_S: Final = 300
"""Seconds that a wallet has to answer, and the person to come back."""
KEY_BINDING_MAX_AGE_S: Final = 300
MAX_RESPONSE_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was made: its id, and the link that opens the wallet on the same device."""

    attempt_id: str
    link: str


class PidPresentations:
    """Asks wallets for a PID, and judges what they answer. Raises Misconfigured[paper_unusable] when made."""

    def __init__(
        self, deployment: Deployment, *, trust: Callable[[], TrustAnswers], statuses: StatusLookup
    ) -> None:
        self._deployment = deployment
        self._trust = trust
        self._statuses = statuses
        self._asked = pid_query(deployment.settings.pid_types)
        self._registrations = read_request_registrations(deployment, parse_query(self._asked))

    def offered(self, institution: str) -> bool:
        """Tell whether the institution has an access certificate to ask wallets with."""
        try:
            return bool(self._signer(institution).chain)
        except Misconfigured:
            return False

    def ask(self, institution: str, authorization_id: str, *, expires_at: int) -> Asked:
        """Open a request for one authorization; one before it takes no answer any more.

        Raises Refused[pid_not_asked] where the institution has no access certificate.
        """
        here = self._deployment
        if not self.offered(institution):
            raise Refused("pid_not_asked", spec="HAIP 1.0 §5")
        now = here.clock.now()
        attempt = Attempt(
            institution=institution,
            attempt_id=here.new_id(),
            authorization_id=authorization_id,
            means=Means.PID,
            state=here.new_secret(),
            nonce=here.new_secret(),
            created_at=now,
            expires_at=min(now + REQUEST_TTL_S, expires_at),
            client_id=self._client_id(institution),
            secret=new_encryption_key(here.random_bytes).private_jwk,
        )
        with here.database.transaction() as connection:
            attempt_store.insert_attempt(connection, attempt)
        return Asked(attempt.attempt_id, self.link(attempt))

    def link(self, attempt: Attempt) -> str:
        """Return the link that opens a wallet on the same device. Spec: OpenID4VP 1.0 §5, RFC 9101 §5."""
        link = AuthorizationRequestLink(
            client_id=attempt.client_id or "",
            request_uri=self._address(attempt, "requests"),
            request_uri_method="post",
        )
        return f"{LINK_SCHEME}?{urlencode(link.to_json())}"

    def request_object(self, institution: str, attempt_id: str, *, wallet_nonce: str | None) -> str:
        """Return the signed request, as often as it is asked for while it is open.

        Raises Refused[not_found], Refused[request_unknown], Conflict[request_answered], Conflict[request_expired].
        Spec: OpenID4VP 1.0 §5, §5.10.
        """
        attempt = self.open_attempt(institution, attempt_id)
        if attempt.client_id != self._client_id(institution):  # the key has changed: the link names the old one
            raise Conflict("request_expired", spec="OpenID4VP 1.0 §5.9")
        key = encryption_key_from_text(attempt.secret or "")
        algs = sorted(SIGNATURE_ALGORITHMS)
        request = PresentationRequest(
            nonce=attempt.nonce,
            dcql_query=self._asked,
            client_metadata={
                "vp_formats_supported": {SD_JWT_VC: {"sd-jwt_alg_values": algs, "kb-jwt_alg_values": algs}},
                "jwks": {"keys": [key.public_jwk]},
                "encrypted_response_enc_values_supported": list(ENCRYPTIONS),
            },
            iat=attempt.created_at,
            exp=attempt.expires_at,
            response_uri=self._address(attempt, "responses"),
            state=attempt.state,
            verifier_info=self._registrations.get(institution, ()),
        )
        return make_request_object(request, signer=self._signer(institution), wallet_nonce=wallet_nonce)

    def receive(self, institution: str, attempt_id: str, form: Mapping[str, str]) -> str:
        """Judge what a wallet posted, once, and return where it sends the person's browser.

        ``form`` is the unverified body. Raises Refused[not_found], [request_unknown], [response_not_encrypted];
        Conflict[request_answered], [request_expired]; Malformed[message_invalid], [limit_exceeded],
        Untrusted[encryption_invalid], [state_mismatch]: then the request stays open. Untrusted[pid_not_accepted],
        Refused[query_unsatisfied], Malformed[message_invalid]: then it is over.
        """
        here = self._deployment
        # 1. the request that this answers, while it is open
        attempt = self.open_attempt(institution, attempt_id)
        # 2. opened with the key of this request only
        payload = self._opened(attempt, read_message(DirectPost, form))
        # 3. of this very request: whoever has seen its address knows no state
        if payload.get("state") != attempt.state:
            raise Untrusted("state_mismatch", spec="OpenID4VP 1.0 §8.1")
        # 4. judged: issuer, holder, status; for us, for this nonce. Or the person has said no
        code, identity, refusal = here.new_secret(), None, None
        try:
            identity = self._identity(attempt, read_message(AuthorizationResponse, payload))
        except (Malformed, Refused, Untrusted) as error:
            refusal = error
        # 5. kept until the browser that began brings the code; once
        with here.database.transaction() as connection:
            told = digest(code if refusal is None else here.new_secret())
            if not attempt_store.close_answered(
                connection, attempt, response_code_digest=told, identity=identity, now=here.clock.now()
            ):
                raise Conflict("request_answered", spec="OpenID4VP 1.0 §14.1")
        if refusal is not None:
            raise refusal
        return f"{here.issuer_id(institution)}/authorize/{attempt.authorization_id}/return?response_code={code}"

    def open_attempt(self, institution: str, attempt_id: str) -> Attempt:
        """Return a request that can be answered.

        Raises Refused[not_found], [request_unknown], Conflict[request_answered], [request_expired].
        """
        here = self._deployment
        here.institution(institution)
        with here.database.read() as connection:
            found = attempt_store.find_attempt(connection, institution, attempt_id=attempt_id)
        if found is None or found.means is not Means.PID:
            raise Refused("request_unknown")
        if found.phase is not Phase.OPEN:
            raise Conflict("request_answered", spec="OpenID4VP 1.0 §14.1")
        if found.expires_at <= here.clock.now():
            raise Conflict("request_expired", spec="OpenID4VP 1.0 §14.1")
        return found

    def _opened(self, attempt: Attempt, posted: DirectPost) -> JsonObject:
        if posted.vp_token is not None:
            raise Refused("response_not_encrypted", spec="OpenID4VP 1.0 §8.3")
        if posted.response is None:
            return {"error": posted.error, "state": posted.state}
        key = encryption_key_from_text(attempt.secret or "")
        opened = decrypt(
            posted.response, key, allowed_enc=frozenset(ENCRYPTIONS), max_plaintext=MAX_RESPONSE_BYTES
        )
        return strict_json.loads_object(opened, what="response", max_bytes=MAX_RESPONSE_BYTES)

    def _identity(self, attempt: Attempt, answer: AuthorizationResponse) -> Identity | None:
        """Return whom the wallet has shown, None when it declined."""
        if answer.vp_token is None:
            return None
        types = self._deployment.settings.pid_types
        return judged_pid(
            _only_presentation(answer.vp_token),
            query=parse_query(self._asked),
            policy=self._policy(attempt, types),
            trust=self._trust(),
            statuses=self._statuses,
            now=self._deployment.clock.now(),
        )

    def _policy(self, attempt: Attempt, types: Sequence[str]) -> VerificationPolicy:
        """Return the rules, fixed before anything is read: this audience, this nonce, a PID."""
        here = self._deployment
        return VerificationPolicy(
            policy_id="pid-for-issuance",
            accepted_types=frozenset(types),
            key_binding=KeyBindingRequired(
                audience=attempt.client_id or "", nonce=attempt.nonce, max_age_s=KEY_BINDING_MAX_AGE_S
            ),
            status_required=False,
            profile=here.profile,
            on_date=datetime.fromtimestamp(here.clock.now(), UTC).date(),
            clock_skew_s=here.settings.clock_skew_s,
        )

    def _client_id(self, institution: str) -> str:
        return x509_hash_identifier(self._signer(institution).chain[0]).full

    def _signer(self, institution: str) -> Signer:
        return self._deployment.key_ring.signer(institution, KeyPurpose.REQUEST)

    def _address(self, attempt: Attempt, kind: str) -> str:
        issuer_id = self._deployment.issuer_id(attempt.institution)
        return f"{issuer_id}/identification/{kind}/{attempt.attempt_id}"


def _only_presentation(vp_token: Mapping[str, Sequence[str]]) -> str:
    """Return the one presentation of the one query. Raises Refused[query_unsatisfied]. Spec: §8.1."""
    if set(vp_token) != {PID_QUERY} or len(vp_token[PID_QUERY]) != 1:
        raise Refused("query_unsatisfied", spec="OpenID4VP 1.0 §8.1", query=PID_QUERY, reason="count", path="")
    return vp_token[PID_QUERY][0]
