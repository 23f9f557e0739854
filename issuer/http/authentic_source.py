"""HTTP for authentic sources, apart from that for wallets: machines keep, offer, correct and withdraw records.

A source comes with the access token that its own token endpoint gave for a signed assertion. It reaches those
records of its institution that sources have named, and nothing else. What changes something acts once for each
Idempotency-Key; what changes a record names the version that it has seen (If-Match).
Spec: RFC 6749 §4.4, RFC 7523, RFC 9110 §13, RFC 9457; draft-ietf-httpapi-idempotency-key-header.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.errors import Conflict, Error, Malformed, Refused, Unavailable, Untrusted
from portadoc.formats import strict_json
from portadoc.issuer.http import authentic_source_messages as messages
from portadoc.issuer.http.authentic_source_openapi import (
    API,
    CORRECTIONS,
    EXPECTED,
    LONGEST_PAGE,
    OFFERS,
    PROLONGATIONS,
    RECORD,
    RECORDS,
    REISSUES,
    REPLACEMENTS,
    TOKEN,
    WITHDRAWALS,
    openapi_document,
)
from portadoc.issuer.life_cycle.succession import Asked
from portadoc.issuer.service import Issuer
from portadoc.issuer.sources.clients import Source
from portadoc.issuer.sources.source_settings import SourceVerb
from portadoc.issuer.store.history_store import Act
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.records import record_from_json
from portadoc.web.answers import NO_STORE, json_answer, refusing_route
from portadoc.web.bodies import JSON, read_form, require_content_type, require_members
from portadoc.web.machines.cursors import page_size
from portadoc.web.machines.idempotency import idempotency_key
from portadoc.web.origin import source_of
from portadoc.web.problem import language_of, problem

_USUAL_PAGE: Final = 50
_STATUSES: Final = {
    "not_found": 404,
    "record_unknown": 404,
    "source_token_refused": 401,
    "source_verb_denied": 403,
    "record_changed": 412,
    "version_missing": 428,
    "request_running": 409,
    "requests_throttled": 429,
    "json_malformed": 400,
    "limit_exceeded": 413,
    "content_type_unsupported": 415,
    "idempotency_key_invalid": 400,
    "cursor_invalid": 400,
}
"""What HTTP has a word for; what is wrong with the content of a request is 422. Spec: RFC 9110 §15.5."""
_PROTOCOL_WORDS: Final = {
    "client_assertion_refused": ("invalid_client", 401),
    "grant_type_unsupported": ("unsupported_grant_type", 400),
    "source_scope_unknown": ("invalid_scope", 400),
}


async def raw_body(request: Request) -> bytes:
    """Return the bytes of a body, unread: whether somebody may ask at all comes first."""
    return await request.body()


Raw = Annotated[bytes, Depends(raw_body)]
Form = Annotated[dict[str, str], Depends(read_form)]


def authentic_source_router(issuer: Issuer) -> APIRouter:
    """Return the routes of authentic sources, with their token endpoint and the document that describes them."""
    api = SourceApi(issuer)
    router = APIRouter(route_class=refusing_route(_tell), dependencies=[Depends(raw_body)])
    router.add_api_route(f"{API}/openapi.json", api.describe, methods=["GET"])
    router.add_api_route(RECORDS, api.listed, methods=["GET"])
    router.add_api_route(RECORD, api.whole, methods=["GET"])
    router.add_api_route(RECORD, api.keep, methods=["PUT"])
    router.add_api_route(OFFERS, api.offer, methods=["POST"])
    router.add_api_route(REISSUES, api.reissue, methods=["POST"])
    router.add_api_route(PROLONGATIONS, api.prolong, methods=["POST"])
    router.add_api_route(CORRECTIONS, api.correct, methods=["POST"])
    router.add_api_route(REPLACEMENTS, api.replace, methods=["POST"])
    router.add_api_route(WITHDRAWALS, api.withdraw, methods=["POST"])
    router.add_api_route(EXPECTED, api.expect, methods=["PUT"])
    router.add_api_route(EXPECTED, api.refuse, methods=["DELETE"])
    outer = APIRouter()
    outer.include_router(_token_router(issuer))
    outer.include_router(router)
    return outer


def _token_router(issuer: Issuer) -> APIRouter:
    router, clients = APIRouter(route_class=refusing_route(_tell_client)), issuer.sources.clients

    @router.post(TOKEN)
    def give_source_token(institution: str, form: Form, request: Request) -> Response:
        """Return an access token to an authentic source for a signed assertion. Spec: RFC 7523 §2.2."""
        clients.count(f"address:{source_of(request, issuer.settings.code_address_header)}")
        made = clients.token(institution, form)
        return json_answer(
            {
                "access_token": made.access_token,
                "token_type": "Bearer",
                "expires_in": made.expires_in,
                "scope": made.scope,
            }
        )

    return router


class SourceApi:
    """The endpoints, run in the thread pool."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer, self._sources, self._life_cycle = issuer, issuer.sources, issuer.life_cycle

    def describe(self, institution: str) -> Response:
        """Return the description of the interface for authentic sources (OpenAPI 3.1)."""
        issuer_id = self._issuer.metadata.issuer(institution).credential_issuer
        return json_answer(openapi_document(issuer_id), headers={"Cache-Control": "public, max-age=300"})

    def listed(self, institution: str, request: Request) -> Response:
        """Return the records of the source, in the order in which they came, page by page."""
        source = self._source(institution, request, SourceVerb.READ)
        size = page_size(request.query_params.get("limit"), usual=_USUAL_PAGE, longest=LONGEST_PAGE)
        cursors = self._sources.cursors(source)
        unverified = request.query_params.get("cursor")
        after = None if unverified is None else cursors.place(unverified)
        found = self._sources.page(source, after=after, limit=size + 1)
        shown, last = found[:size], found[size - 1] if len(found) > size else None
        seen = [self._sources.view(source, each.source_record_id) for each in shown]
        return json_answer(
            {
                "records": [
                    messages.summary_of(each, address=self._at(source, each.source_record_id)) for each in seen
                ],
                "next_cursor": None if last is None else cursors.cursor((last.kept_at, last.source_record_id)),
            }
        )

    def whole(self, institution: str, record: str, request: Request) -> Response:
        """Return a record with its state, its copies and its history."""
        source = self._source(institution, request, SourceVerb.READ)
        return self._shown(source, record, known=request.headers.get("if-none-match"))

    def keep(self, institution: str, record: str, request: Request, raw: Raw) -> Response:
        """Keep a decided record under the source's own id; the same record again changes nothing."""
        source = self._source(institution, request, SourceVerb.KEEP)
        decided = record_from_json(_body(request, raw))
        if request.headers.get("if-none-match") == "*" and self._sources.find(institution, record) is not None:
            raise Conflict("record_changed", spec="RFC 9110 §13.1.2")
        is_new = self._sources.keep(source, record, decided)
        return self._shown(source, record, status=201 if is_new else 200)

    def offer(self, institution: str, record: str, request: Request, raw: Raw) -> Response:
        """Offer a record to a wallet, once for each Idempotency-Key."""
        source = self._source(institution, request, SourceVerb.OFFER)
        record_id, terms = self._sources.named(source, record), messages.read_terms(_body(request, raw))

        def act(_request_key: str) -> JsonObject:
            return messages.told_offer(self._life_cycle.offer(institution, record_id, terms=terms))

        return self._once(source, request, raw, act, status=201)

    def reissue(self, institution: str, record: str, request: Request, raw: Raw) -> Response:
        """Offer a record to another phone; what the old one holds ends when that is collected, or at once."""
        source = self._source(institution, request, SourceVerb.REISSUE)
        body, record_id = _body(request, raw), self._sources.known(source, record)
        terms, lost = messages.read_terms(body, beside={"lost"}), _flag(body, "lost")
        version = _version(request)

        def act(request_key: str) -> JsonObject:
            asked = Asked(by=source.client_id, request_key=request_key, version=version)
            _, offer = self._life_cycle.reissue(institution, record_id, lost=lost, terms=terms, asked=asked)
            return messages.told_offer(offer)

        return self._once(source, request, raw, act, status=201)

    def prolong(self, institution: str, record: str, request: Request, raw: Raw) -> Response:
        """Let a record that ends later follow this one."""
        source = self._source(institution, request, SourceVerb.PROLONG)
        body = _body(request, raw)
        require_members(body, {"successor"})
        return self._succeed(source, record, request, raw, body, self._life_cycle.prolong)

    def correct(self, institution: str, record: str, request: Request, raw: Raw) -> Response:
        """Put a record in the place of this one, which says something wrong."""
        source = self._source(institution, request, SourceVerb.CORRECT)
        body = _body(request, raw)
        change = messages.read_change(body, beside={"successor"})
        return self._succeed(source, record, request, raw, body, self._life_cycle.correct, change=change)

    def replace(self, institution: str, record: str, request: Request, raw: Raw) -> Response:
        """Put another decision about the same person in the place of this one."""
        source = self._source(institution, request, SourceVerb.REPLACE)
        body = _body(request, raw)
        change = messages.read_change(body, beside={"successor"}, reasoned=False)
        return self._succeed(source, record, request, raw, body, self._life_cycle.replace, change=change)

    def withdraw(self, institution: str, record: str, request: Request, raw: Raw) -> Response:
        """Withdraw a record with every copy, for good; again changes nothing."""
        source = self._source(institution, request, SourceVerb.WITHDRAW)
        change = messages.read_change(_body(request, raw))
        record_id, version = self._sources.known(source, record), _version(request)

        def act(request_key: str) -> JsonObject:
            asked = Asked(by=source.client_id, request_key=request_key, version=version)
            self._life_cycle.withdraw(institution, record_id, change=change, asked=asked)
            return self._summary(source, record)

        return self._once(source, request, raw, act, status=200)

    def expect(self, institution: str, record: str, request: Request, raw: Raw) -> Response:
        """Say that a record is being decided: it can be offered, and wallets wait for it."""
        source = self._source(institution, request, SourceVerb.EXPECT)
        holder, configuration_ids = messages.read_expectation(_body(request, raw))
        record_id = self._sources.reserve(source, record)
        self._issuer.expect(institution, record_id, holder, configuration_ids)
        return json_answer({"id": record, "state": "pending"})

    def refuse(self, institution: str, record: str, request: Request) -> Response:
        """Say that there will be no record, for good: wallets that wait are told."""
        source = self._source(institution, request, SourceVerb.EXPECT)
        self._issuer.decided(institution, self._sources.named(source, record), None)
        return Response(status_code=204, headers=dict(NO_STORE))

    def _succeed(
        self,
        source: Source,
        record: str,
        request: Request,
        raw: bytes,
        body: JsonObject,
        verb: Callable[..., Act],
        **how: object,
    ) -> Response:
        record_id, successor = self._sources.known(source, record), messages.read_successor(body)
        version = _version(request)

        def act(request_key: str) -> JsonObject:
            successor_id = self._sources.reserve(source, successor.source_record_id)
            asked = Asked(by=source.client_id, request_key=request_key, version=version)
            verb(source.institution, record_id, successor.record, successor_id=successor_id, asked=asked, **how)
            return self._summary(source, successor.source_record_id)

        location = self._at(source, successor.source_record_id)
        return self._once(source, request, raw, act, status=201, headers={"Location": location})

    def _source(self, institution: str, request: Request, verb: SourceVerb) -> Source:
        """Return who asks. Raises as ``Clients.source`` and ``Clients.count``; Refused[source_verb_denied]."""
        values = request.headers.getlist("authorization")
        scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
        if scheme.lower() != "bearer" or not token:
            raise Untrusted("source_token_refused", spec="RFC 6750 §2.1")
        source = self._sources.clients.source(institution, token)
        self._sources.clients.count(f"client:{source.client_id}")
        source.require(verb)
        return source

    def _once(
        self,
        source: Source,
        request: Request,
        raw: bytes,
        act: Callable[[str], JsonObject],
        *,
        status: int,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        asked = f"{request.method} {request.scope['path']}\n".encode() + raw
        told = self._sources.requests.once(source, key=idempotency_key(request), request=asked, act=act)
        return json_answer(told, status=status, headers={**NO_STORE, **(headers or {})})

    def _shown(self, source: Source, record: str, *, known: str | None = None, status: int = 200) -> Response:
        seen = self._sources.view(source, record)
        headers = {**NO_STORE, "ETag": f'"{seen.view.version}"'}
        if known == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        content = messages.whole_of(seen, address=self._at(source, record))
        return json_answer(content, status=status, headers=headers)

    def _summary(self, source: Source, record: str) -> JsonObject:
        return messages.summary_of(self._sources.view(source, record), address=self._at(source, record))

    def _at(self, source: Source, record: str) -> str:
        base_url = self._issuer.settings.base_url
        return f"{base_url}{RECORD.format(institution=source.institution, record=record)}"


def _body(request: Request, raw: bytes) -> JsonObject:
    require_content_type(request, frozenset({JSON}))
    return strict_json.loads_object(raw, what="body")


def _flag(body: JsonObject, name: str) -> bool:
    value = body.get(name)
    if not isinstance(value, bool):
        raise Malformed("member_invalid", member=f"/{name}", expected="true or false")
    return value


def _version(request: Request) -> str | None:
    """Return the version of the record that the source has seen; None for ``*``, whatever it is.

    Raises Malformed[version_missing]. Spec: RFC 9110 §13.1.1, RFC 6585 §3.
    """
    values = request.headers.getlist("if-match")
    if len(values) != 1 or not values[0].strip():
        raise Malformed("version_missing", spec="RFC 6585 §3")
    return None if values[0].strip() == "*" else values[0].strip().strip('"')


def _tell(error: Error, request: Request) -> Response:
    """Answer a refusal as a problem document."""
    content = 422 if isinstance(error, Malformed | Refused) else None
    response = problem(error, language_of(request.scope), status=_STATUSES.get(error.code, content))
    if response.status_code in (401, 403):
        word = "invalid_token" if response.status_code == 401 else "insufficient_scope"
        response.headers["WWW-Authenticate"] = f'Bearer realm="portadoc-source", error="{word}"'
    return response


def _tell_client(error: Error, request: Request) -> Response:
    """Answer a refusal of the token endpoint in the words of OAuth. Spec: RFC 6749 §5.2."""
    if error.code == "not_found" or isinstance(error, Unavailable):
        return _tell(error, request)
    word, status = _PROTOCOL_WORDS.get(error.code, ("invalid_request", 400))
    return json_answer({"error": word, "error_description": error.code}, status=status)
