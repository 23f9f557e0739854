"""The verdict procedure for seals: the steps of ``verify_presentation``, each as it is for a printed code.

Steps 1 to 5 authenticate, and the first failure stops the run; steps 6 to 14 judge what was authenticated. A seal
says nothing of who shows it: whoever has a copy has the seal. Nothing here fetches, reads a clock or keeps state.
"""

from dataclasses import replace

from portadoc.formats.visible_seal.seal import read_header, read_message
from portadoc.verification.answers import StatusAnswers, TrustAnswers
from portadoc.verification.checks import Finding, Outcome, Run, Stopped
from portadoc.verification.judging import status as judging_status
from portadoc.verification.judging import validity
from portadoc.verification.policy import VerificationPolicy
from portadoc.verification.report import VerificationReport
from portadoc.verification.seal_procedure import judging
from portadoc.verification.seal_procedure.authenticating import trusted_signers, verified_claims
from portadoc.verification.seal_procedure.reading import SealReading
from portadoc.verification.seal_procedure.signers import SealSigners
from portadoc.verification.seal_procedure.steps import (
    AUTHORISATION,
    CONTENT,
    COVERAGE_PERIOD,
    COVERS_WORK,
    DISCLOSURES,
    DOCUMENT_VALIDITY,
    HEADER,
    KEY_BINDING,
    SEAL_PROCEDURE,
    SIGNATURE,
    STATUS,
    STRUCTURE,
    TECHNICAL_VALIDITY,
    TRUST_CHAIN,
    TYPE,
)
from portadoc.verification.work import covers_work


def verify_sealed(
    unverified_text: str,
    *,
    trust: TrustAnswers,
    signers: SealSigners,
    status: StatusAnswers,
    policy: VerificationPolicy,
    now: int,
) -> VerificationReport:
    """Report whether a seal is to be believed; raise nothing for anything that it contains.

    ``unverified_text`` is what was scanned, from anybody; ``signers`` are the certificates at hand, which
    ``trust`` has to vouch for like any other. ``now`` is in seconds since the epoch. Whatever the policy says, a
    seal needs a status of its own. Spec: docs/seal.md §3.
    """
    run, demanding = Run(SEAL_PROCEDURE), replace(policy, status_required=True)
    try:
        message = run.authenticate(
            STRUCTURE, lambda: read_message(unverified_text), passed="seal_structure_ok"
        )  # 1
        seal = run.authenticate(  # 2
            HEADER, lambda: read_header(message, allowed_algs=policy.allowed_algs), passed="seal_header_ok"
        )
        candidates = run.authenticate(TRUST_CHAIN, lambda: trusted_signers(seal, signers, trust, now))  # 3
        signer, signed = run.authenticate(SIGNATURE, lambda: verified_claims(seal, candidates))  # 4
    except Stopped:
        return VerificationReport(
            run.finish(),
            as_of=now,
            policy_id=policy.policy_id,
            policy_version=policy.policy_version,
            on_date=policy.on_date,
        )
    reading, institution = SealReading(signed), signer.key.institution_id
    run.judge(DISCLOSURES, lambda: Finding(Outcome.NOT_APPLICABLE, "seal_discloses_all"))  # 5
    run.judge(AUTHORISATION, lambda: judging.authorisation(signer, reading, trust, now))  # 6
    run.judge(TYPE, lambda: judging.seal_type(reading, policy))  # 7
    run.judge(KEY_BINDING, lambda: Finding(Outcome.UNKNOWN, "seal_not_bound"))  # 8
    run.judge(CONTENT, lambda: judging.content(reading))  # 9
    run.judge(STATUS, lambda: judging_status.status(reading.claims, institution, status, demanding, now))  # 10
    run.judge(TECHNICAL_VALIDITY, lambda: judging.technical_validity(reading, policy, now))  # 11
    run.judge(DOCUMENT_VALIDITY, lambda: validity.document_validity(reading, policy))  # 12
    run.judge(COVERAGE_PERIOD, lambda: judging.coverage_period(reading, policy))  # 13
    run.judge(COVERS_WORK, lambda: covers_work(reading, policy))  # 14
    return VerificationReport(
        run.finish(),
        as_of=now,
        policy_id=policy.policy_id,
        institution_id=institution,
        credential_type=reading.vct,
        claims=reading.claims,
        layout=reading.known_layout,
        deviations=reading.deviations,
        policy_version=policy.policy_version,
        on_date=policy.on_date,
    )
