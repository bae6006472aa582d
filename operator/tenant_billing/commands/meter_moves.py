"""Carrying out, or showing, the moves of ``tenant-billing migrate-meter``: read, decide, one step, read again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from tenant_billing.api import names
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.tenant_subscription import ManagementPolicy, TenantSubscription
from tenant_billing.commands.meter_move_objects import Wanted, account_of, objects_to_move, plan_to_move_to
from tenant_billing.commands.problems import CannotGoOn, told_in_one_line
from tenant_billing.commands.reading import KubernetesReader
from tenant_billing.domain.actions import AttachSchedule, ChangeSubscription, PlanMove
from tenant_billing.domain.errors import (
    AlreadyExists,
    KeyReused,
    NotFound,
    PaymentDeclined,
    Refused,
    StoredFailure,
)
from tenant_billing.domain.forecast import Call
from tenant_billing.domain.identity import TenantKey
from tenant_billing.domain.meter_migration import Candidate, Stage, Step, Verdict, decide
from tenant_billing.domain.observations import Price, Subscription
from tenant_billing.ports import BillingProvider, Subject
from tenant_billing.rehearsal.provider import RehearsedProvider
from tenant_billing.rehearsal.record import Record

MOST_STEPS: Final = 6
"""Of one subscription: a mark, a schedule, its phases, and a look after each."""

REFUSALS: Final = (AlreadyExists, KeyReused, NotFound, PaymentDeclined, Refused)
"""Answers about one subscription; others are about the account."""


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
    plan = plan_to_move_to(reader, wanted.target)
    objects = list(objects_to_move(reader, wanted))
    record = Record()
    async with account_of(reader, plan.spec.backend_ref.name, wanted.operator_namespace) as (
        real,
        owner,
        clock,
    ):
        provider = real if carry_out else RehearsedProvider(real, record, clock)
        with told_in_one_line("Stripe"):
            prices = {each.id: each async for each in provider.list_prices()}
            target = _target(plan, prices)
            mover = Mover(provider, owner, plan.metadata.name, target, prices)
            moved = [await mover.move(each) for each in objects]
    return moved, record.calls


@dataclass(frozen=True)
class Mover:
    """Moves subscriptions to one price."""

    provider: BillingProvider
    owner: str
    plan: str
    target: Price
    prices: Mapping[str, Price]

    async def move(self, resource: TenantSubscription) -> Moved:
        """Do what is missing for one subscription; one that Stripe refuses to move keeps no other from being moved.

        Raises:
            OutsideError: The account cannot be used now; what was done stands.
        """
        try:
            return await self._moved(resource)
        except REFUSALS as error:
            return _told(resource, Verdict(Stage.REFUSED, message=f"{error}"), None)

    async def _moved(self, resource: TenantSubscription) -> Moved:
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
