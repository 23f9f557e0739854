"""What a credential says and how: read as a careful wallet reads it. Spec: SD-JWT VC, RFC 9901, HAIP 1.0 §6.1."""

from typing import Any, Final
from urllib.parse import urlsplit

from portadoc.conformance.beyond.proofs import OWN
from portadoc.conformance.checks import Check, Module, Record, Severity
from portadoc.conformance.credentials import TakenApart, take_apart
from portadoc.conformance.signatures import certified_claims
from portadoc.conformance.suite.batches import judge_times
from portadoc.conformance.trial import Trial
from portadoc.conformance.wire import JSON_TYPE
from portadoc.errors import Error
from portadoc.formats.roles import STATUS_LIST as STATUS_LIST_ROLE
from portadoc.formats.sd_jwt import PROTECTED_CLAIMS
from portadoc.formats.status_list.claims import StatusListForm, StatusListLimits, verified_status_list
from portadoc.formats.type_metadata import (
    check_disclosability,
    check_integrity,
    parse_type_metadata,
)
from portadoc.schemas.claims import JsonObject

FORM: Final = Check(
    "credential-form",
    "RFC 9901 §4, §7.1",
    "The credential is an SD-JWT in compact form whose digests all fit",
    "A disclosure without a digest, a digest twice, or a padded segment.",
    "See the reason; the parts do not fit.",
)
TYP: Final = Check(
    "credential-typ",
    "SD-JWT VC §2.2.1",
    "The typ is dc+sd-jwt",
    "vc+sd-jwt of earlier drafts.",
    "Write dc+sd-jwt.",
)
SIGNATURE: Final = Check(
    "credential-signature",
    "HAIP 1.0 §6.1.1, RFC 7515 §4.1.6",
    "The first certificate of x5c signed, none of them signed itself, and the anchor is not among them",
    "kid instead of x5c, or the root is sent along.",
    "Send the chain from the signer up, without the anchor.",
)
VCT: Final = Check(
    "credential-vct",
    "OpenID4VCI 1.0 App. A.3.2, SD-JWT VC §2.2.2.1",
    "vct is that of the configuration",
    "The type is built in two places.",
    "Take vct from one place.",
)
CNF: Final = Check(
    "credential-cnf",
    "SD-JWT VC §2.2.2.2, RFC 7800",
    "cnf holds the key that was proven, and can be read by anybody",
    "Another key of the wallet (DPoP, instance) is bound, or cnf can be disclosed selectively.",
    "Bind the key of the proof in cnf.jwk.",
)
OPEN: Final = Check(
    "credential-open-claims",
    "SD-JWT VC §2.2.2.2",
    "iss, nbf, exp, cnf, vct and status cannot be kept back",
    "Every claim is made selectively disclosable.",
    "Leave these in clear.",
)
LIMITED: Final = Check(
    "credential-validity",
    "HAIP 1.0 §6.1",
    "exp or status bounds the validity",
    "Neither is there.",
    "Set exp, status or both.",
)
IN_TIME: Final = Check(
    "credential-in-time",
    "SD-JWT VC §2.2.2.2",
    "nbf and iat have passed, exp has not",
    "Clocks differ, or zones.",
    "Write seconds since 1970 in UTC.",
)
TIMES: Final = Check(
    "credential-rounded-times",
    "RFC 9901 §10.1, ARF 3.0 ISSU_36",
    "iat, nbf and exp do not tell the moment of issuance",
    "The clock's second goes into the credential.",
    "Round the times to the day, or at least to the hour.",
    Severity.WARN,
)
SALTS: Final = Check(
    "credential-salts",
    "RFC 9901 §9.3",
    "Every salt has 128 bits or more",
    "Salts are short, or the same.",
    "Draw 16 random bytes for each disclosure.",
    Severity.WARN,
)
STATUS_FORM: Final = Check(
    "status-form",
    "Token Status List §6.2",
    "The status names a list by HTTPS address and an index",
    "Another kind of status.",
    "Write status.status_list with uri and idx.",
)
STATUS_LIST: Final = Check(
    "status-list",
    "Token Status List §5.1, §8.3, HAIP 1.0 §6.1",
    "The list can be fetched as application/statuslist+jwt, signed under x5c, for its own address, in its time, "
    "and has the index",
    "Another content type, sub differs from the address, or the list has ended.",
    "See the reason.",
)
STATUS_VALID: Final = Check(
    "status-valid",
    "Token Status List §7",
    "A credential that has just been issued is valid by its list",
    "The list is published later than the credential.",
    "Publish the list before the credential is given out.",
)
TYPE_METADATA: Final = Check(
    "type-metadata",
    "SD-JWT VC §4, §5",
    "The metadata of the type can be had, are in order, and match vct#integrity",
    "The digest is of another serialisation, or hexadecimal.",
    "Hash the bytes that are served.",
)
DISCLOSABLE: Final = Check(
    "type-metadata-sd",
    "SD-JWT VC §4.6.4",
    "Claims can be kept back exactly as the metadata of the type say",
    "Metadata and signer decide apart from one another.",
    "Decide from the metadata.",
)
MANDATORY: Final = Check(
    "type-metadata-mandatory",
    "SD-JWT VC §4.6.3",
    "Every claim that the metadata call mandatory is there",
    "A mandatory claim has no value in the record.",
    "Refuse to issue without it.",
)
_SKEW_S: Final = 60


