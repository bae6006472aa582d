"""One call to Stripe: its place in the budget, its retries, its errors, its audit line.

The SDK itself retries nothing here (``max_network_retries=0``): it does not retry a 429 (stripe.md 5.1), and a retry
that the budget does not see would break it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import stripe

from tenant_billing.clients import stripe_requests as wire
from tenant_billing.clients.audit import Audit, Write
from tenant_billing.clients.backoff import Backoff
from tenant_billing.clients.budget import Budget
from tenant_billing.clients.measuring import measuring
from tenant_billing.clients.stripe_customer_locks import CustomerLocks
from tenant_billing.clients.stripe_errors import CallKind, to_outside_error
from tenant_billing.clients.stripe_fields import Fields
from tenant_billing.domain.errors import NotFound, OutsideError, StoredFailure, Throttled, Unreachable
from tenant_billing.ports import UNMEASURED, CallMeter, Fence, Subject, unfenced

T = TypeVar("T")
ParametersT = TypeVar("ParametersT")
Answer = stripe.StripeObject | stripe.StripeResponse
Send = Callable[[], Awaitable[Answer]]
SendPage = Callable[[Mapping[str, Any]], Awaitable[Answer]]
Translate = Callable[[Fields], T]

PAGE: Final = 100
"""Objects per page, Stripe's maximum (stripe.md 6)."""
NOT_THEIRS: Final = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What reading an answer that is not Stripe's raises, here and in the SDK."""


@dataclass(frozen=True)
class StripeCalls:
    """Carries out calls to one account."""

    budget: Budget
    backoff: Backoff
    audit: Audit
    locks: CustomerLocks
    meter: CallMeter = UNMEASURED
    fence: Fence = unfenced

    async def read(self, operation: str, send: Send, to: Translate[T], *, urgent: bool = True) -> T:
        """Read one object."""
        return await self._carry_out(operation, send, to, CallKind.READ, Write(), urgent=urgent)

    async def find(self, operation: str, send: Send, to: Translate[T]) -> T | None:
        """Read one object; None where Stripe says that it does not exist."""
        try:
            return await self.read(operation, send, to)
        except NotFound:
            return None

    async def pages(
        self,
        operation: str,
        send_page: SendPage,
        parameters: Mapping[str, Any],
        to: Translate[T],
        *,
        urgent: bool = False,
        backward: bool = False,
    ) -> AsyncIterator[T]:
        """Read a whole list, newest first; every page takes its own place in the budget.

        Args:
            operation: The call.
            send_page: Reads one page.
            parameters: Filters, the same for all pages.
            to: Reads one object.
            urgent: Whether somebody waits for it.
            backward: Read towards newer objects, oldest first; ``ending_before`` names where to begin.
        """
        wanted = {**parameters, "limit": PAGE}
        anchor = "ending_before" if backward else "starting_after"
        while True:
            objects, has_more = await self.read(
                operation, lambda: send_page(dict(wanted)), lambda fields: _to_page(fields, to), urgent=urgent
            )
            for _, each in reversed(objects) if backward else objects:
                yield each
            if not has_more:
                return
            wanted[anchor] = (objects[0] if backward else objects[-1])[0]

    async def write(
        self,
        operation: str,
        send: Send,
        to: Translate[T],
        subject: Subject,
        *,
        key: str = "",
        owner: str = "",
    ) -> T:
        """Write, alone among the writes for one customer.

        Args:
            operation: The call, for example ``CreateSubscription``.
            send: Sends it, under the key if there is one.
            to: Reads the answer.
            subject: For which object.
            key: The caller's idempotency key.
            owner: The customer whose objects the write touches.
        """
        kind = CallKind.KEYED_WRITE if key else CallKind.WRITE
        async with self.locks.holding(owner):
            with self.audit.writing(operation, subject, key) as write:
                return await self._carry_out(operation, send, to, kind, write, urgent=subject.urgent)

    async def create(
        self,
        operation: str,
        create: Callable[[ParametersT, stripe.RequestOptions], Awaitable[Answer]],
        parameters: ParametersT,
        to: Translate[T],
        subject: Subject,
        *,
        key: str,
        owner: str = "",
    ) -> T:
        """Create something under the caller's idempotency key; see :meth:`write`.

        Args:
            operation: The call.
            create: The SDK's method.
            parameters: What is created.
            to: Reads the answer.
            subject: For which object.
            key: The caller's idempotency key.
            owner: The customer whose objects the write touches.
        """
        options = wire.from_key(key)
        return await self.write(
            operation, lambda: create(parameters, options), to, subject, key=key, owner=owner
        )

    async def _carry_out(
        self, operation: str, send: Send, to: Translate[T], kind: CallKind, write: Write, *, urgent: bool
    ) -> T:
        while True:
            await self.budget.admit(operation, urgent=urgent)
            if kind is not CallKind.READ:
                self.fence()  # the budget, or a pause of this whole process, may have taken longer than the Lease
            write.attempts += 1
            with measuring(
                self.meter, self.audit.clock.monotonic, operation, is_read=kind is CallKind.READ
            ) as measured:
                try:
                    answer = await send()
                except stripe.StripeError as error:
                    failure = to_outside_error(error, operation, kind)
                    again = _may_try_again(error, failure)
                except NOT_THEIRS as error:  # the SDK trips over error objects of another shape
                    failure, again = _not_stripes(error, operation, kind), False
                else:
                    write.request_id = _request_id(answer)
                    understood = _understand(answer, to, operation, kind)
                    measured.succeeded()
                    return understood
                measured.failed(failure)
            # Outside the handler, so that the SDK's error, which holds headers and body, is not chained to ours.
            asked_for = failure.retry_after if isinstance(failure, Throttled) else None
            if not again or not self.backoff.allows(write.attempts, asked_for):
                raise failure
            await self.backoff.pause(write.attempts, asked_for)


