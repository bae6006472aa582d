"""Kubeconfig files: who talks to which kube-apiserver."""

import base64
import json
import os
from pathlib import Path
from typing import Any

from tenant_billing_sandbox.control_plane.credentials import PRIVATE, Credentials

CONTEXT = "tenant-billing-sandbox"


def write_kubeconfig(
    path: Path, url: str, credentials: Credentials, *, token: str | None = None, namespace: str = "default"
) -> Path:
    """Write a kubeconfig that carries everything it needs, readable by its owner only.

    Args:
        path: File to write; an existing one is replaced.
        url: Address of kube-apiserver.
        credentials: Whose authority is trusted, and whose administrator it is without a token.
        token: Bearer token of the user; absent: the administrator's certificate.
        namespace: Where commands go that name none.
    """
    certificate, key = credentials.administrator
    user = (
        {"token": token}
        if token is not None
        else {"client-certificate-data": _encoded(certificate), "client-key-data": _encoded(key)}
    )
    cluster = {"server": url, "certificate-authority-data": _encoded(credentials.authority)}
    context = {"cluster": CONTEXT, "user": CONTEXT, "namespace": namespace}
    document: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": cluster}],
        "users": [{"name": CONTEXT, "user": user}],
        "contexts": [{"name": CONTEXT, "context": context}],
        "current-context": CONTEXT,
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(descriptor, "w") as file:
        json.dump(document, file, indent=2)  # JSON is YAML
    return path


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
