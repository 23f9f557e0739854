"""The key ring: every private key of an installation, by institution and purpose.

A directory holds it: the index, encrypted key files and certificate chains. The index alone answers what keys
there are; a key is decrypted when it is first used.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ed25519

from portadoc.errors import Conflict, Malformed, Misconfigured
from portadoc.keys.algorithms import ALL_ALGORITHMS, PrivateKey, new_private_key
from portadoc.keys.certificates import certificate_key, from_pem, parse_certificate, to_pem
from portadoc.keys.development_chain import CertificateAuthority, CertifiedInstitution, issue_leaf
from portadoc.keys.files.durable import write_new_file
from portadoc.keys.files.encrypted_key import SCRYPT_COST, check_key_file, read_key_file, write_key_file
from portadoc.keys.jwk import VerificationKey, public_jwk, public_key_from_jwk
from portadoc.keys.key_index import AuthorityEntry, KeyEntry, KeyIndex, KeyState, read_index, write_index
from portadoc.keys.purposes import DOMAIN_OF_PURPOSE, TrustDomain
from portadoc.keys.purposes import KeyPurpose as KeyPurpose
from portadoc.keys.signer import LocalSigner, MacKey, Signer, open_signer, path_of
from portadoc.randomness import RandomBytes

MAC_ALG: Final = "HS256"


@dataclass(frozen=True, slots=True)
class KeyMaker:
    """Make keys into a directory. ``now`` in seconds since the epoch; ``cost`` is scrypt's N for the key files."""

    directory: Path
    passphrase: bytes = field(repr=False)
    now: int
    random_bytes: RandomBytes
    cost: int = SCRYPT_COST

    def make(
        self,
        slug: str,
        purpose: KeyPurpose,
        *,
        alg: str,
        institution: CertifiedInstitution,
        authority: CertificateAuthority | None,
    ) -> KeyEntry:
        """Return a new active key, stored; ``authority`` certifies it when its purpose asks for a certificate."""
        if purpose is KeyPurpose.NONCE:
            return self._make_mac(slug, purpose)
        key = new_private_key(alg, self.random_bytes)
        chain: tuple[bytes, ...] = ()
        if authority is not None:
            leaf = issue_leaf(
                institution,
                key.public_key(),
                purpose=purpose,
                authority=authority,
                now=self.now,
                random_bytes=self.random_bytes,
            )
            chain = (leaf, authority.der)
        signer = LocalSigner(key)
        name = f"{slug}-{purpose}-{signer.kid[:8]}"
        return KeyEntry(
            institution=slug,
            purpose=purpose,
            kid=signer.kid,
            alg=signer.alg,
            state=KeyState.ACTIVE,
            created_at=self.now,
            retired_at=None,
            not_after=min(parse_certificate(der).not_after for der in chain) if chain else None,
            uri=self._store_key(name, key),
            chain=self._store_chain(name, chain) if chain else None,
            jwk=dict(signer.public_jwk),
        )

    def store_authority(self, slug: str, domain: TrustDomain, authority: CertificateAuthority) -> AuthorityEntry:
        """Return the entry of an institution's authority, stored."""
        name = f"{slug}-{domain}-authority-{LocalSigner(authority.key).kid[:8]}"
        uri = self._store_key(name, authority.key)
        return AuthorityEntry(slug, domain, uri, self._store_chain(name, (authority.der,)))

    def _make_mac(self, slug: str, purpose: KeyPurpose) -> KeyEntry:
        # The 32 secret bytes travel as an Ed25519 private key, so that one encrypted file format serves all keys.
        key = ed25519.Ed25519PrivateKey.from_private_bytes(self.random_bytes(32))
        kid = MacKey(key.private_bytes_raw()).kid
        uri = self._store_key(f"{slug}-{purpose}-{kid[:8]}", key)
        return KeyEntry(slug, purpose, kid, MAC_ALG, KeyState.ACTIVE, self.now, None, None, uri, None, None)

    def _store_key(self, name: str, key: PrivateKey) -> str:
        path = self.directory / f"{name}.key.pem"
        write_key_file(path, key, passphrase=self.passphrase, random_bytes=self.random_bytes, cost=self.cost)
        return f"file:{path.name}"

    def _store_chain(self, name: str, chain: tuple[bytes, ...]) -> str:
        path = self.directory / f"{name}.chain.pem"
        write_new_file(path, to_pem(chain).encode("ascii"))
        return path.name


