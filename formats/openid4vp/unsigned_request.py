"""A request that nobody signed: its parameters lie in the link, and its client id is the address of the answer.

It proves only where the answer goes, never who asks. Spec: OpenID4VP 1.0 §5.9.3 (``redirect_uri``).
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from portadoc.errors import Misconfigured, Untrusted
from portadoc.formats import strict_json
from portadoc.formats.openid4vp.client_identifier import (
    ClientIdentifier,
    ClientIdPrefix,
    check_response_uri,
    parse_client_identifier,
)
from portadoc.formats.openid4vp.request_object import (
    SPEC,
    PresentationRequest,
    VerifiedRequest,
    read_question,
)
from portadoc.formats.reasons import told_as
from portadoc.schemas.claims import JsonObject

_AS_JSON: Final = ("dcql_query", "client_metadata", "transaction_data", "verifier_info")


@dataclass(frozen=True, slots=True)
class UnsafeUnsignedRequest:
    """A request in clear text, for development: anybody can make one in anybody's name. Warns when made.

    Raises Misconfigured[client_id_unfit] for a request whose answer is not posted.
    """

    request: PresentationRequest

    def __post_init__(self) -> None:
        if self.request.response_uri is None or not self.request.response_mode.is_posted:
            raise Misconfigured("client_id_unfit", prefix=ClientIdPrefix.REDIRECT_URI)
        warnings.warn("UnsafeUnsignedRequest proves nothing about who asks", UserWarning, stacklevel=3)

    @property
    def client(self) -> ClientIdentifier:
        """The address of the answer as an identifier."""
        return ClientIdentifier(ClientIdPrefix.REDIRECT_URI, self.request.response_uri or "")

    def link_parameters(self) -> dict[str, str]:
        """Return the parameters of the link; objects as JSON text. Spec: OpenID4VP 1.0 §5.1."""
        members = {"client_id": self.client.full, **self.request.parameters()}
        return {
            name: strict_json.dumps(value).decode("utf-8") if name in _AS_JSON else str(value)
            for name, value in members.items()
        }


def read_unsigned_request(parameters: Mapping[str, str]) -> VerifiedRequest:
    """Return the request that lies in a link; the answer goes to its client id and nowhere else.

    Raises Untrusted[request_object_invalid] with a reason, Malformed[limit_exceeded].
    Spec: OpenID4VP 1.0 §5.9.3, §8.2.
    """
    with told_as("request_object_invalid"):
        client = parse_client_identifier(parameters.get("client_id", ""))
        if client.prefix is not ClientIdPrefix.REDIRECT_URI:
            raise Untrusted("request_object_invalid", spec=SPEC, reason="signature_missing")
        if "redirect_uri" in parameters:
            raise Untrusted("request_object_invalid", spec=SPEC, reason="redirect_uri_present")
        uri = parameters.get("response_uri", client.value)
        check_response_uri(client, uri)
        return read_question(_claims(parameters), client_id=client.full, audience=client.full, response_uri=uri)


def _claims(parameters: Mapping[str, str]) -> JsonObject:
    read: dict[str, Any] = dict(parameters)
    for name in _AS_JSON:
        if name in parameters:
            read[name] = strict_json.loads(parameters[name], what=name)
    return read
