"""ThingsStackCluster: one deployment of The Things Stack."""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, Strict

from tenant_billing.api import names
from tenant_billing.api.durations import Duration
from tenant_billing.api.fields import ApiModel, Count, SecretKeyReference
from tenant_billing.api.namespaces import EVERY_NAMESPACE, NO_NAMESPACE, NamespaceRule
from tenant_billing.api.resource import Resource, ResourceStatus
from tenant_billing.api.timestamps import Timestamp

PERCENTAGE_PATTERN: Final = "^(100|[1-9][0-9]?)%$"
"""A share of the managed tenants; for none at all write the number 0."""


def _percentage(text: str) -> str:
    if re.fullmatch(PERCENTAGE_PATTERN.strip("^$"), text) is None:
        raise ValueError("expected a number, or a share from 1% to 100%")
    return text


Percentage = Annotated[str, Strict(), AfterValidator(_percentage)]


class BillingFieldPolicy(StrEnum):
    """Who writes the tenant's structured ``billing`` field."""

    MANAGE = "Manage"
    IGNORE = "Ignore"
    """Attributes only, beside a running Tenant Billing Server."""


class MeteringSource(StrEnum):
    """How registered devices are counted; never both."""

    PULL = "Pull"
    PUSH = "Push"


class Brake(ApiModel):
    """How much access may be taken away before a person must approve."""

    max_disruptions_per_hour: Count | Percentage = "5%"
    """Suspensions, cancels and tenant deletions in an hour: a number (0: each needs approval), or a share
    of the managed tenants, which is never counted as less than 10."""


class MeteringPush(ApiModel):
    """Who may push usage reports."""

    bearer_token_secret_ref: SecretKeyReference
    address_expressions: tuple[str, ...] = ()
    """Regular expressions for the sender's address: a second lock, never the only one."""


class Metering(ApiModel):
    """How usage of metered plans is collected."""

    source: MeteringSource = MeteringSource.PULL
    interval: Duration = timedelta(hours=1)
    push: MeteringPush | None = None
    """Absent: pushed reports are refused."""


class ThingsStackClusterSpec(ApiModel):
    """What the platform team says about the deployment."""

    url: str
    tenant_admin_key_secret_ref: SecretKeyReference
    ca_bundle_secret_ref: SecretKeyReference | None = None
    requests_per_second: Count = 20
    brake: Brake = Brake()
    billing_field_policy: BillingFieldPolicy = BillingFieldPolicy.MANAGE
    metering: Metering = Metering()
    allowed_namespaces: NamespaceRule = EVERY_NAMESPACE
    trusted_namespaces: NamespaceRule = NO_NAMESPACE
    """Whose authors may adopt and delete tenants, and keep them active."""


class TenantCounts(ApiModel):
    """Managed tenants by their state in The Things Stack."""

    approved: Count = 0
    flagged: Count = 0
    suspended: Count = 0


class BrakeStatus(ApiModel):
    """The running hour, kept here so that a restart does not forget it."""

    id: str
    """Names this very batch; the annotation ``approve-disruptions`` must say it."""
    engaged: bool = False
    window_start_time: Timestamp
    count: Count = 0
    """Disruptions that went ahead since the window began."""
    held: Count = 0
    """Disruptions that wait for approval."""
    tenants: tuple[str, ...] = ()
    """Ids of the tenants whose disruption waits."""


class ThingsStackClusterStatus(ResourceStatus):
    """What the operator knows about the deployment."""

    tenants: TenantCounts | None = None
    brake: BrakeStatus | None = None


class ThingsStackCluster(Resource):
    """One deployment of The Things Stack; cluster-scoped."""

    resource_kind: ClassVar = names.THINGS_STACK_CLUSTER

    spec: ThingsStackClusterSpec
    status: ThingsStackClusterStatus = ThingsStackClusterStatus()
