"""How payment methods answer: Stripe's test cards, and cards whose behaviour the sandbox sets."""

from dataclasses import dataclass, field
from enum import StrEnum


class Behavior(StrEnum):
    """What a charge on a payment method comes to."""

    SUCCEEDS = "succeeds"
    DECLINES = "declines"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    EXPIRES = "expires"
    LOST = "lost"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    PROCESSING_FAILS = "processing_fails"


@dataclass(frozen=True)
class Refusal:
    """Why a charge failed, in the words of ``error.code``, ``error.decline_code`` and ``error.message``."""

    code: str
    decline_code: str | None
    message: str


REFUSALS: dict[Behavior, Refusal] = {
    Behavior.DECLINES: Refusal("card_declined", "generic_decline", "Your card was declined."),
    Behavior.INSUFFICIENT_FUNDS: Refusal(
        "card_declined", "insufficient_funds", "Your card has insufficient funds."
    ),
    Behavior.EXPIRES: Refusal("expired_card", "expired_card", "Your card has expired."),
    Behavior.LOST: Refusal("card_declined", "lost_card", "Your card was declined."),
    Behavior.REQUIRES_ACTION: Refusal(
        "authentication_required", "authentication_required", "This payment requires additional user action."
    ),
}


@dataclass(frozen=True)
class TestCard:
    """A test payment method: its brand, last digits, and answers at charging and at attaching."""

    brand: str
    last4: str
    behavior: Behavior = Behavior.SUCCEEDS
    attaches: bool = True


TEST_CARDS: dict[str, TestCard] = {
    "visa": TestCard("visa", "4242"),
    "mastercard": TestCard("mastercard", "4444"),
    "amex": TestCard("amex", "0005"),
    "chargeCustomerFail": TestCard("visa", "0341", Behavior.DECLINES),
    "chargeDeclined": TestCard("visa", "0002", Behavior.DECLINES, attaches=False),
    "chargeDeclinedInsufficientFunds": TestCard("visa", "9995", Behavior.INSUFFICIENT_FUNDS, attaches=False),
    "chargeDeclinedExpiredCard": TestCard("visa", "0069", Behavior.EXPIRES, attaches=False),
    "authenticationRequired": TestCard("visa", "3155", Behavior.REQUIRES_ACTION),
}
TOKEN_PREFIXES = ("pm_card_", "tok_")


@dataclass
class Behaviors:
    """The behaviour of each payment method by id; one that is not named succeeds."""

    by_payment_method: dict[str, Behavior] = field(default_factory=dict)

    def of(self, payment_method: str) -> Behavior:
        """How charges on this payment method end."""
        return self.by_payment_method.get(payment_method, Behavior.SUCCEEDS)


def test_card(name: str) -> TestCard | None:
    """The test card that a token such as ``pm_card_visa`` or ``tok_visa`` names, or None."""
    for prefix in TOKEN_PREFIXES:
        if name.startswith(prefix):
            return TEST_CARDS.get(name.removeprefix(prefix))
    return None
