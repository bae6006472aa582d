from dataclasses import replace
from datetime import timedelta

import pytest

from subscription_builders import (
    CLAIM,
    KEY,
    NOW,
    a_subscription,
    a_tenant_subscription,
    a_world,
)
from tenant_billing.api.names import StripeMetadata
from tenant_billing.domain.actions import ChangeSubscription
from tenant_billing.domain.decision import decide
from tenant_billing.domain.requests import SubscriptionChange
from tenant_billing.domain.world import World


def writes(world: World) -> list[SubscriptionChange]:
    return [each.change for each in decide(world).actions if isinstance(each, ChangeSubscription)]


@pytest.mark.parametrize(
    ("renewal", "ends", "wanted"),
    [
        pytest.param("Renew", True, False, id="goes on"),
        pytest.param("Renew", False, None, id="goes on already"),
        pytest.param("CancelAtPeriodEnd", False, True, id="ends with the period"),
        pytest.param("CancelAtPeriodEnd", True, None, id="ends already"),
        pytest.param("FollowStripe", True, None, id="as the customer chose: ends"),
        pytest.param("FollowStripe", False, None, id="as the customer chose: goes on"),
    ],
)
def test_renewal(renewal: str, ends: bool, wanted: bool | None) -> None:
    world = a_world(
        a_tenant_subscription(renewal=renewal), subscriptions=(a_subscription(cancel_at_period_end=ends),)
    )
    assert [each.cancel_at_period_end for each in writes(world)] == ([] if wanted is None else [wanted])


@pytest.mark.parametrize(
    ("renewal", "clears"),
    [("Renew", [True]), ("FollowStripe", []), ("CancelAtPeriodEnd", [None])],
)
def test_an_end_at_a_time_of_its_own_is_taken_back_where_the_spec_renews(
    renewal: str, clears: list[bool | None]
) -> None:
    ending = a_subscription(cancel_at=NOW + timedelta(days=40))
    world = a_world(a_tenant_subscription(renewal=renewal), subscriptions=(ending,))
    assert [each.clears_cancel_at for each in writes(world)] == clears


@pytest.mark.parametrize(
    ("present", "written"),
    [
        pytest.param({}, KEY.metadata("starter") | CLAIM, id="an adopted subscription gets its identity"),
        pytest.param({"x": "y"}, KEY.metadata("starter") | CLAIM, id="other metadata is no identity"),
        pytest.param(
            KEY.metadata("starter") | {StripeMetadata.TENANT_SUBSCRIPTION: "default/elsewhere/acme"},
            KEY.metadata("starter") | CLAIM,
            id="one that was taken over says by whom",
        ),
        pytest.param(
            KEY.metadata("starter") | CLAIM,
            {StripeMetadata.PLAN: "starter"},
            id="ours has it, the plan is repeated",
        ),
        pytest.param(
            replace(KEY, tenant_id="lab").metadata(),
            {StripeMetadata.PLAN: "starter"},
            id="another tenant's mark is not overwritten",
        ),
    ],
)
def test_marks_join_the_next_write_that_is_needed_anyway(
    present: dict[str, str], written: dict[str, str]
) -> None:
    subscription = a_subscription(metadata=present)
    assert decide(a_world(subscriptions=(subscription,))).actions == (), "no write for the marks alone"
    renewing = a_world(a_tenant_subscription(renewal="CancelAtPeriodEnd"), subscriptions=(subscription,))
    (write,) = writes(renewing)
    assert write.metadata == written
