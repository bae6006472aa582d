"""The policy of ``docs/security.md`` keeps the annotations that decide about money to the platform team."""

import json
from collections.abc import AsyncIterator
from typing import Final

import pytest
import yaml

from document_pages import DOCUMENTS, blocks
from manifests import a
from tenant_billing.api.names import Annotation
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.control_plane.problems import KubectlError
from waiting import wait_for

AUTHOR: Final = ("--as=author", "--as-group=system:masters")
PLATFORM_TEAM: Final = ("--as=ann", "--as-group=system:masters", "--as-group=platform-team")
OPERATOR: Final = (
    "--as=system:serviceaccount:tenant-billing-system:tenant-billing-operator",
    "--as-group=system:masters",
)


@pytest.fixture
async def guarded(kinds: ControlPlane, namespace: str) -> AsyncIterator[str]:
    """A namespace with an object of an author's, once the policy is in force; it is gone after the test."""
    (policy,) = (block for block in blocks(DOCUMENTS / "security.md") if block.language == "yaml")
    manifests = json.dumps(
        {"apiVersion": "v1", "kind": "List", "items": list(yaml.safe_load_all(policy.text))}
    )
    await kinds.run_kubectl("create", "--filename=-", input=manifests)
    try:
        sold = a("TenantSubscription", {"metadata.namespace": namespace})
        await kinds.run_kubectl("create", "--filename=-", *AUTHOR, input=json.dumps(sold))
        await wait_for(lambda: is_denied(kinds, namespace, *AUTHOR), "the policy to be in force", 60)
        yield namespace
    finally:
        await kinds.run_kubectl("delete", "--filename=-", input=manifests)


async def annotate(plane: ControlPlane, namespace: str, annotation: str, *user: str) -> None:
    await plane.run_kubectl(
        "annotate", "tsub", "acme-iot", "--namespace", namespace, annotation, "--overwrite", *user
    )


async def is_denied(plane: ControlPlane, namespace: str, *user: str) -> bool:
    try:
        await plane.run_kubectl(
            *("annotate", "tsub", "acme-iot", "--namespace", namespace, f"{Annotation.PAUSED}=true"),
            *("--dry-run=server", *user),
        )
    except KubectlError as error:
        return "this annotation is the platform team's" in str(error)
    return False


async def test_only_platform_team_and_operator_write_what_decides_about_money(
    kinds: ControlPlane, guarded: str
) -> None:
    await annotate(kinds, guarded, f"{Annotation.RECONCILE}=1", *AUTHOR)
    await annotate(kinds, guarded, f"{Annotation.PUSHED_USAGE}=totals", *OPERATOR)
    await annotate(kinds, guarded, f"{Annotation.RECONCILE}=2", *AUTHOR)
    for forged in (
        f"{Annotation.PUSHED_USAGE}=none",
        f"{Annotation.PUSHED_USAGE}-",
        f"{Annotation.PAUSED}=true",
    ):
        with pytest.raises(KubectlError, match="platform team"):
            await annotate(kinds, guarded, forged, *AUTHOR)
    await annotate(kinds, guarded, f"{Annotation.PAUSED}=true", *PLATFORM_TEAM)
