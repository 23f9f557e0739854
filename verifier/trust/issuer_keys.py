"""The keys of issuers that are believed by what they publish: fetched ahead of need, kept, added to the trust.

Only issuers that the trust configuration names are ever asked. A key that nobody knows makes them be asked anew,
at most once a cool-down however many credentials name it; when they cannot be had, the kept keys stand until
``BELIEVED_S`` after they came. Spec: SD-JWT VC, JWT VC Issuer Metadata; RFC 8725 §3.10.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import Any, Final

from portadoc.clock import Clock
from portadoc.errors import Error
from portadoc.fetch import Deadline, Fetch
from portadoc.formats import strict_json
from portadoc.formats.issuer_metadata.jwt_vc_issuer import (
    KEY_SET_MEDIA_TYPES,
    MAX_BYTES,
    MEDIA_TYPES,
    metadata_url,
    parse_issuer_metadata,
    parse_key_set,
)
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.keys.trust.web_issuers import WebIssuer
from portadoc.storage.engine import Database
from portadoc.verifier.store import issuer_key_store
from portadoc.verifier.store.issuer_key_store import StoredIssuerKeys

REFRESH_S: Final = 3600
"""Seconds after which an issuer's keys are fetched again."""
COOL_DOWN_S: Final = 300
"""Seconds between two attempts at the keys of one issuer."""
BELIEVED_S: Final = 7 * 86_400
"""Seconds that keys are believed without having been seen again."""
RELOAD_S: Final = 15
"""Seconds after which a worker looks whether another one has fetched newer keys."""
_TIMEOUT_S: Final = 5.0

_logger = logging.getLogger("portadoc.verifier")


class IssuerKeys:
    """The keys held of every issuer that is believed by them: in memory, over the database, over the network."""

    def __init__(self, *, database: Database, fetch: Fetch, clock: Clock) -> None:
        self._database = database
        self._fetch = fetch
        self._clock = clock
        self._memory = Lock()
        self._in_flight: dict[str, Lock] = {}
        self._attempts: dict[str, int] = {}
        self._held: Mapping[str, StoredIssuerKeys] = {}
        self._loaded_at: int | None = None
        self._plain: TrustStore | None = None
        self._with_keys: TrustStore | None = None

    def added_to(self, trust: TrustStore) -> TrustStore:
        """Return ``trust`` with the keys held now, the same object while neither changes; nothing is fetched."""
        if not trust.web_issuers:
            return trust
        now = self._clock.now()
        with self._memory:
            if self._loaded_at is None or not 0 <= now - self._loaded_at < RELOAD_S:
                self._load(now)
            if self._with_keys is None or self._plain is not trust:
                web_issuers = tuple(_with_keys(each, self._held.get(each.issuer)) for each in trust.web_issuers)
                self._plain, self._with_keys = trust, replace(trust, web_issuers=web_issuers)
            return self._with_keys

    def refresh(self, trust: TrustStore, *, everything: bool = False) -> int:
        """Fetch the keys that are due, or all; return how many issuers' came. What fails is logged."""
        if not trust.web_issuers:
            return 0
        now = self._clock.now()
        with self._database.read() as connection:
            kept = issuer_key_store.all_issuer_keys(connection)
        due = [
            each.issuer
            for each in trust.web_issuers
            if everything or each.issuer not in kept or now >= kept[each.issuer].fetched_at + REFRESH_S
        ]
        return sum(self._ask(issuer, cool_down_s=0 if everything else COOL_DOWN_S) for issuer in due)

    def ask_anew(self, trust: TrustStore, issuer: str) -> None:
        """Fetch the keys of an issuer because one is missing, unless that was tried within the cool-down.

        ``issuer`` is unverified: of one that ``trust`` does not name, nothing is fetched. Who comes while a fetch
        is under way waits for it.
        """
        if trust.web_issuer(issuer) is not None:
            self._ask(issuer, cool_down_s=COOL_DOWN_S)

    def _ask(self, issuer: str, *, cool_down_s: int) -> bool:
        with self._in_flight.setdefault(issuer, Lock()):
            now = self._clock.now()
            if not self._may_ask(issuer, now, cool_down_s):
                return False
            try:
                keys = self._fetched(issuer)
            except Error as error:
                reason = str(error.params.get("reason", error.code))
                _logger.warning("keys of an issuer not to be had: %s (%s) %s", error.code, reason, issuer)
                return False
            key_set = strict_json.dumps({"keys": [dict(key) for key in keys]}).decode("utf-8")
            with self._database.transaction() as connection:
                issuer_key_store.keep_issuer_keys(connection, issuer, StoredIssuerKeys(key_set, now))
            with self._memory:
                self._load(now)
            return True

    def _may_ask(self, issuer: str, now: int, cool_down_s: int) -> bool:
        """Say whether an attempt may be made, and note it: in memory first, so a flood costs no transaction."""
        attempted_at = self._attempts.get(issuer)
        if attempted_at is not None and 0 <= now - attempted_at < cool_down_s:
            return False
        self._attempts[issuer] = now
        with self._database.transaction() as connection:
            return issuer_key_store.claim_attempt(connection, issuer, now=now, cool_down_s=cool_down_s)

    def _fetched(self, issuer: str) -> tuple[Mapping[str, Any], ...]:
        """Return the keys that an issuer publishes. Raises what fetching and reading raise."""
        deadline = Deadline(_TIMEOUT_S)
        document = self._fetch.get(
            metadata_url(issuer), accept=MEDIA_TYPES, max_bytes=MAX_BYTES, timeout_s=deadline.remaining()
        )
        metadata = parse_issuer_metadata(document.body, issuer=issuer)
        if metadata.keys is not None:
            return metadata.keys
        assert metadata.jwks_uri is not None, "metadata has keys or says where they are"
        key_set = self._fetch.get(
            metadata.jwks_uri, accept=KEY_SET_MEDIA_TYPES, max_bytes=MAX_BYTES, timeout_s=deadline.remaining()
        )
        return parse_key_set(key_set.body)

    def _load(self, now: int) -> None:
        with self._database.read() as connection:
            held = issuer_key_store.all_issuer_keys(connection)
        if held != self._held:
            self._held, self._with_keys = held, None
        self._loaded_at = now


def _with_keys(web_issuer: WebIssuer, stored: StoredIssuerKeys | None) -> WebIssuer:
    """Return an issuer with the keys fetched of it; without any, with those that the operator wrote down."""
    if stored is None:
        return web_issuer
    keys = parse_key_set(stored.key_set.encode("utf-8"))
    return replace(web_issuer, keys=keys, believed_until=stored.fetched_at + BELIEVED_S)
