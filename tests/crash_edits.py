"""What people edit while the operator is dead, and what must stand once it has been carried out."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from crash_life import PHASES, Phase, picture
from running_product import Product, is_gone

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Edit:
    """One edit of a TenantSubscription's spec.

    Attributes:
        name: In words.
        spec: What is merged into the spec.
        instead: The same in the phase ``create``, where it differs; None: it does not.
        rebills: Whether what is invoiced depends on when it is carried out.
    """

    name: str
    spec: Mapping[str, Any] = field(hash=False)
    instead: Mapping[str, Any] | None = field(default=None, hash=False)
    rebills: bool = False

    def change(self, phase: str) -> Manifest:
        """What is merged into the object in a phase."""
        return {"spec": dict(self.instead if phase == PHASES[0].name and self.instead else self.spec)}


EDITS: Final = (
    Edit("another name", {"tenant": {"name": "Renamed"}}),
    Edit("the other plan", {"planRef": {"name": "starter"}}, {"planRef": {"name": "growth"}}, rebills=True),
    Edit(
        "limits of its own",
        {"limitOverrides": {"limits": {"endDevices": 777}, "unlimited": ["Users"]}},
    ),
    Edit("an administrator decides", {"accessPolicy": "Suspend"}, {"accessPolicy": "KeepActive"}),
)

Ends = dict[tuple[str, str], Manifest]
"""What stands after each edit in each phase, by the names of both."""


async def record_edits(product: Product) -> Ends:
    """Let each edit be made after each phase of an undisturbed life, and note what stands then."""
    editors = {
        (phase.name, edit.name): f"edited-{number:02}"
        for number, (phase, edit) in enumerate((phase, edit) for phase in PHASES[:-1] for edit in EDITS)
    }
    alive = list(editors.values())
    ends: Ends = {}
    for phase in PHASES[:-1]:
        await _go_through(product, phase, alive)
        edited = {edit: editors[phase.name, edit.name] for edit in EDITS}
        for edit, name in edited.items():
            await product.change(name, edit.change(phase.name))
        await product.until_quiet()
        await product.look_again(list(edited.values()), f"edited after {phase.name}")
        for edit, name in edited.items():
            ends[phase.name, edit.name] = without_history(edit, await picture(product, name))
        alive = [name for name in alive if name not in edited.values()]
    await asyncio.gather(*(product.delete(name) for name in editors.values()))
    await product.until(editors.values(), is_gone, "gone")
    return ends


async def _go_through(product: Product, phase: Phase, names: list[str]) -> None:
    await phase.begin(product, names)
    if phase.proceed is not None:
        await phase.proceed(product, names)
    await product.until(names, phase.is_done, phase.name)


def without_history(edit: Edit, seen: Manifest) -> Manifest:
    """A picture without what depends on whether a plan was changed before or after it was first paid."""
    return {name: value for name, value in seen.items() if not (edit.rebills and name == "invoices")}
