"""Registers in two JSON files of the data folder: ``registers/companies.json`` and ``registers/persons.json``.

A file is read as a whole, strictly, and read again when it has changed; a change that does not fit is refused and
what was read before is not used instead, for nobody may decide on what a register has meanwhile taken back.
"""

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from threading import Lock
from typing import Final, Generic, TypeVar

from portadoc.errors import Malformed, Misconfigured, Unavailable
from portadoc.formats import strict_json
from portadoc.portal.registers.fields import Fields
from portadoc.portal.registers.reading import read_company, read_person
from portadoc.portal.registers.register import Company, Person, plain_pin
from portadoc.schemas.claims import Json

COMPANIES: Final = "companies.json"
PERSONS: Final = "persons.json"
MAX_BYTES: Final = 64 * 1024 * 1024
_Entry = TypeVar("_Entry")


class _RegisterFile(Generic[_Entry]):
    """The entries of one file by key."""

    def __init__(self, file: Path, read: Callable[[Json, str], _Entry], key: Callable[[_Entry], str]) -> None:
        self._file, self._read_entry, self._key = file, read, key
        self._lock = Lock()
        self._state: tuple[int, int] | None = None
        self._entries: dict[str, _Entry] = {}

    def find(self, key: str) -> _Entry | None:
        """Return an entry. Raises Unavailable[register_unavailable], Misconfigured[register_unreadable]."""
        with self._lock:
            try:
                stat = self._file.stat()
                state = stat.st_mtime_ns, stat.st_size
                if state != self._state:
                    self._entries = self._read(self._file.read_bytes())
                    self._state = state
            except OSError as exc:
                raise Unavailable("register_unavailable", register=self._file.stem) from exc
            return self._entries.get(key)

    def _read(self, raw: bytes) -> dict[str, _Entry]:
        try:
            document = strict_json.loads(raw, what="register", max_bytes=MAX_BYTES)
            entries = Fields(document, "", known=("notice", "entries")).each("entries", self._read_entry)
            found = {self._key(entry): entry for entry in entries}
            if len(found) != len(entries):
                raise Malformed("register_malformed", pointer="/entries", expected="each key once")
        except Malformed as exc:
            where = str(exc.params.get("pointer", ""))
            expected = str(exc.params.get("expected", exc.code))
            raise Misconfigured(
                "register_unreadable", register=self._file.stem, pointer=where, expected=expected
            ) from exc
        return found


class FileCompanyRegister:
    """A company register in a file."""

    def __init__(self, file: Path) -> None:
        self._file = _RegisterFile(file, read_company, lambda company: company.id)

    def company(self, company_id: str) -> Company | None:
        """Return a company. Raises Unavailable[register_unavailable], Misconfigured[register_unreadable]."""
        return self._file.find(company_id)


class FilePersonRegister:
    """A person register in a file. Spaces in a personal number mean nothing."""

    def __init__(self, file: Path) -> None:
        self._file = _RegisterFile(file, read_person, lambda person: plain_pin(person.pin))

    def person(self, pin: str) -> Person | None:
        """Return a person. Raises Unavailable[register_unavailable], Misconfigured[register_unreadable]."""
        return self._file.find(plain_pin(pin))


def open_file_registers(data_dir: Path, *, with_examples: bool) -> tuple[FileCompanyRegister, FilePersonRegister]:
    """Return the registers of a data folder; in development, example files are put where there are none.

    Raises Misconfigured[data_dir_unusable].
    """
    folder = data_dir / "registers"
    if with_examples:
        _put_examples(folder)
    return FileCompanyRegister(folder / COMPANIES), FilePersonRegister(folder / PERSONS)


def example_text(name: str) -> bytes:
    """Return an example file (TEST DATA)."""
    return (resources.files("portadoc.portal.registers.examples") / name).read_bytes()


def _put_examples(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in (COMPANIES, PERSONS):
            file = folder / name
            if not file.exists():
                fresh = folder / f".{name}.new"
                fresh.write_bytes(example_text(name))
                fresh.rename(file)
    except OSError as exc:
        reason = exc.strerror or type(exc).__name__
        raise Misconfigured("data_dir_unusable", folder=str(folder), reason=reason) from exc
