"""An account with one customer, one subscription and what they pay for, as a picture sees it."""

from typing import Any, Final

from account_memory import AccountMemory
from hand_clock import NOW
from plan_builders import a_price, a_product
from tenant_billing.domain.identity import TenantKey
from tenant_billing.domain.observations import Customer, Invoice, Subscription

ACME: Final = TenantKey("default", "eu1", "acme")


def a_customer(identity: str = "cus_A", **changes: Any) -> Customer:
    known: dict[str, Any] = {"id": identity, "created": NOW, "metadata": ACME.metadata()}
    return Customer(**(known | changes))


def a_subscription(identity: str = "sub_A", **changes: Any) -> Subscription:
    known: dict[str, Any] = {
        "id": identity,
        "customer_id": "cus_A",
        "status": "active",
        "created": NOW,
        "metadata": ACME.metadata("starter"),
    }
    return Subscription(**(known | changes))


def an_invoice(identity: str = "in_1", status: str = "open", subscription: str | None = "sub_A") -> Invoice:
    return Invoice(identity, subscription, status, NOW)


def an_account() -> AccountMemory:
    account = AccountMemory()
    account.customers["cus_A"] = a_customer()
    account.subscriptions["sub_A"] = a_subscription()
    account.products["prod_1"] = a_product()
    account.prices["price_1"] = a_price()
    account.invoices.append(an_invoice())
    return account
