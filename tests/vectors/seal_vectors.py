"""Writes the vectors of seals: a good one of each kind, and one fault a file with the code it leads to.

``make vectors`` runs it. Each file says what is scanned and what must be said of it; ``context.json`` is what it
is judged by, and ``given`` of a vector takes the place of members of the context. ``signers`` are the chains that
a reader finds for a key id (hexadecimal), ``status_lists`` the tokens at hand and when they were fetched.
"""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import cbor2

from portadoc.formats.cose import strict_cbor
from portadoc.formats.status_list.statuses import StatusList, StatusReference
from portadoc.formats.visible_seal import base45
from portadoc.schemas.catalogue import SEAL_VCTS
from portadoc.schemas.examples import example
from portadoc.schemas.seals import SEAL_ROWS, seal_content
from tests.vectors.generate import NOW, text_of
from tests.vectors.seal_world import (
    DAY,
    EHIC_VCT,
    LIST_URI,
    NOWHERE_URI,
    OTHER,
    OTHER_LIST_URI,
    PDA1_VCT,
    PURPOSES,
    TWO_BITS_URI,
    WITHDRAWN,
    SealWorld,
    in_der,
    text_of_stream,
    with_high_s,
)
from tests.vectors.seal_world import text_of as seal_text

FOLDER: Final = Path(__file__).parent / "seal"
Vector = dict[str, Any]
_EPOCH_DAY: Final = NOW // DAY


def vectors() -> Iterator[tuple[str, Vector]]:
    """Yield each file's name and content."""
    world = SealWorld()
    yield "context.json", context(world)
    for part in (
        good,
        texts,
        streams,
        messages,
        headers,
        trust,
        signatures,
        claims,
        contents,
        left_out,
        statuses,
        periods,
        applications,
        kinds_of_others,
    ):
        for vector in part(world):
            yield f"{vector['name']}.json", vector


def context(world: SealWorld) -> Vector:
    """Return what every vector is judged by, unless it gives something else."""
    return {
        "comment": "TEST DATA. Keys can be derived by anybody. Times are seconds since the epoch.",
        "now": NOW,
        "day": "2026-11-22",
        "profile": "ietf-latest",
        "accepted_types": sorted(SEAL_VCTS),
        "max_status_age_s": 172_800,
        "clock_skew_s": 60,
        "work": None,
        "trust": world.trust(),
        "signers": world.signers(world.sealer, world.stranger, world.issuer, world.unknown, world.other),
        "status_lists": world.status_lists(),
    }


def vector(
    name: str,
    category: str,
    seal: str,
    verdict: str,
    code: str | None,
    *,
    codes: dict[str, str] | None = None,
    **given: Any,
) -> Vector:
    """Return one vector; ``code`` is that of the check the verdict rests on, ``codes`` are of other checks."""
    expected = {"verdict": verdict, "code": code, **({"codes": codes} if codes else {})}
    return {"name": name, "category": category, "seal": seal, "given": given, "expected": expected}


def sound(name: str, category: str, seal: str, **more: Any) -> Vector:
    """Return a vector that is as good as a seal can be."""
    return vector(name, category, seal, "holder_not_proven", "seal_not_bound", **more)


def asked_only(name: str, category: str, seal: str, **more: Any) -> Vector:
    """Return a vector that proves an application and nothing else."""
    return vector(name, category, seal, "applied_not_decided", "not_decided", **more)


def false(name: str, category: str, seal: str, code: str, **more: Any) -> Vector:
    """Return a vector that nobody vouches for."""
    return vector(name, category, seal, "not_authentic", code, **more)


