"""How the demo looks at a fact: again and again, whatever is answered meanwhile, until its patience is over."""

import httpx
import pytest

from tenant_billing_sandbox.demonstration.observation import Fact, NotObservedError, Place, Words, observe
from tenant_billing_sandbox.environment.outside import RefusedError
from waiting import PATIENCE


class Answers:
    """What is seen, look by look; the last one again and again."""

    def __init__(self, *answers: Words | Exception) -> None:
        self._answers = list(answers)

    async def look(self) -> Words:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def fact(self) -> Fact:
        return Fact(Place.STRIPE, "it is {status}", {"status": "paid"}, self.look)


@pytest.mark.parametrize(
    "passing", [RefusedError("GET … was answered 429"), httpx.ReadTimeout(""), TimeoutError()], ids=repr
)
async def test_no_answer_is_not_the_end_of_looking(passing: Exception) -> None:
    seen = await observe(Answers(passing, {"status": "open"}, {"status": "paid"}).fact, PATIENCE)
    assert seen.telling == "it is paid"


async def test_what_was_answered_last_is_told_when_patience_is_over() -> None:
    with pytest.raises(NotObservedError) as raised:
        await observe(Answers(RefusedError("GET … was answered 429")).fact, 0)
    assert raised.value.seen == "no answer: GET … was answered 429"
