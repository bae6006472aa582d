"""The opening: the operator is installed, an account and a deployment are connected, plans are offered."""

from collections.abc import Sequence

from tenant_billing_sandbox.demonstration.observation import Fact, Place
from tenant_billing_sandbox.demonstration.stage import Stage, stripe
from tenant_billing_sandbox.demonstration.steps import Command, Step
from tenant_billing_sandbox.environment import places


def opening(stage: Stage, *, with_operator: bool) -> Sequence[Step]:
    """The steps, in order.

    Args:
        stage: Where it plays.
        with_operator: Whether the operator takes part.
    """
    return (_install(stage, with_operator=with_operator), _connect(stage), _offer(stage))


def _install(stage: Stage, *, with_operator: bool) -> Step:
    async def installs() -> str:
        await stage.environment.install()
        return ""

    async def operator_starts() -> str:
        if with_operator:
            await stage.environment.start_operator(wait=False)
        return ""

    leads = Fact(
        Place.KUBERNETES,
        "the operator leads: its Lease is held by {lease}",
        {},
        stage.eyes.lease,
        ("lease",),
    )
    return Step(
        "install",
        "Install the operator",
        (
            Command("kubectl apply --server-side -f deploy/crds -f deploy/kustomize/rights.yaml", installs),
            Command("tenant-billing run", operator_starts),
        ),
        (leads,),
        stage,
    )


def _connect(stage: Stage) -> Step:
    files = ("billingbackend.yaml", "thingsstackcluster.yaml")
    paths = [argument for name in files for argument in ("-f", str(stage.environment.manifests / name))]
    return Step(
        "connect",
        "Connect a Stripe account and a deployment of The Things Stack",
        (stage.kubectl(f"apply -f {' -f '.join(files)}", "apply", *paths),),
        (
            stage.is_ready("billingbackends", places.BACKEND, "Available"),
            stage.is_ready("thingsstackclusters", places.CLUSTER, "Available"),
        ),
        stage,
    )


def _offer(stage: Stage) -> Step:
    starter, growth = "EUR 49.00 / month", "EUR 149.00 / month"
    return Step(
        "plans",
        "Offer two plans",
        (stage.applies("billingplan.yaml"),),
        (
            stage.is_ready("billingplans", "starter", "Available", price=starter),
            stage.is_ready("billingplans", "growth", "Available", price=growth),
            stripe("prices {prices}", stage.eyes.prices, prices=f"{starter}, {growth}"),
        ),
        stage,
    )
