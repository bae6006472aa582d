"""Settings from the environment, and their documentation."""

import dataclasses
import re
from pathlib import Path

import pytest

from tenant_billing.settings import PREFIX, LogFormat, Settings, SettingsError

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"
NOWHERE = Path("/nonexistent/namespace")


def read(environment: dict[str, str], service_account: Path = NOWHERE) -> Settings:
    return Settings.from_environment(environment, service_account)


def test_without_any_variable_the_defaults_hold_but_for_the_identity() -> None:
    settings = read({})
    assert dataclasses.replace(settings, identity=Settings.identity) == Settings()
    assert settings.identity


def test_values_are_read() -> None:
    settings = read(
        {
            "TENANT_BILLING_PORT": "0",
            "TENANT_BILLING_WORKERS": "4",
            "TENANT_BILLING_LEASE_DURATION": "30",
            "TENANT_BILLING_KUBECONFIG": "/etc/kubeconfig",
            "TENANT_BILLING_TENANT_METRICS": "False",
            "TENANT_BILLING_LOG_FORMAT": "json",
            "TENANT_BILLING_LOG_LEVEL": "debug",
        }
    )
    assert (settings.port, settings.workers, settings.lease_duration) == (0, 4, 30.0)
    assert settings.tenant_metrics is False
    assert settings.kubeconfig == Path("/etc/kubeconfig")
    assert (settings.log_format, settings.log_level) == (LogFormat.JSON, "DEBUG")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "65536"),
        ("WORKERS", "0"),
        ("WORKERS", "1.5"),
        ("RESYNC_INTERVAL", "5m"),
        ("RESYNC_INTERVAL", "-1"),
        ("RESYNC_INTERVAL", "inf"),
        ("EVENT_INTERVAL", "nan"),
        ("LEASE_DURATION", "2"),
        ("TENANT_METRICS", "maybe"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{PREFIX}{name}='{re.escape(value)}': expected "):
        read({PREFIX + name: value})


def test_the_namespace_is_told_or_the_pods_or_the_service_accounts_or_the_default(tmp_path: Path) -> None:
    mounted = tmp_path / "namespace"
    mounted.write_text("mounted\n")
    told = {"TENANT_BILLING_NAMESPACE": "told", "POD_NAMESPACE": "pod"}
    assert read(told, mounted).namespace == "told"
    assert read({"POD_NAMESPACE": "pod"}, mounted).namespace == "pod"
    assert read({}, mounted).namespace == "mounted"
    assert read({}).namespace == "tenant-billing-system"


def test_the_identity_is_the_pods_name_so_that_a_restarted_container_keeps_its_lease() -> None:
    assert read({"POD_NAME": "operator-0"}).identity == "operator-0"
    assert read({"POD_NAME": "operator-0", "TENANT_BILLING_IDENTITY": "demo"}).identity == "demo"


def test_every_setting_is_documented_and_nothing_else() -> None:
    documented = set(re.findall(rf"`{PREFIX}([A-Z_]+)`", DOCUMENT.read_text()))
    assert documented == {field.name.upper() for field in dataclasses.fields(Settings)}
