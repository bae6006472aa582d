"""A rehearsal answers every call that the reconcilers can make, under the same names and parameters."""

import inspect
from typing import Any

import pytest

from tenant_billing.ports import BillingProvider, Cluster, TenantRegistry
from tenant_billing.rehearsal.cluster import RehearsedCluster
from tenant_billing.rehearsal.provider import RehearsedProvider
from tenant_billing.rehearsal.registry import RehearsedRegistry

PAIRS: list[tuple[Any, Any]] = [
    (BillingProvider, RehearsedProvider),
    (TenantRegistry, RehearsedRegistry),
    (Cluster, RehearsedCluster),
]


@pytest.mark.parametrize(("port", "rehearsed"), PAIRS)
def test_every_method_of_a_port_is_rehearsed(port: Any, rehearsed: Any) -> None:
    asked = {
        name: list(inspect.signature(method).parameters)
        for name, method in inspect.getmembers(port, inspect.isfunction)
        if not name.startswith("_")
    }
    answered = {
        name: list(inspect.signature(getattr(rehearsed, name)).parameters)
        for name in asked
        if hasattr(rehearsed, name)
    }
    assert answered == asked
