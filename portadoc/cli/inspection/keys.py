"""Keys as JWK, one or a set; private parts are named and never shown."""

from portadoc.cli.inspection.finding import Finding, Inspection, Said, Severity, objects, refusals
from portadoc.formats import jwe
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.jwk import PRIVATE_MEMBERS, public_key_from_jwk
from portadoc.schemas.claims import JsonObject


def inspect_jwk(jwk: JsonObject) -> Inspection:
    """Return what one key says, without its private parts."""
    private = sorted(PRIVATE_MEMBERS & jwk.keys())
    public = {name: value for name, value in jwk.items() if name not in PRIVATE_MEMBERS}
    terms = {"type": f"{public.get('kty', '-')} {public.get('crv', '')}".strip()}
    thumbprints: list[str] = []
    problems = refusals(lambda: thumbprints.append(_thumbprint(public)))
    said = [Said("what_private_jwk" if private else "what_jwk", terms)]
    said += [Said("said_thumbprint", {"kid": each}) for each in thumbprints]
    shown = (Finding(Severity.FAULT, "private_key_shown", clause="RFC 7517 §9.2"),) if private else ()
    return Inspection(kind="jwk", said=tuple(said), findings=(*shown, *problems), content=public)


def inspect_jwks(members: JsonObject) -> Inspection:
    """Return what a key set says."""
    listed = objects(members.get("keys"))
    kids = [each["kid"] for each in listed if isinstance(each.get("kid"), str)]
    repeated = len(set(kids)) != len(kids)
    return Inspection(
        kind="jwks",
        said=(Said("what_jwks", {"count": len(listed)}),),
        findings=(Finding(Severity.FAULT, "kid_repeated", clause="RFC 7517 §4.5"),) if repeated else (),
        parts={f"key {n}": inspect_jwk(each) for n, each in enumerate(listed, 1)},
    )


def _thumbprint(public: JsonObject) -> str:
    """Return the RFC 7638 thumbprint of a key that we could use. Raises Untrusted."""
    if public.get("use") == "enc" or public.get("alg") == jwe.ALG:
        usable = jwe.choose_encryption_key({"keys": [public]})
        public = {name: usable[name] for name in ("kty", "crv", "x", "y")}
    return public_key_from_jwk(public, allowed_algs=ALL_ALGORITHMS).kid
