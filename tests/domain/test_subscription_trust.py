"""What a namespaced author may ask of an account-wide key, and what stays when the trust is lost."""

from dataclasses import replace
from typing import Any

import pytest

from subscription_builders import (
    DAY,
    LIMITS,
    REFERENCE,
    TRUSTING,
    a_backend,
    a_cluster,
    a_dearer_offer,
    a_foreign_tenant,
    a_plan,
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    a_world,
    all_limits,
    an_offer,
    an_unborn_world,
    overdue_for,
    own_attributes,
    told,
    with_offers,
    with_plan,
    with_status,
)
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain.actions import UpdateTenant
from tenant_billing.domain.decision import decide
from tenant_billing.domain.entitlement import may_read_payer
from tenant_billing.domain.observations import Tenant, Totals
from tenant_billing.domain.state_descriptions import Description
from tenant_billing.domain.world import World

ADOPTING = {"adoptionPolicy": "IfUnmanaged"}


LABELLED = {"from": "Selector", "selector": {"matchLabels": {"billing": "trusted"}}}


OF_THE_BACKEND = [
    pytest.param(
        {"subscriptionID": "sub_1"}, "spec.subscriptionID", id="adopting a subscription could cancel it"
    ),
    pytest.param(
        {"customer": {"id": "cus_1"}}, "spec.customer.id", id="a customer id charges somebody's card"
    ),
    pytest.param(
        {"collection": {"method": "Invoice", "daysUntilDue": 14}},
        "spec.collection.method: Invoice",
        id="an invoice is active before anything is paid",
    ),
    pytest.param(
        {"discounts": ({"couponID": "PILOT20"},)}, "spec.discounts", id="a discount is free service"
    ),
    pytest.param(
        {"limitOverrides": {"limits": {"gateways": 20}}}, "spec.limitOverrides", id="so is an override"
    ),
]


OF_THE_CLUSTER = [
    pytest.param({"tenant": ADOPTING}, "spec.tenant.adoptionPolicy: IfUnmanaged", id="adopting a tenant"),
    pytest.param(
        {"accessPolicy": "KeepActive"}, "spec.accessPolicy: KeepActive", id="access without payment"
    ),
    pytest.param(
        {"deletionPolicy": "CancelAndDeleteTenant"},
        "spec.deletionPolicy: CancelAndDeleteTenant",
        id="deleting a tenant",
    ),
]


@pytest.mark.parametrize(("spec", "field"), [*OF_THE_BACKEND, *OF_THE_CLUSTER])
def test_an_untrusted_author_buys_nothing_with_a_trusted_field(spec: Any, field: str) -> None:
    world = an_unborn_world(a_tenant_subscription(**spec))
    if "id" in spec.get("customer", {}):
        world = a_world(a_tenant_subscription(**spec), subscriptions=(), tenant=None)
    assert decide(world).actions == ()
    assert told(world).reason == Reason.NOT_ALLOWED
    assert told(world).message.startswith(field)
    assert "tenants" in told(world).message


def test_no_tenant_is_made_for_who_is_not_allowed_although_it_is_paid_for() -> None:
    world = a_world(a_tenant_subscription(accessPolicy="KeepActive"), tenant=None)
    assert told(world).reason == Reason.NOT_ALLOWED
    assert decide(world).actions == ()


@pytest.mark.parametrize(("spec", "field"), [*OF_THE_BACKEND, *OF_THE_CLUSTER])
def test_an_untrusted_author_takes_no_existing_tenant_over(spec: Any, field: str) -> None:
    world = a_world(
        a_tenant_subscription(**spec), tenant=a_foreign_tenant(billing=REFERENCE, limits=all_limits())
    )
    assert decide(world).actions == (), field


@pytest.mark.parametrize(("spec", "field"), OF_THE_BACKEND)
def test_the_backend_s_trust_is_enough_for_its_fields(spec: Any, field: str) -> None:
    world = a_world(a_tenant_subscription(**spec), backend=a_backend(trusts=TRUSTING))
    assert told(world).reason == Reason.PROVISIONED, field


@pytest.mark.parametrize(("spec", "field"), OF_THE_CLUSTER)
def test_the_cluster_s_trust_is_enough_for_its_fields(spec: Any, field: str) -> None:
    world = a_world(a_tenant_subscription(**spec), cluster=a_cluster(trusts=TRUSTING))
    assert told(world).reason == Reason.PROVISIONED, field


