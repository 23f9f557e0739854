"""The certificates behind printed seals: those of this installation and those that other issuers publish.

A seal carries no certificate, so who judges without a network finds it in the trust pack. Only addresses that the
operator names are asked; what they publish is proven by the trust in force each time a pack is made, and what does
not hold is left out. When an address cannot be had, what it said last stands.
"""

import logging
from collections import Counter
from typing import Final

from portadoc.errors import Error, Malformed, Unavailable, Untrusted
from portadoc.fetch import Deadline
from portadoc.formats import strict_json
from portadoc.formats.trust_pack import MAX_SIGNERS
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust import published_chains
from portadoc.keys.trust.published_chains import chains_from_json
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.verifier.deployment import Deployment
from portadoc.verifier.store import seal_signer_store

REFRESH_S: Final = 3600
"""Seconds after which an address is asked again."""
RETRY_S: Final = 60
"""Seconds after which an address is asked again that gave no answer."""
MOST_OF_ONE: Final = 32
"""Chains of one institution in a pack: its keys of today, and those retired while seals of theirs live."""
_TIMEOUT_S: Final = 5.0

_logger = logging.getLogger("portadoc.verifier")
Chain = tuple[bytes, ...]


class SealSigners:
    """The chains of everybody whose seals may be met here."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._uris = deployment.settings.trust_pack.seal_certificates
        self._retry_at: dict[str, int] = {}

    def refresh(self, *, everything: bool = False) -> int:
        """Ask the addresses that are due, or all; return how many answered. What fails is logged."""
        now = self._deployment.clock.now()
        with self._deployment.database.read() as connection:
            fetched_at = seal_signer_store.fetched_at(connection)
        due = [
            uri
            for uri in self._uris
            if everything
            or (not 0 <= now - fetched_at.get(uri, -REFRESH_S) < REFRESH_S and self._retry_at.get(uri, 0) <= now)
        ]
        return sum(self._ask(uri, now) for uri in due)

    def proven(self, trust: TrustStore, now: int) -> tuple[Chain, ...]:
        """Return every chain that may seal documents now, each once: our own first, then in the order of names.

        Of one institution no more than a few, so that nobody crowds out others. Raises
        Misconfigured[chain_file_malformed].
        """
        own = self._deployment.key_ring.chains(KeyPurpose.DOCUMENT_SEAL)
        published = (chain for uri in self._uris for chain in self._published(uri))
        found: list[Chain] = []
        held = Counter[str]()
        for chain in dict.fromkeys((*own, *published)):
            institution = _sealing_institution(chain, trust, now)
            if institution is not None and held[institution] < MOST_OF_ONE:
                held[institution] += 1
                found.append(chain)
        if len(found) > MAX_SIGNERS:
            _logger.warning("%d certificates of seals more than a trust pack holds", len(found) - MAX_SIGNERS)
        return tuple(found[:MAX_SIGNERS])

    def _published(self, uri: str) -> tuple[Chain, ...]:
        with self._deployment.database.read() as connection:
            body = seal_signer_store.find_chains(connection, uri)
        return () if body is None else _read(body)

    def _ask(self, uri: str, now: int) -> bool:
        deadline = Deadline(_TIMEOUT_S)
        try:
            fetched = self._deployment.fetch.get(
                uri,
                accept=(published_chains.MEDIA_TYPE,),
                max_bytes=published_chains.MAX_BYTES,
                timeout_s=deadline.remaining(),
            )
            if fetched.content_type != published_chains.MEDIA_TYPE:
                raise Unavailable("fetch_failed", reason="content_type")
            _read(fetched.body)
        except Error as error:
            self._retry_at[uri] = now + RETRY_S
            reason = str(error.params.get("reason", error.code))
            _logger.warning("certificates of seals not to be had: %s (%s) %s", error.code, reason, uri)
            return False
        with self._deployment.database.transaction() as connection:
            seal_signer_store.keep_chains(connection, uri, fetched.body, fetched_at=now)
        return True


def _read(body: bytes) -> tuple[Chain, ...]:
    """Return the chains in a document, unverified. Raises Malformed."""
    members = strict_json.loads_object(body, what="seal certificates", max_bytes=published_chains.MAX_BYTES)
    return chains_from_json(members)


def _sealing_institution(chain: Chain, trust: TrustStore, now: int) -> str | None:
    """Return the institution that may seal documents by a chain now; None where nobody may."""
    try:
        return trust.resolve(
            chain,
            purpose=KeyPurpose.DOCUMENT_SEAL,
            at=now,
            credential_type=None,
            issuer=None,
            institution=None,
        ).institution_id
    except (Malformed, Untrusted):
        return None
