from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from subscription_builders import (
    NOW,
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
    own_attributes,
    told,
    with_offers,
    with_plan,
)
from tenant_billing.api.names import TenantAttribute
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain.actions import UpdateTenant
from tenant_billing.domain.decision import decide
from tenant_billing.domain.entitlement import may_read_payer
from tenant_billing.domain.identity import Claim, parse_claim
from tenant_billing.domain.observations import BillingReference, Tenant
from tenant_billing.domain.ownership import customer_of, subscription_of
from tenant_billing.domain.state_descriptions import Description

OTHERS_BILLING = BillingReference("cus_other", "price_starter", "sub_other", "si_other")
ADOPTING = {"adoptionPolicy": "IfUnmanaged"}
CLAIM = TenantAttribute.TENANT_SUBSCRIPTION
LABELLED = {"from": "Selector", "selector": {"matchLabels": {"billing": "trusted"}}}


@pytest.mark.parametrize(
    ("tenant", "spec", "trusts", "reason"),
    [
        pytest.param(a_tenant(), {}, None, None, id="it carries this very claim"),
        pytest.param(a_foreign_tenant(billing=REFERENCE), {}, None, None, id="billed to the same customer"),
        pytest.param(
            a_foreign_tenant(attributes={TenantAttribute.STRIPE_CUSTOMER_ID: "cus_1"}),
            {},
            None,
            None,
            id="an attribute names the same customer",
        ),
        pytest.param(
            a_foreign_tenant(), ADOPTING, TRUSTING, None, id="nobody's, adopted from a trusted namespace"
        ),
        pytest.param(
            a_foreign_tenant(), {}, TRUSTING, Reason.TENANT_NOT_MANAGED, id="nobody's, not asked for"
        ),
        pytest.param(
            a_foreign_tenant(), ADOPTING, None, Reason.NOT_ALLOWED, id="adopting takes a trusted namespace"
        ),
        pytest.param(
            a_foreign_tenant(attributes={TenantAttribute.MANAGED_BY: "somebody"}),
            ADOPTING,
            TRUSTING,
            Reason.TENANT_NOT_MANAGED,
            id="another manager is named",
        ),
        pytest.param(
            a_foreign_tenant(billed_by_other=True),
            ADOPTING,
            TRUSTING,
            Reason.TENANT_NOT_MANAGED,
            id="billed by another provider",
        ),
        pytest.param(
            a_foreign_tenant(billing=OTHERS_BILLING),
            ADOPTING,
            TRUSTING,
            Reason.CUSTOMER_MISMATCH,
            id="billed to another customer: adoption does not help",
        ),
        pytest.param(
            a_foreign_tenant(attributes={TenantAttribute.STRIPE_CUSTOMER_ID: "cus_other"}),
            ADOPTING,
            TRUSTING,
            Reason.CUSTOMER_MISMATCH,
            id="an attribute names another customer",
        ),
        pytest.param(
            a_tenant(attributes=own_attributes("default/elsewhere/acme")),
            {},
            TRUSTING,
            None,
            id="claimed under another namespace: taken over from a trusted one",
        ),
        pytest.param(
            a_tenant(attributes=own_attributes("default/elsewhere/acme")),
            {},
            None,
            Reason.CONFLICT,
            id="claimed under another namespace, and this one is not trusted",
        ),
        pytest.param(
            a_tenant(attributes=own_attributes("default/tenants/lab")),
            {},
            None,
            Reason.CONFLICT,
            id="claimed under another name",
        ),
        pytest.param(
            a_tenant(attributes=own_attributes("other/tenants/acme")),
            {},
            TRUSTING,
            Reason.CONFLICT,
            id="claimed by another installation",
        ),
        pytest.param(
            a_foreign_tenant(attributes={CLAIM: "by hand"}),
            ADOPTING,
            TRUSTING,
            Reason.CONFLICT,
            id="a claim that is not in our form is still a claim",
        ),
    ],
)
def test_never_another_s_tenant(tenant: Tenant, spec: Any, trusts: Any, reason: Reason | None) -> None:
    world = a_world(
        a_tenant_subscription(tenant=spec),
        tenant=tenant,
        cluster=a_cluster(trusts=trusts),
        subscriptions=(a_subscription("unpaid"),),
    )
    actions = decide(world).actions
    if reason is None:
        assert [type(each) for each in actions] == [UpdateTenant]
        assert told(world).reason == Reason.PROVISIONED
    else:
        assert actions == ()
        assert told(world).reason == reason