def run(trial: Trial, record: Record) -> None:
    """Look at one credential."""
    access, delivered, keys = trial.sample(record)
    found = take_apart(delivered.credentials[0])
    record.require(FORM, found.processed is not None, found.fault, delivered.answer)
    typ = found.header.get("typ")
    record.judge(TYP, typ == trial.profile.credential_typ, f"it is {typ!r}"[:80])
    record.judge(SIGNATURE, not found.signature_fault, found.signature_fault)
    named = next(iter(access.identifiers), None) or access.configuration_ids[0]
    configuration = trial.issuer(record).configurations.get(named, {})
    record.judge(VCT, found.payload.get("vct") == configuration.get("vct"), "it is another")
    _binding(found, {each.kid for each in keys}, record)
    _times(trial, found, record)
    sizes = [len(each) for each in found.salts]
    record.judge(SALTS, all(each >= 22 for each in sizes), f"one has {min(sizes, default=0)} characters")
    _status(trial, found, record)
    _type_metadata(trial, found, record)


def _binding(found: TakenApart, proven: set[str], record: Record) -> None:
    record.judge(CNF, found.bound_to in proven, "it is another key, or none that can be read")
    hidden = [name for name in sorted(PROTECTED_CLAIMS) if name not in found.payload and name in _claims(found)]
    record.judge(OPEN, not hidden, f"not in clear: {', '.join(hidden)}")


def _times(trial: Trial, found: TakenApart, record: Record) -> None:
    claims, now = found.payload, trial.kit.clock.now()
    record.judge(LIMITED, "exp" in claims or "status" in claims, "neither exp nor status is there")
    begun = all(_number(claims, name, now) <= now + _SKEW_S for name in ("iat", "nbf"))
    record.judge(IN_TIME, begun and _number(claims, "exp", now + 1) > now - _SKEW_S, "it is not valid now")
    judge_times([found], now, record, TIMES)


def _status(trial: Trial, found: TakenApart, record: Record) -> None:
    if "status" not in found.payload:
        record.not_applicable(STATUS_LIST, "the credential has no status")
        return
    reference = found.status
    secure = reference is not None and (reference[0].startswith("https://") or trial.on_loopback)
    record.require(STATUS_FORM, secure, "there is no such reference")
    assert reference is not None, "required above"
    uri, idx = reference
    answer = trial.wire.get(uri, accept="application/statuslist+jwt")
    right = answer.status == 200 and answer.content_type == "application/statuslist+jwt"
    if not record.judge(STATUS_LIST, right, "no status list came", answer):
        return
    try:
        believed = verified_status_list(
            certified_claims(answer.text.strip(), STATUS_LIST_ROLE),
            form=StatusListForm.JWT,
            uri=uri,
            now=trial.kit.clock.now(),
            skew_s=_SKEW_S,
            limits=StatusListLimits(),
        )
        value = believed.statuses.get(idx)
    except Error as fault:
        record.judge(STATUS_LIST, False, f"{fault.code} {fault.params.get('reason', '')}".strip(), answer)
        return
    record.judge(STATUS_VALID, value == 0, f"its status is {value}", answer)


def _type_metadata(trial: Trial, found: TakenApart, record: Record) -> None:
    vct, pin = found.payload.get("vct"), found.payload.get("vct#integrity")
    document = _document(trial, str(vct), record)
    if document is None:
        if urlsplit(str(vct)).scheme in ("http", "https") and pin is not None:
            record.judge(TYPE_METADATA, False, "vct#integrity is there and the document is not")
        else:
            record.not_applicable(
                TYPE_METADATA, "no document of the type was found, and vct does not say where one is"
            )
        return
    raw, content = document
    try:
        if isinstance(pin, str):
            check_integrity(raw, pin)
        metadata = parse_type_metadata(content, vct=str(vct))
    except Error as fault:
        record.judge(TYPE_METADATA, False, f"{fault.code} {fault.params.get('reason', '')}".strip())
        return
    record.judge(TYPE_METADATA, True, "")
    assert found.processed is not None, "required above"
    try:
        check_disclosability(metadata, found.processed)
        record.judge(DISCLOSABLE, True, "")
    except Error as fault:
        record.judge(DISCLOSABLE, False, str(fault.params.get("reason", fault.code)))
    missing = [
        each.path[0]
        for each in metadata.claims
        if each.mandatory and each.path and each.path[0] not in _claims(found)
    ]
    record.judge(MANDATORY, not missing, f"missing: {', '.join(map(str, missing[:8]))}")


def _document(trial: Trial, vct: str, record: Record) -> tuple[bytes, JsonObject] | None:
    """Return the metadata document of a type: at vct where that is an address, else at the issuer's own place."""
    parts = urlsplit(trial.issuer(record).text("credential_issuer"))
    own = f"{parts.scheme}://{parts.netloc}/types/{vct}"  # where Portadoc has the types that are named by a URN
    for url in (vct, own):
        if urlsplit(url).scheme not in ("http", "https"):
            continue
        answer = trial.wire.get(url)
        if answer.status == 200 and answer.content_type == JSON_TYPE and answer.json is not None:
            return answer.body, answer.json
    return None


def _claims(found: TakenApart) -> JsonObject:
    return dict(found.processed.claims) if found.processed else {}


def _number(claims: JsonObject, name: str, default: int) -> int:
    value: Any = claims.get(name, default)
    return value if type(value) is int else -(2**60) if name == "exp" else 2**60


MODULES: Final = (Module(f"{OWN}credential-content", "What a credential says and how", run),)
