"""Moving one subscription after the other: what keeps one from being moved keeps no other."""

import pytest

from manifests import REMOVED, a
from outside_stubs import CUT, Answer, a_page, a_subscription, stripe_at, stripe_error, stub_server
from plan_builders import a_price
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.commands.meter_moves import Mover
from tenant_billing.domain.errors import Unreachable
from tenant_billing.domain.meter_migration import Stage

TARGET = a_price("price_1", metered=True, meter_id="mtr_1")


def observed(name: str) -> TenantSubscription:
    return TenantSubscription.from_kubernetes(
        a(
            "TenantSubscription",
            {
                "metadata.name": name,
                "spec.managementPolicy": "Observe",
                "spec.backendRef": {"name": "main"},
                "spec.subscriptionID": "sub_1",
                "spec.planRef": REMOVED,
                "spec.customer": REMOVED,
            },
        )
    )


async def test_a_subscription_that_stripe_refuses_to_move_is_told_and_the_next_is_moved() -> None:
    async with stub_server() as stub, stripe_at(stub.url) as provider:
        stub.will(
            stripe_error(400, message="it is locked for good"),
            Answer(a_subscription()),
            a_page(a_subscription()),
        )
        mover = Mover(provider, "default", "metered", TARGET, {TARGET.id: TARGET})
        moved = [await mover.move(observed(name)) for name in ("acme-iot", "beta-farm")]
    assert [(each.name, each.stage) for each in moved] == [
        ("acme-iot", Stage.REFUSED),
        ("beta-farm", Stage.MOVED),
    ]
    assert "it is locked for good" in moved[0].message


async def test_an_account_that_gives_no_answer_ends_the_command() -> None:
    async with stub_server() as stub, stripe_at(stub.url) as provider:
        stub.will(CUT)
        with pytest.raises(Unreachable):
            await Mover(provider, "default", "metered", TARGET, {}).move(observed("acme-iot"))
