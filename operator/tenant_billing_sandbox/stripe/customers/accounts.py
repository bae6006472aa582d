"""The account itself: an operator checks with it that a key is of the right account."""

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.published.tables import blank


@operation("GET", "/v1/account")
def retrieve_account(account: Account, _: Call) -> Object:
    """The account of the key; it looks the same in both modes."""
    return blank("account") | {
        "id": account.id,
        "business_type": "company",
        "charges_enabled": True,
        "country": "DE",
        "default_currency": "eur",
        "details_submitted": True,
        "email": "owner@example.com",
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }
