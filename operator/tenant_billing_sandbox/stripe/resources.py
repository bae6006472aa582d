"""Importing the modules whose operations are served, which registers them."""

from tenant_billing_sandbox.stripe.catalogue import coupons as coupons
from tenant_billing_sandbox.stripe.catalogue import meters as meters
from tenant_billing_sandbox.stripe.catalogue import prices as prices
from tenant_billing_sandbox.stripe.catalogue import products as products
from tenant_billing_sandbox.stripe.customers import accounts as accounts
from tenant_billing_sandbox.stripe.customers import customers as customers
from tenant_billing_sandbox.stripe.customers import search as search
from tenant_billing_sandbox.stripe.v2 import meter_events as meter_events
