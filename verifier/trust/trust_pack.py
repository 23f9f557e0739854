"""The trust pack of an institution that verifies here: put together, recorded, signed, checked, handed out.

Everybody without a network judges from it. A new one is made when somebody asks and the last one is older than
``renew_s``, or a status list has come, new or signed anew, that was not here when it was made; its sequence only
ever grows, across restarts and worker processes.
"""

from collections.abc import Iterable
from threading import Lock
from typing import Final

from portadoc.errors import Misconfigured
from portadoc.formats.trust_pack import (
    MAX_LISTS,
    PackedList,
    TrustPack,
    make_trust_pack,
    parse_trust_pack,
    verify_trust_pack,
)
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.certificates import ORGANIZATION_IDENTIFIER, certificate_key, only_name, parse_certificate
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import Signer
from portadoc.keys.trust.trust_store import TrustedKey
from portadoc.keys.trust.wallet_providers import without_wallet_providers
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.type_metadata import type_metadata
from portadoc.verifier.deployment import Deployment
from portadoc.verifier.store import status_list_store, trust_pack_store
from portadoc.verifier.store.trust_pack_store import StoredTrustPack
from portadoc.verifier.trust.seal_signers import SealSigners

ListVersions = frozenset[tuple[str, int]]
"""Address and time of signing of every list that is kept."""
_TYPES: Final = tuple(sorted({configuration.vct for configuration in CREDENTIAL_TYPES.values()}))


class TrustPacks:
    """The packs of every institution that verifies here."""

    def __init__(self, deployment: Deployment, seal_signers: SealSigners) -> None:
        self._deployment = deployment
        self._seal_signers = seal_signers
        self._settings = deployment.settings.trust_pack
        self._single_flight = {each.slug: Lock() for each in deployment.settings.institutions}
        self._signed: dict[str, StoredTrustPack] = {}
        self._here_then: dict[tuple[str, int], ListVersions] = {}

    def current(self, slug: str) -> StoredTrustPack:
        """Return the newest pack of an institution, made anew when it is due.

        Raises Refused[not_found], Misconfigured[key_missing], [trust_pack_certificate], Malformed[limit_exceeded].
        """
        self._deployment.institution(slug)
        found = self._in_force(slug)
        if found is not None:
            return found
        with self._single_flight[slug]:  # only who makes one waits for another
            found = self._in_force(slug)
            if found is None:
                found = self._signed[slug] = self._make(slug, self._deployment.clock.now())
            return found

    def _in_force(self, slug: str) -> StoredTrustPack | None:
        """Return the newest pack unless it is due, or of a time that has yet to come: then a clock ran ahead.

        A pack is read from the database once: what was signed under a number never changes.
        """
        now, kept = self._deployment.clock.now(), self._signed.get(slug)
        with self._deployment.database.read() as connection:
            sequence = trust_pack_store.newest_sequence(connection, slug)
            newest = kept
            if kept is None or kept.sequence != sequence:
                newest = trust_pack_store.newest_pack(connection, slug)
            here = status_list_store.kept_versions(connection, slug)
        if newest is None:
            return None
        self._signed[slug] = newest
        if not here <= self._known_then(slug, newest, here, now):
            return None
        return newest if newest.as_of <= now < newest.as_of + self._settings.renew_s else None

    def _known_then(self, slug: str, newest: StoredTrustPack, here: ListVersions, now: int) -> ListVersions:
        """Return the lists that were here when the newest pack was made; another process may have made it."""
        key = (slug, newest.sequence)
        if key not in self._here_then:
            packed = _read_back(newest.pack, self._deployment.institution(slug).institution_id)
            lists, withdrawals = self._fitting(slug, now)
            same = _tokens(packed.status_lists) == _tokens(lists)
            same = same and _tokens(packed.withdrawal_lists) == _tokens(withdrawals)
            self._note_lists(key, here if same else frozenset())
        return self._here_then[key]

    def _note_lists(self, key: tuple[str, int], here: ListVersions) -> None:
        others = {each: lists for each, lists in self._here_then.items() if each[0] != key[0]}
        self._here_then = {**others, key: here}

    def _make(self, slug: str, now: int) -> StoredTrustPack:
        here = self._deployment
        signer, operator = here.key_ring.signer(slug, KeyPurpose.TRUST_LIST), here.institution(slug).institution_id
        trusted = _own_key(signer, slug, operator)
        # 1. record: the sequence is taken, whatever happens from here on
        with here.database.transaction() as connection:
            sequence = trust_pack_store.next_sequence(connection, slug, as_of=now)
        pack = self._assembled(slug, operator, sequence, now)
        # 2. sign
        signed = make_trust_pack(pack, signer=signer)
        # 3. check our own output as a reader does
        read_back = verify_trust_pack(parse_trust_pack(signed, allowed_algs=ALL_ALGORITHMS), trusted=trusted)
        assert read_back == pack, "a pack says what was recorded"
        # 4. release it, unless another process has released a newer one
        made = StoredTrustPack(sequence=sequence, as_of=pack.as_of, expires_at=pack.exp, pack=signed)
        with here.database.transaction() as connection:
            trust_pack_store.keep_pack(connection, slug, made)
            return trust_pack_store.newest_pack(connection, slug) or made

    def _assembled(self, slug: str, operator: str, sequence: int, now: int) -> TrustPack:
        here, trust = self._deployment, self._deployment.trust
        with here.database.read() as connection:
            versions = status_list_store.kept_versions(connection, slug)
        self._note_lists(
            (slug, sequence), versions
        )  # before the lists: one that comes in between makes a new pack
        lists, withdrawals = self._fitting(slug, now)
        return TrustPack(
            operator=operator,
            sequence=sequence,
            as_of=now,
            exp=now + self._settings.lifetime_s,
            trust=without_wallet_providers(trust),
            signer_chains=self._seal_signers.proven(trust, now),
            type_metadata={vct: type_metadata(vct).decode() for vct in _TYPES},
            status_lists=lists,
            withdrawal_lists=withdrawals,
        )

    def _fitting(self, slug: str, now: int) -> tuple[tuple[PackedList, ...], tuple[PackedList, ...]]:
        """Return the status lists that a pack would hold now, and the withdrawal lists."""
        with self._deployment.database.read() as connection:
            held = trust_pack_store.held_lists(connection, slug, now=now)
        budget = self._settings.max_list_bytes
        lists = _that_fit((each.status_list for each in held), budget)
        budget -= sum(map(_size, lists))
        return lists, _that_fit((each.withdrawal_list for each in held if each.withdrawal_list), budget)


