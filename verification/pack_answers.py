"""Trust, status and type metadata out of a trust pack, as of a time: all that judging without a network needs."""

import hashlib
from typing import Final

from portadoc.errors import Conflict, Error, Refused, Untrusted
from portadoc.formats import strict_json
from portadoc.formats.status_list.claims import StatusListLimits
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.formats.trust_pack import SPEC, PackedList, TrustPack, parse_trust_pack, verify_trust_pack
from portadoc.formats.type_metadata import TypeMetadata, parse_type_metadata
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.purposes import KeyPurpose
from portadoc.verification.answers import HeldStatusList, HeldStatusLists, StatusAnswer, TrustAnswers
from portadoc.verification.status_tokens import believe_status_list

DEFAULT_SKEW_S: Final = 60
KEY_ID_BYTES: Final = 8


def open_trust_pack(
    unverified_pack: bytes,
    *,
    operators: TrustAnswers,
    at: int,
    newest_sequence: int = 0,
    skew_s: int = DEFAULT_SKEW_S,
) -> TrustPack:
    """Return a pack that may be judged from at ``at`` (epoch seconds); ``operators`` says who may sign packs.

    ``newest_sequence`` is that of the newest pack of this operator seen so far: an older one is refused. Raises
    Untrusted[trust_pack_invalid], [chain_invalid], [issuer_untrusted] with a reason, Malformed[limit_exceeded],
    Conflict[trust_pack_not_yet], [trust_pack_expired], [trust_pack_rollback].
    """
    # 1. form and header
    unverified = parse_trust_pack(unverified_pack, allowed_algs=ALL_ALGORITHMS)
    # 2. a chain that may sign packs
    trusted = operators.resolve(
        unverified.unverified_chain,
        purpose=KeyPurpose.TRUST_LIST,
        at=at,
        credential_type=None,
        issuer=None,
        institution=None,
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
    """Answer statuses from the lists of a pack; a list is believed when it is first asked for, and then kept.

    Who signed a list is judged by the trust of the same pack, at the time asked about.
    """

    def __init__(
        self, pack: TrustPack, *, skew_s: int = DEFAULT_SKEW_S, limits: StatusListLimits | None = None
    ) -> None:
        self._trust = pack.trust
        self._skew_s = skew_s
        self._limits = limits or StatusListLimits()
        self._lists = {packed.uri: packed for packed in pack.status_lists}
        self._believed: dict[tuple[str, int], HeldStatusLists] = {}

    def answer(self, reference: StatusReference, *, institution: str, now: int) -> StatusAnswer:
        """Return what the pack says of one status as of ``now``; its age counts from then.

        Raises Untrusted[status_invalid] for an index outside the list. Spec: Token Status List §8.3.
        """
        key = (reference.uri, now)
        if key not in self._believed:
            self._believed[key] = self._believe(reference.uri, now)
        return self._believed[key].answer(reference, institution=institution, now=now)

    def _believe(self, uri: str, now: int) -> HeldStatusLists:
        packed = self._lists.get(uri)
        if packed is None:
            return HeldStatusLists()
        try:
            return HeldStatusLists({uri: self._held(packed, now)})
        except Error as error:
            return HeldStatusLists(problems={uri: ("status_invalid", str(error.params.get("reason", error.code)))})

    def _held(self, packed: PackedList, now: int) -> HeldStatusList:
        found = believe_status_list(
            packed.unverified_token,
            uri=packed.uri,
            trust=self._trust,
            now=now,
            skew_s=self._skew_s,
            limits=self._limits,
        )
        return HeldStatusList(found.token, found.issued_by, packed.resolved_at)


def packed_type_metadata(pack: TrustPack, vct: str) -> TypeMetadata:
    """Return what the pack says of a credential type.

    Raises Refused[vct_unknown], Untrusted[type_metadata_invalid], Malformed[json_malformed].
    """
    if vct not in pack.type_metadata:
        raise Refused("vct_unknown", spec=SPEC)
    return parse_type_metadata(strict_json.loads_object(pack.type_metadata[vct], what="type metadata"), vct=vct)


def packed_signers(pack: TrustPack, key_id: bytes) -> tuple[tuple[bytes, ...], ...]:
    """Return the chains whose leaf's SHA-256 begins with ``key_id`` (8 bytes), unverified; two may share one.

    Raises Untrusted[issuer_untrusted] (reason ``signer_unknown``).
    """
    assert len(key_id) == KEY_ID_BYTES
    found = tuple(chain for chain in pack.signer_chains if hashlib.sha256(chain[0]).digest().startswith(key_id))
    if not found:
        raise Untrusted("issuer_untrusted", spec=SPEC, reason="signer_unknown")
    return found
