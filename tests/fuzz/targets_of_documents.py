"""Readers of what institutions sign for everybody: status lists, trust lists, trust packs, receipts."""

import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from portadoc.errors import Error
from portadoc.formats import jws, receipt, strict_json, trust_pack
from portadoc.formats.cose import cose_sign1, strict_cbor
from portadoc.formats.issuer_metadata.jwt_vc_issuer import parse_issuer_metadata, parse_key_set
from portadoc.formats.status_list.aggregation import parse_aggregation
from portadoc.formats.status_list.claims import StatusListLimits, StatusListTerms
from portadoc.formats.status_list.cwt_form import read_status_list_cwt, sign_status_list_cwt
from portadoc.formats.status_list.jwt_form import read_status_list_token, sign_status_list_jwt
from portadoc.formats.status_list.statuses import StatusList, StatusReference, decode_lst
from portadoc.formats.visible_seal import SealTerms, base45, key_id_of, make_seal, parse_seal
from portadoc.formats.visible_seal.one_spelling import OneSignature
from portadoc.formats.visible_seal.seal import read_message
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_file import trust_from_json, trust_to_json
from portadoc.schemas.catalogue import SEAL_VCTS
from portadoc.schemas.examples import EXAMPLES, example
from portadoc.schemas.seals import seal_content
from portadoc.verification.answers import HeldStatusLists
from portadoc.verification.rendering.shown import shown_report
from portadoc.verification.seal_procedure import HeldSigners, verify_sealed
from tests.fuzz.targets import SKEW_S, FuzzTarget, as_object, as_text
from tests.fuzz.world import ALGS, LIST_URI, NOW, POLICY, World

LIMITS: Final = StatusListLimits()
CWT: Final = "application/statuslist+cwt"


def document_targets(world: World) -> Mapping[str, FuzzTarget]:
    """Return the readers of signed documents."""
    return {
        **_status_lists(world),
        **_trust_pack(world),
        **_receipts(world),
        **_issuer_keys(world),
        **_seals(world),
    }


def _seals(world: World) -> Mapping[str, FuzzTarget]:
    """Seals as scanned, as compressed, as signed: behind each wall the reading goes on."""
    signer = world.signers[KeyPurpose.DOCUMENT_SEAL]
    signers, policy = HeldSigners([signer.chain]), replace(POLICY, accepted_types=SEAL_VCTS)
    terms = SealTerms(institution="FR:TEST01", iat=NOW - 60, exp=NOW + 60, status=StatusReference(LIST_URI, 1))
    texts = [make_seal(seal_content(example(name)), terms, signer=signer) for name in EXAMPLES[:3]]
    key_id = key_id_of(signer.chain[0])
    payloads = [parse_seal(text, allowed_algs=ALGS).unverified_message.payload for text in texts]

    def reported(text: str) -> object:
        try:
            report = verify_sealed(
                text, trust=world.trust, signers=signers, status=HeldStatusLists(), policy=policy, now=NOW
            )
        except Error as exc:
            raise AssertionError("the procedure raised what it should have reported") from exc
        assert report.colour != "green", "a seal is bound to nobody"
        return shown_report(report, "en")

    def signed(raw: bytes) -> object:
        claims = strict_cbor.loads_map(raw, what="fed")
        message = cose_sign1.sign_naming_key(claims, key_id=key_id, signer=OneSignature(signer))
        return reported("PD1:" + base45.encode(zlib.compress(message, 9)))

    def same_base45(text: str) -> None:
        assert base45.encode(base45.decode(text)) == text, "two spellings of the same bytes"

    messages = tuple(read_message(text) for text in texts)
    return {
        "base45": FuzzTarget(as_text(same_base45), (b"BB8", b"%69 VD92EX0")),
        "seal": FuzzTarget(as_text(reported), tuple(text.encode() for text in texts)),
        "seal_behind_compression": FuzzTarget(
            lambda raw: reported("PD1:" + base45.encode(zlib.compress(raw, 9))), messages
        ),
        "seal_behind_the_signature": FuzzTarget(signed, tuple(payloads)),
    }


