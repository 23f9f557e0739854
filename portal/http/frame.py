"""What every page of the portal starts from: who is signed in, in which institution, for which reader."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from fastapi import Request, Response

from portadoc.access.actions import Action
from portadoc.access.decision import Permit, decide
from portadoc.access.resources import Resource, ResourceKind
from portadoc.access.subjects import Subject
from portadoc.days import read_day
from portadoc.errors import Malformed
from portadoc.portal.applications.application import Application
from portadoc.portal.gate import resource_of
from portadoc.portal.login.routes import Entrance
from portadoc.portal.pages.rendering import page, reader_of, refusal
from portadoc.portal.service import Portal
from portadoc.schemas.profiles import Mode
from portadoc.web.bodies import read_form
from portadoc.web.pages.reader import Reader

_Kind = TypeVar("_Kind", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who is signed in."""

    subject: Subject
    reader: Reader
    request: Request


class Frame:
    """Opens requests and frames pages."""

    def __init__(self, portal: Portal, entrance: Entrance) -> None:
        self.portal = portal
        self.entrance = entrance
        self.route = entrance.counting_route(refusal)
        """A kind of route whose refusals are pages, and which counts what is not there."""

    def visit(self, request: Request) -> Visit:
        """Return who asks. Raises Refused[session_missing], [cross_site_request]."""
        return Visit(self.entrance.person_of(request), reader_of(request), request)

    def may(self, visit: Visit, action: Action, kind: ResourceKind, slug: str) -> bool:
        """Tell whether a reader may do something in an institution at all, so that a page can lead there."""
        context = self.portal.gate.context(purpose=action.value)
        return isinstance(decide(visit.subject, action, Resource(kind, slug), context), Permit)

    def permitted(self, visit: Visit, application: Application, actions: Iterable[Action]) -> frozenset[Action]:
        """Return what a reader may do with an application, so that a page offers nothing else."""
        resource, context = resource_of(application), self.portal.gate.context()
        return frozenset(
            each for each in actions if isinstance(decide(visit.subject, each, resource, context), Permit)
        )

    def page(
        self,
        template: str,
        visit: Visit,
        content: Mapping[str, object],
        *,
        slug: str = "",
        status: int = 200,
        shareable: bool = True,
    ) -> Response:
        """Return a page; one that is not ``shareable`` shows what was typed or made, and has no other language."""
        here = self.portal.deployment
        frame = {
            "institution": here.name(slug) if slug else "",
            "slug": slug,
            "test": here.settings.mode == Mode.DEVELOPMENT,
            "signed_in": visit.subject.name or visit.subject.id,
            "moved": "moved" in visit.request.query_params,
        }
        address = visit.request.url.path if shareable else None
        return page(template, visit.reader, {**frame, **content}, here=address, status=status)


async def form_of_request(request: Request) -> dict[str, str]:
    """Return the fields of a form. Raises Malformed[content_type_unsupported], [form_invalid]."""
    return await read_form(request)


async def take_body(request: Request) -> None:
    """Take in the body that a client sends, also where nobody reads it: else its connection would be reset."""
    await request.body()


def member(kinds: type[_Kind], value: str) -> _Kind:
    """Return a member of a closed list. Raises Malformed[choice_unknown]."""
    for each in kinds:
        if each.value == value:
            return each
    raise Malformed("choice_unknown")


def typed_day(unverified_text: str) -> date | None:
    """Return the day that a field of a form holds, None for what is no day: the page says so at the field."""
    try:
        return read_day(unverified_text)
    except ValueError:
        return None
