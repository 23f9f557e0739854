"""Disclosure policies from the command line: copies of an earlier one, and who asks against the issuer's will."""

import json
from pathlib import Path
from typing import Any

from portadoc.verification.presets.presets import preset
from tests.cli.conftest import Served

SETTINGS = """
profile = "eudi-2026"

[institutions.fr-demo]
id = "FR:TEST01"
name = "Caisse"
country = "FR"
issues = ["pda1"]

[institutions.fr-demo.disclosure_policies.pda1]
id = "https://issuer.example/policies/1"
policy = "allowList"
options.values = [{ dn = "ORGID=DE:TEST90,C=DE" }]
"""


def test_edp_11_copies_from_before_a_policy_are_listed_and_withdrawn(
    run: Any, portadoc: Any, served: Served, tmp_path: Path
) -> None:
    made = portadoc("issuer", "offer", "fr-demo", "--example", "posted-worker-fr-de", "--type", "pda1")
    portadoc("wallet", "accept", made["offer_uri"])
    command = ("issuer", "former-policies", "fr-demo", "--data-dir", served.folder)
    assert run(*command).stdout == "none\n"
    file = tmp_path / "portadoc.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    assert made["record_id"] in run(*command).stdout
    told = json.loads(run(*command, "--withdraw", "--json").stdout)
    assert [each["credential_id"] for each in told["credentials"]] == told["withdrawn"] != []
    assert run(*command, "--withdraw").stdout == "none\ncopies withdrawn: 0\n"


def test_a_policy_that_no_wallet_could_follow_is_named_by_its_setting(
    run: Any, served: Served, tmp_path: Path
) -> None:
    wrong = SETTINGS.replace("ORGID=DE:TEST90,", "")
    (tmp_path / "portadoc.toml").write_text(wrong, encoding="utf-8")
    result = run("issuer", "list", "fr-demo", "--data-dir", served.folder)
    assert (result.exit_code, "institutions.fr-demo.disclosure_policies" in result.stderr) == (4, True)
    assert "pda1/options/values/0/dn" in result.stderr


def test_edp_07_without_a_question_the_wallet_declines_and_with_one_the_holder_decides(
    run: Any, portadoc: Any, served: Served
) -> None:
    made = portadoc("issuer", "offer", "fr-demo", "--example", "posted-worker-fr-de", "--type", "pda1")
    (held,) = portadoc("wallet", "accept", made["offer_uri"])["credentials"]
    restrict(served.folder, held["id"])
    ask, here = served.house.verifier.create_request, ("--data-dir", served.folder)
    for unasked in ("--yes", "--json"):
        link = ask("de-inspection", preset("inspector-quick")).link
        declined = run("wallet", "present", link, unasked, *here)
        assert (declined.exit_code, "disclosure_not_permitted" in declined.stderr) == (1, True)
    link = ask("de-inspection", preset("inspector-quick")).link
    agreed = run("wallet", "present", link, *here, stdin="y\n")
    assert (agreed.exit_code, "its rule: urn:example:policy" in agreed.stdout) == (0, True)


def restrict(folder: Path, credential_id: str) -> None:
    """Leave one copy in the wallet, as if its issuer wanted it shown to somebody else."""
    file = folder / "wallet.json"
    content = json.loads(file.read_bytes())
    content["credentials"] = [each for each in content["credentials"] if each["id"] == credential_id]
    values = [{"dn": "ORGID=DE:TEST91,C=DE"}]
    policy = {"id": "urn:example:policy", "policy": "allowList", "options": {"values": values}}
    content["credentials"][0]["disclosure_policy"] = json.dumps(policy)
    file.write_text(json.dumps(content), encoding="utf-8")
