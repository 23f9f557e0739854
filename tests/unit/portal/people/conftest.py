"""The portal of the core tests, with what it sent."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.portal.core.conftest import (  # noqa: F401  fixtures
    Desk,
    clock,
    desk,
    machine_answers,
    made_portal,
    open_desk,
)


@pytest.fixture
def outbox(desk: Desk) -> Any:  # noqa: F811
    """Return what the second channel was given, the oldest first."""

    def read() -> list[dict[str, Any]]:
        folder: Path = desk.house.settings.data_dir / "messages"
        return [json.loads(each.read_text(encoding="utf-8")) for each in sorted(folder.glob("*.json"))]

    return read
