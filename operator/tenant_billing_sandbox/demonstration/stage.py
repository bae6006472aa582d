"""What every act of the story plays with: the environment, one tenant, and the ways to do and to see something."""

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tenant_billing_sandbox.demonstration.eyes import Eyes
from tenant_billing_sandbox.demonstration.observation import Fact, Place, Words
from tenant_billing_sandbox.demonstration.steps import Command, Happening
from tenant_billing_sandbox.environment import places
from tenant_billing_sandbox.environment.environment import Environment
from tenant_billing_sandbox.environment.outside import Answer, RefusedError

AFTER_RENEWAL: Final = 2 * 3600
"""Seconds. Stripe keeps a renewal's invoice a draft for an hour before it charges."""

Look = Callable[[], Awaitable[Words]]


@dataclass(frozen=True)
class Stage:
    """Where an act plays, and the tenant that it is about.

    Attributes:
        environment: Everything that runs.
        tenant_id: The tenant's id, which is also the name of its TenantSubscription.
        namespace: Where that lies.
    """

    environment: Environment
    tenant_id: str
    namespace: str = places.TENANT_NAMESPACE

    @property
    def eyes(self) -> Eyes:
        """Looks at the tenant."""
        return Eyes(self.environment.outside, self.tenant_id, self.namespace)

    async def resource(self) -> Answer | None:
        """The TenantSubscription as Kubernetes gives it; None if there is none."""
        return await self.eyes.subscription_object()

    # ------------------------------------------------------------ what is seen

    def is_ready(self, plural: str, name: str, reason: str, **words: str) -> Fact:
        """A cluster-scoped object is Ready for a reason; of a plan the price may be named."""
        look = functools.partial(self.eyes.kind, plural, name)
        price = ", {price}" if "price" in words else ""
        expected = {"ready": "True", "reason": reason, **words}
        return Fact(Place.KUBERNETES, f"{name} Ready, {{reason}}{price}", expected, look)

    def of_the_plan(self, name: str, telling: str, **words: str) -> Fact:
        """A BillingPlan says this."""
        look = functools.partial(self.eyes.kind, "billingplans", name)
        return Fact(Place.KUBERNETES, f"{name} {telling}", words, look)

    def is_carried_out(self, reason: str, **words: str) -> Fact:
        """The TenantSubscription is Ready, and says this of payment, tenant and plan."""
        telling = f"{self.tenant_id} Ready: payment {{payment}}, tenant {{state}}"
        if "plan" in words:
            telling += ", plan {plan}"
        expected = {"ready": "True", "reason": reason, **words}
        return Fact(Place.KUBERNETES, telling, expected, self.eyes.subscription)

    def in_kubernetes(self, telling: str, *present: str, **words: str) -> Fact:
        """The TenantSubscription says this; some words may be anything but empty."""
        return Fact(Place.KUBERNETES, f"{self.tenant_id} {telling}", words, self.eyes.subscription, present)

    def at_stripe(self, **words: str) -> Fact:
        """The subscription at Stripe has this status, this price, and a latest invoice like this."""
        telling = "{status}, {price}"
        if "invoice" in words:
            telling += "; invoice {due} {invoice}"
        return stripe(telling, self.eyes.payments, **words)

    def in_things_stack(self, telling: str, **words: str) -> Fact:
        """The tenant in The Things Stack is like this."""
        return Fact(Place.THINGS_STACK, f"tenant {telling}", words, self.eyes.tenant)

    def is_allowed(self, devices: str) -> Fact:
        """The tenant is approved and may have so many devices."""
        return self.in_things_stack("{state}, at most {limit} devices", state="approved", limit=devices)

    # ------------------------------------------------------------ what is done

    def kubectl(self, shown: str, *arguments: str) -> Command:
        """A call of kubectl; it is run with these arguments, or else as it is shown, which has no quotes then."""

        async def run() -> str:
            return await self.environment.plane.run_kubectl(*(arguments or shown.split()))

        return Command(f"kubectl {shown}", run)

    def applies(self, file: str) -> Command:
        """Apply one of the samples."""
        return self.kubectl(
            f"apply -f deploy/samples/{file}", "apply", "--filename", str(places.SAMPLES / file)
        )

    def patches(self, resource: str, patch: str) -> Command:
        """Merge a patch into an object."""
        merges = (*resource.split(), "--type", "merge")
        return self.kubectl(f"patch {' '.join(merges)} -p '{patch}'", "patch", *merges, "--patch", patch)

    def customer_pays(self, telling: str) -> Happening:
        """The customer pays the open invoice with a card that is kept."""
        return Happening(telling, self._customer_pays)

    def card_declines(self, telling: str) -> Happening:
        """From now on the customer's card declines."""
        return Happening(telling, self._card_declines)

    def period_ends(self, telling: str) -> Happening:
        """Time passes until the period is over and its end is invoiced."""
        return Happening(telling, self._period_ends)

    def time_passes(self, telling: str, seconds: int) -> Happening:
        """Time passes for everybody."""

        async def happen() -> str:
            return await self._time_passes(seconds)

        return Happening(telling, happen)

    async def _customer(self) -> str:
        subscription = await self.eyes.stripe_subscription()
        if subscription is None:
            raise RefusedError(f"Stripe has no subscription for the tenant {self.tenant_id}")
        return str(subscription["customer"])

    async def _customer_pays(self) -> str:
        await self.environment.outside.drive_stripe(f"/_sandbox/customers/{await self._customer()}/pay")
        return ""

    async def _card_declines(self) -> str:
        path = f"/_sandbox/customers/{await self._customer()}/card"
        await self.environment.outside.drive_stripe(path, {"behavior": "declines"})
        return ""

    async def _period_ends(self) -> str:
        subscription = await self.eyes.stripe_subscription()
        if subscription is None:
            raise RefusedError(f"Stripe has no subscription for the tenant {self.tenant_id}")
        end = int(subscription["items"]["data"][0]["current_period_end"])
        now = await self.environment.outside.advance(0)
        return await self._time_passes(end - now + AFTER_RENEWAL)

    async def _time_passes(self, seconds: int) -> str:
        now = await self.environment.outside.advance(seconds)
        return f"it is {datetime.fromtimestamp(now, UTC):%Y-%m-%d}"


def stripe(telling: str, look: Look, **words: str) -> Fact:
    """A fact that is seen at Stripe."""
    return Fact(Place.STRIPE, telling, words, look)