@pytest.mark.parametrize(("spec", "field"), OF_THE_BACKEND)
def test_the_cluster_s_trust_does_not_open_the_account(spec: Any, field: str) -> None:
    world = a_world(a_tenant_subscription(**spec), cluster=a_cluster(trusts=TRUSTING))
    assert told(world).reason == Reason.NOT_ALLOWED, field


@pytest.mark.parametrize(("spec", "field"), OF_THE_CLUSTER)
def test_the_backend_s_trust_does_not_open_the_tenants(spec: Any, field: str) -> None:
    world = a_world(a_tenant_subscription(**spec), backend=a_backend(trusts=TRUSTING))
    assert told(world).reason == Reason.NOT_ALLOWED, field


@pytest.mark.parametrize(("spec", "field"), [*OF_THE_BACKEND, *OF_THE_CLUSTER])
def test_losing_trust_suspends_no_payer_and_goes_on_with_access(spec: Any, field: str) -> None:
    world = a_world(a_tenant_subscription(**spec))
    assert decide(world).actions == (), field
    paid_again = a_world(
        a_tenant_subscription(**spec), tenant=a_tenant(TenantState.SUSPENDED, Description.UNPAID)
    )
    (update,) = decide(paid_again).actions
    assert isinstance(update, UpdateTenant)
    assert update.change.state is TenantState.APPROVED


@pytest.mark.parametrize("spec", [{"customer": {"id": "cus_1"}}, {"subscriptionID": "sub_1"}])
def test_somebody_s_payments_are_read_for_a_trusted_namespace_or_one_that_was(spec: Any) -> None:
    named = a_tenant_subscription(**spec)
    recorded = a_tenant_subscription(status={"customerID": "cus_1"}, **spec)
    assert not may_read_payer(an_unborn_world(named), None)
    assert may_read_payer(an_unborn_world(named, backend=a_backend(trusts=TRUSTING)), None)
    assert may_read_payer(an_unborn_world(recorded), None)
    assert may_read_payer(an_unborn_world(a_tenant_subscription()), None)


@pytest.mark.parametrize("spec", [{"customer": {"id": "cus_1"}}, {"subscriptionID": "sub_1"}])
@pytest.mark.parametrize(
    ("tenant", "reads"),
    [
        pytest.param(a_tenant(), True, id="its claim, and the payer that the object names"),
        pytest.param(a_tenant(billing=None), True, id="by attributes alone"),
        pytest.param(a_foreign_tenant(billing=REFERENCE), False, id="without a claim: perhaps another's"),
        pytest.param(
            a_tenant(attributes=own_attributes("default/elsewhere/acme")), False, id="another's claim"
        ),
        pytest.param(
            a_tenant(billing=replace(REFERENCE, customer_id="cus_2", subscription_id="sub_2")),
            False,
            id="another payer",
        ),
    ],
)
def test_without_status_and_trust_the_tenant_tells_whose_payments_count(
    spec: Any, tenant: Tenant, reads: bool
) -> None:
    assert may_read_payer(a_world(a_tenant_subscription(**spec)), tenant) is reads


def test_keep_active_without_trust_follows_the_payments() -> None:
    world = a_world(
        a_tenant_subscription(accessPolicy="KeepActive"), subscriptions=(a_subscription("unpaid"),)
    )
    (update,) = decide(world).actions
    assert isinstance(update, UpdateTenant)
    assert update.change.state is TenantState.SUSPENDED


def test_an_override_without_trust_leaves_the_limits_that_are_there() -> None:
    world = a_world(
        a_tenant_subscription(limitOverrides={"limits": {"gateways": 99}}),
        tenant=a_tenant(limits=all_limits(gateways=7)),
    )
    assert decide(world).actions == ()


OVERRIDDEN: dict[str, Any] = {"limitOverrides": {"limits": {"endDevices": 5000}, "unlimited": ["Gateways"]}}
"""What plan ``pro`` allows."""


def limits_written(world: World) -> Any:
    return [dict(each.change.limits) for each in decide(world).actions if isinstance(each, UpdateTenant)]


