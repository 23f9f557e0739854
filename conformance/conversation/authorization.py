"""The authorization code flow as the kit walks it: pushed, signed in, redeemed.

Spec: RFC 6749 §4.1, RFC 7636, RFC 9126, RFC 9207; OpenID4VCI 1.0 §5, §6; HAIP 1.0 §4.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from portadoc.conformance.checks import Record
from portadoc.conformance.conversation.client import PLAIN, Client, Twists, form_post
from portadoc.conformance.conversation.published import Published
from portadoc.conformance.programs import SignIn
from portadoc.conformance.wire import Answer
from portadoc.formats.oauth.pkce import METHOD, code_challenge

PAR: Final = "pushed_authorization_request_endpoint"
DETAILS_TYPE: Final = "openid_credential"


@dataclass(frozen=True, slots=True)
class Asked:
    """An authorization request with the secrets that belong to it."""

    parameters: Mapping[str, str]
    verifier: str = field(repr=False)
    configuration_ids: tuple[str, ...]

    def changed(self, **members: str | None) -> "Asked":
        """Return the request with other parameters; None takes one out."""
        changed = {**self.parameters, **members}
        kept = {name: value for name, value in changed.items() if value is not None}
        return replace(self, parameters=kept)


@dataclass(frozen=True, slots=True)
class Returned:
    """What a browser brought back, unverified, with the request that it answers."""

    asked: Asked
    parameters: Mapping[str, str] = field(repr=False)

    @property
    def code(self) -> str:
        """The authorization code, an empty text where there is none."""
        return self.parameters.get("code", "")

    def form(self) -> dict[str, str]:
        """Return the token request that redeems the code."""
        return {
            "grant_type": "authorization_code",
            "code": self.code,
            "code_verifier": self.asked.verifier,
            "redirect_uri": self.asked.parameters["redirect_uri"],
            "client_id": self.asked.parameters["client_id"],
        }


def ask(client: Client, issuer: Published, configuration_ids: Sequence[str], issuer_state: str | None) -> Asked:
    """Return an authorization request: by authorization details where the server takes them, else by scope."""
    assert client.identity is not None, "whoever asks in person has a name"
    verifier = client.secret()
    parameters = {
        "response_type": "code",
        "client_id": client.identity.client_id,
        "redirect_uri": client.identity.redirect_uri,
        "state": client.secret(),
        "code_challenge": code_challenge(verifier),
        "code_challenge_method": METHOD,
        **_wanted(client.server, issuer, configuration_ids),
    }
    if issuer_state is not None:
        parameters["issuer_state"] = issuer_state
    if client.dpop is not None:
        parameters["dpop_jkt"] = client.dpop.kid
    return Asked(parameters, verifier, tuple(configuration_ids))


def push(client: Client, asked: Asked, *, note: str = "", twists: Twists = PLAIN) -> Answer:
    """Return the answer of the endpoint for pushed requests."""
    return client.send(form_post(client.server.text(PAR), asked.parameters, note=note), twists)


def address(server: Published, parameters: Mapping[str, str]) -> str:
    """Return the address at which the authorization endpoint is asked."""
    endpoint = server.text("authorization_endpoint")
    return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(parameters)}"


def opened(client: Client, asked: Asked, record: Record) -> str:
    """Return the address that opens a request, pushed where the server takes that. Raises Stopped."""
    record.step(bool(client.server.text("authorization_endpoint")), "the server has no authorization endpoint")
    if not client.server.text(PAR):
        return address(client.server, asked.parameters)
    pushed = push(client, asked)
    request_uri = (pushed.json or {}).get("request_uri")
    if not isinstance(request_uri, str):
        record.stop(f"the pushed authorization request was not taken{client.why_refused(pushed)}", pushed)
    return address(client.server, {"client_id": asked.parameters["client_id"], "request_uri": request_uri})


def come_back(asked: Asked, returned: str) -> Returned:
    """Return what an address brought back."""
    return Returned(asked, dict(parse_qsl(urlsplit(returned).query, keep_blank_values=True)))


def signed_in(client: Client, asked: Asked, sign_in: SignIn, record: Record) -> Returned:
    """Return the code of a person who agreed. Raises Stopped, Lacking."""
    returned = come_back(asked, sign_in(opened(client, asked, record)))
    record.step(bool(returned.code), "the browser came back without a code")
    return returned


def _wanted(server: Published, issuer: Published, configuration_ids: Sequence[str]) -> dict[str, str]:
    if DETAILS_TYPE in server.texts("authorization_details_types_supported"):
        locations = (
            {"locations": [issuer.text("credential_issuer")]} if issuer.texts("authorization_servers") else {}
        )
        details = [
            {"type": DETAILS_TYPE, "credential_configuration_id": each, **locations} for each in configuration_ids
        ]
        return {"authorization_details": json.dumps(details, separators=(",", ":"))}
    scopes = [str(issuer.configurations.get(each, {}).get("scope", "")) for each in configuration_ids]
    return {"scope": " ".join(filter(None, scopes))}
