"""Requests as JSON: how ``status.pendingOperation.parameters`` remembers what is about to be sent."""

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from tenant_billing.domain.requests import NewCustomer, NewMeter, NewPrice, NewProduct, NewSubscription


def as_parameters(
    request: NewProduct | NewMeter | NewPrice | NewCustomer | NewSubscription,
) -> dict[str, Any]:
    """The fields of a request without the absent ones; a decimal is a string, so that it stays exact."""
    return _plain(asdict(request))


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain_value(value) for key, value in values.items() if value is not None}


def _plain_value(value: Any) -> Any:
    match value:
        case dict():
            return _plain(value)
        case tuple() | list():
            return [_plain_value(each) for each in value]
        case Decimal():
            return f"{value:f}"
        case _:
            return value
