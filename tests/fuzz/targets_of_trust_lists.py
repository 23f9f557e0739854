"""Readers of lists that say whom to trust, and of withdrawals."""

import json
from collections.abc import Mapping
from datetime import date

from lxml.etree import LxmlError
from signxml.exceptions import SignXMLException

from portadoc import base64url
from portadoc.errors import Malformed
from portadoc.formats import jws, strict_json
from portadoc.formats.trust_lists.etsi_tl import read_etsi_tl
from portadoc.formats.trust_lists.lote import read_lote
from portadoc.formats.trust_lists.xml_signature import parse_xml
from portadoc.formats.withdrawal_list import (
    WithdrawalCause,
    WithdrawalRecord,
    make_withdrawal_list,
    parse_withdrawal_list,
    verify_withdrawal_list,
)
from portadoc.keys.purposes import KeyPurpose
from tests.fuzz.targets import SKEW_S, FuzzTarget, as_text
from tests.fuzz.world import ALGS, LIST_URI, NOW, World
from tests.unit.formats import trust_list_workshop as workshop


def trust_list_targets(world: World) -> Mapping[str, FuzzTarget]:
    """Return the readers of trust lists in both forms, and of withdrawal lists."""
    return {**_xml_lists(), **_json_lists(), **_withdrawals(world)}


def _xml_lists() -> Mapping[str, FuzzTarget]:
    unsigned = workshop.xml_list(workshop.xml_provider(workshop.provider(0)))

    def read(raw: bytes) -> object:
        return read_etsi_tl(raw, uri=workshop.LIST_URI, operators=workshop.operators(), now=NOW, skew_s=SKEW_S)

    def signed(raw: bytes) -> object:
        parse_xml(raw)
        try:
            message = workshop.sign_xml(raw)
        except (LxmlError, SignXMLException, ValueError, TypeError, AttributeError) as exc:
            raise Malformed("trust_list_malformed", member="unsignable") from exc
        return read(message)

    return {
        "xml": FuzzTarget(parse_xml, (unsigned,)),
        "xml_trust_list": FuzzTarget(read, (workshop.sign_xml(unsigned),)),
        "xml_trust_list_behind_the_signature": FuzzTarget(signed, (unsigned,)),
    }


def _json_lists() -> Mapping[str, FuzzTarget]:
    sound = workshop.lote(workshop.provider(0).entry())
    header, signer = sound.partition(".")[0], workshop.operator().signer

    def read(text: str) -> object:
        return read_lote(text, uri=workshop.LIST_URI, operators=workshop.operators(), now=NOW, skew_s=SKEW_S)

    def signed(raw: bytes) -> object:
        content = f"{header}.{base64url.encode(raw)}"
        return read(f"{content}.{base64url.encode(signer.sign(content.encode()))}")

    return {
        "json_trust_list": FuzzTarget(as_text(read), (sound.encode(),)),
        "json_trust_list_behind_the_signature": FuzzTarget(
            signed, (strict_json.dumps(jws.unverified_claims(sound)),)
        ),
    }


def _withdrawals(world: World) -> Mapping[str, FuzzTarget]:
    record = WithdrawalRecord(date(2026, 11, 1), WithdrawalCause.REPLACED, NOW - 3600, "doc-2")
    sound = make_withdrawal_list(
        {7: record}, uri=LIST_URI, iat=NOW - 60, exp=NOW + 3600, signer=world.signers[KeyPurpose.STATUS]
    )
    key = world.key(KeyPurpose.STATUS)

    def read(text: str) -> object:
        unverified = parse_withdrawal_list(text, allowed_algs=ALGS)
        return verify_withdrawal_list(unverified, key=key, uri=LIST_URI, now=NOW, skew_s=SKEW_S)

    claims = json.dumps(jws.unverified_claims(sound)).encode()
    return {
        "withdrawal_list": FuzzTarget(as_text(read), (sound.encode(),)),
        "withdrawal_list_behind_the_signature": FuzzTarget(
            lambda raw: read(world.token(KeyPurpose.STATUS, "withdrawals+jwt", raw)), (claims,)
        ),
    }
