"""Alerts and dashboards reach Prometheus and Grafana as they stand in their files."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from chart_rendering import CHART, Renderer

ALERTS = """
groups:
- name: tenant-billing
  rules:
  - alert: Down
    expr: up{job="tenant-billing"} == 0
    annotations:
      summary: "{{ $labels.pod }} is down {{ $value | humanize }}"
"""
DASHBOARD = {"title": "Billing", "panels": [{"legendFormat": "{{pod}}", "expr": 'rate(x[5m]) `"`'}]}


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """The chart with an alert and a dashboard whose templates are not Helm's."""
    copied = shutil.copytree(CHART, tmp_path / "tenant-billing")
    (copied / "files" / "alerts.yaml").write_text(ALERTS)
    (copied / "files" / "dashboards").mkdir(exist_ok=True)
    (copied / "files" / "dashboards" / "billing.json").write_text(json.dumps(DASHBOARD))
    return copied


async def test_templates_of_alerts_are_left_to_prometheus(helm: Path, chart: Path, tmp_path: Path) -> None:
    values = {"metrics": {"prometheusRule": {"enabled": True}}}
    rule = (await Renderer(helm, tmp_path, chart).render(values)).one("PrometheusRule")
    assert rule["spec"] == yaml.safe_load(ALERTS)


async def test_templates_of_dashboards_are_left_to_grafana(helm: Path, chart: Path, tmp_path: Path) -> None:
    values = {"metrics": {"dashboards": {"enabled": True, "annotations": {"grafana_folder": "Billing"}}}}
    rendered = await Renderer(helm, tmp_path, chart).render(values)
    config_map = rendered.one("ConfigMap", "tenant-billing-billing")
    assert json.loads(config_map["data"]["billing.json"]) == DASHBOARD
    assert config_map["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert config_map["metadata"]["annotations"]["grafana_folder"] == "Billing"


async def test_every_file_is_rendered(renderer: Renderer) -> None:
    values = {"metrics": {"prometheusRule": {"enabled": True}, "dashboards": {"enabled": True}}}
    rendered = await renderer.render(values)
    wanted = yaml.safe_load((CHART / "files" / "alerts.yaml").read_text(encoding="utf-8"))
    assert rendered.one("PrometheusRule")["spec"] == wanted
    files = {path.name: path.read_text("utf-8") for path in (CHART / "files" / "dashboards").glob("*.json")}
    found = {name: text for each in rendered.all("ConfigMap") for name, text in each["data"].items()}
    assert found == files
