"""Key Binding JWT: the holder vouches for one presentation, to one audience, once. Spec: RFC 9901 §4.3."""

from collections.abc import Sequence
from typing import Final

from portadoc.errors import Error, Refused, Untrusted
from portadoc.formats import jws, roles
from portadoc.formats.numeric_date import numeric_date
from portadoc.formats.sd_jwt.digests import DEFAULT_HASH_ALG, digest, hash_function
from portadoc.keys.jwk import VerificationKey
from portadoc.keys.signer import Signer
from portadoc.schemas.claims import JsonObject

_REASONS: Final = {"typ_mismatch": "typ", "alg_not_allowed": "alg", "signature_invalid": "signature"}


def bind(
    presentation_text: str,
    *,
    audience: str,
    nonce: str,
    now: int,
    signer: Signer,
    transaction_data: Sequence[str] = (),
) -> str:
    """Return the presentation (which ends with a tilde) with its Key Binding JWT.

    ``transaction_data`` are the texts of the request as received. Raises Refused[kb_unexpected] for a presentation
    that is bound already. Spec: RFC 9901 §4.3, OpenID4VP 1.0 §B.3.3.
    """
    if not presentation_text.endswith("~"):
        raise Refused("kb_unexpected", spec="RFC 9901 §4.3")
    issued = jws.unverified_claims(presentation_text.partition("~")[0])
    function = hash_function(issued.get("_sd_alg", DEFAULT_HASH_ALG))
    payload: JsonObject = {
        "iat": now,
        "aud": audience,
        "nonce": nonce,
        "sd_hash": digest(presentation_text.encode("ascii"), function),
    }
    if transaction_data:
        payload["transaction_data_hashes"] = _transaction_hashes(transaction_data)
        payload["transaction_data_hashes_alg"] = DEFAULT_HASH_ALG
    return presentation_text + jws.sign({"typ": "kb+jwt"}, payload, signer)


def verify_key_binding(
    kb_text: str,
    *,
    presented_text: str,
    holder_key: VerificationKey,
    audience: str,
    nonce: str,
    now: int,
    max_age_s: int,
    skew_s: int,
    hash_alg: str,
    transaction_data: Sequence[str] = (),
) -> JsonObject:
    """Return the claims of a Key Binding JWT that fits the presentation and this transaction.

    ``presented_text`` is all before the Key Binding JWT, with the last tilde; ``hash_alg`` is the credential's.
    Raises Untrusted[kb_invalid] with a reason: form, header, alg, typ, signature, aud, nonce, iat, exp, nbf,
    sd_hash, txdata. Spec: RFC 9901 §7.3 step 5.
    """
    payload = _signed_claims(kb_text, holder_key)
    if payload.get("aud") != audience:
        raise _invalid("aud")
    if payload.get("nonce") != nonce:
        raise _invalid("nonce")
    _check_times(payload, now=now, max_age_s=max_age_s, skew_s=skew_s)
    if payload.get("sd_hash") != digest(presented_text.encode("ascii"), hash_function(hash_alg)):
        raise _invalid("sd_hash")
    _check_transaction(payload, transaction_data)
    return payload


def _signed_claims(kb_text: str, holder_key: VerificationKey) -> JsonObject:
    try:
        unverified = jws.split(kb_text, roles.KEY_BINDING, allowed_algs=frozenset((holder_key.alg,)))
        return jws.verify(unverified, holder_key)
    except Error as exc:
        fallback = "header" if isinstance(exc, Untrusted) else "form"
        raise _invalid(_REASONS.get(exc.code, fallback)) from exc


def _check_times(payload: JsonObject, *, now: int, max_age_s: int, skew_s: int) -> None:
    """Hold ``iat`` in the window from ``max_age_s`` ago to ``skew_s`` ahead, and ``exp`` and ``nbf`` if given."""
    if not now - max_age_s <= _date(payload, "iat") <= now + skew_s:
        raise _invalid("iat")
    if "exp" in payload and _date(payload, "exp") <= now - skew_s:
        raise _invalid("exp")
    if "nbf" in payload and _date(payload, "nbf") > now + skew_s:
        raise _invalid("nbf")


def _date(payload: JsonObject, name: str) -> int:
    try:
        return numeric_date(payload, name, required=True)
    except Error as exc:
        raise _invalid(name) from exc


def _check_transaction(payload: JsonObject, transaction_data: Sequence[str]) -> None:
    """Compare the hashes of the transaction that was asked for; one that nobody asked for is refused as well.

    Requests offer one hash function, the one that everybody has. Spec: OpenID4VP 1.0 §B.3.3.1.
    """
    if payload.get("transaction_data_hashes_alg", DEFAULT_HASH_ALG) != DEFAULT_HASH_ALG:
        raise _invalid("txdata")
    if payload.get("transaction_data_hashes", []) != _transaction_hashes(transaction_data):
        raise _invalid("txdata")


def _transaction_hashes(transaction_data: Sequence[str]) -> list[str]:
    return [digest(text.encode("ascii"), hash_function(DEFAULT_HASH_ALG)) for text in transaction_data]


def _invalid(reason: str) -> Untrusted:
    return Untrusted("kb_invalid", spec="RFC 9901 §7.3", reason=reason)