def good(world: SealWorld) -> Iterator[Vector]:
    """Yield a good seal of each kind, and of one with everything that a seal can say."""
    for kind in ("pda1", "ehic", "prc"):
        yield sound(f"good-{kind}", "none", seal_text(world.message(world.claims(getattr(world, kind)()))))
    yield asked_only("good-application", "none", seal_text(world.message(world.claims(world.application()))))
    full = seal_content(example("posted-worker-fr-de"), pin="full")
    yield sound("good-pda1-with-number", "none", seal_text(world.message(world.claims(dict(full)))))
    ending = seal_content(example("posted-worker-fr-de"), pin="last4")
    yield sound("good-pda1-with-ending-of-number", "none", seal_text(world.message(world.claims(dict(ending)))))
    shortened = {**world.pda1(), 23: 5}
    yield sound("good-pda1-with-more-workplaces", "none", seal_text(world.message(world.claims(shortened))))


def texts(world: SealWorld) -> Iterator[Vector]:
    """Yield texts that are no seal, or no base45."""
    seal = seal_text(world.message())
    body = seal[4:]
    for name, text in {
        "prefix-missing": body,
        "prefix-of-another-edition": "PD2:" + body,
        "prefix-in-lower-case": "pd1:" + body,
        "prefix-of-a-health-certificate": "HC1:" + body,
        "nothing": "",
    }.items():
        yield false(name, "text", text, "seal_malformed.prefix")
    for name, text in {
        "lower-case": seal[:20] + seal[20:].lower(),
        "character-outside-alphabet": f"{seal[:20]}_{seal[21:]}",
        "line-end-behind": seal + "\n",
        "letter-from-elsewhere": f"{seal[:20]}\uff21{seal[21:]}",
    }.items():
        yield false(name, "text", text, "base45_invalid.character")
    yield false("base45-overflow", "text", f"PD1::::{body[3:]}", "base45_invalid.overflow")
    single = base45.encode(b"0" * (1 + 2 * 300))
    yield false("base45-overflow-of-last-byte", "text", f"PD1:{single[:-2]}::", "base45_invalid.overflow")
    yield false("base45-of-impossible-length", "text", f"PD1:{single[:-1]}", "base45_invalid.length")
    yield false("only-the-prefix", "text", "PD1:", "seal_malformed.compression")
    yield false("too-long-for-any-code", "text", "PD1:" + "0" * 4293, "limit_exceeded")


def streams(world: SealWorld) -> Iterator[Vector]:
    """Yield what is not one whole zlib stream of bounded size."""
    message = world.message()
    stream = zlib.compress(message, 9)
    raw = zlib.compressobj(9, wbits=-15)
    for name, spoilt, code in (
        ("zlib-bomb", zlib.compress(bytes(1_000_000), 9), "limit_exceeded"),
        ("zlib-one-byte-too-many", zlib.compress(bytes(16 * 1024 + 1), 9), "limit_exceeded"),
        ("zlib-truncated", stream[:-7], "seal_malformed.compression"),
        ("zlib-without-checksum", stream[:-4], "seal_malformed.compression"),
        ("zlib-checksum-wrong", stream[:-1] + bytes([stream[-1] ^ 1]), "seal_malformed.compression"),
        ("zlib-trailing", stream + b"\x00", "seal_malformed.trailing"),
        ("zlib-two-streams", stream + stream, "seal_malformed.trailing"),
        ("deflate-without-zlib", raw.compress(message) + raw.flush(), "seal_malformed.compression"),
        ("not-compressed", message, "seal_malformed.compression"),
    ):
        yield false(name, "compression", text_of_stream(spoilt), code)
    yield _idle_bits(world)


def _idle_bits(world: SealWorld) -> Vector:
    """Return a stream with a bit set behind its last block; not every stream has room for one."""
    for later in range(64):
        stream = zlib.compress(world.message(world.claims(iat=NOW - DAY + later)), 9)
        spoilt = stream[:-5] + bytes([stream[-5] | 0x80]) + stream[-4:]
        if spoilt != stream and _inflates_alike(spoilt, stream):
            return false("zlib-idle-bits", "compression", text_of_stream(spoilt), "seal_malformed.padding")
    raise AssertionError("no stream with room for idle bits")


def _inflates_alike(one: bytes, other: bytes) -> bool:
    try:
        return zlib.decompress(one) == zlib.decompress(other)
    except zlib.error:
        return False


