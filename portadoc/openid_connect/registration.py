"""How one provider knows us, and the address to which a browser goes to sign in there."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from portadoc import base64url

OPENID: Final = "openid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What was agreed with a provider; ``issuer`` counts character by character.

    ``id`` is our own name for the provider; without a ``client_secret`` we are a public client. ``algorithms`` are
    those of its tokens that are accepted; ``with_userinfo`` says that it tells of people at its UserInfo endpoint.
    """

    id: str
    issuer: str
    client_id: str
    client_secret: bytes | None = field(repr=False)
    scopes: tuple[str, ...]
    algorithms: tuple[str, ...]
    with_userinfo: bool = False


def sign_in_address(
    endpoint: str,
    registration: Registration,
    *,
    redirect_uri: str,
    state: str,
    nonce: str,
    verifier: str,
    acr_values: Collection[str] | None = None,
) -> str:
    """Return where a browser goes; with ``acr_values`` the person has to sign in anew, that strongly if told.

    Spec: OIDC Core 1.0 §3.1.2.1, RFC 7636 §4.3 (S256).
    """
    query = {
        "response_type": "code",
        "client_id": registration.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(registration.scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": base64url.encode(hashlib.sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256",
        **({} if acr_values is None else {"acr_values": " ".join(acr_values), "prompt": "login"}),
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"
