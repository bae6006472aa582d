"""Stable identity: how an object of ours is known again outside, also by a new cluster.

Source: product.md, "Identity is stable".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tenant_billing.api.names import BillingServerMetadata, StripeMetadata
from tenant_billing.domain.observations import Subscription


@dataclass(frozen=True)
class TenantKey:
    """One tenant: the pair of cluster and tenant id, of one installation (owner)."""

    owner: str
    cluster: str
    tenant_id: str

    def metadata(self, plan: str | None = None) -> dict[str, str]:
        """The metadata that marks a customer or a subscription as this tenant's."""
        marks = {
            StripeMetadata.OWNER: self.owner,
            StripeMetadata.CLUSTER: self.cluster,
            StripeMetadata.TENANT_ID: self.tenant_id,
        }
        return marks if plan is None else marks | {StripeMetadata.PLAN: plan}

    def is_named_by(self, metadata: Mapping[str, str]) -> bool:
        """Whether metadata is our mark of exactly this tenant."""
        return key_of(metadata) == self


def key_of(metadata: Mapping[str, str]) -> TenantKey | None:
    """The tenant that metadata of ours names, or None where it carries no mark of ours."""
    owner = metadata.get(StripeMetadata.OWNER)
    cluster = metadata.get(StripeMetadata.CLUSTER)
    tenant_id = metadata.get(StripeMetadata.TENANT_ID)
    if not owner or not cluster or not tenant_id:
        return None
    return TenantKey(owner, cluster, tenant_id)


def claim_text_of(metadata: Mapping[str, str]) -> str | None:
    """The claim of the object that a customer or a subscription was made for; None where nobody's is written there."""
    return metadata.get(StripeMetadata.TENANT_SUBSCRIPTION) or None


def tenant_id_of(subscription: Subscription) -> str | None:
    """The tenant that a subscription says it is for, by our mark or by the documented ``tenant-id``."""
    marked = key_of(subscription.metadata)
    return marked.tenant_id if marked else subscription.metadata.get(BillingServerMetadata.TENANT_ID) or None


@dataclass(frozen=True)
class Claim:
    """Which object a tenant says it belongs to: the attribute ``tenant-subscription``."""

    owner: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """As it stands in the attribute."""
        return f"{self.owner}/{self.namespace}/{self.name}"


def parse_claim(text: str | None) -> Claim | None:
    """The claim that an attribute holds; None where it is absent or not in our form."""
    parts = (text or "").split("/")
    match parts:
        case [owner, namespace, name] if owner and namespace and name:
            return Claim(owner, namespace, name)
        case _:
            return None


OWN_KEYS: Final = "tenant-billing:"
"""How every idempotency key of ours begins."""


def is_own_key(key: str) -> bool:
    """Whether a request was ours: its events only echo what its answer has said."""
    return key.startswith(OWN_KEYS)


def idempotency_key(uid: str, step: str, attempt: int) -> str:
    """The provider's idempotency key of one step of one object.

    Derived from the uid and the step, never random: a restart replays it. A new attempt gets a new key
    only after a look at what the former one left. At most 255 characters and no personal data (stripe.md 5.3).
    """
    return f"{OWN_KEYS}{uid}:{step}:{attempt}"
