"""Unsafe: faults that need an issuer's signing key, to show that a good signature alone proves nothing.

A forgery signs wrong content correctly. Never give a key that anybody trusts to this module outside demonstrations
and tests.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from portadoc import base64url
from portadoc.formats import jws, strict_json
from portadoc.formats.headers import signing_header
from portadoc.formats.jws import unverified_claims
from portadoc.keys.signer import Signer
from portadoc.schemas.claims import JsonObject
from portadoc.wallet_sim.faults.fault import FaultCategory, GoodPresentation, rebound

DAY_S: Final = 86_400
_SALT: Final = "c2FsdC1vZi10aGUtZm9yZ2Vy"

Change = Callable[[JsonObject, GoodPresentation], None]
"""Changes the payload of a credential in place, before it is signed again."""


@dataclass(frozen=True, slots=True)
class UnsafeForgery:
    """Wrong content under a correct signature of ``signer``, with a correct key binding over it.

    ``untrusted_signer`` says that the fault is the signer itself: it belongs under a root that no verifier trusts.
    ``expected_code`` as in ``Fault``.
    """

    name: str
    category: FaultCategory
    expected_code: str
    change: Change
    more_disclosures: tuple[str, ...] = ()
    untrusted_signer: bool = False

    def apply(self, good: GoodPresentation, signer: Signer) -> str:
        """Return the presentation with its credential changed and signed anew."""
        payload = unverified_claims(good.parts.jws_text)
        self.change(payload, good)
        token = jws.sign(signing_header("dc+sd-jwt", signer), payload, signer)
        return rebound(good, (*good.parts.disclosures, *self.more_disclosures), token=token)


def _set(**claims: Any) -> Change:
    """Set claims to fixed values; None removes."""

    def change(payload: JsonObject, _: GoodPresentation) -> None:
        for name, value in claims.items():
            payload.pop(name, None) if value is None else payload.update({name: value})

    return change


def _set_time(name: str, distance_s: int) -> Change:
    def change(payload: JsonObject, good: GoodPresentation) -> None:
        payload[name] = good.now + distance_s

    return change


def _set_status(**members: Any) -> Change:
    """Change members of the status reference."""

    def change(payload: JsonObject, _: GoodPresentation) -> None:
        payload["status"] = {"status_list": {**payload["status"]["status_list"], **members}}

    return change


def _add_digests(*digests: str) -> Change:
    def change(payload: JsonObject, _: GoodPresentation) -> None:
        payload["_sd"] = [*payload.get("_sd", []), *digests]

    return change


def _repeat_digest(payload: JsonObject, good: GoodPresentation) -> None:
    digest = _digest(good.withheld[0])
    payload["_sd"] = [*payload.get("_sd", []), digest, digest]


def _publish_private_key(payload: JsonObject, _: GoodPresentation) -> None:
    payload["cnf"] = {"jwk": {**payload["cnf"]["jwk"], "d": "A" * 43}}


def _unchanged(_: JsonObject, __: GoodPresentation) -> None:
    pass


def _digest(disclosure: str) -> str:
    return base64url.encode(hashlib.sha256(disclosure.encode()).digest())


def _hidden(name: str, code: str, content: list[Any]) -> UnsafeForgery:
    """Let the issuer sign the digest of a disclosure that must not be, and show it."""
    disclosure = base64url.encode(strict_json.dumps(content))
    change = _add_digests(_digest(disclosure))
    return UnsafeForgery(name, FaultCategory.DISCLOSURES, code, change, more_disclosures=(disclosure,))


def _forgery(category: FaultCategory, name: str, code: str, change: Change) -> UnsafeForgery:
    return UnsafeForgery(name, category, code, change)


_DISCLOSURES, _STATUS, _TIME = FaultCategory.DISCLOSURES, FaultCategory.STATUS, FaultCategory.TIME
_BINDING, _TRUST = FaultCategory.KEY_BINDING, FaultCategory.TRUST

FORGERIES: Final = (
    _forgery(_TIME, "credential-expired", "expired", _set_time("exp", -DAY_S)),
    _forgery(_TIME, "credential-not-yet-valid", "not_yet_valid", _set_time("nbf", DAY_S)),
    _forgery(_TIME, "credential-expiry-as-text", "claim_invalid", _set(exp="4102444800")),
    _forgery(_STATUS, "status-left-out", "claim_missing", _set(status=None)),
    _forgery(
        _STATUS,
        "status-behind-another-protocol",
        "fetch_blocked.scheme",
        _set_status(uri="ftp://status.invalid/lists/1"),
    ),
    _forgery(
        _STATUS, "status-index-outside-list", "status_invalid.index_out_of_range", _set_status(idx=2**53 - 1)
    ),
    _forgery(_STATUS, "status-index-negative", "status_invalid.index_form", _set_status(idx=-1)),
    _forgery(_STATUS, "status-index-as-text", "status_invalid.index_form", _set_status(idx="7")),
    _forgery(
        _STATUS,
        "status-by-unknown-means",
        "status_invalid.mechanism_unknown",
        _set(status={"crystal_ball": {"id": 7}}),
    ),
    _forgery(_DISCLOSURES, "digest-twice", "digest_duplicate", _repeat_digest),
    _forgery(_DISCLOSURES, "hash-algorithm-weak", "hash_alg_unsupported", _set(_sd_alg="md5")),
    _hidden("disclosure-named-like-the-format", "reserved_claim_name", [_SALT, "_sd", []]),
    _hidden("disclosure-of-further-types", "protected_claim_disclosed", [_SALT, "aka_vcts", ["urn:other"]]),
    _hidden("disclosure-over-a-claim-in-clear", "claim_collision", [_SALT, "vct", "urn:other"]),
    _hidden("element-among-members", "disclosure_malformed.element_among_members", [_SALT, "element"]),
    _forgery(_BINDING, "holder-key-left-out", "holder_key_missing", _set(cnf=None)),
    _forgery(_BINDING, "holder-key-by-name-only", "holder_key_unsupported.by_reference", _set(cnf={"kid": "1"})),
    _forgery(
        _BINDING, "holder-key-with-private-part", "holder_key_unsupported.private_member", _publish_private_key
    ),
    _forgery(_TRUST, "type-not-authorised", "issuer_untrusted.type_not_authorised", _set(vct="urn:eudi:pid:1")),
    _forgery(
        _TRUST,
        "issuer-of-another-institution",
        "issuer_untrusted.issuer_not_in_certificate",
        _set(iss="https://another-institution.invalid/issuer"),
    ),
    UnsafeForgery(
        "issuer-under-unknown-root",
        _TRUST,
        "issuer_untrusted.anchor_unknown",
        _unchanged,
        untrusted_signer=True,
    ),
)
