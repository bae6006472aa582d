"""What the benchmarks read from the operator's log and from the audit log."""

from pathlib import Path
from typing import Any

from bench.observing import Pass, by_kind, passes
from tenant_billing_sandbox.control_plane.audit import AuditEntry

PASS = (
    '{"event": "pass", "kind": "TenantSubscription", "namespace": "tenants", "name": "acme", '
    '"result": "settled", "timestamp": "2026-11-20T10:00:00.500000Z"}\n'
)


def entry(verb: str, resource: str, subresource: str = "", body: Any = None) -> AuditEntry:
    return AuditEntry(
        user="operator",
        user_agent="",
        verb=verb,
        group="tenantbilling.dev",
        resource=resource,
        subresource=subresource,
        namespace="tenants",
        name="acme",
        code=200,
        uri="",
        body=body,
    )


def test_passes_are_read_from_whole_lines_after_a_position(tmp_path: Path) -> None:
    log = tmp_path / "operator.log"
    log.write_text(f'{PASS}Traceback\n{{"event": "listening"}}\n{PASS}{PASS.strip()}')
    assert passes(log, len(PASS)) == [
        Pass(("TenantSubscription", "tenants", "acme"), "settled", 1795168800.5)
    ]


def test_a_nudge_is_told_from_other_patches() -> None:
    nudge = {"metadata": {"annotations": {"tenantbilling.dev/nudge": "evt_1"}}}
    finalizer = {"metadata": {"uid": "1", "finalizers": ["tenantbilling.dev/operator"]}}
    writes = by_kind(
        [
            entry("patch", "tenantsubscriptions", body=nudge),
            entry("patch", "tenantsubscriptions", body=finalizer),
            entry("patch", "tenantsubscriptions", "status", body={"status": {}}),
            entry("patch", "tenantsubscriptions", "status", body={"status": {}}),
            entry("create", "events"),
        ]
    )
    assert writes == {
        "nudge": 1,
        "patch tenantsubscriptions": 1,
        "patch tenantsubscriptions/status": 2,
        "create events": 1,
    }