def messages(world: SealWorld) -> Iterator[Vector]:
    """Yield what is no COSE_Sign1 in the one spelling of it."""
    message = world.message()
    array = message[1:]
    for name, spoilt, code in (
        ("cose-without-tag", array, "cbor_malformed.tag"),
        ("cose-mac", b"\xd1" + array, "cbor_malformed.tag"),
        ("cose-inside-cwt-tag", b"\xd8\x3d" + message, "cbor_malformed.tag"),
        ("cose-trailing-byte", message + b"\x00", "cbor_malformed.trailing"),
        ("cose-truncated", message[:-1], "cbor_malformed.truncated"),
        ("cose-indefinite", b"\xd2\x9f" + message[2:] + b"\xff", "cbor_malformed.indefinite"),
        ("cose-three-parts", strict_cbor.dumps([b"", {}, b""], tag=18), "malformed_token.form"),
        ("cose-payload-elsewhere", strict_cbor.dumps([b"", {}, None, b""], tag=18), "malformed_token.form"),
        ("cose-head-in-more-bytes", b"\xd2\x98\x04" + message[2:], "seal_malformed.encoding"),
        ("cose-tag-in-more-bytes", b"\xd8\x12" + array, "seal_malformed.encoding"),
        ("nested-too-deep", b"\xd2" + b"\x81" * 12 + b"\x00", "limit_exceeded"),
    ):
        yield false(name, "cbor", seal_text(spoilt), code)
    yield from _payloads(world)


def _payloads(world: SealWorld) -> Iterator[Vector]:
    """Yield payloads that are signed well and are no CBOR with one reading."""
    claims = strict_cbor.dumps(world.claims())
    exp = b"\x04" + strict_cbor.dumps(NOW + 200 * DAY)
    assert claims.startswith(b"\xa5")
    assert exp in claims
    for name, payload, code in (
        ("claim-twice", b"\xa6" + exp + claims[1:], "cbor_malformed.duplicate_key"),
        ("claims-indefinite", b"\xbf" + claims[1:] + b"\xff", "cbor_malformed.indefinite"),
        ("claim-as-float", cbor2.dumps({**world.claims(), 4: 1.5}), "cbor_malformed.type"),
        ("claim-as-tagged-date", cbor2.dumps({**world.claims(), 4: cbor2.CBORTag(1, NOW)}), "cbor_malformed.tag"),
        ("claims-not-a-map", strict_cbor.dumps([1, 2]), "cbor_malformed.not_map"),
        ("claims-not-utf8", b"\xa1\x01\x62\xff\xff", "cbor_malformed.utf8"),
        ("claims-trailing", claims + b"\x00", "cbor_malformed.trailing"),
        ("claims-empty", b"", "cbor_malformed.truncated"),
        ("claim-unknown", strict_cbor.dumps({**world.claims(), 99: 1}), "seal_malformed.label"),
        ("claim-by-name", strict_cbor.dumps({**world.claims(), "iss": "FR:TEST01"}), "seal_malformed.label"),
        ("claim-as-bytes", strict_cbor.dumps(world.claims(iss=b"FR:TEST01")), "seal_malformed.type"),
        (
            "content-with-bytes",
            strict_cbor.dumps(world.claims({**world.pda1(), 4: b"Test"})),
            "seal_malformed.type",
        ),
    ):
        yield false(name, "cbor", seal_text(world.message(payload=payload)), code)


