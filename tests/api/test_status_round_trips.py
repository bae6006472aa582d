"""A status that was written reads back the same, so that "write only what differs" can work."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_billing.api.billing_backend import BillingBackendStatus
from tenant_billing.api.billing_plan import BillingPlanStatus
from tenant_billing.api.fields import ApiModel
from tenant_billing.api.resource import ResourceStatus
from tenant_billing.api.tenant_subscription import TenantSubscriptionStatus
from tenant_billing.api.things_stack_cluster import ThingsStackClusterStatus

SCALARS: dict[object, st.SearchStrategy[Any]] = {
    NoneType: st.none(),
    bool: st.booleans(),
    int: st.integers(1, 2**53),
    str: st.text(max_size=20),
    Decimal: st.decimals(0, 10**6, places=12),
    timedelta: st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
    datetime: st.datetimes(
        min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        timezones=st.just(UTC),
    ),
}
OPAQUE = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.booleans(), max_size=3)


def values_of(annotation: Any) -> st.SearchStrategy[Any]:
    """Values of a field, from its type alone: a field that is added is covered without a change here."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return values_of(arguments[0])
    if origin in (Union, UnionType):
        return st.one_of([values_of(each) for each in arguments])
    if origin is tuple:
        return st.lists(values_of(arguments[0]), max_size=3).map(tuple)
    if isinstance(annotation, type) and issubclass(annotation, ApiModel):
        return models_of(annotation)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return st.sampled_from(annotation)
    if origin is Mapping:
        return OPAQUE
    return SCALARS[annotation]


def models_of(model: type[ApiModel]) -> st.SearchStrategy[Any]:
    fields = {str(field.alias): values_of(field.annotation) for field in model.model_fields.values()}
    return st.fixed_dictionaries(fields).map(model.model_validate)


STATUSES = [BillingBackendStatus, ThingsStackClusterStatus, BillingPlanStatus, TenantSubscriptionStatus]


def has_null(value: object) -> bool:
    if isinstance(value, dict):
        return any(has_null(each) for each in value.values())
    return any(has_null(each) for each in value) if isinstance(value, list) else value is None


@pytest.mark.parametrize("status", STATUSES, ids=lambda status: status.__name__)
@given(data=st.data())
def test_a_status_reads_back_as_it_was_written_and_has_no_nulls(
    data: st.DataObject, status: type[ResourceStatus]
) -> None:
    written = data.draw(models_of(status))
    spelled = written.to_kubernetes()
    assert not has_null(spelled)
    assert status.model_validate(json.loads(json.dumps(spelled)), by_name=False, by_alias=True) == written


def test_times_are_whole_seconds_in_utc_with_z() -> None:
    moment = datetime.fromisoformat("2026-11-20T12:00:00.9+02:00")
    status = TenantSubscriptionStatus(suspension_time=moment)
    assert status.to_kubernetes()["suspensionTime"] == "2026-11-20T10:00:00Z"
    assert status.suspension_time == datetime(2026, 11, 20, 10, tzinfo=UTC)
