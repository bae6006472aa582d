"""Plays the story in an environment of its own, and tells it."""

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from typing import Final

from tenant_billing_sandbox.control_plane.pins import KUBERNETES_VERSION
from tenant_billing_sandbox.control_plane.problems import ControlPlaneError
from tenant_billing_sandbox.demonstration.narration import Narrator, ToldStep
from tenant_billing_sandbox.demonstration.observation import NotObservedError, Observation, observe
from tenant_billing_sandbox.demonstration.steps import Command, Step, Subject
from tenant_billing_sandbox.demonstration.story import story
from tenant_billing_sandbox.environment.environment import Environment, EnvironmentSettings
from tenant_billing_sandbox.environment.outside import NO_ANSWER, Answer

PATIENCE: Final = 30.0
"""Seconds of real time in which a fact must be seen."""
TITLE: Final = "Tenant Billing Operator: two tenants, from the first plan to the last invoice"
CAST: Final = (
    f"Kubernetes {KUBERNETES_VERSION} and etcd are real; Stripe and The Things Stack are simulators."
)


class StoryBrokenError(Exception):
    """The story did not come to its end; the narrator has told why."""


async def demonstrate(narrator: Narrator, *, with_operator: bool = True, patience: float = PATIENCE) -> bool:
    """Tell the story once; nothing is left running.

    Args:
        narrator: Tells it.
        with_operator: Whether the operator takes part. Without it the story fails, which shows that it is real.
        patience: Seconds of real time in which each fact must be seen.

    Returns:
        Whether every step was observed.
    """
    begin = time.monotonic()
    narrator.open(TITLE, CAST)
    telling = Telling(narrator, patience)
    try:
        await telling.play(with_operator=with_operator)
    except StoryBrokenError:
        narrator.table(telling.told, telling.untold)
        narrator.close(done=False, text="Not every step was observed. Nothing is left running.")
        return False
    seconds = time.monotonic() - begin
    facts = sum(len(step.observations) for step in telling.told)
    summary = f"{len(telling.told)} steps, {facts} facts, all observed in {seconds:.0f} s."
    narrator.table(telling.told, ())
    narrator.close(done=True, text=f"{summary} Nothing is left running.")
    return True


class Telling:
    """One telling of the story.

    Attributes:
        told: The steps that were seen whole.
        untold: Titles of the others.
    """

    def __init__(self, narrator: Narrator, patience: float) -> None:
        self._narrator = narrator
        self._patience = patience
        self.told: list[ToldStep] = []
        self.untold: Sequence[str] = ()

    async def play(self, *, with_operator: bool) -> None:
        """Play all steps in an environment of their own; where one fails, the environment's logs stay.

        Raises:
            StoryBrokenError: A fact was not seen in time, or something could not be done.
        """
        async with AsyncExitStack() as running:
            try:
                with self._narrator.waiting("etcd and kube-apiserver start"):
                    starting = Environment.start(EnvironmentSettings(installed=False))
                    environment = await running.enter_async_context(starting)
            except ControlPlaneError as error:
                self._narrator.broken(str(error))
                raise StoryBrokenError from error
            steps = story(environment, with_operator=with_operator)
            for step in steps:
                self.untold = [each.short_title for each in steps[len(self.told) :]]
                await self._tell(step, environment)

    async def _tell(self, step: Step, environment: Environment) -> None:
        self._narrator.step(step.title)
        try:
            observations = await self._play(step)
        except NotObservedError as error:
            self._narrator.unseen(error, await _shown(step.subject))
            self._ended_badly(environment)
            raise StoryBrokenError from error
        except (ControlPlaneError, *NO_ANSWER) as error:
            self._narrator.broken(str(error) or type(error).__name__)
            self._ended_badly(environment)
            raise StoryBrokenError from error
        self.told.append(ToldStep(step.short_title, observations))

    async def _play(self, step: Step) -> list[Observation]:
        for action in step.actions:
            if isinstance(action, Command):
                self._narrator.command(action.shown)
                with self._narrator.waiting("kubectl"):
                    output = await action.run()
                self._narrator.output(output)
            else:
                self._narrator.happening(action.telling)
                self._narrator.output(await action.happen())
        observations = []
        for fact in step.facts:
            with self._narrator.waiting(f"looking at {fact.place}"):
                seen = await observe(fact, self._patience)
            self._narrator.observation(seen)
            observations.append(seen)
        return observations

    def _ended_badly(self, environment: Environment) -> None:
        if not environment.operator.alive:
            self._narrator.broken("the operator does not run")
        self._narrator.logs(environment.logs)


async def _shown(subject: Subject) -> Answer | None:
    """What the object says of itself; None where there is none, or where it cannot be read either."""
    with suppress(*NO_ANSWER):
        return await subject.resource()
    return None
