"""One town for all tests that only throw things at it."""

from collections.abc import Iterator

import pytest

from tests.abuse.seeds import Seeds
from tests.abuse.town import ISSUER, Town, open_town


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town in which an attestation has been issued, presented and put on a published status list."""
    with open_town(tmp_path_factory.mktemp("town")) as opened:
        opened.house.wallet.accept(opened.offer().offer_uri, copies=2)
        opened.house.wallet.present(opened.ask().link)
        assert opened.house.issuer.credentials(ISSUER)
        yield opened


@pytest.fixture(scope="module")
def seeds(town: Town) -> Seeds:
    """Sound things to spoil; made anew for each module, since some of them are good for minutes only."""
    return Seeds(town)
