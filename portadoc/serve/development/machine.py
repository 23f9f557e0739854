"""TEST DATA: the example machine of a development installation, payroll software of one example employer.

Its private key lies in the data folder, for whoever works with the installation: nothing that counts is behind it.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from portadoc.access import Action
from portadoc.errors import Misconfigured
from portadoc.formats import strict_json
from portadoc.keys.private_jwk import new_private_jwk
from portadoc.portal.login.settings import MachineSettings, MandateSettings
from portadoc.randomness import RandomBytes

CLIENT_ID: Final = "payroll-test"
EMPLOYER: Final = "TEST12345"
KEY_FILE: Final = "payroll-test.json"
_ACTIONS: Final = (
    Action.START,
    Action.VIEW,
    Action.ANSWER,
    Action.SUBMIT,
    Action.WITHDRAW,
    Action.REPORT_CHANGE,
    Action.VIEW_PAPER,
    Action.HAND_OVER,
)
_PUBLIC: Final = ("kty", "crv", "x", "y")


def example_machine(data_dir: Path, *, now: int, random_bytes: RandomBytes) -> MachineSettings:
    """Return the machine; its key is that of ``machines/payroll-test.json``, made where there is none.

    Raises Misconfigured[data_dir_unusable], Malformed[json_malformed].
    """
    file, today = data_dir / "machines" / KEY_FILE, datetime.fromtimestamp(now, UTC).date()
    try:
        if not file.exists():
            _put_key(file, random_bytes)
        key = strict_json.loads_object(file.read_bytes(), what="key")
    except OSError as exc:
        reason = exc.strerror or type(exc).__name__
        raise Misconfigured("data_dir_unusable", folder=str(file.parent), reason=reason) from exc
    mandate = MandateSettings(
        employer=EMPLOYER,
        actions=_ACTIONS,
        valid_from=today - timedelta(days=1),
        valid_until=today + timedelta(days=365),
    )
    public = {name: key[name] for name in _PUBLIC}
    return MachineSettings(client_id=CLIENT_ID, jwk=public, mandates=(mandate,))


def _put_key(file: Path, random_bytes: RandomBytes) -> None:
    """Put a new key in its place, readable by its owner alone; the first process wins."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as writing:
        writing.write(strict_json.dumps(new_private_jwk("ES256", random_bytes=random_bytes)))
    try:
        os.link(fresh, file)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