def _status_lists(world: World) -> Mapping[str, FuzzTarget]:
    signer, key = world.signers[KeyPurpose.STATUS], world.key(KeyPurpose.STATUS)
    statuses = StatusList.of(1024, bits=2)
    terms = StatusListTerms(uri=LIST_URI, iat=NOW - 60, exp=NOW + 3600, ttl=900)
    jwt = sign_status_list_jwt(statuses, terms, signer=signer)
    cwt = sign_status_list_cwt(statuses, terms, signer=signer)

    def read_jwt(text: str) -> object:
        return read_status_list_token(text, key=key, uri=LIST_URI, now=NOW, skew_s=SKEW_S, limits=LIMITS)

    def read_cwt(message: bytes) -> object:
        return read_status_list_cwt(message, key=key, uri=LIST_URI, now=NOW, skew_s=SKEW_S, limits=LIMITS)

    def same_cbor(raw: bytes) -> None:
        value = strict_cbor.loads(raw, what="fed")
        assert strict_cbor.loads(strict_cbor.dumps(value), what="fed") == value

    claimed = strict_cbor.dumps(cose_sign1.verify(cose_sign1.split(cwt, _cwt_role(), allowed_algs=ALGS), key))
    return {
        "status_list_jwt": FuzzTarget(as_text(read_jwt), (jwt.encode(),)),
        "status_list_jwt_behind_the_signature": FuzzTarget(
            lambda raw: read_jwt(world.token(KeyPurpose.STATUS, "statuslist+jwt", raw)),
            (strict_json.dumps(jws.unverified_claims(jwt)),),
        ),
        "status_list_cwt": FuzzTarget(read_cwt, (cwt,)),
        "status_list_cwt_behind_the_signature": FuzzTarget(
            lambda raw: read_cwt(cose_sign1.sign_payload(raw, typ=CWT, signer=signer)), (claimed,)
        ),
        "cbor": FuzzTarget(same_cbor, (claimed,)),
        "lst": FuzzTarget(
            as_text(lambda text: decode_lst(text[1:], bits=1 << (ord(text[:1] or "0") & 3), max_inflated=4096)),
            (b"0eNpjAAAAAQAB", b"3eNpjAAAAAQAB"),
        ),
        "aggregation": FuzzTarget(
            lambda raw: parse_aggregation(raw, uri=LIST_URI, max_lists=100),
            (strict_json.dumps({"status_lists": [LIST_URI]}),),
        ),
    }


def _issuer_keys(world: World) -> Mapping[str, FuzzTarget]:
    issuer = "https://issuer.example/issuer/fr-demo"
    keys = {"keys": [{**world.signers[KeyPurpose.CREDENTIAL].public_jwk, "kid": "a"}]}

    def read(raw: bytes) -> object:
        return parse_issuer_metadata(raw, issuer=issuer)

    metadata = strict_json.dumps({"issuer": issuer, "jwks": keys})
    return {
        "issuer_metadata": FuzzTarget(read, (metadata,)),
        "issuer_key_set": FuzzTarget(parse_key_set, (strict_json.dumps(keys),)),
    }


def _cwt_role() -> cose_sign1.CoseRole:
    return cose_sign1.CoseRole("status_list", CWT, max_bytes=64 * 1024)


def _trust_pack(world: World) -> Mapping[str, FuzzTarget]:
    signer = world.signers[KeyPurpose.TRUST_LIST]
    trusted = world.trust.resolve_chain(signer.chain, purpose=KeyPurpose.TRUST_LIST, at=NOW)
    pack = trust_pack.TrustPack(operator="FR:TEST01", sequence=1, as_of=NOW, exp=NOW + 3600, trust=world.trust)
    sound = trust_pack.make_trust_pack(pack, signer=signer)

    def read(message: bytes) -> object:
        return trust_pack.verify_trust_pack(
            trust_pack.parse_trust_pack(message, allowed_algs=ALGS), trusted=trusted
        )

    def behind_the_signature(raw: bytes) -> object:
        return read(cose_sign1.sign_payload(raw, typ=trust_pack.ROLE.typ, signer=signer))

    payload = cose_sign1.verified_payload(cose_sign1.split(sound, trust_pack.ROLE, allowed_algs=ALGS), trusted.key)
    return {
        "trust_pack": FuzzTarget(read, (sound,)),
        "trust_pack_behind_the_signature": FuzzTarget(behind_the_signature, (payload,)),
        "trust_file": FuzzTarget(as_object(trust_from_json), (strict_json.dumps(trust_to_json(world.trust)),)),
    }


def _receipts(world: World) -> Mapping[str, FuzzTarget]:
    signer = world.signers[KeyPurpose.RECEIPT]
    trusted = world.trust.resolve_chain(signer.chain, purpose=KeyPurpose.RECEIPT, at=NOW)

    def read(raw: bytes) -> object:
        text = world.token(KeyPurpose.RECEIPT, receipt.TYP, raw)
        return receipt.verify_receipt(receipt.parse_receipt(text, allowed_algs=ALGS), trusted=trusted)

    credential = receipt.ReceiptCredential(
        type="urn:eudi:pda1:1",
        issuer="FR:TEST01",
        verdict="authentic_in_force",
        status=receipt.ReceiptStatus("issuer.example", NOW, 0),
        commitment="A" * 43,
    )
    sound = receipt.Receipt(
        verifier_id=trusted.institution_id,
        verifier_name="Test",
        verified_at=NOW,
        purpose="inspector-quick",
        policy_version="A" * 43,
        on_date=date(2026, 11, 22),
        work=False,
        verdict="authentic_in_force",
        colour="green",
        credentials=(credential,),
    )
    said = jws.unverified_claims(receipt.make_receipt(sound, signer=signer))
    return {"receipt": FuzzTarget(read, (strict_json.dumps(said),))}