def headers(world: SealWorld) -> Iterator[Vector]:
    """Yield headers that a seal may not have."""
    key_id = world.protected()[4]
    for name, spoilt, code in (
        ("header-with-type", world.protected(_16="application/cwt"), "header_param_forbidden"),
        ("header-with-certificate", world.protected(_33=world.sealer.chain[0]), "header_param_forbidden"),
        ("header-with-content-type", world.protected(_3=61), "header_param_forbidden"),
        ("header-critical", world.protected(_2=[4]), "crit_unsupported"),
        ("algorithm-missing", world.protected(_1=None), "malformed_token.alg"),
        ("algorithm-as-text", world.protected(_1="ES256"), "malformed_token.alg"),
        ("algorithm-hmac", world.protected(_1=5), "alg_not_allowed"),
        ("algorithm-none", world.protected(_1=0), "alg_not_allowed"),
        ("algorithm-of-another-key", world.protected(_1=-35), "alg_not_allowed"),
        ("key-id-missing", world.protected(_4=None), "seal_malformed.key_id"),
        ("key-id-too-short", world.protected(_4=key_id[:7]), "seal_malformed.key_id"),
        ("key-id-too-long", world.protected(_4=key_id + b"\x00"), "seal_malformed.key_id"),
        ("key-id-as-text", world.protected(_4=key_id.hex()[:8]), "seal_malformed.key_id"),
    ):
        yield false(name, "header", seal_text(world.message(protected=spoilt)), code)
    for name, protected, unprotected in (
        ("key-id-unprotected", world.protected(_4=None), {4: key_id}),
        ("key-id-in-both-headers", world.protected(), {4: key_id}),
        ("certificate-unprotected", world.protected(), {33: world.sealer.chain[0]}),
    ):
        seal = seal_text(world.message(protected=protected, unprotected=unprotected))
        yield false(name, "header", seal, "header_param_forbidden")


def trust(world: SealWorld) -> Iterator[Vector]:
    """Yield seals whose signer is not known, not trusted, or not authorised."""
    seal = seal_text(world.message())
    yield false("signer-unknown", "trust", seal, "issuer_untrusted.signer_unknown", signers={})
    both = world.signers(world.stranger, world.sealer, under=world.sealer)
    yield sound("two-signers-of-one-key-id", "trust", seal, signers=both)
    mixed = world.signers(world.unknown, world.sealer, under=world.sealer)
    yield sound("two-signers-of-one-key-id-one-trusted", "trust", seal, signers=mixed)
    neither = world.signers(world.stranger, world.other, under=world.sealer)
    yield false(
        "two-signers-of-one-key-id-neither-signed", "trust", seal, "signature_invalid.mismatch", signers=neither
    )
    for name, signer, code in (
        ("signer-under-unknown-root", world.unknown, "issuer_untrusted.anchor_unknown"),
        ("signer-of-credentials", world.issuer, "chain_invalid.extended_key_usage"),
    ):
        spoilt = world.message(protected=world.protected(signer), signer=signer)
        yield false(name, "trust", seal_text(spoilt), code)
    late = seal_text(world.message(world.claims(exp=NOW + 9_000 * DAY)))
    yield false("certificate-expired", "trust", late, "chain_invalid.expired", now=NOW + 2_000 * DAY)
    for name, changes, code in (
        ("not-authorised-for-seals", {"purposes": PURPOSES - {"document_seal"}}, "purpose_not_authorised"),
        ("not-authorised-for-the-kind", {"credential_types": frozenset({EHIC_VCT})}, "type_not_authorised"),
        ("authorisation-withdrawn", {"withdrawn_at": NOW - 60}, "withdrawn"),
        ("authorised-only-since-it-was-sealed", {"valid_from": NOW - 3600}, "outside_period"),
        ("authorisation-ended", {"valid_to": NOW - 3600}, "outside_period"),
    ):
        yield false(name, "trust", seal, f"issuer_untrusted.{code}", trust=world.trust(**changes))
    only_a1 = world.trust(credential_types=frozenset({PDA1_VCT}))
    for kind in ("ehic", "prc"):
        seal = seal_text(world.message(world.claims(getattr(world, kind)())))
        code = "issuer_untrusted.type_not_authorised"
        yield false(f"not-authorised-for-the-kind-{kind}", "trust", seal, code, trust=only_a1)


