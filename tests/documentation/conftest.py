"""The real kubectl and a real kube-apiserver, asked what the documentation says."""

import asyncio
from collections.abc import Callable
from functools import cache

import pytest

from kubernetes_fixtures import kinds
from tenant_billing.api.names import CATEGORY
from tenant_billing_sandbox.control_plane.plane import ControlPlane

__all__ = ["kinds"]


@pytest.fixture(scope="session")
def kubectl_help(kinds: ControlPlane) -> Callable[[str], str]:
    """What kubectl says of a verb, with what is behind it, and the options of all verbs."""

    @cache
    def of(verb: str) -> str:
        own = asyncio.run(kinds.run_kubectl(*verb.split(), "--help"))
        return own + asyncio.run(kinds.run_kubectl("options"))

    return of


@pytest.fixture(scope="session")
def kubectl_resources(kinds: ControlPlane) -> frozenset[str]:
    """What kubectl knows resources by: plural, singular and short names, and the category of ours."""
    table = asyncio.run(kinds.run_kubectl("api-resources", "--output=wide", "--no-headers"))
    names = {CATEGORY}
    for line in table.splitlines():
        words = line.split()
        place = next(number for number, word in enumerate(words) if word in {"true", "false"})
        plural, short_names, kind = words[0], words[1 : place - 1], words[place + 1]
        names |= {plural, kind.lower(), *",".join(short_names).split(",")}
    return frozenset(names - {""})
