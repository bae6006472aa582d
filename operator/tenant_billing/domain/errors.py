"""What can go wrong outside, in the few kinds that the loop tells apart.

* :class:`Unreachable`: no answer, an answer that says "later", or an answer that is not theirs. Tried again with
  back-off; the outcome of a write is unknown and is looked up before a new attempt.
* :class:`Throttled`: over a limit; nothing was done. Tried again after the time it names.
* :class:`Unauthorized`: the key is wrong or lacks a right. Nobody else's work stops; a person must act.
* :class:`Refused`: the request itself is refused. Trying again cannot help until something is changed.
* :class:`AlreadyExists`, :class:`NotFound`, :class:`PaymentDeclined`: answers with a meaning of their own.

No message carries a key, a token, a card or a whole response body.
"""

from dataclasses import dataclass


@dataclass(eq=False)
class OutsideError(Exception):
    """A call to an outside system failed.

    Attributes:
        message: For people: what, where, for which input. Never a secret.
        operation: The call, for example ``CreateSubscription``.
        code: The system's own code or name of the error, or an empty string.
        request_id: The system's id of the request, or an empty string.
        field: The parameter at fault, or an empty string.
        outcome_unknown: Whether a write may have been carried out all the same.
    """

    message: str
    operation: str = ""
    code: str = ""
    request_id: str = ""
    field: str = ""
    outcome_unknown: bool = False

    def __str__(self) -> str:
        """The message, with the code where there is one."""
        return f"{self.message} ({self.code})" if self.code else self.message


class Unreachable(OutsideError):
    """No usable answer."""


class NotLeading(Unreachable):
    """This replica's Lease may be another's by now: nothing was sent."""


class StoredFailure(Unreachable):
    """The provider answered a keyed write with a failure of its own, which it has stored.

    The key will never succeed (stripe.md 5.3). A failure of what stands before the provider is :class:`Unreachable`.
    """


@dataclass(eq=False)
class Throttled(OutsideError):
    """A rate limit was met; nothing was carried out.

    Attributes:
        retry_after: Seconds to wait, None where the answer did not say.
    """

    retry_after: float | None = None


class Unauthorized(OutsideError):
    """The key is unknown, revoked or of another account (401)."""


class Forbidden(OutsideError):
    """The key lacks a right (403)."""


class Unsupported(OutsideError):
    """The system does not offer this call (licence, version)."""


class Refused(OutsideError):
    """The request is refused as it stands; repeating it cannot help."""


class NotFound(OutsideError):
    """The system says, with the right detail, that the object does not exist."""


class AlreadyExists(OutsideError):
    """The identity is taken, perhaps by a deleted object."""


class PaymentDeclined(OutsideError):
    """The payment that the change needs was declined (402)."""


class KeyReused(OutsideError):
    """An idempotency key was sent with other parameters: a defect of ours, never repeated."""
