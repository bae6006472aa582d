"""Log lines: JSON for machines, coloured for a terminal; the libraries' own loggers go the same way."""

import logging
import sys
from typing import Any, Final, TextIO

import structlog

from tenant_billing.runtime.redaction import redact_event

_QUIET: Final = {
    "kopf": logging.WARNING,  # one line per event of every object otherwise
    "kopf.objects": logging.WARNING,
    "stripe": logging.WARNING,
    "httpx": logging.WARNING,  # logs every URL
    "httpcore": logging.WARNING,
    "aiohttp.access": logging.WARNING,
    "asyncio": logging.WARNING,
    "kubernetes.aio.leaderelection": logging.CRITICAL,  # prints whole answers for every lost race
}


def configure_logs(level: str, *, json_lines: bool, stream: TextIO | None = None) -> None:
    """Set up all logging of the process; once, before anything logs.

    Args:
        level: The least level that is logged.
        json_lines: One JSON object per line, else lines for people.
        stream: Where lines go; the standard error output unless given.
    """
    out = stream or sys.stderr
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact_event,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer()
                if json_lines
                else structlog.dev.ConsoleRenderer(colors=out.isatty()),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(least, logging.getLevelName(level)))
