"""Signers: opened by URI, kept in files of their owner only, deterministic ones only with a warning."""

import subprocess
import warnings
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from portadoc.errors import Conflict, Misconfigured, Untrusted
from portadoc.keys.algorithms import ALL_ALGORITHMS, ES256, algorithm_of, new_private_key
from portadoc.keys.files.encrypted_key import encrypt_private_key, read_key_file, write_key_file
from portadoc.keys.jwk import PRIVATE_MEMBERS, public_key_from_jwk
from portadoc.keys.signer import (
    LocalSigner,
    MacKey,
    UnsafeDeterministicSigner,
    generate_key_file,
    open_signer,
    path_of,
)

from .conftest import PASSPHRASE, seeded

CHEAP = 2**4


def stored(path: Path, alg: str = "ES256") -> Path:
    key = new_private_key(alg, seeded(b"stored"))
    write_key_file(path, key, passphrase=PASSPHRASE, random_bytes=seeded(b"salt"), cost=CHEAP)
    return path


@pytest.mark.parametrize("alg", sorted(ALL_ALGORITHMS))
def test_a_generated_key_is_opened_again_by_uri(tmp_path: Path, alg: str) -> None:
    made = generate_key_file(tmp_path / "key.pem", passphrase=PASSPHRASE, alg=alg, random_bytes=seeded(b"1"))
    opened = open_signer(f"file:{tmp_path / 'key.pem'}", passphrase=PASSPHRASE, chain=(b"leaf", b"authority"))
    assert (opened.alg, opened.kid, opened.public_jwk) == (alg, made.kid, made.public_jwk)
    assert opened.chain == (b"leaf", b"authority")
    public_key_from_jwk(opened.public_jwk, allowed_algs={alg}).verify(b"text", opened.sign(b"text"))


def test_the_triple_slash_form_of_the_uri_is_the_same_file(tmp_path: Path) -> None:
    stored(tmp_path / "key.pem")
    assert open_signer(f"file://{tmp_path / 'key.pem'}", passphrase=PASSPHRASE).alg == "ES256"


def test_a_key_file_is_created_for_its_owner_only_and_never_replaced(tmp_path: Path) -> None:
    path = stored(tmp_path / "key.pem")
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    with pytest.raises(Conflict, match="key_file_exists"):
        stored(path)
    assert path.read_bytes() == before


def test_openssl_reads_the_key_file(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    signer = generate_key_file(path, passphrase=PASSPHRASE, alg="ES256", random_bytes=seeded(b"openssl"))
    try:
        answer = subprocess.run(
            ["openssl", "pkcs8", "-in", path, "-passin", f"pass:{PASSPHRASE.decode()}"],
            capture_output=True,
            check=True,
        )
    except FileNotFoundError:
        pytest.skip("no openssl command on this machine")
    key = serialization.load_pem_private_key(answer.stdout, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert LocalSigner(key).kid == signer.kid


def test_the_file_holds_neither_the_key_nor_the_passphrase(tmp_path: Path) -> None:
    key = new_private_key("Ed25519", seeded(b"stored"))
    content = stored(tmp_path / "key.pem", "Ed25519").read_bytes()
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert plain.splitlines()[1] not in content
    assert PASSPHRASE not in content


def test_the_same_bytes_make_the_same_file_and_other_salt_another() -> None:
    key = new_private_key("ES256", seeded(b"key"))

    def pem(seed: bytes) -> bytes:
        return encrypt_private_key(key, passphrase=PASSPHRASE, random_bytes=seeded(seed), cost=CHEAP)

    assert pem(b"1") == pem(b"1")
    assert pem(b"1") != pem(b"2")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o601, 0o777])
def test_i01_a_key_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = stored(tmp_path / "key.pem")
    path.chmod(mode)
    with pytest.raises(Misconfigured, match="key_file_readable_by_others"):
        open_signer(f"file:{path}", passphrase=PASSPHRASE)


def test_i01_a_read_only_key_file_is_accepted(tmp_path: Path) -> None:
    path = stored(tmp_path / "key.pem")
    path.chmod(0o400)
    assert open_signer(f"file:{path}", passphrase=PASSPHRASE).alg == "ES256"


def test_i06_a_wrong_or_missing_passphrase_is_told_apart(tmp_path: Path) -> None:
    path = stored(tmp_path / "key.pem")
    with pytest.raises(Misconfigured, match="passphrase_wrong"):
        read_key_file(path, passphrase=b"wrong")
    with pytest.raises(Misconfigured, match="passphrase_missing"):
        read_key_file(path, passphrase=b"")
    with pytest.raises(Misconfigured, match="passphrase_missing"):
        write_key_file(
            tmp_path / "new", new_private_key("ES256", seeded(b"")), passphrase=b"", random_bytes=seeded(b"")
        )
    assert not (tmp_path / "new").exists()


