"""A body that nobody reads is taken in all the same, so that no connection is reset under its client."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.portal.machines.conftest import APPLICATIONS, Machine

CHUNKS = 5


@pytest.mark.parametrize(
    "path",
    [
        "/portal/fr-demo/requests/unknown/withdraw",
        "/portal/fr-demo/requests/unknown/hand-over",
        "/portal/fr-health/health/consents/unknown/approve",
        "/portal/fr-demo/office/tasks/unknown",
        f"{APPLICATIONS}/unknown/withdrawal",
    ],
)
def test_a_body_is_taken_where_none_is_read(payroll: Machine, path: str) -> None:
    taken = []

    async def body() -> AsyncIterator[bytes]:
        for number in range(CHUNKS):
            taken.append(number)
            yield b"x" * 1000

    machine = path.startswith(APPLICATIONS)
    headers = payroll.bearer() if machine else payroll.doors.cookie("jean-exemple")
    answer = payroll.doors.ask("POST", path, content=body(), headers=headers)
    assert (answer.status_code in (403, 404, 409, 415), len(taken)) == (True, CHUNKS), answer.text
