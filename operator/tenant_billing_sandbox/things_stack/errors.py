"""The errors of The Things Stack and their bodies (things-stack.md 4)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

ERROR_DETAILS_TYPE = "type.googleapis.com/ttn.lorawan.v3.ErrorDetails"


class Code(IntEnum):
    """The gRPC codes that the registry answers with."""

    INVALID_ARGUMENT = 3
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


HTTP_STATUS: Mapping[int, int] = {
    1: 499,
    2: 500,
    3: 400,
    4: 504,
    5: 404,
    6: 409,
    7: 403,
    8: 429,
    9: 400,
    10: 409,
    11: 400,
    12: 501,
    13: 500,
    14: 503,
    15: 500,
    16: 401,
}
"""HTTP status by gRPC code (things-stack.md 4): 400 and 409 each stand for several codes (T-02)."""


@dataclass(frozen=True)
class ErrorDefinition:
    """A named error.

    Attributes:
        code: Its gRPC code.
        namespace: The part of the server it comes from.
        name: What clients match on.
        message_format: The text, with ``{attribute}`` where an attribute is filled in.
    """

    code: Code
    namespace: str
    name: str
    message_format: str


def _registry(code: Code, name: str, message_format: str) -> ErrorDefinition:
    return ErrorDefinition(code, "pkg/identityserver", name, message_format)


UNAUTHENTICATED = _registry(Code.UNAUTHENTICATED, "unauthenticated", "no credentials were given")
UNSUPPORTED_AUTHORIZATION = _registry(
    Code.UNAUTHENTICATED, "unsupported_authorization", "credentials of this kind are not supported"
)
TENANT_ADMIN_KEY = _registry(Code.PERMISSION_DENIED, "tenant_admin_key", "this is no tenant admin key")
NO_TENANT_RIGHTS = _registry(
    Code.PERMISSION_DENIED, "no_tenant_rights", "the caller has no rights on tenants"
)
TENANT_NOT_FOUND = _registry(Code.NOT_FOUND, "tenant_not_found", "there is no tenant `{tenant_id}`")
ID_TAKEN = _registry(Code.ALREADY_EXISTS, "id_taken", "the id `{id}` is taken")
FORBIDDEN_ID = _registry(Code.INVALID_ARGUMENT, "forbidden_id", "the id `{id}` is reserved")
EMAIL = _registry(Code.INVALID_ARGUMENT, "email", "`{email}` is not an e-mail address")
PASSWORD_STRENGTH = _registry(
    Code.INVALID_ARGUMENT, "password_strength", "the password breaks the policy: {reason}"
)
MULTI_TENANCY_NOT_LICENSED = _registry(
    Code.FAILED_PRECONDITION, "multi_tenancy_not_licensed", "the licence does not include multi-tenancy"
)
TENANT_ENTITY_LIMIT = _registry(
    Code.FAILED_PRECONDITION,
    "tenant_entity_limit",
    "limit for {entity_type} entities in tenant reached, upgrade at {subscription_upgrade_url}",
)
TENANT_NOT_ACTIVE = _registry(Code.PERMISSION_DENIED, "tenant_not_active", "Tenant is not active")
BATCH_SIZE = _registry(Code.INVALID_ARGUMENT, "batch_size", "a batch has at most {limit} tenants")
VALIDATION = ErrorDefinition(Code.INVALID_ARGUMENT, "pkg/errors", "validation", "invalid `{field}`: {reason}")
FIELD_MASK_PATHS = ErrorDefinition(
    Code.INVALID_ARGUMENT,
    "pkg/rpcmiddleware/validator",
    "field_mask_paths",
    "the field mask names paths that are not allowed: {forbidden_paths}",
)
RATE_LIMIT_EXCEEDED = ErrorDefinition(
    Code.RESOURCE_EXHAUSTED,
    "pkg/ratelimit",
    "rate_limit_exceeded",
    "the rate limit of {rate} requests for `{key}` is exceeded",
)
ROUTE_NOT_FOUND = ErrorDefinition(
    Code.NOT_FOUND, "pkg/webhandlers", "route_not_found", "no route leads to `{route}`"
)


class ThingsStackError(Exception):
    """An answer that a service of The Things Stack gives instead of a result."""

    def __init__(
        self,
        definition: ErrorDefinition,
        *,
        cause: "ThingsStackError | None" = None,
        **attributes: Any,
    ) -> None:
        super().__init__(definition.name)
        self.definition = definition
        self.cause = cause
        self.attributes = attributes

    @property
    def message(self) -> str:
        """``error:<namespace>:<name> (<text>)``."""
        text = self.definition.message_format
        for name, value in self.attributes.items():
            text = text.replace(f"{{{name}}}", _as_text(value))
        return f"error:{self.definition.namespace}:{self.definition.name} ({text})"

    def details(self) -> dict[str, Any]:
        """The entry of the error in ``details``, with its cause nested in the same shape."""
        details: dict[str, Any] = {
            "namespace": self.definition.namespace,
            "name": self.definition.name,
            "message_format": self.definition.message_format,
        }
        if self.attributes:
            details["attributes"] = self.attributes
        details["correlation_id"] = uuid.uuid4().hex
        if self.cause is not None:
            details["cause"] = self.cause.details()
        details["code"] = int(self.definition.code)
        return details

    def body(self) -> dict[str, Any]:
        """The whole JSON body of the answer."""
        return {
            "code": int(self.definition.code),
            "message": self.message,
            "details": [{"@type": ERROR_DETAILS_TYPE, **self.details()}],
        }


class GatewayError(Exception):
    """An answer that the gateway gives before any service sees the call: it has no ``details``."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def body(self) -> dict[str, Any]:
        """The whole JSON body of the answer."""
        return {"code": int(self.code), "message": self.message}


def malformed(message: str) -> GatewayError:
    """The gateway's answer to a body or a query that it cannot read."""
    return GatewayError(Code.INVALID_ARGUMENT, message)


def _as_text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
