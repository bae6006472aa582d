"""The six things that a tenant's users create and a plan limits (things-stack.md 1.2)."""

from enum import StrEnum

from tenant_billing.api.fields import ApiModel, Count


class EntityKind(StrEnum):
    """A kind of entity, as ``limitOverrides.unlimited`` names it."""

    APPLICATIONS = "Applications"
    CLIENTS = "Clients"
    END_DEVICES = "EndDevices"
    GATEWAYS = "Gateways"
    ORGANIZATIONS = "Organizations"
    USERS = "Users"


class EntityLimits(ApiModel):
    """How many of each a tenant may have. None: unlimited; 0: none at all."""

    applications: Count | None = None
    clients: Count | None = None
    end_devices: Count | None = None
    gateways: Count | None = None
    organizations: Count | None = None
    users: Count | None = None


class EntityUsage(ApiModel):
    """How many there are, and how many there may be."""

    total: Count
    limit: Count | None = None
    """None: unlimited."""


class EntityUsages(ApiModel):
    """Usage by kind; a kind whose total is unknown is left out."""

    applications: EntityUsage | None = None
    clients: EntityUsage | None = None
    end_devices: EntityUsage | None = None
    gateways: EntityUsage | None = None
    organizations: EntityUsage | None = None
    users: EntityUsage | None = None
