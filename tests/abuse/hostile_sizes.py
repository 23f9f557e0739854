"""Inputs whose size or shape is the attack, for readers that ``tests.fuzz.targets`` names: ``python -m`` measures.

It reads nothing and writes one JSON object: for each input the bytes by which reading it made this process grow,
the processor seconds, and what came of it.
"""

import gzip
import hashlib
import json
import os
import sys
import time
import warnings
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from portadoc import base64url
from portadoc.errors import Error
from portadoc.formats import sd_jwt
from portadoc.formats.cose import strict_cbor
from portadoc.formats.roles import CREDENTIAL
from portadoc.formats.sd_jwt.parse import MAX_DISCLOSURES
from portadoc.formats.trust_lists.xml_size import MAX_BYTES as XML
from portadoc.formats.trust_lists.xml_size import MAX_NODES
from tests.abuse.memory import Gauge
from tests.fuzz.world import LIST_URI, NOW
from tests.unit.formats import trust_list_workshop as workshop

FULL: Final = CREDENTIAL.max_bytes
BOMB: Final = zlib.compress(bytes(100 * 2**20), 9)
DEEP: Final = 100_000


def status_claims(lst: object) -> dict[str, Any]:
    """Return the claims of a status list around ``lst``."""
    return {
        "sub": LIST_URI,
        "iat": NOW - 60,
        "exp": NOW + 3600,
        "ttl": 900,
        "status_list": {"bits": 1, "lst": lst},
    }


def cwt_claims(lst: bytes) -> bytes:
    """Return the same claims for the CWT form."""
    listed = {"bits": 1, "lst": lst}
    return strict_cbor.dumps({2: LIST_URI, 6: NOW - 60, 4: NOW + 3600, 65534: 900, 65533: listed})


def disclosed(contents: Sequence[object], payload: object) -> bytes:
    """Return a payload and disclosures, as ``plain_processing`` reads them."""
    return json.dumps({"payload": payload, "disclosures": [encoded(each) for each in contents]}).encode()


def encoded(content: object) -> str:
    """Return a disclosure."""
    return base64url.encode(json.dumps(content).encode())


def digest(disclosure: str) -> str:
    """Return what stands for a disclosure."""
    return base64url.encode(hashlib.sha256(disclosure.encode()).digest())


def chain(length: int) -> bytes:
    """Return a payload and disclosures of which each holds the digest of the next."""
    contents: list[list[object]] = [["s", "n", 1]]
    while len(contents) < length:
        contents.append(["s", "n", {"_sd": [digest(encoded(contents[-1]))]}])
    return disclosed(contents, {"_sd": [digest(encoded(contents[-1]))]})


def wide(count: int, size: int) -> bytes:
    """Return a payload and ``count`` disclosures side by side."""
    contents = [["s", f"n{place}", "x" * size] for place in range(count)]
    return disclosed(contents, {"_sd": [digest(encoded(each)) for each in contents]})


def presentation(count: int) -> bytes:
    """Return a token with many disclosures, in the form that anybody may send."""
    return b"e30.e30." + b"A" * 86 + b"~" + b"WyJzIiwibiIsMV0~" * count


def decoys(count: int) -> bytes:
    """Return a payload with many digests for which there is nothing."""
    digests = [base64url.encode(hashlib.sha256(b"%d" % place).digest()) for place in range(count)]
    return json.dumps({"_sd": digests}).encode()


def laughs() -> bytes:
    """Return entities that call each other ten times each."""
    lines = ["<!DOCTYPE l [<!ENTITY a0 'ha'>"]
    lines += [f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)]
    return ("".join(lines) + "]><l>&a11;</l>").encode()


