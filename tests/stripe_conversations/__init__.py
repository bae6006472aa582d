"""Conversations with a Stripe account that show every call and every state; importing them fills the table."""

from stripe_conversations import catalogue as catalogue
from stripe_conversations import changes as changes
from stripe_conversations import checkout as checkout
from stripe_conversations import customers as customers
from stripe_conversations import invoices as invoices
from stripe_conversations import subscriptions as subscriptions
from stripe_conversations import webhooks as webhooks
from stripe_conversations.registry import CONVERSATIONS as CONVERSATIONS
from stripe_conversations.registry import Conversation as Conversation
