"""Tokens that carry their signer's certificates: believed as far as can be told without knowing any anchor.

Spec: HAIP 1.0 §6.1.1, RFC 7515 §4.1.6.
"""

from dataclasses import replace
from itertools import pairwise

from portadoc import base64url
from portadoc.errors import Untrusted
from portadoc.formats import jws, strict_json
from portadoc.formats.jws import UnverifiedJws
from portadoc.formats.roles import TokenRole
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.certificates import UnverifiedCertificate, certificate_key, parse_certificate
from portadoc.schemas.claims import JsonObject


def read_leniently(token: str, role: TokenRole, *, tolerated_typ: frozenset[str] = frozenset()) -> UnverifiedJws:
    """Return the parts of a token, with whatever header parameters it has beside those that we know.

    An issuer may send more than we write ourselves. Raises as ``jws.split``. Spec: RFC 7515 §4.
    """
    header = strict_json.loads_object(base64url.decode(token.partition(".")[0], what="header"), what="header")
    open_role = replace(role, header_params=role.header_params.union(header))
    return jws.split(token, open_role, allowed_algs=ALL_ALGORITHMS, tolerated_typ=tolerated_typ)


def certified_claims(token: str, role: TokenRole) -> JsonObject:
    """Return the claims of a token that the first of its certificates signed.

    Whether anybody trusts the certificates stays open. Raises Untrusted[chain_invalid] with the reason
    ``missing``, ``self_signed`` or ``chain_order``, and what form and signature raise.
    """
    unverified = read_leniently(token, role)
    return jws.verify(unverified, certificate_key(leaf_of(unverified)))


def leaf_of(unverified: UnverifiedJws) -> UnverifiedCertificate:
    """Return the signer's certificate of a chain without an anchor in it. Raises as ``certified_claims``."""
    chain = [parse_certificate(der) for der in jws.certificate_chain(unverified)]
    if not chain:
        raise _invalid("missing")
    if any(each.is_self_issued for each in chain):
        raise _invalid("self_signed")
    for below, above in pairwise(chain):
        if below.issuer != above.subject:
            raise _invalid("chain_order")
    return chain[0]


def _invalid(reason: str) -> Untrusted:
    return Untrusted("chain_invalid", spec="HAIP 1.0 §6.1.1", reason=reason)
