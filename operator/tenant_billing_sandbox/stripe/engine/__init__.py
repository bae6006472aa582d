"""The billing engine: subscriptions, invoices, payments, time and events of a simulated Stripe account.

Importing the package registers its operations. :func:`attach` makes an account record events,
``deliveries.delivering(account)`` delivers them to webhook endpoints while it is entered, and
``controls.routes(account, courier)`` are the routes under ``/_sandbox/`` that drive it all.
"""

import functools
from importlib import import_module

from tenant_billing_sandbox.stripe.account import Account
from tenant_billing_sandbox.stripe.engine.events import record

# Modules that answer calls or moments; they register themselves. Status follows an invoice before dunning acts on it.
for _name in (
    "payment_methods",
    "setup_intents",
    "collection",
    "standing",
    "ending",
    "last_invoices",
    "renewals",
    "creation",
    "checkout_sessions",
    "invoice_operations",
    "subscription_operations",
    "updates",
    "pending_updates",
    "item_operations",
    "pauses",
    "previews",
    "schedule_operations",
    "test_clocks",
    "meter_events",
    "thin_events",
    "events",
    "webhook_endpoints",
    "customers",
):
    import_module(f"{__name__}.{_name}")


def attach(account: Account) -> Account:
    """Have an account record an event for every change."""
    account.listeners.append(functools.partial(record, account))
    return account
