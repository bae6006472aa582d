"""No webhook is delivered for days, and the operator is down: what happened meanwhile is right soon after it starts.

`make silence` plays it with 500 tenants.
"""

import os
import sys
import time
from collections.abc import Collection, Mapping
from functools import partial
from typing import Final

import pytest

from running_product import DAY, Manifest, Product, condition, is_provisioned
from waiting import wait_for

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]

TENANTS: Final = int(os.environ.get("TENANT_BILLING_SILENCE", "40"))
AT_A_TIME: Final = 50
"""Customers who subscribe together."""
IN_TIME: Final = 60.0
"""Seconds from the start of the operator until everything is right (issue 4, "done when")."""
GROUPS: Final[Mapping[str, tuple[str, str, str]]] = {
    "pays": ("Provisioned", "Paid", "Approved"),
    "fails": ("Provisioned", "PastDue", "Flagged"),
    "leaves": ("SubscriptionEnded", "Ended", "Suspended"),
    "grows": ("Provisioned", "Paid", "Approved"),
}
"""What becomes of a tenant meanwhile, and how it stands then: Ready, PaymentCurrent and the tenant's state."""


def members(group: str) -> list[str]:
    return [f"{group}-{number:03}" for number in range(TENANTS // len(GROUPS))]


def is_right(group: str, resource: Manifest | None) -> bool:
    ready, payment, state = GROUPS[group]
    return (
        condition(resource)[1] == ready
        and condition(resource, "PaymentCurrent")[1] == payment
        and (resource or {})["status"].get("tenantState") == state
        and (group != "grows" or (resource or {})["status"]["planRef"]["name"] == "growth")
    )


async def until_a_day_before_the_renewal(product: Product) -> None:
    """Everybody subscribed in the same minute, and has paid so far."""
    account = product.environment.stripe.account
    ends = [
        item["current_period_end"]
        for group in GROUPS
        for name in members(group)
        for subscription in product.subscriptions(name)
        for item in subscription["items"]["data"]
    ]
    await product.environment.outside.advance(min(ends) - account.now - DAY)
    everybody = [name for group in GROUPS for name in members(group)]
    await product.until(everybody, is_provisioned, "provisioned")
    await product.until_quiet()


async def happens(product: Product, group: str, names: Collection[str]) -> None:
    """What customers do while nobody listens."""
    outside = product.environment.outside
    (growth,) = [each for each in product.stripe_objects("price") if each["unit_amount"] == 14900]
    for name in names:
        (subscription,) = product.subscriptions(name)
        match group:
            case "fails":
                await product.card(name, "none")
            case "leaves":
                await outside.stripe.delete(f"/v1/subscriptions/{subscription['id']}")
            case "grows":
                (item,) = subscription["items"]["data"]
                fields = {"items[0][id]": item["id"], "items[0][price]": growth["id"]}
                await outside.to_stripe(f"/v1/subscriptions/{subscription['id']}", fields)


async def test_after_four_days_without_a_webhook_everything_is_right_within_a_minute(
    product: Product,
) -> None:
    outside = product.environment.outside
    everybody = [name for group in GROUPS for name in members(group)]
    for first in range(0, len(everybody), AT_A_TIME):
        await product.subscribe(everybody[first : first + AT_A_TIME])
    await until_a_day_before_the_renewal(product)
    await product.environment.operator.stop()
    await outside.drive_stripe("/_sandbox/webhooks", {"drop": 1_000_000})
    for group in GROUPS:
        await happens(product, group, members(group))
    for _ in range(8):
        await outside.advance(DAY // 2)

    begun = time.monotonic()
    await product.environment.start_operator()
    for group in GROUPS:
        names = members(group)
        await product.until(names, partial(is_right, group), group)
    seconds = time.monotonic() - begun
    sys.stdout.write(f"{TENANTS} tenants are right {seconds:.1f} s after the start\n")
    assert seconds < IN_TIME
    growing = [product.tenant(name) or {} for name in members("grows")]
    assert {each["max_end_devices"] for each in growing} == {"5000"}, "limits follow the plan that was bought"
    await outside.drive_stripe("/_sandbox/webhooks", {"drop": 0})


async def test_after_forty_days_the_history_has_expired_and_the_account_is_listed_in_full(
    product: Product,
) -> None:
    """No event tells any more what happened: Stripe keeps them for 30 days."""
    name, outside = "quiet-000", product.environment.outside
    await product.subscribe([name])
    await product.until_quiet()
    await product.environment.operator.stop()
    await outside.drive_stripe("/_sandbox/webhooks", {"drop": 1_000_000})
    (subscription,) = product.subscriptions(name)
    await outside.stripe.delete(f"/v1/subscriptions/{subscription['id']}")
    for _ in range(8):
        await outside.advance(5 * DAY)
    events = [
        each for each in product.stripe_objects("event") if each["type"] == "customer.subscription.deleted"
    ]
    assert subscription["id"] not in {each["data"]["object"]["id"] for each in events}

    await product.environment.start_operator()

    await product.until([name], lambda found: is_right("leaves", found), "ended and suspended")
    told = await outside.from_kubernetes("/apis/events.k8s.io/v1/namespaces/default/events") or {"items": []}
    reasons = {(each["regarding"]["kind"], each["reason"]) for each in told["items"]}
    assert ("BillingBackend", "HistoryExpired") in reasons

    async def caught_up() -> bool:
        return (
            condition(await product.get("main", plural="billingbackends"), "EventsCurrent")[1] == "CaughtUp"
        )

    await wait_for(caught_up, "the event list to be followed again")
    await outside.drive_stripe("/_sandbox/webhooks", {"drop": 0})
