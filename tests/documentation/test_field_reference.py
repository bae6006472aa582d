"""``docs/reference`` is what ``make reference`` writes."""

import subprocess
import sys
from pathlib import Path

from document_pages import DOCUMENTS
from manifests import REPOSITORY
from tenant_billing.api.names import KINDS


def test_field_reference_is_as_the_definitions_are(tmp_path: Path) -> None:
    subprocess.run([sys.executable, REPOSITORY / "docs" / "reference" / "generate.py", tmp_path], check=True)
    made = {each.name: each.read_text(encoding="utf-8") for each in tmp_path.iterdir()}
    assert len(made) == len(KINDS)
    kept = {name: (DOCUMENTS / "reference" / name).read_text(encoding="utf-8") for name in made}
    assert kept == made, "run: make reference"
