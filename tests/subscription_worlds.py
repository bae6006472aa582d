"""Any world of a TenantSubscription, for properties: likely and unlikely things side by side."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from hypothesis import strategies as st

from subscription_builders import (
    DAY,
    KEY,
    LIMITS,
    NOW,
    REFERENCE,
    TRUSTING,
    a_backend,
    a_cluster,
    a_customer,
    a_dearer_offer,
    a_plan,
    a_tenant,
    a_tenant_subscription,
    a_world,
    all_limits,
    an_invoice,
    an_item,
    an_offer,
    own_attributes,
    with_offers,
)
from tenant_billing.api.billing_plan import CollectionPausedPolicy, ProrationPolicy
from tenant_billing.api.names import FINALIZER, Annotation
from tenant_billing.api.tenant_subscription import (
    AccessPolicy,
    DeletionPolicy,
    PlanConflictPolicy,
    Renewal,
    TenantState,
    TenantSubscription,
)
from tenant_billing.domain.access import KNOWN
from tenant_billing.domain.errors import Throttled, Unauthorized, Unreachable
from tenant_billing.domain.observations import BillingReference, Subscription, Tenant, Totals
from tenant_billing.domain.state_descriptions import Description
from tenant_billing.domain.world import Fresh, Namespace, Offer, World

PASSWORD: Final = "correct-horse-battery-staple"
"""The administrator's password: must never be seen."""

_ITEMS: Final = (an_item(), an_item("price_pro"), an_item("price_of_nobody"))
_MARKS: Final[tuple[dict[str, str], ...]] = (
    KEY.metadata("starter"),
    KEY.metadata("pro"),
    KEY.metadata(),
    {"tenant-id": "acme"},
    {"tenant-id": "acme", "tenant-name": "A" * 51, "admin-email": ""},
    {"tenant-id": "other", "tenant-name": "", "admin-user": "admin"},
    {},
)
_STATUSES: Final = (*sorted(KNOWN), "frozen_by_regulator")
_PROBLEMS: Final = (Unreachable("no answer."), Throttled("too many."), Unauthorized("wrong key."))
_CUSTOMERS: Final[tuple[dict[str, Any], ...]] = (
    {"details": {"email": "billing@acme.example", "name": "Acme Ltd"}},
    {"details": {"name": "A" * 200}},
    {"id": "cus_1"},
    {"subscriptionRef": {"name": "acme-lab"}},
)
_ADMIN: Final = {
    "initialAdmin": {"email": "ann@acme.example", "passwordSecretRef": {"name": "ann", "key": "password"}}
}
_OVERRIDES: Final[tuple[dict[str, Any], ...]] = (
    {"limits": {"gateways": 20}, "unlimited": ["Users", "EndDevices"]},
    {"limits": {"endDevices": 0}, "expirationTime": NOW + DAY},
    {"limits": {"endDevices": 9}, "expirationTime": NOW - DAY},
)
_ATTRIBUTES: Final[tuple[dict[str, str], ...]] = (
    own_attributes(),
    own_attributes(reference=BillingReference("cus_1", "price_pro", "sub_0", "si_0")),
    own_attributes("default/elsewhere/acme"),
    own_attributes("other/tenants/acme"),
    {},
    {"region": "eu"},
    {"managed-by": "somebody"},
    {f"key-{number}": "x" for number in range(9)},
)
_REFERENCES: Final = (
    REFERENCE,
    None,
    BillingReference("cus_1", "price_pro", "sub_1", "si_price_pro"),
    BillingReference("cus_other", "price_starter", "sub_other", "si_other"),
)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A value or None."""
    return st.one_of(st.none(), strategy)


@st.composite
def resources(draw: st.DrawFn) -> TenantSubscription:
    """Any spec that the API server would let pass."""
    annotations = draw(
        st.sampled_from(({}, {}, {}, {Annotation.RESUBSCRIBE: "sub_1"}, {Annotation.RESUBSCRIBE: "sub_2"}))
    )
    status = {
        "customerID": draw(st.sampled_from((None, "cus_1"))),
        "subscriptionID": draw(st.sampled_from((None, "sub_1"))),
        "tenantState": draw(st.sampled_from((None, "Absent", "Approved"))),
        "frozenLimits": draw(st.sampled_from((None, {"endDevices": 3}))),
    }
    policy = draw(st.sampled_from(("Manage", "Manage", "Observe")))
    customers = _CUSTOMERS if policy == "Manage" else (None, None, *_CUSTOMERS)
    return a_tenant_subscription(
        managementPolicy=policy,
        plan=draw(st.sampled_from(("starter", "pro"))),
        tenant=draw(st.sampled_from(({}, _ADMIN)))
        | {"adoptionPolicy": draw(st.sampled_from(("Never", "IfUnmanaged")))}
        | draw(st.sampled_from(({}, {"name": "Acme", "description": "Sensors"}))),
        customer=draw(st.sampled_from(customers)),
        metadata={
            "annotations": annotations,
            "finalizers": draw(st.sampled_from(((FINALIZER,), (FINALIZER,), ("other/finalizer",)))),
        },
        status={field: value for field, value in status.items() if value is not None},
        planConflictPolicy=draw(st.sampled_from(PlanConflictPolicy)),
        renewal=draw(st.sampled_from(Renewal)),
        accessPolicy=draw(st.sampled_from((AccessPolicy.FOLLOW_BILLING, *AccessPolicy))),
        deletionPolicy=draw(st.sampled_from((None, *DeletionPolicy))) if policy == "Manage" else None,
        limitOverrides=draw(st.one_of(st.none(), st.none(), st.sampled_from(_OVERRIDES))),
        discounts=draw(st.sampled_from(((), ({"couponID": "PILOT20"},)))),
    )


@st.composite
def subscriptions(draw: st.DrawFn, identity: str) -> Subscription:
    """Any subscription of the customer that names the tenant."""
    invoice = an_invoice(
        draw(st.sampled_from(("open", "paid", "uncollectible"))),
        due_date=NOW - draw(st.integers(-3, 40)) * timedelta(hours=18),
    )
    return Subscription(
        id=identity,
        customer_id="cus_1",
        status=draw(st.sampled_from(_STATUSES)),
        created=NOW - draw(st.integers(1, 90)) * DAY,
        items=tuple(draw(st.lists(st.sampled_from(_ITEMS), max_size=2, unique_by=lambda item: item.id))),
        metadata=draw(st.sampled_from(_MARKS)),
        collection_paused=draw(st.booleans()),
        cancel_at_period_end=draw(st.booleans()),
        trial_start=draw(st.sampled_from((None, NOW - 80 * DAY))),
        schedule_id=draw(st.sampled_from((None, None, "sub_sched_1"))),
        admin_password=draw(st.sampled_from(("", PASSWORD))),
        pending_change=draw(st.sampled_from((False, False, True))),
        open_invoices=draw(st.sampled_from((None, (), (invoice,)))),
        latest_invoice=draw(st.sampled_from((None, invoice))),
    )


@st.composite
def tenants(draw: st.DrawFn) -> Tenant:
    """Any tenant of that id: ours, the Tenant Billing Server's, somebody's, nobody's."""
    states = sorted(set(TenantState) - {TenantState.ABSENT, TenantState.UNKNOWN})
    return a_tenant(
        draw(st.sampled_from(states)),
        draw(st.sampled_from(("", "abuse", *Description))),
        attributes=draw(st.sampled_from(_ATTRIBUTES)),
        billing=draw(st.sampled_from(_REFERENCES)),
        billed_by_other=draw(st.sampled_from((False, False, True))),
        limits=draw(st.sampled_from((all_limits(**LIMITS), all_limits(), all_limits(end_devices=0)))),
    )


