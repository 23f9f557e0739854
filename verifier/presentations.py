"""From the presentations of one answer to one result: judged each by itself, then together against the question.

What the question did not ask for is dropped here, before anything is stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final

from portadoc.errors import Malformed
from portadoc.formats.dcql.authorities import authorities_of
from portadoc.formats.dcql.matching import CredentialView, asked_paths, check_answer, surplus_disclosures
from portadoc.formats.dcql.paths import only
from portadoc.formats.dcql.query import SD_JWT_VC, CredentialQuery, DcqlQuery
from portadoc.formats.jws import certificate_chain, split, unverified_claims
from portadoc.formats.roles import CREDENTIAL_WITH_X5U
from portadoc.formats.sd_jwt import parse, process
from portadoc.formats.status_list.statuses import status_reference
from portadoc.keys.jwk import thumbprint
from portadoc.schemas.claims import JsonObject
from portadoc.verification.answers import HeldStatusLists
from portadoc.verification.policy import KeyBindingRequired, VerificationPolicy
from portadoc.verification.procedure import verify_presentation
from portadoc.verification.report import (
    KEY_BINDING,
    STATUS,
    Outcome,
    Verdict,
    VerificationReport,
)
from portadoc.verifier.deployment import Deployment
from portadoc.verifier.requests import Terms, VerificationRequest
from portadoc.verifier.results import PresentationResult, Problem, Result, refused
from portadoc.verifier.status.status_lists import StatusLists

MAX_PRESENTATIONS: Final = 16


@dataclass(frozen=True, slots=True)
class _Judged:
    """One presentation: its report, and what its authenticated part has to do with the query."""

    query_id: str
    report: VerificationReport
    view: CredentialView


def judge_answer(
    deployment: Deployment,
    status_lists: StatusLists,
    request: VerificationRequest,
    vp_token: Mapping[str, tuple[str, ...]],
    *,
    now: int,
) -> Result:
    """Return the result for the presentations of ``vp_token`` (query id to unverified texts).

    Spec: OpenID4VP 1.0 §8.6, §14.
    """
    # 1. no more presentations than could be asked for
    terms, query = request.terms, request.terms.query
    if sum(map(len, vp_token.values())) > MAX_PRESENTATIONS:
        return refused(Malformed("limit_exceeded", what="presentations", limit=MAX_PRESENTATIONS))
    # 2. each presentation by itself
    policy = presentation_policy(deployment, request, now=now)
    judged: list[_Judged] = []
    for query_id, texts in vp_token.items():
        for text in texts:
            report = judge_presentation(deployment, status_lists, request.institution, text, policy, now=now)
            judged.append(_Judged(query_id, report, _view(text, report, policy)))
    # 3. all together: what was asked, whatever the wallet made of it
    problems = (*_query_problems(query, judged), *_holder_problems(terms, judged))
    # 4. nothing that was not asked goes any further
    kept = tuple(_with_asked_claims(query.credential(each.query_id), each) for each in judged)
    return Result(presentations=kept, problems=problems)


def presentation_policy(deployment: Deployment, request: VerificationRequest, *, now: int) -> VerificationPolicy:
    """Return the rules for the presentations of one request, fixed before any of them is read.

    The audience of the key binding is the full Client Identifier. Spec: OpenID4VP 1.0 §14.1, B.3.6.
    """
    settings, terms = deployment.settings, request.terms
    return VerificationPolicy(
        policy_id=terms.preset.id,
        accepted_types=frozenset(vct for wanted in terms.query.credentials for vct in wanted.vct_values),
        key_binding=KeyBindingRequired(
            audience=request.client_id, nonce=request.nonce, max_age_s=settings.key_binding_max_age_s
        ),
        status_required=terms.preset.status_required,
        profile=deployment.profile,
        on_date=terms.on_date or utc_date(now),
        clock_skew_s=settings.clock_skew_s,
    )


def judge_presentation(
    deployment: Deployment,
    status_lists: StatusLists,
    slug: str,
    unverified_text: str,
    policy: VerificationPolicy,
    *,
    now: int,
    may_fetch: bool = True,
) -> VerificationReport:
    """Return the report of one presentation, with its status where that may be asked for.

    A status list is looked up only once a trusted institution's signature has been verified, and fetched only when
    everything else about the credential holds. Spec: Token Status List §8.3 step 1.
    """

    def verify(status: HeldStatusLists) -> VerificationReport:
        return verify_presentation(unverified_text, trust=deployment.trust, status=status, policy=policy, now=now)

    report = verify(HeldStatusLists())
    if report.institution_id is None or report.check(STATUS).outcome is not Outcome.UNKNOWN:
        return report
    reference = status_reference(report.claims)
    assert reference is not None, "an unknown status has a reference"
    wanted = may_fetch and report.verdict is Verdict.STATUS_UNKNOWN
    return verify(status_lists.answers(slug, reference.uri, now=now, may_fetch=wanted))


def asked_claims(wanted: CredentialQuery, presented: CredentialView) -> JsonObject:
    """Return a copy of the claims that holds what the query asks for and nothing else.

    Nothing is left of a credential that does not answer the query. Spec: OpenID4VP 1.0 §6.4.1.
    """
    return only(presented.claims, asked_paths(wanted, presented))


def _with_asked_claims(wanted: CredentialQuery | None, judged: _Judged) -> PresentationResult:
    """Keep no claim at all of a presentation whose presenter is not proven to be the holder."""
    claims = asked_claims(wanted, judged.view) if wanted is not None and judged.view.holder_bound else {}
    surplus = 0 if wanted is None else len(surplus_disclosures(wanted, judged.view))
    return PresentationResult(judged.query_id, replace(judged.report, claims=claims), surplus)


def _view(unverified_text: str, report: VerificationReport, policy: VerificationPolicy) -> CredentialView:
    """Return what the query is checked against: nothing, unless the issuer's signature was verified."""
    if report.institution_id is None:
        return CredentialView(SD_JWT_VC, "", {}, (), holder_bound=False)
    sd_jwt = parse(unverified_text)
    processed = process(unverified_claims(sd_jwt.jws_text), sd_jwt.disclosures)
    header = split(
        sd_jwt.jws_text,
        CREDENTIAL_WITH_X5U,
        allowed_algs=policy.allowed_algs,
        tolerated_typ=policy.profile.accepted_credential_typs,
    )
    return CredentialView(
        format=SD_JWT_VC,
        vct=report.credential_type or "",
        claims=processed.claims,
        disclosed=processed.disclosed,
        holder_bound=report.check(KEY_BINDING).outcome is Outcome.PASS,
        issued_positions=processed.issued_positions,
        authorities=authorities_of(certificate_chain(header)),
    )


def _query_problems(query: DcqlQuery, judged: Sequence[_Judged]) -> tuple[Problem, ...]:
    """Check the answer against the query: the wallet may have ignored it. Spec: OpenID4VP 1.0 §6.4, §14.9."""
    presented: dict[str, list[CredentialView]] = {}
    for each in judged:
        presented.setdefault(each.query_id, []).append(each.view)
    return tuple(
        Problem("query_unsatisfied", {"query": found.query, "reason": found.reason, "path": found.path})
        for found in check_answer(query, presented)
    )


def _holder_problems(terms: Terms, judged: Sequence[_Judged]) -> tuple[Problem, ...]:
    """Where one holder is asked for, require one key behind all credentials."""
    if not terms.preset.same_holder or not all(each.report.valid for each in judged):
        return ()
    keys = {thumbprint(each.view.claims["cnf"]["jwk"]) for each in judged}
    return () if len(keys) <= 1 else (Problem("binding_mismatch"),)


def utc_date(now: int) -> date:
    """Return the day of a time in epoch seconds, in UTC."""
    return datetime.fromtimestamp(now, UTC).date()
