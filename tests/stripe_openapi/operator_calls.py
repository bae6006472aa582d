"""Every call that the operator makes to Stripe, with every parameter that it may send."""

from collections.abc import Mapping

from stripe_openapi import (
    account_calls,
    catalogue_calls,
    subscription_calls,
    usage_calls,
    webhook_endpoint_calls,
)
from stripe_openapi.call_table import Calling

CALLS: Mapping[str, Calling] = {
    **account_calls.calls.by_method,
    **catalogue_calls.calls.by_method,
    **subscription_calls.calls.by_method,
    **usage_calls.calls.by_method,
    **webhook_endpoint_calls.calls.by_method,
}
"""By name of the port's method."""
SILENT = frozenset({"time", "close"})
"""Methods of the port that send nothing."""
