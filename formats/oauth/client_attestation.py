"""Attestation-based client authentication: a wallet provider vouches for a wallet, and the wallet shows its key.

Drafts -07 (``iss`` in both tokens) and -10 (no ``iss``; or one DPoP proof in place of the proof of possession) are
read by the same rules: what only one of them has may be there and then has to be right.
Spec: draft-ietf-oauth-attestation-based-client-auth -07, -10; OpenID4VCI 1.0 App. E; HAIP 1.0 §4.4.1.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple

from portadoc.errors import Conflict, Malformed, Refused, Untrusted
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.jws import UnverifiedJws
from portadoc.formats.numeric_date import check_times, numeric_date
from portadoc.formats.oauth.dpop import VerifiedDpopProof
from portadoc.formats.oauth.wallet_facts import WalletFacts, read_wallet_facts
from portadoc.formats.reasons import told_as
from portadoc.formats.roles import CLIENT_ATTESTATION, CLIENT_ATTESTATION_POP
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.jwk import VerificationKey, holder_key, public_key_from_jwk
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import Signer
from portadoc.keys.trust.wallet_providers import WalletProviderTrust, wallet_provider_key
from portadoc.schemas.claims import JsonObject

CODE: Final = "client_attestation_invalid"
SPEC: Final = "draft-ietf-oauth-attestation-based-client-auth-10"
TYP: Final = "oauth-client-attestation+jwt"
POP_TYP: Final = "oauth-client-attestation-pop+jwt"
LONGEST_LIFE_S: Final = 86_400
"""An attestation lives for less than this. Spec: TS3 v1.5 §2.2.1.1."""
_TEXT: Final = re.compile(r"[\x20-\x7e]{1,2048}")
"""A client identifier is visible ASCII and space. Spec: RFC 6749 App. A.1."""
_JTI: Final = re.compile(r"[\x21-\x7e]{1,255}")
_CHALLENGE: Final = re.compile(r"[\x21-\x7e]{1,512}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationTerms:
    """What an authorization server asks of attestations; ``audience`` is its own issuer identifier.

    ``max_life_s`` is the first life that is too long, None for any. Times in seconds.
    """

    audience: str
    trust: WalletProviderTrust
    max_age_s: int
    skew_s: int
    max_life_s: int | None
    allowed_algs: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedClientAttestation:
    """A wallet that its provider vouches for and that holds the attested key now.

    ``challenge`` (None when there is none) and ``jti`` still have to be redeemed by the caller; ``jti`` is None
    when the proof was the DPoP proof, whose own ``jti`` counts. ``provider_id`` is the institution that the
    certificate names, ``issuer`` what the attestation says of itself. Times in seconds since the epoch.
    """

    client_id: str
    instance_thumbprint: str
    expires_at: int
    challenge: str | None
    jti: str | None
    provider_id: str
    issuer: str | None
    wallet: WalletFacts


def make_client_attestation(
    *,
    client_id: str,
    instance_jwk: JsonObject,
    iat: int,
    exp: int,
    issuer: str | None,
    wallet: WalletFacts,
    signer: Signer,
) -> str:
    """Return the attestation of a wallet instance's public key; ``issuer`` None as from draft -08 on.

    Spec: draft -07 §5.1, -10 §4, OpenID4VCI 1.0 App. E.
    """
    payload: JsonObject = {"sub": client_id, "iat": iat, "exp": exp, "cnf": {"jwk": instance_jwk}}
    if issuer is not None:
        payload["iss"] = issuer
    return jws.sign(signing_header(TYP, signer), {**payload, **wallet.to_claims()}, signer)


def make_client_attestation_pop(
    *, client_id: str | None, audience: str, iat: int, jti: str, challenge: str | None, signer: Signer
) -> str:
    """Return the proof that a wallet instance holds its attested key; ``client_id`` goes into ``iss``.

    ``client_id`` None as from draft -08 on, ``challenge`` None when the server gave none. Spec: draft -07 §5.2,
    -10 §5.1.
    """
    payload: JsonObject = {"aud": audience, "iat": iat, "jti": jti}
    if client_id is not None:
        payload["iss"] = client_id
    if challenge is not None:
        payload["challenge"] = challenge
    return jws.sign({"typ": POP_TYP}, payload, signer)


def verify_client_attestation(
    attestations: Sequence[str],
    pops: Sequence[str],
    *,
    dpop: VerifiedDpopProof | None,
    client_id: str | None,
    terms: AttestationTerms,
    now: int,
) -> VerifiedClientAttestation:
    """Return the wallet that a request is authenticated for.

    ``attestations`` and ``pops`` are the values of the header fields OAuth-Client-Attestation and
    OAuth-Client-Attestation-PoP, each field apart; ``dpop`` is the request's DPoP proof where it may stand in for
    the second, None otherwise; ``client_id`` is the one that the request names, None for none. All input is
    unverified. Raises Untrusted[client_attestation_invalid] with a reason, that of a proof of possession beginning
    with ``pop_``; Malformed[limit_exceeded]. Spec: draft -10 §7.1 to §7.3.
    """
    # 1. exactly one attestation, from a wallet provider that is believed
    attested = _attested(_only(attestations, "attestation_count"), terms, now)
    # 2. for the client that asks
    if client_id is not None and client_id != attested.client_id:
        raise _invalid("client_id")
    # 3. exactly one proof, by the attested key
    if not pops and dpop is not None:
        possession = _by_dpop(dpop, attested)
    else:
        possession = _possession(_only(pops, "pop_count"), attested, terms, now)
    return VerifiedClientAttestation(
        client_id=attested.client_id,
        instance_thumbprint=attested.key.kid,
        expires_at=attested.expires_at,
        challenge=possession.challenge,
        jti=possession.jti,
        provider_id=attested.provider_id,
        issuer=attested.issuer,
        wallet=attested.wallet,
    )


class _Attested(NamedTuple):
    client_id: str
    key: VerificationKey
    expires_at: int
    provider_id: str
    issuer: str | None
    wallet: WalletFacts


class _Possession(NamedTuple):
    challenge: str | None
    jti: str | None


def _only(values: Sequence[str], reason: str) -> str:
    if len(values) != 1:
        raise _invalid(reason)
    return values[0]


def _attested(text: str, terms: AttestationTerms, now: int) -> _Attested:
    with told_as(CODE):
        # 1. form, typ and algorithm
        unverified = jws.split(text, CLIENT_ATTESTATION, allowed_algs=terms.allowed_algs)
        # 2. the provider, by its chain of certificates, and its signature
        provider = wallet_provider_key(
            jws.certificate_chain(unverified), trust=terms.trust, purpose=KeyPurpose.CLIENT_ATTESTATION, at=now
        )
        claims = jws.verify(unverified, provider.key)
        # 3. alive, and not for longer than a day
        expires_at = _expiry(claims, terms, now)
        # 4. the wallet, and the public key of this instance
        return _Attested(
            _text(claims, "sub"),
            holder_key(claims.get("cnf"), allowed_algs=terms.allowed_algs),
            expires_at,
            provider.institution_id,
            _text(claims, "iss") if "iss" in claims else None,
            read_wallet_facts(claims),
        )


def _expiry(claims: JsonObject, terms: AttestationTerms, now: int) -> int:
    """Return the end of an attestation that is in its time and does not live too long.

    One that does not say since when it lives has to end soon enough from now on. Spec: TS3 v1.5 §2.2.1.1.
    """
    expires_at = numeric_date(claims, "exp", required=True)
    check_times(claims, now=now, skew_s=terms.skew_s)
    begun = (numeric_date(claims, name, required=False) for name in ("iat", "nbf"))
    begins = min((each for each in begun if each is not None), default=now + terms.skew_s)
    if terms.max_life_s is not None and expires_at - begins >= terms.max_life_s:
        raise _invalid("lifetime")
    return expires_at


def _by_dpop(dpop: VerifiedDpopProof, attested: _Attested) -> _Possession:
    """Accept a DPoP proof by the attested key as the proof. Spec: draft -10 §7.3."""
    if dpop.thumbprint != attested.key.kid:
        raise _invalid("pop_key")
    return _Possession(dpop.nonce, None)


def _possession(text: str, attested: _Attested, terms: AttestationTerms, now: int) -> _Possession:
    with _told_of_pop():
        # 1. form, typ and asymmetric algorithm
        unverified = jws.split(text, CLIENT_ATTESTATION_POP, allowed_algs=terms.allowed_algs)
        # 2. signed by the attested key
        _check_key(unverified, attested.key)
        claims = jws.verify(unverified, attested.key)
        # 3. from this client to this server, now
        if claims.get("aud") != terms.audience:
            raise _invalid("pop_aud")
        if "iss" in claims and claims["iss"] != attested.client_id:
            raise _invalid("pop_iss")
        check_times(claims, now=now, skew_s=terms.skew_s)
        if numeric_date(claims, "iat", required=True) < now - terms.max_age_s - terms.skew_s:
            raise _invalid("pop_iat")
        # 4. once, and for the challenge that was given
        jti = _matching(claims, "jti", _JTI)
        challenge = _matching(claims, "challenge", _CHALLENGE) if "challenge" in claims else None
        return _Possession(challenge, jti)


def _check_key(pop: UnverifiedJws, key: VerificationKey) -> None:
    """Refuse a proof that says by itself that another key made it. Spec: draft -10 §5.1 rule 3."""
    named = [pop.header["jwk"]] if "jwk" in pop.header else []
    kids = {public_key_from_jwk(jwk, allowed_algs=ALL_ALGORITHMS).kid for jwk in named}
    if pop.header["alg"] != key.alg or kids - {key.kid}:
        raise _invalid("pop_key")


@contextmanager
def _told_of_pop() -> Iterator[None]:
    """Tell what the body refuses as a fault of the proof of possession."""
    try:
        yield
    except (Malformed, Untrusted, Refused, Conflict) as exc:
        if exc.code in {CODE, "limit_exceeded"}:
            raise
        raise Untrusted(CODE, spec=exc.spec, reason=f"pop_{exc.code}") from exc


def _text(claims: JsonObject, name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not _TEXT.fullmatch(value):
        raise _invalid(name)
    return value


def _matching(claims: JsonObject, name: str, form: re.Pattern[str]) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise _invalid(f"pop_{name}")
    return value


def _invalid(reason: str) -> Untrusted:
    return Untrusted("client_attestation_invalid", spec=SPEC, reason=reason)
