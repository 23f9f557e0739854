"""The verdict procedure: what must hold before a presentation is believed.

Steps 1 to 5 authenticate: the first failure stops the run, since later steps would read claims that nobody
vouches for; the steps that did not run say so. Steps 6 to 14 judge what was authenticated: all of them run
and all are reported. Nothing here fetches, reads a clock or keeps state.
"""

import hashlib
from dataclasses import replace

from portadoc import base64url
from portadoc.errors import Untrusted
from portadoc.formats.jws import UnverifiedJws, certificate_chain, split, verify
from portadoc.formats.roles import CREDENTIAL, CREDENTIAL_WITH_X5U
from portadoc.formats.sd_jwt.parse import UnverifiedSdJwt, parse
from portadoc.formats.sd_jwt.processing import process
from portadoc.keys.trust.trust_store import TrustedKey
from portadoc.verification.answers import StatusAnswers, TrustAnswers
from portadoc.verification.checks import (
    AUTHORISATION,
    CONTENT,
    COVERAGE_PERIOD,
    COVERS_WORK,
    DISCLOSURES,
    DOCUMENT_VALIDITY,
    HEADER,
    KEY_BINDING,
    SIGNATURE,
    STATUS,
    STRUCTURE,
    TECHNICAL_VALIDITY,
    TRUST_CHAIN,
    TYPE,
    Run,
    Stopped,
    judged,
)
from portadoc.verification.judging import credential, holder, validity
from portadoc.verification.judging import status as judging_status
from portadoc.verification.judging.mechanism import Mechanism, mechanism_of
from portadoc.verification.judging.reading import Reading
from portadoc.verification.policy import VerificationPolicy
from portadoc.verification.report import VerificationReport
from portadoc.verification.work import covers_work


def verify_presentation(
    unverified_text: str, *, trust: TrustAnswers, status: StatusAnswers, policy: VerificationPolicy, now: int
) -> VerificationReport:
    """Report whether a presentation is to be believed; raise nothing for anything that it contains.

    ``unverified_text`` is a compact SD-JWT or SD-JWT+KB from anybody. ``now`` is in seconds since the epoch.
    Spec: RFC 9901 §7.1 and §7.3, SD-JWT VC §2, Token Status List §8.3.
    """
    run = Run()
    try:
        sd_jwt = run.authenticate(STRUCTURE, lambda: parse(unverified_text))  # 1
        jws, chain = run.authenticate(HEADER, lambda: _read_header(sd_jwt, policy))  # 2
        signer, trusted = run.authenticate(TRUST_CHAIN, lambda: _find_key(jws, chain, trust, policy, now))  # 3
        payload = run.authenticate(SIGNATURE, lambda: verify(jws, trusted.key))  # 4
        processed = run.authenticate(DISCLOSURES, lambda: process(payload, sd_jwt.disclosures))  # 5
    except Stopped:
        return VerificationReport(
            run.finish(),
            as_of=now,
            policy_id=policy.policy_id,
            policy_version=policy.policy_version,
            on_date=policy.on_date,
        )
    reading, claims, institution = Reading(processed), processed.claims, trusted.institution_id
    run.judge(AUTHORISATION, lambda: credential.authorisation(signer, reading, trust, policy, now))  # 6
    run.judge(TYPE, lambda: credential.credential_type(reading, policy))  # 7
    run.judge(KEY_BINDING, lambda: holder.key_binding(sd_jwt, processed, policy, now))  # 8
    run.judge(CONTENT, lambda: credential.content(reading, policy))  # 9
    run.judge(STATUS, lambda: judging_status.status(claims, institution, status, policy, now))  # 10
    run.judge(TECHNICAL_VALIDITY, lambda: validity.technical_validity(claims, policy, now))  # 11
    run.judge(DOCUMENT_VALIDITY, lambda: validity.document_validity(reading, policy))  # 12
    run.judge(COVERAGE_PERIOD, lambda: validity.coverage_period(reading, policy))  # 13
    run.judge(COVERS_WORK, lambda: covers_work(reading, policy))  # 14
    return VerificationReport(
        run.finish(),
        as_of=now,
        policy_id=policy.policy_id,
        institution_id=institution,
        credential_type=vct if isinstance(vct := claims.get("vct"), str) else None,
        claims=claims,
        layout=reading.known_layout,
        deviations=reading.deviations,
        policy_version=policy.policy_version,
        on_date=policy.on_date,
        disclosed=processed.disclosed,
        issued_positions=processed.issued_positions,
    )


def with_status(
    report: VerificationReport, *, status: StatusAnswers, policy: VerificationPolicy, now: int
) -> VerificationReport:
    """Return the report of an authenticated credential with its status judged by other answers; all else stands.

    For who asks for a status list only once everything else was judged. ``policy`` and ``now`` are the report's.
    Spec: Token Status List §8.3 step 1.
    """
    institution = report.institution_id
    assert institution is not None, "only authenticated claims are judged"
    again = judged(STATUS, lambda: judging_status.status(report.claims, institution, status, policy, now))
    return replace(report, checks=tuple(again if check.id == STATUS.id else check for check in report.checks))


def _read_header(sd_jwt: UnverifiedSdJwt, policy: VerificationPolicy) -> tuple[UnverifiedJws, tuple[bytes, ...]]:
    """Spec: SD-JWT VC §2.2.1, RFC 8725 §3.11, RFC 7515 §4.1.6, §4.1.8."""
    role = CREDENTIAL_WITH_X5U if "x5u" in policy.profile.issue_header_params else CREDENTIAL
    jws = split(
        sd_jwt.jws_text,
        role,
        allowed_algs=policy.allowed_algs,
        tolerated_typ=policy.profile.accepted_credential_typs,
    )
    chain = certificate_chain(jws)
    _check_thumbprint(jws, chain, policy)
    return jws, chain


def _check_thumbprint(jws: UnverifiedJws, chain: tuple[bytes, ...], policy: VerificationPolicy) -> None:
    """Where the header names the thumbprint of a certificate, or has to, require that of the leaf.

    Spec: RFC 7515 §4.1.8, ETSI TS 119 472-1 §5.6.3.
    """
    if policy.profile.thumbprint_required and "x5t#S256" not in jws.header:
        raise Untrusted("chain_invalid", spec="ETSI TS 119 472-1 §5.6.3", reason="thumbprint_missing")
    if "x5t#S256" not in jws.header:
        return
    thumbprints = [base64url.encode(hashlib.sha256(leaf).digest()) for leaf in chain[:1]]
    if jws.header["x5t#S256"] not in thumbprints:
        raise Untrusted("chain_invalid", spec="ETSI TS 119 472-1 §5.6.3", reason="thumbprint_mismatch")


def _find_key(
    jws: UnverifiedJws, chain: tuple[bytes, ...], trust: TrustAnswers, policy: VerificationPolicy, now: int
) -> tuple[Mechanism, TrustedKey]:
    """Spec: HAIP 1.0 §6.1.1, SD-JWT VC §2.5."""
    signer = mechanism_of(jws, chain, trust, policy)
    return signer, signer.trusted_key(trust, at=now)
