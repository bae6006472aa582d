"""Two Stripe accounts in one cluster, each with plans and tenants of its own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Final

import pytest
import pytest_asyncio

from metrics_builders import scraped
from scenario_scene import Scene
from scenario_stage import API, Object, Stage
from scenario_tenant import LOOK_INTERVAL, Seen, Tenant
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.environment.outside import connected
from tenant_billing_sandbox.stripe.keys import ApiKey
from tenant_billing_sandbox.stripe.server import StripeSettings, StripeSimulator
from waiting import wait_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACCOUNT: Final = "acct_secondAccount"
KEY: Final = ApiKey(secret="sk_test_secondAccount", account=ACCOUNT)
BILLING_SERVER: Final = "/api/v3/tbs/stripe"


@dataclass(frozen=True)
class Accounts:
    """A scenario on each account; both are played before the same cluster."""

    first: Scene
    second: Scene


def operator_of(stage: Stage) -> str:
    """Where the operator listens for deliveries."""
    (endpoint, *_) = stage.stripe.account.table("webhook_endpoint").values()
    return str(endpoint["url"].split("/webhooks/")[0])


async def deliver_to(stage: Stage, url: str, secret_name: str) -> Object:
    """Register an endpoint by hand, as the dashboard does, and keep its secret."""
    fields = {"url": url, "enabled_events[0]": "*"}
    endpoint = await stage.outside.to_stripe("/v1/webhook_endpoints", fields)
    await stage.make_secret(stage.namespace, secret_name, "secret", endpoint["secret"])
    return endpoint


@pytest_asyncio.fixture(loop_scope="module")
async def accounts(scene: Scene, kinds: ControlPlane) -> AsyncIterator[Accounts]:
    first = scene.stage
    name = scene.named("second")
    settings = StripeSettings(rate_limits="none", keys=(KEY,), seed=2)
    async with (
        StripeSimulator.serve(settings) as stripe,
        connected(kinds, stripe, first.things_stack) as outside,
    ):
        second = replace(first, stripe=stripe, outside=outside, backend=name)
        await second.make_secret(second.namespace, name, "api-key", stripe.api_key)
        await deliver_to(second, f"{operator_of(first)}/webhooks/stripe/{name}", f"{name}-webhook")
        await second.make_backend(
            name,
            {
                "spec.stripe.apiKeySecretRef": {"name": name},
                "spec.stripe.webhookSecretRefs": [{"name": f"{name}-webhook"}],
            },
        )
        other = await Scene(second).open()
        try:
            yield Accounts(scene, other)
        finally:
            await other.close()
            await second.release(f"{API}/billingbackends/{name}")


def marked(scene: Scene) -> set[str]:
    """The tenants whose customers an account holds, of both scenarios; a deleted customer is nobody's."""
    customers = scene.stage.stripe.account.table("customer").values()
    return {each.get("metadata", {}).get("tenantbilling.dev/tenant-id", "") for each in customers}


async def test_tbs_02_each_account_bills_the_tenants_of_its_own_plans(accounts: Accounts) -> None:
    acme = await accounts.first.subscribe(await accounts.first.plan())
    beta = await accounts.second.subscribe(await accounts.second.plan(), name="beta")

    assert acme.tenant_id in marked(accounts.first)
    assert beta.tenant_id not in marked(accounts.first)
    assert marked(accounts.second) == {beta.tenant_id}
    backend = await accounts.second.stage.until_ready(
        f"{API}/billingbackends/{accounts.second.stage.backend}", "Available"
    )
    assert backend["status"]["accountID"] == ACCOUNT


