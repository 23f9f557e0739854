"""Match credentials against a DCQL query on both sides: what a wallet may reveal, whether an answer satisfies.

The wallet side reveals the least; the verifier side trusts nothing that the wallet decided.
Spec: OpenID4VP 1.0 §6.4, §8.6, §14.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portadoc.errors import Refused
from portadoc.formats.dcql.paths import IssuedPositions, Located, off_line, select, spell
from portadoc.formats.dcql.query import ClaimQuery, CredentialQuery, CredentialSet, DcqlQuery
from portadoc.schemas.claims import ClaimPath, JsonObject

Authority = tuple[str, str]
"""Kind and identifier of an authority that stands above a credential, such as ``("aki", "s9tI...")``."""


@dataclass(frozen=True, slots=True)
class CredentialView:
    """What matching needs to know of one credential, held or presented.

    ``claims``, ``disclosed`` and ``issued_positions`` are what processing the SD-JWT gave: with every disclosure
    for a held credential, with those that came for a presented one. ``holder_bound``: a held credential has a
    holder key; a presented one came with a valid key binding.
    """

    format: str
    vct: str
    claims: JsonObject
    disclosed: tuple[ClaimPath, ...]
    holder_bound: bool
    issued_positions: IssuedPositions = field(default_factory=dict)
    authorities: frozenset[Authority] = frozenset()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One held credential (position in the wallet's sequence) that answers a query, and the claims to show."""

    position: int
    paths: tuple[ClaimPath, ...]


@dataclass(frozen=True, slots=True)
class DcqlMatch:
    """What a wallet could answer: candidates for each query id (none: empty), and which sets can be satisfied."""

    query: DcqlQuery
    candidates: Mapping[str, tuple[Candidate, ...]]

    @property
    def satisfiable(self) -> bool:
        """Say whether every required set has an option with candidates."""
        return all(self._option(item) is not None for item in self.query.sets() if item.required)

    def choose(self, *, optional_sets: bool) -> dict[str, tuple[Candidate, ...]]:
        """Return the credentials to present for each query id: the preferred option of each set.

        One candidate for a query without ``multiple``, all of them with it.
        Raises: Refused[query_unsatisfied] (reason ``credential_set_unsatisfied``) when a required set has no
        answer: then nothing at all may be presented. Spec: OpenID4VP 1.0 §6.4.2.
        """
        chosen: dict[str, tuple[Candidate, ...]] = {}
        for item in self.query.sets():
            option = self._option(item)
            if option is None and item.required:
                raise Refused(
                    "query_unsatisfied",
                    spec="OpenID4VP 1.0 §6.4.2",
                    reason="credential_set_unsatisfied",
                    query=_spell_options(item),
                )
            if option is not None and (item.required or optional_sets):
                chosen.update((query_id, self._presented(query_id)) for query_id in option)
        return chosen

    def _option(self, item: CredentialSet) -> tuple[str, ...] | None:
        return next((option for option in item.options if all(self.candidates[name] for name in option)), None)

    def _presented(self, query_id: str) -> tuple[Candidate, ...]:
        several = any(query.multiple for query in self.query.credentials if query.id == query_id)
        return self.candidates[query_id] if several else self.candidates[query_id][:1]


@dataclass(frozen=True, slots=True)
class QueryProblem:
    """Why an answer does not satisfy a query: the params of the code ``query_unsatisfied``."""

    query: str
    reason: str
    path: str = ""


def match(query: DcqlQuery, held: Sequence[CredentialView]) -> DcqlMatch:
    """Return, for each credential query, the held credentials that answer it with the least disclosure.

    Spec: OpenID4VP 1.0 §6.4.
    """
    candidates: dict[str, tuple[Candidate, ...]] = {}
    for wanted in query.credentials:
        found = [
            Candidate(position, asked_paths(wanted, credential))
            for position, credential in enumerate(held)
            if not check_presentation(wanted, credential)
        ]
        candidates[wanted.id] = tuple(found)
    return DcqlMatch(query, candidates)


def check_answer(query: DcqlQuery, presented: Mapping[str, Sequence[CredentialView]]) -> tuple[QueryProblem, ...]:
    """Return every reason why ``presented`` (query id to credentials) does not satisfy ``query``.

    Over-disclosure is no reason: see ``surplus_disclosures``. Spec: OpenID4VP 1.0 §6.4, §8.1, §8.6.
    """
    problems: list[QueryProblem] = []
    satisfied: set[str] = set()
    for query_id, credentials in presented.items():
        found = _check_entry(query, query_id, credentials)
        problems.extend(found)
        if not found:
            satisfied.add(query_id)
    for item in query.sets():
        problems.extend(_check_set(item, satisfied, presented))
    return tuple(problems)


