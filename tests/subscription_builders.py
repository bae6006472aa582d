"""Worlds of a TenantSubscription for tests of decisions: a paying tenant in good order unless a test says otherwise."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.conditions import Condition, ConditionStatus, ConditionType, find_condition
from tenant_billing.api.names import FINALIZER, MANAGED_BY, StripeMetadata, TenantAttribute
from tenant_billing.api.tenant_subscription import TenantState, TenantSubscription
from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.domain.decision import Verdict, decide
from tenant_billing.domain.identity import TenantKey
from tenant_billing.domain.limits import as_limits
from tenant_billing.domain.observations import (
    BillingReference,
    Customer,
    Invoice,
    Limits,
    Subscription,
    SubscriptionItem,
    Tenant,
)
from tenant_billing.domain.report import status_of
from tenant_billing.domain.world import Fresh, Namespace, Offer, World

NOW: Final = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
DAY: Final = timedelta(days=1)
KEY: Final = TenantKey("default", "eu1", "acme")
CLAIM: Final = {StripeMetadata.TENANT_SUBSCRIPTION: "default/tenants/acme"}
"""The mark of whom a customer or a subscription was made for."""
TRUSTING: Final = {"from": "All"}
LIMITS: Final = {"end_devices": 500, "gateways": 10}
PRICES: Final = {"starter": "price_starter", "pro": "price_pro"}


NOT_READY: dict[str, Any] = {
    "conditions": (
        Condition(
            type="Ready",
            status=ConditionStatus.FALSE,
            reason="InvalidCredentials",
            message="",
            last_transition_time=NOW,
        ),
    )
}
"""The status of a backend, a cluster or an object whose key is refused."""


def a_tenant_subscription(
    name: str = "acme",
    *,
    namespace: str = "tenants",
    plan: str = "starter",
    tenant: Mapping[str, Any] | None = None,
    customer: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    status: Mapping[str, Any] | None = None,
    **spec: Any,
) -> TenantSubscription:
    """An object that asks for plan ``starter``, or observes ``sub_1``; fields of the spec as Kubernetes spells them."""
    managed = {
        "planRef": {"name": plan},
        "customer": customer or {"details": {"email": "billing@acme.example", "name": "Acme Ltd"}},
    }
    observed = {"backendRef": {"name": "main"}, "subscriptionID": "sub_1", "customer": customer}
    born = observed if spec.get("managementPolicy") == "Observe" else managed
    wanted = {"clusterRef": {"name": "eu1"}, "tenant": {"id": "acme"} | dict(tenant or {})} | born | spec
    known = {
        "name": name,
        "namespace": namespace,
        "uid": f"uid-of-{name}",
        "generation": 1,
        "finalizers": (FINALIZER,),
        "creationTimestamp": NOW - 90 * DAY,
    }
    return TenantSubscription.model_validate(
        {
            "metadata": known | dict(metadata or {}),
            "spec": {field: value for field, value in wanted.items() if value is not None},
            "status": dict(status or {}),
        }
    )


def a_plan(name: str = "starter", *, backend: str = "main", **spec: Any) -> BillingPlan:
    """A plan that everybody may subscribe to."""
    wanted = {
        "backendRef": {"name": backend},
        "displayName": name.title(),
        "price": {"recurring": {"currency": "EUR", "unitAmount": 4900, "interval": "Month"}},
        "allowedNamespaces": {"from": "All"},
    }
    return BillingPlan.model_validate({"metadata": {"name": name}, "spec": wanted | spec})


def an_offer(
    plan: BillingPlan | None = None,
    *,
    limits: Mapping[str, int] = LIMITS,
    unit_amount: int = 4900,
    **changes: Any,
) -> Offer:
    """A plan that stands at the provider, for 49 euros a month, with 500 end devices and 10 gateways."""
    plan = plan or a_plan()
    price = PRICES.get(plan.metadata.name, f"price_{plan.metadata.name}")
    offer = Offer(
        plan=plan,
        ready=True,
        price_id=price,
        price_ids=frozenset({price}),
        limits_by_price={price: all_limits(**limits)},
        amounts={price: Decimal(unit_amount)},
        currency="EUR",
        interval=("month", 1),
    )
    return replace(offer, **changes)


def a_dearer_offer(**changes: Any) -> Offer:
    """Plan ``pro``: 99 euros a month, 5000 end devices."""
    plan = changes.pop("plan", None) or a_plan("pro")
    return an_offer(plan, limits={"end_devices": 5000}, **({"unit_amount": 9900} | changes))


def all_limits(**known: int) -> Limits:
    """The six limits; what is not named is unlimited."""
    return as_limits(None) | known


def an_item(price: str = PRICES["starter"], **changes: Any) -> SubscriptionItem:
    """One item of a monthly price in euros."""
    item = SubscriptionItem(
        id=f"si_{price}",
        price_id=price,
        quantity=1,
        current_period_start=NOW - 2 * DAY,
        current_period_end=NOW + 28 * DAY,
        currency="EUR",
        interval="month",
    )
    return replace(item, **changes)


def a_subscription(status: str = "active", **changes: Any) -> Subscription:
    """A subscription that the operator made for the tenant on plan ``starter``."""
    subscription = Subscription(
        id="sub_1",
        customer_id="cus_1",
        status=status,
        created=NOW - 60 * DAY,
        items=(an_item(),),
        metadata=KEY.metadata("starter") | CLAIM,
    )
    return replace(subscription, **changes)


def an_invoice(status: str = "open", **changes: Any) -> Invoice:
    """An invoice of ``sub_1``."""
    invoice = Invoice(
        id="in_1",
        subscription_id="sub_1",
        status=status,
        created=NOW - DAY,
        finalized_at=NOW - DAY,
        hosted_url="https://invoice.example/in_1",
    )
    return replace(invoice, **changes)


def overdue_for(time: timedelta, **changes: Any) -> Subscription:
    """A subscription whose payment has been overdue for a time."""
    invoice = an_invoice(due_date=NOW - time)
    return replace(a_subscription("past_due"), open_invoices=(invoice,), latest_invoice=invoice, **changes)


def a_customer(**changes: Any) -> Customer:
    """The customer of the tenant."""
    customer = Customer(id="cus_1", name="Acme Ltd", email="billing@acme.example", metadata=KEY.metadata())
    return replace(customer, **changes)


REFERENCE: Final = BillingReference("cus_1", PRICES["starter"], "sub_1", f"si_{PRICES['starter']}")
"""What ``billing`` says of a tenant in good order."""


def own_attributes(
    claim: str = "default/tenants/acme", reference: BillingReference = REFERENCE
) -> dict[str, str]:
    """The attributes that the operator writes."""
    return {
        TenantAttribute.MANAGED_BY: MANAGED_BY,
        TenantAttribute.TENANT_SUBSCRIPTION: claim,
        TenantAttribute.STRIPE_CUSTOMER_ID: reference.customer_id,
        TenantAttribute.STRIPE_PLAN_ID: reference.plan_id,
        TenantAttribute.STRIPE_SUBSCRIPTION_ID: reference.subscription_id,
        TenantAttribute.STRIPE_SUBSCRIPTION_ITEM_ID: reference.subscription_item_id,
    }


def a_tenant(state: TenantState = TenantState.APPROVED, description: str = "", **changes: Any) -> Tenant:
    """A tenant that the operator made."""
    tenant = Tenant(
        id="acme",
        state=state,
        state_description=description,
        name="Acme Ltd",
        attributes=own_attributes(),
        limits=all_limits(**LIMITS),
        billing=REFERENCE,
    )
    return replace(tenant, **changes)


def a_foreign_tenant(**changes: Any) -> Tenant:
    """A tenant that nobody manages."""
    return a_tenant(**({"attributes": {}, "billing": None} | changes))


def a_backend(*, trusts: Mapping[str, Any] | None = None) -> BillingBackend:
    """An account of Stripe's test mode; it trusts nobody unless told."""
    return BillingBackend.model_validate(
        {
            "metadata": {"name": "main"},
            "spec": {
                "stripe": {"mode": "Test", "apiKeySecretRef": {"name": "stripe"}},
                "trustedNamespaces": trusts or {"from": "None"},
            },
        }
    )


