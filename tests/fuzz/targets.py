"""Every reader of bytes from outside, with something sound to begin from.

A reader returns, or raises an error of our own tree; some have to agree with another reading of the same bytes.
Where a signature would end the reading early, what is fed is signed anew, so that the reading goes on behind it.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from portadoc import base64url
from portadoc.errors import Error
from portadoc.formats import jwe, jws, roles, sd_jwt, strict_json
from portadoc.formats.dcql.matching import CredentialView, check_answer, match
from portadoc.formats.dcql.query import parse_query
from portadoc.formats.key_proof import verify_key_proof
from portadoc.formats.sd_jwt.json_serialization import from_json
from portadoc.formats.sd_jwt.key_binding import verify_key_binding
from portadoc.formats.type_metadata import parse_type_metadata
from portadoc.keys.certificates import parse_chain
from portadoc.keys.jwk import holder_key
from portadoc.keys.purposes import KeyPurpose
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.projections import PROJECTIONS
from portadoc.schemas.type_metadata import type_metadata
from portadoc.verification.answers import HeldStatusLists
from portadoc.verification.presets.presets import PRESETS
from portadoc.verification.procedure import verify_presentation
from portadoc.web.forms import parse_form
from tests.fuzz.world import ALGS, AUDIENCE, NONCE, NOW, POLICY, World, open_world

SKEW_S: Final = 60
VCT: Final = "urn:eudi:pda1:1"


@dataclass(frozen=True)
class FuzzTarget:
    """A reader, and inputs from which to begin: at least one of them is read, not refused."""

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]


@contextmanager
def all_targets() -> Iterator[Mapping[str, FuzzTarget]]:
    """Yield every reader by name."""
    from tests.fuzz.targets_of_documents import document_targets
    from tests.fuzz.targets_of_exchanges import exchange_targets
    from tests.fuzz.targets_of_inspections import inspection_targets
    from tests.fuzz.targets_of_requests import request_targets
    from tests.fuzz.targets_of_trust_lists import trust_list_targets
    from tests.fuzz.targets_of_wallets import wallet_targets

    with open_world() as world, inspection_targets(world) as of_inspections:
        yield {
            **texts(world),
            **credentials(world),
            **bindings(world),
            **request_targets(world),
            **wallet_targets(world),
            **document_targets(world),
            **exchange_targets(world),
            **trust_list_targets(world),
            **of_inspections,
        }


def as_text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    """Let a reader of text take bytes; bytes that are no UTF-8 are taken letter by letter."""

    def reader(raw: bytes) -> object:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
        return read(text)

    return reader


def as_object(read: Callable[[dict[str, Any]], object]) -> Callable[[bytes], object]:
    """Let a reader of JSON objects take bytes, as every edge does: through the strict loader."""
    return lambda raw: read(strict_json.loads_object(raw, what="fed"))


def texts(world: World) -> Mapping[str, FuzzTarget]:
    """The readers below all others."""
    chain = world.signers[KeyPurpose.CREDENTIAL].chain

    def same_json(raw: bytes) -> None:
        read = strict_json.loads(raw, what="fed")
        assert read == json.loads(raw), "another reading than that of the standard library"
        assert strict_json.loads(strict_json.dumps(read), what="fed") == read

    def same_base64url(text: str) -> None:
        assert base64url.encode(base64url.decode(text, what="fed")) == text, "two spellings of the same bytes"

    def chained(raw: bytes) -> object:
        return world.trust.resolve_chain((raw, *chain[1:]), purpose=KeyPurpose.CREDENTIAL, at=NOW)

    document = json.dumps({"a": [1, "é", None, True, {"b": "c"}]}).encode()
    return {
        "strict_json": FuzzTarget(same_json, (document, b'{"a":1,"a":2}', b"[1e400]")),
        "base64url": FuzzTarget(as_text(same_base64url), (b"AAECAwQ", b"AA==")),
        "certificate": FuzzTarget(lambda raw: parse_chain([raw]), (chain[0], chain[1])),
        "certificate_chain": FuzzTarget(chained, (chain[0],)),
        "form": FuzzTarget(parse_form, (b"a=b&c=%C3%A9", b"a=b;c=d", b"a=1&a=2")),
        "holder_key": FuzzTarget(
            as_object(lambda value: holder_key(value, allowed_algs=ALGS)),
            (strict_json.dumps({"jwk": dict(world.holder.public_jwk)}),),
        ),
        "jws": FuzzTarget(
            as_text(lambda text: jws.certificate_chain(jws.split(text, roles.CREDENTIAL, allowed_algs=ALGS))),
            (world.credential().partition("~")[0].encode(),),
        ),
        "jwe": FuzzTarget(*_jwe()),
    }


def _jwe() -> tuple[Callable[[bytes], object], tuple[bytes, ...]]:
    key = jwe.new_encryption_key(system_random_bytes)
    allowed = frozenset(jwe.ENCRYPTIONS)
    sealed = [jwe.encrypt(b"{}", key.public_jwk, enc=enc, apu=None, apv=None) for enc in sorted(allowed)]
    read = as_text(lambda text: jwe.decrypt(text, key, allowed_enc=allowed, max_plaintext=10_000))
    return read, tuple(each.encode() for each in sealed)


def credentials(world: World) -> Mapping[str, FuzzTarget]:
    """SD-JWTs and what is made of their claims."""
    sound, claims = world.presentation(), strict_json.dumps(world.claims())

    def reported(text: str) -> None:
        try:
            report = verify_presentation(text, trust=world.trust, status=HeldStatusLists(), policy=POLICY, now=NOW)
        except Error as exc:
            raise AssertionError("the procedure raised what it should have reported") from exc
        assert not report.valid, "valid without a status"

    def signed(raw: bytes) -> None:
        token = world.token(KeyPurpose.CREDENTIAL, "dc+sd-jwt", raw)
        reported(world.presentation(f"{token}~"))

    flattened = _flattened(sound)
    restored = {
        f"claims_{name}": FuzzTarget(
            as_object(projection.restore),
            (strict_json.dumps(projection.project(example(_example_of(projection.kind)))),),
        )
        for name, projection in PROJECTIONS.items()
    }
    return {
        "sd_jwt": FuzzTarget(as_text(sd_jwt.parse), (sound.encode(), world.credential().encode())),
        "sd_jwt_processing": FuzzTarget(_processed, _processing_seeds()),
        "sd_jwt_selection": FuzzTarget(
            as_text(lambda text: sd_jwt.select(text, [("document_number",)])), (world.credential().encode(),)
        ),
        "sd_jwt_as_json": FuzzTarget(from_json, (flattened,)),
        "procedure": FuzzTarget(as_text(reported), (sound.encode(),)),
        "procedure_behind_the_signature": FuzzTarget(signed, (claims,)),
        "type_metadata": FuzzTarget(
            as_object(lambda value: parse_type_metadata(value, vct=VCT)), (type_metadata(VCT),)
        ),
        **restored,
    }


def _example_of(kind: str) -> str:
    from portadoc.schemas.examples import EXAMPLES

    return next(name for name in EXAMPLES if kind == example(name).KIND)


def _flattened(sound: str) -> bytes:
    token, *disclosures, key_binding = sound.split("~")
    header, payload, signature = token.split(".")
    return strict_json.dumps(
        {
            "protected": header,
            "payload": payload,
            "signature": signature,
            "header": {"disclosures": disclosures, "kb_jwt": key_binding},
        }
    )


def _processed(raw: bytes) -> object:
    """Read lines: a payload and disclosures in clear; ``#0`` stands for the digest of the first disclosure."""
    first, *others = raw.split(b"\n")
    disclosures: list[str] = []
    for line in reversed(others):  # a disclosure may hold the digests of those that stand below it
        disclosures.insert(0, base64url.encode(_with_digests(line, disclosures, len(others))))
    payload = strict_json.loads_object(_with_digests(first, disclosures, len(others)), what="fed")
    return sd_jwt.process(payload, disclosures)


