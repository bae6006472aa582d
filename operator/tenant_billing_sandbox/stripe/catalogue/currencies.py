"""The currencies that Stripe bills in (docs.stripe.com/currencies)."""

from tenant_billing_sandbox.stripe.problems import invalid

NAMES = """
aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp cny
cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd
jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad
ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl
thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw
"""
SUPPORTED = frozenset(NAMES.split())


def check_currency(currency: str) -> str:
    """The currency in lower case.

    Raises:
        Problem: 400 for one that does not exist.
    """
    lowered = currency.lower()
    if lowered not in SUPPORTED:
        listed = ", ".join(sorted(SUPPORTED))
        raise invalid(
            f"Invalid currency: {currency}. Stripe currently supports these currencies: {listed}",
            param="currency",
        )
    return lowered
