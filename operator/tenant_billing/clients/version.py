"""What the clients call themselves: The Things Stack and Stripe both ask for it."""

from importlib.metadata import PackageNotFoundError, version
from typing import Final

PRODUCT: Final = "tenant-billing-operator"


def _installed_version() -> str:
    try:
        return version(PRODUCT)
    except PackageNotFoundError:
        return "0"  # run from a source tree that was not installed


VERSION: Final = _installed_version()
