"""What a verifier asks, and whether this institution may ask it.

Spec: OpenID4VP 1.0 §6, ARF RPRC_21.
"""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Final, Self

from portadoc.days import kept_day
from portadoc.errors import Malformed, Refused
from portadoc.formats import strict_json
from portadoc.formats.dcql.paths import spell
from portadoc.formats.dcql.query import SD_JWT_VC, DcqlQuery, parse_query
from portadoc.formats.openid4vp.registration_certificate import OverAsked, Registration, over_asking
from portadoc.formats.openid4vp.transaction_data import read_all
from portadoc.schemas.catalogue import A1_TYPES
from portadoc.schemas.claims import JsonObject
from portadoc.verification.policy import WorkAsked
from portadoc.verification.presets.lint import Finding, lint
from portadoc.verification.presets.presets import PRESETS, Preset

MAX_TERMS_BYTES: Final = 1024 * 1024
KNOWN_AUTHORITIES: Final = frozenset({"aki", "etsi_tl"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is asked and how the answer is judged; ``on_date`` None judges the day of the answer.

    ``policy_version`` names the query and its rules: another text for any other.
    ``work`` is the work that the attestation has to cover; ``transaction_data`` are the texts that the holder's
    key has to confirm (base64url, as the wallet gets them). ``excess`` is what is asked beyond the purpose.
    """

    preset_id: str
    policy_version: str
    query_json: JsonObject
    status_required: bool
    same_holder: bool
    same_person: bool
    max_status_age_s: int | None
    on_date: date | None
    work: WorkAsked | None = None
    transaction_data: tuple[str, ...] = ()
    excess: tuple[Finding, ...] = ()

    @classmethod
    def of(
        cls,
        question: Preset,
        *,
        on_date: date | None,
        work: WorkAsked | None = None,
        transaction_data: tuple[str, ...] = (),
    ) -> Self:
        """Return the terms under which a question is asked."""
        return cls(
            preset_id=question.id,
            policy_version=question.version,
            query_json=question.query,
            status_required=question.status_required,
            same_holder=question.same_holder,
            same_person=question.same_person,
            max_status_age_s=question.max_status_age_s,
            on_date=on_date,
            work=work,
            transaction_data=transaction_data,
        )

    @property
    def query(self) -> DcqlQuery:
        """The query, parsed. Raises Malformed[query_malformed], Malformed[limit_exceeded]."""
        return parse_query(self.query_json)

    def to_text(self) -> str:
        """Return the stored form."""
        stored = {
            "preset": self.preset_id,
            "policy_version": self.policy_version,
            "query": self.query_json,
            "status_required": self.status_required,
            "same_holder": self.same_holder,
            "same_person": self.same_person,
            "max_status_age_s": self.max_status_age_s,
            "on_date": _spell(self.on_date),
            "work": None if self.work is None else _work_to_json(self.work),
            "transaction_data": list(self.transaction_data),
            "excess": [asdict(each) for each in self.excess],
        }
        return strict_json.dumps(stored).decode("utf-8")

    @classmethod
    def from_text(cls, stored: str) -> Self:
        """Return what ``to_text`` stored."""
        read = strict_json.loads_object(stored, what="terms", max_bytes=MAX_TERMS_BYTES)
        return cls(
            preset_id=read["preset"],
            policy_version=read["policy_version"],
            query_json=read["query"],
            status_required=read["status_required"],
            same_holder=read["same_holder"],
            same_person=read["same_person"],
            max_status_age_s=read.get("max_status_age_s"),
            on_date=kept_day(read["on_date"]),
            work=None if read["work"] is None else _work_from_json(read["work"]),
            transaction_data=tuple(read["transaction_data"]),
            excess=tuple(Finding(**each) for each in read["excess"]),
        )


def askable(question: Preset, *, registered_types: tuple[str, ...], registration: Registration | None) -> Preset:
    """Return a preset as this verifier may ask it: without the alternatives that are not registered.

    What is not registered and has no alternative stays, for ``check_terms`` to refuse and name; a question of the
    institution's own is never changed. Spec: ARF RPRC_21.
    """
    if question.id not in PRESETS:
        return question
    limited = question.limited_to(registered_types)
    if registration is None:
        return limited
    query = parse_query(limited.query)
    beyond = {each.query for each in over_asking(registration, query)}
    foreign = {vct for wanted in query.credentials if wanted.id in beyond for vct in wanted.vct_values}
    return limited.limited_to(set(limited.types) - foreign)


def may_ask(question: Preset, *, registered_types: tuple[str, ...], registration: Registration | None) -> bool:
    """Tell whether this verifier may ask a preset, perhaps without some of its alternatives. Spec: ARF RPRC_21."""
    limited = askable(question, registered_types=registered_types, registration=registration)
    beyond = registration is not None and over_asking(registration, parse_query(limited.query))
    return set(registered_types).issuperset(limited.types) and not beyond


def check_terms(
    terms: Terms, *, registered_types: tuple[str, ...], registration: Registration | None, max_query_bytes: int
) -> None:
    """Refuse a question that this verifier may not or cannot ask.

    ``registration`` is what the registration certificate bounds, where there is one.
    Raises: Malformed[query_malformed], Malformed[limit_exceeded], Refused[query_unsupported],
    Refused[query_not_registered], Refused[work_without_a1], Untrusted[transaction_data_invalid].
    Spec: OpenID4VP 1.0 §6, ARF RPRC_21.
    """
    if len(strict_json.dumps(terms.query_json)) > max_query_bytes:
        raise Malformed("limit_exceeded", what="dcql_query", limit=max_query_bytes)
    for wanted in terms.query.credentials:
        if wanted.format != SD_JWT_VC:
            raise Refused("query_unsupported", reason="format")
        if not wanted.require_holder_binding:
            raise Refused("query_unsupported", reason="holder_binding")
        for authority in wanted.trusted_authorities:
            if authority.type not in KNOWN_AUTHORITIES:
                raise Refused("query_unsupported", reason=f"trusted_authorities {authority.type[:40]}")
        if not set(registered_types).issuperset(wanted.vct_values):
            missing = ", ".join(vct for vct in wanted.vct_values if vct not in registered_types)
            raise Refused("query_not_registered", spec="ARF RPRC_21", query=wanted.id, wanted=missing)
    if registration is not None and (over := over_asking(registration, terms.query)):
        said = _spell_over(over[0], terms)
        raise Refused("query_not_registered", spec="ARF RPRC_21", query=over[0].query, wanted=said)
    if terms.work is not None and not asks_for_a1(terms.query):
        raise Refused("work_without_a1")
    if terms.transaction_data:
        read_all(list(terms.transaction_data), query_ids=[wanted.id for wanted in terms.query.credentials])


def asks_for_a1(query: DcqlQuery) -> bool:
    """Tell whether an A1 certificate may answer: only that decides about work."""
    return any(not A1_TYPES.isdisjoint(wanted.vct_values) for wanted in query.credentials)


def _spell_over(over: OverAsked, terms: Terms) -> str:
    """Return the claim that is not registered, or the types of the query where the whole type is not."""
    wanted = terms.query.credential(over.query)
    types = () if wanted is None else wanted.vct_values
    return spell(over.path) if over.path else ", ".join(types)


def excess_of(question: Preset) -> tuple[Finding, ...]:
    """Return what a question that was found in order asks beyond its purpose; nothing where it has none.

    Raises Refused[purpose_unknown]. Spec: GDPR Art. 5(1)(c).
    """
    return () if question.purpose is None else lint(question.query, question.purpose)


def _work_to_json(work: WorkAsked) -> JsonObject:
    return {
        "state": work.state,
        "employers": sorted(work.employers),
        "first": _spell(work.first),
        "last": _spell(work.last),
    }


def _work_from_json(stored: JsonObject) -> WorkAsked:
    return WorkAsked(
        state=stored["state"],
        employers=frozenset(stored["employers"]),
        first=kept_day(stored["first"]),
        last=kept_day(stored["last"]),
    )


def _spell(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
