"""What every fake of the outside does: it records its calls, and fails where a test asked for it."""

from dataclasses import dataclass, field


@dataclass
class Failing:
    """Records calls, and raises where a test asked for it.

    Attributes:
        calls: All calls in their order.
        could_wait: Those of them that let the urgent pass.
    """

    calls: list[str] = field(default_factory=list)
    could_wait: list[str] = field(default_factory=list)
    failures: dict[str, list[Exception]] = field(default_factory=dict)
    closed: bool = False

    def fail(self, name: str, error: Exception, times: int = 1) -> None:
        self.failures.setdefault(name, []).extend([error] * times)

    def called(self, name: str, *, urgent: bool = True) -> None:
        self.calls.append(name)
        if not urgent:
            self.could_wait.append(name)
        planned = self.failures.get(name)
        if planned:
            raise planned.pop(0)

    def count(self, name: str) -> int:
        return self.calls.count(name)

    async def close(self) -> None:
        self.closed = True
