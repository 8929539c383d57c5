"""Engines: distributed ones that exist already, as backends of joblib."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mlskill.errors import MlskillError


@contextmanager
def engine(name: str, address: str | None, workers: int) -> Iterator[None]:
    """Within it, joblib's work runs on Dask or Ray: the cluster at `address`, or a local one."""
    try:
        from joblib import parallel_config
    except ImportError:
        raise _missing("jobs") from None
    count = workers if workers > 0 else None
    if name == "dask":
        try:
            from distributed import Client
        except ImportError:
            raise _missing("dask") from None
        local = {"n_workers": count, "threads_per_worker": 1, "dashboard_address": None}
        client: Any = Client
        with client(address) if address else client(**local), parallel_config("dask"):
            yield
        return
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError:
        raise _missing("ray") from None
    ray.init(address=address, num_cpus=None if address else count, include_dashboard=False)
    register: Any = register_ray
    register()
    try:
        with parallel_config("ray"):
            yield
    finally:
        ray.shutdown()


def _missing(extra: str) -> MlskillError:
    return MlskillError(f"this needs the extra: pip install 'mlskill[{extra}]'")
