"""What every fake of the outside does: it records its calls, and fails where a test asked for it."""

from dataclasses import dataclass, field


@dataclass
class Failing:
    """Records calls, and raises where a test asked for it."""

    calls: list[str] = field(default_factory=list)
    failures: dict[str, list[Exception]] = field(default_factory=dict)
    closed: bool = False

    def fail(self, name: str, error: Exception, times: int = 1) -> None:
        self.failures.setdefault(name, []).extend([error] * times)

    def called(self, name: str) -> None:
        self.calls.append(name)
        planned = self.failures.get(name)
        if planned:
            raise planned.pop(0)

    def count(self, name: str) -> int:
        return self.calls.count(name)

    async def close(self) -> None:
        self.closed = True
