"""SD-JWT and SD-JWT+KB: the signed part, each disclosure with its place, the key binding."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from portadoc.cli.inspection.finding import Finding, Inspection, Said, Severity, old_shape, refusals
from portadoc.cli.inspection.moments import moment, said_times, time_findings
from portadoc.cli.inspection.tokens import (
    OpenedToken,
    content_of,
    lenient_base64,
    open_token,
    parts_of,
    read_json,
    strict_findings,
)
from portadoc.errors import Error, Malformed
from portadoc.formats.roles import CREDENTIAL_WITH_X5U
from portadoc.formats.sd_jwt import from_json, parse, process, verify_key_binding
from portadoc.formats.sd_jwt.digests import DEFAULT_HASH_ALG, digest, hash_function
from portadoc.formats.sd_jwt.parse import MAX_DISCLOSURES
from portadoc.formats.sd_jwt.processing import MAX_DEPTH
from portadoc.formats.status_list.statuses import status_reference
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.jwk import holder_key
from portadoc.schemas.catalogue import CREDENTIAL_TYPES, OLD_VCTS, projection_for
from portadoc.schemas.claims import ClaimPath, Json, JsonObject, dotted

_OLD_TYP: Final = "vc+sd-jwt"


@dataclass(slots=True)
class _Places:
    """Where each opened digest belongs, found by a walk that refuses nothing."""

    contents: Mapping[str, list[Any]]
    found: dict[str, ClaimPath] = field(default_factory=dict)
    closed: int = 0

    def walk(self, value: Json, path: ClaimPath) -> None:
        """Note the place of every digest below ``path``; deeper than the format allows, nothing is looked at."""
        if len(path) > MAX_DEPTH:
            return
        if isinstance(value, dict):
            for each in _list(value.get("_sd")):
                self._open(each, path, member=True)
            for name, child in value.items():
                self.walk(child, (*path, name))
        elif isinstance(value, list):
            for index, child in enumerate(value):
                if isinstance(child, dict) and "..." in child:
                    self._open(child["..."], (*path, index), member=False)
                else:
                    self.walk(child, (*path, index))

    def _open(self, digest_text: Any, path: ClaimPath, *, member: bool) -> None:
        content = self.contents.get(digest_text) if isinstance(digest_text, str) else None
        if content is None or digest_text in self.found:
            self.closed += content is None
            return
        place = (*path, str(content[1])) if member and len(content) > 2 else path
        self.found[digest_text] = place
        self.walk(content[-1], place)


def inspect_sd_jwt(text: str, now: int) -> Inspection:
    """Return what an SD-JWT says. Raises Malformed[malformed_token], [limit_exceeded]."""
    jws_text, *rest = text.split("~")
    disclosures, key_binding = rest[:-1], rest[-1] if rest else ""
    if len(disclosures) > MAX_DISCLOSURES:
        raise Malformed("limit_exceeded", what="disclosures", limit=MAX_DISCLOSURES)
    token = open_token(jws_text)
    opened = _opened(disclosures, token.payload)
    places = _Places({each["digest"]: each["content"] for each in opened if each["content"]})
    places.walk(token.payload, ())
    parts = parts_of(token, now)
    if key_binding:
        parts["key binding"] = _key_binding(text, key_binding, token.payload, now)
    return Inspection(
        kind="sd_jwt",
        said=tuple(_sentences(token.payload, len(places.found), places.closed, bool(key_binding))),
        findings=tuple(_findings(text, token, disclosures, now)),
        content={**content_of(token), "disclosures": [_disclosure(each, places) for each in opened]},
        parts=parts,
    )


def inspect_json_form(members: JsonObject, raw: str, now: int) -> Inspection:
    """Return what a JWS JSON serialisation of an SD-JWT says, in its compact form. Raises Malformed."""
    compact = from_json(raw)
    form = Finding(Severity.NOTE, "json_form", clause="RFC 9901 §8")
    return Inspection(
        kind="sd_jwt_json",
        said=(Said("what_sd_jwt_json", {"count": len(compact)}),),
        findings=(form,),
        content={"members": sorted(members)},
        parts={f"signature {n}": inspect_sd_jwt(each.text, now) for n, each in enumerate(compact, 1)},
    )


def _opened(disclosures: list[str], payload: JsonObject) -> list[JsonObject]:
    """Return digest and content of each disclosure; content is None when it is not a disclosure."""
    try:
        function = hash_function(payload.get("_sd_alg", DEFAULT_HASH_ALG))
    except Error:
        function = hash_function(DEFAULT_HASH_ALG)
    opened = []
    for text in disclosures:
        try:
            content, _ = read_json(lenient_base64(text), "disclosure")
        except Error:
            content = None
        fits = isinstance(content, list) and len(content) in (2, 3)
        opened.append(
            {"digest": digest(text.encode("ascii", "replace"), function), "content": content if fits else None}
        )
    return opened


def _disclosure(opened: JsonObject, places: _Places) -> JsonObject:
    place, content = places.found.get(opened["digest"]), opened["content"]
    return {
        "digest": opened["digest"],
        "place": dotted(place) if place else None,
        "name": content[1] if content and len(content) > 2 else None,
        "value": content[-1] if content else None,
    }


def _findings(text: str, token: OpenedToken, disclosures: list[str], now: int) -> Iterator[Finding]:
    """Yield what strict readers mind: of the form, the signature, the disclosures, the times and the claims."""
    claims: list[JsonObject] = []
    yield from token.findings
    yield from refusals(lambda: parse(text))
    yield from strict_findings(token, CREDENTIAL_WITH_X5U, tolerated_typ=frozenset({_OLD_TYP}))
    yield from refusals(lambda: claims.append(process(token.payload, disclosures).claims))
    yield from time_findings(token.payload, now)
    yield from _claim_findings(token)
    for each in claims:
        yield from _layout_findings(each)


def _claim_findings(token: OpenedToken) -> Iterator[Finding]:
    payload, vct = token.payload, token.payload.get("vct")
    if token.typ == _OLD_TYP:
        yield old_shape(_OLD_TYP, "dc+sd-jwt", "SD-JWT VC §2.2.1")
    if vct is None:
        yield Finding(Severity.FAULT, "claim_missing", {"claim": "vct"}, "SD-JWT VC §2.2.2.1")
    if isinstance(vct, str) and vct in OLD_VCTS:
        yield old_shape(vct, OLD_VCTS[vct], "DC4EU rulebooks")
    if "exp" not in payload:
        yield Finding(Severity.NOTE, "end_absent", clause="RFC 7519 §4.1.4")
    if "cnf" in payload:
        yield from refusals(lambda: holder_key(payload["cnf"], allowed_algs=ALL_ALGORITHMS))
    status = payload.get("status")
    if isinstance(status, dict) and "index" in status:
        yield old_shape("status {type, purpose, index, uri}", "status.status_list", "CIR (EU) 2026/1731")
    else:
        yield from refusals(lambda: status_reference(payload))
    if _leads_to_one_person(status):
        yield Finding(Severity.WARNING, "status_uri_of_one", clause="Token Status List §12.2")


def _leads_to_one_person(status: Json) -> bool:
    """Tell whether the address of the list is more than that: asking for it could say whom it is about."""
    reference = status.get("status_list") if isinstance(status, dict) else None
    uri = reference.get("uri") if isinstance(reference, dict) else None
    return isinstance(uri, str) and ("?" in uri or "#" in uri)


def _layout_findings(claims: JsonObject) -> Iterator[Finding]:
    """Yield how the claims differ from the published layout of a type that we know."""
    vct = claims.get("vct")
    if not isinstance(vct, str) or OLD_VCTS.get(vct, vct) not in {each.vct for each in CREDENTIAL_TYPES.values()}:
        return
    try:
        deviations = projection_for(vct, claims).restore(claims).deviations
    except Error as error:
        yield Finding(Severity.WARNING, error.code, error.params, error.spec or "")
        return
    for each in deviations:
        yield Finding(Severity.NOTE, each.code, {"claim": each.claim, "expected": each.expected})


def _sentences(payload: JsonObject, opened: int, closed: int, bound: bool) -> Iterator[Said]:
    yield Said("what_sd_jwt")
    vct = payload.get("vct")
    names = [each.display for each in CREDENTIAL_TYPES.values() if each.vct == vct]
    yield Said("said_known_type", {"vct": str(vct)}) if names else Said("said_type", {"vct": str(vct)})
    if "iss" in payload:
        yield Said("said_issuer", {"iss": str(payload["iss"])})
    yield from said_times(payload)
    yield Said("said_disclosures", {"opened": opened, "closed": closed})
    yield from _holder(payload)
    status = payload.get("status")
    reference = status.get("status_list") if isinstance(status, dict) else None
    if isinstance(reference, dict):
        yield Said("said_status", {"idx": str(reference.get("idx")), "uri": str(reference.get("uri"))})
    if not bound:
        yield Said("said_no_key_binding")


def _holder(payload: JsonObject) -> Iterator[Said]:
    try:
        kid = holder_key(payload.get("cnf"), allowed_algs=ALL_ALGORITHMS).kid
    except Error:
        if "cnf" not in payload:
            yield Said("said_bound_to_nobody")
        return
    yield Said("said_bound_to", {"kid": kid})


def _key_binding(text: str, kb_text: str, issued: JsonObject, now: int) -> Inspection:
    """Return what a key binding says, and whether it fits this very presentation and the key in it."""
    token = open_token(kb_text)
    terms = {name: str(token.payload.get(name, "-")) for name in ("aud", "nonce")}
    made_at = token.payload.get("iat")
    # what a digest is taken of is ASCII; text that is not has its own finding
    misfits = refusals(lambda: _check_binding(text, kb_text, token.payload, issued)) if text.isascii() else ()
    return Inspection(
        kind="key_binding",
        said=(Said("what_key_binding"), Said("said_presented_to", {**terms, "at": moment(made_at)})),
        findings=(
            *token.findings,
            *(each for each in misfits if each.params.get("reason") != "txdata"),
            *time_findings(token.payload, now),
        ),
        content=content_of(token),
    )


def _check_binding(text: str, kb_text: str, payload: JsonObject, issued: JsonObject) -> None:
    """Check signature, sd_hash and form, taking audience, nonce and time from the key binding itself.

    What it says of a transaction (the last check) belongs to a request that is not here.
    """
    made_at = payload.get("iat")
    verify_key_binding(
        kb_text,
        presented_text=text[: len(text) - len(kb_text)],
        holder_key=holder_key(issued.get("cnf"), allowed_algs=ALL_ALGORITHMS),
        audience=payload["aud"] if isinstance(payload.get("aud"), str) else "",
        nonce=payload["nonce"] if isinstance(payload.get("nonce"), str) else "",
        now=made_at if type(made_at) is int else 0,
        max_age_s=0,
        skew_s=0,
        hash_alg=str(issued.get("_sd_alg", DEFAULT_HASH_ALG)),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
