"""What stands in the way of carrying out a TenantSubscription, as rules named after what they find.

Each rule takes the world and gives a finding or None. The first finding of a chain is the one that the object says.
"""

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tenant_billing.api.reasons import Reason
from tenant_billing.domain.world import World


class Hold(enum.IntEnum):
    """How much a finding stops."""

    NOTHING = 0
    """The object says it, and everything goes on."""
    PROVIDER = 1
    """Nothing new is bought or changed at the provider; access goes on following the payments."""
    EVERYTHING = 2
    """Nothing outside is written."""


@dataclass(frozen=True)
class Finding:
    """Why the object is not (wholly) carried out.

    Attributes:
        reason: Ready's reason.
        message: What is wrong, and what remedies it.
        hold: How much it stops.
        stalled: Whether a person is needed; otherwise it passes by itself.
    """

    reason: Reason
    message: str
    hold: Hold = Hold.EVERYTHING
    stalled: bool = True


Rule = Callable[[World], Finding | None]


def first(rules: Iterable[Rule], world: World) -> Finding | None:
    """The first finding of a chain, which stops as much as any of them does.

    Each rule is asked: a finding that stops little must not hide a later one that stops everything.
    """
    found = [finding for rule in rules if (finding := rule(world)) is not None]
    return replace(found[0], hold=max(each.hold for each in found)) if found else None
