"""``tenant-billing sandbox``: let something happen in the sandbox that ``make sandbox`` left running."""

import re
from pathlib import Path
from typing import Any, Final

import click
from rich.text import Text

from tenant_billing.api.names import BillingServerMetadata
from tenant_billing.commands.simulators import Simulators, TenantOverview
from tenant_billing.commands.tables import print_table
from tenant_billing.domain.money import display_amount

PASSWORD: Final = BillingServerMetadata.ADMIN_PASSWORD
"""A key whose value is shown nowhere."""
SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
"""Of each unit of a duration."""


LONGEST: Final = 52 * SECONDS["w"]
"""Of a duration: the simulators work through every renewal in it before they answer."""


class Duration(click.ParamType[int]):
    """A duration such as ``21d``, ``12h``, ``1d12h``; units s, m, h, d, w."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Give the seconds of it."""
        if isinstance(value, int):
            return value
        if not re.fullmatch(r"(\d+[smhdw])+", value):
            self.fail(f"{value!r} is no duration such as 21d, 12h or 1d12h", param, ctx)
        seconds = sum(int(count) * SECONDS[unit] for count, unit in re.findall(r"(\d+)([smhdw])", value))
        if seconds > LONGEST:
            self.fail(f"{value!r} is too long at once: 52w at most", param, ctx)
        return seconds


class Metadata(click.ParamType[tuple[str, str]]):
    """One entry of metadata such as ``tenant-id=acme``; an empty value removes the key."""

    name = "key=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Give key and value."""
        if isinstance(value, tuple):
            return value
        key, equals, text = str(value).partition("=")
        if not key or not equals:
            self.fail(f"{value!r} is no entry such as tenant-id=acme", param, ctx)
        return key, text


@click.group(short_help="Drive the simulators of a running sandbox.", no_args_is_help=True)
def sandbox() -> None:
    """Drive the simulators of the sandbox that `make sandbox` left running in this directory or above it."""


@sandbox.command()
def clock() -> None:
    """Show the time of the sandbox."""
    click.echo(f"{_simulators().now():%Y-%m-%d %H:%M:%S} UTC")


@sandbox.command()
@click.argument("duration", type=Duration())
def advance(duration: int) -> None:
    """Let time pass, such as 21d, with every renewal and retry that falls due."""
    click.echo(f"It is {_simulators().advance(duration):%Y-%m-%d %H:%M:%S} UTC.")


@sandbox.command("fail-payment")
@click.argument("tenant")
def fail_payment(tenant: str) -> None:
    """From now on the cards of the tenant's customer decline; seen at the next renewal."""
    customer = _simulators().let_payments_fail(tenant)
    click.echo(f"From now on the cards of {customer} decline. To see it: tenant-billing sandbox advance 32d")


@sandbox.command()
@click.argument("tenant")
def pay(tenant: str) -> None:
    """The tenant's customer pays the open invoice with a good card."""
    paid = _simulators().pay(tenant)
    if paid.get("object") == "invoice":
        amount = display_amount(str(paid["currency"]).upper(), int(paid["amount_due"]))
        click.echo(f"Invoice {paid['id']} of {amount} is {paid['status']}.")
    else:
        click.echo(f"The customer saved a card ({paid['id']}).")


@sandbox.command()
@click.option("--price", required=True, help="Id or lookup key of the price, as the plan's status.priceID.")
@click.option("--email", default="ann@customer.example", help="Address of a new customer.")
@click.option("--name", help="Name of a new customer.")
@click.option("--customer", help="Id of a customer who is known already.")
@click.option(
    "--metadata", "entries", type=Metadata(), multiple=True, help="Such as tenant-id=acme; repeatable."
)
@click.option("--unpaid", is_flag=True, help="The checkout is abandoned: the first payment is not made.")
def subscribe(
    price: str,
    email: str,
    name: str | None,
    customer: str | None,
    entries: tuple[tuple[str, str], ...],
    *,
    unpaid: bool,
) -> None:
    """A customer subscribes in Stripe: at Checkout, by a Payment Link, or through the dashboard."""
    who = {"customer": customer} if customer else {"email": email, "name": name}
    made = _simulators().subscribe(price, dict(entries), pays=not unpaid, **who)
    click.echo(f"Customer {made['customer']} subscribed: {made['id']} is {made['status']}.")
    if "tenant-id" not in made["metadata"]:
        click.echo(
            f"It names no tenant yet. For that: tenant-billing sandbox metadata {made['id']} tenant-id=NAME"
        )


@sandbox.command()
@click.argument("subscription")
@click.argument("entries", metavar="KEY=VALUE...", type=Metadata(), nargs=-1, required=True)
def metadata(subscription: str, entries: tuple[tuple[str, str], ...]) -> None:
    """Somebody edits the metadata of SUBSCRIPTION in Stripe; an empty value removes its key."""
    edited = _simulators().edit_metadata(subscription, dict(entries))
    known = ", ".join(
        f"{key}={value}" for key, value in sorted(edited["metadata"].items()) if key != PASSWORD
    )
    click.echo(f"{edited['id']} carries: {known or 'nothing'}")


@sandbox.command(context_settings={"ignore_unknown_options": True})
@click.argument("tenant")
@click.argument("count", type=int)
def devices(tenant: str, count: int) -> None:
    """The tenant's users register COUNT more devices; a negative COUNT removes some."""
    click.echo(f"{tenant} has {_devices(_simulators().register_devices(tenant, count))}.")


@sandbox.command()
def tenants() -> None:
    """Show every tenant as The Things Stack and Stripe know it."""
    found = _simulators().tenants()
    if not found:
        click.echo(
            "No tenant yet. For one: kubectl apply -f deploy/samples/tenantsubscription.yaml", err=True
        )
        return
    rows = [
        [Text(cell) for cell in (each.tenant, each.state or "not there", each.description, _devices(each))]
        + [Text(each.payment or "")]
        for each in found
    ]
    print_table(("TENANT", "THE THINGS STACK", "DESCRIPTION", "DEVICES", "STRIPE"), rows)


def _simulators() -> Simulators:
    return Simulators.found_from(Path.cwd())


def _devices(overview: TenantOverview) -> str:
    if overview.state is None:
        return ""
    return f"{overview.devices} of {'any number' if overview.limit is None else overview.limit} devices"
