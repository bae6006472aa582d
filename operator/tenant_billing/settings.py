"""Settings of the operator, from the environment; nothing else reads it. Documented in ``docs/settings.md``."""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

PREFIX: Final = "TENANT_BILLING_"
DEFAULT_NAMESPACE: Final = "tenant-billing-system"
SERVICE_ACCOUNT_NAMESPACE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_SHORTEST_LEASE: Final = 3.0

Value = TypeVar("Value")


class SettingsError(ValueError):
    """A setting has a value that cannot be used; the message names it and what is expected."""


class LogFormat(StrEnum):
    """How log lines look."""

    AUTO = "auto"
    """Coloured on a terminal, JSON otherwise."""
    JSON = "json"
    CONSOLE = "console"


@dataclass(frozen=True)
class Settings:
    """What differs from one installation to the next. Durations are in seconds.

    Attributes:
        namespace: The operator's own: Secrets of the cluster-scoped kinds, and the Lease.
        kubeconfig: How to reach the API server; None: as the pod's service account, or as kubectl would.
        host: Address that the webhook listens on.
        port: Its port; 0 takes a free one.
        probe_port: Port of ``/healthz``, ``/readyz`` and ``/metrics``; 0 takes a free one.
        workers: Passes at a time.
        resync_interval: How often a settled object is looked at all the same.
        event_interval: How often an account's event list is read although nothing asked for it.
        secret_interval: How often the Secrets that are used are read again.
        roll_call_interval: How often everything is listed and compared with what the watches have brought.
        lease_name: Name of the Lease.
        lease_duration: After which a Lease that is not renewed belongs to nobody.
        identity: Who this process is: unique among those that run, the same after a restart.
        stop_timeout: What passes under way get to end when the process is told to stop.
        tenant_metrics: Whether single tenants get metrics of their own.
        log_format: How log lines look.
        log_level: The least level that is logged.
    """

    namespace: str = DEFAULT_NAMESPACE
    kubeconfig: Path | None = None
    host: str = "0.0.0.0"  # noqa: S104 - a server in a pod is reached from outside of it
    port: int = 8080
    probe_port: int = 8081
    workers: int = 16
    resync_interval: float = 1800.0
    event_interval: float = 600.0
    secret_interval: float = 30.0
    roll_call_interval: float = 60.0
    lease_name: str = "tenant-billing-operator"
    lease_duration: float = 15.0
    identity: str = "tenant-billing-operator"
    stop_timeout: float = 20.0
    tenant_metrics: bool = True
    log_format: LogFormat = LogFormat.AUTO
    log_level: str = "INFO"

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], service_account_namespace: Path = SERVICE_ACCOUNT_NAMESPACE
    ) -> "Settings":
        """Read the settings.

        Args:
            environment: Usually ``os.environ``.
            service_account_namespace: The file in which a pod finds its namespace.

        Raises:
            SettingsError: A value cannot be used.
        """
        read = _Reader(environment)
        kubeconfig = read.text("KUBECONFIG", environment.get("KUBECONFIG", ""))
        return cls(
            namespace=read.text("NAMESPACE", _own_namespace(environment, service_account_namespace)),
            kubeconfig=Path(kubeconfig) if kubeconfig else None,
            host=read.text("HOST", cls.host),
            port=read.value("PORT", cls.port, _port),
            probe_port=read.value("PROBE_PORT", cls.probe_port, _port),
            workers=read.value("WORKERS", cls.workers, _at_least_one),
            resync_interval=read.value("RESYNC_INTERVAL", cls.resync_interval, _seconds),
            event_interval=read.value("EVENT_INTERVAL", cls.event_interval, _seconds),
            secret_interval=read.value("SECRET_INTERVAL", cls.secret_interval, _seconds),
            roll_call_interval=read.value("ROLL_CALL_INTERVAL", cls.roll_call_interval, _seconds),
            lease_name=read.text("LEASE_NAME", cls.lease_name),
            lease_duration=read.value("LEASE_DURATION", cls.lease_duration, _lease_duration),
            identity=read.text("IDENTITY", environment.get("POD_NAME") or socket.gethostname()),
            stop_timeout=read.value("STOP_TIMEOUT", cls.stop_timeout, _seconds),
            tenant_metrics=read.value("TENANT_METRICS", cls.tenant_metrics, _switch),
            log_format=read.value("LOG_FORMAT", cls.log_format, _log_format),
            log_level=read.value("LOG_LEVEL", cls.log_level, _level),
        )


class _Reader:
    """Reads variables under our prefix; an empty one counts as absent."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str, default: str) -> str:
        return self._environment.get(PREFIX + name, "").strip() or default

    def value(self, name: str, default: Value, parse: Callable[[str], Value]) -> Value:
        text = self.text(name, "")
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as error:
            raise SettingsError(f"{PREFIX}{name}={text!r}: {error}") from None


def _own_namespace(environment: Mapping[str, str], service_account_namespace: Path) -> str:
    if environment.get("POD_NAMESPACE"):
        return environment["POD_NAMESPACE"]
    try:
        return service_account_namespace.read_text(encoding="utf-8").strip() or DEFAULT_NAMESPACE
    except OSError:
        return DEFAULT_NAMESPACE


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:  # noqa: PLR2004 - the highest port there is
        raise ValueError("expected a port from 0 to 65535")
    return int(text)


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ValueError("expected a whole number of at least 1")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ValueError("expected seconds greater than 0, without a unit")
    return seconds


def _lease_duration(text: str) -> float:
    seconds = _seconds(text)
    if seconds < _SHORTEST_LEASE:
        raise ValueError(f"expected at least {_SHORTEST_LEASE:g} seconds")
    return seconds


def _switch(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError("expected true or false")
    return text.lower() == "true"


def _log_format(text: str) -> LogFormat:
    if text.lower() not in set(LogFormat):
        raise ValueError(f"expected {', '.join(LogFormat)}")
    return LogFormat(text.lower())


def _level(text: str) -> str:
    if text.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValueError("expected DEBUG, INFO, WARNING or ERROR")
    return text.upper()
