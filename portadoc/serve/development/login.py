"""An OpenID provider for work on one machine: whoever opens its page signs in as one of the example people.

It speaks the real protocol (discovery, code flow with PKCE, ES256), so that the way in is the one of service; only
its list of people has no locks. TEST DATA. Refused in production.

Codes are signed by the provider's own key, not stored: the processes of an installation understand each other.
Spec: OIDC Core 1.0 §3.1, OIDC Discovery 1.0 §4, RFC 7636.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from portadoc import base64url
from portadoc.clock import Clock
from portadoc.errors import Error, Malformed, Misconfigured
from portadoc.formats import strict_json
from portadoc.portal.login.sign_in import CALLBACK
from portadoc.randomness import RandomBytes
from portadoc.schemas.profiles import Mode
from portadoc.serve.development.people import CLIENT_ID, PEOPLE, SIMPLE_ACR, STRONG_ACR, ExamplePerson
from portadoc.web.answers import json_answer
from portadoc.web.bodies import read_form
from portadoc.web.forms import parse_form
from portadoc.web.headers import PAGE_HEADERS

PATH: Final = "/development-login"
KEY_FILE: Final = "development-login.json"
CODE_S: Final = 60
ID_TOKEN_S: Final = 300
_ASKED: Final = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "acr_values",
)
_STYLE: Final = """
body { margin: 0; background: #fff; color: #1b1b1b; font: 1.125rem/1.5 system-ui, sans-serif; }
main { max-width: 44rem; margin: 0 auto; padding: 1.5rem; }
.notice { border-left: .4rem solid #8a5300; padding: .5rem 1rem; background: #fff4e0; }
ul { list-style: none; padding: 0; }
li { margin: 0 0 1rem; }
button { font: inherit; text-align: left; width: 100%; min-height: 2.75rem; padding: .6rem 1rem; cursor: pointer;
  color: #0b3d6b; background: #fff; border: 2px solid #0b3d6b; border-radius: .3rem; }
button:hover { background: #e8f1fa; }
button:focus-visible { outline: .25rem solid #b35900; outline-offset: .15rem; }
button span { display: block; color: #3d3d3d; }
"""


class DevelopmentLogin:
    """The provider of one installation. Raises Misconfigured[development_login_in_production] when made."""

    def __init__(
        self, base_url: str, *, mode: Mode, data_dir: Path, clock: Clock, random_bytes: RandomBytes
    ) -> None:
        if mode != Mode.DEVELOPMENT:
            raise Misconfigured("development_login_in_production")
        self.issuer = base_url + PATH
        self.redirect_uri = base_url + CALLBACK
        self._clock, self._random_bytes = clock, random_bytes
        self._key = _own_key(data_dir / KEY_FILE)
        self._used: dict[str, int] = {}

    def metadata(self) -> dict[str, Any]:
        """Return the discovery document."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "acr_values_supported": [SIMPLE_ACR, STRONG_ACR],
            "authorization_response_iss_parameter_supported": True,
        }

    def keys(self) -> dict[str, Any]:
        """Return the public key set."""
        return {"keys": [{**self._key.as_dict(private=False), "use": "sig", "alg": "ES256"}]}

    def checked(self, asked: Mapping[str, str]) -> dict[str, str]:
        """Return the parameters of an authorization request. Raises Malformed[development_request_invalid]."""
        wanted = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": self.redirect_uri,
            "code_challenge_method": "S256",
        }
        wrong = [name for name, value in wanted.items() if asked.get(name) != value]
        wrong += [name for name in ("state", "nonce", "code_challenge") if not asked.get(name)]
        if "openid" not in asked.get("scope", "").split():
            wrong.append("scope")
        if wrong:
            raise Malformed("development_request_invalid", parameter=wrong[0])
        return {name: asked[name] for name in _ASKED if name in asked}

    def answer(self, asked: Mapping[str, str], sub: str) -> str:
        """Return where the browser goes back to, signed in as a person. Raises as ``checked``."""
        checked = self.checked(asked)
        if sub not in PEOPLE:
            raise Malformed("development_request_invalid", parameter="sub")
        strong = STRONG_ACR in checked.get("acr_values", "").split()
        code = self._signed(
            "code+jwt",
            {
                "sub": sub,
                "nonce": checked["nonce"],
                "challenge": checked["code_challenge"],
                "acr": STRONG_ACR if strong else SIMPLE_ACR,
                "jti": self._random_bytes(16).hex(),
                "exp": self._clock.now() + CODE_S,
            },
        )
        query = urlencode({"code": code, "state": checked["state"], "iss": self.issuer})
        return f"{self.redirect_uri}?{query}"

    def redeem(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Return the tokens for a code, once. Raises Malformed[development_request_invalid]."""
        now = self._clock.now()
        if form.get("grant_type") != "authorization_code" or form.get("client_id") != CLIENT_ID:
            raise Malformed("development_request_invalid", parameter="client_id")
        if form.get("redirect_uri") != self.redirect_uri:
            raise Malformed("development_request_invalid", parameter="redirect_uri")
        code = self._opened_code(form.get("code", ""), now)
        challenge = base64url.encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if not hmac.compare_digest(challenge, str(code["challenge"])):
            raise Malformed("development_request_invalid", parameter="code_verifier")
        person = PEOPLE[str(code["sub"])]
        id_token = self._signed("JWT", self._claims(person, code, now))
        return {"access_token": self._random_bytes(16).hex(), "token_type": "Bearer", "id_token": id_token}

    def _claims(self, person: ExamplePerson, code: Mapping[str, Any], now: int) -> dict[str, Any]:
        return {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": person.sub,
            "nonce": code["nonce"],
            "acr": code["acr"],
            "auth_time": now,
            "iat": now,
            "exp": now + ID_TOKEN_S,
            "name": person.name,
            **person.claims,
        }

    def _opened_code(self, text: str, now: int) -> Mapping[str, Any]:
        try:
            token = jwt.decode(text, self._key, algorithms=["ES256"])
        except (JoseError, ValueError) as exc:
            raise Malformed("development_request_invalid", parameter="code") from exc
        self._used = {jti: until for jti, until in self._used.items() if until > now}
        jti, until = str(token.claims.get("jti")), int(token.claims.get("exp", 0))
        if token.header.get("typ") != "code+jwt" or until <= now or jti in self._used:
            raise Malformed("development_request_invalid", parameter="code")
        self._used[jti] = until
        return token.claims

    def _signed(self, kind: str, claims: dict[str, Any]) -> str:
        header = {"alg": "ES256", "kid": self._key.kid, "typ": kind}
        return jwt.encode(header, claims, self._key, algorithms=["ES256"])


def development_login_router(provider: DevelopmentLogin) -> APIRouter:
    """Return the routes of the provider."""
    router = APIRouter(prefix=PATH)

    @router.get("/.well-known/openid-configuration")
    def discovery() -> Response:
        return json_answer(provider.metadata())

    @router.get("/keys")
    def keys() -> Response:
        return json_answer(provider.keys())

    @router.get("/page.css")
    def style() -> Response:
        return Response(_STYLE, media_type="text/css")

    @router.get("/authorize")
    def choose(request: Request) -> Response:
        asked = provider.checked(parse_form(request.scope["query_string"]))
        return Response(_page(asked), headers=dict(PAGE_HEADERS), media_type="text/html")

    @router.post("/authorize")
    async def chosen(request: Request) -> Response:
        form = await read_form(request)
        return RedirectResponse(provider.answer(form, form.get("sub", "")), status_code=303)

    @router.post("/token")
    async def token(request: Request) -> Response:
        try:
            return json_answer(provider.redeem(await read_form(request)))
        except Error as error:
            refusal = {"error": "invalid_grant", "error_description": error.code}
            return json_answer(refusal, status=400)

    return router


def _page(asked: Mapping[str, str]) -> str:
    """Return the list of people, a button for each."""
    hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(text)}">' for name, text in asked.items())
    people = "".join(map(_button, PEOPLE.values()))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in as an example person</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{PATH}/page.css"></head><body><main><h1>Sign in as an example person</h1>'
        '<p class="notice">For development only. These people, companies and institutions are fictional.</p>'
        f'<form method="post" action="{PATH}/authorize">{hidden}<ul>{people}</ul></form></main></body></html>'
    )


def _button(person: ExamplePerson) -> str:
    label = f"{escape(person.name)} <span>{escape(person.about)}</span>"
    return f'<li><button name="sub" value="{person.sub}">{label}</button></li>'


def _own_key(file: Path) -> ECKey:
    """Return the provider's key: of the file, or a new one that is put there; the first process wins."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            fresh = file.with_name(f"{file.name}.{os.getpid()}")
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as writing:
                writing.write(strict_json.dumps(dict(ECKey.generate_key("P-256").as_dict(private=True))))
            try:
                os.link(fresh, file)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        key = ECKey.import_key({str(name): str(value) for name, value in _read(file).items()})
    except OSError as exc:
        reason = exc.strerror or type(exc).__name__
        raise Misconfigured("data_dir_unusable", folder=str(file.parent), reason=reason) from exc
    key.ensure_kid()
    return key


def _read(file: Path) -> Mapping[str, Any]:
    return strict_json.loads_object(file.read_bytes(), what="key")