def signatures(world: SealWorld) -> Iterator[Vector]:
    """Yield signatures that do not hold, or hold in a second spelling."""
    made: tuple[tuple[str, Callable[[bytes], bytes], str], ...] = (
        ("signature-bit-flipped", lambda s: s[:5] + bytes([s[5] ^ 1]) + s[6:], "mismatch"),
        ("signature-of-other-half", with_high_s, "high_s"),
        ("signature-in-der", in_der, "length"),
        ("signature-too-short", lambda s: s[:-1], "length"),
        ("signature-too-long", lambda s: s + b"\x00", "length"),
        ("signature-empty", lambda s: b"", "length"),
        ("signature-of-zeros", lambda s: bytes(64), "range"),
        ("signature-with-r-zero", lambda s: bytes(32) + s[32:], "range"),
    )
    for name, spoil, reason in made:
        seal = seal_text(world.message(signature=spoil))
        yield false(name, "signature", seal, f"signature_invalid.{reason}")
    stranger = seal_text(world.message(signer=world.stranger))
    yield false("signed-by-another-key", "signature", stranger, "signature_invalid.mismatch")
    message = world.message()
    altered = message.replace(b"Testelin", b"Testelan", 1)
    assert altered != message
    yield false("name-altered", "signature", seal_text(altered), "signature_invalid.mismatch")
    other = world.message(world.claims({**world.pda1(), 14: _EPOCH_DAY + 1000}))
    swapped = other[: -len(b"\x58\x40") - 64] + message[-66:]
    yield false("signature-of-another-seal", "signature", seal_text(swapped), "signature_invalid.mismatch")


def claims(world: SealWorld) -> Iterator[Vector]:
    """Yield claims around the content that are missing, of another form, or of another time or institution."""
    for name, changes, verdict, code in (
        ("institution-missing", {"iss": None}, "not_authentic", "claim_missing"),
        ("institution-as-number", {"iss": 7}, "not_authentic", "claim_invalid"),
        ("institution-of-another", {"iss": OTHER.id}, "not_authentic", "issuer_untrusted.institution_mismatch"),
        ("sealing-time-missing", {"iat": None}, "not_authentic", "claim_missing"),
        ("sealing-time-negative", {"iat": -1}, "not_authentic", "claim_invalid"),
        ("expiry-missing", {"exp": None}, "not_what_was_asked", "claim_missing"),
        ("expiry-as-text", {"exp": "2030-01-01"}, "not_what_was_asked", "claim_invalid"),
        ("expired", {"exp": NOW - 61}, "not_in_force_on_date", "expired"),
        ("sealed-tomorrow", {"iat": NOW + DAY}, "not_in_force_on_date", "not_yet_valid"),
    ):
        yield vector(name, "claims", seal_text(world.message(world.claims(**changes))), verdict, code)
    yield sound("expired-within-the-skew", "claims", seal_text(world.message(world.claims(exp=NOW - 30))))


