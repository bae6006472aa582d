"""The addresses that Stripe delivers to, and what they answer. Neither headers nor bodies are ever logged."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web

from tenant_billing.webhooks.deliveries import Deliveries, Result

LARGEST_DELIVERY: Final = 512 * 1024
"""Bytes; more is refused with 413 before it is read to the end."""
BILLING_SERVER_PATH: Final = "/api/v3/tbs/stripe"
"""The Tenant Billing Server's own path: who moves from it changes nothing at Stripe."""
BACKEND_PATH: Final = "/webhooks/stripe/{backend}"
SIGNATURE_HEADER: Final = "Stripe-Signature"

_ANSWERS: Final[Mapping[Result, HTTPStatus]] = {
    Result.STORED: HTTPStatus.OK,
    Result.DROPPED: HTTPStatus.OK,
    Result.NOT_VERIFIED: HTTPStatus.BAD_REQUEST,
    Result.NOT_STORED: HTTPStatus.SERVICE_UNAVAILABLE,
    Result.UNKNOWN_BACKEND: HTTPStatus.NOT_FOUND,
}


def webhook_application(deliveries: Deliveries) -> web.Application:
    """The application that Stripe delivers to."""

    async def deliver(request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return web.Response(status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        payload = await request.read()  # 413 above the largest size
        signature = request.headers.get(SIGNATURE_HEADER, "")
        if not payload or not signature:
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        result = await deliveries.take(payload, signature, request.match_info.get("backend"))
        return web.Response(status=_ANSWERS[result], text=result.value)

    app = web.Application(client_max_size=LARGEST_DELIVERY)
    app.router.add_post(BILLING_SERVER_PATH, deliver)
    app.router.add_post(BACKEND_PATH, deliver)
    return app
