"""The key by which a repeated request is known. Spec: draft-ietf-httpapi-idempotency-key-header §2."""

from typing import Final

from fastapi import Request

from portadoc.errors import Malformed

MAX_KEY: Final = 200


def idempotency_key(request: Request) -> str:
    """Return the one Idempotency-Key of a request. Raises Malformed[idempotency_key_invalid]."""
    values = request.headers.getlist("idempotency-key")
    key = values[0] if len(values) == 1 else ""
    if not 0 < len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
        raise Malformed("idempotency_key_invalid", limit=MAX_KEY)
    return key