def test_no_customer_is_charged_for_a_tenant_that_is_not_ours() -> None:
    world = an_unborn_world(tenant=a_foreign_tenant())
    assert decide(world).actions == ()
    assert told(world).reason == Reason.TENANT_NOT_MANAGED


@pytest.mark.parametrize(
    ("tenant", "customer", "subscription"),
    [
        pytest.param(a_tenant(), "cus_1", "sub_1", id="by billing"),
        pytest.param(a_tenant(billing=None), "cus_1", "sub_1", id="by attributes"),
        pytest.param(a_foreign_tenant(), None, None, id="nobody's"),
        pytest.param(a_foreign_tenant(attributes={"stripe-customer-id": ""}), None, None, id="empty is none"),
    ],
)
def test_whom_a_tenant_says_it_is_billed_to(
    tenant: Tenant, customer: str | None, subscription: str | None
) -> None:
    assert (customer_of(tenant), subscription_of(tenant)) == (customer, subscription)


# ---------------------------------------------------------------- two objects


def a_rival(name: str, **metadata: Any) -> Any:
    return a_tenant_subscription(name, metadata={"creationTimestamp": NOW - timedelta(days=90)} | metadata)


@pytest.mark.parametrize(
    ("rival", "claim", "wins"),
    [
        pytest.param(
            a_rival("lab", creationTimestamp=NOW), "default/tenants/lab", False, id="the claim wins"
        ),
        pytest.param(
            a_rival("lab", creationTimestamp=NOW - timedelta(days=400)),
            "default/tenants/acme",
            True,
            id="a claim wins over age",
        ),
        pytest.param(a_rival("lab", creationTimestamp=NOW - timedelta(days=400)), None, False, id="then age"),
        pytest.param(a_rival("lab", creationTimestamp=NOW), None, True, id="the younger gives way"),
        pytest.param(a_rival("aaa"), None, False, id="of the same age the name"),
        pytest.param(a_rival("zzz"), None, True, id="of the same age the later name gives way"),
        pytest.param(
            a_rival("aaa", creationTimestamp=None), None, True, id="an age that is not known is young"
        ),
        pytest.param(a_rival("aaa", namespace="a"), None, False, id="of the same age first the namespace"),
    ],
)
def test_of_two_objects_for_one_tenant_one_wins(rival: Any, claim: str | None, wins: bool) -> None:
    attributes = {} if claim is None else own_attributes(claim)
    world = a_world(
        siblings=(rival,), tenant=a_tenant(attributes=attributes), cluster=a_cluster(trusts=TRUSTING)
    )
    assert (told(world).reason != Reason.CONFLICT) is wins
    if not wins:
        assert decide(world).actions == ()
        assert f"{rival.metadata.namespace}/{rival.metadata.name}" in told(world).message


def test_two_objects_for_a_tenant_to_be_born_do_not_both_buy() -> None:
    world = an_unborn_world(siblings=(a_rival("aaa"),))
    assert decide(world).actions == ()


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        pytest.param("o/ns/name", Claim("o", "ns", "name"), id="our form"),
        pytest.param("o/ns", None, id="a part is missing"),
        pytest.param("o//name", None, id="a part is empty"),
        pytest.param("a/b/c/d", None, id="a part too many"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="absent"),
    ],
)
def test_a_claim_is_read_only_in_our_form(text: str | None, claim: Claim | None) -> None:
    assert parse_claim(text) == claim
    assert claim is None or str(claim) == text


# ---------------------------------------------------------------- trust

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
