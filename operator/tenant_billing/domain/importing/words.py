"""Facts in the words of the API."""

from typing import Final

from tenant_billing.api.entities import EntityKind
from tenant_billing.api.fields import to_kubernetes_name
from tenant_billing.domain.observations import LIMIT_NAMES, Limits

_KIND_OF_NAME: Final = dict(zip(LIMIT_NAMES, EntityKind, strict=True))


def entity_limits(limits: Limits) -> dict[str, int]:
    """``entityLimits``: what is unlimited is left out."""
    return {
        to_kubernetes_name(name): value for name in LIMIT_NAMES if (value := limits.get(name)) is not None
    }


def limit_overrides(plan: Limits, tenant: Limits) -> dict[str, object] | None:
    """``limitOverrides`` that make a plan's limits a tenant's; None where they are the same."""
    different = [name for name in LIMIT_NAMES if plan.get(name) != tenant.get(name)]
    if not different:
        return None
    overrides: dict[str, object] = {}
    limits = entity_limits({name: tenant.get(name) for name in different})
    if limits:
        overrides["limits"] = limits
    unlimited = [_KIND_OF_NAME[name].value for name in different if tenant.get(name) is None]
    if unlimited:
        overrides["unlimited"] = unlimited
    return overrides
