"""Who sends a request to the authorization server: a client, and the key that its tokens are bound to.

Spec: RFC 9126 §2.1, RFC 9449 §5, §10.1; draft-ietf-oauth-attestation-based-client-auth -10 §7.
"""

from dataclasses import dataclass

from portadoc.errors import Untrusted
from portadoc.formats.oauth.client_attestation import VerifiedClientAttestation
from portadoc.formats.oauth.dpop import VerifiedDpopProof
from portadoc.issuer.authorization.clients import Clients
from portadoc.issuer.authorization.sender import Senders
from portadoc.issuer.challenges import Challenges
from portadoc.issuer.deployment import Deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHead:
    """What came with a request beside its parameters; all of it unverified, but for ``source``: who connects.

    ``path`` is from the root of the origin; of header fields that came several times, every value is here.
    """

    path: str
    method: str = "POST"
    dpop_proofs: tuple[str, ...] = ()
    attestations: tuple[str, ...] = ()
    attestation_pops: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Who asks. ``client_id`` is proven when ``instance_thumbprint`` is there, and merely said otherwise."""

    client_id: str | None
    instance_thumbprint: str | None
    wallet_name: str | None
    dpop_thumbprint: str | None

    @property
    def is_authenticated(self) -> bool:
        """Whether a wallet provider vouches for the client."""
        return self.instance_thumbprint is not None

    @property
    def can_refresh(self) -> bool:
        """Whether there is something that a refresh token can be bound to. Spec: draft -10 §10.1, RFC 9449 §5."""
        return self.is_authenticated and self.dpop_thumbprint is not None


class Requesters:
    """Finds out who asks, and uses up what they prove it with."""

    def __init__(self, deployment: Deployment, challenges: Challenges) -> None:
        self._deployment = deployment
        self._clients = Clients(deployment, challenges)
        self._senders = Senders(deployment, challenges)

    def proven(
        self, institution: str, head: RequestHead, *, client_id: str | None, dpop_required: bool
    ) -> Requester:
        """Return who asks; ``client_id`` is what the request says, None for nothing.

        Raises Untrusted[dpop_proof_missing], [dpop_proof_invalid], Refused[dpop_nonce_required], and as
        ``Clients.attested`` does.
        """
        # 1. the key of the sender
        dpop = self._dpop(head, required=dpop_required)
        # 2. the client
        attested = self._clients.attested(
            institution,
            client_id=client_id,
            attestations=head.attestations,
            pops=head.attestation_pops,
            dpop=dpop,
        )
        # 3. a fresh proof of the key; one that stands in for the attestation's is fresh by then
        if dpop is not None and not (attested is not None and attested.jti is None):
            self._senders.require_nonce(institution, dpop)
        # 4. nothing of it twice, whatever comes of the request
        if dpop is not None or attested is not None:
            self._use(institution, dpop, attested)
        return Requester(
            client_id=client_id if attested is None else attested.client_id,
            instance_thumbprint=None if attested is None else attested.instance_thumbprint,
            wallet_name=None if attested is None else attested.wallet.name,
            dpop_thumbprint=None if dpop is None else dpop.thumbprint,
        )

    def _dpop(self, head: RequestHead, *, required: bool) -> VerifiedDpopProof | None:
        if head.dpop_proofs:
            return self._senders.proof(head.dpop_proofs, method=head.method, path=head.path, access_token=None)
        if required:
            raise Untrusted("dpop_proof_missing", spec="HAIP 1.0 §4")
        return None

    def _use(
        self, institution: str, dpop: VerifiedDpopProof | None, attested: VerifiedClientAttestation | None
    ) -> None:
        with self._deployment.database.transaction() as connection:
            if dpop is not None:
                self._senders.use(connection, institution, dpop)
            if attested is not None:
                self._clients.use(connection, institution, attested)
