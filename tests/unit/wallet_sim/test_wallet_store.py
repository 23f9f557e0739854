import json
import os
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from portadoc.errors import Conflict, Error
from portadoc.wallet_sim.store import Access, FileStore, HeldCredential, MemoryStore, PendingIssuance, WalletStore


def held(name: str) -> HeldCredential:
    return HeldCredential(
        id=name,
        configuration_id="pda1",
        vct="urn:eudi:pda1:1",
        issuer="https://issuer.example",
        sd_jwt="a.b.c~",
        holder_key={"kty": "EC", "d": "secret"},
        received_at=1,
    )


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> WalletStore:
    return MemoryStore() if request.param == "memory" else FileStore(tmp_path / "deep" / "wallet.json")


def test_an_empty_store_holds_nothing(store: WalletStore) -> None:
    assert store.credentials() == ()


def test_what_is_added_is_held_in_order(store: WalletStore) -> None:
    store.add([held("1"), held("2")])
    store.add([held("3")])
    assert store.credentials() == (held("1"), held("2"), held("3"))


def test_an_id_is_held_once(store: WalletStore) -> None:
    store.add([held("1")])
    with pytest.raises(Conflict, match="credential_already_held"):
        store.add([held("2"), held("1")])
    assert store.credentials() == (held("1"),)


def test_presentations_are_counted(store: WalletStore) -> None:
    store.add([held("1"), held("2")])
    store.mark_presented("2")
    store.mark_presented("2")
    assert [each.presented for each in store.credentials()] == [0, 2]
    with pytest.raises(Conflict, match="credential_not_held"):
        store.mark_presented("3")


def test_parallel_additions_all_arrive(store: WalletStore) -> None:
    threads = [threading.Thread(target=store.add, args=([held(str(number))],)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each.id for each in store.credentials()} == {str(number) for number in range(20)}


def test_a_second_store_on_the_same_file_sees_everything(tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    FileStore(path).add([held("1")])
    assert FileStore(path).credentials() == (held("1"),)


def test_edp_10_a_policy_is_kept_with_its_copy_and_a_file_from_before_has_none(tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    restricted = replace(held("2"), disclosure_policy='{"policy":"none"}')
    FileStore(path).add([held("1"), restricted])
    assert FileStore(path).credentials() == (held("1"), restricted)
    assert ["disclosure_policy" in each for each in json.loads(path.read_bytes())["credentials"]] == [False, True]
    path.write_text(path.read_text().replace('"{\\"policy\\":\\"none\\"}"', "7"))
    with pytest.raises(Error, match="wallet_file_invalid"):
        FileStore(path).credentials()


def test_the_file_is_for_its_owner_only_and_nothing_else_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    previous = os.umask(0)
    try:
        FileStore(path).add([held("1")])
        FileStore(path).mark_presented("1")
    finally:
        os.umask(previous)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["wallet.json"]


def test_a_draft_that_a_crash_left_behind_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    (tmp_path / f".wallet.json.{os.getpid()}.new").write_text("half")
    FileStore(path).add([held("1")])
    assert [each.name for each in tmp_path.iterdir()] == ["wallet.json"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    FileStore(path).add([held("1")])
    path.chmod(mode)
    with pytest.raises(Error) as caught:
        FileStore(path).credentials()
    assert caught.value.code == "wallet_file_exposed"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "wallet_file_invalid"),
        ("[]", "wallet_file_invalid"),
        ('{"version":2,"credentials":[]}', "wallet_file_invalid"),
        ('{"version":1,"credentials":{}}', "wallet_file_invalid"),
        ('{"version":1,"credentials":[1]}', "wallet_file_invalid"),
        ('{"version":1,"credentials":[{"id":"1"}]}', "wallet_file_invalid"),
    ],
)
def test_a_file_of_another_form_is_refused_and_kept(content: str, code: str, tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(Error) as caught:
        FileStore(path).add([held("1")])
    assert (caught.value.code, path.read_text()) == (code, content)


def test_an_entry_with_a_member_of_another_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    FileStore(path).add([held("1")])
    content = json.loads(path.read_text())
    content["credentials"][0]["received_at"] = True
    path.write_text(json.dumps(content))
    with pytest.raises(Error) as caught:
        FileStore(path).credentials()
    assert caught.value.code == "wallet_file_invalid"


def access(token: str) -> Access:
    return Access(
        id="access",
        issuer="https://issuer.example",
        authorization_server="https://issuer.example",
        client_id=None,
        access_token=token,
        expires_at=None,
        refresh_token="refresh",
        dpop_key={"kty": "EC", "d": "secret"},
        identifiers={"pda1": ["one"]},
    )


def pending(name: str, ask_at: int = 1) -> PendingIssuance:
    return PendingIssuance(
        id=name,
        access_id="access",
        configuration_id="pda1",
        vct="urn:eudi:pda1:1",
        transaction_id="later",
        ask_at=ask_at,
        holder_keys=[{"kty": "EC", "d": "secret"}],
    )


def test_what_may_still_come_is_kept_and_replaced_in_its_place(store: WalletStore) -> None:
    store.keep_access(access("old"))
    store.keep_access(access("new"))
    for each in (pending("1"), pending("2"), pending("1", ask_at=9)):
        store.keep_pending(each)
    assert store.accesses() == (access("new"),)
    assert store.pending() == (pending("1", ask_at=9), pending("2"))


def test_what_came_is_kept_and_pending_no_more_in_one_act(store: WalletStore) -> None:
    store.add([held("1")])
    store.keep_pending(pending("1"))
    with pytest.raises(Conflict, match="credential_already_held"):
        store.settle("1", [held("1")])
    assert store.pending() == (pending("1"),)
    store.settle("1", [held("2")])
    assert (store.credentials(), store.pending()) == ((held("1"), held("2")), ())
    with pytest.raises(Conflict, match="issuance_not_pending"):
        store.settle("1", [])


@pytest.mark.parametrize("member", ["accesses", "pending"])
@pytest.mark.parametrize("entries", [{}, [1], [{}], [{"id": 1}]], ids=str)
def test_a_file_with_a_wrong_entry_of_another_kind_is_refused(
    member: str, entries: object, tmp_path: Path
) -> None:
    path = tmp_path / "wallet.json"
    path.write_text(json.dumps({"version": 1, "credentials": [], member: entries}))
    path.chmod(0o600)
    with pytest.raises(Error, match="wallet_file_invalid"):
        FileStore(path).credentials()
