"""The download of everything that is kept of oneself."""

from fastapi import APIRouter, Request, Response

from portadoc.portal.http.frame import Frame
from portadoc.web.answers import NO_STORE, json_answer


def own_data_router(frame: Frame) -> APIRouter:
    """Return the route of the download."""
    router = APIRouter(prefix="/portal/{institution}", route_class=frame.route, include_in_schema=False)

    @router.get("/my-data.json")
    def give(institution: str, request: Request) -> Response:
        """Return what is kept of who is signed in, or of the child that ``?person=`` names."""
        visit = frame.visit(request)
        pin = request.query_params.get("person")
        found = frame.portal.own_data.export(visit.subject, institution, pin=pin)
        headers = {**NO_STORE, "Content-Disposition": 'attachment; filename="my-data.json"'}
        return json_answer(found, headers=headers)

    return router
