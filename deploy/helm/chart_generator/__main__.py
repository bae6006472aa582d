"""``make chart``: write all files that are made."""

import sys
from collections.abc import Mapping
from pathlib import Path

from chart_generator.generated import DEPLOY, chart_files, kustomize_files
from tenant_billing_sandbox.control_plane.binaries import Binaries
from tenant_billing_sandbox.control_plane.pins import Program


def main() -> None:
    """Write what has changed, and name it. The files that Helm makes come last: it reads the others."""
    changed = _write(chart_files())
    changed += _write(kustomize_files(Binaries().install([Program.HELM])[Program.HELM]))
    sys.stdout.writelines(f"{path.relative_to(DEPLOY.parent)}\n" for path in changed)


def _write(files: Mapping[Path, str]) -> list[Path]:
    changed = [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path], encoding="utf-8")
    return changed


main()
