"""Why a call would be made, in words: derived from what it sends, for people who read a forecast."""

from collections.abc import Mapping
from typing import Final

from tenant_billing.domain.forecast import Value

_FIXED: Final[Mapping[str, str]] = {
    "CreateCustomer": "the tenant has no customer yet",
    "MarkCustomer": "the customer is marked as this tenant's, so that it is found again",
    "CreateSubscription": "the tenant has no subscription yet",
    "ChangeItem": "another plan is asked for than the one in force",
    "AttachSchedule": "the change has to wait for the end of the period",
    "PlanMove": "another plan is asked for, and comes at the end of the period",
    "ReleaseSchedule": "what it plans is not asked for any more",
    "CancelSubscription": "the object is being deleted",
    "ReportUsage": "the devices are counted once more before the access ends",
    "CreateProduct": "the plan has no product yet",
    "CreateMeter": "nothing counts what the plan charges yet",
    "CreatePrice": "no price of the plan has these terms; prices are immutable",
    "ArchivePrice": "another price of the plan is sold now",
    "CreateWebhookEndpoint": "no endpoint of this backend stands whose signing secret is known",
    "DeleteWebhookEndpoint": "the endpoint is of no use any more",
    "UpdateWebhookEndpoint": "the endpoint is not as it was registered",
    "CreateTenant": "the subscription is paid or in trial, and there is no such tenant",
    "DeleteTenant": "the object is being deleted",
}

_OF_FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "UpdateTenant": {
        "state": "access follows the payments",
        "limits": "the limits differ from the plan's",
        "billing": "its billing field names something else",
        "attributes": "its attributes lack our marks, or the object's",
        "name": "the object gives another name",
        "description": "the object gives another description",
        "counts_only_activated": "the plan counts other devices",
    },
    "UpdateProduct": {
        "active": "whether it is sold differs",
        "default_price_id": "its default price is taken out of sale",
        "name": "the plan has another name",
        "description": "the plan has another description",
        "tax_code": "the plan has another tax code",
    },
    "ChangeSubscription": {
        "cancel_at_period_end": "the object asks for another renewal",
        "clears_cancel_at": "the object asks for another renewal",
        "collection": "the object asks for another way of collecting",
        "discounts": "the object names other coupons",
        "metadata": "what was applied is noted",
    },
}


def reason_of(operation: str, parameters: Mapping[str, Value]) -> str:
    """Say why a call is made; empty for one that this version has no words for."""
    if operation in _FIXED:
        return _FIXED[operation]
    words = _OF_FIELDS.get(operation, {})
    return "; ".join(words[name] for name in words if name in parameters)
