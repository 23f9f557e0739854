"""Headers of the tokens that we sign under a certificate."""

import binascii

from portadoc.keys.signer import Signer
from portadoc.schemas.claims import JsonObject


def signing_header(typ: str, signer: Signer) -> JsonObject:
    """Return ``typ`` with the signer's chain in ``x5c``, or with its ``kid`` when it has no certificate.

    The trust anchor is not in the chain, and ``alg`` is added when signing.
    Spec: RFC 7515 §4.1.6, HAIP 1.0 §6.1.1.
    """
    if not signer.chain:
        return {"typ": typ, "kid": signer.kid}
    return {"typ": typ, "x5c": [binascii.b2a_base64(der, newline=False).decode("ascii") for der in signer.chain]}
