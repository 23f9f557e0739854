"""Attestations of public bodies and their issuers. Spec: ETSI TS 119 472-1 V1.2.1 clause 5, ARF 3.0, TS3 v1.5."""

from typing import Any, Final

from portadoc.conformance.beyond.proofs import OWN
from portadoc.conformance.checks import Check, Module, Record, Severity
from portadoc.conformance.conversation.published import Published, object_of, proof_types
from portadoc.conformance.credentials import TakenApart, take_apart
from portadoc.conformance.trial import Trial
from portadoc.errors import Error
from portadoc.keys.certificates import from_pem

EUROPEAN: Final = frozenset({"eudi-2026"})
CATEGORY: Final = Check(
    "category",
    "ETSI TS 119 472-1 PuB-EAA-5.2.2.3-02",
    "category is urn:etsi:esi:eaa:eu:pub",
    "The claim is missing.",
    "Write it; attestations that are not of public bodies do not have it.",
)
INTEGRITY: Final = Check(
    "vct-integrity",
    "ETSI TS 119 472-1 EAA-5.2.1.2-03",
    "vct#integrity is there",
    "It is optional elsewhere.",
    "Write the digest of the Type Metadata that you serve.",
)
TERM: Final = Check(
    "technical-validity",
    "ETSI TS 119 472-1 §5.2.7.1",
    "nbf and exp are there",
    "One is left out.",
    "Write both.",
)
ADMINISTRATIVE: Final = Check(
    "administrative-validity",
    "ETSI TS 119 472-1 §5.2.7",
    "adm_nbf and adm_exp stand together or not at all",
    "One is left out.",
    "Write both or neither.",
)
STATUS: Final = Check(
    "status-or-short-lived",
    "ETSI TS 119 472-1 §5.2.10.3, CIR (EU) 2026/1731",
    "There is a status, or shortLived is null and the life 24 hours at most",
    "Neither is there.",
    "Write a status list reference.",
)
SEAL: Final = Check(
    "seal-header",
    "ETSI TS 119 472-1 PuB-EAA-5.6.3, HAIP 1.0 §6.1.1",
    "The header has x5c, x5u by HTTPS, and x5t#S256 of the first certificate",
    "One is missing, or the thumbprint is of another certificate.",
    "Write all three.",
)
SEAL_SERVED: Final = Check(
    "seal-certificate-served",
    "RFC 7515 §4.1.5, ETSI TS 119 472-1 PuB-EAA-5.6.3",
    "At x5u stands the chain of x5c, as PEM",
    "The address is made up, or serves the certificate of another key.",
    "Serve the signer's chain at the address that the header names.",
)
ISS: Final = Check(
    "issuer-uri",
    "ETSI TS 119 472-1 EAA-5.2.4.1-02",
    "iss is there",
    "It is optional elsewhere.",
    "Write it.",
)
SD_ALG: Final = Check(
    "sd-alg",
    "ETSI TS 119 472-1 EAA-5.4.1.5-02",
    "_sd_alg is there wherever something can be disclosed",
    "The default is left unsaid.",
    "Write sha-256.",
)
NOT_THERE: Final = Check(
    "no-audience",
    "ETSI TS 119 472-1 §5.2.8.1, §5.2.11",
    "There is no audience",
    "aud comes from a JWT library.",
    "Leave aud out.",
)
SUBJECT: Final = Check(
    "one-subject",
    "ETSI TS 119 472-1 §5.2.5",
    "There is no more than one of sub and also_known_as",
    "Both are written.",
    "Write one.",
    Severity.WARN,
)
REGISTRATION: Final = Check(
    "issuer-info",
    "ARF 3.0 RPRC_22",
    "issuer_info has the registration certificate by value",
    "It is not published.",
    "Publish issuer_info with the format registration_cert.",
)
REUSE: Final = Check(
    "credential-reuse-policy",
    "ARF 3.0 ISSU_38",
    "Every configuration says how often a copy may be shown",
    "It is not published.",
    "Publish credential_metadata.credential_reuse_policy.",
)
ATTESTED: Final = Check(
    "key-attestations-asked",
    "TS3 v1.5 §2.3.3, ARF 3.0 ISSU_27d",
    "Every configuration takes the proof types jwt and attestation, both with key_attestations_required",
    "One of the types is missing, or the requirement is.",
    "Publish both with the levels that you require.",
)
_DAY_S: Final = 86_400


