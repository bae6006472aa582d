"""What is true of discovery in any account."""

from hypothesis import given, settings
from hypothesis import strategies as st

from discovery_builders import Standing, born, survey
from subscription_builders import DAY, NOW, a_foreign_tenant
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.access import KNOWN
from tenant_billing.domain.discovery import discover
from tenant_billing.domain.observations import BillingReference, Subscription, Tenant

IDS = st.sampled_from((None, "", "acme", "beta", "admin", "A B", "x" * 40))
SUBSCRIPTIONS = st.lists(
    st.builds(
        born,
        identity=st.uuids().map(lambda each: f"sub_{each.hex}"),
        tenant_id=IDS,
        customer_id=st.sampled_from(("cus_1", "cus_2")),
        status=st.sampled_from(sorted(KNOWN)),
        created=st.integers(1, 9).map(lambda days: NOW - days * DAY),
    ),
    max_size=6,
    unique_by=lambda each: each.id,
)
METADATA = st.dictionaries(st.sampled_from(("tenant-id", "tenant-name", "admin-user", "other")), st.text())
OWNERS = st.dictionaries(
    st.sampled_from(("acme", "beta")),
    st.sampled_from(("cus_1", "cus_3")).map(
        lambda customer: a_foreign_tenant(billing=BillingReference(customer, "price_1", "sub_x", "si_x"))
    ),
)


@settings(max_examples=200, deadline=None)
@given(subscriptions=SUBSCRIPTIONS, tenants=OWNERS)
def test_no_object_is_ever_made_for_the_tenant_of_another_customer(
    subscriptions: list[Subscription], tenants: dict[str, Tenant]
) -> None:
    for each in discover(survey(*subscriptions, tenants=tenants)).objects:
        tenant = tenants.get(each.tenant_id)
        owner = tenant.billing.customer_id if tenant is not None and tenant.billing is not None else None
        assert owner in (None, each.subscription.customer_id)


@settings(max_examples=200, deadline=None)
@given(subscriptions=SUBSCRIPTIONS, tenants=OWNERS)
def test_each_tenant_gets_one_object_and_each_subscription_at_most_one_fate(
    subscriptions: list[Subscription], tenants: dict[str, Tenant]
) -> None:
    found = discover(survey(*subscriptions, tenants=tenants))
    names = [each.tenant_id for each in found.objects]
    fates = [each.subscription.id for each in found.objects]
    fates += [each.subscription.id for each in found.waiting]
    assert len(names) == len(set(names))
    assert len(fates) == len(set(fates))


@settings(max_examples=200, deadline=None)
@given(subscriptions=SUBSCRIPTIONS, tenants=OWNERS)
def test_what_was_made_is_not_made_again(
    subscriptions: list[Subscription], tenants: dict[str, Tenant]
) -> None:
    first = discover(survey(*subscriptions, tenants=tenants))
    objects = Standing([TenantSubscription.from_kubernetes(each.manifest()) for each in first.objects])
    assert discover(survey(*subscriptions, tenants=tenants, objects=objects)).objects == ()


@settings(max_examples=100, deadline=None)
@given(subscriptions=SUBSCRIPTIONS)
def test_the_order_of_a_listing_changes_nothing(subscriptions: list[Subscription]) -> None:
    assert discover(survey(*subscriptions)) == discover(survey(*reversed(subscriptions)))


@settings(max_examples=200, deadline=None)
@given(metadata=METADATA)
def test_no_metadata_is_too_strange_to_be_looked_at(metadata: dict[str, str]) -> None:
    found = discover(survey(born(metadata=metadata)))
    assert len(found.objects) + len(found.waiting) == 1
