"""The manifests to copy: sound by their schema, and by what schemas let pass."""

from __future__ import annotations

from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")
from manifest_faults import faults  # noqa: E402

from mlskill.checkers.manifests import check_yaml  # noqa: E402
from mlskill.checkers.tools import FaultError  # noqa: E402

PIECES = Path(__file__).parents[2] / "resources" / "pieces"
NAMES = ["scorer_deployment.yml", "gpu_ranker.yml", "quarantine_job.yml"]


def text(name: str) -> str:
    manifest = (PIECES / name).read_text(encoding="utf-8")
    return manifest.replace("sha256:DIGEST", "sha256:" + "0" * 64)


@pytest.mark.parametrize("name", NAMES)
def test_schema(name):
    assert check_yaml(text(name)) != ""


@pytest.mark.parametrize("name", NAMES)
def test_no_fault_that_a_schema_lets_pass(name):
    assert faults(yaml.safe_load_all(text(name)), load_seconds=240) == []


@pytest.mark.parametrize("name", NAMES[:2])
def test_a_model_slower_than_the_start_up_budget_is_named(name):
    assert any("6000" in fault for fault in faults(yaml.safe_load_all(text(name)), 6000))


@pytest.mark.parametrize("name", NAMES)
def test_a_misspelt_key_is_refused(name):
    pytest.importorskip("kubernetes_validate")
    with pytest.raises(FaultError):
        check_yaml(text(name).replace("template:", "tmplate:", 1))
