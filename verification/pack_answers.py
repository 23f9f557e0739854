"""Trust, status and type metadata out of a trust pack, as of a time: all that judging without a network needs."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from portadoc.errors import Conflict, Error
from portadoc.formats.numeric_date import LATEST
from portadoc.formats.status_list.claims import StatusListLimits
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.formats.trust_pack import SPEC, TrustPack, parse_trust_pack, verify_trust_pack
from portadoc.formats.withdrawal_list import WithdrawalRecord
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.purposes import KeyPurpose
from portadoc.verification.answers import (
    HeldStatusList,
    HeldStatusLists,
    HeldTypeMetadata,
    StatusAnswer,
    TrustAnswers,
)
from portadoc.verification.seal_procedure import HeldSigners
from portadoc.verification.status_tokens import BelievedStatusList, believe_status_list
from portadoc.verification.withdrawal_lists import believe_withdrawal_list

DEFAULT_SKEW_S: Final = 60
_LISTS_KEPT: Final = 32
_ANY_AGE_S: Final = LATEST
"""For lists whose own times are judged after they are believed: the longest time there is."""


def open_trust_pack(
    unverified_pack: bytes,
    *,
    operators: TrustAnswers,
    operator: str,
    at: int,
    newest_sequence: int = 0,
    skew_s: int = DEFAULT_SKEW_S,
) -> TrustPack:
    """Return a pack that may be judged from at ``at`` (epoch seconds): that of the institution ``operator``.

    ``operators`` says who may sign packs at all. A pack says whom to believe, so whose it has to be is for the
    reader to know beforehand: nobody else's stands in for it, whoever else is certified to sign packs.
    ``newest_sequence`` is that of the newest pack of this operator seen so far: an older one is refused. Raises
    Untrusted[trust_pack_invalid], [chain_invalid], [issuer_untrusted] with a reason, Malformed[limit_exceeded],
    Conflict[trust_pack_not_yet], [trust_pack_expired], [trust_pack_rollback].
    """
    # 1. form and header
    unverified = parse_trust_pack(unverified_pack, allowed_algs=ALL_ALGORITHMS)
    # 2. a chain of this operator that may sign packs
    trusted = operators.resolve(
        unverified.unverified_chain,
        purpose=KeyPurpose.TRUST_LIST,
        at=at,
        credential_type=None,
        issuer=None,
        institution=operator,
    )
    # 3. signature, then content
    pack = verify_trust_pack(unverified, trusted=trusted)
    # 4. in force at that time
    if pack.as_of > at + skew_s:
        raise Conflict("trust_pack_not_yet", spec=SPEC, as_of=pack.as_of)
    if pack.exp <= at:
        raise Conflict("trust_pack_expired", spec=SPEC, exp=pack.exp)
    # 5. not older than what is known already
    if pack.sequence < newest_sequence:
        raise Conflict("trust_pack_rollback", spec=SPEC, sequence=pack.sequence, newest=newest_sequence)
    return pack


class PackStatus:
    """Answer statuses from the lists of a pack; a list is believed when it is first asked for; the last are kept.

    Who signed a list is judged by the trust of the same pack, at the time asked about. Its own times are judged
    for that time as well: a list that has ended tells since when nothing is known.
    """

    def __init__(
        self, pack: TrustPack, *, skew_s: int = DEFAULT_SKEW_S, limits: StatusListLimits | None = None
    ) -> None:
        self._trust = pack.trust
        self._skew_s = skew_s
        self._limits = limits or StatusListLimits()
        self._lists = {packed.uri: packed for packed in pack.status_lists}
        self._withdrawals = {packed.uri: packed for packed in pack.withdrawal_lists}
        self._believed = lru_cache(maxsize=_LISTS_KEPT)(self._believe)

    def answer(self, reference: StatusReference, *, institution: str, now: int) -> StatusAnswer:
        """Return what the pack says of one status as of ``now``; its age counts from then.

        Raises Untrusted[status_invalid] for an index outside the list. Spec: Token Status List §8.3.
        """
        return self._believed(reference.uri, now).answer(reference, institution=institution, now=now)

    def _believe(self, uri: str, now: int) -> HeldStatusLists:
        packed = self._lists.get(uri)
        if packed is None:
            return HeldStatusLists()
        try:
            found = believe_status_list(
                packed.unverified_token,
                uri=uri,
                trust=self._trust,
                now=now,
                skew_s=_ANY_AGE_S,
                limits=self._limits,
            )
        except Error as error:
            return HeldStatusLists(problems={uri: ("status_invalid", str(error.params.get("reason", error.code)))})
        held = HeldStatusList(found.token, found.speaks_for, packed.resolved_at, self._records(found, now))
        return HeldStatusLists({uri: held}, skew_s=self._skew_s)

    def _records(self, status_list: BelievedStatusList, now: int) -> Mapping[int, WithdrawalRecord]:
        """Return why and when entries were withdrawn; without records that can be believed, nobody knows."""
        packed = self._withdrawals.get(status_list.token.uri)
        if packed is None or not isinstance(packed.unverified_token, str):
            return {}
        try:
            return believe_withdrawal_list(
                packed.unverified_token,
                status_list=status_list,
                trust=self._trust,
                now=now,
                skew_s=_ANY_AGE_S,
            ).withdrawals
        except Error:
            return {}


def packed_types(pack: TrustPack) -> HeldTypeMetadata:
    """Return what the pack says of credential types: one edition of each, byte for byte."""
    return HeldTypeMetadata(
        lambda vct: (pack.type_metadata[vct].encode("utf-8"),) if vct in pack.type_metadata else ()
    )


def packed_signers(pack: TrustPack) -> HeldSigners:
    """Return the certificates behind seals that the pack holds, unverified: its trust has to vouch for each."""
    return HeldSigners(pack.signer_chains)
