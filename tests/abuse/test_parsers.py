"""Whatever reads untrusted bytes returns a value or raises an error of our own tree, never anything else.

Each reader is given random input, and sound input that was spoilt: where a signature would end the reading early,
the spoilt content is signed anew with the right key.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portadoc import base64url
from portadoc.errors import Error
from portadoc.fetch import parse_target
from portadoc.formats import jwe, jws, roles, sd_jwt, strict_json
from portadoc.formats.dcql.matching import CredentialView, check_answer, match
from portadoc.formats.dcql.paths import parse_pointer, select
from portadoc.formats.dcql.query import parse_query
from portadoc.formats.key_proof import verify_key_proof
from portadoc.formats.numeric_date import check_times
from portadoc.formats.openid4vp.request_object import parse_request_object, verify_request_object
from portadoc.formats.sd_jwt.json_serialization import from_json
from portadoc.formats.sd_jwt.key_binding import verify_key_binding
from portadoc.formats.status_list.jwt_form import StatusListLimits, read_status_list_token
from portadoc.formats.status_list.statuses import decode_lst, status_reference
from portadoc.formats.type_metadata import check_disclosability, check_integrity, integrity, parse_type_metadata
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS
from portadoc.keys.certificates import from_pem, parse_chain
from portadoc.keys.jwk import VerificationKey, holder_key, public_key_from_jwk
from portadoc.keys.signer import Signer
from portadoc.keys.trust.trust_file import trust_from_json, trust_to_json
from portadoc.schemas import openid4vci, openid4vp
from portadoc.schemas.examples import EXAMPLES, example
from portadoc.schemas.openid4vci import ProtocolMessage, read_message
from portadoc.schemas.projections import PROJECTIONS
from portadoc.schemas.records import record_from_json, record_to_json
from portadoc.schemas.type_metadata import type_metadata
from portadoc.verification.answers import HeldStatusLists
from portadoc.verification.presets.presets import preset
from portadoc.verification.procedure import verify_presentation
from portadoc.wallet_sim.offers import read_offer
from portadoc.wallet_sim.requests import read_request
from portadoc.web.forms import parse_form
from portadoc.web.language import preferred_language
from tests.abuse.effort import bounded
from tests.abuse.requests_near_sound import HOLDER, spoilt_jwe
from tests.abuse.seeds import Seeds
from tests.abuse.spoiling import (
    JUNK,
    json_values,
    junk,
    spoilt_bytes,
    spoilt_form,
    spoilt_json,
    spoilt_jws,
    spoilt_sd_jwt,
    spoilt_text,
    spoilt_tree,
    texts,
)
from tests.abuse.town import ISSUER

ALGS: Final = frozenset(SIGNATURE_ALGORITHMS)
LIMITS: Final = StatusListLimits()
QUERY: Final = preset("inspector-quick").query
ANSWERED: Final = {
    "credentials": [
        {
            "id": "a",
            "format": "dc+sd-jwt",
            "multiple": True,
            "meta": {"vct_values": ["urn:eudi:pda1:1"]},
            "trusted_authorities": [{"type": "aki", "values": ["s9tIpP7qrS9"]}],
            "claims": [
                {"id": "x", "path": ["work_information", None, "country"], "values": ["DE", 1, True]},
                {"id": "y", "path": ["work_information", 0]},
            ],
            "claim_sets": [["x", "y"], ["x"]],
        },
        {"id": "b", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:ehic:1"]}},
    ],
    "credential_sets": [{"options": [["a", "b"], ["a"]], "required": False}],
}
MESSAGES: Final = tuple(
    model
    for module in (openid4vci, openid4vp)
    for _, model in sorted(vars(module).items())
    if isinstance(model, type) and issubclass(model, ProtocolMessage) and model is not ProtocolMessage
)
Strategy = st.SearchStrategy[Any]


@dataclass(frozen=True)
class Target:
    """A reader, what to feed it, and which outcomes have to occur lest the test be empty."""

    read: Callable[[Any], Any]
    feed: Strategy
    reads: bool = True
    refuses: bool = True
    examples: int = 100


def key_of(signer: Signer) -> VerificationKey:
    return public_key_from_jwk(signer.public_jwk, allowed_algs=ALGS)


def verified_jws(seeds: Seeds, role: roles.TokenRole, signer: Signer) -> Callable[[str], Any]:
    key = key_of(signer)

    def read(text: str) -> Any:
        token = jws.split(text, role, allowed_algs=ALGS)
        jws.certificate_chain(token)
        payload = jws.verify(token, key)
        check_times(payload, now=seeds.now, skew_s=60)
        return payload

    return read


def tokens(seeds: Seeds) -> Mapping[str, Target]:
    """Compact tokens of every role."""
    proof, holder = seeds.town.proof(HOLDER), HOLDER
    key_binding = seeds.presentation.rpartition("~")[2]
    return {
        "credential": Target(
            verified_jws(seeds, roles.CREDENTIAL, seeds.issuer),
            spoilt_jws(seeds.held.sd_jwt.partition("~")[0], seeds.issuer),
        ),
        "status_token_split": Target(
            verified_jws(seeds, roles.STATUS_LIST, seeds.status), spoilt_jws(seeds.status_token, seeds.status)
        ),
        "status_token": Target(
            lambda text: read_status_list_token(
                text, key=key_of(seeds.status), uri=seeds.uri, now=seeds.now, skew_s=60, limits=LIMITS
            ),
            spoilt_jws(seeds.status_token, seeds.status),
        ),
        "key_proof": Target(
            lambda text: verify_key_proof(
                text,
                audience=f"{seeds.town.house.settings.base_url}/issuer/{ISSUER}",
                client_id=None,
                now=seeds.now,
                max_age_s=300,
                skew_s=60,
                allowed_algs=ALGS,
            ),
            spoilt_jws(proof, holder),
        ),
        "key_binding": Target(
            lambda text: verify_key_binding(
                text,
                presented_text="x~",
                holder_key=key_of(holder),
                audience=str(jws.unverified_claims(key_binding)["aud"]),
                nonce=str(jws.unverified_claims(key_binding)["nonce"]),
                now=seeds.now,
                max_age_s=300,
                skew_s=60,
                hash_alg="sha-256",
            ),
            spoilt_jws(key_binding, holder),
            reads=False,  # the presentation that it is bound to is another one
        ),
        "request_object": Target(
            lambda text: verify_request_object(
                parse_request_object(text, allowed_algs=ALGS),
                key=key_of(seeds.requester),
                client_id=parse_qs(urlsplit(seeds.link).query)["client_id"][0],
                wallet_nonce=None,
                now=seeds.now,
                skew_s=60,
            ),
            spoilt_jws(seeds.request_object, seeds.requester),
        ),
    }


def presentations(seeds: Seeds) -> Mapping[str, Target]:
    """SD-JWTs, encrypted responses, and the procedure, which reports and never raises."""

    def taken_apart(text: str) -> Any:
        parts = sd_jwt.parse(text)
        processed = sd_jwt.process(jws.unverified_claims(parts.jws_text), parts.disclosures)
        check_disclosability(
            parse_type_metadata(json.loads(type_metadata("urn:eudi:pda1:1")), vct="urn:eudi:pda1:1"), processed
        )
        status_reference(processed.claims)
        return holder_key(processed.claims.get("cnf"), allowed_algs=ALGS)

    def judged(text: str) -> None:
        try:
            report = verify_presentation(
                text, trust=seeds.trust, status=HeldStatusLists(), policy=seeds.policy, now=seeds.now
            )
        except Error as exc:
            raise AssertionError("the procedure raised what it should have reported") from exc
        assert not report.valid

    sound = seeds.presentation
    header = dict(zip(("protected", "payload", "signature"), sound.partition("~")[0].split("."), strict=True))
    flattened = {**header, "header": {"disclosures": sound.split("~")[1:-1], "kb_jwt": sound.rpartition("~")[2]}}
    general = {"payload": header["payload"], "signatures": [{**flattened, "payload": None}]}
    return {
        "sd_jwt": Target(taken_apart, spoilt_sd_jwt(sound, seeds.issuer)),
        "selection": Target(lambda text: sd_jwt.select(text, [("employer",)]), spoilt_sd_jwt(sound)),
        "procedure": Target(judged, spoilt_sd_jwt(sound, seeds.issuer, HOLDER), refuses=False),
        "json_serialization": Target(from_json, st.one_of(spoilt_json(flattened), spoilt_json(general))),
        "jwe": Target(
            lambda text: jwe.decrypt(
                text, seeds.encryption_key, allowed_enc=frozenset(jwe.ENCRYPTIONS), max_plaintext=10_000
            ),
            spoilt_jwe(seeds.encrypted),
        ),
        "encryption_keys": Target(
            jwe.choose_encryption_key, spoilt_object({"keys": [seeds.encryption_key.public_jwk]})
        ),
    }


def spoilt_object(seed: dict[str, Any]) -> Strategy:
    """Return objects near ``seed``; only what strict JSON can carry reaches these readers."""
    return spoilt_json(seed).map(_read_or_nothing).filter(lambda value: isinstance(value, dict))


def _read_or_nothing(raw: bytes) -> Any:
    try:
        return strict_json.loads(raw, what="seed")
    except Error:
        return None


def objects(seeds: Seeds) -> Mapping[str, Target]:
    """Readers of JSON that the strict loader has already read."""
    held = CredentialView(
        "dc+sd-jwt",
        "urn:eudi:pda1:1",
        {"work_information": [{"country": "DE"}, {"country": 1}, None], "employer": True},
        (("work_information",), ("work_information", 0)),
        holder_bound=True,
    )

    def asked(value: dict[str, Any]) -> Any:
        query = parse_query(value)
        found = match(query, [held])
        if found.satisfiable:
            found.choose(optional_sets=True)
        return check_answer(query, {each.id: [held] for each in query.credentials})

    anchors = trust_to_json(seeds.trust)
    public = dict(seeds.issuer.public_jwk)
    return {
        "dcql_query": Target(asked, st.one_of(spoilt_object(QUERY), spoilt_object(ANSWERED))),
        "dcql_pointer": Target(
            lambda value: select(held.claims, parse_pointer(value)),
            st.one_of(json_values, spoilt_tree(["work_information", 0, "country"])),
        ),
        "trust": Target(trust_from_json, st.one_of(json_values, spoilt_object(anchors))),
        "public_key": Target(lambda value: public_key_from_jwk(value, allowed_algs=ALGS), spoilt_object(public)),
        "holder_key": Target(
            lambda value: holder_key(value, allowed_algs=ALGS),
            st.one_of(json_values, spoilt_object({"jwk": public})),
        ),
        "type_metadata": Target(
            lambda value: parse_type_metadata(value, vct="urn:eudi:pda1:1"),
            spoilt_object(json.loads(type_metadata("urn:eudi:pda1:1"))),
        ),
        "status_reference": Target(
            status_reference, spoilt_object({"status": {"status_list": {"uri": seeds.uri, "idx": 1}}})
        ),
        "status_bits": Target(
            lambda pair: decode_lst(pair[0], bits=pair[1], max_inflated=4096),
            st.tuples(
                st.one_of(junk, spoilt_text("eNpjYAAAAAIAAQ")), st.one_of(junk, st.sampled_from((1, 2, 4, 8)))
            ),
        ),
        "times": Target(
            lambda value: check_times(value, now=seeds.now, skew_s=60),
            spoilt_object({"iat": 1, "exp": 2, "nbf": 1}),
        ),
    }


def bytes_and_texts(seeds: Seeds) -> Mapping[str, Target]:
    """Readers of raw bytes, and of texts that are no tokens."""
    leaf, document = seeds.issuer.chain[0], b"{}"
    offer = parse_qs(urlsplit(seeds.town.offer().offer_uri).query)["credential_offer"][0]
    means = seeds.town.house.wallet.means
    pem = "".join(anchor["certificate"] for anchor in trust_to_json(seeds.trust)["anchors"])
    return {
        "json": Target(
            lambda raw: strict_json.loads(raw, what="x"), st.one_of(st.binary(), spoilt_json(list(JUNK)))
        ),
        "base64url": Target(
            lambda text: base64url.decode(text, what="x"), st.one_of(texts, spoilt_text("AAECAwQ"))
        ),
        "certificate": Target(lambda der: parse_chain([der]), st.one_of(st.binary(), spoilt_bytes(leaf))),
        "x5c": Target(parse_chain, st.lists(spoilt_text(base64.b64encode(leaf).decode()), max_size=3)),
        "pem": Target(from_pem, spoilt_text(pem)),
        "form": Target(parse_form, spoilt_form({"a": "b", "c": "d"})),
        "language": Target(preferred_language, spoilt_text("fr;q=0.9,en;q=0.8"), refuses=False),
        "target": Target(parse_target, st.one_of(texts, spoilt_text("https://verifier.example:443/a?b=c"))),
        "integrity": Target(
            lambda text: check_integrity(document, text), spoilt_text(f"{integrity(document)}?x sha512-AAAA")
        ),
        "offer_link": Target(
            lambda link: read_offer(link, means),
            spoilt_json(json.loads(offer)).map(
                lambda raw: "openid-credential-offer://?" + urlencode({"credential_offer": raw})
            ),
        ),
        "offer_text": Target(lambda link: read_offer(link, means), spoilt_text(seeds.town.offer().offer_uri)),
        "request_link": Target(lambda link: read_request(link, means), spoilt_text(seeds.link)),
    }


def records(seeds: Seeds) -> Mapping[str, Target]:
    """Canonical records, and the reading of claims back into them."""
    found = {
        f"record_{name}": Target(record_from_json, spoilt_object(record_to_json(example(name))))
        for name in EXAMPLES
    }
    for name, projection in PROJECTIONS.items():
        record = next(example(each) for each in EXAMPLES if projection.kind == example(each).KIND)
        claims = spoilt_object(projection.project(record))
        found[f"restore_{name}"] = Target(projection.restore, claims, refuses=False)
    return found


def messages(seeds: Seeds) -> Mapping[str, Target]:
    """Every protocol message that a peer can send."""
    members = sorted({field.alias or name for model in MESSAGES for name, field in model.model_fields.items()})
    anything = st.dictionaries(st.sampled_from(members), json_values, max_size=6)
    return {model.__name__: message_target(model, anything) for model in MESSAGES}


def message_target(model: type[ProtocolMessage], feed: Strategy) -> Target:
    return Target(lambda value: read_message(model, value), feed, reads=False, refuses=False, examples=15)


@pytest.mark.parametrize("family", [tokens, presentations, objects, bytes_and_texts, records, messages])
def test_a_reader_refuses_in_our_own_words_or_not_at_all(
    seeds: Seeds, family: Callable[[Seeds], Mapping[str, Target]], subtests: pytest.Subtests
) -> None:
    for name, target in family(seeds).items():
        with subtests.test(name):
            read, refused = try_reader(target)
            assert read or not target.reads, "nothing was ever read"
            assert refused or not target.refuses, "nothing was ever refused"


def try_reader(target: Target) -> tuple[int, int]:
    """Feed a reader; return how often it read and how often it refused.

    A part of the examples comes first. Where that part does not show what is wanted, many more follow: what is
    drawn changes with every change of a test.
    """
    outcomes = {"read": 0, "refused": 0}
    part = max(15, target.examples * 2 // 5)
    for effort in (bounded(target.examples, by_default=part), bounded(target.examples * 10)):
        _feed(target, outcomes, effort)
        if (outcomes["read"] or not target.reads) and (outcomes["refused"] or not target.refuses):
            break
    return outcomes["read"], outcomes["refused"]


def _feed(target: Target, outcomes: dict[str, int], effort: settings) -> None:
    @effort
    @given(fed=target.feed)
    def read_or_refuse(fed: Any) -> None:
        try:
            target.read(fed)
        except Error:
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1

    read_or_refuse()
