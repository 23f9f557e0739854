"""A new request: how a question is put, and the session of its own that it gets."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from portadoc.errors import Refused
from portadoc.formats.jwe import new_encryption_key
from portadoc.formats.openid4vp.request_object import ResponseMode
from portadoc.randomness import random_below
from portadoc.verification.policy import WorkAsked
from portadoc.verifier.deployment import Deployment
from portadoc.verifier.questions import Terms
from portadoc.verifier.requests import Channel, Phase, VerificationRequest, check_return_uri

_CONFIRMATIONS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a question is put, beside the question itself.

    ``on_date`` is the day to judge (None: that of the answer), ``work`` the work that has to be covered.
    ``transaction_data`` are texts of ``make_transaction_data``. ``return_uri`` is a page of this verifier to which
    the wallet sends the holder on; an accepted result then needs the response code that comes along.
    ``response_mode`` None takes that of the settings.
    """

    channel: Channel = Channel.SYSTEM
    on_date: date | None = None
    work: WorkAsked | None = None
    transaction_data: tuple[str, ...] = ()
    return_uri: str | None = None
    response_mode: ResponseMode | None = None


ASKED_PLAINLY: Final = Asked()


def new_request(deployment: Deployment, slug: str, terms: Terms, asked: Asked) -> VerificationRequest:
    """Return a request that is open from now on, with identifiers, nonce, state and key that no other has.

    Raises Malformed[return_uri_invalid], Refused[response_mode_refused].
    """
    here, settings, now = deployment, deployment.settings, deployment.clock.now()
    mode = _response_mode(deployment, asked)
    request_id, transaction_id = here.new_id(), here.new_id()
    of_a_page = asked.channel is not Channel.SYSTEM
    if asked.return_uri is not None:
        check_return_uri(asked.return_uri, base_url=settings.base_url)
    same_device = asked.channel is Channel.SAME_DEVICE
    return VerificationRequest(
        institution=slug,
        request_id=request_id,
        transaction_id=transaction_id,
        client_id=here.client(slug, request_id).full,
        channel=asked.channel,
        response_mode=mode,
        terms=terms,
        nonce=here.new_secret(),
        state=here.new_secret(),
        confirmation=f"{random_below(_CONFIRMATIONS, here.random_bytes):06}",
        phase=Phase.OPEN,
        created_at=now,
        expires_at=now + (settings.session_ttl_s if of_a_page else settings.request_ttl_s),
        origin=None if mode.is_posted else settings.base_url,
        return_uri=here.return_uri(slug, transaction_id) if same_device else asked.return_uri,
        encryption_key=new_encryption_key(here.random_bytes) if mode.is_encrypted else None,
    )


def _response_mode(deployment: Deployment, asked: Asked) -> ResponseMode:
    """Return how the answer travels. Raises Refused[response_mode_refused]. Spec: HAIP 1.0 §5.1, §5.2."""
    settings, in_browser = deployment.settings, asked.channel is Channel.BROWSER
    usual = ResponseMode.DC_API_JWT if in_browser else ResponseMode(settings.response_mode)
    mode = asked.response_mode or usual
    refused_in_clear = deployment.profile.high_assurance and not mode.is_encrypted
    if refused_in_clear or mode.is_posted == in_browser:
        raise Refused("response_mode_refused", mode=str(mode), profile=settings.profile)
    return mode
