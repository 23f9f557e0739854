"""HTTPS on a local network, so that the camera of a real phone works: an authority of our own, kept with the data.

Browsers open the camera for nobody but HTTPS, and no public authority certifies an address such as 192.168.1.5.
"""

import hashlib
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from portadoc.clock import Clock
from portadoc.errors import Misconfigured
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.certificates import UnverifiedCertificate, from_pem, parse_certificate, to_pem
from portadoc.keys.development_chain import AUTHORITY_ALG, CertificateAuthority
from portadoc.keys.files.durable import replace_file
from portadoc.keys.files.encrypted_key import encrypt_private_key, read_key_file
from portadoc.keys.lan_certificates import certifies, issue_server_certificate, local_address, make_lan_authority
from portadoc.randomness import RandomBytes
from portadoc.serve.tls.server_certificate import ServerTls

FOLDER: Final = "lan"
_AUTHORITY, _AUTHORITY_KEY = "lan-ca.pem", "lan-ca.key"
_SERVER, _SERVER_KEY = "server.pem", "server.key"
_RENEW_BEFORE_S: Final = 30 * 86_400
_ELSEWHERE: Final = ("192.0.2.1", 9)
"""An address of documentation (RFC 5737). Asked for the way to it the system names its own; nothing is sent."""
_HOST_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class LanServer:
    """What a server needs to speak HTTPS on the local network, and what people need to believe it."""

    address: str
    authority_file: Path
    tls: ServerTls
    fingerprint: str
    """SHA-256 of the authority's certificate, as phones show it."""

    def origin(self, port: int) -> str:
        """Return the origin at which phones find the service."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"https://{host}:{port}"


@dataclass(frozen=True, slots=True)
class OwnLan:
    """What a process beside the server needs to call it on the local network."""

    address: str
    authority_file: Path


def own_lan(data_dir: Path, origin: str) -> OwnLan | None:
    """Return how an installation calls its own ``origin`` on the local network, None where it serves none."""
    authority = data_dir.resolve() / FOLDER / _AUTHORITY
    with suppress(Misconfigured):
        address = str(local_address(urlsplit(origin).hostname or ""))
        return OwnLan(address, authority) if authority.exists() else None
    return None


def own_address() -> str:
    """Return this machine's address on the local network. Raises Misconfigured[lan_address_unusable]."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(_ELSEWHERE)
        return str(local_address(probe.getsockname()[0]))
    raise Misconfigured("lan_address_unusable", address="")


def open_lan(
    data_dir: Path, *, address: str, passphrase: bytes, clock: Clock, random_bytes: RandomBytes
) -> LanServer:
    """Return what serves ``address``: the authority that the folder keeps, a certificate that fits and will last.

    Both are made where they are missing; the certificate also where it names another address or will end soon.
    Raises Misconfigured[lan_address_unusable], [lan_files_unusable] and as ``read_key_file`` does.
    """
    folder, address = data_dir.resolve() / FOLDER, str(local_address(address))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = _authority(folder, passphrase, clock.now(), random_bytes)
        if not _fits(folder, authority, passphrase, address, clock.now()):
            _certify(folder, authority, passphrase, address, clock.now(), random_bytes)
    except OSError as exc:
        raise Misconfigured("lan_files_unusable", reason=exc.strerror or type(exc).__name__) from exc
    fingerprint = hashlib.sha256(authority.der).digest()
    return LanServer(
        address=address,
        authority_file=folder / _AUTHORITY,
        tls=ServerTls(folder / _SERVER, folder / _SERVER_KEY, passphrase),
        fingerprint=":".join(f"{byte:02X}" for byte in fingerprint),
    )


def _authority(folder: Path, passphrase: bytes, now: int, random_bytes: RandomBytes) -> CertificateAuthority:
    """Return the authority of the folder, or a new one where there is none or its time is over."""
    if (folder / _AUTHORITY).exists():
        kept = _read(folder / _AUTHORITY)
        key = read_key_file(folder / _AUTHORITY_KEY, passphrase=passphrase)
        if kept.certificate.public_key() != key.public_key():
            raise Misconfigured("lan_files_unusable", reason="key")
        if kept.not_after > now + _RENEW_BEFORE_S:
            return CertificateAuthority(kept.certificate, key)
    made = make_lan_authority(now=now, random_bytes=random_bytes)
    # The key first: a certificate without its key would be of no use and in the way.
    replace_file(
        folder / _AUTHORITY_KEY, encrypt_private_key(made.key, passphrase=passphrase, random_bytes=random_bytes)
    )
    replace_file(folder / _AUTHORITY, to_pem([made.der]).encode())
    return made


def _fits(folder: Path, authority: CertificateAuthority, passphrase: bytes, address: str, now: int) -> bool:
    if not ((folder / _SERVER).exists() and (folder / _SERVER_KEY).exists()):
        return False
    kept, key = _read(folder / _SERVER), read_key_file(folder / _SERVER_KEY, passphrase=passphrase)
    return (
        certifies(kept, address)
        and kept.not_after > now + _RENEW_BEFORE_S
        and kept.issuer == authority.certificate.subject
        and kept.certificate.public_key() == key.public_key()
    )


def _certify(
    folder: Path,
    authority: CertificateAuthority,
    passphrase: bytes,
    address: str,
    now: int,
    random_bytes: RandomBytes,
) -> None:
    key = new_private_key(AUTHORITY_ALG, random_bytes)
    certificate = issue_server_certificate(
        key, address=address, host_name=_host_name(), authority=authority, now=now, random_bytes=random_bytes
    )
    replace_file(folder / _SERVER_KEY, encrypt_private_key(key, passphrase=passphrase, random_bytes=random_bytes))
    replace_file(folder / _SERVER, to_pem([certificate]).encode())


def _read(file: Path) -> UnverifiedCertificate:
    (der,) = from_pem(file.read_text(encoding="ascii"))
    return parse_certificate(der)


def _host_name() -> str:
    """Return this machine's name by which others may find it (``name.local``); empty where it fits none."""
    name = socket.gethostname().partition(".")[0].lower()
    return name if _HOST_NAME.fullmatch(name) else ""
