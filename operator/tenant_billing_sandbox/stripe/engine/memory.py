"""What Stripe knows of a subscription but shows in no field."""

from dataclasses import dataclass, field

from tenant_billing_sandbox.stripe.account import Account, Object


@dataclass(frozen=True)
class Debit:
    """What was last debited for an item: the base of its proration credit (stripe.md 7, flexible mode).

    Attributes:
        amount: Minor units, after discounts.
        start: First second of the time paid for.
        end: Second after it.
        invoice: The invoice that debited it.
        line: The line of that invoice.
    """

    amount: int
    start: int
    end: int
    invoice: str | None = None
    line: str | None = None


@dataclass
class Memory:
    """Facts by subscription, item or customer.

    Attributes:
        invoices: Ids of a subscription's invoices, oldest first.
        debits: The last debit of an item, by item id.
        pending_lines: Invoice lines that wait for a subscription's next invoice, by subscription id.
        pending_invoice: The invoice on whose payment a pending update waits, by subscription id.
        pending_change: The proposal and the parameters to take over then, by subscription id.
        resumption_invoice: The invoice that resumes a paused subscription, by subscription id.
        processing: Invoices on which a slow payment is under way, with its payment method.
        departed: Items that a schedule's phase has replaced, by id: their last usage is still to be billed.
        billed_until: Before when no usage of a metered item counts, by item id: it was billed already, or the item came
            amid a period.
        ends_uncredited: Ids of subscriptions that are to end amid a period without any credit.
        owners: The subscription that an item was made for, by item id.
        by_customer: Ids of a customer's objects, by customer id and table, oldest first.
    """

    invoices: dict[str, list[str]] = field(default_factory=dict)
    debits: dict[str, Debit] = field(default_factory=dict)
    pending_lines: dict[str, list[Object]] = field(default_factory=dict)
    pending_invoice: dict[str, str] = field(default_factory=dict)
    pending_change: dict[str, Object] = field(default_factory=dict)
    resumption_invoice: dict[str, str] = field(default_factory=dict)
    processing: dict[str, str | None] = field(default_factory=dict)
    departed: dict[str, Object] = field(default_factory=dict)
    billed_until: dict[str, int] = field(default_factory=dict)
    ends_uncredited: set[str] = field(default_factory=set)
    owners: dict[str, str] = field(default_factory=dict)
    by_customer: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def remember(self, table: str, customer: str, identifier: str) -> None:
        """Index an object by its customer."""
        self.by_customer.setdefault(customer, {}).setdefault(table, []).append(identifier)


def index(account: Account, table: str, object_: Object) -> None:
    """Store a new object and index it by its customer."""
    account.table(table)[object_["id"]] = object_
    if object_.get("customer"):
        account.part(Memory).remember(table, object_["customer"], object_["id"])


def of_customer(account: Account, table: str, customer: str) -> list[Object]:
    """The customer's objects of one kind, oldest first."""
    ids = account.part(Memory).by_customer.get(customer, {}).get(table, [])
    objects = account.table(table)
    return [objects[identifier] for identifier in ids if identifier in objects]


def invoices_of(account: Account, subscription: Object) -> list[Object]:
    """The invoices of a subscription, oldest first."""
    table = account.table("invoice")
    ids = account.part(Memory).invoices.get(subscription["id"], [])
    return [table[identifier] for identifier in ids if identifier in table]