def contents(world: SealWorld) -> Iterator[Vector]:
    """Yield contents that do not read as their table says."""
    pda1 = world.pda1()
    without_start = {label: value for label, value in pda1.items() if label != 13}
    for name, content, verdict, code in (
        ("kind-missing", {k: v for k, v in pda1.items() if k}, "not_what_was_asked", "claim_missing"),
        ("kind-unknown", {**pda1, 0: 9}, "not_what_was_asked", "seal_kind_unknown"),
        ("kind-as-text", {**pda1, 0: "pda1"}, "not_what_was_asked", "claim_invalid"),
        ("content-not-a-map", [1], "not_what_was_asked", "claim_missing"),
        ("content-empty", {}, "not_what_was_asked", "claim_missing"),
        ("coverage-start-missing", without_start, "not_what_was_asked", "claim_missing"),
        ("coverage-start-as-text", {**pda1, 13: "2026-11-01"}, "not_what_was_asked", "claim_invalid"),
        ("coverage-end-null", {**pda1, 14: None}, "not_what_was_asked", "claim_invalid"),
        ("coverage-end-beyond-the-calendar", {**pda1, 14: 2**40}, "not_what_was_asked", "claim_invalid"),
        ("authority-of-another", {**pda1, 18: OTHER.id}, "not_authentic", "issuer_untrusted.institution_mismatch"),
        ("surname-as-number", {**pda1, 4: 5}, "not_what_was_asked", "claim_invalid"),
        ("states-of-work-unknown", {**pda1, 17: [{1: "XX"}, "DE"]}, "not_what_was_asked", "claim_invalid"),
        ("employments-not-a-list", {**pda1, 16: "Ateliers"}, "not_what_was_asked", "claim_invalid"),
        ("employments-none", {**pda1, 16: []}, "not_what_was_asked", "claim_invalid"),
        ("employer-without-name", {**pda1, 16: [{2: "1"}]}, "not_what_was_asked", "claim_missing"),
        ("nationalities-none", {**pda1, 9: []}, "not_what_was_asked", "claim_invalid"),
        ("country-of-another", {**pda1, 20: "DE"}, "not_authentic", "issuer_untrusted.country_mismatch"),
        (
            "institution-of-another-state",
            {**pda1, 18: OTHER.id, 19: OTHER.name, 20: "DE", 30: pda1[18], 31: pda1[19], 32: pda1[20]},
            "not_authentic",
            "issuer_untrusted.country_mismatch",
        ),
    ):
        yield vector(name, "content", seal_text(world.message(world.claims(content))), verdict, code)
    unknown = seal_text(world.message(world.claims({**pda1, 9999: "later edition"})))
    spelt = seal_text(world.message(world.claims({**pda1, "note": {"text": [1, True]}})))
    more = seal_text(world.message(world.claims({**pda1, 17: [*pda1[17], {1: "XX"}]})))
    yield sound("state-of-work-unknown", "content", more, codes={"content": "content_deviates"})
    yield sound("label-unknown", "content", unknown, codes={"content": "content_deviates"})
    yield sound("label-as-text", "content", spelt, codes={"content": "content_deviates"})
    a1_only = {"accepted_types": ["urn:portadoc:seal:pda1:1"]}
    ehic = seal_text(world.message(world.claims(world.ehic())))
    yield vector("kind-not-asked-for", "content", ehic, "not_what_was_asked", "type_not_accepted", **a1_only)


def left_out(world: SealWorld) -> Iterator[Vector]:
    """Yield seals without one place that every seal of their kind has."""
    for kind, rows in SEAL_ROWS.items():
        whole = getattr(world, kind)()
        for label in (row.label for row in rows if row.mandatory):
            content = {number: value for number, value in whole.items() if number != label}
            seal = seal_text(world.message(world.claims(content)))
            name, found = f"left-out-{kind}-{label}", {"content": "claim_missing"}
            yield vector(name, "left_out", seal, "not_what_was_asked", "claim_missing", codes=found)


def statuses(world: SealWorld) -> Iterator[Vector]:
    """Yield seals that are withdrawn, or of which that is not known."""

    def at(uri: str, idx: int) -> str:
        return seal_text(world.message(world.claims(status=StatusReference(uri, idx).to_claim())))

    unknown = "status_not_known"
    yield vector("withdrawn", "status", at(LIST_URI, WITHDRAWN), "withdrawn_or_replaced", "revoked")
    for kind in ("ehic", "prc", "pda1"):
        seal = seal_text(world.message(world.claims(getattr(world, kind)(), status=None)))
        yield vector(f"status-left-out-{kind}", "status", seal, unknown, "claim_missing")
    for name, seal, code in (
        ("status-index-outside-list", at(LIST_URI, 1024), "status_invalid.index_out_of_range"),
        ("status-list-not-at-hand", at(NOWHERE_URI, 1), "status_unavailable.not_held"),
        ("status-list-of-another", at(OTHER_LIST_URI, 1), "status_invalid.institution_mismatch"),
        ("status-suspended", at(TWO_BITS_URI, WITHDRAWN), "suspended"),
    ):
        yield vector(name, "status", seal, unknown, code)
    for name, claim, code in (
        ("status-by-unknown-means", {"other": {}}, "status_invalid.mechanism_unknown"),
        ("status-index-as-text", {"status_list": {"idx": "7", "uri": LIST_URI}}, "status_invalid.index_form"),
        ("status-as-number", 7, "status_invalid.reference_form"),
    ):
        yield vector(name, "status", seal_text(world.message(world.claims(status=claim))), unknown, code)
    yield from _ages(world)


