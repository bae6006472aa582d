"""The answers of scripted errors, in the shapes of The Things Stack."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from tenant_billing_sandbox.service.faults import FaultSpecification
from tenant_billing_sandbox.things_stack.errors import ERROR_DETAILS_TYPE

CODES: Mapping[int, int] = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 429: 8, 499: 1, 501: 12, 503: 14, 504: 4}
UNKNOWN = 2


class ScriptedError(Exception):
    """A scripted fault strikes a call that is about to be carried out."""

    def __init__(self, specification: FaultSpecification) -> None:
        super().__init__(specification.message)
        self.specification = specification


def scripted_answer(specification: FaultSpecification) -> web.Response:
    """The answer of an ``error`` without a body of its own.

    With a ``type`` it is a service's error of that name; without one the gateway's, which has no ``details``.
    A ``code`` is the gRPC code; without one it follows from the status.
    """
    status = specification.status or 500
    code = specification.code if isinstance(specification.code, int) else CODES.get(status, UNKNOWN)
    body: dict[str, object] = {"code": code, "message": specification.message}
    if specification.type is not None:
        namespace = "pkg/identityserver"
        details = {
            "@type": ERROR_DETAILS_TYPE,
            "namespace": namespace,
            "name": specification.type,
            "message_format": specification.message,
            "code": code,
        }
        text = f"error:{namespace}:{specification.type} ({specification.message})"
        body |= {"message": text, "details": [details]}
    headers = {"WWW-Authenticate": "TenantAdminKey"} if status == HTTPStatus.UNAUTHORIZED else None
    return web.json_response(body, status=status, headers=headers)
