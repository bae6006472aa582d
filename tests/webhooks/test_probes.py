"""The kubelet's questions."""

import httpx
import pytest

from tenant_billing.webhooks.listening import listening
from tenant_billing.webhooks.probes import probe_application


@pytest.mark.parametrize(
    ("api_server", "age", "ready"),
    [(True, 62.0, 200), (False, 0.0, 503), (True, None, 503), (True, 151.0, 503)],
    ids=["all is well", "no API server", "watches not complete", "watches too old"],
)
async def test_ready_means_that_a_delivery_can_be_stored(
    api_server: bool, age: float | None, ready: int
) -> None:
    async def answers() -> bool:
        return api_server

    app = probe_application(answers, lambda: age, oldest=150.0)
    async with (
        listening(app, "127.0.0.1", 0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        assert (await client.get("/readyz")).status_code == ready
        assert (await client.get("/healthz")).status_code == 200, "the process itself is alive"
