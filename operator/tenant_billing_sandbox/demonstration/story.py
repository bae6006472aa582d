"""The story: a tenant is sold, pays, grows, falls behind, pays again, and leaves."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tenant_billing_sandbox.demonstration.eyes import NO_TENANT, Eyes
from tenant_billing_sandbox.demonstration.observation import Fact, Place, Words
from tenant_billing_sandbox.demonstration.steps import Command, Happening, Step
from tenant_billing_sandbox.environment import places
from tenant_billing_sandbox.environment.environment import Environment
from tenant_billing_sandbox.environment.outside import RefusedError

TENANT: Final = "acme-iot"
AFTER_RENEWAL: Final = 2 * 3600
"""Seconds. Stripe keeps a renewal's invoice a draft for an hour before it charges."""
THREE_WEEKS: Final = 21 * 24 * 3600
DELETION_TIMEOUT: Final = "30s"

Look = Callable[[], Awaitable[Words]]


@dataclass(frozen=True)
class Story:
    """The steps, bound to an environment.

    Attributes:
        environment: Where it plays.
        with_operator: Whether the operator takes part.
    """

    environment: Environment
    with_operator: bool = True

    @property
    def eyes(self) -> Eyes:
        """Looks at the story's tenant."""
        return Eyes(self.environment.outside, TENANT, places.TENANT_NAMESPACE)

    def steps(self) -> Sequence[Step]:
        """All steps, in order."""
        return (
            self._install(),
            self._connect(),
            self._offer(),
            self._subscribe(),
            self._pay(),
            self._upgrade(),
            self._fail_to_pay(),
            self._wait_three_weeks(),
            self._pay_again(),
            self._cancel(),
        )

    def _install(self) -> Step:
        leading = Fact(
            Place.KUBERNETES,
            "the operator leads: its Lease is held by {lease}",
            {},
            self.eyes.lease,
            ("lease",),
        )
        return Step(
            "install",
            "Install the operator",
            (
                Command("kubectl apply --server-side -f deploy/crds -f deploy/rbac", self._installs),
                Command("tenant-billing run", self._operator_starts),
            ),
            (leading,),
        )

    def _connect(self) -> Step:
        files = ("billingbackend.yaml", "thingsstackcluster.yaml")
        paths = [argument for name in files for argument in ("-f", str(self.environment.manifests / name))]
        return Step(
            "connect",
            "Connect a Stripe account and a deployment of The Things Stack",
            (self._kubectl(f"apply -f {' -f '.join(files)}", "apply", *paths),),
            (
                self._ready("billingbackends", places.BACKEND, "Available"),
                self._ready("thingsstackclusters", places.CLUSTER, "Available"),
            ),
        )

    def _offer(self) -> Step:
        return Step(
            "plans",
            "Offer two plans",
            (self._apply("billingplan.yaml"),),
            (
                self._ready("billingplans", "starter", "Available", price="EUR 49.00 / month"),
                self._ready("billingplans", "growth", "Available", price="EUR 149.00 / month"),
                _stripe("prices {prices}", self.eyes.prices, prices="EUR 49.00 / month, EUR 149.00 / month"),
            ),
        )

    def _subscribe(self) -> Step:
        telling = f"{TENANT} not Ready: {{reason}}, hostedInvoiceURL set"
        return Step(
            "subscribe",
            "Subscribe a tenant to the starter plan",
            (self._apply("tenantsubscription.yaml"),),
            (
                Fact(
                    Place.KUBERNETES,
                    telling,
                    {"ready": "False", "reason": "AwaitingPayment"},
                    self.eyes.subscription,
                    ("invoice",),
                ),
                self._paying(status="incomplete", price="EUR 49.00 / month", invoice="open"),
                _things_stack("tenant {state}", self.eyes.tenant, state=NO_TENANT),
            ),
        )

    def _pay(self) -> Step:
        return Step(
            "pay",
            "The customer pays",
            (Happening("the customer opens the invoice and pays by card", self._customer_pays),),
            (
                self._paying(status="active", price="EUR 49.00 / month", invoice="paid"),
                self._tenant(state="approved", limit="500"),
                self._subscribed("Provisioned", payment="Paid", state="Approved", plan="starter"),
            ),
        )

    def _upgrade(self) -> Step:
        patch = '{"spec":{"planRef":{"name":"growth"}}}'
        where = ("tsub", TENANT, "-n", places.TENANT_NAMESPACE, "--type", "merge")
        shown = f"patch {' '.join(where)} -p '{patch}'"
        return Step(
            "upgrade",
            "Upgrade to the growth plan",
            (self._kubectl(shown, "patch", *where, "--patch", patch),),
            (
                self._paying(status="active", price="EUR 149.00 / month", invoice="paid"),
                self._tenant(state="approved", limit="5000"),
                self._subscribed("Provisioned", payment="Paid", state="Approved", plan="growth"),
            ),
        )

    def _fail_to_pay(self) -> Step:
        flagged = self._subscribed("Provisioned", payment="PastDue", state="Flagged")
        telling = f"{TENANT} Ready: {{payment}}, {{state}}, to be suspended {{suspension}}"
        return Step(
            "fail to pay",
            "A payment fails at the renewal",
            (
                Happening("from now on the customer's card declines", self._card_declines),
                Happening("time passes: the period ends, Stripe charges the card", self._period_ends),
            ),
            (
                self._paying(status="past_due", price="EUR 149.00 / month", invoice="open"),
                _things_stack(
                    "tenant {state}: {description}",
                    self.eyes.tenant,
                    state="flagged",
                    description="Stripe subscription past due",
                ),
                Fact(flagged.place, telling, flagged.expected, flagged.look, ("suspension",)),
            ),
        )

    def _wait_three_weeks(self) -> Step:
        return Step(
            "three weeks",
            "Three weeks later it still is not paid",
            (Happening("time passes: 21 days, every retry of Stripe's declines", self._three_weeks_pass),),
            (
                self._paying(status="past_due", price="EUR 149.00 / month", invoice="open"),
                self._tenant(state="suspended"),
                self._subscribed("Provisioned", payment="GraceExpired", state="Suspended"),
            ),
        )

    def _pay_again(self) -> Step:
        return Step(
            "pay at last",
            "The customer pays at last",
            (Happening("the customer pays the open invoice with another card", self._customer_pays),),
            (
                self._paying(status="active", price="EUR 149.00 / month", invoice="paid"),
                self._tenant(state="approved", limit="5000"),
                self._subscribed("Provisioned", payment="Paid", state="Approved", plan="growth"),
            ),
        )

    def _cancel(self) -> Step:
        shown = f"delete tsub {TENANT} -n {places.TENANT_NAMESPACE}"
        return Step(
            "cancel",
            "Cancel",
            (self._kubectl(shown, *shown.split(), "--timeout", DELETION_TIMEOUT),),
            (
                Fact(Place.KUBERNETES, f"{TENANT} {{object}}", {"object": "gone"}, self.eyes.subscription),
                self._paying(status="canceled", price="EUR 149.00 / month"),
                self._tenant(state="suspended"),
            ),
        )

    # ------------------------------------------------------------ what is seen

    def _ready(self, plural: str, name: str, reason: str, **words: str) -> Fact:
        async def look() -> Words:
            return await self.eyes.kind(plural, name)

        price = ", {price}" if "price" in words else ""
        expected = {"ready": "True", "reason": reason, **words}
        return Fact(Place.KUBERNETES, f"{name} Ready, {{reason}}{price}", expected, look)

    def _subscribed(self, reason: str, **words: str) -> Fact:
        telling = f"{TENANT} Ready: payment {{payment}}, tenant {{state}}"
        if "plan" in words:
            telling += ", plan {plan}"
        expected = {"ready": "True", "reason": reason, **words}
        return Fact(Place.KUBERNETES, telling, expected, self.eyes.subscription)

    def _paying(self, **words: str) -> Fact:
        telling = "{status}, {price}"
        if "invoice" in words:
            telling += "; invoice {due} {invoice}"
        return _stripe(telling, self.eyes.payments, **words)

    def _tenant(self, *, state: str, limit: str | None = None) -> Fact:
        if limit is None:
            return _things_stack("tenant {state}: {description}", self.eyes.tenant, state=state)
        return _things_stack(
            "tenant {state}, at most {limit} devices", self.eyes.tenant, state=state, limit=limit
        )

    # ------------------------------------------------------------ what happens

    def _kubectl(self, shown: str, *arguments: str) -> Command:
        async def run() -> str:
            return await self.environment.plane.run_kubectl(*arguments)

        return Command(f"kubectl {shown}", run)

    def _apply(self, file: str) -> Command:
        return self._kubectl(
            f"apply -f deploy/samples/{file}", "apply", "--filename", str(places.SAMPLES / file)
        )

    async def _installs(self) -> str:
        await self.environment.install()
        return ""

    async def _operator_starts(self) -> str:
        if self.with_operator:
            await self.environment.start_operator(wait=False)
        return ""

    async def _customer(self) -> str:
        subscription = await self.eyes.stripe_subscription()
        if subscription is None:
            raise RefusedError(f"Stripe has no subscription for the tenant {TENANT}")
        return str(subscription["customer"])

    async def _customer_pays(self) -> str:
        await self.environment.outside.drive_stripe(f"/_sandbox/customers/{await self._customer()}/pay")
        return ""

    async def _card_declines(self) -> str:
        path = f"/_sandbox/customers/{await self._customer()}/card"
        await self.environment.outside.drive_stripe(path, {"behavior": "declines"})
        return ""

    async def _period_ends(self) -> str:
        subscription = await self.eyes.stripe_subscription() or {}
        end = int(subscription["items"]["data"][0]["current_period_end"])
        now = await self.environment.outside.advance(0)
        return await self._time_passes(end - now + AFTER_RENEWAL)

    async def _three_weeks_pass(self) -> str:
        return await self._time_passes(THREE_WEEKS)

    async def _time_passes(self, seconds: int) -> str:
        now = await self.environment.outside.advance(seconds)
        return f"it is {datetime.fromtimestamp(now, UTC):%Y-%m-%d}"


def _stripe(telling: str, look: Look, **words: str) -> Fact:
    return Fact(Place.STRIPE, telling, words, look)


def _things_stack(telling: str, look: Look, **words: str) -> Fact:
    return Fact(Place.THINGS_STACK, telling, words, look)
