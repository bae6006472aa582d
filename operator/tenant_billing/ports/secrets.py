"""Secrets of the Kubernetes cluster."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class SecretNotFound(Exception):
    """There is no such Secret."""


class SecretKeyMissing(Exception):
    """The Secret lacks the key."""


@dataclass(frozen=True)
class StoredSecret:
    """A Secret as it was read.

    Attributes:
        version: Its ``resourceVersion``.
        values: Never shown.
    """

    version: str
    annotations: Mapping[str, str]
    values: Mapping[str, str] = field(repr=False)


class Secrets(Protocol):
    """Secrets of the Kubernetes cluster."""

    async def secret_value(self, namespace: str, name: str, key: str) -> str:
        """One value of a Secret.

        Raises:
            SecretNotFound: There is no such Secret.
            SecretKeyMissing: The Secret has no such key, or an empty value.
        """
        ...

    async def secret(self, namespace: str, name: str) -> StoredSecret | None:
        """A whole Secret; None where there is none."""
        ...

    async def apply_secret(
        self,
        namespace: str,
        name: str,
        values: Mapping[str, str],
        annotations: Mapping[str, str],
        *,
        instead_of: StoredSecret | None,
    ) -> None:
        """Write a Secret by server-side apply.

        Args:
            namespace: Where it is.
            name: Its name.
            values: What it holds.
            annotations: What says whose it is.
            instead_of: The version to replace; None: there was none, and values of somebody else are not overwritten.

        Raises:
            ObjectConflict: Somebody else has written it meanwhile.
        """
        ...
