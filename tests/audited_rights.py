"""Rights that RBAC grants to an account, and those of them that it has used, by kube-apiserver's audit log."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from tenant_billing_sandbox.control_plane.audit import AuditEntry

Manifest = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Right:
    """One verb on one resource.

    Attributes:
        verb: Such as ``patch``.
        resource: With its subresource and its group: ``billingplans/status.tenantbilling.dev``.
        namespace: Where; empty: everywhere.
        name: Of which object; empty: of all.
    """

    verb: str
    resource: str
    namespace: str = ""
    name: str = ""

    def covers(self, entry: AuditEntry) -> bool:
        """Whether an answered request is a use of this right."""
        return (
            self.verb in _verbs(entry)
            and self.resource == _resource(entry.resource, entry.subresource, entry.group)
            and self.namespace in ("", entry.namespace)
            and self.name in ("", entry.name)
        )


def granted(manifests: Iterable[Manifest], account: str) -> set[Right]:
    """The rights that roles and bindings among manifests grant.

    Args:
        manifests: Anything; what is neither a role nor a binding is left out.
        account: Name of the ServiceAccount.
    """
    known = list(manifests)
    rules = {(each["kind"], each["metadata"]["name"]): each["rules"] for each in known if "rules" in each}
    found: set[Right] = set()
    for binding in known:
        if account not in {each["name"] for each in binding.get("subjects", [])}:
            continue
        namespace = binding["metadata"].get("namespace", "")
        role = binding["roleRef"]
        for rule in rules[role["kind"], role["name"]]:
            found |= set(_rights(rule, namespace))
    return found


def _rights(rule: Manifest, namespace: str) -> Iterable[Right]:
    for group in rule["apiGroups"]:
        for resource in rule["resources"]:
            main, _, below = resource.partition("/")
            for verb in rule["verbs"]:
                for name in rule.get("resourceNames", [""]):
                    yield Right(verb, _resource(main, below, group), namespace, name)


def _resource(resource: str, subresource: str, group: str) -> str:
    return ".".join(part for part in ("/".join(filter(None, (resource, subresource))), group) if part)


def _verbs(entry: AuditEntry) -> set[str]:
    """The verbs that a request needed: server-side apply of what does not exist is asked about as a create too."""
    if entry.verb == "patch" and entry.code == HTTPStatus.CREATED:
        return {"patch", "create"}
    return {entry.verb}