def content(trial: Trial, record: Record) -> None:
    """Look at one credential, as an attestation of a public body."""
    _, delivered, _ = trial.sample(record)
    found = take_apart(delivered.credentials[0])
    record.step(found.processed is not None, "the credential cannot be read", delivered.answer)
    claims = found.payload
    due = trial.profile.attestation_category
    record.judge(CATEGORY, claims.get("category") == due, "it is another, or missing")
    record.judge(INTEGRITY, isinstance(claims.get("vct#integrity"), str), "it is missing")
    record.judge(TERM, all(type(claims.get(name)) is int for name in ("nbf", "exp")), "one is missing")
    said = dict(found.processed.claims) if found.processed else {}
    record.judge(ADMINISTRATIVE, ("adm_nbf" in said) == ("adm_exp" in said), "one is missing")
    record.judge(STATUS, found.status is not None or _short_lived(claims), "neither is there")
    _seal(trial, found, record)
    record.judge(ISS, isinstance(claims.get("iss"), str), "it is missing")
    record.judge(SD_ALG, not found.disclosures or "_sd_alg" in claims, "it is missing")
    record.judge(NOT_THERE, "aud" not in said, "there is one")
    record.judge(SUBJECT, not {"sub", "also_known_as"} <= said.keys(), "both are there")


def _short_lived(claims: dict[str, Any]) -> bool:
    lives = claims.get("exp", 0) - claims.get("nbf", 0)
    return "shortLived" in claims and claims["shortLived"] is None and 0 < lives <= _DAY_S


def _seal(trial: Trial, found: TakenApart, record: Record) -> None:
    place = found.header.get("x5u")
    secure = isinstance(place, str) and place.startswith(("https://", "http://127.0.0.1", "http://localhost"))
    named = found.header.get("x5t#S256") == found.thumbprint_of_leaf() != ""
    sound = record.judge(
        SEAL, secure and named and "x5c" in found.header, "one is missing or of another certificate"
    )
    if not sound:
        return
    answer = trial.wire.get(str(place), accept="application/pem-certificate-chain, */*;q=0.1")
    try:
        served = from_pem(answer.text) if answer.status == 200 else ()
    except Error:
        served = ()
    record.judge(SEAL_SERVED, served == found.chain, "something else stands there", answer)


def metadata(trial: Trial, record: Record) -> None:
    """Look at the metadata of an issuer for European wallets."""
    issuer = trial.issuer(record)
    told = issuer.content.get("issuer_info")
    listed = [object_of(each) for each in told] if isinstance(told, list) else []
    sound = any(each.get("format") == "registration_cert" and each.get("data") for each in listed)
    record.judge(REGISTRATION, sound, "there is none")
    record.judge(REUSE, *_each(issuer, _says_reuse))
    record.judge(ATTESTED, *_each(issuer, _asks_attestation))


def _each(issuer: Published, holds: Any) -> tuple[bool, str]:
    without = [name[:60] for name, each in issuer.configurations.items() if not holds(each)]
    return not without, f"not so: {', '.join(without[:8])}"


def _says_reuse(configuration: dict[str, Any]) -> bool:
    policy = object_of(object_of(configuration.get("credential_metadata")).get("credential_reuse_policy"))
    return isinstance(policy.get("id"), str) and bool(policy.get("options"))


def _asks_attestation(configuration: dict[str, Any]) -> bool:
    offered = proof_types(configuration)
    return {"jwt", "attestation"} <= offered.keys() and all(
        "key_attestations_required" in offered[kind] for kind in ("jwt", "attestation")
    )


MODULES: Final = (
    Module(f"{OWN}public-body-credential", "The credential of a public body", content, EUROPEAN),
    Module(f"{OWN}european-metadata", "Metadata for European wallets", metadata, EUROPEAN),
)
