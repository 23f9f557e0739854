"""The seal as a text: what is made reads back, and nobody without the key can write it in another way."""

import warnings
import zlib
from dataclasses import replace
from typing import Any

import pytest
import segno
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from portadoc.errors import Error, Malformed, Refused, Untrusted
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.formats.visible_seal import (
    PREFIX,
    SealTerms,
    UnverifiedSeal,
    base45,
    key_id_of,
    make_seal,
    parse_seal,
    verify_seal,
)
from portadoc.formats.visible_seal.one_spelling import OneSignature, inflated
from portadoc.formats.visible_seal.seal import LARGEST_PRINTED, read_message, unverified_claims
from portadoc.keys.algorithms import ALL_ALGORITHMS, SIGNATURE_ALGORITHMS
from portadoc.keys.jwk import verification_key
from portadoc.keys.signer import LocalSigner, UnsafeDeterministicSigner
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import Address, CountryOfWork, Pda1, Workplace
from portadoc.schemas.seals import seal_content

TERMS = SealTerms(
    institution="FR:TEST01",
    iat=1_795_348_800,
    exp=1_850_000_000,
    status=StatusReference("https://issuer.example/status/9", 77),
)
CONTENT = {0: 1, 1: "A1", 4: "Test"}
CERTIFICATE = b"certificate"


def deterministic() -> LocalSigner:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return UnsafeDeterministicSigner(b"seal", chain=(CERTIFICATE,))


SIGNER = deterministic()
KEY = verification_key(ec.derive_private_key(11, ec.SECP256R1()).public_key())
FULL = make_seal(seal_content(example("posted-worker-fr-de")), TERMS, signer=SIGNER)


def own_key(signer: Any) -> Any:
    from portadoc.keys.jwk import public_key_from_jwk

    return public_key_from_jwk(signer.public_jwk, allowed_algs=ALL_ALGORITHMS)


def read(text: str) -> UnverifiedSeal:
    return parse_seal(text, allowed_algs=ALL_ALGORITHMS)


def test_what_is_sealed_reads_back_by_names_and_labels() -> None:
    seal = read(make_seal(CONTENT, TERMS, signer=SIGNER))
    claims = verify_seal(seal, key=own_key(SIGNER))
    assert claims.content == CONTENT
    assert claims.envelope == {
        "iss": "FR:TEST01",
        "iat": 1_795_348_800,
        "exp": 1_850_000_000,
        "status": {"status_list": {"idx": 77, "uri": "https://issuer.example/status/9"}},
    }
    assert unverified_claims(seal) == claims
    assert seal.key_id == key_id_of(CERTIFICATE)
    assert len(seal.key_id) == 8


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1(), None], ids=str)
def test_each_algorithm_seals_with_one_signature(curve: Any) -> None:
    private: Any = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    if curve is not None:
        private = ec.derive_private_key(11, curve)
    signer = LocalSigner(private, chain=(CERTIFICATE,))
    for _ in range(4):
        seal = read(make_seal(CONTENT, TERMS, signer=signer))
        assert verify_seal(seal, key=own_key(signer)).content == CONTENT
        algorithm = SIGNATURE_ALGORITHMS[signer.alg]
        if algorithm.ecdsa is not None:
            s = int.from_bytes(seal.unverified_message.signature[algorithm.coordinate_size :], "big")
            assert s <= algorithm.ecdsa.order // 2


def test_another_key_does_not_verify_it() -> None:
    with pytest.raises(Untrusted, match="signature_invalid"):
        verify_seal(read(FULL), key=KEY)


def test_an_algorithm_that_is_not_allowed_is_refused() -> None:
    with pytest.raises(Untrusted, match="alg_not_allowed"):
        parse_seal(FULL, allowed_algs=frozenset({"Ed25519"}))


def test_a_seal_beyond_version_22_is_refused_and_never_cut() -> None:
    def of(size: int) -> dict[int, Any]:
        return {0: 1, 4: "".join(chr(0x4E00 + at * 7919 % 20_000) for at in range(size))}

    with pytest.raises(Refused) as refusal:
        make_seal(of(300), TERMS, signer=SIGNER)
    assert refusal.value.code == "seal_too_large"
    assert refusal.value.params["limit"] == LARGEST_PRINTED == 1134
    assert int(refusal.value.params["characters"]) > 1134
    with pytest.raises(Refused, match="seal_too_large"):
        make_seal({0: 1, 4: "a" * 20_000}, TERMS, signer=SIGNER)
    assert len(make_seal(of(150), TERMS, signer=SIGNER)) <= 1134


def test_a_signature_of_another_length_stays_as_it_is() -> None:
    class Odd:
        alg, kid, public_jwk, chain = SIGNER.alg, SIGNER.kid, SIGNER.public_jwk, SIGNER.chain

        def sign(self, data: bytes) -> bytes:
            return b"short"

    assert OneSignature(Odd()).sign(b"") == b"short"


def test_a_stream_whose_last_byte_is_empty_has_no_idle_bits() -> None:
    """The last block of a stream may end with its byte: then there is none to look at."""
    stored = zlib.compress(b"x" * 10 + b"\x00", 0)
    assert stored[-5] == 0
    assert inflated(stored, limit=100) == b"x" * 10 + b"\x00"
    assert {len(bytes(n)) for n in range(300) if inflated(zlib.compress(bytes(n), 9), limit=300) == bytes(n)}


