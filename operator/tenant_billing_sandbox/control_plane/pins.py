"""What the local control plane consists of, pinned: one Kubernetes version for every way of getting it."""

import platform
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

KUBERNETES_VERSION = "v1.36.2"
"""The newest that both envtest and the Go modules have (control-plane.md, "Where the binaries come from")."""


class Program(StrEnum):
    """A program that can be asked for; the value is its file name."""

    ETCD = "etcd"
    KUBE_APISERVER = "kube-apiserver"
    KUBECTL = "kubectl"
    KUBE_CONTROLLER_MANAGER = "kube-controller-manager"
    KUBE_SCHEDULER = "kube-scheduler"
    STRIPE_MOCK = "stripe-mock"
    HELM = "helm"
    KWOK = "kwok"
    PROMTOOL = "promtool"


CORE_PROGRAMS = (Program.ETCD, Program.KUBE_APISERVER, Program.KUBECTL)
"""What a control plane can't do without, and what an envtest archive holds."""

RELEASE_PROGRAMS = (Program.KUBE_CONTROLLER_MANAGER, Program.KUBE_SCHEDULER)
"""What Kubernetes publishes as single files beside its archives."""

ENVTEST_SHA512: Mapping[str, str] = MappingProxyType(
    {
        "linux-amd64": (
            "ea743186c8a799f5cf8faf16969f86189d003cb7d130e0ac4b58789f1e5748dc"
            "f30ebe91c837a10d5ac415383da3e10b9e64d65785c938c23e739781cfb76f08"
        ),
        "linux-arm64": (
            "2d72ee985a8e262a3c57dc9f7f0fd891f6a8c7bf7ebaa2db6dc6d8eac8ae2818"
            "1afe51c1f368b67756cdb40b10de9b205609e1726e5f27f7c6d824dd9c6649ac"
        ),
        "darwin-arm64": (
            "9278f9e5af556b2f1f2d139769c1f0d717c7b4426917fdebdba898bcb725a916"
            "e4910d6160886194ff9be9589ea7c5c32c2b8ae0754703874b7c8ba8ddfc41ce"
        ),
    }
)
"""SHA-512 of the envtest archives, by platform (the index file of kubernetes-sigs/controller-tools)."""

PROGRAM_MODULES = Path(__file__).parent / "programs"
"""The Go module whose commands are Kubernetes' programs and etcd; in its folders are those of the tools."""


def host_platform() -> str:
    """Name this machine as Go and the archives do, ``linux-amd64`` for one."""
    machine = platform.machine().lower()
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    return f"{sys.platform}-{architecture}"
