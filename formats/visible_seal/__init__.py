"""The visible digital seal: a signed record small enough for one QR code on paper. Described in docs/seal.md."""

from portadoc.formats.visible_seal.seal import (
    PREFIX,
    SealClaims,
    SealTerms,
    UnverifiedSeal,
    key_id_of,
    make_seal,
    parse_seal,
    verify_seal,
)

__all__ = [
    "PREFIX",
    "SealClaims",
    "SealTerms",
    "UnverifiedSeal",
    "key_id_of",
    "make_seal",
    "parse_seal",
    "verify_seal",
]