def check_presentation(wanted: CredentialQuery, credential: CredentialView) -> tuple[QueryProblem, ...]:
    """Return the reasons why one credential does not answer one query. Spec: OpenID4VP 1.0 §6.1, §6.3, §6.4.1."""
    if credential.format != wanted.format:
        return (QueryProblem(wanted.id, "format"),)
    if credential.vct not in wanted.vct_values:
        return (QueryProblem(wanted.id, "vct"),)
    if wanted.require_holder_binding and not credential.holder_bound:
        return (QueryProblem(wanted.id, "holder_binding"),)
    if not _authority_fits(wanted, credential):
        return (QueryProblem(wanted.id, "authority"),)
    _, problems = _select_claims(wanted, credential)
    return problems


def asked_paths(wanted: CredentialQuery, credential: CredentialView) -> tuple[ClaimPath, ...]:
    """Return the places of the claims that the query asks for, in clear or not; sub-claims belong to them.

    The first alternative that the credential can satisfy counts; nothing is asked when it satisfies none.
    Spec: OpenID4VP 1.0 §6.4.1.
    """
    located, _ = _select_claims(wanted, credential)
    return tuple(dict.fromkeys(item.path for item in located))


def surplus_disclosures(wanted: CredentialQuery, credential: CredentialView) -> tuple[ClaimPath, ...]:
    """Return the disclosed places that were not asked for, so that they can be dropped before storage.

    A place that leads to an asked claim, or lies within one, is asked for too. Spec: OpenID4VP 1.0 §6.4.
    """
    return off_line(credential.disclosed, asked_paths(wanted, credential))


def _select_claims(
    wanted: CredentialQuery, credential: CredentialView
) -> tuple[tuple[Located, ...], tuple[QueryProblem, ...]]:
    """Return the elements of the first alternative that holds, or the problems of the preferred one."""
    outcomes = []
    for alternative in wanted.alternatives():
        located, problems = _select_all(wanted.id, alternative, credential)
        if not problems:
            return located, ()
        outcomes.append(problems)
    return (), outcomes[0]


def _select_all(
    query_id: str, wanted: tuple[ClaimQuery, ...], credential: CredentialView
) -> tuple[tuple[Located, ...], tuple[QueryProblem, ...]]:
    located: list[Located] = []
    problems: list[QueryProblem] = []
    for claim in wanted:
        try:
            located.extend(_select_claim(claim, credential))
        except Refused as exc:
            problems.append(QueryProblem(query_id, str(exc.params["reason"]), spell(claim.path)))
    return tuple(located), tuple(problems)


def _select_claim(wanted: ClaimQuery, credential: CredentialView) -> tuple[Located, ...]:
    """Return the elements at the pointer whose type and value are among those asked for. Spec: §6.3."""
    located = select(credential.claims, wanted.path, issued_positions=credential.issued_positions)
    if wanted.values is None:
        return located
    accepted = {(type(value), value) for value in wanted.values}
    fitting = tuple(item for item in located if _typed(item.value) in accepted)
    if not fitting:
        raise Refused("query_unsatisfied", spec="OpenID4VP 1.0 §6.3", reason="value_mismatch")
    return fitting


def _typed(value: Any) -> tuple[type, Any] | None:
    return (type(value), value) if isinstance(value, (str, int)) else None


def _authority_fits(wanted: CredentialQuery, credential: CredentialView) -> bool:
    if not wanted.trusted_authorities:
        return True
    return any(
        kind == authority.type and value in authority.values
        for authority in wanted.trusted_authorities
        for kind, value in credential.authorities
    )


def _check_entry(
    query: DcqlQuery, query_id: str, credentials: Sequence[CredentialView]
) -> tuple[QueryProblem, ...]:
    """Check one member of the answer. Spec: OpenID4VP 1.0 §8.1."""
    wanted = query.credential(query_id)
    if wanted is None:
        return (QueryProblem(_safe_id(query_id), "query_unknown"),)
    if not credentials:
        return (QueryProblem(query_id, "presentation_missing"),)
    if len(credentials) > 1 and not wanted.multiple:
        return (QueryProblem(query_id, "presentation_surplus"),)
    return tuple(problem for credential in credentials for problem in check_presentation(wanted, credential))


def _check_set(
    item: CredentialSet, satisfied: set[str], presented: Mapping[str, Sequence[CredentialView]]
) -> tuple[QueryProblem, ...]:
    if not item.required or any(satisfied.issuperset(option) for option in item.options):
        return ()
    if len(item.options) > 1:
        return (QueryProblem(_spell_options(item), "credential_set_unsatisfied"),)
    return tuple(QueryProblem(name, "credential_missing") for name in item.options[0] if name not in presented)


def _spell_options(item: CredentialSet) -> str:
    return " | ".join("+".join(option) for option in item.options)


def _safe_id(query_id: str) -> str:
    """Return an id that a peer made up in a form fit for a log line."""
    return "".join(char for char in query_id[:40] if char.isascii() and char.isprintable())
