"""The messages of a tenant's ``configuration``: names and types, from the published API definitions."""

from collections.abc import Mapping

from tenant_billing_sandbox.things_stack.fields import (
    BOOL,
    BOOL_VALUE,
    OPAQUE,
    OPAQUES,
    UINT32_VALUE,
    UINT64_VALUE,
    Cardinality,
    Field,
    message,
    messages,
    text,
)

CONFIGURATION_MESSAGES: Mapping[str, Mapping[str, Field]] = {
    "Configuration": {
        "default_cluster": message("Configuration.Cluster"),
        "clusters": messages("Configuration.Cluster", Cardinality.MAP),
        "pb": message("Configuration.PacketBroker"),
    },
    "Configuration.Cluster": {
        "ui": message("Configuration.UI"),
        "is": message("Configuration.Cluster.IdentityServer"),
        "gs": message("Configuration.Cluster.GatewayServer"),
        "ns": message("Configuration.Cluster.NetworkServer"),
        "as": message("Configuration.Cluster.ApplicationServer"),
        "js": message("Configuration.Cluster.JoinServer"),
        "noc": message("Configuration.Cluster.NetworkOperationsCenter"),
        "ars": message("Configuration.Cluster.AlertRoutingServer"),
    },
    "Configuration.Cluster.AlertRoutingServer": {
        "routing": message("Configuration.Cluster.AlertRoutingServer.Routing"),
    },
    "Configuration.Cluster.AlertRoutingServer.Routing": {
        "enabled": BOOL_VALUE,
    },
    "Configuration.Cluster.ApplicationServer": {
        "webhooks": message("Configuration.Cluster.ApplicationServer.Webhooks"),
    },
    "Configuration.Cluster.ApplicationServer.Webhooks": {
        "queue": message("Configuration.Cluster.ApplicationServer.Webhooks.Queue"),
    },
    "Configuration.Cluster.ApplicationServer.Webhooks.Queue": {
        "enabled": BOOL_VALUE,
    },
    "Configuration.Cluster.GatewayServer": {
        "mtls_authentication": message("Configuration.Cluster.GatewayServer.MTLSAuthentication"),
    },
    "Configuration.Cluster.GatewayServer.MTLSAuthentication": {
        "client_ca_pool": OPAQUE,
    },
    "Configuration.Cluster.IdentityServer": {
        "user_registration": message("Configuration.Cluster.IdentityServer.UserRegistration"),
        "profile_picture": message("Configuration.Cluster.IdentityServer.ProfilePicture"),
        "end_device_picture": message("Configuration.Cluster.IdentityServer.EndDevicePicture"),
        "user_rights": message("Configuration.Cluster.IdentityServer.UserRights"),
        "admin_rights": message("Configuration.Cluster.IdentityServer.AdminRights"),
        "user_login": message("Configuration.Cluster.IdentityServer.UserLogin"),
        "email": message("Configuration.Cluster.IdentityServer.Email"),
        "application_limits": message("Configuration.Cluster.IdentityServer.ApplicationLimits"),
        "organization_limits": message("Configuration.Cluster.IdentityServer.OrganizationLimits"),
        "user_limits": message("Configuration.Cluster.IdentityServer.UserLimits"),
    },
    "Configuration.Cluster.IdentityServer.AdminRights": {
        "all": BOOL_VALUE,
    },
    "Configuration.Cluster.IdentityServer.ApplicationLimits": {
        "end_devices": UINT64_VALUE,
    },
    "Configuration.Cluster.IdentityServer.Email": {
        "network": message("Configuration.Cluster.IdentityServer.Email.Network"),
    },
    "Configuration.Cluster.IdentityServer.Email.Network": {
        "branding_base_url": text(),
    },
    "Configuration.Cluster.IdentityServer.EndDevicePicture": {
        "disable_upload": BOOL_VALUE,
    },
    "Configuration.Cluster.IdentityServer.OrganizationLimits": {
        "applications": UINT64_VALUE,
        "clients": UINT64_VALUE,
        "gateways": UINT64_VALUE,
    },
    "Configuration.Cluster.IdentityServer.ProfilePicture": {
        "disable_upload": BOOL_VALUE,
        "use_gravatar": BOOL_VALUE,
    },
    "Configuration.Cluster.IdentityServer.UserLimits": {
        "applications": UINT64_VALUE,
        "clients": UINT64_VALUE,
        "gateways": UINT64_VALUE,
        "organizations": UINT64_VALUE,
    },
    "Configuration.Cluster.IdentityServer.UserLogin": {
        "disable_credentials_login": BOOL_VALUE,
    },
    "Configuration.Cluster.IdentityServer.UserRegistration": {
        "invitation": message("Configuration.Cluster.IdentityServer.UserRegistration.Invitation"),
        "contact_info_validation": message(
            "Configuration.Cluster.IdentityServer.UserRegistration.ContactInfoValidation"
        ),
        "admin_approval": message("Configuration.Cluster.IdentityServer.UserRegistration.AdminApproval"),
        "password_requirements": message(
            "Configuration.Cluster.IdentityServer.UserRegistration.PasswordRequirements"
        ),
        "enabled": BOOL_VALUE,
    },
    "Configuration.Cluster.IdentityServer.UserRegistration.AdminApproval": {
        "required": BOOL_VALUE,
    },
    "Configuration.Cluster.IdentityServer.UserRegistration.ContactInfoValidation": {
        "required": BOOL_VALUE,
    },
    "Configuration.Cluster.IdentityServer.UserRegistration.Invitation": {
        "required": BOOL_VALUE,
        "token_ttl": OPAQUE,
    },
    "Configuration.Cluster.IdentityServer.UserRegistration.PasswordRequirements": {
        "min_length": UINT32_VALUE,
        "max_length": UINT32_VALUE,
        "min_uppercase": UINT32_VALUE,
        "min_digits": UINT32_VALUE,
        "min_special": UINT32_VALUE,
    },
    "Configuration.Cluster.IdentityServer.UserRights": {
        "create_applications": BOOL_VALUE,
        "create_clients": BOOL_VALUE,
        "create_gateways": BOOL_VALUE,
        "create_organizations": BOOL_VALUE,
        "update_primary_email_address": BOOL_VALUE,
        "update_name": BOOL_VALUE,
    },
    "Configuration.Cluster.JoinServer": {
        "join_eui_prefixes": OPAQUES,
    },
    "Configuration.Cluster.NetworkOperationsCenter": {
        "access": message("Configuration.Cluster.NetworkOperationsCenter.Access"),
    },
    "Configuration.Cluster.NetworkOperationsCenter.Access": {
        "extended": BOOL_VALUE,
    },
    "Configuration.Cluster.NetworkServer": {
        "net_id": OPAQUE,
        "ns_id": OPAQUE,
        "dev_addr_prefixes": OPAQUES,
        "deduplication_window": OPAQUE,
        "cooldown_window": OPAQUE,
    },
    "Configuration.PacketBroker": {
        "listed": BOOL,
    },
    "Configuration.UI": {
        "branding_base_url": text(),
    },
}