def test_a_missing_file_or_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="key_file_missing"):
        read_key_file(tmp_path / "absent.pem", passphrase=PASSPHRASE)
    with pytest.raises(Misconfigured):
        read_key_file(tmp_path, passphrase=PASSPHRASE)


def unencrypted(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"not a key", unencrypted(ec.generate_private_key(ec.SECP256R1()))],
    ids=["empty", "text", "plain"],
)
def test_a_file_that_is_no_encrypted_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(Misconfigured, match="key_file_malformed"):
        read_key_file(path, passphrase=PASSPHRASE)


def test_a_damaged_key_file_raises_nothing_but_our_refusals(tmp_path: Path) -> None:
    path = stored(tmp_path / "key.pem")
    content = path.read_bytes()
    for position in range(0, len(content), 3):
        path.write_bytes(content[:position] + bytes([content[position] ^ 3]) + content[position + 1 :])
        with suppress(Misconfigured):
            read_key_file(path, passphrase=PASSPHRASE)


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = tmp_path / "key.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(PASSPHRASE),
        )
    )
    path.chmod(0o600)
    with pytest.raises(Misconfigured, match="key_alg_unsupported"):
        read_key_file(path, passphrase=PASSPHRASE)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "key.pem",
        "file:key.pem",
        "file:../key.pem",
        "env:KEY",
        "pkcs11:token=a",
        "https://keys.example/1",
        "file:",
        "file:////host/key",
    ],
)
def test_a_uri_that_names_no_absolute_file_is_refused(uri: str) -> None:
    with pytest.raises(Misconfigured, match="key_uri_unsupported"):
        open_signer(uri, passphrase=PASSPHRASE)


@pytest.mark.parametrize(
    "uri", ["file:../up.pem", "file:a/b.pem", "file:.", "file:..", "file:", "b.pem", "env:b.pem"]
)
def test_a_relative_uri_stays_inside_its_directory(tmp_path: Path, uri: str) -> None:
    with pytest.raises(Misconfigured, match="key_uri_unsupported"):
        path_of(uri, relative_to=tmp_path)
    assert path_of("file:key.pem", relative_to=tmp_path) == tmp_path / "key.pem"


@pytest.mark.parametrize("alg", ["RS256", "none", "HS256", "ES256K", "EdDSA", ""])
def test_an_algorithm_outside_the_list_is_refused(alg: str) -> None:
    with pytest.raises(Misconfigured, match="key_alg_unsupported"):
        new_private_key(alg, seeded(b""))
    with pytest.raises(Misconfigured, match="key_alg_unsupported"):
        algorithm_of(ec.generate_private_key(ec.SECP256K1()))


def test_i02_what_a_signer_shows_holds_no_private_member() -> None:
    for alg in ALL_ALGORITHMS:
        signer = LocalSigner(new_private_key(alg, seeded(b"show")))
        assert PRIVATE_MEMBERS.isdisjoint(signer.public_jwk)
        assert signer.kid in repr(signer)
        with pytest.raises(TypeError):
            signer.public_jwk["d"] = "AA"  # type: ignore[index]


def test_the_deterministic_signer_warns_and_repeats_itself() -> None:
    with pytest.warns(UserWarning, match="anyone can derive"):
        first = UnsafeDeterministicSigner(b"seed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        second, other = UnsafeDeterministicSigner(b"seed"), UnsafeDeterministicSigner(b"other", chain=(b"leaf",))
    assert first.sign(b"text") == second.sign(b"text")
    assert first.kid == second.kid != other.kid
    assert other.chain == (b"leaf",)
    public_key_from_jwk(first.public_jwk, allowed_algs={"ES256"}).verify(b"text", first.sign(b"text"))


def test_the_deterministic_scheme_gives_the_known_answer_of_rfc_6979_a25() -> None:
    assert ES256.ecdsa is not None
    key = ec.derive_private_key(
        0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, ES256.ecdsa.curve
    )
    assert decode_dss_signature(key.sign(b"sample", ES256.ecdsa.deterministic_scheme)) == (
        0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
        0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
    )


def test_a_message_code_holds_for_its_data_alone() -> None:
    key, other = MacKey(bytes(32)), MacKey(bytes(31) + b"\1")
    tag = key.tag(b"nonce")
    assert len(tag) == 32
    key.verify(b"nonce", tag)
    for wrong in (b"", tag[:-1], tag + b"\0", bytes(32), other.tag(b"nonce")):
        with pytest.raises(Untrusted, match="mac_invalid"):
            key.verify(b"nonce", wrong)
    assert key.kid != other.kid
    assert key.kid in repr(key)
