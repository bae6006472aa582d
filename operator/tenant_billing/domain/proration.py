"""What happens to the rest of a period when a price changes in its middle, in the provider's words (stripe.md 7)."""

from collections.abc import Mapping
from typing import Final

from tenant_billing.api.billing_plan import ProrationPolicy

PRORATION: Final[Mapping[ProrationPolicy, str]] = {
    ProrationPolicy.NEXT_INVOICE: "create_prorations",
    ProrationPolicy.INVOICE_NOW: "always_invoice",
    ProrationPolicy.NONE: "none",
}
