"""What Prometheus is told by a working operator."""

import pytest

from metrics_builders import Samples, scraped
from scenario_scene import Scene
from tenant_billing.ports import System
from waiting import wait_for

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_scrape_shows_the_work_and_no_secret(scene: Scene) -> None:
    stage = scene.stage
    of_others = accounts(
        scraped(await stage.scrape())
    )  # other scenarios' counters live as long as the process
    plan = await scene.plan()
    acme = await scene.subscribe(plan)
    text = await stage.scrape()
    seen = scraped(text)

    assert seen.of("leader") == 1
    assert seen.of("subscriptions", plan=plan, payment="Paid") == 1
    assert seen.of("tenant_end_devices_ratio", object_namespace=scene.namespace, object_name=acme.name) == 0
    called = {each["system"] for each, _ in seen.all("external_calls_total")}
    assert called == set(System)
    assert accounts(seen) == of_others | {stage.backend, stage.cluster}
    assert seen.of("event_list_age_seconds", backend=stage.backend) is not None
    stored = [value for each, value in seen.all("webhook_deliveries_total") if each["result"] == "stored"]
    assert sum(stored) > 0
    secrets = [stage.stripe.api_key, stage.things_stack.tenant_admin_key]
    secrets += ["whsec_", "sk_test_"]
    assert [each for each in secrets if each in text] == []
    assert "@" not in text, "no address of a customer"


async def test_what_somebody_else_changes_is_drift_and_what_a_payment_changes_is_none(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())
    await acme.settled()
    before = await corrections(scene)

    await acme.card("declines")
    await scene.advance(days=32)
    await acme.until(payment="PastDue", tenant="Flagged")
    await acme.settled()
    assert await corrections(scene) == before

    await acme.in_the_console({"max_end_devices": "9999"})
    await scene.look_at_all_tenants()
    await acme.until(ready="Provisioned", limits={"end_devices": 500})

    async def counted() -> bool:
        return await corrections(scene) == before + 1

    await wait_for(counted, "what was put back to be counted")


def accounts(seen: Samples) -> set[str]:
    """Whose budgets somebody has waited for."""
    return {each["account"] for each, _ in seen.all("budget_wait_seconds_count")}


async def corrections(scene: Scene) -> float:
    seen: Samples = scraped(await scene.stage.scrape())
    return sum(value for _, value in seen.all("drift_corrections_total"))
