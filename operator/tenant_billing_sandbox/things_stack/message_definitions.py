"""The messages of the tenant registry: names, types and rules, from the published API definitions.

Mask paths, the reading and the writing of JSON and the validation all follow from these tables.
"""

from collections.abc import Mapping

from tenant_billing_sandbox.things_stack.configuration_definitions import CONFIGURATION_MESSAGES
from tenant_billing_sandbox.things_stack.fields import (
    BOOL,
    ID_PATTERN,
    STRUCT,
    TIMESTAMP,
    UINT64,
    UINT64_VALUE,
    USER_ID_PATTERN,
    Cardinality,
    ContactMethod,
    ContactType,
    EntityCountingType,
    Field,
    State,
    attributes,
    enumeration,
    identifier,
    message,
    messages,
    text,
)

LIMITED_ENTITIES = ("applications", "clients", "end_devices", "gateways", "organizations", "users")
"""Kinds of entities that ``max_…`` of a tenant restricts."""

COUNTED_ENTITIES = (
    "applications",
    "clients",
    "end_devices",
    "activated_end_devices",
    "gateways",
    "organizations",
    "users",
)
"""Figures of the registry totals, in the order in which they are answered."""

TENANT: Mapping[str, Field] = {
    "ids": message("TenantIdentifiers", required=True),
    "created_at": TIMESTAMP,
    "updated_at": TIMESTAMP,
    "name": text(50),
    "description": text(2000),
    "attributes": attributes(),
    "contact_info": messages("ContactInfo", Cardinality.LIST),
    **{f"max_{entity}": UINT64_VALUE for entity in LIMITED_ENTITIES},
    "state": enumeration(State),
    "state_description": text(128),
    "capabilities": STRUCT,
    "configuration": message("Configuration"),
    "billing": message("Billing"),
    "billing_identifiers": message("BillingIdentifiers"),
}

USER: Mapping[str, Field] = {
    "ids": message("UserIdentifiers", required=True),
    "name": text(50),
    "description": text(2000),
    "attributes": attributes(max_entries=10, max_length=200),
    "contact_info": messages("ContactInfo", Cardinality.LIST, max_entries=10),
    "primary_email_address": text(email=True),
    "primary_email_address_validated_at": TIMESTAMP,
    "password": text(1000),
    "require_password_update": BOOL,
    "state": enumeration(State),
    "state_description": text(128),
    "admin": BOOL,
    "temporary_password": text(1000),
    "application_limit": UINT64_VALUE,
    "client_limit": UINT64_VALUE,
    "gateway_limit": UINT64_VALUE,
    "organization_limit": UINT64_VALUE,
}

MESSAGES: Mapping[str, Mapping[str, Field]] = {
    **CONFIGURATION_MESSAGES,
    "Tenant": TENANT,
    "TenantIdentifiers": {"tenant_id": identifier(ID_PATTERN)},
    "ContactInfo": {
        "contact_type": enumeration(ContactType),
        "contact_method": enumeration(ContactMethod),
        "value": text(256),
        "public": BOOL,
        "validated_at": TIMESTAMP,
    },
    "Billing": {
        "counting": message("EntityCounting"),
        "stripe": message("Billing.Stripe", oneof="provider"),
        "aws_saas_marketplace": message("Billing.AWSSaaSMarketplace", oneof="provider"),
    },
    "EntityCounting": {"end_devices": enumeration(EntityCountingType)},
    "Billing.Stripe": {
        "customer_id": text(min_length=1),
        "plan_id": text(min_length=1),
        "subscription_id": text(min_length=1),
        "subscription_item_id": text(min_length=1),
    },
    "Billing.AWSSaaSMarketplace": {
        "customer_identifier": text(min_length=1),
        "product_code": text(min_length=1),
    },
    "BillingIdentifiers": {"billing_id": text(250)},
    "User": USER,
    "UserIdentifiers": {"user_id": identifier(USER_ID_PATTERN), "email": text()},
    "TenantRegistryTotals": dict.fromkeys(COUNTED_ENTITIES, UINT64),
    "FieldMask": {"paths": Field(text().kind, Cardinality.LIST)},
    "CreateTenantRequest": {"tenant": message("Tenant", required=True), "initial_user": message("User")},
    "UpdateTenantRequest": {"tenant": message("Tenant", required=True), "field_mask": message("FieldMask")},
    "TenantRequest": {"tenant_ids": message("TenantIdentifiers", required=True)},
    "BatchGetTenantRegistryTotalsRequest": {
        "tenant_ids": messages("TenantIdentifiers", Cardinality.LIST),
        "field_mask": message("FieldMask"),
    },
}
