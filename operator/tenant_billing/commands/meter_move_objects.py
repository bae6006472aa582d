"""What ``tenant-billing migrate-meter`` reads of the cluster: the plan, the objects, and the account with its key."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from tenant_billing.api import names
from tenant_billing.api.billing_backend import BillingBackend, StripeMode
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.conditions import ConditionStatus, ConditionType, find_condition
from tenant_billing.api.resource import Resource
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.clients.stripe_provider import connect_stripe
from tenant_billing.commands.problems import CannotGoOn, told_in_one_line
from tenant_billing.commands.reading import KubernetesReader
from tenant_billing.ports import BillingProvider, Clock
from tenant_billing.runtime.clock import SystemClock

Kind = TypeVar("Kind", bound=Resource)


@dataclass(frozen=True)
class Wanted:
    """What is to be moved.

    Attributes:
        target: The BillingPlan with the meter.
        source: All TenantSubscriptions on this BillingPlan; None: those named.
        names: TenantSubscriptions by name.
        namespace: Of them; None: all.
        operator_namespace: Where the Secret of the BillingBackend lies.
    """

    target: str
    source: str | None
    names: tuple[str, ...]
    namespace: str | None
    operator_namespace: str


def plan_to_move_to(reader: KubernetesReader, name: str) -> BillingPlan:
    """The plan to move to, once it can take subscriptions.

    Raises:
        CannotGoOn: It is not there, or not ready.
    """
    plan = next((each for each in _all(reader, BillingPlan) if each.metadata.name == name), None)
    if plan is None:
        raise CannotGoOn(f"there is no BillingPlan {name}; name the plan with the meter by --to")
    if plan.metadata.annotations.get(names.Annotation.PAUSED) == "true":
        raise CannotGoOn(
            f"BillingPlan {name} is paused, so that its price does not stand in Stripe yet; let it be made: "
            f"kubectl annotate billingplan {name} {names.Annotation.PAUSED}-"
        )
    ready = find_condition(plan.status.conditions, ConditionType.READY)
    if ready is None or ready.status is not ConditionStatus.TRUE or plan.status.price_id is None:
        why = f"{ready.reason}: {ready.message}" if ready is not None else "the operator has not seen it"
        raise CannotGoOn(f"BillingPlan {name} is not ready ({why}); wait until it is")
    return plan


def objects_to_move(reader: KubernetesReader, wanted: Wanted) -> Iterator[TenantSubscription]:
    """The objects that are wanted, by namespace and name.

    Raises:
        CannotGoOn: One that is named is not there.
    """
    found = sorted(
        _all(reader, TenantSubscription, wanted.namespace),
        key=lambda each: (each.metadata.namespace or "", each.metadata.name),
    )
    if wanted.source is not None:
        yield from (
            each for each in found if each.status.plan_ref and each.status.plan_ref.name == wanted.source
        )
        return
    by_name = {each.metadata.name: each for each in found}
    for name in wanted.names:
        if name not in by_name:
            raise CannotGoOn(f"there is no TenantSubscription {name} in the namespace {wanted.namespace}")
        yield by_name[name]


def _all(reader: KubernetesReader, model: type[Kind], namespace: str | None = None) -> Iterator[Kind]:
    for body in reader.list(model.resource_kind, namespace):
        with told_in_one_line():
            yield model.from_kubernetes(body)


@asynccontextmanager
async def account_of(
    reader: KubernetesReader, name: str, operator_namespace: str
) -> AsyncIterator[tuple[BillingProvider, str, Clock]]:
    """The account of a BillingBackend, its owner, and the clock.

    Raises:
        CannotGoOn: There is no such backend, or its key cannot be used.
    """
    backend = next((each for each in _all(reader, BillingBackend) if each.metadata.name == name), None)
    if backend is None:
        raise CannotGoOn(f"there is no BillingBackend {name}; create it")
    stripe = backend.spec.stripe
    reference = stripe.api_key_secret_ref
    secret = await asyncio.to_thread(reader.secret, operator_namespace, reference.name)
    key = secret.values.get(reference.key) if secret is not None else None
    if not key:
        raise CannotGoOn(
            f"Secret {operator_namespace}/{reference.name} has no key {reference.key}; create it"
        )
    clock = SystemClock()
    with told_in_one_line(f"BillingBackend {name}"):
        provider = connect_stripe(
            api_key=key,
            api_url=stripe.api_url,
            livemode=stripe.mode is StripeMode.LIVE,
            requests_per_second=stripe.request_budget,
            clock=clock,
        )
    try:
        yield provider, backend.spec.owner, clock
    finally:
        await provider.close()
