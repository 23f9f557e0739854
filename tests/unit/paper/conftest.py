"""A key of an institution for seals, made once."""

from typing import Any

import pytest

from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyPurpose
from portadoc.keys.signer import Signer
from portadoc.randomness import system_random_bytes


@pytest.fixture(scope="session")
def seal_signer(tmp_path_factory: Any) -> Signer:
    institution = DevelopmentInstitution(
        slug="fr-demo",
        id="FR:TEST01",
        country="FR",
        name="Institution (test)",
        roles=frozenset({Role.ISSUER}),
        credential_types=frozenset({"eu.we-build.pda1.1"}),
    )
    ring = create_development_ring(
        tmp_path_factory.mktemp("paper") / "keys",
        [institution],
        base_url="http://127.0.0.1:8700",
        now=1_795_343_400,
        random_bytes=system_random_bytes,
        passphrase=b"test",
    )
    return ring.signer("fr-demo", KeyPurpose.DOCUMENT_SEAL)
