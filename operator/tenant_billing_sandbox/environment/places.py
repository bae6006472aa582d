"""Where things lie in this repository, and what they are called in the environment."""

from pathlib import Path
from typing import Final

SOURCE_ROOT: Final = Path(__file__).resolve().parents[2]
REPOSITORY: Final = SOURCE_ROOT.parent
DEPLOY: Final = REPOSITORY / "deploy"
DEFINITIONS: Final = DEPLOY / "crds"
PERMISSIONS: Final = DEPLOY / "kustomize" / "rights.yaml"
SAMPLES: Final = DEPLOY / "samples"

SYSTEM_NAMESPACE: Final = "tenant-billing-system"
"""The operator's own: its ServiceAccount, its Lease, the Secrets of backend and cluster."""
TENANT_NAMESPACE: Final = "tenants"
DISCOVERY_NAMESPACE: Final = "from-stripe"
"""Where objects of subscriptions that were born in Stripe appear; nobody else writes there."""
SERVICE_ACCOUNT: Final = "tenant-billing-operator"
BACKEND: Final = "main"
CLUSTER: Final = "eu1"
PASSWORDS_ROLE: Final = "tenant-billing-initial-passwords"
STATE_FILE: Final = Path(".sandbox") / "state.json"
"""Below the directory in which the sandbox was started; tells ``tenant-billing sandbox`` the addresses."""
