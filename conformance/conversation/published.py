"""What an issuer and its authorization server say of themselves, read leniently and judged elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from portadoc.schemas.claims import JsonObject

FORMAT: Final = "dc+sd-jwt"


@dataclass(frozen=True, slots=True)
class Published:
    """The metadata of an issuer or a server."""

    url: str
    content: JsonObject

    def text(self, name: str) -> str:
        """Return a member that is a text, an empty one where it is none."""
        value = self.content.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts of a member that is an array."""
        return texts_of(self.content.get(name))

    def object(self, name: str) -> JsonObject:
        """Return a member that is an object, an empty one where it is none."""
        return object_of(self.content.get(name))

    @property
    def configurations(self) -> Mapping[str, JsonObject]:
        """The credential configurations that are objects."""
        found = self.object("credential_configurations_supported")
        return {name: each for name, each in found.items() if isinstance(each, dict)}

    @property
    def batch_size(self) -> int:
        """How many credentials one request may ask for."""
        size = self.object("batch_credential_issuance").get("batch_size")
        return size if type(size) is int and size > 0 else 1


def object_of(value: Any) -> JsonObject:
    """Return a JSON value that is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def texts_of(value: Any) -> tuple[str, ...]:
    """Return the texts of a JSON value that is an array, else none."""
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def well_known(identifier: str, document: str) -> str:
    """Return where a document stands: inserted between host and path.

    Spec: OpenID4VCI 1.0 §12.2.2, RFC 8414 §3.1.
    """
    parts = urlsplit(identifier)
    return f"{parts.scheme}://{parts.netloc}/.well-known/{document}{parts.path.rstrip('/')}"


def proof_types(configuration: Mapping[str, Any]) -> Mapping[str, JsonObject]:
    """Return the proof types of a configuration."""
    found = object_of(configuration.get("proof_types_supported"))
    return {name: each for name, each in found.items() if isinstance(each, dict)}


def attestation_required(configuration: Mapping[str, Any], kind: str) -> bool:
    """Tell whether proofs of a type have to come with a key attestation."""
    return "key_attestations_required" in proof_types(configuration).get(kind, {})
