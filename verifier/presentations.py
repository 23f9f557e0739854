"""From the presentations of one answer to one result: judged each by itself, then together against the question.

What the question did not ask for is dropped here, before anything is stored.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import combinations, starmap
from typing import Final

from portadoc.errors import Malformed, Untrusted
from portadoc.formats.dcql.authorities import authorities_of
from portadoc.formats.dcql.matching import (
    CredentialView,
    QueryProblem,
    asked_paths,
    check_answer,
    surplus_disclosures,
)
from portadoc.formats.dcql.paths import only
from portadoc.formats.dcql.query import SD_JWT_VC, CredentialQuery, DcqlQuery
from portadoc.formats.jws import certificate_chain, split
from portadoc.formats.openid4vp.transaction_data import assign, read_all
from portadoc.formats.receipt import Receipt
from portadoc.formats.roles import CREDENTIAL_WITH_X5U
from portadoc.formats.sd_jwt import parse
from portadoc.formats.status_list.statuses import status_reference
from portadoc.keys.jwk import thumbprint
from portadoc.schemas.claims import JsonObject
from portadoc.verification.answers import HeldStatusLists
from portadoc.verification.judging.mechanism import unknown_key_of
from portadoc.verification.persons import PersonMatch, compare_persons, shown_person
from portadoc.verification.policy import KeyBindingRequired, VerificationPolicy
from portadoc.verification.procedure import verify_presentation, with_status
from portadoc.verification.receipts import Verified
from portadoc.verification.report import (
    COVERS_WORK,
    KEY_BINDING,
    STATUS,
    STRUCTURE,
    Outcome,
    Verdict,
    VerificationReport,
)
from portadoc.verifier.deployment import Deployment
from portadoc.verifier.questions import Terms
from portadoc.verifier.receipts import draft_receipt
from portadoc.verifier.requests import VerificationRequest
from portadoc.verifier.results import PresentationResult, Problem, Result, refused
from portadoc.verifier.status.status_lists import StatusLists

MAX_PRESENTATIONS: Final = 16


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of one answer, and the receipt to sign for it; none where nothing was presented."""

    result: Result
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True)
class _Judged:
    """One presentation: its report, and what its authenticated part has to do with the query."""

    query_id: str
    text: str
    report: VerificationReport
    view: CredentialView


def judge_answer(
    deployment: Deployment,
    status_lists: StatusLists,
    request: VerificationRequest,
    vp_token: Mapping[str, tuple[str, ...]],
    *,
    now: int,
) -> Judgement:
    """Return the result for the presentations of ``vp_token`` (query id to unverified texts).

    Spec: OpenID4VP 1.0 §8.6, §14.
    """
    # 1. no more presentations than could be asked for
    terms, query = request.terms, request.terms.query
    if sum(map(len, vp_token.values())) > MAX_PRESENTATIONS:
        return Judgement(refused(Malformed("limit_exceeded", what="presentations", limit=MAX_PRESENTATIONS)))
    # 2. what of the transaction each has to acknowledge
    try:
        acknowledged = transaction_texts(terms, vp_token)
    except Untrusted as error:
        return Judgement(refused(error))
    # 3. each presentation by itself, and only then each credential once
    judged: list[_Judged] = []
    for query_id, texts in vp_token.items():
        policy = presentation_policy(deployment, request, acknowledged.get(query_id, ()), now=now)
        found = []
        for text in texts:
            report = judge_presentation(deployment, status_lists, request.institution, text, policy, now=now)
            found.append(_Judged(query_id, text, report, _view(deployment, text, report, policy, now=now)))
        judged += counted_once(query.credential(query_id), found)
    # 4. all together: what was asked, whatever the wallet made of it
    problems = (
        *_query_problems(query, judged),
        *_holder_problems(terms, judged),
        *_person_problems(terms, judged),
        *_work_problems(terms, judged),
    )
    # 5. nothing that was not asked goes any further
    kept = tuple(_with_asked_claims(query.credential(each.query_id), each) for each in judged)
    result = Result(presentations=kept, problems=problems)
    verified = [
        Verified(unverified_presentation=each.text, report=each.report)
        for each in judged
        if each.report.check(STRUCTURE).outcome is Outcome.PASS
    ]
    return Judgement(result, draft_receipt(deployment, request, result, verified, now=now))


def counted_once(wanted: CredentialQuery | None, judged: Sequence[_Judged]) -> tuple[_Judged, ...]:
    """Return the presentations of one query, each credential once where several may come.

    What the issuer signed tells credentials apart, not the signature: one that is bent into another valid form
    makes no second credential. Of several presentations of one, the first that is not valid counts.
    Spec: OpenID4VP 1.0 §6.1 (``multiple``), §8.6.
    """
    if wanted is None or not wanted.multiple:
        return tuple(judged)
    by_credential: dict[str, _Judged] = {}
    for each in judged:
        signed = each.text.partition("~")[0].rpartition(".")[0]
        if signed not in by_credential or (by_credential[signed].report.valid and not each.report.valid):
            by_credential[signed] = each
    return tuple(by_credential.values())


