"""The simulator as an HTTP server."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tenant_billing_sandbox.service.control import add_control_routes
from tenant_billing_sandbox.service.faults import FaultSpecification
from tenant_billing_sandbox.service.interception import Observed, interception
from tenant_billing_sandbox.service.listening import listening
from tenant_billing_sandbox.stripe import engine
from tenant_billing_sandbox.stripe import resources as resources
from tenant_billing_sandbox.stripe.account import Account
from tenant_billing_sandbox.stripe.answering import Answering, Tenancy, common_headers, worded, writes
from tenant_billing_sandbox.stripe.customers import search
from tenant_billing_sandbox.stripe.engine import controls
from tenant_billing_sandbox.stripe.engine.deliveries import delivering
from tenant_billing_sandbox.stripe.keys import ApiKey
from tenant_billing_sandbox.stripe.rate_limits import Clock, Profile, RateLimits
from tenant_billing_sandbox.stripe.routing import operation_name

DEFAULT_KEY = ApiKey(secret="sk_test_sandbox")  # noqa: S106 - a simulator's key opens nothing
IDS_OF_A_SEED = 10**9


class StripeSettings(BaseModel):
    """How a simulator starts.

    Attributes:
        keys: The keys it knows; each pair of account and mode that they name is an account of its own.
        rate_limits: Whose limits apply, whatever the key's mode.
        initial_time: The account's time at the start; None is the time of the machine. It stands still until
            advanced.
        seed: Simulators with different seeds make different ids.
        latency: Seconds of real time that a call takes before it commits.
        port: The port on the loopback address; 0 takes a free one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: tuple[ApiKey, ...] = Field(default=(DEFAULT_KEY,), min_length=1)
    rate_limits: Profile = "sandbox"
    initial_time: AwareDatetime | None = None
    seed: int = Field(default=0, ge=0)
    latency: float = Field(default=0.0, ge=0)
    port: int = Field(default=0, ge=0)


@dataclass(frozen=True)
class StripeSimulator:
    """A running simulator.

    Attributes:
        url: Its base address, ``http://127.0.0.1:…``.
        settings: How it was started.
        accounts: The accounts by id and mode (True is live).
        observed: Scripted faults and the record of requests.
    """

    url: str
    settings: StripeSettings
    accounts: dict[tuple[str, bool], Account]
    observed: Observed

    @property
    def api_key(self) -> str:
        """The first key."""
        return self.settings.keys[0].secret

    @property
    def account(self) -> Account:
        """The account of the first key."""
        first = self.settings.keys[0]
        return self.accounts[(first.account, first.livemode)]

    @staticmethod
    @asynccontextmanager
    async def serve(
        settings: StripeSettings | None = None, *, real_time: Clock = time.monotonic
    ) -> "AsyncIterator[StripeSimulator]":
        """Serve until the block is left.

        The control routes of the engine drive the account of the first key, and its clock is everybody's; the other
        accounts are there to be told apart.

        Args:
            settings: How to start.
            real_time: Seconds of real time, in which calls per second are counted.
        """
        chosen = settings or StripeSettings()
        accounts = _accounts(chosen)
        first = (chosen.keys[0].account, chosen.keys[0].livemode)
        observed = Observed(
            writes=writes,
            error=_error_answer,
            state=lambda: _state(accounts),
            operation=operation_name,
            headers=lambda: common_headers(accounts[first]),
        )
        answering = _answering(chosen, accounts, real_time)
        async with AsyncExitStack() as running:
            couriers = {
                name: await running.enter_async_context(delivering(account))
                for name, account in accounts.items()
            }
            app = _application(answering, observed, controls.routes(accounts[first], couriers[first]))
            url = await running.enter_async_context(listening(app, port=chosen.port))
            yield StripeSimulator(url, chosen, accounts, observed)


def _accounts(settings: StripeSettings) -> dict[tuple[str, bool], Account]:
    start = int((settings.initial_time or datetime.now().astimezone()).timestamp())
    accounts = {}
    for identifier, livemode in dict.fromkeys((key.account, key.livemode) for key in settings.keys):
        account = Account(identifier, livemode, start, counter=settings.seed * IDS_OF_A_SEED)
        search.watch(engine.attach(account))
        accounts[(identifier, livemode)] = account
    return accounts


def _answering(
    settings: StripeSettings, accounts: dict[tuple[str, bool], Account], real_time: Clock
) -> Answering:
    tenancies = {
        name: Tenancy(account, RateLimits(settings.rate_limits, real_time))
        for name, account in accounts.items()
    }
    return Answering({key.secret: key for key in settings.keys}, tenancies, settings.latency)


def _application(answering: Answering, observed: Observed, drive: list[web.RouteDef]) -> web.Application:
    app = web.Application(middlewares=[interception(observed)])
    add_control_routes(app, observed)
    app.router.add_routes(drive)
    app.router.add_route("*", "/{path:.*}", answering.answer)
    return app


def _error_answer(fault: FaultSpecification) -> web.Response:
    """The answer of a fault that strikes on arrival: no request id, as nothing was looked at (stripe.md 5.4)."""
    problem = worded(fault)
    return web.json_response(problem.body(), status=problem.status)


def _state(accounts: dict[tuple[str, bool], Account]) -> dict[str, Any]:
    """Everything the accounts hold."""
    return {
        "accounts": [
            {"id": identifier, "livemode": livemode, "now": account.now, "objects": account.objects}
            for (identifier, livemode), account in accounts.items()
        ]
    }
