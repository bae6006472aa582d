"""``python -m tenant_billing`` and the console scripts."""

from tenant_billing.commands.group import group


def main() -> None:
    """The command line."""
    group()


if __name__ == "__main__":
    main()
