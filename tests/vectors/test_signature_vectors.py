"""Every vector of ``signature_vectors`` and ``encoding_vectors`` has its one right outcome."""

from collections import Counter

import pytest

from portadoc import base64url
from portadoc.errors import Error, Untrusted
from portadoc.formats import jws, roles
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.jwk import public_key_from_jwk
from tests.vectors import encoding_vectors, signature_vectors
from tests.vectors.signature_vectors import VALID, SignatureVector

VECTORS = [*signature_vectors.vectors(), *encoding_vectors.vectors()]


def outcome(vector: SignatureVector) -> str:
    try:
        jws.verify(jws.split(vector.token, roles.CREDENTIAL, allowed_algs=ALL_ALGORITHMS), vector.key)
    except Error as error:
        return error.code
    return VALID


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_v02_v03_v05_a21_a_signature_vector_has_its_outcome(vector: SignatureVector) -> None:
    assert outcome(vector) == vector.expected


def test_no_two_vectors_have_one_name() -> None:
    assert len({vector.name for vector in VECTORS}) == len(VECTORS) > 500


def test_something_of_each_kind_is_valid() -> None:
    valid = Counter(vector.key.alg for vector in VECTORS if vector.expected == VALID)
    assert valid == {"ES256": 4, "ES384": 4, "ES512": 4, "Ed25519": 1}


SMALL_ORDER = {
    "the neutral element": 1,
    "of order two": 2**255 - 20,
    "of order four": 0,
    "of order four, negative": 2**255,
    "of order eight": int("05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826", 16),
    "of order eight, negative": int("85fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826", 16),
    "of order eight, the other one": int("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7", 16),
    "the neutral element, spelt otherwise": 2**255 - 18,
    "of order four, spelt otherwise": 2**255 - 19,
    "the neutral element, negative": 2**255 + 1,
}


@pytest.mark.parametrize("number", SMALL_ORDER.values(), ids=SMALL_ORDER)
def test_c11_v22_a_holder_key_under_which_anybody_can_sign_is_refused(number: int) -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(number.to_bytes(32, "little"))}
    with pytest.raises(Untrusted) as refusal:
        public_key_from_jwk(jwk, allowed_algs=ALL_ALGORITHMS)
    assert (refusal.value.code, refusal.value.params["reason"]) == ("holder_key_unsupported", "small_order")
