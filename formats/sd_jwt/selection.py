"""What a holder shows: chosen claims, the parents they hang from, nothing else. Spec: RFC 9901 §7.2."""

from collections.abc import Iterable
from typing import Any

from portadoc.errors import Malformed
from portadoc.formats.jws import unverified_claims
from portadoc.formats.sd_jwt import disclosures as disclosure_texts
from portadoc.formats.sd_jwt.digests import DEFAULT_HASH_ALG, PROTECTED_CLAIMS, hash_function
from portadoc.formats.sd_jwt.parse import UnverifiedSdJwt, parse
from portadoc.formats.sd_jwt.processing import assemble
from portadoc.schemas.claims import ClaimPath


def select(text: str, paths: Iterable[ClaimPath]) -> str:
    """Return a presentation without key binding that shows the claims at ``paths``.

    ``text`` is a held credential that its holder verified on receipt; paths count array elements as ``process``
    returns them for it. A path to an object or array shows all that it holds. The disclosures of parents travel
    along; claims in clear need none. Raises Malformed[claim_missing] for a path that leads nowhere, and as
    ``process``. Spec: RFC 9901 §7.2.
    """
    held = parse(text)
    payload = unverified_claims(held.jws_text)
    contents = disclosure_texts.read(held.disclosures, hash_function(payload.get("_sd_alg", DEFAULT_HASH_ALG)))
    assembly = assemble(payload, contents, PROTECTED_CLAIMS)
    wanted = set(paths)
    for path in wanted:
        _check_leads_somewhere(assembly.claims, path)
    parents = {path[:length] for path in wanted for length in range(1, len(path) + 1)}
    shown = {
        digest
        for place, digest in assembly.digest_at.items()
        if place in parents or any(place[:length] in wanted for length in range(len(place)))
    }
    chosen = (text for text, digest in zip(held.disclosures, contents, strict=True) if digest in shown)
    return UnverifiedSdJwt(held.jws_text, tuple(chosen), None).text


def _check_leads_somewhere(claims: Any, path: ClaimPath) -> None:
    for step in path:
        known = range(len(claims)) if isinstance(claims, list) else claims if isinstance(claims, dict) else ()
        if step not in known:
            raise Malformed("claim_missing", spec="RFC 9901 §7.2", claim=".".join(map(str, path)))
        claims = claims[step]
