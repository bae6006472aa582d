"""The account's clock: it moves only when told to, and everything due happens on the way (stripe.md 8)."""

from tenant_billing_sandbox.stripe.account import Account
from tenant_billing_sandbox.stripe.engine.events import forget_old
from tenant_billing_sandbox.stripe.engine.timeline import run


def advance(account: Account, seconds: int) -> int:
    """Move the account's time forward and do all that falls due, in order of time.

    Args:
        account: The account.
        seconds: How far; not negative, as time does not go back.

    Returns:
        The account's new time in seconds since the epoch.

    Raises:
        ValueError: For a negative number of seconds.
    """
    if seconds < 0:
        raise ValueError("the clock only goes forward")
    run(account, None, account.now + seconds)
    forget_old(account)
    return account.now
