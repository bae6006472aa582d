"""Ids that no tenant and no user may have (things-stack.md 3, "Reserved IDs")."""

RESERVED_IDS = frozenset(
    {
        "admin", "api", "billing", "business", "cloud", "company", "customers", "default", "demo", "dev",
        "enterprise", "example", "free", "guest", "login", "network", "operator", "owner", "plan", "premium",
        "private", "prod", "production", "public", "root", "staging", "subscriptions", "support", "system",
        "team", "test", "test1", "test2", "test3", "ttn", "tti", "tts", "user",
    }
)  # fmt: skip
"""The ones that the reference names; a real server has some 700 and an installation may add its own."""
