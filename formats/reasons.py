"""Tell a fault of an inner step under the code of the token that was being read."""

from collections.abc import Iterator
from contextlib import contextmanager

from portadoc.errors import Conflict, Malformed, Refused, Untrusted


@contextmanager
def told_as(code: str) -> Iterator[None]:
    """Turn what the body refuses into Untrusted[``code``]: inner code as ``reason``, inner reason as ``detail``.

    ``limit_exceeded`` and ``code`` itself pass as they are: a size limit has an answer of its own at the edge.
    """
    try:
        yield
    except (Malformed, Untrusted, Refused, Conflict) as exc:
        if exc.code in {code, "limit_exceeded"}:
            raise
        params = {name: value for name, value in exc.params.items() if name != "reason"}
        if "reason" in exc.params:
            params["detail"] = exc.params["reason"]
        raise Untrusted(code, spec=exc.spec, reason=exc.code, **params) from exc
