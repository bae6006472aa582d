"""More than fifty objects in all the states there are, for tests about what a restart or a loss must not change."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import manifests
from crash_life import picture
from running_product import DAY, Manifest, Product, a_tenant, condition

ENDED: Final = "ended"
CONFLICT: Final = "conflict"

STAGES: Final[Mapping[str, Manifest]] = {
    "patient": {"flagAfter": "0s", "suspendAfter": "2000h"},
    "freezing": {"flagAfter": "0s", "freezeAfter": "1h", "suspendAfter": "2000h"},
    "strict": {"flagAfter": "0s", "suspendAfter": "1h"},
}
"""Further plans: what follows once a payment is late."""

EXPECTED: Final[Mapping[str, tuple[str, str, str | None]]] = {
    "approved": ("Provisioned", "Paid", "Approved"),
    "upgraded": ("Provisioned", "Paid", "Approved"),
    "elsewhere": ("Provisioned", "Paid", "Approved"),
    "flagged": ("Provisioned", "PastDue", "Flagged"),
    "frozen": ("Provisioned", "PastDue", "Flagged"),
    "suspended": ("Provisioned", "GraceExpired", "Suspended"),
    ENDED: ("SubscriptionEnded", "Ended", "Suspended"),
    "awaiting": ("AwaitingPayment", "AwaitingPayment", "Absent"),
    CONFLICT: ("Conflict", "", None),
    "not-allowed": ("NotAllowed", "", None),
    "invalid": ("InvalidTenant", "", None),
    "without-plan": ("PlanNotFound", "", None),
}
"""By group: the reasons of Ready and PaymentCurrent, and the tenant's state; empty or None where it does not matter."""

_SIZES: Final = {"approved": 10, "awaiting": 6, "upgraded": 6, "elsewhere": 3}
_SIZE: Final = 4
_PAYING: Final = ("approved", "upgraded", "elsewhere", "flagged", "frozen", "suspended", ENDED)
OUTSIDE: Final = (*_PAYING, "awaiting")
"""Those of whom something stands outside: the others are only what somebody has applied."""
_LATE: Final = {"flagged": "patient", "frozen": "freezing", "suspended": "strict"}


def members(group: str) -> list[str]:
    """The names of a group."""
    return [f"{group}-{number:02}" for number in range(_SIZES.get(group, _SIZE))]


def everyone() -> list[str]:
    """The names of all."""
    return [name for group in EXPECTED for name in members(group)]


@dataclass(frozen=True)
class Fleet:
    """What was applied, as files in a repository would hold it.

    Attributes:
        plans: All plans beside the samples.
        tenants: All TenantSubscriptions as they are wanted now, in an order that says nothing.
    """

    plans: Sequence[Manifest]
    tenants: Sequence[Manifest]

    async def pictures(self, product: Product) -> dict[str, Any]:
        """What stands for each in all three systems."""
        return {name: await picture(product, name) for name in everyone()}


def _plans() -> list[Manifest]:
    return [
        manifests.a("BillingPlan", {"metadata.name": name, "spec.displayName": name, "spec.pastDue": stages})
        for name, stages in STAGES.items()
    ]


def _special(group: str, number: int) -> Manifest:
    """What is wrong with an object of a group."""
    special: Mapping[str, Manifest] = {
        "upgraded": {"spec.planRef.name": "growth"},
        CONFLICT: {"spec.tenant.id": members("approved")[number]},
        "not-allowed": {"spec.discounts": [{"couponID": "PILOT20"}]},
        "invalid": {"spec.tenant.attributes": {"managed-by": "somebody"}},
        "without-plan": {"spec.planRef.name": "nowhere"},
    }
    return special.get(group, {"spec.planRef.name": _LATE[group]} if group in _LATE else {})


def _wanted(group: str) -> list[Manifest]:
    return [a_tenant(name, _special(group, number)) for number, name in enumerate(members(group))]


async def launch(product: Product) -> Fleet:
    """Bring everybody into their state, and wait until nothing is written any more."""
    plans = _plans()
    await product.apply(*plans)
    for plan in STAGES:
        await product.until_ready(plan, "Available", plural="billingplans")
    paying = [name for group in _PAYING for name in members(group)]
    first = {each["metadata"]["name"]: each for group in _PAYING for each in _wanted(group)}
    starters = [
        manifests.changed(first[name], {"spec.planRef.name": "starter"}) for name in members("upgraded")
    ]
    await product.apply(*(first | {each["metadata"]["name"]: each for each in starters}).values())
    await product.pay_when_asked(paying)
    await product.until(paying, _is("approved"), "paid and approved")
    await _move_on(product)
    late = [name for group in _LATE for name in members(group)]
    await asyncio.gather(*(product.card(name, "none") for name in late))
    await product.environment.outside.advance(32 * DAY)
    rest = [group for group in EXPECTED if group not in _PAYING]
    await product.apply(*(each for group in rest for each in _wanted(group)))
    for group in EXPECTED:
        await product.until(members(group), _is(group), group)
    await until_settled(product)
    return Fleet(plans, [each for group in reversed(list(EXPECTED)) for each in _wanted(group)])


async def until_settled(product: Product) -> None:
    """Wait until nothing is written any more; the newest event is noted twice a minute at most, and at a start."""
    await product.until_quiet()
    await product.environment.operator.stop()
    await product.environment.start_operator()
    await product.until_quiet(3.0)


async def _move_on(product: Product) -> None:
    """What happens to some after they were approved."""
    for name in members("upgraded"):
        await product.change(name, {"spec": {"planRef": {"name": "growth"}}})
    (growth,) = [each for each in product.stripe_objects("price") if each["unit_amount"] == 14900]
    for name in members("elsewhere"):
        (subscription,) = product.subscriptions(name)
        (item,) = subscription["items"]["data"]
        fields = {"items[0][id]": item["id"], "items[0][price]": growth["id"]}
        await product.environment.outside.to_stripe(f"/v1/subscriptions/{subscription['id']}", fields)
    for name in members(ENDED):
        (subscription,) = product.subscriptions(name)
        await product.environment.outside.stripe.delete(f"/v1/subscriptions/{subscription['id']}")
    await product.until(members("elsewhere"), _follows_stripe, "following what was changed in Stripe")


def _follows_stripe(resource: Manifest | None) -> bool:
    return condition(resource, "SubscriptionSynced")[1] == "PlanChangedInStripe"


def _is(group: str) -> Any:
    reason, payment, state = EXPECTED[group]

    def is_so(resource: Manifest | None) -> bool:
        return (
            condition(resource)[1] == reason
            and payment in ("", condition(resource, "PaymentCurrent")[1])
            and state in (None, (resource or {})["status"].get("tenantState"))
        )

    return is_so
