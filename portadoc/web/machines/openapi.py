"""What interfaces for machines have in common when they describe themselves.

Spec: OpenAPI Specification 3.1.0, JSON Schema 2020-12, RFC 9457, RFC 7523.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_RETRIED: Final = (429, 503)
_USUAL: Final = (401, 429, 503)
_IN_PATH: Final = re.compile(r"\{([a-z_]+)\}")
TEXT: Final[Mapping[str, Any]] = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a machine can ask; ``answer`` is what it gets by media type, ``body`` the schema it sends."""

    id: str
    method: str
    path: str
    summary: str
    status: int
    answer: Mapping[str, Any]
    problems: tuple[int, ...]
    query: tuple[Mapping[str, Any], ...] = ()
    headers: tuple[Mapping[str, Any], ...] = ()
    body: str = ""


def paths_of(operations: Sequence[Operation], problems: Mapping[int, str]) -> dict[str, Any]:
    """Return the operations by path and method; ``problems`` says what each status means."""
    paths: dict[str, Any] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = described(each, problems)
    return paths


def described(operation: Operation, problems: Mapping[int, str]) -> dict[str, Any]:
    """Return an operation as OpenAPI has it."""
    names = _IN_PATH.findall(operation.path)
    in_path = [{"name": each, "in": "path", "required": True, "schema": dict(TEXT)} for each in names]
    answered: dict[str, Any] = {"description": operation.summary}
    if operation.answer:
        answered["content"] = dict(operation.answer)
    told: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": [*in_path, *map(dict, operation.query), *map(dict, operation.headers)],
        "responses": {
            str(operation.status): answered,
            **{str(each): _problem(each, problems[each]) for each in (*operation.problems, *_USUAL)},
        },
    }
    if operation.body:
        told["requestBody"] = {"required": True, "content": json_of(operation.body)}
    return told


def json_of(name: str) -> dict[str, Any]:
    """Return the content of a message that has a schema of this name."""
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def closed_object(properties: Mapping[str, Any], *, required: Sequence[str] | None = None) -> dict[str, Any]:
    """Return the schema of an object that has these members, all of them unless told, and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties if required is None else required),
        "properties": dict(properties),
    }


def problem_schema() -> dict[str, Any]:
    """Return the schema of a refusal. Spec: RFC 9457."""
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail", "action", "code", "params"],
        "properties": {
            "type": dict(TEXT),
            "title": dict(TEXT),
            "status": {"type": "integer"},
            "detail": dict(TEXT),
            "action": dict(TEXT),
            "code": {"type": "string", "description": "Stable; listed in docs/reference-codes.md."},
            "params": {"type": "object"},
            "clause": dict(TEXT),
        },
    }


def token_path(*, scope: str = "") -> dict[str, Any]:
    """Return a token endpoint for signed assertions; ``scope`` says what the parameter of that name holds."""
    asked: dict[str, Any] = {
        "grant_type": {"const": "client_credentials"},
        "client_assertion_type": {"const": ASSERTION_TYPE},
        "client_assertion": dict(TEXT),
        **({"scope": {"type": "string", "description": scope}} if scope else {}),
    }
    form = {
        "type": "object",
        "required": ["grant_type", "client_assertion_type", "client_assertion"],
        "properties": asked,
    }
    told = {
        "type": "object",
        "properties": {
            "access_token": dict(TEXT),
            "token_type": {"const": "Bearer"},
            "expires_in": {"type": "integer"},
            **({"scope": dict(TEXT)} if scope else {}),
        },
    }
    return {
        "post": {
            "operationId": "token",
            "summary": "Return an access token for a signed assertion (private_key_jwt, RFC 7523).",
            "security": [],
            "requestBody": {
                "required": True,
                "content": {"application/x-www-form-urlencoded": {"schema": form}},
            },
            "responses": {
                "200": {"description": "The token.", "content": {"application/json": {"schema": told}}},
                "400": {"description": "The request is not understood (RFC 6749 §5.2)."},
                "401": {"description": "The assertion does not hold."},
            },
        }
    }


def _problem(status: int, meaning: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": meaning,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in _RETRIED:
        told["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
    return told
