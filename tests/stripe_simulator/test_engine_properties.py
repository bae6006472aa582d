"""What holds after any sequence of calls, payments and time (stripe.md 2.1, 2.2)."""

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from stripe_engine_world import (
    DAY,
    HOUR,
    a_customer,
    a_price,
    a_subscription,
    an_account,
    call,
    cancel,
    latest_invoice,
    pass_time,
    update,
)
from tenant_billing_sandbox.stripe.account import Object
from tenant_billing_sandbox.stripe.engine.cards import Behavior
from tenant_billing_sandbox.stripe.engine.customer_actions import pay, set_card
from tenant_billing_sandbox.stripe.engine.memory import Memory
from tenant_billing_sandbox.stripe.engine.money import SMALLEST_CHARGES
from tenant_billing_sandbox.stripe.engine.settings import BillingSettings, TerminalAction
from tenant_billing_sandbox.stripe.problems import Problem

TERMINAL = {"canceled", "incomplete_expired"}
FOLLOWING = {"active", "past_due", "unpaid"}
RUNNING = FOLLOWING | {"trialing"}
SPANS = [60, HOUR, 23 * HOUR, DAY, 3 * DAY, 8 * DAY, 31 * DAY]


class Billing(RuleBasedStateMachine):
    """One customer with up to three subscriptions, and everything that may happen to them."""

    @initialize(action=st.sampled_from(list(TerminalAction)), first=st.booleans())
    def open_account(self, action: TerminalAction, first: bool) -> None:
        self.account = an_account()
        dunning = self.account.part(BillingSettings)
        dunning.terminal_action, dunning.pause_after_first_failure = action, first
        self.prices = [a_price(self.account, amount) for amount in (0, 700, 4900, 10_001)]
        self.prices.append(a_price(self.account, 39_900, "year"))
        self.customer = a_customer(self.account)
        self.subscriptions: list[Object] = []
        self.ended: dict[str, Object] = {}

    def attempt(self, act: Callable[[], Any]) -> None:
        """A refusal is as good an answer as any; the invariants judge what it left behind."""
        with contextlib.suppress(Problem):
            act()

    def each(self, act: Callable[[Object], Any]) -> None:
        for subscription in self.subscriptions:
            self.attempt(partial(act, subscription))

    @rule(
        price=st.integers(0, 4),
        trial=st.sampled_from([None, None, 5]),
        behavior=st.sampled_from(["default_incomplete", "allow_incomplete", "error_if_incomplete"]),
        collection=st.sampled_from([{}, {}, {"collection_method": "send_invoice", "days_until_due": 7}]),
        missing=st.sampled_from(["cancel", "pause", "create_invoice"]),
    )
    def subscribe(
        self, price: int, trial: int | None, behavior: str, collection: Object, missing: str
    ) -> None:
        if len(self.subscriptions) < 3:
            asked = {"payment_behavior": behavior, **collection} | (
                {"trial_period_days": trial} if trial else {}
            )
            asked["trial_settings"] = {"end_behavior": {"missing_payment_method": missing}}
            self.attempt(
                lambda: self.subscriptions.append(
                    a_subscription(self.account, self.customer, self.prices[price], **asked)
                )
            )

    @rule(span=st.sampled_from(SPANS))
    def wait(self, span: int) -> None:
        pass_time(self.account, seconds=span)

    @rule(behavior=st.sampled_from(list(Behavior)))
    def customer_pays(self, behavior: Behavior) -> None:
        self.attempt(lambda: pay(self.account, self.customer, behavior))

    @rule(behavior=st.sampled_from([*Behavior, None]))
    def card_changes(self, behavior: Behavior | None) -> None:
        set_card(self.account, self.customer, behavior)

    @rule(
        price=st.integers(0, 4),
        quantity=st.integers(1, 3),
        proration=st.sampled_from(["create_prorations", "always_invoice", "none"]),
        behavior=st.sampled_from(
            ["allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"]
        ),
    )
    def change_plan(self, price: int, quantity: int, proration: str, behavior: str) -> None:
        def act(subscription: Object) -> None:
            item = {
                "id": subscription["items"]["data"][0]["id"],
                "price": self.prices[price],
                "quantity": quantity,
            }
            steering = {"proration_behavior": proration, "payment_behavior": behavior}
            update(self.account, subscription, items=[item], **steering)

        self.each(act)

    @rule(ends=st.booleans())
    def end_with_the_period(self, ends: bool) -> None:
        self.each(lambda subscription: update(self.account, subscription, cancel_at_period_end=ends))

    @rule(behavior=st.sampled_from(["", "void", "keep_as_draft", "mark_uncollectible"]))
    def pause_collection(self, behavior: str) -> None:
        wanted: Any = {"behavior": behavior} if behavior else ""
        self.each(lambda subscription: update(self.account, subscription, pause_collection=wanted))

    @rule()
    def pause(self) -> None:
        self.each(lambda one: call(self.account, "POST", "/v1/subscriptions/{}/pause", one["id"]))

    @rule(behavior=st.sampled_from(["resume_on_payment_attempt", "resume_on_payment_success"]))
    def resume(self, behavior: str) -> None:
        template = "/v1/subscriptions/{}/resume"
        self.each(lambda one: call(self.account, "POST", template, one["id"], payment_behavior=behavior))

    @rule(verb=st.sampled_from(["void", "mark_uncollectible", "finalize", "pay"]))
    def act_on_the_latest_invoice(self, verb: str) -> None:
        template = f"/v1/invoices/{{}}/{verb}"
        self.each(lambda one: call(self.account, "POST", template, str(one["latest_invoice"])))

    @rule(prorate=st.booleans(), invoice_now=st.booleans())
    def cancel_the_oldest(self, prorate: bool, invoice_now: bool) -> None:
        def act() -> None:
            cancel(self.account, self.subscriptions[0], prorate=prorate, invoice_now=invoice_now)

        if self.subscriptions:
            self.attempt(act)

    @rule()
    def forget_the_oldest(self) -> None:
        """Makes room for another one, once it ended."""
        if self.subscriptions and self.subscriptions[0]["status"] in TERMINAL:
            del self.subscriptions[0]

    # -------------------------------------------------------------- invariants

    def invoices(self) -> list[Object]:
        return list(self.account.table("invoice").values())

    @invariant()
    def the_status_is_what_the_invoices_say(self) -> None:
        memory = self.account.part(Memory)
        for subscription in self.subscriptions:
            waiting = {
                memory.pending_invoice.get(subscription["id"]),
                memory.resumption_invoice.get(subscription["id"]),
            }
            mine = [
                invoice
                for invoice in self.invoices()
                if invoice["parent"]["subscription_details"]["subscription"] == subscription["id"]
                and invoice["status"] not in {"draft", "void"}
                and invoice["id"] not in waiting
                and not self.is_not_due_yet(invoice)
            ]
            if subscription["status"] in FOLLOWING:
                processing = self.account.part(Memory).processing
                settled = not mine or mine[-1]["status"] != "open" or mine[-1]["id"] in processing
                assert (subscription["status"] == "active") is settled

    def is_not_due_yet(self, invoice: Object) -> bool:
        return invoice["status"] == "open" and (invoice["due_date"] or 0) > self.account.now

    @invariant()
    def amounts_add_up(self) -> None:
        for invoice in self.invoices():
            lines = sum(line["amount"] for line in invoice["lines"]["data"])
            taken = sum(part["amount"] for part in invoice["total_discount_amounts"])
            assert (invoice["subtotal"], invoice["total"]) == (lines, lines - taken)
            assert invoice["amount_paid"] + invoice["amount_remaining"] == invoice["amount_due"]
            if invoice["status"] != "draft":
                due = invoice["total"] + invoice["starting_balance"]
                charged = due if due >= SMALLEST_CHARGES["eur"] else 0
                assert (invoice["amount_due"], invoice["ending_balance"]) == (charged, due - charged)

    @invariant()
    def nothing_is_paid_without_a_payment(self) -> None:
        payments: dict[str, int] = {}
        for payment in self.account.table("invoice_payment").values():
            payments[payment["invoice"]] = payments.get(payment["invoice"], 0) + payment["amount_paid"]
        for invoice in self.invoices():
            assert payments.get(invoice["id"], 0) == invoice["amount_paid"]
            assert (invoice["status"] == "paid") is (invoice["status_transitions"]["paid_at"] is not None)

    @invariant()
    def what_ended_stays_as_it_ended(self) -> None:
        for subscription in self.subscriptions:
            if subscription["status"] in TERMINAL:
                known = self.ended.setdefault(subscription["id"], dict(subscription))
                assert (subscription["status"], subscription["ended_at"]) == (
                    known["status"],
                    known["ended_at"],
                )
                assert subscription["ended_at"] is not None

    @invariant()
    def a_running_subscription_is_inside_its_period(self) -> None:
        for subscription in self.subscriptions:
            if subscription["status"] in RUNNING:
                for item in subscription["items"]["data"]:
                    assert item["current_period_start"] <= self.account.now < item["current_period_end"]

    @invariant()
    def nothing_that_was_due_is_left_over(self) -> None:
        now = self.account.now
        for invoice in self.invoices():
            if invoice["status"] == "draft" and invoice["auto_advance"]:
                assert invoice["automatically_finalizes_at"] > now
            if invoice["status"] == "open":
                assert (invoice["next_payment_attempt"] or now + 1) > now
        for subscription in self.subscriptions:
            if subscription["status"] == "incomplete":
                assert now < subscription["created"] + 23 * HOUR
            assert (subscription["pending_update"] or {"expires_at": now + 1})["expires_at"] > now

    @invariant()
    def the_last_event_shows_the_subscription_as_it_is(self) -> None:
        shown = {
            event["data"]["object"]["id"]: event["data"]["object"]
            for event in self.account.table("event").values()
            if event["type"].startswith("customer.subscription.")
        }
        for subscription in self.subscriptions:
            assert shown.get(subscription["id"], subscription) == subscription

    @invariant()
    def only_the_latest_invoice_is_the_latest(self) -> None:
        for subscription in self.subscriptions:
            assert latest_invoice(self.account, subscription)["created"] <= self.account.now


Billing.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
test_any_sequence_of_calls_payments_and_time = Billing.TestCase
