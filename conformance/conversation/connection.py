"""What a port speaks, seen by connecting to it: TLS, old TLS, plain HTTP. Nothing of a run is sent.

Each raises Lacking where no connection comes about: then nothing was seen, and nothing may be said.
"""

import socket
import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from portadoc.conformance.checks import Lacking

NO_CONNECTION: Final = "no connection was made"
_PATIENCE_S: Final = 3.0
_CANNOT_ASK: Final = ("NO_PROTOCOLS_AVAILABLE", "UNSUPPORTED_PROTOCOL")


def speaks_tls(host: str, port: int) -> bool:
    """Tell whether a server completes a handshake of TLS, whatever its certificate. Raises Lacking."""
    return bool(_shakes_hands(host, port, _believing_anything()))


def speaks_old_tls(host: str, port: int) -> bool | None:
    """Tell whether a server completes a handshake of TLS 1.1 or older; None when this machine cannot ask.

    Raises Lacking.
    """
    context = _believing_anything()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
    except (ValueError, ssl.SSLError):
        return None
    return _shakes_hands(host, port, context)


def answers_plain(host: str, port: int) -> bool:
    """Tell whether a port answers plain HTTP with content. Raises Lacking."""
    return _plain_answer(host, port).startswith((b"HTTP/1.1 2", b"HTTP/1.0 2"))


def speaks_plain(host: str, port: int) -> bool:
    """Tell whether a port answers plain HTTP in any way. Raises Lacking."""
    return _plain_answer(host, port).startswith(b"HTTP/")


def _plain_answer(host: str, port: int) -> bytes:
    with _connected(host, port) as plain:
        try:
            asked = f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            plain.sendall(asked.encode("ascii", "replace"))
            return plain.recv(12)
        except OSError:
            return b""


def _shakes_hands(host: str, port: int, context: ssl.SSLContext) -> bool | None:
    with _connected(host, port) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=host):
                return True
        except TimeoutError as exc:
            raise Lacking("the server did not answer in time") from exc
        except ssl.SSLError as fault:
            return None if fault.reason in _CANNOT_ASK else False
        except OSError:
            return False


def _believing_anything() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # only what is spoken is asked about, and nothing is sent
    return context


@contextmanager
def _connected(host: str, port: int) -> Iterator[socket.socket]:
    try:
        plain = socket.create_connection((host, port), timeout=_PATIENCE_S)
    except (OSError, UnicodeError) as exc:
        raise Lacking(NO_CONNECTION) from exc
    with plain:
        yield plain
