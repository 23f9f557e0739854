"""Signed metadata. Spec: OpenID4VCI 1.0 §12.2.2, §12.2.3; HAIP 1.0 §4.1; ARF 3.0 ISSU_32."""

from typing import Final

from portadoc.conformance.checks import Check, Module, Record
from portadoc.conformance.conversation.published import well_known
from portadoc.conformance.signatures import certified_claims
from portadoc.conformance.suite.credential_requests import SUITE
from portadoc.conformance.trial import Trial
from portadoc.conformance.wire import JSON_TYPE, JWT_TYPE
from portadoc.errors import Error
from portadoc.formats.roles import ISSUER_METADATA

OFFERED: Final = Check(
    "signed-metadata-offered",
    "ARF 3.0 ISSU_32, OpenID4VCI 1.0 §12.2.2",
    "Whoever asks for application/jwt gets signed metadata",
    "The Accept header is ignored, or metadata are not signed.",
    "Serve the metadata as a JWT where application/jwt is preferred.",
)
SIGNATURE: Final = Check(
    "signed-metadata-signature",
    "OpenID4VCI 1.0 §12.2.3, HAIP 1.0 §4.1",
    "The typ is openidvci-issuer-metadata+jwt, the signature is that of the first certificate in x5c, none of "
    "which signed itself",
    "Another typ, kid instead of x5c, or the trust anchor is sent along.",
    "Sign with the access certificate; send its chain without the anchor.",
)
SUBJECT: Final = Check(
    "signed-metadata-subject",
    "OpenID4VCI 1.0 §12.2.3",
    "sub is the Credential Issuer Identifier, and iat is there",
    "The claims of the JWT are left out.",
    "Put sub and iat beside the members of the metadata.",
)
SAME: Final = Check(
    "signed-metadata-same",
    "OpenID4VCI 1.0 §12.2.2",
    "Signed and unsigned metadata say the same",
    "One of them comes from a cache or another version.",
    "Build both from one source.",
)
_OF_THE_TOKEN: Final = frozenset({"sub", "iat", "exp", "iss", "nbf"})


def run(trial: Trial, record: Record) -> None:
    """Fetch both forms and compare them."""
    answer = trial.wire.get(
        well_known(trial.setting.url, "openid-credential-issuer"), accept=f"{JWT_TYPE}, {JSON_TYPE};q=0.1"
    )
    signed = answer.status == 200 and answer.content_type == JWT_TYPE
    if not signed and not trial.profile.registration_published:
        record.not_applicable(
            OFFERED, "the issuer does not sign its metadata, and the profile does not ask for it"
        )
        return
    record.require(OFFERED, signed, "something else came", answer)
    try:
        claims = certified_claims(answer.text.strip(), ISSUER_METADATA)
    except Error as fault:
        record.require(SIGNATURE, False, f"{fault.code} {fault.params.get('reason', '')}".strip(), answer)
        return
    record.judge(SIGNATURE, True, "", answer)
    named = claims.get("sub") == trial.setting.url and type(claims.get("iat")) is int
    record.judge(SUBJECT, named, "sub or iat is missing or another", answer)
    plain = trial.issuer(record).content
    both = {name for name in plain.keys() | claims.keys() if name not in _OF_THE_TOKEN}
    other = sorted(name for name in both if plain.get(name) != claims.get(name))
    record.judge(SAME, not other, f"not the same: {', '.join(each[:40] for each in other[:8])}", answer)


MODULES: Final = (Module(f"{SUITE}metadata-test-signed", "Signed metadata", run),)
