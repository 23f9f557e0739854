"""Issuers that are believed by the keys they publish, because the operator says so; and the keys held of them.

Which way leads to an issuer's key is settled here beforehand, never by what a credential brings along: an issuer
named here is not believed by a certificate, and one that is not named here is not believed by a key of the web.
Spec: SD-JWT VC §2.5 and security considerations.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from portadoc.errors import Malformed, Untrusted
from portadoc.keys.jwk import PRIVATE_MEMBERS, VerificationKey, public_key_from_jwk

SPEC: Final = "SD-JWT VC, JWT VC Issuer Metadata"
MAX_KEYS: Final = 64
_KEPT: Final = frozenset({"kid", "kty", "crv", "x", "y", "alg", "use", "key_ops"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WebIssuer:
    """What an institution may sign as ``issuer`` (its exact ``iss``), by the keys that it publishes there.

    Times in seconds since the epoch; ``valid_to`` and ``believed_until`` are the last seconds that count. ``keys``
    are the JWKs held of it, as ``published_keys`` read them; none until they are fetched.
    """

    issuer: str
    institution: str
    name: str
    country: str
    credential_types: frozenset[str]
    valid_from: int
    valid_to: int | None = None
    withdrawn_at: int | None = None
    keys: tuple[Mapping[str, Any], ...] = ()
    believed_until: int = 0

    def key(self, kid: object, *, at: int, allowed_algs: Collection[str]) -> VerificationKey:
        """Return the one key that ``kid`` names; ``kid`` comes from an unverified header.

        Raises Untrusted[issuer_untrusted] (reason ``kid_missing``, ``keys_not_held``, ``keys_stale``,
        ``kid_unknown``, ``kid_ambiguous``, ``key_unfit``), Untrusted[alg_not_allowed].
        """
        if not isinstance(kid, str):
            raise _untrusted("kid_missing")
        if not self.keys:
            raise _untrusted("keys_not_held", issuer=self.issuer)
        if at > self.believed_until:
            raise _untrusted("keys_stale", issuer=self.issuer)
        named = [key for key in self.keys if key["kid"] == kid]
        if not named:
            raise _untrusted("kid_unknown", issuer=self.issuer)
        if len(named) > 1:
            raise _untrusted("kid_ambiguous")
        try:
            return public_key_from_jwk(named[0], allowed_algs=allowed_algs)
        except Untrusted as exc:
            if exc.code != "holder_key_unsupported":
                raise
            raise _untrusted("key_unfit", detail=str(exc.params["reason"])) from exc

    def authorise(self, *, at: int, credential_type: str | None, institution: str | None) -> None:
        """Accept a credential of a type, for an institution (None: it names none), signed or judged at ``at``.

        Raises Untrusted[issuer_untrusted] with a reason. Spec: ARF 3.0 OIA_14.
        """
        if institution is not None and institution != self.institution:
            raise _untrusted("institution_mismatch")
        if self.withdrawn_at is not None and at >= self.withdrawn_at:
            raise _untrusted("withdrawn")
        if at < self.valid_from or (self.valid_to is not None and at > self.valid_to):
            raise _untrusted("outside_period")
        if credential_type not in self.credential_types:
            raise _untrusted("type_not_authorised")


def published_keys(key_set: object) -> tuple[Mapping[str, Any], ...]:
    """Return the keys of a JWK Set that can be named, reduced to what a public signature key has.

    Whether a key suits is judged when it is chosen, so that one of another kind beside it does no harm; a private
    key in a published set discredits all of it. Raises Untrusted[issuer_metadata_invalid] (reason ``jwks_form``,
    ``private_member``), Malformed[limit_exceeded]. Spec: RFC 7517 §5.
    """
    entries = key_set.get("keys") if isinstance(key_set, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _invalid("jwks_form")
    if len(entries) > MAX_KEYS:
        raise Malformed("limit_exceeded", spec=SPEC, what="jwks", limit=MAX_KEYS)
    if any(not PRIVATE_MEMBERS.isdisjoint(entry) for entry in entries):
        raise _invalid("private_member")
    return tuple(
        {name: value for name, value in entry.items() if name in _KEPT}
        for entry in entries
        if isinstance(entry.get("kid"), str)
    )


def _invalid(reason: str) -> Untrusted:
    return Untrusted("issuer_metadata_invalid", spec=SPEC, reason=reason)


def _untrusted(reason: str, **params: str) -> Untrusted:
    return Untrusted("issuer_untrusted", spec=SPEC, reason=reason, **params)
