"""Money: currencies with their minor units, and a price as people write it. Integers and decimals, never floats."""

from decimal import Decimal
from typing import Final

_ZERO_DECIMAL: Final = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
_TWO_DECIMAL: Final = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP "
    "CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD KES "
    "KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD "
    "PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SVC SZL THB TJS TOP TRY TTD "
    "TWD TZS UAH UGX USD UYU UZS VES WST XCD XCG YER ZAR ZMW"
)
"""ISK and UGX have no fractions any more; the provider still takes them with two decimals (its page "Currencies")."""
_THREE_DECIMAL: Final = "BHD JOD KWD OMR TND"

EXPONENTS: Final = (
    dict.fromkeys(_ZERO_DECIMAL.split(), 0)
    | dict.fromkeys(_TWO_DECIMAL.split(), 2)
    | dict.fromkeys(_THREE_DECIMAL.split(), 3)
)
"""Decimals of each ISO 4217 currency that the provider takes, as its amounts count them."""

_THREE_DECIMALS: Final = 3
_COARSEST: Final = 10
"""Amounts of three-decimal currencies must end in 0 (the provider's page "Currencies")."""


def currency_problem(currency: str, field: str) -> str | None:
    """What is wrong with a currency, naming the field; None where nothing is.

    Args:
        currency: ISO 4217, upper case.
        field: Path of the object that holds ``currency``, such as ``spec.price.recurring``.
    """
    if currency in EXPONENTS:
        return None
    return (
        f"{field}.currency: {currency!r} is no currency that can be charged; use an ISO 4217 code such as EUR"
    )


def amount_problem(currency: str, amount: int, field: str) -> str | None:
    """What is wrong with an amount, naming the field; None where nothing is.

    Args:
        currency: ISO 4217, upper case, one that can be charged.
        amount: Minor units.
        field: Path of the amount, such as ``spec.price.recurring.unitAmount``.
    """
    if amount < 0:
        return f"{field}: {amount} is negative"
    if EXPONENTS[currency] == _THREE_DECIMALS and amount % _COARSEST:
        return f"{field}: an amount in {currency} must be a multiple of {_COARSEST}, not {amount}"
    return None


def display_amount(currency: str, minor_units: int | Decimal) -> str:
    """An amount as people write it: ``EUR 49.00``, ``JPY 4900``; an unknown currency is shown in minor units."""
    exponent = EXPONENTS.get(currency)
    if exponent is None:
        return f"{currency} {minor_units} (minor units)"
    amount = Decimal(minor_units).scaleb(-exponent)
    finest = amount.as_tuple().exponent
    assert isinstance(finest, int), "an amount is finite"
    return f"{currency} {amount:.{max(exponent, -finest)}f}"


def display_period(interval: str, interval_count: int = 1) -> str:
    """A billing period as people write it: ``month``, ``3 months``.

    Args:
        interval: ``day``, ``week``, ``month`` or ``year``, in any case.
        interval_count: Intervals in one billing period.
    """
    unit = interval.lower()
    return unit if interval_count == 1 else f"{interval_count} {unit}s"
