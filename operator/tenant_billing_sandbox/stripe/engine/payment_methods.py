"""Payment methods and setup intents, as far as a payment can succeed or fail."""

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.cards import REFUSALS, Behavior, Behaviors, TestCard, test_card
from tenant_billing_sandbox.stripe.engine.changes import changing, merge_metadata
from tenant_billing_sandbox.stripe.engine.lists import found, listing, referred
from tenant_billing_sandbox.stripe.engine.memory import index, of_customer
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import Problem, invalid

EXPIRY_YEAR = 2038
NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def new_payment_method(account: Account, card: TestCard) -> Object:
    """A card that is not attached to a customer yet."""
    payment_method: Object = {
        "id": account.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": NO_ADDRESS,
            "email": None,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        "card": {
            "brand": card.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": "US",
            "display_brand": card.brand,
            "exp_month": 12,
            "exp_year": EXPIRY_YEAR,
            "fingerprint": f"fingerprint{card.last4}",
            "funding": "credit",
            "generated_from": None,
            "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": account.now,
        "customer": None,
        "customer_account": None,
        "livemode": account.livemode,
        "metadata": {},
        "type": "card",
    }
    account.table("payment_method")[payment_method["id"]] = payment_method
    account.part(Behaviors).by_payment_method[payment_method["id"]] = card.behavior
    return payment_method


def attach(account: Account, name: str, customer_id: str) -> Object:
    """Attach a payment method, or a new one of a test card such as ``pm_card_visa``, to a customer.

    Raises:
        Problem: 402 ``card_declined`` for a test card that cannot be attached; 400 if it does not exist or belongs to
            another customer.
    """
    customer = referred(account, "customer", customer_id, "customer")
    card = test_card(name)
    if card is not None and not card.attaches:
        refusal = REFUSALS[card.behavior]
        raise Problem(
            402, "card_error", refusal.message, refusal.code, extra={"decline_code": refusal.decline_code}
        )
    payment_method = (
        new_payment_method(account, card)
        if card
        else referred(account, "payment_method", name, "payment_method")
    )
    if payment_method["customer"] not in {None, customer_id}:
        raise invalid("The payment method you provided has already been attached to a customer.")
    if payment_method["customer"] is None:
        payment_method["customer"] = customer["id"]
        index(account, "payment_method", payment_method)
        account.emit("payment_method.attached", payment_method)
    return payment_method


def cards_of(account: Account, customer_id: str) -> list[Object]:
    """The customer's attached payment methods, oldest first, each once."""
    attached = {pm["id"]: pm for pm in of_customer(account, "payment_method", customer_id)}
    return [pm for pm in attached.values() if pm["customer"] == customer_id]


def belonging(account: Account, name: str, customer_id: str, param: str) -> str:
    """The id of a payment method that a parameter names, which must be the customer's.

    Raises:
        Problem: 400 ``resource_missing`` where it is not.
    """
    payment_method = account.table("payment_method").get(name)
    if payment_method is None or payment_method["customer"] != customer_id:
        message = f"No such PaymentMethod: '{name}'; it must be attached to the customer first."
        raise invalid(message, param=param, code="resource_missing")
    return name


@operation("POST", "/v1/payment_methods")
def _create(account: Account, call: Call) -> Object:
    asked = call.params.get("card") or {}
    if "number" in asked:
        raise Problem(
            402,
            "card_error",
            "Sending credit card numbers directly to the Stripe API is generally unsafe. Pass a test token instead, "
            "for example card[token]=tok_visa.",
        )
    if call.params.get("type", "card") != "card":
        raise invalid(
            "The simulator has payment methods of the type `card` only.", param="type", code="not_simulated"
        )
    name = str(asked.get("token") or "tok_visa")
    card = test_card(name)
    if card is None:
        raise invalid(f"No such token: '{name}'", param="card[token]", code="resource_missing")
    payment_method = new_payment_method(account, card)
    merge_metadata(payment_method, call.params.get("metadata"))
    return payment_method


@operation("GET", "/v1/payment_methods")
def _list(account: Account, call: Call) -> Object:
    customer, type_ = call.params.get("customer"), call.params.get("type")
    methods = cards_of(account, customer) if customer else []
    return listing("/v1/payment_methods", [pm for pm in methods if type_ in {None, pm["type"]}])


@operation("GET", "/v1/payment_methods/{}")
def _retrieve(account: Account, call: Call) -> Object:
    return found(account, "payment_method", call.path[0], "PaymentMethod")


@operation("POST", "/v1/payment_methods/{}")
def _update(account: Account, call: Call) -> Object:
    payment_method = found(account, "payment_method", call.path[0], "PaymentMethod")
    with changing(account, payment_method, "payment_method.updated"):
        merge_metadata(payment_method, call.params.get("metadata"))
    return payment_method


@operation("POST", "/v1/payment_methods/{}/attach")
def _attach(account: Account, call: Call) -> Object:
    if not call.params.get("customer"):
        raise invalid("Missing required param: customer.", param="customer", code="parameter_missing")
    return attach(account, call.path[0], str(call.params["customer"]))


@operation("POST", "/v1/payment_methods/{}/detach")
def _detach(account: Account, call: Call) -> Object:
    payment_method = found(account, "payment_method", call.path[0], "PaymentMethod")
    detach(account, payment_method)
    return payment_method


def detach(account: Account, payment_method: Object) -> None:
    """Take a payment method from its customer; defaults that name it become null."""
    customer = account.table("customer").get(payment_method["customer"] or "")
    if customer is None:
        return
    with changing(account, payment_method, "payment_method.detached"):
        payment_method["customer"] = None
    settings = customer.get("invoice_settings", {})
    if settings.get("default_payment_method") == payment_method["id"]:
        with changing(account, customer, "customer.updated"):
            settings["default_payment_method"] = None
    for subscription in of_customer(account, "subscription", customer["id"]):
        if subscription["default_payment_method"] == payment_method["id"]:
            with changing(account, subscription, "customer.subscription.updated"):
                subscription["default_payment_method"] = None


@operation("GET", "/v1/customers/{}/payment_methods")
def _list_of_customer(account: Account, call: Call) -> Object:
    found(account, "customer", call.path[0])
    return listing(f"/v1/customers/{call.path[0]}/payment_methods", cards_of(account, call.path[0]))


@operation("GET", "/v1/customers/{}/payment_methods/{}")
def _retrieve_of_customer(account: Account, call: Call) -> Object:
    return found(account, "payment_method", belonging(account, call.path[1], call.path[0], "payment_method"))


def set_behavior(account: Account, payment_method: Object, behavior: Behavior) -> None:
    """From now on charges on this payment method end so."""
    account.part(Behaviors).by_payment_method[payment_method["id"]] = behavior
