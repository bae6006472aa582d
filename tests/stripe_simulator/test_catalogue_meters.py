"""Billing meters (stripe.md 1.2, 4.2 and 8 item 8)."""

from typing import Any

import stripe

from stripe_contract import Service, price, refused, unique


async def meter(service: Service, **changes: Any) -> stripe.billing.Meter:
    params: Any = {
        "display_name": "Devices",
        "event_name": unique("devices"),
        "default_aggregation": {"formula": "last"},
    } | changes
    return await service.client.v1.billing.meters.create_async(params)


async def test_a_meter_reads_the_payload_under_default_keys(service: Service) -> None:
    made = await meter(service)
    assert made.customer_mapping.event_payload_key == "stripe_customer_id"
    assert made.value_settings.event_payload_key == "value"
    assert (made.status, made.event_time_window, made.default_aggregation.formula) == ("active", None, "last")


async def test_a_meter_has_no_metadata(service: Service) -> None:
    made = await meter(service)
    assert "metadata" not in made


async def test_an_event_name_belongs_to_one_meter(service: Service) -> None:
    made = await meter(service)
    error = await refused(meter(service, event_name=made.event_name))
    assert error.http_status == 400


async def test_only_the_display_name_can_be_changed(service: Service) -> None:
    made = await meter(service)
    meters = service.client.v1.billing.meters
    assert (await meters.update_async(made.id, {"display_name": "Nodes"})).display_name == "Nodes"
    change: Any = {"event_name": "nodes"}
    error = await refused(meters.update_async(made.id, change))
    assert isinstance(error, stripe.InvalidRequestError)
    assert error.code == "parameter_unknown"


async def test_a_meter_is_deactivated_and_reactivated(service: Service) -> None:
    made = await meter(service)
    meters = service.client.v1.billing.meters
    off = await meters.deactivate_async(made.id)
    assert off.status == "inactive"
    assert off.status_transitions.deactivated_at is not None
    on = await meters.reactivate_async(made.id)
    assert (on.status, on.status_transitions.deactivated_at) == ("active", None)


async def test_meters_are_listed_by_status(simulator: Service) -> None:
    on, off = await meter(simulator), await meter(simulator)
    meters = simulator.client.v1.billing.meters
    await meters.deactivate_async(off.id)
    assert [one.id for one in (await meters.list_async({"status": "active"})).data] == [on.id]
    assert [one.id for one in (await meters.list_async()).data] == [off.id, on.id]


async def test_a_metered_price_names_its_meter(service: Service) -> None:
    made = await meter(service)
    metered = await price(service, recurring={"interval": "month", "usage_type": "metered", "meter": made.id})
    assert metered.recurring is not None
    assert metered.recurring.meter == made.id


async def test_an_inactive_meter_cannot_be_attached(service: Service) -> None:
    made = await meter(service)
    await service.client.v1.billing.meters.deactivate_async(made.id)
    recurring = {"interval": "month", "usage_type": "metered", "meter": made.id}
    assert (await refused(price(service, recurring=recurring))).http_status == 400


async def test_a_missing_meter_is_not_found(service: Service) -> None:
    error = await refused(service.client.v1.billing.meters.retrieve_async("mtr_missing"))
    assert error.http_status == 404
