"""Who may ask with an access token: one way for every endpoint that a token opens.

Spec: RFC 6750 §2.1, §3.1; RFC 9449 §7.
"""

import re
from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Depends, Request

from portadoc.errors import Malformed, Refused
from portadoc.issuer.authorization.sender import PresentedToken
from portadoc.issuer.service import Issuer
from portadoc.issuer.store.token_store import Grant
from portadoc.schemas.profiles import profile

_AUTHORIZATION: Final = re.compile(r"(?i:(bearer|dpop)) +([A-Za-z0-9\-._~+/]{1,512}=*)")


def presented_token(request: Request, *, schemes: str) -> PresentedToken:
    """Return the access token of the one Authorization header, and the DPoP proofs beside it; all unverified.

    ``schemes`` are those that could do. Raises: Malformed[access_token_in_query], Refused[access_token_missing],
    Refused[access_token_invalid]. Spec: RFC 6750 §2.1, §3.1; RFC 9449 §7.1.
    """
    if "access_token" in request.query_params:
        raise Malformed("access_token_in_query", spec="RFC 6750 §2")
    values = request.headers.getlist("authorization")
    if not values:
        raise Refused("access_token_missing", spec="RFC 6750 §3", scheme=schemes)
    found = _AUTHORIZATION.fullmatch(values[0])
    if len(values) != 1 or found is None:
        raise Refused("access_token_invalid", spec="RFC 6750 §2.1", scheme=schemes)
    return PresentedToken(
        token=found[2],
        as_dpop=found[1].lower() == "dpop",
        proofs=tuple(request.headers.getlist("dpop")),
        method=request.method,
        path=request.url.path,
    )


def granted_request(issuer: Issuer) -> Callable[..., Grant]:
    """Return a dependency that comes before the body: who may not ask learns nothing about the question.

    It gives the ``Grant`` of the token, sender constraint included, to ``Annotated[Grant, Depends(...)]``.
    """
    schemes = "DPoP" if profile(issuer.settings.profile).dpop_required else "Bearer DPoP"

    async def presented(request: Request) -> PresentedToken:
        return presented_token(request, schemes=schemes)

    def grant_of(institution: str, presented: Annotated[PresentedToken, Depends(presented)]) -> Grant:
        return issuer.granted(institution, presented)

    return grant_of
