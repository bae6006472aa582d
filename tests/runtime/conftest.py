"""The real kube-apiserver with our kinds."""

from kubernetes_fixtures import api, kinds

__all__ = ["api", "kinds"]