class KeyRing:
    """Give the signer of an institution for a purpose. Institutions are named by slug."""

    def __init__(self, directory: Path, index: KeyIndex, *, passphrase: bytes) -> None:
        self.directory = directory.resolve()
        self.index = index
        self._passphrase = passphrase
        self._signers: dict[tuple[str, KeyPurpose], Signer] = {}
        self._macs: dict[tuple[str, KeyPurpose], MacKey] = {}

    @classmethod
    def open(cls, directory: Path, *, passphrase: bytes) -> "KeyRing":
        """Return the ring of a directory, once every key file is there and readable by its owner only.

        Raises Misconfigured[key_ring_missing], [key_ring_malformed], [key_file_missing],
        [key_file_readable_by_others].
        """
        ring = cls(directory, read_index(directory), passphrase=passphrase)
        uris = [key.uri for key in ring.keys] + [authority.uri for authority in ring.index.authorities]
        for uri in uris:
            check_key_file(ring._path(uri))
        return ring

    @property
    def keys(self) -> tuple[KeyEntry, ...]:
        """Every key of the ring, active and retired, oldest first."""
        return self.index.keys

    def signer(self, institution: str, purpose: KeyPurpose) -> Signer:
        """Return the signer of the active key.

        Raises Misconfigured[key_missing], Conflict[key_retired], and what opening the key file raises.
        """
        signer = self._signers.get((institution, purpose))
        if signer is None:
            signer = self._signers[institution, purpose] = self._open(self._active(institution, purpose))
        return signer

    def mac(self, institution: str, purpose: KeyPurpose = KeyPurpose.NONCE) -> MacKey:
        """Return the active message-code key. Raises Misconfigured[key_missing], Conflict[key_retired]."""
        mac = self._macs.get((institution, purpose))
        if mac is None:
            mac = self._macs[institution, purpose] = self._open_mac(self._active(institution, purpose))
        return mac

    def public_keys(self, institution: str, purpose: KeyPurpose) -> tuple[VerificationKey, ...]:
        """Return the keys that verify what the institution signed for a purpose, retired ones included."""
        return tuple(
            public_key_from_jwk(entry.jwk, allowed_algs=ALL_ALGORITHMS)
            for entry in self._entries(institution, purpose)
            if entry.jwk is not None
        )

    def public_jwks(self, institution: str, purpose: KeyPurpose) -> dict[str, list[dict[str, str]]]:
        """Return the JWK set for publication: public members only. Spec: RFC 7517 §5."""
        return {
            "keys": [
                {**public_jwk(key), "kid": key.kid, "alg": key.alg, "use": "sig"}
                for key in self.public_keys(institution, purpose)
            ]
        }

    def chains(self, purpose: KeyPurpose, *, institution: str | None = None) -> tuple[tuple[bytes, ...], ...]:
        """Return the certificate chains (DER, leaf first) of every key for a purpose, retired ones included.

        Of one institution when it is named. Raises Misconfigured[chain_file_malformed].
        """
        of = (
            entry for entry in self.keys if entry.purpose is purpose and institution in (None, entry.institution)
        )
        return tuple(self._chain(entry.chain) for entry in of if entry.chain is not None)

    def check(self) -> None:
        """Open every active key once, so that a wrong passphrase or a swapped file shows before it is needed."""
        for entry in self.keys:
            if entry.state is KeyState.ACTIVE:
                (self._open_mac if entry.jwk is None else self._open)(entry)

    def new_key(
        self, institution: str, purpose: KeyPurpose, *, alg: str = "ES256", now: int, random_bytes: RandomBytes
    ) -> "KeyRing":
        """Make a key for a purpose, retire the one before it, and return the ring as it then is.

        Key and certificate are stored before the index names them. Raises Misconfigured[ring_institution_unknown],
        [authority_missing], [key_alg_unsupported], and what opening the authority's key file raises.
        """
        certified = self.index.institutions.get(institution)
        if certified is None:
            raise Misconfigured("ring_institution_unknown", institution=institution)
        maker = KeyMaker(self.directory, self._passphrase, now, random_bytes)
        authority = self._authority(institution, purpose)
        fresh = maker.make(institution, purpose, alg=alg, institution=certified, authority=authority)
        kept = tuple(_retired(each, fresh, now) for each in self.keys)
        index = replace(self.index, keys=(*kept, fresh))
        write_index(self.directory, index)
        return KeyRing(self.directory, index, passphrase=self._passphrase)

    def _entries(self, institution: str, purpose: KeyPurpose) -> tuple[KeyEntry, ...]:
        return tuple(each for each in self.keys if each.institution == institution and each.purpose == purpose)

    def _active(self, institution: str, purpose: KeyPurpose) -> KeyEntry:
        entries = self._entries(institution, purpose)
        if not entries:
            raise Misconfigured("key_missing", institution=institution, purpose=purpose)
        active = [entry for entry in entries if entry.state is KeyState.ACTIVE]
        if not active:
            raise Conflict("key_retired", kid=entries[-1].kid)
        return active[-1]

    def _open(self, entry: KeyEntry) -> Signer:
        chain = self._chain(entry.chain) if entry.chain is not None else ()
        signer = open_signer(self._path(entry.uri).as_uri(), passphrase=self._passphrase, chain=chain)
        if signer.kid != entry.kid or (chain and certificate_key(parse_certificate(chain[0])).kid != entry.kid):
            raise Misconfigured("key_mismatch", institution=entry.institution, purpose=entry.purpose)
        return signer

    def _open_mac(self, entry: KeyEntry) -> MacKey:
        key = self._private_key(entry.uri)
        mac = MacKey(key.private_bytes_raw()) if isinstance(key, ed25519.Ed25519PrivateKey) else None
        if mac is None or mac.kid != entry.kid:
            raise Misconfigured("key_mismatch", institution=entry.institution, purpose=entry.purpose)
        return mac

    def _authority(self, institution: str, purpose: KeyPurpose) -> CertificateAuthority | None:
        domain = DOMAIN_OF_PURPOSE.get(purpose)
        if domain is None:
            return None
        for entry in self.index.authorities:
            if entry.institution == institution and entry.domain is domain:
                return self._open_authority(entry, purpose)
        raise Misconfigured("authority_missing", institution=institution, domain=domain)

    def _open_authority(self, entry: AuthorityEntry, purpose: KeyPurpose) -> CertificateAuthority:
        certificate = parse_certificate(self._chain(entry.certificate)[0])
        key = self._private_key(entry.uri)
        if certificate_key(certificate).key != key.public_key():
            raise Misconfigured("key_mismatch", institution=entry.institution, purpose=purpose)
        return CertificateAuthority(certificate.certificate, key)

    def _private_key(self, uri: str) -> PrivateKey:
        return read_key_file(self._path(uri), passphrase=self._passphrase)

    def _path(self, uri: str) -> Path:
        return path_of(uri, relative_to=self.directory)

    def _chain(self, name: str) -> tuple[bytes, ...]:
        try:
            return from_pem((self.directory / name).read_text(encoding="ascii"))
        except (OSError, ValueError, Malformed) as exc:
            raise Misconfigured("chain_file_malformed", file=name) from exc


def _retired(entry: KeyEntry, successor: KeyEntry, now: int) -> KeyEntry:
    same = (entry.institution, entry.purpose) == (successor.institution, successor.purpose)
    if not same or entry.state is KeyState.RETIRED:
        return entry
    return replace(entry, state=KeyState.RETIRED, retired_at=now)
