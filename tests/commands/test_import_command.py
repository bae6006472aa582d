"""``tenant-billing import`` where something is wrong: one clear line and exit status 1, never a traceback or a key."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from command_line import Ran, tenant_billing
from running_simulators import Simulators, running_simulators

WRONG_KEY = "sk_test_somebodyelse"
ADMIN_KEY = "0a" * 32


@pytest.fixture
async def simulators(tmp_path: Path) -> AsyncIterator[Simulators]:
    async with running_simulators(tmp_path) as running:
        yield running


async def imported(simulators: Simulators, *arguments: str, **variables: str) -> Ran:
    environment = {
        "STRIPE_API_KEY": simulators.stripe.api_key,
        "STRIPE_URL": simulators.stripe.url,
        "THINGS_STACK_URL": simulators.things_stack.url,
        "THINGS_STACK_ADMIN_KEY": simulators.things_stack.tenant_admin_key,
    }
    given = {name: value for name, value in {**environment, **variables}.items() if value}
    ran = await tenant_billing("import", *arguments, directory=simulators.directory, environment=given)
    for key in (simulators.stripe.api_key, simulators.things_stack.tenant_admin_key, WRONG_KEY):
        assert key not in ran.output + ran.errors
    assert "Traceback" not in ran.errors
    return ran


async def test_an_empty_account_gives_a_backend_and_a_cluster(simulators: Simulators) -> None:
    ran = await imported(simulators)
    assert ran.code == 0, ran.errors
    assert [each["kind"] for each in yaml.safe_load_all(ran.output)] == [
        "BillingBackend",
        "ThingsStackCluster",
    ]
    assert ran.errors.endswith("1 BillingBackend, 1 ThingsStackCluster; 0 not mapped, 0 paused.\n")


async def test_keys_may_lie_in_files(simulators: Simulators) -> None:
    for name, key in (
        ("stripe", simulators.stripe.api_key),
        ("admin", simulators.things_stack.tenant_admin_key),
    ):
        (simulators.directory / name).write_text(f"{key}\n")
    files = ("--stripe-key-file", "stripe", "--admin-key-file", "admin")
    ran = await imported(simulators, *files, STRIPE_API_KEY="", THINGS_STACK_ADMIN_KEY="")
    assert ran.code == 0, ran.errors


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"STRIPE_API_KEY": ""}, "no key: set STRIPE_API_KEY, or give --stripe-key-file"),
        (
            {"THINGS_STACK_ADMIN_KEY": ""},
            "no key: set THINGS_STACK_ADMIN_KEY, or give --admin-key-file",
        ),
        ({"STRIPE_API_KEY": "pk_test_1"}, "STRIPE_API_KEY holds no secret or restricted key of Stripe"),
        ({"THINGS_STACK_ADMIN_KEY": "abc"}, "THINGS_STACK_ADMIN_KEY holds no tenant admin key"),
        ({"STRIPE_API_KEY": WRONG_KEY}, "Check the key: its account, its mode"),
        ({"STRIPE_API_KEY": "sk_live_1"}, "a live key is never sent to another address than Stripe's"),
        ({"THINGS_STACK_ADMIN_KEY": ADMIN_KEY}, "Error: The Things Stack, ListTenants: "),
        ({"THINGS_STACK_URL": "http://lns.example.com"}, "by https only, or on the loopback address"),
        ({"THINGS_STACK_URL": "http://127.0.0.1:1"}, "Check the address and the network, then try again."),
        ({"STRIPE_URL": "http://127.0.0.1:1"}, "Check the address and the network, then try again."),
    ],
)
async def test_what_cannot_be_used_is_told_in_one_line(
    simulators: Simulators, variables: dict[str, str], expected: str
) -> None:
    ran = await imported(simulators, **variables)
    assert (ran.code, ran.output) == (1, "")
    assert ran.errors.startswith("Error: ")
    assert ran.errors.count("\n") == 1, ran.errors
    assert expected in ran.errors


async def test_a_directory_that_cannot_be_written_is_named(simulators: Simulators) -> None:
    (simulators.directory / "taken").write_text("a file")
    ran = await imported(simulators, "-d", "taken/below")
    assert ran.code == 1
    assert ran.errors == "Error: taken/below: Not a directory\n"


async def test_a_wrong_call_is_a_usage_error(tmp_path: Path) -> None:
    ran = await tenant_billing("import", directory=tmp_path)
    assert (ran.code, "Missing option '--things-stack-url'" in ran.errors) == (2, True)