@st.composite
def offers(draw: st.DrawFn) -> tuple[Offer, Offer]:
    """Two plans, of which one may be closed, not ready, in another currency or interval, or without known limits."""
    spec = {
        "pastDue": draw(
            st.sampled_from(({}, {"flagAfter": "24h", "freezeAfter": "168h"}, {"freezeAfter": "0s"}))
        ),
        "collectionPausedPolicy": draw(st.sampled_from(CollectionPausedPolicy)),
        "prorationPolicy": draw(st.sampled_from(ProrationPolicy)),
        "newSubscriptions": draw(st.sampled_from(("Allow", "Allow", "Refuse"))),
        "trial": draw(st.sampled_from((None, {"days": 14}))),
        "allowedNamespaces": {"from": draw(st.sampled_from(("All", "All", "None")))},
        "tenantTemplate": {"attributes": draw(st.sampled_from(({}, {"tier": "x"})))},
    }
    odd: dict[str, Any] = draw(
        st.sampled_from(
            (
                {},
                {},
                {},
                {"ready": False, "price_id": None},
                {"currency": "USD"},
                {"interval": ("year", 1)},
                {"limits_by_price": {}},
            )
        )
    )
    return an_offer(a_plan(**spec), **odd), a_dearer_offer(plan=a_plan("pro", **spec))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Any world."""
    count = draw(st.integers(0, 3))
    has_customer = count > 0 or draw(st.booleans())
    world = a_world(
        draw(resources()),
        namespace=Namespace("tenants", going=draw(st.booleans())),
        backend=a_backend(trusts=draw(st.sampled_from((None, TRUSTING)))),
        cluster=a_cluster(
            trusts=draw(st.sampled_from((None, TRUSTING))),
            billingFieldPolicy=draw(st.sampled_from(("Manage", "Manage", "Ignore"))),
        ),
        customer=a_customer(deleted=draw(st.sampled_from((False, False, False, True))))
        if has_customer
        else None,
        subscriptions=tuple(draw(subscriptions(f"sub_{number + 1}")) for number in range(count)),
        tenant=draw(maybe(tenants())),
        totals=draw(st.sampled_from((None, Totals(), Totals(end_devices=345, gateways=12)))),
        admin_password=PASSWORD,
        held=draw(st.sampled_from((False, False, True))),
        missing_subscription_id=draw(st.sampled_from((None, None, None, "sub_gone"))),
        fresh=Fresh.EVERYTHING,
    )
    absent = world.tenant is None
    world = replace(
        with_offers(world, *draw(offers())),
        tenant_gone=absent and draw(st.booleans()),
        tenant_missing=absent and draw(st.booleans()),
    )
    if draw(st.integers(0, 9)) == 0:
        problem = draw(st.sampled_from(_PROBLEMS))
        return replace(world, provider_problem=problem, customer=None, subscriptions=())
    if draw(st.integers(0, 9)) == 0:
        problem = draw(st.sampled_from(_PROBLEMS))
        return replace(world, registry_problem=problem, tenant=None, tenant_gone=False, tenant_missing=False)
    return world
