"""The account's picture: what one payment account holds, as far as it was seen.

One full listing at the start of each leader, kept current by fresh reads, by the answers to writes, and by pages
of what was created since (product.md, "Look before creating" and "Budgets").
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeVar

from tenant_billing.domain import counting
from tenant_billing.domain.errors import Forbidden
from tenant_billing.domain.observations import Customer, Invoice, Meter, Price, Product, Subscription
from tenant_billing.domain.read_allowance import AccountSize, payments_a_month
from tenant_billing.ports import BillingProvider, Clock, OnTurn
from tenant_billing.reconcilers.all_or_none import all_or_none
from tenant_billing.reconcilers.grouping import GroupedCalls
from tenant_billing.reconcilers.readings import Readings
from tenant_billing.reconcilers.seen_objects import Seen, SeenObjects

OVERLAP: Final = timedelta(seconds=10)
"""How far a look at what was created since reaches back behind the last one that did: lists may lag a little."""
STAMP: Final = timedelta(seconds=2)
"""How far looks reach back that follow it within that time: ``created`` and the account's time are whole seconds."""

SeenT = TypeVar("SeenT", Customer, Subscription, Product, Price, Meter)


class AccountPicture(SeenObjects):
    """What was seen of one account, and the ways to look again.

    What is inherited costs no call and may be old. ``fresh_…`` asks the provider and takes the answer in.
    Every method that waits raises what the provider raises.
    """

    def __init__(self, provider: BillingProvider, clock: Clock) -> None:
        super().__init__()
        self._provider = provider
        self._clock = clock
        self._readings = Readings()
        self._listed_at: datetime | None = None
        self._meters_listed = False
        self._looked_at: datetime | None = None
        self._listed_in_full_at: datetime | None = None
        self._passed_over_in, self._whole = -1, 0  # numbers of listings
        self._compared_with: Mapping[str, Seen] = {}
        self._full = GroupedCalls(self._list_everything)
        self._newly_created = GroupedCalls(self._list_newly_created)
        self._catalogue = GroupedCalls(self._list_catalogue)

    @property
    def is_ready(self) -> bool:
        """Whether the full listing was done."""
        return self._listed_at is not None

    async def ready(self) -> None:
        """Wait for the full listing, and make it if nobody has."""
        if not self.is_ready:
            await self._full.ask(None)

    def go_on_with(self, provider: BillingProvider) -> None:
        """Look through another connection to the same account from now on."""
        self._provider = provider

    async def list_again(self) -> None:
        """List the whole account again: the event list could not tell what happened meanwhile.

        Nobody goes on with what was seen before until that has succeeded.
        """
        self._listed_at = None
        await self.ready()

    @property
    def has_gaps(self) -> bool:
        """Whether events of subscriptions that nobody looked for were passed over since the full listing."""
        return self._passed_over_in >= self._whole

    def pass_over(self) -> None:
        """Note that an event told of a subscription which is not read: nobody asks for it as things are."""
        self._passed_over_in = self._readings.listing

    def was_listed_after(self, moment: datetime) -> bool:
        """Whether the last full listing began after a moment, and so shows what happened then."""
        return self._listed_in_full_at is not None and moment < self._listed_in_full_at - OVERLAP

    async def compare(self) -> frozenset[str]:
        """List the whole account while work goes on: what no event has told is seen then.

        Returns:
            Ids of the customers, subscriptions, products and prices that are not as they were seen before.
        """
        before = self._compared_with = (
            self._compared_with or self.by_id()
        )  # kept where a listing fails half-way
        await self._list_all()
        self._compared_with, after = {}, self.by_id()
        return frozenset(each for each in after if after[each] != before.get(each))

    @property
    def size(self) -> AccountSize:
        """How much a full listing reads."""
        return AccountSize(self.lengths(), payments_a_month(self.subscriptions(), self.prices_by_id()))

    async def refresh_created_since(self) -> None:
        """See every customer and subscription that was created before this call.

        To be awaited after an intent was stored and before the create is sent.
        """
        if self.is_ready:
            await self._newly_created.ask(None)
        else:
            await self._full.ask(None)

    async def refresh_catalogue(self) -> None:
        """List products, prices and meters again."""
        await self._catalogue.ask(None)

    async def fresh_subscription(self, subscription_id: str) -> Subscription | None:
        """One subscription as it is now; None where the provider says that it does not exist."""
        return await self._fresh(subscription_id, self._provider.subscription)

    async def fresh_payer(
        self,
        customer_id: str,
        on_turn: OnTurn | None = None,
        *,
        with_customer: bool = False,
        urgent: bool = True,
    ) -> None:
        """A customer with all subscriptions, ended ones too, as they are now.

        A customer with a live subscription is not asked for: its deletion would have ended it (stripe.md 1.2).

        Args:
            customer_id: Who pays.
            on_turn: Told when the provider is asked: the answer covers what has happened until then.
            with_customer: Ask for the customer all the same.
            urgent: Whether it goes before what can wait in the account's budget.
        """
        begun = self._readings.begin(customer_id)

        def asked() -> None:
            nonlocal begun
            begun = self._readings.begin(customer_id)
            if on_turn is not None:
                on_turn()

        found = await self._provider.subscriptions_of(customer_id, asked, urgent=urgent)
        for each in found:
            self._answered(each.id, each, begun)
        may_be_deleted = all(counting.has_ended(each) for each in found)
        if with_customer or may_be_deleted or self.customer(customer_id) is None:
            await self.fresh_customer(customer_id)
        else:
            self._readings.end(customer_id, begun)

    async def fresh_customer(self, customer_id: str) -> Customer | None:
        """One customer as it is now; None where the provider says that it does not exist."""
        return await self._fresh(customer_id, self._provider.customer)

    async def fresh_price(self, price_id: str) -> Price | None:
        """One price as it is now; None where the provider says that it does not exist."""
        return await self._fresh(price_id, self._provider.price)

    async def fresh_product(self, product_id: str) -> Product | None:
        """One product as it is now; None where the provider says that it does not exist."""
        return await self._fresh(product_id, self._provider.product)

    async def fresh_meter(self, meter_id: str) -> Meter | None:
        """One meter as it is now; None where the provider says that it does not exist."""
        return await self._fresh(meter_id, self._provider.meter)

    async def meters_ready(self) -> None:
        """See to it that the meters were listed.

        Raises:
            Forbidden: The key may not read them; one that sells no usage need not.
        """
        if not self._meters_listed:
            await self._take_meters(self._readings.begin_listing())

    def take(self, *seen: Customer | Subscription | Invoice | Product | Price | Meter) -> None:
        """Take in what the provider answered to a write; it is newer than any listing under way."""
        for each in seen:
            if isinstance(each, Invoice):
                self._put_invoice(each)
            else:
                self._take(each, self._readings.listing)

    def stale(self, ids: Iterable[str]) -> None:
        """Note that objects changed outside: what is known of them must not be judged by any more.

        What was never seen cannot be stale: an account may hold much that nobody here will ever read.
        """
        self._readings.outdate(ids)

    def is_stale(self, object_id: str) -> bool:
        """Whether an object changed outside since it was last read."""
        return self._readings.is_outdated(object_id)

    async def _fresh(self, object_id: str, read: Callable[[str], Awaitable[SeenT | None]]) -> SeenT | None:
        begun = self._readings.begin(object_id)
        return self._answered(object_id, await read(object_id), begun)

    def _answered(self, object_id: str, answer: SeenT | None, begun: int) -> SeenT | None:
        """Take in a fresh read, unless a later one was faster."""
        if not self._readings.end(object_id, begun):
            return answer
        if answer is None:
            self._remove(object_id)
        else:
            self._take(answer, self._readings.listing)
        return answer

    def _take(self, seen: Seen, listing: int) -> None:
        self._put(seen)
        self._readings.took_in(seen.id, listing)
        if not isinstance(seen, Subscription):
            return
        if seen.open_invoices is not None:
            self._put_invoices_of(seen.id, seen.open_invoices)
        elif seen.latest_invoice is not None:  # a page that shows none must not hide it
            self._put_invoice(seen.latest_invoice)

    async def _take_pages(self, pages: AsyncIterator[SeenT], listing: int) -> None:
        """Take in a listing, except what was read or written after it began."""
        async for each in pages:
            self._take_listed(each, listing)

    def _take_listed(self, seen: Seen, listing: int) -> None:
        if self._readings.is_news(seen.id, listing):
            self._take(seen, listing)

    async def _list_everything(self, _: list[None]) -> None:
        if not self.is_ready:
            await self._list_all()

    async def _list_all(self) -> None:
        began = self._now()
        listing, provider = self._readings.begin_listing(), self._provider
        await self._take_open_invoices(listing)
        await all_or_none(
            self._take_pages(provider.list_customers(), listing),
            self._take_pages(provider.list_subscriptions(), listing),
            self._take_pages(provider.list_products(), listing),
            self._take_pages(provider.list_prices(), listing),
            self._take_meters_if_allowed(listing),
        )
        self._listed_at = self._looked_at = self._listed_in_full_at = began
        self._whole = listing

    async def _take_meters_if_allowed(self, listing: int) -> None:
        """See the meters, too; where the key may not, only plans that need one ask again and say so."""
        try:
            await self._take_meters(listing)
        except Forbidden:
            self._meters_listed = False

    async def _take_meters(self, listing: int) -> None:
        await self._take_pages(self._provider.list_meters(), listing)
        self._meters_listed = True

    async def _take_open_invoices(self, listing: int) -> None:
        """See the open invoices first: a subscription that is read freshly meanwhile brings its own."""
        found = [each async for each in self._provider.list_open_invoices()]
        for subscription_id in [each for each in self._invoices if self._readings.is_news(each, listing)]:
            del self._invoices[subscription_id]
        for each in found:
            if self._readings.is_news(each.subscription_id or "", listing):
                self._put_invoice(each)

    async def _list_newly_created(self, _: list[None]) -> None:
        if self._listed_at is None or self._looked_at is None:  # it became due while others looked
            await self._full.ask(None)
            return
        began = self._now()
        # In a rush one look follows the other: to see all of the last seconds again each time is most of the work.
        reaches_back = began - self._listed_at >= OVERLAP
        since = self._listed_at - OVERLAP if reaches_back else self._looked_at - STAMP
        listing = self._readings.begin_listing()
        for each in await self._provider.created_since(since):
            self._take_listed(each, listing)
        if self.is_ready:
            self._looked_at = began
            self._listed_at = began if reaches_back else self._listed_at

    async def _list_catalogue(self, _: list[None]) -> None:
        listing = self._readings.begin_listing()
        await all_or_none(
            self._take_pages(self._provider.list_products(), listing),
            self._take_pages(self._provider.list_prices(), listing),
            self._take_meters_if_allowed(listing),
        )

    def _now(self) -> datetime:
        """The account's own time where an answer told it: ``created`` is stamped by that clock."""
        return self._provider.time() or self._clock.now()