def _ages(world: SealWorld) -> Iterator[Vector]:
    """Yield a good seal by lists of other ages."""
    seal, statuses = seal_text(world.message()), StatusList.of(1024, bits=1)

    def aged(age_s: int) -> dict[str, Any]:
        return {LIST_URI: world.status_list(statuses, age_s=age_s)}

    stale = {"status": "status_stale"}
    yield sound("status-list-stale", "status", seal, codes=stale, status_lists=aged(3600))
    for name, age_s, code, given in (
        ("status-list-too-old", 7200, "status_too_old", {"max_status_age_s": 3600}),
        ("status-list-expired", 2 * DAY, "status_unavailable.list_expired", {}),
        ("status-list-of-tomorrow", -DAY, "status_unavailable.list_of_a_later_time", {}),
    ):
        yield vector(name, "status", seal, "status_not_known", code, status_lists=aged(age_s), **given)


def periods(world: SealWorld) -> Iterator[Vector]:
    """Yield days and work that a document does not cover."""
    seal, over = seal_text(world.message()), "not_in_force_on_date"
    for name, day, code in (
        ("coverage-ended", {"day": "2027-08-31", "content": {14: _EPOCH_DAY - 1}}, "coverage_ended"),
        ("coverage-not-begun", {"day": "2026-10-20", "content": {}}, "coverage_not_started"),
        ("document-expired", {"day": "2026-11-22", "content": {3: _EPOCH_DAY - 1}}, "document_expired"),
        ("document-not-issued", {"day": "2026-10-01", "content": {}}, "document_not_yet_issued"),
    ):
        changed = seal_text(world.message(world.claims({**world.pda1(), **day["content"]})))
        yield vector(name, "period", changed, over, code, day=day["day"])
    first = seal_text(world.message(world.claims({**world.pda1(), 2: _EPOCH_DAY - 100})))
    yield sound("first-day-of-coverage", "period", first, day="2026-11-01")
    yield sound("last-day-of-coverage", "period", seal, day="2027-08-31")
    prc = seal_text(world.message(world.claims(world.prc())))
    yield sound("replacement-for-a-day-before-it-was-issued", "period", prc, day="2026-11-16")
    yield vector("replacement-over", "period", prc, over, "coverage_ended", day="2027-02-16")
    for name, work in (
        ("work-covered", {"state": "DE", "employers": ["999 000 001 00019"]}),
        ("work-in-the-state-of-legislation", {"state": "FR"}),
    ):
        yield sound(name, "work", seal, work=work)
    for name, work, code in (
        ("work-in-another-state", {"state": "BE"}, "work_state_not_covered"),
        ("work-for-another-employer", {"employers": ["11122233300044"]}, "work_employer_not_covered"),
        ("work-beyond-the-period", {"first": "2027-08-01", "last": "2027-09-30"}, "work_period_not_covered"),
    ):
        yield vector(name, "work", seal, "does_not_cover_work", code, work=work)
    yield sound(
        "work-asked-of-a-card", "work", seal_text(world.message(world.claims(world.ehic()))), work={"state": "BE"}
    )


