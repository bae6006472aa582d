"""The story: plans are offered; a tenant is sold, pays, grows, falls behind, pays again, and leaves."""

from collections.abc import Sequence
from typing import Final

from tenant_billing_sandbox.demonstration.born_in_kubernetes import born_in_kubernetes
from tenant_billing_sandbox.demonstration.opening import opening
from tenant_billing_sandbox.demonstration.stage import Stage
from tenant_billing_sandbox.demonstration.steps import Step
from tenant_billing_sandbox.environment.environment import Environment

ACME: Final = "acme-iot"
"""The tenant of the sample, born in Kubernetes."""


def story(environment: Environment, *, with_operator: bool = True) -> Sequence[Step]:
    """All steps, in order.

    Args:
        environment: Where it plays.
        with_operator: Whether the operator takes part.
    """
    acme = Stage(environment, ACME)
    return (*opening(acme, with_operator=with_operator), *born_in_kubernetes(acme))
