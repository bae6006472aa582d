"""The story: plans are offered, one tenant is sold by an object in Kubernetes, another by a customer in Stripe."""

from collections.abc import Sequence
from typing import Final

from tenant_billing_sandbox.demonstration.born_in_kubernetes import born_in_kubernetes
from tenant_billing_sandbox.demonstration.born_in_stripe import born_in_stripe
from tenant_billing_sandbox.demonstration.opening import opening
from tenant_billing_sandbox.demonstration.stage import Stage
from tenant_billing_sandbox.demonstration.steps import Step
from tenant_billing_sandbox.environment import places
from tenant_billing_sandbox.environment.environment import Environment

ACME: Final = "acme-iot"
"""The tenant of the sample, born in Kubernetes."""
BETA: Final = "beta-farm"
"""A tenant that is born in Stripe."""


def story(environment: Environment, *, with_operator: bool = True) -> Sequence[Step]:
    """All steps, in order.

    Args:
        environment: Where it plays.
        with_operator: Whether the operator takes part.
    """
    acme = Stage(environment, ACME)
    return (
        *opening(acme, with_operator=with_operator),
        *born_in_kubernetes(acme),
        *born_in_stripe(Stage(environment, BETA, places.DISCOVERY_NAMESPACE)),
    )
