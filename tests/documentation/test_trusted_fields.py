"""``docs/concepts/tenant-subscription.md`` names every field that is for trusted namespaces, and who trusts."""

from collections.abc import Callable, Iterator
from typing import Final

import pytest

from document_pages import DOCUMENTS, codes, rows
from subscription_builders import a_tenant_subscription, a_world
from tenant_billing.domain.permissions import fields_of_the_backend, fields_of_the_cluster
from tenant_billing.domain.world import World

PAGE: Final = DOCUMENTS / "concepts" / "tenant-subscription.md"
EVERYTHING: Final = (
    a_tenant_subscription(
        subscriptionID="sub_1",
        customer={"id": "cus_1"},
        collection={"method": "Invoice", "daysUntilDue": 14},
        discounts=[{"couponID": "PILOT"}],
        limitOverrides={"limits": {"gateways": 20}},
        tenant={"id": "acme", "adoptionPolicy": "IfUnmanaged"},
        accessPolicy="KeepActive",
        deletionPolicy="CancelAndDeleteTenant",
    ),
    a_tenant_subscription(
        managementPolicy="Observe",
        planRef=None,
        customer=None,
        backendRef={"name": "main"},
        subscriptionID="sub_1",
    ),
)


@pytest.mark.parametrize(
    ("owner", "fields"),
    [("BillingBackend", fields_of_the_backend), ("ThingsStackCluster", fields_of_the_cluster)],
)
def test_every_trusted_field_is_on_the_page(owner: str, fields: Callable[[World], Iterator[str]]) -> None:
    listed = {codes(field)[0] for field, _, trusts in rows(PAGE, "Trusted fields") if trusts == owner}
    asked = {each.removeprefix("spec.") for resource in EVERYTHING for each in fields(a_world(resource))}
    assert listed == asked
