"""Private keys as JWK, for the wallet's own file."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto import jwk as jwcrypto_jwk

from portadoc.errors import Misconfigured
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.jwk import public_key_from_jwk, thumbprint
from portadoc.keys.private_jwk import new_private_jwk, signer_from_private_jwk

from .conftest import seeded


@given(st.sampled_from(sorted(ALL_ALGORITHMS)), st.binary(min_size=1, max_size=8))
def test_a_private_jwk_signs_for_its_public_part_and_jwcrypto_reads_it(alg: str, seed: bytes) -> None:
    private = new_private_jwk(alg, random_bytes=seeded(seed))
    public = {name: value for name, value in private.items() if name != "d"}
    signer = signer_from_private_jwk(private)
    public_key_from_jwk(public, allowed_algs={alg}).verify(b"text", signer.sign(b"text"))
    assert jwcrypto_jwk.JWK(**private).thumbprint() == signer.kid == thumbprint(public)


ONE, TWO = (new_private_jwk("ES256", random_bytes=seeded(seed)) for seed in (b"1", b"2"))


@pytest.mark.parametrize(
    "jwk",
    [
        pytest.param({**ONE, "d": TWO["d"]}, id="halves-of-two-keys"),
        pytest.param({name: value for name, value in ONE.items() if name != "d"}, id="public-only"),
        pytest.param({**ONE, "d": "A"}, id="not-base64url"),
        pytest.param({**ONE, "d": "AAAA"}, id="zero"),
        pytest.param({**ONE, "y": ONE["x"]}, id="off-curve"),
        pytest.param({}, id="empty"),
    ],
)
def test_a_damaged_private_jwk_is_refused(jwk: Any) -> None:
    with pytest.raises(Misconfigured, match="key_file_malformed"):
        signer_from_private_jwk(jwk)
