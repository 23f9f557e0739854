"""COSE_Sign1 messages that carry claims (CWT): one role for one reading, as for compact JWS.

Tag 18 and no other: no MAC, no tag 61 around it. Algorithm and type stand in the protected header. The chain of
certificates may stand in either header: it proves nothing by itself, the caller judges it before the key counts.
So it is with the key id of a role whose messages have to be short: it only helps to find a certificate.
Spec: RFC 9052 §3, §4.2; RFC 8392; RFC 9360 §2; RFC 9596.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from portadoc.errors import Malformed, Untrusted
from portadoc.formats.cose import strict_cbor
from portadoc.formats.cose.strict_cbor import CborMap
from portadoc.keys.jwk import VerificationKey
from portadoc.keys.signer import Signer

TAG: Final = 18
ALG, CRIT, KID, TYP, X5CHAIN = 1, 2, 4, 16, 33
MAX_CHAIN: Final = 10
_MAX_HEADER_BYTES: Final = 16 * 1024

_ALGORITHMS: Final[Mapping[int, str]] = MappingProxyType(
    {-7: "ES256", -35: "ES384", -36: "ES512", -8: "Ed25519", -19: "Ed25519"}
)
"""The algorithms we know by COSE identifier; -8 is EdDSA, -19 says the curve too. Spec: RFC 9053 §2, RFC 9864."""
_IDENTIFIERS: Final[Mapping[str, int]] = MappingProxyType({"ES256": -7, "ES384": -35, "ES512": -36, "Ed25519": -8})
_PROTECTED: Final = frozenset({ALG, KID, TYP, X5CHAIN})
_UNPROTECTED: Final = frozenset({KID, X5CHAIN})


@dataclass(frozen=True, slots=True)
class CoseRole:
    """State which type a message in this role has, letter by letter, and how many bytes it may have.

    With an empty ``typ`` none may stand there: what a message is has to be plain from the purpose of its key.
    ``protected`` and ``unprotected`` are the parameters that each header may have.
    """

    name: str
    typ: str
    max_bytes: int
    protected: frozenset[int] = _PROTECTED
    unprotected: frozenset[int] = _UNPROTECTED


@dataclass(frozen=True, slots=True)
class UnverifiedCoseSign1:
    """A message whose form and headers are in order and whose signature nobody has checked yet.

    ``alg`` is the name as in JOSE; ``signed`` is the Sig_structure, encoded.
    """

    role: CoseRole
    alg: str
    header: CborMap
    payload: bytes
    signed: bytes
    signature: bytes


def split(message: bytes, role: CoseRole, *, allowed_algs: frozenset[str]) -> UnverifiedCoseSign1:
    """Return the parts of a message that may play ``role``.

    Input is unverified. Raises Malformed[malformed_token], [cbor_malformed], [limit_exceeded],
    Untrusted[alg_not_allowed], [crit_unsupported], [typ_mismatch], [header_param_forbidden].
    Spec: RFC 9052 §4.2, §4.4.
    """
    encoded, unprotected, payload, signature = _parts(message, role)
    protected = strict_cbor.loads_map(encoded, what="header", max_bytes=_MAX_HEADER_BYTES)
    _check_parameters(protected, unprotected, role)
    return UnverifiedCoseSign1(
        role,
        _alg(protected, allowed_algs),
        MappingProxyType({**unprotected, **protected}),
        payload,
        _signed(encoded, payload),
        signature,
    )


def verify(message: UnverifiedCoseSign1, key: VerificationKey) -> CborMap:
    """Return the claims of a message that ``key`` signed.

    Raises as ``verified_payload``, and Malformed[cbor_malformed], [limit_exceeded]. Spec: RFC 8392 §7.2.
    """
    return strict_cbor.loads_map(verified_payload(message, key), what="payload", max_bytes=message.role.max_bytes)


def verified_payload(message: UnverifiedCoseSign1, key: VerificationKey) -> bytes:
    """Return the bytes that ``key`` signed, for a message whose payload is not CBOR as it stands.

    Raises Untrusted[alg_not_allowed] when the header names another algorithm than the key's, Untrusted
    [signature_invalid]. Spec: RFC 9052 §4.4.
    """
    if message.alg != key.alg:
        raise Untrusted("alg_not_allowed", spec="RFC 9052 §4.4", alg=message.alg)
    key.verify(message.signed, message.signature)
    return message.payload


def sign(claims: CborMap, *, typ: str, signer: Signer) -> bytes:
    """Return a message over claims as ``sign_payload`` does. Spec: RFC 8392 §7.1."""
    return sign_payload(strict_cbor.dumps(claims), typ=typ, signer=signer)


def sign_payload(payload: bytes, *, typ: str, signer: Signer) -> bytes:
    """Return a tagged message with the signer's chain in the protected header, or its ``kid`` without one.

    Spec: RFC 9052 §4.4, RFC 9360 §2.
    """
    header: dict[int | str, Any] = {ALG: _IDENTIFIERS[signer.alg], TYP: typ}
    if signer.chain:
        header[X5CHAIN] = signer.chain[0] if len(signer.chain) == 1 else list(signer.chain)
    else:
        header[KID] = signer.kid.encode("ascii")
    return _message(header, payload, signer)


def sign_naming_key(claims: CborMap, *, key_id: bytes, signer: Signer) -> bytes:
    """Return a tagged message that names its key by a few bytes and carries neither type nor certificate.

    Spec: RFC 9052 §3.1, §4.4, RFC 8392 §7.1.
    """
    return _message({ALG: _IDENTIFIERS[signer.alg], KID: key_id}, strict_cbor.dumps(claims), signer)


def _message(header: CborMap, payload: bytes, signer: Signer) -> bytes:
    encoded = strict_cbor.dumps(header)
    return strict_cbor.dumps([encoded, {}, payload, signer.sign(_signed(encoded, payload))], tag=TAG)


def unverified_claims(message: bytes, role: CoseRole) -> CborMap:
    """Return the claims of a message that the caller verified before, or only shows or looks up.

    Raises Malformed[malformed_token], [cbor_malformed], [limit_exceeded].
    """
    _, _, payload, _ = _parts(message, role)
    return strict_cbor.loads_map(payload, what="payload", max_bytes=role.max_bytes)


def certificate_chain(message: UnverifiedCoseSign1) -> tuple[bytes, ...]:
    """Return the DER certificates of ``x5chain``, leaf first; empty when neither header has it.

    The certificates are not looked into. Raises Malformed[malformed_token] unless it is one byte string or an
    array of two and more, Malformed[limit_exceeded] beyond ten. Spec: RFC 9360 §2.
    """
    chain = message.header.get(X5CHAIN, [])
    if type(chain) is bytes:
        return (chain,)
    wrong_length = X5CHAIN in message.header and type(chain) is list and len(chain) < 2
    if type(chain) is not list or wrong_length or not all(type(each) is bytes for each in chain):
        raise _malformed("x5chain", "form", spec="RFC 9360 §2")
    if len(chain) > MAX_CHAIN:
        raise Malformed("limit_exceeded", what="x5chain", limit=MAX_CHAIN)
    return tuple(chain)


def _parts(message: bytes, role: CoseRole) -> tuple[bytes, CborMap, bytes, bytes]:
    parts = strict_cbor.loads(message, what=role.name, tag=TAG, max_bytes=role.max_bytes)
    if type(parts) is not list or [type(part) for part in parts] != [bytes, dict, bytes, bytes]:
        raise _malformed("message", "form")
    protected, unprotected, payload, signature = parts
    return protected, unprotected, payload, signature


def _check_parameters(protected: CborMap, unprotected: CborMap, role: CoseRole) -> None:
    if CRIT in protected or CRIT in unprotected:
        raise Untrusted("crit_unsupported", spec="RFC 9052 §3.1", role=role.name)
    allowed = role.protected.issuperset(protected) and role.unprotected.issuperset(unprotected)
    if not allowed or not protected.keys().isdisjoint(unprotected):
        raise Untrusted("header_param_forbidden", spec="RFC 9052 §3", role=role.name)
    if protected.get(TYP, "") != role.typ:
        raise Untrusted("typ_mismatch", spec="RFC 9596 §2", role=role.name)


def _alg(protected: CborMap, allowed_algs: frozenset[str]) -> str:
    identifier = protected.get(ALG)
    if type(identifier) is not int:
        raise _malformed("header", "alg", spec="RFC 9052 §3.1")
    alg = _ALGORITHMS.get(identifier)
    if alg is None or alg not in allowed_algs:
        raise Untrusted("alg_not_allowed", spec="RFC 9052 §8", alg=identifier if alg is None else alg)
    return alg


def _signed(protected: bytes, payload: bytes) -> bytes:
    """Return the Sig_structure. Spec: RFC 9052 §4.4."""
    return strict_cbor.dumps(["Signature1", protected, b"", payload])


def _malformed(part: str, reason: str, spec: str = "RFC 9052 §4.2") -> Malformed:
    return Malformed("malformed_token", spec=spec, part=part, reason=reason)