def transaction_texts(terms: Terms, presented: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Return what the presentations of each query have to acknowledge.

    Raises Untrusted[transaction_data_invalid] when nothing is presented that could. Spec: OpenID4VP 1.0 §8.4.
    """
    if not terms.transaction_data:
        return {}
    ids = [wanted.id for wanted in terms.query.credentials]
    return assign(read_all(list(terms.transaction_data), query_ids=ids), presented)


def presentation_policy(
    deployment: Deployment, request: VerificationRequest, transaction_data: tuple[str, ...], *, now: int
) -> VerificationPolicy:
    """Return the rules for the presentations of one request, fixed before any of them is read.

    The audience of the key binding is the full Client Identifier, or the origin of the page whose browser asked.
    Spec: OpenID4VP 1.0 §14.1, B.3.6, Appendix A.4.
    """
    settings, terms = deployment.settings, request.terms
    return VerificationPolicy(
        policy_id=terms.preset_id,
        policy_version=terms.policy_version,
        accepted_types=frozenset(vct for wanted in terms.query.credentials for vct in wanted.vct_values),
        key_binding=KeyBindingRequired(
            audience=request.audience,
            nonce=request.nonce,
            max_age_s=settings.key_binding_max_age_s,
            transaction_data=transaction_data,
        ),
        status_required=terms.status_required,
        max_status_age_s=terms.max_status_age_s,
        profile=deployment.profile,
        on_date=terms.on_date or utc_date(now),
        work=terms.work,
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
    report = _authenticated(deployment, unverified_text, policy, now=now, may_fetch=may_fetch)
    if report.institution_id is None or report.check(STATUS).outcome is not Outcome.UNKNOWN:
        return report
    reference = status_reference(report.claims)
    assert reference is not None, "an unknown status has a reference"
    wanted = may_fetch and report.verdict is Verdict.STATUS_NOT_KNOWN
    answers = status_lists.answers(slug, reference.uri, now=now, may_fetch=wanted)
    return with_status(report, status=answers, policy=policy, now=now)


def _authenticated(
    deployment: Deployment, unverified_text: str, policy: VerificationPolicy, *, now: int, may_fetch: bool
) -> VerificationReport:
    """Return the report with no status yet; a key of a web issuer that is not known may be asked for first."""
    trust = deployment.trust
    report = verify_presentation(unverified_text, trust=trust, status=HeldStatusLists(), policy=policy, now=now)
    issuer = unknown_key_of(report)
    if issuer is None or not may_fetch:
        return report
    deployment.issuer_keys.ask_anew(trust, issuer)
    newer = deployment.trust
    if newer is trust:
        return report
    return verify_presentation(unverified_text, trust=newer, status=HeldStatusLists(), policy=policy, now=now)


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


def _view(
    deployment: Deployment,
    unverified_text: str,
    report: VerificationReport,
    policy: VerificationPolicy,
    *,
    now: int,
) -> CredentialView:
    """Return what the query is checked against: nothing, unless the issuer's signature was verified."""
    if report.institution_id is None:
        return CredentialView(SD_JWT_VC, "", {}, (), holder_bound=False)
    header = split(
        parse(unverified_text).jws_text,
        CREDENTIAL_WITH_X5U,
        allowed_algs=policy.allowed_algs,
        tolerated_typ=policy.profile.accepted_credential_typs,
    )
    chain = certificate_chain(header)
    return CredentialView(
        format=SD_JWT_VC,
        vct=report.credential_type or "",
        claims=report.claims,
        disclosed=report.disclosed,
        holder_bound=report.check(KEY_BINDING).outcome is Outcome.PASS,
        issued_positions=report.issued_positions,
        authorities=authorities_of(chain) | deployment.listed_authorities(chain, now=now),
    )


def _query_problems(query: DcqlQuery, judged: Sequence[_Judged]) -> tuple[Problem, ...]:
    """Check the answer against the query: the wallet may have ignored it. Spec: OpenID4VP 1.0 §6.4, §14.9."""
    presented: dict[str, list[CredentialView]] = {}
    for each in judged:
        presented.setdefault(each.query_id, []).append(each.view)
    return tuple(map(_query_problem, check_answer(query, presented)))


def _query_problem(found: QueryProblem) -> Problem:
    if found.reason == "authority":  # whom the question trusts, not what it asks for
        return Problem("issuer_untrusted", {"reason": "authority_not_asked_for"})
    return Problem("query_unsatisfied", {"query": found.query, "reason": found.reason, "path": found.path})


def _holder_problems(terms: Terms, judged: Sequence[_Judged]) -> tuple[Problem, ...]:
    """Where one holder is asked for, require one key behind all credentials."""
    if not terms.same_holder or not all(each.report.valid for each in judged):
        return ()
    keys = {thumbprint(each.view.claims["cnf"]["jwk"]) for each in judged}
    return () if len(keys) <= 1 else (Problem("binding_mismatch"),)


def _person_problems(terms: Terms, judged: Sequence[_Judged]) -> tuple[Problem, ...]:
    """Where one person is asked for, compare what all credentials say of theirs, each pair of them.

    Two persons are two persons whatever else is found; nothing is said by what nobody vouches for.
    """
    if not terms.same_person or not all(each.view.holder_bound for each in judged):
        return ()
    persons = [shown_person(each.report) for each in judged]
    found = {each.match: each.code for each in starmap(compare_persons, combinations(persons, 2))}
    if PersonMatch.DIFFERENT in found:
        return (Problem("person_mismatch", {"reason": found[PersonMatch.DIFFERENT]}),)
    if PersonMatch.NOT_COMPARABLE in found:
        return (Problem("person_not_comparable", {"reason": found[PersonMatch.NOT_COMPARABLE]}),)
    return ()


def _work_problems(terms: Terms, judged: Sequence[_Judged]) -> tuple[Problem, ...]:
    """Where work is in question, require that some presentation was judged for it: only an A1 decides."""
    if terms.work is None:
        return ()
    decided = (each.report.check(COVERS_WORK).outcome is not Outcome.NOT_APPLICABLE for each in judged)
    return () if any(decided) else (Problem("work_not_judged"),)


def utc_date(now: int) -> date:
    """Return the day of a time in epoch seconds, in UTC."""
    return datetime.fromtimestamp(now, UTC).date()