def applications(world: SealWorld) -> Iterator[Vector]:
    """Yield proofs of application: none of them ever reads as a certificate."""
    asked, category = world.application(), "application"

    def made(content: Any = None, **changes: Any) -> str:
        return seal_text(world.message(world.claims(asked if content is None else content, **changes)))

    def at(uri: str, idx: int) -> dict[str, Any]:
        return {"status": StatusReference(uri, idx).to_claim()}

    seal = made()
    plain = {label: value for label, value in asked.items() if label not in (11, 12, 13, 17)}
    yield asked_only("application-of-a-self-employed-person-without-end", category, made(plain))
    yield asked_only("application-read-before-the-days-asked-for", category, seal, day="2026-11-01")
    yield asked_only("application-read-after-the-days-asked-for", category, seal, day="2027-12-01")
    for name, work in (("asked-for", {"state": "DE"}), ("not-asked-for", {"state": "BE", "employers": ["1"]})):
        found = {"covers_work": "work_not_decided_here"}
        yield asked_only(f"application-for-work-{name}", category, seal, work=work, codes=found)
    for name, changes, code in (
        ("application-status-not-known", at(NOWHERE_URI, 1), "status_unavailable.not_held"),
        ("application-status-left-out", {"status": None}, "claim_missing"),
        ("application-suspended", at(TWO_BITS_URI, WITHDRAWN), "suspended"),
    ):
        yield asked_only(name, category, made(**changes), codes={"status": code})
    unknown = made({**asked, 9999: "later edition"})
    yield asked_only("application-with-label-unknown", category, unknown, codes={"content": "content_deviates"})
    ended, over = made(**at(LIST_URI, WITHDRAWN)), made(exp=NOW - 61)
    yield vector("application-ended", category, ended, "withdrawn_or_replaced", "revoked")
    yield vector("application-over", category, over, "not_in_force_on_date", "expired")
    others = [each for each in sorted(SEAL_VCTS) if "application" not in each]
    refused = ("not_what_was_asked", "type_not_accepted")
    yield vector("application-not-wanted", category, seal, *refused, accepted_types=others)
    for name, changed in (
        ("kind-unknown", {7: "ehic"}),
        ("day-as-text", {2: "2026-11-21"}),
        ("state-of-legislation-unknown", {8: "US"}),
        ("states-of-work-unknown", {9: ["US"]}),
        ("states-of-work-none", {9: []}),
        ("surname-as-number", {4: 7}),
    ):
        spoilt = made({**asked, **changed})
        yield vector(f"application-{name}", category, spoilt, "not_what_was_asked", "claim_invalid")
    for name, changed, reason in (
        ("institution", {14: OTHER.id}, "institution_mismatch"),
        ("country", {16: "DE"}, "country_mismatch"),
    ):
        spoilt = made({**asked, **changed})
        yield false(f"application-{name}-of-another", category, spoilt, f"issuer_untrusted.{reason}")
    cards = world.trust(credential_types=frozenset({EHIC_VCT}))
    code = "issuer_untrusted.type_not_authorised"
    yield false("application-not-authorised-for-the-a1", category, seal, code, trust=cards)


def kinds_of_others(world: SealWorld) -> Iterator[Vector]:
    """Yield the content of an application under the number of a certificate, and the other way round."""
    asked, strange = world.application(), ("not_authentic", "issuer_untrusted.institution_mismatch")
    for kind, number, verdict, code in (
        ("pda1", 1, "not_what_was_asked", "claim_missing"),
        ("ehic", 2, *strange),
        ("prc", 3, *strange),
    ):
        seal = seal_text(world.message(world.claims({**asked, 0: number})))
        yield vector(f"application-as-{kind}", "application", seal, verdict, code)
    for kind, verdict, code in (
        ("pda1", "not_what_was_asked", "claim_invalid"),
        ("ehic", "not_what_was_asked", "claim_missing"),
        ("prc", *strange),
    ):
        seal = seal_text(world.message(world.claims({**getattr(world, kind)(), 0: 4})))
        yield vector(f"{kind}-as-application", "application", seal, verdict, code)


def main() -> None:
    """Write every file and remove those that are no more."""
    FOLDER.mkdir(exist_ok=True)
    files = {name: text_of(content) for name, content in vectors()}
    for old in FOLDER.glob("*.json"):
        if old.name not in files:
            old.unlink()
    for name, text in files.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
