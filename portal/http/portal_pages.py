"""Every page of the portal, for applicants and for offices, behind one login."""

from fastapi import APIRouter, Depends

from portadoc.portal.http.asking import asking_router
from portadoc.portal.http.attestations import attestations_router
from portadoc.portal.http.deciding import deciding_router
from portadoc.portal.http.following import following_router
from portadoc.portal.http.frame import Frame, take_body
from portadoc.portal.http.handing_over import handing_over_router
from portadoc.portal.http.health.cards import cards_router
from portadoc.portal.http.health.machine import replacement_api_router
from portadoc.portal.http.health.replacing import replacing_router
from portadoc.portal.http.office import office_router
from portadoc.portal.http.own_data import own_data_router
from portadoc.portal.http.space import space_router
from portadoc.portal.login.routes import Entrance, login_router
from portadoc.portal.login.service import Login
from portadoc.portal.pages.rendering import refusal
from portadoc.portal.service import Portal


def portal_router(portal: Portal, login: Login) -> APIRouter:
    """Return the pages of the portal, with signing in and out; all lie under ``/portal``."""
    frame = Frame(portal, Entrance(login))
    router = APIRouter(dependencies=[Depends(take_body)])
    router.include_router(login_router(login, tell=refusal))
    router.include_router(asking_router(frame))
    router.include_router(following_router(frame))
    router.include_router(handing_over_router(frame))
    router.include_router(attestations_router(frame))
    router.include_router(office_router(frame))
    router.include_router(deciding_router(frame))
    router.include_router(own_data_router(frame))
    router.include_router(cards_router(frame))
    router.include_router(replacing_router(frame))
    router.include_router(replacement_api_router(portal, frame.entrance))
    router.include_router(space_router(frame, login))
    return router
