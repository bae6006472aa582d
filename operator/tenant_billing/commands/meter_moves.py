"""Carrying out, or showing, the moves of ``tenant-billing migrate-meter``: read, decide, one step, read again."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, TypeVar

from tenant_billing.api import names
from tenant_billing.api.billing_backend import BillingBackend, StripeMode
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.conditions import ConditionStatus, ConditionType, find_condition
from tenant_billing.api.resource import Resource
from tenant_billing.api.tenant_subscription import ManagementPolicy, TenantSubscription
from tenant_billing.clients.stripe_provider import connect_stripe
from tenant_billing.commands.problems import CannotGoOn, told_in_one_line
from tenant_billing.commands.reading import KubernetesReader
from tenant_billing.domain.actions import AttachSchedule, ChangeSubscription, PlanMove
from tenant_billing.domain.errors import StoredFailure
from tenant_billing.domain.forecast import Call
from tenant_billing.domain.identity import TenantKey
from tenant_billing.domain.meter_migration import Candidate, Stage, Step, Verdict, decide
from tenant_billing.domain.observations import Price, Subscription
from tenant_billing.ports import BillingProvider, Clock, Subject
from tenant_billing.rehearsal.provider import RehearsedProvider
from tenant_billing.rehearsal.record import Record
from tenant_billing.runtime.clock import SystemClock

MOST_STEPS: Final = 6
"""Of one subscription: a mark, a schedule, its phases, and a look after each."""

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


@dataclass(frozen=True)
class Moved:
    """How far one subscription is.

    Attributes:
        period_end: When its running period ends, ISO 8601, UTC; empty where that is not known.
        message: Why it cannot be moved, and what to do about it.
    """

    namespace: str
    name: str
    subscription_id: str
    stage: Stage
    period_end: str
    message: str

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


async def migrate(
    reader: KubernetesReader, wanted: Wanted, *, carry_out: bool
) -> tuple[list[Moved], list[Call]]:
    """Move everything that is wanted, one subscription after the other.

    Args:
        reader: Of the cluster.
        wanted: What is to be moved.
        carry_out: Write; else the calls are noted and answered by what they would bring.

    Returns:
        How far each is, and the calls that were noted.

    Raises:
        CannotGoOn: The plan cannot take subscriptions, an object is not there, or the account cannot be read.
    """
    plan = _plan(reader, wanted.target)
    objects = list(_objects(reader, wanted))
    record = Record()
    async with _account(reader, plan.spec.backend_ref.name, wanted.operator_namespace) as (
        real,
        owner,
        clock,
    ):
        provider = real if carry_out else RehearsedProvider(real, record, clock)
        with told_in_one_line("Stripe"):
            prices = {each.id: each async for each in provider.list_prices()}
            target = _target(plan, prices)
            mover = _Mover(provider, owner, plan.metadata.name, target, prices)
            moved = [await mover.move(each) for each in objects]
    return moved, record.calls


@dataclass(frozen=True)
class _Mover:
    """Moves subscriptions to one price."""

    provider: BillingProvider
    owner: str
    plan: str
    target: Price
    prices: Mapping[str, Price]

    async def move(self, resource: TenantSubscription) -> Moved:
        """Do what is missing for one subscription."""
        if resource.spec.management_policy is ManagementPolicy.MANAGE:
            verdict = Verdict(
                Stage.REFUSED,
                message=f"it is managed: set spec.planRef to {self.plan} where the object is written, and the operator "
                "moves it at the period's end",
            )
            return _told(resource, verdict, None)
        subscription_id = resource.spec.subscription_id or ""
        subscription: Subscription | None = None
        again = False
        for _ in range(MOST_STEPS):
            subscription = await self.provider.subscription(subscription_id)
            if subscription is None:
                missing = f"Stripe does not know subscription {subscription_id}; check key, mode and account"
                return _told(resource, Verdict(Stage.REFUSED, message=missing), None)
            candidate = await self._candidate(resource, subscription)
            verdict = decide(replace(candidate, again=again))
            if verdict.step is None:
                return _told(resource, verdict, subscription)
            again = await self._is_to_be_tried_again(verdict.step, resource)
        return _told(
            resource, Verdict(Stage.DUE, message="Stripe does not show it yet; run again"), subscription
        )

    async def _candidate(self, resource: TenantSubscription, subscription: Subscription) -> Candidate:
        others = await self.provider.subscriptions_of(subscription.customer_id)
        spec = resource.spec
        return Candidate(
            uid=resource.metadata.uid,
            key=TenantKey(self.owner, spec.cluster_ref.name, spec.tenant.id),
            subscription=subscription,
            others=tuple(each for each in others if each.id != subscription.id),
            prices=self.prices,
            target=self.target,
            plan=self.plan,
        )

    async def _is_to_be_tried_again(self, step: Step, resource: TenantSubscription) -> bool:
        """Carry out a step; gives whether its key is spent, because what it made was taken off since."""
        try:
            await self._carry_out(step, resource)
        except StoredFailure:
            return True
        return False

    async def _carry_out(self, step: Step, resource: TenantSubscription) -> None:
        metadata = resource.metadata
        name = f"{metadata.namespace}/{metadata.name}"
        subject = Subject(names.TENANT_SUBSCRIPTION.kind, name, metadata.uid, "MigrateMeter")
        match step:
            case ChangeSubscription(subscription_id, change):
                await self.provider.change_subscription(subscription_id, change, subject)
            case AttachSchedule(subscription_id, key):
                await self.provider.attach_schedule(subscription_id, key, subject)
            case PlanMove(move):
                await self.provider.plan_move(move, subject)


def _told(resource: TenantSubscription, verdict: Verdict, subscription: Subscription | None) -> Moved:
    ends = [each.current_period_end for each in subscription.items] if subscription is not None else []
    end = min((each for each in ends if each is not None), default=None)
    return Moved(
        namespace=resource.metadata.namespace or "",
        name=resource.metadata.name,
        subscription_id=resource.spec.subscription_id or resource.status.subscription_id or "",
        stage=verdict.stage,
        period_end="" if end is None else end.isoformat(),
        message=verdict.message,
    )


# -- what the cluster says ---------------------------------------------------


def _plan(reader: KubernetesReader, name: str) -> BillingPlan:
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


def _target(plan: BillingPlan, prices: Mapping[str, Price]) -> Price:
    """The price of the plan.

    Raises:
        CannotGoOn: It has no meter, or is not in the account.
    """
    price = prices.get(plan.status.price_id or "")
    if price is None or price.meter_id is None:
        raise CannotGoOn(
            f"the price {plan.status.price_id} of BillingPlan {plan.metadata.name} has no meter; "
            "name a plan with price.metered by --to"
        )
    return price


def _objects(reader: KubernetesReader, wanted: Wanted) -> Iterator[TenantSubscription]:
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
async def _account(
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
