"""Whether Secrets hold what the objects name them for; values are looked at and never told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tenant_billing.api.fields import SecretKeyReference
from tenant_billing.domain import health
from tenant_billing.domain.diagnosis.results import Finding, Status, Unreadable
from tenant_billing.domain.health import Health

CHECK: Final = "secret"


@dataclass(frozen=True)
class SecretSeen:
    """A Secret as it was read.

    Attributes:
        annotations: What says whose it is.
        values: Never told.
    """

    annotations: Mapping[str, str]
    values: Mapping[str, str] = field(repr=False)


SecretAnswer = SecretSeen | Unreadable | None
"""None: there is no such Secret."""
FormOf = Callable[[str], Health | None]


def value_of(secret: SecretAnswer, key: str) -> str:
    """The value of a key; empty where there is none, or it could not be read."""
    return secret.values.get(key, "") if isinstance(secret, SecretSeen) else ""


def usable(secret: SecretAnswer, key: str, problem_of: FormOf) -> str | None:
    """The value of a key where it has the form that it needs; else None: it is sent nowhere."""
    value = value_of(secret, key)
    return value if value and problem_of(value) is None else None


def any_form(_: str) -> Health | None:
    """Nothing is asked of the form."""
    return None


def judge(
    subject: str,
    reference: SecretKeyReference,
    secret: SecretAnswer,
    namespace: str,
    problem_of: FormOf = any_form,
) -> Finding:
    """Judge one key of one Secret.

    Args:
        subject: The object that names it.
        reference: Which key of which Secret.
        secret: As it was read.
        namespace: Where it lies.
        problem_of: What is wrong with the form of a value.
    """
    name, key = reference.name, reference.key
    if isinstance(secret, Unreadable):
        return Finding(CHECK, subject, Status.SKIPPED, secret.why)
    if secret is None:
        remedy = f"kubectl create secret generic {name} --namespace {namespace} --from-file={key}=FILE"
        return Finding(CHECK, subject, Status.ERROR, health.secret_not_found(name).message, remedy)
    value = value_of(secret, key)
    if not value:
        remedy = f"put the value under the key {key!r} of Secret {namespace}/{name}"
        return Finding(CHECK, subject, Status.ERROR, health.secret_key_missing(name, key).message, remedy)
    problem = problem_of(value)
    if problem is not None:
        remedy = f"put the right value into key {key!r} of Secret {namespace}/{name}"
        return Finding(CHECK, subject, Status.ERROR, f"{problem.reason}: {problem.message}", remedy)
    return Finding(CHECK, subject, Status.OK, f"Secret {name} holds {key}")
