"""Can two copies be told to be of one person? ``LINKABILITY_BATCHES`` (1000) batches of ten copies each.

Everything is compared that a verifier sees of a copy without disclosures, and everything that a disclosure adds.
All copies are of one record, issued on one day: what could tell one batch from another is the issuer's own doing.
Spec: RFC 9901 §10.1, Token Status List §12, §13.2, ARF 3.0 ISSU_35, ISSU_36.
"""

import math
import os
import random  # noqa: TID251 - chance against which to measure, no secret
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from portadoc import base64url
from portadoc.clock import FixedClock
from portadoc.formats import jws, sd_jwt, strict_json
from portadoc.formats.key_proof import make_key_proof
from portadoc.formats.openid4vci.key_attestation import make_key_attestation
from portadoc.issuer import InstitutionSettings, Issuer, IssuerSettings, build_issuer
from portadoc.issuer.entitlements import entitlement
from portadoc.issuer.store import token_store
from portadoc.issuer.store.token_store import Grant
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.openid4vci import CredentialRequest, Proofs
from portadoc.storage import Database, open_database
from tests.unit.formats import wallet_provider_workshop as providers

NOW: Final = int(datetime(2026, 11, 22, 10, 30, 17, tzinfo=UTC).timestamp())
BASE_URL: Final = "http://127.0.0.1:8700"
ISSUER: Final = "fr-demo"
DAY: Final = 86_400
COPIES: Final = 10
SHORT: Final = 30
FAR: Final = 5.0
"""Standard deviations from what chance gives: a sound issuer is further off once in two million runs."""

EQUAL_IN_ALL: Final = frozenset(
    {
        "header",
        "_sd_alg",
        "category",
        "cnf.jwk.crv",
        "cnf.jwk.kty",
        "exp",
        "iat",
        "iss",
        "nbf",
        "status.status_list.uri",
        "vct",
        "vct#integrity",
    }
)
"""What copies may have in common before anything is disclosed: of the type, the issuer, the day and the list."""

SHOWN_BY_THE_LAYOUT: Final = frozenset(
    {
        "authentic_source.id",
        "authentic_source.name",
        "date_of_expiry",
        "date_of_issuance",
        "employer.country",
        "employer.id",
        "employer.name",
        "ending_date",
        "issuing_authority.id",
        "issuing_authority.name",
        "issuing_country",
        "legislation_country",
        "starting_date",
        "status_confirmation",
        "work_address.country",
        "work_address.locality",
        "work_address.postal_code",
        "work_address.region",
        "work_address.street_address",
    }
)
"""What the rulebook of this layout never hides: it says whose posting it is, and no issuer can undo that."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy as whoever receives it has it."""

    batch: int
    idx: int
    seen: Mapping[str, str]
    once: frozenset[str]
    """Values of which each has to be in no other copy: salts with their values, and digests."""
    signature: str
    size: int
    digests: int


@dataclass(frozen=True, slots=True)
class Office:
    """An issuer in this process, one record, and a grant that never ends."""

    issuer: Issuer
    grant: Grant
    clock: FixedClock

    def batch(self, number: int) -> list[Copy]:
        keys = [LocalSigner(new_private_key("ES256", system_random_bytes)) for _ in range(COPIES)]
        nonce = self.issuer.new_nonce(ISSUER)
        proofs = (
            self.attested(keys, nonce) if self.issuer.settings.profile == "eudi-2026" else self.proven(keys, nonce)
        )
        request = CredentialRequest(credential_configuration_id="pda1", proofs=proofs)
        response = self.issuer.issuance.issue(self.grant, request)
        return [read(number, str(each.credential)) for each in response.credentials or ()]

    def proven(self, keys: Sequence[LocalSigner], nonce: str) -> Proofs:
        audience, now = f"{BASE_URL}/issuer/{ISSUER}", self.clock.now()
        return Proofs(
            jwt=tuple(
                make_key_proof(audience=audience, nonce=nonce, iat=now, signer=key, client_id=None) for key in keys
            )
        )

    def attested(self, keys: Sequence[LocalSigner], nonce: str) -> Proofs:
        word = make_key_attestation(
            attested_jwks=[dict(key.public_jwk) for key in keys],
            iat=self.clock.now(),
            exp=self.clock.now() + 600,
            nonce=nonce,
            key_storage=(),
            user_authentication=(),
            signer=providers.signer(KeyPurpose.KEY_ATTESTATION),
        )
        return Proofs(attestation=(word,))


