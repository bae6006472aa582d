"""Which devices of a tenant are counted follows its metered plan (TBS-17); on other plans it is nobody's."""

from dataclasses import replace
from typing import Any

import pytest

from subscription_builders import (
    REFERENCE,
    a_cluster,
    a_tenant,
    a_tenant_subscription,
    a_world,
    an_offer,
)
from subscription_outside import Outside
from tenant_billing.api.prices import DeviceCounting
from tenant_billing.domain.actions import CreateTenant, UpdateTenant
from tenant_billing.domain.decision import decide
from tenant_billing.domain.requests import NewTenant, TenantChange
from tenant_billing.domain.tenant_counting import counts_only_activated
from tenant_billing.domain.world import World


def metered(counting: DeviceCounting, **changes: Any) -> World:
    """A tenant on a plan that counts so."""
    offer = an_offer(metered=True, counting=counting)
    return a_world(offer=offer, offers=(offer,), **changes)


def the_change(world: World) -> TenantChange | None:
    actions = decide(world).actions
    assert len(actions) <= 1
    return next((each.change for each in actions if isinstance(each, UpdateTenant)), None)


def the_new(world: World) -> NewTenant:
    outside = Outside()
    outside.settle(world, lambda each: decide(each).actions)
    (request,) = (each.request for each in outside.done if isinstance(each, CreateTenant))
    return request


@pytest.mark.parametrize("counting", DeviceCounting)
@pytest.mark.parametrize("counts_some", [True, False])
def test_counting_of_a_tenant_follows_its_plan(counting: DeviceCounting, counts_some: bool) -> None:
    world = metered(counting, tenant=a_tenant(counts_only_activated=counts_some))
    wanted = counting is DeviceCounting.ONLY_ACTIVATED
    expected = None if counts_some is wanted else TenantChange(counts_only_activated=wanted)
    assert the_change(world) == expected


@pytest.mark.parametrize("counting", DeviceCounting)
def test_new_tenant_counts_as_its_plan_from_the_beginning(counting: DeviceCounting) -> None:
    request = the_new(metered(counting, tenant=None))
    assert request.counts_only_activated is (counting is DeviceCounting.ONLY_ACTIVATED)


def test_on_a_plan_that_counts_nothing_the_tenant_s_own_stays() -> None:
    assert the_change(a_world(tenant=a_tenant(counts_only_activated=True))) is None
    assert the_new(a_world(tenant=None)).counts_only_activated is False


def test_beside_a_running_tenant_billing_server_counting_is_never_written() -> None:
    cluster = a_cluster(billingFieldPolicy="Ignore")
    world = metered(DeviceCounting.ONLY_ACTIVATED, cluster=cluster)
    assert the_change(world) is None
    assert the_new(replace(world, tenant=None)).counts_only_activated is False


def test_counting_of_a_price_that_no_plan_owns_is_not_known() -> None:
    world = metered(DeviceCounting.ONLY_ACTIVATED, resource=a_tenant_subscription())
    assert counts_only_activated(world, replace(REFERENCE, plan_id="price_X")) is None
    assert counts_only_activated(world, None) is None
    assert counts_only_activated(world, REFERENCE) is True
