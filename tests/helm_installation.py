"""The chart on a plane whose pods are played, with the operator and the uninstalling hook as processes beside them.

A played pod runs nothing, so what its container would run is run here: with the environment that it would have, and
with a token of its ServiceAccount and nothing more.
"""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from command_line import Ran, tenant_billing
from helm_client import Helm, Manifest, environment_of
from running_product import API, Product, condition, is_provisioned
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.environment import places
from tenant_billing_sandbox.environment.environment import Environment
from tenant_billing_sandbox.environment.installation import apply
from waiting import wait_for

SYSTEM: Final = "tenant-billing-system"
TENANTS: Final = "tenants"
PUBLIC: Final = "https://hooks.example.com"
RESTRICTED: Final = {"pod-security.kubernetes.io/enforce": "restricted"}
PLURALS: Final = ("billingbackends", "thingsstackclusters", "billingplans", "tenantsubscriptions")
CONTROLS: Final = "_sandbox"


def is_operator(pod: Mapping[str, Any]) -> bool:
    """Whether a pod is one of the Deployment's."""
    return bool(pod["metadata"]["labels"].get("app.kubernetes.io/component") == "operator")


@dataclass
class HelmInstallation:
    """One release in an environment, and whoever uses it.

    Attributes:
        environment: The plane, both simulators, and the operator's process.
        helm: For the release.
        revisions: Every manifest of each installation and upgrade, hooks included, the newest last.
    """

    environment: Environment
    helm: Helm
    revisions: list[list[Manifest]] = field(default_factory=list)

    @property
    def plane(self) -> ControlPlane:
        return self.environment.plane

    @property
    def product(self) -> Product:
        """The ways in which people use what is installed."""
        return Product(self.environment)

    def values(self, secrets: str) -> Manifest:
        """Values with both accounts, turned to the simulators; the rest is left to the chart.

        Args:
            secrets: Which Secrets the operator may read, ``rbac.secrets.scope``.
        """
        stripe = {
            "mode": "Test",
            "apiURL": self.environment.accounts.stripe_url,
            "apiKeySecretRef": {"name": "stripe", "key": "api-key"},
            "webhook": {"url": f"{PUBLIC}/webhooks/stripe/main", "secretName": "main-webhook"},
        }
        things_stack = {
            "url": self.environment.accounts.things_stack_url,
            "tenantAdminKeySecretRef": {"name": "things-stack", "key": "tenant-admin-key"},
        }
        return {
            "billingBackends": {"main": {"stripe": stripe}},
            "thingsStackClusters": {"eu1": things_stack},
            "rbac": {"initialPasswordNamespaces": [TENANTS], "secrets": {"scope": secrets}},
            "settings": {"eventInterval": 2, "leaseDuration": 3},
        }

    async def prepare(self) -> None:
        """What the chart does not make: namespaces, the keys of both accounts, and Stripe's way to the operator."""
        await apply(
            self.plane,
            _named("Namespace", SYSTEM, labels=RESTRICTED),
            _named("Namespace", TENANTS),
            _named("Namespace", places.DISCOVERY_NAMESPACE),
            _secret(SYSTEM, "stripe", {"api-key": self.environment.accounts.api_key}),
            _secret(SYSTEM, "things-stack", {"tenant-admin-key": self.environment.accounts.admin_key}),
            _secret(TENANTS, "ann", {"password": "chosen-by-ann"}),
        )
        outside, operator = self.environment.outside, self.environment.operator
        (by_hand,) = self.environment.stripe.account.table("webhook_endpoint")
        (await outside.stripe.delete(f"/v1/webhook_endpoints/{by_hand}")).raise_for_status()
        await outside.drive_stripe("/_sandbox/webhooks", {"ingress": {PUBLIC: operator.webhook_url}})

    async def apply(self, command: str, chart: Path, secrets: str = "Namespace") -> None:
        """Install or upgrade, and run the operator as the Deployment then says."""
        await self.environment.operator.stop()
        await self.helm.apply(command, chart, self.values(secrets))
        self.revisions.append([*await self.helm.manifests(), *await self.helm.hooks()])
        pod = next(each for each in await self.pods() if is_operator(each))
        (container,) = pod["spec"]["containers"]
        assert [*container["command"], *container["args"]] == ["tenant-billing", "run"]
        namespace_of_the_pod = {"TENANT_BILLING_NAMESPACE": ""}  # an empty setting is none
        settings = namespace_of_the_pod | environment_of(container, pod)
        kubeconfig = await self.kubeconfig(SYSTEM, pod["spec"]["serviceAccountName"])
        await self.environment.operator.start(kubeconfig, settings=settings)

    async def run_hook(self) -> Ran:
        """Run what the Job of the uninstalling hook runs; its ServiceAccount and rights have to be there."""
        (job,) = [each for each in self.hooks() if each["kind"] == "Job"]
        pod = copy.deepcopy(job["spec"]["template"])
        pod["metadata"] |= {"name": "release-1", "namespace": SYSTEM}
        (container,) = pod["spec"]["containers"]
        kubeconfig = await self.kubeconfig(SYSTEM, pod["spec"]["serviceAccountName"])
        environment = {**environment_of(container, pod), "KUBECONFIG": str(kubeconfig)}
        assert container["command"] == ["tenant-billing"]
        return await tenant_billing(*container["args"], directory=self.helm.home, environment=environment)

    def hooks(self) -> list[Manifest]:
        """The manifests of the uninstalling hook."""
        return [each for each in self.revisions[-1] if _hook(each) == "post-delete"]

    async def kubeconfig(self, namespace: str, account: str) -> Path:
        """The kubeconfig of a ServiceAccount."""
        path = self.plane.directory / f"{account}.kubeconfig"
        token = await self.plane.token(namespace, account)
        return self.plane.kubeconfig_for_token(token, path, namespace=namespace)

    async def pods(self) -> list[Manifest]:
        """The pods of the operator's namespace."""
        listed = await self.environment.outside.from_kubernetes(f"/api/v1/namespaces/{SYSTEM}/pods")
        return list((listed or {})["items"])

    # -- what is seen

    async def objects(self) -> dict[str, Manifest]:
        """Every object of the four kinds, by kind and name."""
        found: dict[str, Manifest] = {}
        for plural in PLURALS:
            listed = await self.environment.outside.from_kubernetes(f"{API}/{plural}")
            found |= {f"{plural}/{each['metadata']['name']}": each for each in (listed or {})["items"]}
        return found

    def outside(self) -> dict[str, Any]:
        """Everything that Stripe and The Things Stack hold."""
        account = self.environment.stripe.account
        tables = {kind: dict(table) for kind, table in account.objects.items() if kind != "event"}
        tenants = {each: self.product.tenant(each) for each in ("acme-iot", "beta-farm", "gamma")}
        return copy.deepcopy({"Stripe": tables, "TheThingsStack": tenants})

    def written(self) -> list[str]:
        """Every write so far to Stripe and to The Things Stack, the tests' own included."""
        systems = (self.environment.stripe.observed, self.environment.things_stack.observed)
        return [
            f"{entry.method} {entry.path}"
            for system in systems
            for entry in system.record.since(writes=True)
            if CONTROLS not in entry.path
        ]

    async def until_provisioned(self, *tenants: str) -> None:
        """Wait until tenants are approved and paid for, in whatever namespace their objects are."""

        async def look() -> bool:
            found = await self.objects()
            wanted = {name: found.get(f"tenantsubscriptions/{name}") for name in tenants}
            behind = {name: condition(each) for name, each in wanted.items() if not is_provisioned(each)}
            assert not behind, behind
            return True

        await wait_for(look, f"{tenants} to be provisioned")

    async def look_again(self, token: str) -> None:
        """Have every object reconciled once more, and wait until that was done."""
        for plural in PLURALS:
            every = ("--all", "--all-namespaces") if plural == "tenantsubscriptions" else ("--all",)
            change = f"tenantbilling.dev/reconcile={token}"
            await self.plane.run_kubectl("annotate", "--overwrite", plural, *every, change)

        async def look() -> bool:
            found = await self.objects()
            behind = {
                name: condition(each)
                for name, each in found.items()
                if each.get("status", {}).get("lastHandledReconcile") != token
            }
            assert not behind, behind
            return True

        await wait_for(look, f"every object to be looked at ({token})")


def intents(objects: Mapping[str, Manifest]) -> dict[str, Manifest]:
    """Objects without what says when they were looked at."""
    passing = ("lastHandledReconcile", "events")
    return {
        name: {
            "uid": each["metadata"]["uid"],
            "generation": each["metadata"]["generation"],
            "spec": each["spec"],
            "status": {key: value for key, value in each.get("status", {}).items() if key not in passing},
        }
        for name, each in objects.items()
    }


async def applied_by(plane: ControlPlane, kubeconfig: Path, *manifests: Manifest) -> str:
    """Apply manifests as somebody does with kubectl; gives what it prints."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)})
    return await plane.run_kubectl("apply", "--filename", "-", input=text, kubeconfig=kubeconfig)


def _hook(manifest: Manifest) -> str:
    return str(manifest["metadata"].get("annotations", {}).get("helm.sh/hook", ""))


def _named(kind: str, name: str, **metadata: Any) -> Manifest:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **metadata}}


def _secret(namespace: str, name: str, values: Mapping[str, str]) -> Manifest:
    return {**_named("Secret", name, namespace=namespace), "stringData": dict(values)}
