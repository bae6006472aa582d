"""What the operator writes for a tenant, what it keeps to itself, what it does with what Stripe delivers or loses."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import pytest

import manifests
from crash_points import identity_of, marks, writes_since
from running_product import DAY, NAMESPACE, Manifest, Product, a_tenant, condition, message
from tenant_billing_sandbox.stripe.engine.usage import Reading, Readings
from waiting import wait_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR: Final = 3600
MOST_WRITES: Final = 5
PASSWORD: Final = "Initial-Passw0rd-4711"
OTHER_KEY: Final = "sk_test_revokedAnd0therwiseUnknown"
BY_DEVICE: Final = manifests.a(
    "BillingPlan",
    {
        "metadata.name": "by-device",
        "spec.price": {"metered": {"currency": "EUR", "unitAmount": 50, "interval": "Month"}},
    },
)


async def test_a_new_tenant_takes_at_most_five_writes_to_kubernetes_nudges_aside(product: Product) -> None:
    names = [f"writes-{number:02}" for number in range(5)]
    since = marks(product)

    await product.subscribe(names)
    await product.until_quiet()

    writes = [entry for system, entry in writes_since(product, since) if system == "Kubernetes"]
    for name in names:
        about = [entry for entry in writes if identity_of(product, name).is_named_in(entry)]
        told = [entry for entry in about if "annotations" not in entry.params.get("metadata", {})]
        intents = [entry for entry in told if "pendingOperation" in entry.params.get("status", {})]
        assert len(told) <= MOST_WRITES, [(entry.path, entry.params) for entry in told]
        assert {entry.params["status"]["pendingOperation"]["step"] for entry in intents} == {
            "Subscribe",
            "CreateTenant",
        }


async def test_killed_right_after_it_accepted_a_delivery_it_still_acts_on_it(product: Product) -> None:
    """Further deliveries are lost, and the event list cannot be read."""
    name = "accepted-00"
    await product.subscribe([name])
    await product.card(name, "none")
    outside = product.environment.outside
    product.script("Stripe", effect="error", status=500, path="/v1/events", times=None)
    reading = product.script(
        "Stripe", effect="hold_before", method="GET", path="/v1/subscriptions**", times=None
    )
    before = await product.get(name)

    await outside.advance(32 * DAY)

    async def accepted() -> bool:
        return _nudge(await product.get(name)) != _nudge(before)

    await wait_for(accepted, "a delivery to be stored")
    await outside.drive_stripe("/_sandbox/webhooks", {"drop": 1_000_000})
    assert condition(await product.get(name), "PaymentCurrent")[1] == "Paid"
    await product.environment.operator.kill()
    product.systems["Stripe"].faults.remove(reading.id)
    await product.environment.start_operator()

    await product.until([name], _is_flagged, "flagged")
    product.mend()
    await outside.drive_stripe("/_sandbox/webhooks", {"drop": 0})


async def test_a_subscription_that_stripe_does_not_know_any_more_keeps_the_tenant(product: Product) -> None:
    """A 404 is also what a key of another account gets."""
    name = "unknown-00"
    await product.subscribe([name])
    table = product.environment.stripe.account.table("subscription")
    (subscription,) = product.subscriptions(name)
    await product.environment.operator.stop()
    del table[subscription["id"]]
    await product.environment.start_operator()

    found = await product.until_ready(name, "SubscriptionNotFound")
    assert subscription["id"] in message(found)
    assert condition(found, "Stalled") == ("True", "SubscriptionNotFound")
    assert (product.tenant(name) or {})["state"] == "STATE_APPROVED"
    assert len(product.customers(name)) == 1

    table[subscription["id"]] = subscription
    await product.look_again([name], "found-again")
    await product.until_ready(name, "Provisioned")


async def test_kube_apiserver_is_down_and_comes_back(product: Product) -> None:
    name = "patient-00"
    await product.subscribe([name])
    await product.card(name, "none")
    plane = product.environment.plane
    await plane.stop_api_server()
    await product.environment.outside.advance(32 * DAY)
    assert (product.tenant(name) or {})["state"] in {"STATE_APPROVED", "STATE_FLAGGED"}

    await plane.start_api_server()

    await product.until([name], _is_flagged, "flagged")
    assert (product.tenant(name) or {})["state"] == "STATE_FLAGGED"


async def test_usage_that_stripe_took_and_lost_is_found_by_the_hourly_comparison_and_sent_again(
    product: Product,
) -> None:
    name, environment = "counted-00", product.environment
    await product.apply(BY_DEVICE)
    await product.until_ready("by-device", "Available", plural="billingplans")
    await product.apply(a_tenant(name, {"spec.planRef.name": "by-device"}))
    await product.until([name], _has_reported(0, "Reported"), "reported")
    path, devices = f"/_sandbox/tenants/{name}/entities", {"end_devices": 7}
    (await environment.outside.things_stack.request("POST", path, json=devices)).raise_for_status()
    await environment.outside.advance(HOUR)
    await product.until([name], _has_reported(7, "Reported"), "reported")

    readings = _readings(product, name)
    lost = readings.pop()
    await environment.outside.advance(HOUR)
    await product.until([name], _has_reported(7, "Mismatch"), "found to be billed too little")

    async def is_repaired() -> bool:
        return [(each.value, each.timestamp) for each in readings[-1:]] == [(Decimal(7), lost.timestamp)]

    await wait_for(is_repaired, "the report to be sent again")
    assert readings[-1].identifier != lost.identifier
    await environment.outside.advance(HOUR)
    await product.until([name], _has_reported(7, "Reported"), "found to be billed rightly")


async def test_no_secret_is_in_any_log_event_status_or_record(product: Product) -> None:
    name = "secretive-00"
    environment, outside = product.environment, product.environment.outside
    secret = {"metadata": {"name": "ann", "namespace": NAMESPACE}, "stringData": {"password": PASSWORD}}
    await product.apply({"apiVersion": "v1", "kind": "Secret", **secret})
    admin = {
        "userID": "ann",
        "email": "ann@acme.example",
        "passwordSecretRef": {"name": "ann", "key": "password"},
    }
    await product.apply(a_tenant(name, {"spec.tenant.initialAdmin": admin}))
    await product.pay_when_asked([name])
    await product.until([name], lambda found: condition(found)[1] == "Provisioned", "provisioned")
    await _with_another_key(product)
    await product.until_ready("main", "InvalidCredentials", plural="billingbackends")
    await environment.install()
    await _ask_again(product, "right-key")
    await product.until_ready("main", "Available", plural="billingbackends")

    accounts = environment.accounts
    secrets = [accounts.api_key, accounts.webhook_secret, accounts.admin_key, PASSWORD, OTHER_KEY]
    texts = {
        "log": product.log(),
        "audit log": environment.plane.audit.path.read_text(),
        "events": json.dumps(await outside.from_kubernetes("/apis/events.k8s.io/v1/events")),
        "tenants": json.dumps(await product.tenants()),
        "backend": json.dumps(await product.get("main", plural="billingbackends")),
        "cluster": json.dumps(await product.get("eu1", plural="thingsstackclusters")),
        "Stripe": json.dumps(
            [product.customers(name), product.subscriptions(name), product.stripe_objects("price")]
        ),
        "tenant": json.dumps(product.tenant(name)),
    }
    found = [(where, secret[:7]) for where, text in texts.items() for secret in secrets if secret in text]
    assert found == []
    assert '"level": "debug"' in texts["log"]
    record = environment.things_stack.registry.store.get(name)
    assert record is not None
    assert record.password_given


async def _with_another_key(product: Product) -> None:
    metadata = {"name": "stripe", "namespace": "tenant-billing-system"}
    await product.apply(
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"api-key": OTHER_KEY}}
    )
    await _ask_again(product, "wrong-key")


async def _ask_again(product: Product, token: str) -> None:
    change = {"metadata": {"annotations": {"tenantbilling.dev/reconcile": token}}}
    await product.change("main", change, plural="billingbackends")


def _readings(product: Product, tenant_id: str) -> list[Reading]:
    """What Stripe has counted for the tenant's customer, as it is kept."""
    (customer,) = product.customers(tenant_id)
    kept = product.environment.stripe.account.part(Readings).by_customer
    (readings,) = (found for (_, customer_id), found in kept.items() if customer_id == customer["id"])
    return readings


def _has_reported(devices: int, reason: str) -> Callable[[Manifest | None], bool]:
    def has_reported(resource: Manifest | None) -> bool:
        usage = (resource or {}).get("status", {}).get("usage") or {}
        return (usage.get("lastReported"), condition(resource, "UsageReported")[1]) == (devices, reason)

    return has_reported


def _nudge(resource: Manifest | None) -> str:
    annotations = (resource or {})["metadata"].get("annotations", {})
    return str(annotations.get("tenantbilling.dev/nudge", ""))


def _is_flagged(resource: Manifest | None) -> bool:
    status = (resource or {}).get("status", {})
    return bool(
        status.get("tenantState") == "Flagged" and condition(resource, "PaymentCurrent")[1] == "PastDue"
    )