@pytest.mark.parametrize("billing", [REFERENCE, None], ids=["by its billing field", "by its attributes"])
def test_an_override_without_trust_keeps_no_limits_of_a_price_that_is_not_paid_any_more(billing: Any) -> None:
    """The customer went down to ``starter`` in Stripe's portal."""
    former = replace(REFERENCE, plan_id="price_pro")
    tenant = a_tenant(
        limits=all_limits(end_devices=5000),
        billing=former if billing else None,
        attributes=own_attributes(reference=former),
    )
    assert limits_written(a_world(a_tenant_subscription(**OVERRIDDEN), tenant=tenant)) == [dict(LIMITS)]


def test_an_override_without_trust_is_frozen_like_any_limit_and_thaws_to_those_of_the_plan() -> None:
    world = with_plan(
        a_world(
            a_tenant_subscription(**OVERRIDDEN),
            subscriptions=(overdue_for(2 * DAY),),
            totals=Totals(end_devices=345, gateways=50),
            tenant=a_tenant(TenantState.FLAGGED, Description.FLAGGED, limits=all_limits(gateways=99)),
        ),
        pastDue={"flagAfter": "0s", "freezeAfter": "24h", "suspendAfter": "504h"},
    )
    assert limits_written(world) == [{"end_devices": 345, "gateways": 50}]
    lowered = a_tenant(
        TenantState.FLAGGED, Description.FLAGGED, limits=all_limits(end_devices=345, gateways=50)
    )
    frozen = replace(with_status(world), tenant=lowered)
    assert limits_written(frozen) == []
    paid = replace(frozen, subscriptions=(a_subscription(),))
    assert limits_written(paid) == [dict(LIMITS)]


def test_two_owners_are_named_where_both_must_trust() -> None:
    world = an_unborn_world(a_tenant_subscription(accessPolicy="KeepActive", discounts=({"couponID": "X"},)))
    assert "BillingBackend main and ThingsStackCluster eu1" in told(world).message


def test_a_namespace_is_trusted_by_its_label() -> None:
    resource = a_tenant_subscription(discounts=({"couponID": "X"},))
    world = a_world(resource, backend=a_backend(trusts=LABELLED))
    assert told(world).reason == Reason.NOT_ALLOWED
    labelled = a_world(
        resource,
        backend=a_backend(trusts=LABELLED),
        namespace=type(world.namespace)("tenants", {"billing": "trusted"}),
    )
    assert told(labelled).reason == Reason.PROVISIONED


@pytest.mark.parametrize(
    ("namespace", "trusted"),
    [pytest.param("tenants", True, id="the one named"), pytest.param("others", False, id="another one")],
)
def test_the_namespace_of_a_plan_s_discovery_counts_as_trusted(namespace: str, trusted: bool) -> None:
    plan = a_plan(discovery={"namespace": namespace, "clusterRef": {"name": "eu1"}})
    resource = a_tenant_subscription(discounts=({"couponID": "X"},), accessPolicy="KeepActive")
    world = with_offers(a_world(resource), an_offer(plan), a_dearer_offer())
    assert (told(world).reason == Reason.PROVISIONED) is trusted


def test_a_plan_that_discovers_for_one_cluster_opens_no_other_one() -> None:
    elsewhere = a_plan(discovery={"namespace": "tenants", "clusterRef": {"name": "us1"}})
    deleting = a_tenant_subscription(deletionPolicy="CancelAndDeleteTenant")
    world = with_offers(a_world(deleting), an_offer(elsewhere), a_dearer_offer())
    assert told(world).reason == Reason.NOT_ALLOWED
    assert may_read_payer(
        with_offers(a_world(a_tenant_subscription(subscriptionID="sub_1")), an_offer(elsewhere)), None
    )


@pytest.mark.parametrize("what", ["plan", "cluster"])
def test_a_plan_or_cluster_that_does_not_admit_the_namespace_sells_nothing_and_suspends_nobody(
    what: str,
) -> None:
    none = {"from": "None"}
    cluster = a_cluster(allowedNamespaces=none if what == "cluster" else {"from": "All"})
    born = a_world(cluster=cluster)
    unborn = an_unborn_world(cluster=cluster)
    if what == "plan":
        born, unborn = (with_plan(each, allowedNamespaces=none) for each in (born, unborn))
    assert decide(unborn).actions == ()
    assert decide(born).actions == ()
    assert told(unborn).reason == Reason.NOT_ALLOWED