def filled(opening: bytes, item: bytes, closing: bytes, size: int) -> bytes:
    """Return as many items as fit."""
    return opening + item * ((size - len(opening) - len(closing)) // len(item)) + closing


def amplified(count: int, length: int) -> bytes:
    """Return a list with its operator's signature, and elements that canonical XML writes far longer."""
    sound = workshop.sign_xml(workshop.xml_list(workshop.xml_provider(workshop.provider(0))))
    declared = b'xmlns:x="urn:' + b"x" * length + b'" xmlns="'
    return sound.replace(b'xmlns="', declared, 1).replace(
        b"<SchemeInformation>", b"<x:a/>" * count + b"<SchemeInformation>", 1
    )


def query(claims: int) -> bytes:
    """Return a question for very many claims."""
    asked = [{"id": f"c{place}", "path": ["a", place]} for place in range(claims)]
    one = {"id": "a1", "format": "dc+sd-jwt", "meta": {"vct_values": ["x"]}, "claims": asked}
    return json.dumps({"credentials": [one]}).encode()


CASES: Final[Mapping[str, tuple[str, Callable[[], bytes]]]] = {
    "A12 brackets": ("strict_json", lambda: b"[" * FULL),
    "A12 payload nested": (
        "procedure_behind_the_signature",
        lambda: b'{"a":' + b"[" * (FULL // 3) + b"]" * (FULL // 3) + b"}",
    ),
    "A12 disclosure nested": (
        "sd_jwt_processing",
        lambda: b'{"_sd":["#0"]}\n["s","n",' + b"[" * DEEP + b"]" * DEEP + b"]",
    ),
    "A13 small objects": ("strict_json", lambda: filled(b"[", b"{},", b"{}]", FULL)),
    "A13 thousands of disclosures": ("sd_jwt", lambda: presentation(FULL // 16 - 10)),
    "A13 512 disclosures": ("procedure", lambda: presentation(MAX_DISCLOSURES)),
    "A13 512 disclosures in place": ("plain_processing", lambda: wide(MAX_DISCLOSURES, 300)),
    "A13 tildes": ("procedure", lambda: b"~" * FULL),
    "A13 1 MiB": ("procedure", lambda: b"e30.e30." + b"A" * 2**20),
    "A13 header": ("jws", lambda: base64url.encode(b'{"alg":"' + b"a" * 180_000).encode() + b".e30.AA"),
    "A38 V-18 chain of 64": ("plain_processing", lambda: chain(64)),
    "A38 V-18 chain of 512": ("plain_processing", lambda: chain(MAX_DISCLOSURES)),
    "V-18 decoys": ("procedure_behind_the_signature", lambda: decoys(4000)),
    "V-30 many certificates": ("certificate", lambda: b"\x30\x83" + b"\xff" * 200_000),
    "V-54 JWE of 1 MiB": ("jwe", lambda: b"e30..e30." + b"A" * 2**20 + b".AA"),
    "D05 V-43 lst of 100 MiB": (
        "status_list_jwt_behind_the_signature",
        lambda: json.dumps(status_claims(base64url.encode(BOMB))).encode(),
    ),
    "D05 V-43 lst of 100 MiB, twice": (
        "status_list_jwt_behind_the_signature",
        lambda: json.dumps(status_claims(base64url.encode(zlib.compress(BOMB, 9)))).encode(),
    ),
    "D05 V-43 lst in CWT": ("status_list_cwt_behind_the_signature", lambda: cwt_claims(BOMB)),
    "D05 lst as gzip": ("lst", lambda: b"0" + base64url.encode(gzip.compress(bytes(100 * 2**20))).encode()),
    "V-43 largest token": (
        "status_list_jwt_behind_the_signature",
        lambda: json.dumps(status_claims(base64url.encode(os.urandom(1_100_000)))).encode(),
    ),
    "A13 CBOR of items": ("cbor", lambda: b"\x9a\x00\x03\xff\xf0" + b"\xf6" * 0x3FFF0),
    "A13 CBOR that promises": ("cbor", lambda: b"\x9b" + b"\xff" * 8),
    "A13 CBOR bytes that promise": ("cbor", lambda: b"\x5b\x00\x00\x00\x01\x00\x00\x00\x00"),
    "A12 CBOR nested": ("cbor", lambda: b"\x81" * DEEP),
    "A13 CWT that is large": ("status_list_cwt", lambda: b"\xd2\x84" + b"\x9a\x7f\xff\xff\xff" * 400_000),
    "D05 trust pack that inflates": (
        "trust_pack_behind_the_signature",
        lambda: BOMB,
    ),
    "G18 query of 10k claims": ("dcql", lambda: query(10_000)),
    "G21 type metadata": (
        "type_metadata",
        lambda: json.dumps({"vct": "x", "claims": [{"path": ["a"]}] * 8000}).encode(),
    ),
    "V-32 XML laughs": ("xml_trust_list", laughs),
    "V-32 XML nested": ("xml_trust_list", lambda: b"<a>" * DEEP + b"</a>" * DEEP),
    "V-32 XML of elements": ("xml_trust_list", lambda: filled(b"<l>", b"<a/>", b"</l>", XML)),
    "V-32 XML of attributes": (
        "xml_trust_list",
        lambda: b"<l " + b" ".join(b'a%d=""' % n for n in range(XML // 16)) + b"/>",
    ),
    "V-32 XML of names": (
        "xml_trust_list",
        lambda: b"<l>" + b"".join(b"<a%d/>" % n for n in range(MAX_NODES - 2)) + b"</l>",
    ),
    "V-32 XML of elements and texts": (
        "xml_trust_list",
        lambda: filled(b"<l>", b"<a/>x", b"</l>", MAX_NODES // 2 * 5),
    ),
    "V-32 XML in canonical form": ("xml_trust_list", lambda: amplified(40_000, 4000)),
    "V-32 XML in canonical form, within bounds": ("xml_trust_list", lambda: amplified(30_000, 4)),
    "V-32 XML of text": ("xml_trust_list", lambda: filled(b"<l>", b"x", b"</l>", XML)),
    "V-32 XML of entities": (
        "xml_trust_list",
        lambda: filled(b"<!DOCTYPE l [<!ENTITY a 'x'>]><l>", b"&a;", b"</l>", XML),
    ),
    "V-32 JSON list unsigned": ("json_trust_list", lambda: b"e30." + b"A" * (6 * 2**20 - 8) + b".AA"),
    "D22 withdrawal list": (
        "withdrawal_list_behind_the_signature",
        lambda: filled(b'{"withdrawals":[', b"{},", b"{}]}", 3 * 2**20),
    ),
    "A20 inspected objects": ("inspection", lambda: filled(b"[", b"{},", b"{}]", 2**20)),
    "A13 inspected disclosures": ("inspection", lambda: presentation(60_000)),
    "D05 inspected status list": ("inspection", lambda: _unsigned(status_claims(base64url.encode(BOMB)))),
    "F07 form of pairs": ("form", lambda: b"a=b&" * (2**18)),
    "F07 form of escapes": ("form", lambda: b"a=" + b"%41" * (2**20 // 3)),
}


def _unsigned(claims: Mapping[str, Any]) -> bytes:
    header = base64url.encode(b'{"alg":"ES256","typ":"statuslist+jwt"}')
    return f"{header}.{base64url.encode(json.dumps(claims).encode())}.{'A' * 86}".encode()


def process(raw: bytes) -> object:
    """Read a payload and its disclosures."""
    members = json.loads(raw)
    return sd_jwt.process(members["payload"], members["disclosures"])


def measured(read: Callable[[bytes], object], fed: bytes, gauge: Gauge) -> dict[str, Any]:
    """Return what reading one input took, and what came of it."""
    told = "read"

    def attempt() -> None:
        nonlocal told
        try:
            read(fed)
        except Error as error:
            told = error.code

    began = time.process_time()
    growth = gauge.growth(attempt)
    return {"growth": growth, "seconds": time.process_time() - began, "told": told}


def main() -> None:
    """Read the sound inputs first, so that everything is loaded, and then each hostile one."""
    from tests.fuzz.targets import all_targets

    warnings.simplefilter("ignore")
    gauge, found = Gauge(), {}
    with all_targets() as targets:
        for target in targets.values():
            for seed in target.seeds:
                measured(target.read, seed, gauge)
        for name, (reader, make) in CASES.items():
            read = process if reader == "plain_processing" else targets[reader].read
            found[name] = measured(read, make(), gauge)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