def a_cluster(*, trusts: Mapping[str, Any] | None = None, **changes: Any) -> ThingsStackCluster:
    """A deployment of The Things Stack; it trusts nobody unless told."""
    status = changes.pop("status", {})
    return ThingsStackCluster.model_validate(
        {
            "metadata": {"name": "eu1"},
            "spec": {
                "url": "https://lns.example.com",
                "tenantAdminKeySecretRef": {"name": "tts", "key": "key"},
                "trustedNamespaces": trusts or {"from": "None"},
            }
            | changes,
            "status": status,
        }
    )


def a_world(resource: TenantSubscription | None = None, **changes: Any) -> World:
    """A tenant in good order: subscribed, paid, approved, with the limits of its plan."""
    offers = (an_offer(), a_dearer_offer())
    resource = resource or a_tenant_subscription()
    reference = resource.spec.plan_ref
    world = World(
        resource=resource,
        now=NOW,
        namespace=Namespace(resource.metadata.namespace or ""),
        backend=a_backend(),
        cluster=a_cluster(),
        offer=next((each for each in offers if reference and each.name == reference.name), None),
        offers=offers,
        customer=a_customer(),
        subscriptions=(a_subscription(),),
        tenant=a_tenant(),
        fresh=Fresh.EVERYTHING,
    )
    return replace(world, **changes)


def an_unborn_world(resource: TenantSubscription | None = None, **changes: Any) -> World:
    """Nothing exists outside yet."""
    return a_world(resource, **({"customer": None, "subscriptions": (), "tenant": None} | changes))


def with_offers(world: World, *offers: Offer) -> World:
    """The world with exactly these plans; the one that ``planRef`` names is found among them."""
    reference = world.resource.spec.plan_ref
    wanted = next((each for each in offers if reference and each.name == reference.name), None)
    return replace(world, offers=offers, offer=wanted)


def with_plan(world: World, **spec: Any) -> World:
    """The world with another plan ``starter``."""
    return with_offers(world, an_offer(a_plan(**spec)), a_dearer_offer())


def with_status(world: World, verdict: Verdict | None = None, **changes: Any) -> World:
    """The world after its status was written."""
    status = status_of(world, verdict or decide(world)).model_copy(update=changes)
    return replace(world, resource=world.resource.model_copy(update={"status": status}))


def told(world: World, condition_type: ConditionType = ConditionType.READY) -> Condition:
    """A condition that the object has after one decision."""
    condition = find_condition(status_of(world, decide(world)).conditions, condition_type)
    assert condition is not None, f"no condition {condition_type}"
    return condition


def is_told(world: World, condition_type: ConditionType) -> bool:
    """Whether the object has a condition after one decision."""
    return find_condition(status_of(world, decide(world)).conditions, condition_type) is not None
