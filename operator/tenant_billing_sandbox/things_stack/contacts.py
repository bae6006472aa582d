"""Contact information, which the API has deprecated (T-14)."""

from tenant_billing_sandbox.things_stack.errors import EMAIL, ThingsStackError
from tenant_billing_sandbox.things_stack.fields import ContactMethod, ContactType
from tenant_billing_sandbox.things_stack.message_json import Message
from tenant_billing_sandbox.things_stack.store import TenantRecord
from tenant_billing_sandbox.things_stack.validation import is_email_address

CONTACT_INFO_DEPRECATED = "the field contact_info is deprecated"
"""Goes out as ``X-Warning`` with every write that names contacts."""


def check_contacts(holder: Message) -> None:
    """Refuse a contact by e-mail whose value is no address.

    Raises:
        ThingsStackError: ``email``.
    """
    for contact in holder.get("contact_info", []):
        value = contact.get("value", "")
        if contact.get("contact_method") == ContactMethod.CONTACT_METHOD_EMAIL and not is_email_address(
            value
        ):
            raise ThingsStackError(EMAIL, email=value)


def with_derived_contacts(record: TenantRecord) -> Message:
    """The tenant with the contacts that a server answers which stores none: its administrator's address."""
    tenant = {name: value for name, value in record.tenant.items() if name != "contact_info"}
    if record.initial_user is None:
        return tenant
    derived = {
        "contact_type": ContactType.CONTACT_TYPE_TECHNICAL,
        "contact_method": ContactMethod.CONTACT_METHOD_EMAIL,
        "value": record.initial_user["primary_email_address"],
    }
    return tenant | {"contact_info": [derived]}
