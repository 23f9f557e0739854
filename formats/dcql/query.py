"""Read a DCQL query strictly: what has no defined meaning is refused, unknown members are ignored.

Spec: OpenID4VP 1.0 §6.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from portadoc.errors import Malformed
from portadoc.formats.dcql.paths import PathPointer, parse_pointer
from portadoc.schemas.claims import JsonObject

SD_JWT_VC: Final = "dc+sd-jwt"
MSO_MDOC: Final = "mso_mdoc"
MAX_CREDENTIALS: Final = 32
MAX_CLAIMS: Final = 256
MAX_SETS: Final = 64
MAX_VALUES: Final = 256
MAX_STRING_CHARS: Final = 2048
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")

ClaimValue = str | int | bool


@dataclass(frozen=True, slots=True)
class ClaimQuery:
    """One claim that is asked for; ``values`` None means any value. Spec: §6.3."""

    id: str | None
    path: PathPointer
    values: tuple[ClaimValue, ...] | None


@dataclass(frozen=True, slots=True)
class TrustedAuthority:
    """One kind of authority (``aki``, ``etsi_tl`` ...) and the identifiers that fit. Spec: §6.1.1."""

    type: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class CredentialQuery:
    """One credential that is asked for; only ``dc+sd-jwt`` has ``vct_values``. Spec: §6.1."""

    id: str
    format: str
    vct_values: tuple[str, ...]
    multiple: bool
    trusted_authorities: tuple[TrustedAuthority, ...]
    require_holder_binding: bool
    claims: tuple[ClaimQuery, ...]
    claim_sets: tuple[tuple[str, ...], ...]

    def alternatives(self) -> tuple[tuple[ClaimQuery, ...], ...]:
        """Return the combinations of claims that satisfy this query, the preferred one first. Spec: §6.4.1."""
        if not self.claim_sets:
            return (self.claims,)
        by_id = {claim.id: claim for claim in self.claims}
        return tuple(tuple(by_id[name] for name in names) for names in self.claim_sets)


@dataclass(frozen=True, slots=True)
class CredentialSet:
    """Alternative groups of credential queries, the preferred one first. Spec: §6.2."""

    options: tuple[tuple[str, ...], ...]
    required: bool


@dataclass(frozen=True, slots=True)
class DcqlQuery:
    """A whole query. Without sets every credential is required. Spec: §6."""

    credentials: tuple[CredentialQuery, ...]
    credential_sets: tuple[CredentialSet, ...]

    def credential(self, query_id: str) -> CredentialQuery | None:
        """Return the credential query with this id, None when an answer names one that was never asked."""
        return next((query for query in self.credentials if query.id == query_id), None)

    def sets(self) -> tuple[CredentialSet, ...]:
        """Return the sets that rule the answer: those given, or one with every credential. Spec: §6.4.2."""
        if self.credential_sets:
            return self.credential_sets
        return (CredentialSet((tuple(query.id for query in self.credentials),), required=True),)


def parse_query(value: JsonObject) -> DcqlQuery:
    """Return the query that a JSON object describes.

    Input is unverified; it is already parsed JSON, so its bytes were bounded by the caller.
    Raises: Malformed[query_malformed] with a reason (``form``, ``id_form``, ``id_duplicate``, ``id_unknown``,
    ``path_form``, ``values_form``, ``meta_missing`` ...), Malformed[limit_exceeded] beyond the counts above.
    Spec: OpenID4VP 1.0 §6.
    """
    queries = _list(value, "credentials", MAX_CREDENTIALS)
    credentials = tuple(_credential(_object(query, "credentials")) for query in queries)
    ids = _unique([query.id for query in credentials])
    sets = _optional_list(value, "credential_sets", MAX_SETS)
    return DcqlQuery(credentials, tuple(_credential_set(_object(item, "credential_sets"), ids) for item in sets))


def _credential(value: JsonObject) -> CredentialQuery:
    claims = tuple(_claim(_object(claim, "claims")) for claim in _optional_list(value, "claims", MAX_CLAIMS))
    ids = _unique([claim.id for claim in claims if claim.id is not None])
    format_ = _text(value.get("format"), "format")
    if format_ == MSO_MDOC:
        _require_mdoc_paths(claims)
    return CredentialQuery(
        id=_identifier(value.get("id")),
        format=format_,
        vct_values=_meta(format_, value.get("meta")),
        multiple=_flag(value, "multiple", default=False),
        trusted_authorities=tuple(
            _authority(_object(item, "trusted_authorities"))
            for item in _optional_list(value, "trusted_authorities", MAX_SETS)
        ),
        require_holder_binding=_flag(value, "require_cryptographic_holder_binding", default=True),
        claims=claims,
        claim_sets=_claim_sets(value, claims, ids),
    )


def _meta(format_: str, meta: object) -> tuple[str, ...]:
    """Check the members that a known format requires. Spec: §6.1, Appendix B."""
    if not isinstance(meta, dict):
        raise _malformed("meta_missing", "meta")
    if format_ == SD_JWT_VC:
        return tuple(_text(vct, "vct_values") for vct in _list(meta, "vct_values", MAX_VALUES))
    if format_ == MSO_MDOC:
        _text(meta.get("doctype_value"), "doctype_value")
    return ()


def _require_mdoc_paths(claims: tuple[ClaimQuery, ...]) -> None:
    for claim in claims:
        if len(claim.path) != 2 or not all(isinstance(component, str) for component in claim.path):
            raise Malformed("query_malformed", spec="OpenID4VP 1.0 §7.2", reason="path_form", member="path")


def _claim(value: JsonObject) -> ClaimQuery:
    name = value.get("id")
    values = _optional_list(value, "values", MAX_VALUES)
    return ClaimQuery(
        id=None if name is None and "id" not in value else _identifier(name),
        path=parse_pointer(value.get("path")),
        values=tuple(_claim_value(item) for item in values) if values else None,
    )


def _claim_sets(
    value: JsonObject, claims: tuple[ClaimQuery, ...], ids: frozenset[str]
) -> tuple[tuple[str, ...], ...]:
    """Read the combinations; they need ``claims`` and an id on each of them. Spec: §6.1, §6.3, §6.4.1."""
    sets = _optional_list(value, "claim_sets", MAX_SETS)
    if sets and not claims:
        raise _malformed("claim_sets_without_claims", "claim_sets")
    if sets and len(ids) != len(claims):
        raise _malformed("id_form", "claims")
    return tuple(_references(names, ids, MAX_CLAIMS, "claim_sets") for names in sets)


def _credential_set(value: JsonObject, ids: frozenset[str]) -> CredentialSet:
    options = _list(value, "options", MAX_SETS)
    return CredentialSet(
        options=tuple(_references(option, ids, MAX_CREDENTIALS, "options") for option in options),
        required=_flag(value, "required", default=True),
    )


def _authority(value: JsonObject) -> TrustedAuthority:
    values = _list(value, "values", MAX_VALUES)
    return TrustedAuthority(_text(value.get("type"), "type"), frozenset(_text(item, "values") for item in values))


def _references(value: object, ids: frozenset[str], limit: int, member: str) -> tuple[str, ...]:
    names = tuple(_identifier(name) for name in _bounded(value, limit, member))
    if not ids.issuperset(names):
        raise _malformed("id_unknown", member)
    return names


def _list(value: Mapping[str, Any], member: str, limit: int) -> list[Any]:
    return _bounded(value.get(member), limit, member)


def _optional_list(value: Mapping[str, Any], member: str, limit: int) -> list[Any]:
    return _list(value, member, limit) if member in value else []


def _bounded(value: object, limit: int, member: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise _malformed("form", member)
    if len(value) > limit:
        raise Malformed("limit_exceeded", spec="OpenID4VP 1.0 §6", what=member, limit=limit)
    return value


def _object(value: object, member: str) -> JsonObject:
    if not isinstance(value, dict):
        raise _malformed("form", member)
    return value


def _flag(value: JsonObject, member: str, *, default: bool) -> bool:
    flag = value.get(member, default)
    if not isinstance(flag, bool):
        raise _malformed("form", member)
    return flag


def _text(value: object, member: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_STRING_CHARS:
        raise _malformed("form", member)
    return value


def _identifier(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise _malformed("id_form", "id")
    return value


def _claim_value(value: Any) -> ClaimValue:
    if not isinstance(value, (str, int)):
        raise _malformed("values_form", "values")
    return value


def _unique(ids: list[str]) -> frozenset[str]:
    unique = frozenset(ids)
    if len(unique) != len(ids):
        raise _malformed("id_duplicate", "id")
    return unique


def _malformed(reason: str, member: str) -> Malformed:
    return Malformed("query_malformed", spec="OpenID4VP 1.0 §6", reason=reason, member=member)