def _with_digests(line: bytes, below: list[str], count: int) -> bytes:
    for place, disclosure in enumerate(below, start=count - len(below)):
        digest = base64url.encode(hashlib.sha256(disclosure.encode()).digest())
        line = line.replace(b"#%d" % place, digest.encode())
    return line


def _processing_seeds() -> tuple[bytes, ...]:
    return (
        b'{"_sd":["#0"],"_sd_alg":"sha-256","a":1}\n["salt","name","value"]',
        b'{"a":[{"...":"#1"},1]}\n["salt","name","value"]\n["salt",{"b":2}]',
        b'{"_sd":["#0"]}\n["salt","outer",{"_sd":["#1"]}]\n["salt","inner",[{"...":"#2"}]]\n["salt",3]',
    )


def bindings(world: World) -> Mapping[str, FuzzTarget]:
    """What holders sign."""
    presented = world.presentation()
    presented_text, _, key_binding = presented.rpartition("~")
    held = CredentialView("dc+sd-jwt", VCT, {"employer": [{"name": "x"}]}, (("employer",),), holder_bound=True)

    def bound(raw: bytes) -> object:
        return verify_key_binding(
            _signed_by_holder(world, "kb+jwt", raw),
            presented_text=f"{presented_text}~",
            holder_key=holder_key({"jwk": dict(world.holder.public_jwk)}, allowed_algs=ALGS),
            audience=AUDIENCE,
            nonce=NONCE,
            now=NOW,
            max_age_s=300,
            skew_s=SKEW_S,
            hash_alg="sha-256",
        )

    def proven(raw: bytes) -> object:
        return verify_key_proof(
            _signed_by_holder(world, "openid4vci-proof+jwt", raw, jwk=dict(world.holder.public_jwk)),
            audience="https://issuer.example/issuer/fr-demo",
            client_id=None,
            now=NOW,
            max_age_s=300,
            skew_s=SKEW_S,
            allowed_algs=ALGS,
        )

    def asked(value: dict[str, Any]) -> object:
        query = parse_query(value)
        found = match(query, [held])
        if found.satisfiable:
            found.choose(optional_sets=True)
        return check_answer(query, {each.id: [held] for each in query.credentials})

    proof = {"aud": "https://issuer.example/issuer/fr-demo", "iat": NOW, "nonce": "n"}
    return {
        "key_binding": FuzzTarget(bound, (strict_json.dumps(jws.unverified_claims(key_binding)),)),
        "key_proof": FuzzTarget(proven, (strict_json.dumps(proof),)),
        "dcql": FuzzTarget(
            as_object(asked), tuple(strict_json.dumps(preset.query) for preset in PRESETS.values())
        ),
    }


def _signed_by_holder(world: World, typ: str, payload: bytes, **header: Any) -> str:
    head = base64url.encode(json.dumps({"alg": "ES256", "typ": typ, **header}).encode())
    content = f"{head}.{base64url.encode(payload)}"
    return f"{content}.{base64url.encode(world.holder.sign(content.encode()))}"