def _may_try_again(error: stripe.StripeError, failure: OutsideError) -> bool:
    """Whether the very same request may follow: Stripe's own word first (stripe.md 5.1).

    A stored failure would only be replayed. Everything else that is unreachable may: keys and absolute values make a
    second request harmless.
    """
    advice = (error.headers or {}).get("stripe-should-retry", "")
    if advice in {"true", "false"}:
        return bool(advice == "true")
    return isinstance(failure, Throttled | Unreachable) and not isinstance(failure, StoredFailure)


def _request_id(answer: Answer) -> str:
    response = answer if isinstance(answer, stripe.StripeResponse) else answer.last_response
    return str((response and response.request_id) or "")


def _understand(answer: Answer, to: Translate[T], operation: str, kind: CallKind) -> T:
    """Read an answer. One that cannot be read is not Stripe's, whatever its status says."""
    try:
        return to(_fields(answer))
    except NOT_THEIRS as error:
        failure = _not_stripes(error, operation, kind)
    raise failure


def _fields(answer: Answer) -> Fields:
    if isinstance(answer, stripe.StripeObject):
        return answer.to_dict()
    if not isinstance(answer.data, Mapping):
        raise TypeError("the answer is no JSON object")
    return answer.data


def _not_stripes(error: Exception, operation: str, kind: CallKind) -> Unreachable:
    return Unreachable(
        f"Stripe, {operation}: an answer that is not Stripe's ({type(error).__name__})",
        operation=operation,
        outcome_unknown=kind is not CallKind.READ,
    )


def _to_page(fields: Fields, to: Translate[T]) -> tuple[list[tuple[str, T]], bool]:
    """The objects of a page with their ids, and whether there are more.

    Raises:
        ValueError: There are more and none is here to go on from: such a list would be taken for a whole one.
    """
    objects, has_more = [(str(each["id"]), to(each)) for each in fields["data"]], bool(fields["has_more"])
    if has_more and not objects:
        raise ValueError("an empty page that is not the last")
    return objects, has_more
