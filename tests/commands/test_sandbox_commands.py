"""``tenant-billing sandbox``: each command against both simulators, over HTTP, as its own process."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from command_line import Ran, tenant_billing
from running_simulators import Simulators, running_simulators


@pytest.fixture
async def simulators(tmp_path: Path) -> AsyncIterator[Simulators]:
    async with running_simulators(tmp_path) as running:
        yield running


async def sandbox(simulators: Simulators, *arguments: str) -> Ran:
    return await tenant_billing("sandbox", *arguments, directory=simulators.directory)


async def test_time_passes_for_both_simulators(simulators: Simulators) -> None:
    advanced = await sandbox(simulators, "advance", "1d12h")
    shown = await sandbox(simulators, "clock")
    assert advanced.output == "It is 2026-11-24 00:00:00 UTC.\n"
    assert shown.output == "2026-11-24 00:00:00 UTC\n"
    assert simulators.things_stack.registry.clock.now().isoformat() == "2026-11-24T00:00:00+00:00"


async def test_the_customer_of_a_tenant_pays(simulators: Simulators) -> None:
    subscription = await simulators.subscribe("acme-iot")
    ran = await sandbox(simulators, "pay", "acme-iot")
    assert ran.code == 0
    assert ran.output.endswith(" of EUR 49.00 is paid.\n")
    assert await simulators.status(subscription) == "active"


async def test_a_failing_card_leaves_the_subscription_past_due_at_its_renewal(simulators: Simulators) -> None:
    subscription = await simulators.subscribe("acme-iot")
    await sandbox(simulators, "pay", "acme-iot")
    await sandbox(simulators, "fail-payment", "acme-iot")
    await sandbox(simulators, "advance", "32d")
    assert await simulators.status(subscription) == "past_due"


async def test_a_customer_subscribes_in_stripe_and_names_the_tenant_later(simulators: Simulators) -> None:
    price = await simulators.price()
    bought = await sandbox(simulators, "subscribe", "--price", price, "--name", "Acme Ltd")
    first, hint = bought.output.splitlines()
    subscription = first.split()[3]
    assert first.endswith("is active.")
    assert hint.endswith(f"tenant-billing sandbox metadata {subscription} tenant-id=NAME")

    edited = await sandbox(simulators, "metadata", subscription, "tenant-id=acme", "admin-password=Secret1")
    assert edited.output == f"{subscription} carries: tenant-id=acme\n"


async def test_a_known_customer_abandons_a_second_checkout(simulators: Simulators) -> None:
    price = await simulators.price()
    entry = ("--metadata", "tenant-id=acme")
    first = await sandbox(simulators, "subscribe", "--price", price, *entry)
    customer = first.output.split()[1]
    second = await sandbox(
        simulators, "subscribe", "--price", price, "--customer", customer, "--unpaid", *entry
    )
    assert second.output.startswith(f"Customer {customer} subscribed: sub_")
    assert second.output.endswith("is incomplete.\n")


async def test_a_price_that_stripe_does_not_know_is_named(simulators: Simulators) -> None:
    ran = await sandbox(simulators, "subscribe", "--price", "starter")
    assert (ran.code, ran.errors) == (1, "Error: refused: No such price: 'starter'\n")


async def test_an_entry_of_metadata_without_a_value_is_a_usage_error(simulators: Simulators) -> None:
    ran = await sandbox(simulators, "metadata", "sub_1", "tenant-id")
    assert ran.code == 2
    assert "'tenant-id' is no entry such as tenant-id=acme" in ran.errors


async def test_devices_are_registered_and_removed(simulators: Simulators) -> None:
    await simulators.make_tenant("acme-iot", 500)
    assert (await sandbox(simulators, "devices", "acme-iot", "300")).output == (
        "acme-iot has 300 of 500 devices.\n"
    )
    assert (await sandbox(simulators, "devices", "acme-iot", "-100")).output == (
        "acme-iot has 200 of 500 devices.\n"
    )


async def test_more_devices_than_the_limit_are_refused_in_the_words_of_the_things_stack(
    simulators: Simulators,
) -> None:
    await simulators.make_tenant("acme-iot", 500)
    ran = await sandbox(simulators, "devices", "acme-iot", "501")
    assert ran.code == 1
    assert "tenant_entity_limit" in ran.errors


async def test_tenants_are_listed_with_those_that_have_a_subscription_only(simulators: Simulators) -> None:
    await simulators.make_tenant("acme-iot", 500)
    await simulators.subscribe("acme-iot")
    await simulators.subscribe("beta")
    ran = await sandbox(simulators, "tenants")
    lines = [line.split() for line in ran.output.splitlines()]
    assert lines == [
        ["TENANT", "THE", "THINGS", "STACK", "DESCRIPTION", "DEVICES", "STRIPE"],
        ["acme-iot", "approved", "0", "of", "500", "devices", "incomplete"],
        ["beta", "not", "there", "incomplete"],
    ]


@pytest.mark.parametrize("arguments", [("pay", "nobody"), ("fail-payment", "nobody")])
async def test_a_tenant_that_stripe_does_not_know_is_named(
    simulators: Simulators, arguments: tuple[str, ...]
) -> None:
    ran = await sandbox(simulators, *arguments)
    assert (ran.code, ran.errors) == (1, "Error: Stripe has no subscription for the tenant 'nobody'\n")


@pytest.mark.parametrize(
    ("duration", "problem"),
    [
        ("soon", "'soon' is no duration such as 21d, 12h or 1d12h"),
        ("99999999d", "'99999999d' is too long at once: 52w at most"),
    ],
)
async def test_a_word_that_is_no_duration_is_a_usage_error(
    tmp_path: Path, duration: str, problem: str
) -> None:
    ran = await tenant_billing("sandbox", "advance", duration, directory=tmp_path)
    assert ran.code == 2
    assert problem in ran.errors


async def test_the_sandbox_is_found_from_a_directory_below(simulators: Simulators) -> None:
    below = simulators.directory / "deploy" / "samples"
    below.mkdir(parents=True)
    ran = await tenant_billing("sandbox", "clock", directory=below)
    assert ran.output == "2026-11-22 12:00:00 UTC\n"


async def test_without_a_sandbox_the_way_to_start_one_is_told(tmp_path: Path) -> None:
    ran = await tenant_billing("sandbox", "clock", directory=tmp_path)
    assert ran.code == 1
    assert ran.errors == "Error: no sandbox was started here or above. Start one: make sandbox\n"


async def test_a_sandbox_that_has_ended_is_told_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / ".sandbox").mkdir()
    gone = {"stripe": "http://127.0.0.1:1", "thingsStack": "http://127.0.0.1:1"}
    (tmp_path / ".sandbox" / "state.json").write_text(json.dumps(gone))
    ran = await tenant_billing("sandbox", "clock", directory=tmp_path)
    assert ran.code == 1
    assert ran.errors == "Error: no sandbox answers at http://127.0.0.1:1. Start one: make sandbox\n"
