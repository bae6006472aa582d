"""The meter of a metered plan against an account with a memory."""

import pytest

import kubernetes_bodies as bodies
from plan_builders import EXISTING, METERED, a_meter, an_adopted_price
from plan_scene import KEY, Scene, a_plan_scene
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import errors
from tenant_billing.reconcilers.plan_reading import ABSENCE_CHECK


@pytest.fixture
async def scene() -> Scene:
    return await a_plan_scene()


async def test_metered_plan_is_carried_out_in_one_pass(scene: Scene) -> None:
    scene.edit(price=METERED)
    await scene.run()
    assert scene.reason == Reason.AVAILABLE
    status = scene.plan.status
    assert (status.meter_id, status.price_id) == ("mtr_1", "price_1")
    assert scene.account.prices["price_1"].meter_id == "mtr_1"
    assert scene.account.calls.index("list_meters") < scene.account.calls.index("create_meter")


@pytest.mark.parametrize("cut", ["create_meter", "create_meter:committed"])
async def test_lost_answer_doubles_no_meter(scene: Scene, cut: str) -> None:
    scene.edit(price=METERED)
    scene.account.fail(cut, errors.Unreachable("cut", outcome_unknown=True))
    assert (await scene.run()).retry
    scene.restart()
    await scene.connect()
    await scene.run()
    assert (scene.reason, list(scene.account.meters)) == (Reason.AVAILABLE, ["mtr_1"])


async def test_event_name_that_somebody_took_meanwhile_is_looked_for_again(scene: Scene) -> None:
    scene.edit(price=METERED)
    scene.account.fail("create_meter", errors.AlreadyExists("the event name is taken"))
    assert (await scene.run()).retry
    scene.account.meters["mtr_X"] = a_meter("mtr_X")
    await scene.run()
    assert (scene.reason, scene.plan.status.meter_id) == (Reason.AVAILABLE, "mtr_X")


async def test_key_without_the_right_to_meters_makes_none(scene: Scene) -> None:
    scene.edit(price=METERED)
    scene.account.fail("list_meters", errors.Forbidden("rak_billing_meter_read"), times=2)
    outcome = await scene.run()
    assert (scene.reason, scene.account.count("create_meter")) == (Reason.BACKEND_NOT_READY, 0)
    assert "rak_billing_meter_read" in outcome.why


async def test_meter_that_was_deactivated_is_seen_by_its_event(scene: Scene) -> None:
    scene.edit(price=METERED)
    await scene.run()
    scene.account.meters["mtr_1"] = a_meter(active=False)
    connection = scene.accounts.of("main")
    assert connection is not None
    connection.picture.stale(["mtr_1"])
    await scene.run()
    assert scene.reason == Reason.METER_INACTIVE


@pytest.mark.parametrize("asked", [True, False])
async def test_meter_that_is_active_again_is_seen_though_no_event_tells(scene: Scene, asked: bool) -> None:
    """At once where a person asks to look again, else within half an hour: reads are scarce."""
    scene.account.meters["mtr_1"] = a_meter(active=False)
    scene.edit(price=METERED)
    await scene.run()
    assert scene.reason == Reason.METER_INACTIVE
    scene.account.meters["mtr_1"] = a_meter()
    await scene.run()
    assert (scene.reason, scene.account.count("meter")) == (Reason.METER_INACTIVE, 0)
    if asked:
        body = scene.loop.store.body(KEY)
        assert body is not None
        scene.loop.see(bodies.newer(dict(body), annotations={"tenantbilling.dev/reconcile": "again"}))
    else:
        scene.loop.clock.advance(ABSENCE_CHECK)
    await scene.run()
    assert (scene.reason, scene.account.count("meter")) == (Reason.AVAILABLE, 1)


async def test_meter_of_an_adopted_price_is_read_where_it_was_not_listed(scene: Scene) -> None:
    scene.edit(price=EXISTING)
    await scene.run()
    scene.account.meters["mtr_X"] = a_meter("mtr_X", event_name="devices")
    scene.account.prices["price_A"] = an_adopted_price(metered=True, meter_id="mtr_X")
    scene.loop.clock.advance(ABSENCE_CHECK)
    await scene.run()
    assert (scene.reason, scene.plan.status.meter_id) == (Reason.AVAILABLE, "mtr_X")
    assert scene.account.subjects == []


async def test_meter_that_is_not_there_is_not_asked_for_in_every_pass(scene: Scene) -> None:
    scene.account.prices["price_A"] = an_adopted_price(metered=True, meter_id="mtr_gone")
    scene.edit(price=EXISTING)
    for _ in range(3):
        await scene.run()
    assert (scene.reason, scene.account.count("meter")) == (Reason.METER_MISSING, 1)
    scene.loop.clock.advance(ABSENCE_CHECK)
    await scene.run()
    assert scene.account.count("meter") == 2


async def test_price_that_is_not_there_is_asked_for_as_seldom_or_when_a_person_asks(scene: Scene) -> None:
    scene.edit(price=EXISTING)
    for _ in range(3):
        await scene.run()
    assert (scene.reason, scene.account.count("price")) == (Reason.PRICE_NOT_FOUND, 1)
    scene.loop.clock.advance(ABSENCE_CHECK)
    await scene.run()
    assert scene.account.count("price") == 2