def _read_back(message: bytes, operator: str) -> TrustPack:
    """Return a pack that we signed before, by the certificate that it was signed under then."""
    unverified = parse_trust_pack(message, allowed_algs=ALL_ALGORITHMS)
    leaf = parse_certificate(unverified.unverified_chain[0])
    trusted = TrustedKey(certificate_key(leaf), operator, "", leaf.not_after)
    return verify_trust_pack(unverified, trusted=trusted)


def _own_key(signer: Signer, slug: str, operator: str) -> TrustedKey:
    """Return our own key as readers of the pack will find it. Raises Misconfigured[trust_pack_certificate]."""
    if not signer.chain:
        raise Misconfigured("trust_pack_certificate", institution=slug)
    leaf = parse_certificate(signer.chain[0])
    if only_name(leaf, ORGANIZATION_IDENTIFIER) != operator:
        raise Misconfigured("trust_pack_certificate", institution=slug)
    return TrustedKey(certificate_key(leaf), operator, "", leaf.not_after)


def _that_fit(held: Iterable[PackedList], budget: int) -> tuple[PackedList, ...]:
    """Return the lists, the ones asked for last first, as far as the budget (bytes of tokens) goes; by URI."""
    fitting: list[PackedList] = []
    for packed in held:
        budget -= _size(packed)
        if budget < 0 or len(fitting) == MAX_LISTS:
            break
        fitting.append(packed)
    return tuple(sorted(fitting, key=lambda packed: packed.uri))


def _tokens(lists: Iterable[PackedList]) -> frozenset[tuple[str, str | bytes]]:
    return frozenset((each.uri, each.unverified_token) for each in lists)


def _size(packed: PackedList) -> int:
    return len(packed.unverified_token)
