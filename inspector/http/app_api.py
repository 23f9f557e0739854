"""The interface of the app: what it has to know, its device, questions to wallets, and entries of visits."""

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from portadoc.catalogue.languages import LANGUAGES
from portadoc.days import kept_day
from portadoc.errors import Malformed, Untrusted
from portadoc.inspector.configuration import configuration
from portadoc.inspector.http.access import Access, DeviceRoute
from portadoc.inspector.http.waiting import Waiting, bearer, seconds
from portadoc.inspector.service import Inspector
from portadoc.inspector.store.device_store import Device
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.codes import PDA1_STATES, canonical_country
from portadoc.verification.policy import WorkAsked
from portadoc.web.answers import json_answer
from portadoc.web.bodies import (
    optional_text_member,
    read_json_object,
    require_content_type,
    require_members,
    text_member,
)
from portadoc.web.origin import source_of
from portadoc.web.pages.qr_codes import qr_code

JOSE: Final = frozenset({"application/jose", "text/plain"})
_MAX_EMPLOYERS: Final = 20
JsonBody = Annotated[JsonObject, Depends(read_json_object)]


async def read_message(request: Request) -> str:
    """Return the encrypted message of a body. Raises Malformed[content_type_unsupported]."""
    require_content_type(request, JOSE)
    try:
        return (await request.body()).decode("ascii")
    except UnicodeDecodeError as exc:
        raise Untrusted("encryption_invalid", reason="form") from exc


Message = Annotated[str, Depends(read_message)]


def device_router(inspector: Inspector) -> APIRouter:
    """Return the routes that the app calls."""
    access, api = Access(inspector), AppApi(inspector)
    router = APIRouter(prefix="/inspect/api", route_class=DeviceRoute)
    writes = [Depends(access.same_origin)]
    ours = [*writes, Depends(access.device)]  # before the body is read
    router.add_api_route("/configuration", api.show_configuration, methods=["GET"])
    router.add_api_route("/devices", api.pair, methods=["POST"], dependencies=writes)
    router.add_api_route("/devices/self", api.show_device, methods=["GET"])
    router.add_api_route("/devices/self", api.leave, methods=["DELETE"], dependencies=ours)
    router.add_api_route("/asks", api.ask, methods=["POST"], dependencies=ours)
    router.add_api_route("/asks/{transaction}", api.look, methods=["GET"])
    router.add_api_route("/receipts", api.receipt, methods=["POST"], dependencies=ours)
    router.add_api_route("/codes", api.seal, methods=["POST"], dependencies=ours)
    router.add_api_route("/entries/{entry}", api.take, methods=["PUT"], dependencies=ours)
    router.add_api_route("/visits/{visit}/dossier", api.link_dossier, methods=["POST"], dependencies=ours)
    return router


