"""Requests that act once: the same key and request again get the same answer, to the letter.

Answers may hold an offer, which is told once: they are kept locked under the key of the request, of which we hold
the digest alone. What died in between is taken over by the next one who asks with the key.
Spec: draft-ietf-httpapi-idempotency-key-header §2.
"""

from collections.abc import Callable
from typing import Final

from portadoc.errors import Conflict, Error, Unavailable
from portadoc.formats import strict_json
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.sources import source_store
from portadoc.issuer.sources.clients import Source
from portadoc.issuer.sources.source_store import StoredRequest
from portadoc.keys.key_ring import KeyPurpose
from portadoc.keys.locked_text import lock_text, unlock_text
from portadoc.schemas.claims import JsonObject
from portadoc.storage.installation import digest

CLAIM_S: Final = 30
"""Seconds that a request may be worked on before another one takes it over."""
KEPT_S: Final = 48 * 3600
_CONTEXT: Final = b"portadoc source answer"


class Requests:
    """The requests of sources."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def once(self, source: Source, *, key: str, request: bytes, act: Callable[[str], JsonObject]) -> JsonObject:
        """Return what ``act`` returns, or has returned for the same key and request.

        ``act`` gets a key of its own that is the same whenever this request comes again, and has to act once for
        it: it is called anew when what called it first has died. What it refuses is refused again, and not kept.
        Raises Conflict[idempotency_key_used] for another request under the key, Unavailable[request_running].
        """
        here, slug, client = self._deployment, source.institution, source.client_id
        key_digest, request_digest = digest(f"{client}:{key}"), digest(request.hex())
        # 1. Claimed by one caller, or answered before.
        held = self._claimed(slug, client, key_digest, request_digest)
        if held is not None:
            text = unlock_text(held, secret=self._secret(slug, client, key), context=_CONTEXT)
            return strict_json.loads_object(text, what="answer")
        # 2. Done, under a key that only this request has.
        try:
            answer = act(digest(f"{key_digest}:{request_digest}"))
        except Error:
            with here.database.transaction() as connection:
                source_store.drop_request(connection, slug, client, key_digest)
            raise
        # 3. Kept before it is told.
        locked = lock_text(
            strict_json.dumps(answer).decode(),
            secret=self._secret(slug, client, key),
            context=_CONTEXT,
            random_bytes=here.random_bytes,
        )
        with here.database.transaction() as connection:
            source_store.answer_request(connection, slug, client, key_digest, locked)
        return answer

    def _claimed(self, slug: str, client: str, key_digest: str, request_digest: str) -> bytes | None:
        """Return the locked answer of a request that was answered; None leaves the request to the caller."""
        now = self._deployment.clock.now()
        with self._deployment.database.transaction() as connection:
            found = source_store.find_request(connection, slug, client, key_digest)
            if found is None:
                claim = StoredRequest(request_digest, None, now + CLAIM_S)
                source_store.insert_request(connection, slug, client, key_digest, claim, expires_at=now + KEPT_S)
                return None
            if found.request_digest != request_digest:
                raise Conflict("idempotency_key_used")
            if found.answer is None and found.claimed_until > now:
                raise Unavailable("request_running", retry_after_s=2)
            if found.answer is None:
                source_store.claim_request(connection, slug, client, key_digest, until=now + CLAIM_S)
            return found.answer

    def _secret(self, slug: str, client: str, key: str) -> bytes:
        """Return what locks an answer: our secret and the key of the client; neither opens it alone."""
        mac = self._deployment.key_ring.mac(slug, KeyPurpose.NONCE)
        return mac.tag(f"source answer:{client}:{key}".encode())
