"""How long ``status.pendingOperation`` stands: while what it announces may still have to be done, or repeated."""

from tenant_billing.api.resource import PendingOperation
from tenant_billing.domain import counting, enrolment, period_end, scheduled_change, usage
from tenant_billing.domain.decision import Verdict
from tenant_billing.domain.findings import Hold
from tenant_billing.domain.world import World


def outstanding_intent(world: World, verdict: Verdict) -> PendingOperation | None:
    """The intent stays while its work is outstanding, and goes when ids are recorded or it was refused for good."""
    intent = world.intent
    if intent is None:
        return None
    if world.refusal is not None and not _outlives_refusal(intent, verdict):
        return None
    if world.provider_problem is not None or world.registry_problem is not None:
        return intent
    if intent.step == usage.REPORT_USAGE:
        return intent if usage.outstanding(world) is not None else None
    bought = verdict.candidates.told
    if intent.step == period_end.SCHEDULE:
        stopped = verdict.finding is not None and verdict.finding.hold is not Hold.NOTHING
        live = bought is not None and not counting.has_ended(bought)
        return intent if live and (stopped or scheduled_change.is_unfinished(verdict.actions)) else None
    if intent.step == enrolment.SUBSCRIBE:
        return intent if enrolment.is_outstanding(intent, verdict.candidates) else None
    return None if world.tenant is not None or world.tenant_gone else intent


def _outlives_refusal(intent: PendingOperation, verdict: Verdict) -> bool:
    """Whether it is not the intent's own work that was refused: a report, or a schedule that is attached already.

    Without its intent a schedule that carries no mark yet would be taken for somebody else's.
    """
    bought = verdict.candidates.told
    attached = bought is not None and bought.schedule_id is not None
    return intent.step == usage.REPORT_USAGE or (intent.step == period_end.SCHEDULE and attached)