class AppApi:
    """The endpoints; those that are plain functions run in the thread pool."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self._access = Access(inspector)
        self._waiting = Waiting(inspector)

    def show_configuration(self, request: Request) -> Response:
        """Return what the app needs to know; that of its institution to a device that is paired."""
        device = self._access.known_device(request)
        slug = self._inspector.settings.first if device is None else device.institution
        return json_answer(configuration(self._inspector.deployment, slug, languages=tuple(LANGUAGES)))

    def pair(self, request: Request, body: JsonBody) -> Response:
        """Pair this device by a code."""
        require_members(body, ("code", "name"))
        source = source_of(request, self._inspector.settings.address_header)
        code, name = text_member(body, "code"), optional_text_member(body, "name") or ""
        paired = self._inspector.devices.pair(code, name, source=source)
        return self._access.admit(json_answer(_shown(paired.device), status=201), paired.secret)

    def show_device(self, request: Request) -> Response:
        """Return how this device is known."""
        return json_answer(_shown(self._access.device(request)))

    def leave(self, request: Request) -> Response:
        """Revoke this device."""
        device = self._access.device(request)
        self._inspector.devices.revoke(device.institution, device.device_id)
        return self._access.dismiss(json_answer({}))

    def ask(self, request: Request, body: JsonBody) -> Response:
        """Open a request to a wallet on another device, and return what to show to it."""
        require_members(body, ("preset", "onDate", "work"))
        made = self._inspector.asks.ask(
            self._access.device(request),
            preset_id=text_member(body, "preset"),
            on_date=day_member(body, "onDate"),
            work=None if body.get("work") is None else _work(body["work"]),
        )
        told = {
            "transaction": made.transaction,
            "secret": made.secret,
            "link": made.link,
            "qr": qr_code(made.link, ""),
            "confirmation": made.confirmation,
            "expiresAt": made.expires_at,
        }
        return json_answer(told, status=201)

    async def look(self, transaction: str, request: Request, wait: str = "0") -> Response:
        """Return where a request stands; while it is open, wait for an answer as long as may be."""
        device = await run_in_threadpool(self._access.device, request)
        answer = await self._waiting.answer(device, transaction, bearer(request), seconds(wait))
        told: dict[str, Any] = {"stage": answer.stage.value}
        if answer.verdict is not None:
            told |= {"verdict": answer.verdict, "colour": answer.colour, "reports": list(answer.reports)}
        optional = {"code": answer.code, "receipt": answer.receipt}
        return json_answer({**told, **{name: value for name, value in optional.items() if value is not None}})

    def take(self, entry: str, request: Request, message: Message) -> Response:
        """Keep an entry; the same again is answered as before."""
        kept = self._inspector.intake.take(self._access.device(request), entry, message)
        return json_answer({"entry": kept.entry, "digest": kept.digest}, status=201 if kept.first else 200)

    def link_dossier(self, visit: str, request: Request) -> Response:
        """Return the link to the dossier of the site of a visit; the same link whenever it is asked for."""
        made, first = self._inspector.dossiers.link_of_visit(self._access.device(request), visit)
        told = {"link": made.address, "site": made.link.title, "expiresAt": made.link.expires_at}
        return json_answer(told, status=201 if first else 200)

    def receipt(self, request: Request, body: JsonBody) -> Response:
        """Judge a document now and return the signed receipt of it."""
        require_members(body, ("text", "onDate", "preset"))
        on_date = day_member(body, "onDate")
        if on_date is None:
            raise Malformed("member_invalid", member="/onDate", expected="YYYY-MM-DD")
        made = self._inspector.judgements.receipt(
            self._access.device(request),
            text_member(body, "text"),
            on_date=on_date,
            preset_id=text_member(body, "preset"),
        )
        return json_answer({"receipt": made.receipt, "nonce": made.nonce})

    def seal(self, request: Request, body: JsonBody) -> Response:
        """Exchange an online code for the seal that stands for the paper."""
        require_members(body, ("url", "second"))
        device = self._access.device(request)
        text = self._inspector.judgements.seal(device, text_member(body, "url"), text_member(body, "second"))
        return json_answer({"seal": text})


def day_member(body: JsonObject, name: str) -> date | None:
    """Return a day, None for one that is absent. Raises Malformed[member_invalid]."""
    text = optional_text_member(body, name)
    try:
        return kept_day(text)
    except ValueError as exc:
        raise Malformed("member_invalid", member=f"/{name}", expected="YYYY-MM-DD") from exc


def _work(work: Any) -> WorkAsked:
    """Return the work that has to be covered. Raises Malformed[member_invalid]."""
    if not isinstance(work, dict):
        raise Malformed("member_invalid", member="/work", expected="object")
    require_members(work, ("state", "employers", "first", "last"))
    state, employers = optional_text_member(work, "state"), work.get("employers") or []
    if state and canonical_country(state) not in PDA1_STATES:
        raise Malformed("work_state_invalid")
    texts = isinstance(employers, list) and all(isinstance(each, str) for each in employers)
    if not texts or len(employers) > _MAX_EMPLOYERS:
        raise Malformed("member_invalid", member="/work/employers", expected="array of texts")
    return WorkAsked(
        state=canonical_country(state) if state else None,
        employers=frozenset(employers),
        first=day_member(work, "first"),
        last=day_member(work, "last"),
    )


def _shown(device: Device) -> JsonObject:
    return {
        "device": device.device_id,
        "name": device.name,
        "institution": device.institution,
        "encryptionKey": device.encryption_key.public_jwk,
    }
