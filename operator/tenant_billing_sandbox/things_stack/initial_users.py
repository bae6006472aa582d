"""The initial user that a tenant is made with (things-stack.md 3, "Initial user")."""

from tenant_billing_sandbox.things_stack.contacts import check_contacts
from tenant_billing_sandbox.things_stack.errors import FORBIDDEN_ID, PASSWORD_STRENGTH, ThingsStackError
from tenant_billing_sandbox.things_stack.message_json import Message

PASSWORDS = frozenset({"password", "temporary_password"})
SHORTEST_PASSWORD = 8


def check_initial_user(user: Message, reserved_ids: frozenset[str], *, checks_password: bool) -> None:
    """What the registry checks beyond the rules of the message (T-16).

    Raises:
        ThingsStackError: ``forbidden_id``, ``email`` or ``password_strength``.
    """
    user_id: str = user["ids"]["user_id"]
    if user_id in reserved_ids:
        raise ThingsStackError(FORBIDDEN_ID, id=user_id)
    check_contacts(user)
    if checks_password and "password" in user:
        reason = _weakness(user["password"], user_id)
        if reason:
            raise ThingsStackError(PASSWORD_STRENGTH, reason=reason)


def stored_user(user: Message) -> Message:
    """The user as it is kept: an administrator, and no password of any kind (T-17)."""
    return {name: value for name, value in user.items() if name not in PASSWORDS} | {"admin": True}


def _weakness(password: str, user_id: str) -> str | None:
    if len(password) < SHORTEST_PASSWORD:
        return f"it has fewer than {SHORTEST_PASSWORD} characters"
    if not any(character.isupper() for character in password):
        return "it has no upper case letter"
    if not any(character.isdigit() for character in password):
        return "it has no digit"
    return "it contains the user id" if user_id in password else None