async def test_an_account_that_refuses_its_key_holds_nobody_of_the_other(accounts: Accounts) -> None:
    acme = await accounts.first.subscribe(await accounts.first.plan())
    beta = await accounts.second.subscribe(await accounts.second.plan(), name="beta")
    stage = accounts.second.stage
    await stage.make_secret(stage.namespace, stage.backend, "api-key", "sk_test_revoked")
    await stage.until_ready(f"{API}/billingbackends/{stage.backend}", "InvalidCredentials")

    await acme.card("declines")
    await beta.card("declines")
    await accounts.first.advance(days=32)
    await accounts.second.advance(days=32)
    await acme.until(payment="PastDue", tenant="Flagged")
    assert (await beta.look()).tenant["state"] == "STATE_APPROVED", "nobody loses access by a wrong key"
    assert await stage.is_ready(), "deliveries can be stored: a revoked key does not take the webhook away"
    seen = scraped(await stage.scrape())
    refused = {"type": "Ready", "status": "False", "reason": "InvalidCredentials"}
    assert seen.of("condition_info", kind="BillingBackend", name=stage.backend, **refused) == 1
    owed = seen.of("amount_at_risk_minor_units", backend=accounts.first.stage.backend, currency="EUR")
    assert owed is not None
    assert owed >= 4900

    await stage.make_secret(stage.namespace, stage.backend, "api-key", KEY.secret)
    await beta.until(payment="PastDue", tenant="Flagged")


def annotations_of(seen: Seen) -> Object:
    found: Object = seen.resource["metadata"].get("annotations", {})
    return found


async def nudged(tenant: Tenant, scene: Scene, note: str) -> None:
    """Something happens to a subscription, and its delivery is stored on the object."""
    seen = await tenant.look()
    before = annotations_of(seen).get("tenantbilling.dev/nudge")
    await scene.at_stripe(f"subscriptions/{seen.subscription['id']}", metadata__note=note)

    async def look() -> bool:
        return annotations_of(await tenant.look()).get("tenantbilling.dev/nudge") != before

    await wait_for(look, f"a delivery for {tenant.name}", interval=LOOK_INTERVAL)


async def test_tbs_10_the_billing_servers_own_path_serves_every_account(accounts: Accounts) -> None:
    """Who moves from it changes nothing at Stripe: one address, whichever account delivers."""
    tenants = [
        (accounts.first, await accounts.first.subscribe(await accounts.first.plan())),
        (accounts.second, await accounts.second.subscribe(await accounts.second.plan(), name="beta")),
    ]
    for scene, tenant in tenants:
        for endpoint in scene.stage.stripe.account.table("webhook_endpoint").values():
            endpoint["url"] = endpoint["url"].split("/webhooks/")[0] + BILLING_SERVER
        await nudged(tenant, scene, "by the other path")
    for endpoint in accounts.first.stage.stripe.account.table("webhook_endpoint").values():
        endpoint["url"] = endpoint["url"].removesuffix(BILLING_SERVER) + (
            f"/webhooks/stripe/{accounts.first.stage.backend}"
        )


async def test_tbs_20_an_event_of_one_account_sent_to_the_address_of_another_is_refused(
    accounts: Accounts,
) -> None:
    """Each address knows its own account's signing secrets only."""
    beta = await accounts.second.subscribe(await accounts.second.plan(), name="beta")
    seen = await beta.look()
    before = annotations_of(seen).get("tenantbilling.dev/nudge")
    (endpoint,) = accounts.second.stage.stripe.account.table("webhook_endpoint").values()
    own, wrong = accounts.second.stage.backend, accounts.first.stage.backend
    endpoint["url"] = endpoint["url"].replace(own, wrong)
    await accounts.second.at_stripe(f"subscriptions/{seen.subscription['id']}", metadata__note="astray")

    async def refused() -> bool:
        waiting = await accounts.second.stage.outside.stripe.get("/_sandbox/webhooks")
        return any(each["attempt"] for each in waiting.json()["waiting"])

    await wait_for(refused, "a refusal, after which it is delivered again", interval=LOOK_INTERVAL)
    assert annotations_of(await beta.look()).get("tenantbilling.dev/nudge") == before
    endpoint["url"] = endpoint["url"].replace(wrong, own)