def test_no_text_that_differs_in_one_character_is_accepted() -> None:
    """Every place, each with every third of the other characters: 10,000 mutations, none accepted."""
    key, accepted, tried = own_key(SIGNER), [], 0
    for at in range(len(FULL)):
        others = [each for each in base45.ALPHABET if each != FULL[at]]
        for character in others[at % 3 :: 3]:
            tried += 1
            accepted += taken(FULL[:at] + character + FULL[at + 1 :], key)
    assert accepted == []
    assert tried > 10_000


def test_no_text_that_is_cut_swapped_doubled_or_lengthened_is_accepted() -> None:
    key = own_key(SIGNER)
    texts = [FULL[:at] for at in range(len(FULL))]
    texts += [FULL + each for each in base45.ALPHABET] + [FULL + FULL, FULL + FULL[4:]]
    for at in range(1_000):
        one, other = sorted((4 + at * 31 % (len(FULL) - 4), 4 + at * 17 % (len(FULL) - 4)))
        if FULL[one] != FULL[other]:
            texts.append(FULL[:one] + FULL[other] + FULL[one + 1 : other] + FULL[one] + FULL[other + 1 :])
            texts.append(FULL[:one] + FULL[one:other] + FULL[one:])
    assert [text for text in texts if taken(text, key)] == []
    assert len(texts) > 2_500


def test_no_message_with_a_byte_or_bit_changed_is_accepted() -> None:
    key, message = own_key(SIGNER), read_message(FULL)
    texts = []
    for at in range(len(message)):
        for bit in range(8):
            changed = message[:at] + bytes([message[at] ^ 1 << bit]) + message[at + 1 :]
            texts.append(PREFIX + base45.encode(zlib.compress(changed, 9)))
    assert [text for text in texts if taken(text, key)] == []
    assert len(texts) > 3_000


def taken(text: str, key: Any) -> list[str]:
    """Return the text if it is a seal of the key: nothing but our own errors may come of it."""
    try:
        verify_seal(read(text), key=key)
    except Error:
        return []
    return [text]


@pytest.mark.parametrize(
    ("content", "reason"), [({0: 1, 4: b"bytes"}, "type"), ({0: 1, 16: [{1: [b"bytes"]}]}, "type")]
)
def test_no_claim_of_a_seal_is_a_byte_string(content: Any, reason: str) -> None:
    seal = read(make_seal(content, TERMS, signer=SIGNER))
    with pytest.raises(Malformed) as refusal:
        verify_seal(seal, key=own_key(SIGNER))
    assert refusal.value.params == {"reason": reason}


# --- how large a seal is


def printed(content: Any) -> int:
    """Return the version of the printed code at level M."""
    text = make_seal(content, replace(TERMS, status=StatusReference(LONG_URI, 524_287)), signer=SIGNER)
    code = segno.make(text, error="m", boost_error=False, micro=False)
    assert code.mode == "alphanumeric"
    return int(code.version)


LONG_URI = "https://a1.caisse-demonstration.example/status/17"
PLACES = {
    "BE": [("Chantier Exemple SPRL", "1000", "Bruxelles"), ("Voorbeeldwerf BVBA", "2000", "Antwerpen")],
    "DE": [
        ("Hafenwerk Beispiel GmbH", "20457", "Hamburg"),
        ("Musterbau Niederlassung Nord", "28195", "Bremen"),
        ("Beispiel Logistik KG", "60311", "Frankfurt am Main"),
    ],
    "LU": [("Exemple Constructions SARL", "L-1234", "Luxembourg")],
    "NL": [("Voorbeeld Installaties BV", "3011 AB", "Rotterdam"), ("Testhuis Bouw NV", "1012 LM", "Amsterdam")],
}


def two_employers_and_eight_places() -> Pda1:
    """Return an A1 with real variety of names, which compresses badly."""
    record = example("posted-worker-fr-de")
    assert isinstance(record, Pda1)
    address = Address(town="Lyon", country="FR", street_and_number="118 cours de l'Exemple", postcode="69003")
    second = replace(
        record.employments[0],
        name="Constructions Imaginaires du Rhône SARL",
        id="99900000200027",
        address=address,
    )
    states = tuple(
        CountryOfWork(
            country=country,
            workplaces=tuple(
                Workplace(
                    name=name,
                    address=Address(town=town, country=country, postcode=postcode, street_and_number="Test 1"),
                )
                for name, postcode, town in places
            ),
        )
        for country, places in PLACES.items()
    )
    return replace(record, employments=(*record.employments, second), countries_of_work=states)


def test_a_usual_document_fits_version_18_even_with_the_whole_number() -> None:
    for name, largest in (("posted-worker-fr-de", 18), ("insured-traveller", 15), ("replacement-certificate", 15)):
        assert printed(seal_content(example(name), pin="full")) <= largest


def test_two_employers_and_eight_places_in_four_states_fit_version_22() -> None:
    worst = two_employers_and_eight_places()
    assert printed(seal_content(worst)) <= 22
    assert printed(seal_content(worst, pin="last4")) <= 22


def test_what_does_not_fit_fits_with_fewer_places() -> None:
    worst = two_employers_and_eight_places()
    more = replace(worst, employments=worst.employments * 2)
    crowded = replace(
        more,
        countries_of_work=tuple(
            replace(
                state,
                workplaces=tuple(
                    replace(
                        place,
                        name=f"{place.name} {number * 7919}",
                        company_id=f"HRB {number * 104_729}",
                        company_id_type="01",
                    )
                    for place in state.workplaces
                    for number in range(1, 4)
                ),
            )
            for state in worst.countries_of_work
        ),
    )
    with pytest.raises(Refused, match="seal_too_large"):
        printed(seal_content(crowded))
    assert printed(seal_content(crowded, max_workplaces=4)) <= 22