@pytest.fixture(params=["ietf-latest", "eudi-2026"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    settings = IssuerSettings(
        base_url=BASE_URL,
        mode="development",
        profile=request.param,
        institutions=(
            InstitutionSettings(
                slug=ISSUER, institution_id="FR:TEST01", names={"en": "Test"}, configuration_ids=("pda1",)
            ),
        ),
    )
    ring = create_development_ring(
        tmp_path / "keys",
        [
            DevelopmentInstitution(
                ISSUER, "FR:TEST01", "FR", "Test", frozenset({Role.ISSUER}), frozenset({"urn:eudi:pda1:1"})
            )
        ],
        base_url=BASE_URL,
        now=NOW,
        random_bytes=system_random_bytes,
        passphrase=b"test",
    )
    clock, database = FixedClock(NOW), open_database("sqlite://")
    issuer = build_issuer(settings, database, ring, clock, system_random_bytes, wallet_trust=providers.TRUST)
    record_id = issuer.upload(ISSUER, example("posted-worker-fr-de"))
    yield Office(issuer, endless(database, record_id), clock)
    database.close()


def endless(database: Database, record_id: str) -> Grant:
    grant = Grant(
        institution=ISSUER,
        token_digest="token",
        grant_id="grant",
        entitlements=(entitlement(record_id, "pda1"),),
        identified=False,
        client_id=None,
        dpop_thumbprint=None,
    )
    with database.transaction() as connection:
        token_store.insert_token(connection, grant, copies=1_000_000, now=NOW, expires_at=NOW + DAY)
    return grant


def read(batch: int, text: str) -> Copy:
    """Take a copy apart into what is seen of it."""
    parts = sd_jwt.parse(text)
    header, _, signature = parts.jws_text.split(".")
    claims = jws.unverified_claims(parts.jws_text)
    digests = list(found_digests(claims))
    for disclosure in parts.disclosures:
        content = strict_json.loads(base64url.decode(disclosure, what="disclosure"), what="disclosure")
        digests += found_digests(content)
    leaves = dict(found_leaves(claims))
    return Copy(
        batch=batch,
        idx=claims["status"]["status_list"]["idx"],
        seen={"header": header, **leaves},
        once=frozenset((*parts.disclosures, *digests)),
        signature=signature,
        size=len(text),
        digests=len(digests),
    )


def found_leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Return every value in clear by its path; digests are told apart from them."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name != "_sd":
                yield from found_leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            if not isinstance(inner, dict) or set(inner) != {"..."}:
                yield from found_leaves(inner, f"{path}[]")
    else:
        yield path, str(value)


def found_digests(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value.get("_sd", ())
        if set(value) == {"..."}:
            yield value["..."]
        for name, inner in value.items():
            if name != "_sd":
                yield from found_digests(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from found_digests(inner)


def require_only_listed_values_shared(copies: Sequence[Copy]) -> None:
    """What two copies have in common is of the list, and then all of the day have it in common."""
    paths, allowed = set(copies[0].seen), EQUAL_IN_ALL | SHOWN_BY_THE_LAYOUT
    assert all(set(copy.seen) == paths for copy in copies)
    shared, distinct = set(), set()
    for path in paths:
        values = [copy.seen[path] for copy in copies]
        (shared if len(set(values)) == 1 else distinct).add(path)
        if path not in allowed:
            assert len(set(values)) == len(copies), path
    assert shared <= allowed
    assert distinct & allowed == set()
    assert {"jti", "sub", "cnf.jwk.x", "cnf.jwk.y", "status.status_list.idx"} <= distinct
    assert len(set.union(*(set(copy.once) for copy in copies))) == sum(len(copy.once) for copy in copies)
    assert len({copy.signature for copy in copies}) == len(copies)
    assert len({copy.digests for copy in copies}) == 1
    assert len({copy.size - digits(copy) for copy in copies}) <= 4  # base64url of a longer index, nothing else


def digits(copy: Copy) -> int:
    return math.ceil(len(str(copy.idx)) * 4 / 3)


def require_times_of_days(copies: Sequence[Copy]) -> None:
    for copy in copies:
        assert all(int(copy.seen[name]) % DAY == 0 for name in ("iat", "nbf", "exp"))


def require_indices_by_chance(batches: Sequence[Sequence[Copy]], *, entries: int) -> None:
    """No progressions, no neighbours and no order in the indices of a batch beyond what chance gives."""
    per_batch = math.comb(COPIES, 3)
    progressions = sum(
        1
        for batch in batches
        for low, middle, high in combinations(sorted(copy.idx for copy in batch), 3)
        if high - middle == middle - low
    )
    require_rare("progressions of three", progressions, per_batch * len(batches) * 1.5 / entries)
    near = sum(
        1 for batch in batches for one, other in combinations(batch, 2) if abs(one.idx - other.idx) <= COPIES
    )
    require_rare("indices near each other", near, math.comb(COPIES, 2) * len(batches) * 2 * COPIES / entries)
    rising = sum(1 for batch in batches for one, other in pairwise(batch) if one.idx < other.idx)
    require_share("rising within a batch", rising, (COPIES - 1) * len(batches), 1 / 2)
    between = sum(1 for one, other in pairwise(batches) if one[-1].idx < other[0].idx)
    require_share("rising from batch to batch", between, len(batches) - 1, 1 / 2)


def require_triples_by_chance(batches: Sequence[Sequence[Copy]]) -> None:
    """Of two copies of one batch and one of another, nobody tells the pair better than by a guess."""
    drawn = random.Random(17)
    triples = []
    for batch in batches:
        for _ in range(COPIES):
            one, other = drawn.sample(list(batch), 2)
            stranger = drawn.choice(batches[(batch[0].batch + drawn.randrange(1, len(batches))) % len(batches)])
            triples.append((one, other, stranger))
    for name, guess in ADVERSARIES.items():
        right = sum(1 for one, other, stranger in triples if guesses_right(guess, one, other, stranger, drawn))
        require_share(f"pairs by {name}", right, len(triples), 1 / 3, spread=2)  # triples of a batch share copies


def guesses_right(
    distance: Callable[[Copy, Copy], float], one: Copy, other: Copy, stranger: Copy, drawn: random.Random
) -> bool:
    """Take the nearest two for the pair; where nothing is nearer, guess."""
    pairs = [(distance(one, other), True), (distance(one, stranger), False), (distance(other, stranger), False)]
    nearest = min(each for each, _ in pairs)
    return drawn.choice([right for each, right in pairs if each == nearest])


def by_number(path: str) -> Callable[[Copy, Copy], float]:
    def distance(one: Copy, other: Copy) -> float:
        numbers = (int.from_bytes(each.seen[path].encode()) for each in (one, other))
        return float(abs(next(numbers) - next(numbers)))

    return distance


ADVERSARIES: Final[Mapping[str, Callable[[Copy, Copy], float]]] = {
    "index": lambda one, other: abs(one.idx - other.idx),
    "last bits of the index": lambda one, other: (one.idx ^ other.idx).bit_count(),
    "index modulo eight": lambda one, other: abs(one.idx % 8 - other.idx % 8),
    "size": lambda one, other: abs(one.size - other.size),
    "identifier": by_number("jti"),
    "subject": by_number("sub"),
    "first digest": lambda one, other: float(abs(ord(min(one.once)[0]) - ord(min(other.once)[0]))),
    "signature": lambda one, other: float(abs(ord(one.signature[0]) - ord(other.signature[0]))),
}
"""What somebody might go by who has many copies before them."""


def require_rare(what: str, found: int, expected: float) -> None:
    """Require a count of rare and nearly independent things not to be far above what chance gives."""
    print(f"{what}: {found}, by chance {expected:.1f}")
    assert found <= expected + FAR * math.sqrt(expected) + FAR, what


def require_share(what: str, found: int, among: int, share: float, *, spread: float = 1.0) -> None:
    """Require a share to be near what chance gives; ``spread`` is the variance against that of free draws."""
    deviation = math.sqrt(among * share * (1 - share) * spread)
    print(f"{what}: {found} of {among}, by chance {among * share:.0f} ± {deviation:.0f}")
    assert abs(found - among * share) <= FAR * deviation + 1, what


def require_unlinkable(office: Office, *, batches: int) -> None:
    issued = [office.batch(number) for number in range(batches)]
    copies = [copy for batch in issued for copy in batch]
    assert len(copies) == batches * COPIES
    require_only_listed_values_shared(copies)
    require_times_of_days(copies)
    require_indices_by_chance(issued, entries=office.issuer.settings.status_list_size)
    require_triples_by_chance(issued)


def test_copies_of_some_batches_cannot_be_linked(office: Office) -> None:
    """[OIDF batch-issuance] The short form."""
    require_unlinkable(office, batches=SHORT)


@pytest.mark.soak
def test_copies_of_many_batches_cannot_be_linked(office: Office) -> None:
    require_unlinkable(office, batches=int(os.environ.get("LINKABILITY_BATCHES", "1000")))


class TestTheMeasure:
    """Issuers that could be caught are caught."""

    def batches(self, index: Callable[[int, int], int], count: int = 300) -> list[list[Copy]]:
        return [
            [
                Copy(
                    batch=number,
                    idx=index(number, place),
                    seen={"jti": f"{number}{place}", "sub": "x"},
                    once=frozenset({"x"}),
                    signature="x",
                    size=1,
                    digests=1,
                )
                for place in range(COPIES)
            ]
            for number in range(count)
        ]

    def test_indices_that_follow_each_other(self) -> None:
        with pytest.raises(AssertionError):
            require_indices_by_chance(self.batches(lambda number, place: number * COPIES + place), entries=131_072)

    def test_indices_in_steps_from_a_random_one(self) -> None:
        drawn = random.Random(1)
        starts = [drawn.randrange(100_000) for _ in range(300)]
        with pytest.raises(AssertionError):
            require_indices_by_chance(
                self.batches(lambda number, place: starts[number] + 997 * place), entries=131_072
            )

    def test_batches_that_stay_in_one_part_of_the_list(self) -> None:
        drawn = random.Random(2)
        with pytest.raises(AssertionError):
            require_triples_by_chance(
                self.batches(lambda number, place: number % 16 * 8192 + drawn.randrange(8192))
            )
