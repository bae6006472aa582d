"""What the end of a customer means for billing (stripe.md 1.2, Customer)."""

from tenant_billing_sandbox.stripe.account import Account
from tenant_billing_sandbox.stripe.engine.ending import end
from tenant_billing_sandbox.stripe.engine.memory import of_customer
from tenant_billing_sandbox.stripe.engine.standing import TERMINAL


def customer_deleted(account: Account, customer_id: str) -> None:
    """Cancel all subscriptions of a customer at once; to be called when the customer is deleted."""
    for subscription in of_customer(account, "subscription", customer_id):
        if subscription["status"] not in TERMINAL:
            end(account, subscription, "cancellation_requested")
