"""Whose tenant it is: never another's."""

from datetime import timedelta
from typing import Any

import pytest

from subscription_builders import (
    KEY,
    NOW,
    REFERENCE,
    TRUSTING,
    a_cluster,
    a_foreign_tenant,
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    a_world,
    an_unborn_world,
    own_attributes,
    told,
)
from tenant_billing.api.names import StripeMetadata, TenantAttribute
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.actions import UpdateTenant
from tenant_billing.domain.decision import decide
from tenant_billing.domain.identity import Claim, parse_claim
from tenant_billing.domain.observations import BillingReference, Tenant
from tenant_billing.domain.ownership import customer_of, subscription_of

OTHERS_BILLING = BillingReference("cus_other", "price_starter", "sub_other", "si_other")


ADOPTING = {"adoptionPolicy": "IfUnmanaged"}


ANOTHER_S = {StripeMetadata.TENANT_SUBSCRIPTION: "default/elsewhere/lab"}
MADE = {"customer_id": "cus_1"}

CLAIM = TenantAttribute.TENANT_SUBSCRIPTION


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
        siblings=(rival,),
        tenant=a_tenant(attributes=attributes, billing=None),
        subscriptions=(a_subscription(metadata=KEY.metadata()),),
        cluster=a_cluster(trusts=TRUSTING),
    )
    assert (told(world).reason != Reason.CONFLICT) is wins
    if not wins:
        assert decide(world).actions == ()
        assert f"{rival.metadata.namespace}/{rival.metadata.name}" in told(world).message


OLDER = a_rival("lab", namespace="elsewhere", creationTimestamp=NOW - timedelta(days=400))
YOUNGER = a_rival("lab", namespace="elsewhere", creationTimestamp=NOW)


@pytest.mark.parametrize(
    ("changes", "wins"),
    [
        pytest.param({}, True, id="billing names its customer: that is the claim"),
        pytest.param(
            {"tenant": None, "subscriptions": (a_subscription("incomplete"),)},
            True,
            id="a live subscription was made for it, and no tenant is there yet",
        ),
        pytest.param(
            {
                "tenant": None,
                "subscriptions": (),
                "customer": None,
                "bought_for_another": (a_subscription(metadata=KEY.metadata() | ANOTHER_S),),
            },
            False,
            id="a live subscription was made for the other",
        ),
        pytest.param(
            {
                "siblings": (OLDER.model_copy(update={"status": OLDER.status.model_copy(update=MADE)}),),
                "subscriptions": (a_subscription(metadata=KEY.metadata()),),
            },
            False,
            id="the other has the customer on record",
        ),
        pytest.param(
            {
                "siblings": (YOUNGER.model_copy(update={"status": YOUNGER.status.model_copy(update=MADE)}),),
                "subscriptions": (a_subscription(metadata=KEY.metadata()),),
            },
            False,
            id="the other has it on record, and this one is only found to be paid by it",
        ),
        pytest.param(
            {"tenant": None, "subscriptions": (a_subscription("canceled"),)},
            False,
            id="what was made for it has ended, and age decides",
        ),
    ],
)
def test_who_pays_for_the_tenant_goes_before_who_named_it_first(changes: Any, wins: bool) -> None:
    """An object that is made anew is the younger one, and whoever wished it ill has waited."""
    unclaimed = a_tenant(attributes={})
    world = a_world(**({"siblings": (OLDER,), "tenant": unclaimed} | changes))
    assert (told(world).reason != Reason.CONFLICT) is wins


def test_what_was_bought_for_another_is_not_bought_once_more() -> None:
    others = (a_subscription(metadata=KEY.metadata() | ANOTHER_S),)
    world = an_unborn_world(bought_for_another=others)
    assert decide(world).actions == ()
    assert "default/elsewhere/lab" in told(world).message


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
