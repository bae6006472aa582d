"""What an import could not map, or mapped with a reservation, each with its remedy."""

import enum
from dataclasses import dataclass


class Severity(enum.StrEnum):
    """How much a person has to do about it."""

    NOT_MAPPED = "NotMapped"
    """No object was written for it."""
    PAUSED = "Paused"
    """An object was written, and applying it would write outside: it carries the annotation ``paused``."""
    NOTE = "Note"
    """An object was written, and something about it is to be known."""


@dataclass(frozen=True, order=True)
class Remark:
    """One line of the report.

    Attributes:
        severity: How much a person has to do about it.
        subject: What it is about: ``tenant acme-iot``, ``price price_A``, ``BillingPlan starter``.
        problem: What is the matter.
        remedy: What to do.
    """

    severity: Severity
    subject: str
    problem: str
    remedy: str

    def to_json(self) -> dict[str, str]:
        """The remark as JSON."""
        return {
            "severity": self.severity.value,
            "subject": self.subject,
            "problem": self.problem,
            "remedy": self.remedy,
        }


def not_mapped(subject: str, problem: str, remedy: str) -> Remark:
    """Nothing was written for it."""
    return Remark(Severity.NOT_MAPPED, subject, problem, remedy)


def note(subject: str, problem: str, remedy: str) -> Remark:
    """Something to be known."""
    return Remark(Severity.NOTE, subject, problem, remedy)
