"""Installing the product into a control plane, as an administrator would: definitions, rights, Secrets, accounts."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.environment import places
from tenant_billing_sandbox.environment.outside import Outside
from tenant_billing_sandbox.stripe.answering import API_VERSION

CREDENTIALS_LAST: Final = "720h"
"""A sandbox may be left running for days."""

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Accounts:
    """What the Secrets and the cluster-scoped objects name.

    Attributes:
        stripe_url: Base address of Stripe.
        api_key: The account's key.
        webhook_secret: Of the endpoint that delivers to the operator.
        things_stack_url: Address of The Things Stack.
        admin_key: Its tenant admin key.
    """

    stripe_url: str
    api_key: str
    webhook_secret: str
    things_stack_url: str
    admin_key: str


async def register_webhook(outside: Outside, operator_url: str) -> str:
    """Make the endpoint at Stripe that delivers to the operator; gives its signing secret.

    Args:
        outside: Connections to Stripe.
        operator_url: Where the operator listens, without a path.
    """
    url = f"{operator_url}/webhooks/stripe/{places.BACKEND}"
    fields = {"url": url, "enabled_events[0]": "*", "api_version": API_VERSION}
    endpoint = await outside.to_stripe("/v1/webhook_endpoints", fields)
    return str(endpoint["secret"])


async def install(plane: ControlPlane, accounts: Accounts) -> None:
    """Apply everything that the operator needs before it starts.

    Raises:
        KubectlError: Something was refused.
    """
    await asyncio.gather(plane.apply(places.DEFINITIONS), apply(plane, *_foundations(accounts)))
    await plane.apply(places.PERMISSIONS)


async def apply(plane: ControlPlane, *manifests: Manifest) -> None:
    """Apply manifests server-side, as the administrator.

    Raises:
        KubectlError: Something was refused.
    """
    items = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
    await plane.run_kubectl("apply", "--server-side", "--filename", "-", input=json.dumps(items))


async def offer_plans(plane: ControlPlane) -> None:
    """Apply the sample plans: two that are sold by objects, and one that is paid by the device and found in Stripe.

    Raises:
        KubectlError: Something was refused.
    """
    await apply(plane, *samples("billingplan"), *samples("metered-billingplan"))


def samples(name: str) -> list[Manifest]:
    """The manifests of one file of ``deploy/samples``, such as ``billingplan``."""
    return list(yaml.safe_load_all((places.SAMPLES / f"{name}.yaml").read_text()))


def backend(accounts: Accounts) -> Manifest:
    """The sample BillingBackend, turned to the simulator."""
    (manifest,) = samples("billingbackend")
    manifest["spec"]["stripe"]["apiURL"] = accounts.stripe_url
    return manifest


def cluster(accounts: Accounts) -> Manifest:
    """The sample ThingsStackCluster, turned to the simulator."""
    (manifest,) = samples("thingsstackcluster")
    manifest["spec"]["url"] = accounts.things_stack_url
    return manifest


def write_manifests(folder: Path, manifests: Sequence[Manifest]) -> None:
    """Write each manifest to a file of its own, ``KIND.yaml`` in lower case, for ``kubectl apply``."""
    folder.mkdir(parents=True, exist_ok=True)
    for manifest in manifests:
        path = folder / f"{manifest['kind'].lower()}.yaml"
        path.write_text(yaml.safe_dump(manifest, sort_keys=False))


async def operator_kubeconfig(plane: ControlPlane, path: Path, server: str | None) -> Path:
    """Write the kubeconfig of the operator's ServiceAccount.

    Args:
        plane: The control plane.
        path: File to write.
        server: What stands before kube-apiserver; None: nothing.
    """
    token = await plane.token(places.SYSTEM_NAMESPACE, places.SERVICE_ACCOUNT, duration=CREDENTIALS_LAST)
    return plane.kubeconfig_for_token(token, path, namespace=places.SYSTEM_NAMESPACE, url=server)


def _foundations(accounts: Accounts) -> list[Manifest]:
    return [
        _namespace(places.SYSTEM_NAMESPACE),
        _namespace(places.TENANT_NAMESPACE),
        _namespace(places.DISCOVERY_NAMESPACE),
        _secret("stripe", {"api-key": accounts.api_key}),
        _secret("stripe-webhook", {"secret": accounts.webhook_secret}),
        _secret("things-stack", {"tenant-admin-key": accounts.admin_key}),
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": places.PASSWORDS_ROLE, "namespace": places.TENANT_NAMESPACE},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": places.PASSWORDS_ROLE,
            },
            "subjects": [
                {
                    "kind": "ServiceAccount",
                    "name": places.SERVICE_ACCOUNT,
                    "namespace": places.SYSTEM_NAMESPACE,
                }
            ],
        },
    ]


def _namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _secret(name: str, values: Mapping[str, str]) -> Manifest:
    metadata = {"name": name, "namespace": places.SYSTEM_NAMESPACE}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": dict(values)}
