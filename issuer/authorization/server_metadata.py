"""What the authorization server publishes about itself. Spec: RFC 8414, RFC 9126 §5, RFC 9449 §5.1."""

from collections.abc import Sequence

from portadoc.formats.oauth import pkce
from portadoc.issuer.authorization.clients import (
    ATTESTATION_ALGORITHMS,
    BY_ATTESTATION,
    NO_AUTHENTICATION,
    POSSESSION_PROOFS,
    WITH_DPOP,
)
from portadoc.issuer.authorization.scopes import scope_of
from portadoc.issuer.authorization.sender import DPOP_ALGORITHMS
from portadoc.schemas.openid4vci import (
    AUTHORIZATION_CODE_GRANT,
    DETAILS_TYPE,
    PRE_AUTHORIZED_CODE_GRANT,
    AuthorizationServerMetadata,
)
from portadoc.schemas.profiles import ProtocolProfile


def server_metadata(
    issuer_id: str, *, profile: ProtocolProfile, issued_here: Sequence[str], aggregation_uri: str
) -> AuthorizationServerMetadata:
    """Return the metadata of an issuer's own authorization server.

    Requests are pushed under every profile: a browser never brings one of its own. ``issued_here`` are credential
    configurations. Spec: RFC 8414 §2, OpenID4VCI 1.0 §12.3, HAIP 1.0 §4.
    """
    ways = profile.client_authentication
    with_codes, by_attestation = AUTHORIZATION_CODE_GRANT in profile.grants, BY_ATTESTATION in ways
    attestation_algs = tuple(sorted(ATTESTATION_ALGORITHMS)) if by_attestation else None
    return AuthorizationServerMetadata(
        issuer=issuer_id,
        token_endpoint=f"{issuer_id}/token",
        authorization_endpoint=f"{issuer_id}/authorize" if with_codes else None,
        pushed_authorization_request_endpoint=f"{issuer_id}/par" if with_codes else None,
        require_pushed_authorization_requests=with_codes or None,
        authorization_response_iss_parameter_supported=with_codes or None,
        response_types_supported=("code",) if with_codes else None,
        response_modes_supported=("query",) if with_codes else None,
        grant_types_supported=profile.grants,
        scopes_supported=tuple(scope_of(issued_here).split(" ")),
        token_endpoint_auth_methods_supported=(*ways, *((WITH_DPOP,) if by_attestation else ())),
        challenge_endpoint=f"{issuer_id}/challenge" if by_attestation else None,
        client_attestation_signing_alg_values_supported=attestation_algs,
        client_attestation_pop_signing_alg_values_supported=attestation_algs,
        client_attestation_pop_methods_supported=POSSESSION_PROOFS if by_attestation else None,
        code_challenge_methods_supported=(pkce.METHOD,) if with_codes else None,
        dpop_signing_alg_values_supported=tuple(sorted(DPOP_ALGORITHMS)),
        authorization_details_types_supported=(DETAILS_TYPE,),
        pre_authorized_grant_anonymous_access_supported=(
            PRE_AUTHORIZED_CODE_GRANT in profile.grants and NO_AUTHENTICATION in ways
        ),
        status_list_aggregation_endpoint=aggregation_uri,
    )
