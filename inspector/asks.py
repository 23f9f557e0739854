"""Questions to wallets from the field: by preset, a few a minute, each read back by the device that put it."""

from datetime import date

from sqlalchemy import Connection

from portadoc.errors import Refused
from portadoc.inspector.deployment import Deployment
from portadoc.inspector.devices import Devices
from portadoc.inspector.neighbours import Ask, AskAnswer
from portadoc.inspector.store import ask_store
from portadoc.inspector.store.device_store import Device
from portadoc.verification.policy import WorkAsked


class Asks:
    """The questions of devices."""

    def __init__(self, deployment: Deployment, devices: Devices) -> None:
        self._deployment = deployment
        self._devices = devices

    def ask(self, device: Device, *, preset_id: str, on_date: date | None, work: WorkAsked | None) -> Ask:
        """Open a request by a preset of the settings.

        Raises Refused[preset_unknown], Unavailable[device_throttled], and as ``WalletSessions.ask``.
        """
        here = self._deployment
        if preset_id not in here.settings.presets:
            raise Refused("preset_unknown", known=", ".join(here.settings.presets))
        self._devices.count(device, "ask", most=here.settings.asks_per_minute)
        made = here.wallets.ask(device.institution, preset_id=preset_id, on_date=on_date, work=work)
        with here.database.transaction() as connection:
            self._note(connection, device, made)
        return made

    def look(self, device: Device, transaction: str, secret: str) -> AskAnswer:
        """Return where a request of this device stands. Raises Refused[not_found], whatever is wrong."""
        here = self._deployment
        with here.database.read() as connection:
            asked_by = ask_store.find_ask(connection, device.institution, transaction)
        if asked_by != device.device_id:
            raise Refused("not_found")
        return here.wallets.look(device.institution, transaction, secret)

    def _note(self, connection: Connection, device: Device, made: Ask) -> None:
        ask_store.insert_ask(connection, device, made.transaction, now=self._deployment.clock.now())
