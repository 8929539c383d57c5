"""The service behind Ray Serve: ``python resources/playbook/replicas.py``. Needs: train.

`Service` is all that changes: each replica is `server.app` as it is. Each looks at
``champion.json`` itself, so a new champion or a roll-back needs no word from Serve; for a second
two versions may answer, and ``/ready`` and ``/metrics`` speak for one replica. Serve's queue stands
before our door: without `QUEUED` it has no end, a flood is answered late and never refused; with it
every path waits there, so let probes ask Serve's own ``/-/healthz``, not ``/health``. Change:
`REPLICAS`; on a cluster every node must see ``serving/``. ``pip install "ray[serve]"``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # a cluster of this machine alone
os.environ.setdefault("PYTHONPATH", str(Path(__file__).parent))  # where workers find these modules

import httpx
import numpy as np
import ray
import server
from plan import RATE
from ray import serve as ray_serve
from serve import at_rate, flood, free_port, prepared, reload_under_load, running

REPLICAS = 2
QUEUED = server.IN_FLIGHT
"""Requests that wait for a replica; Serve tells the next one 503."""


@ray_serve.deployment(
    num_replicas=REPLICAS,
    max_ongoing_requests=server.IN_FLIGHT,
    max_queued_requests=QUEUED,
    backpressure_config={"retry_after_s": 1},
)
@ray_serve.ingress(server.app)
class Service:
    """The service, many times."""


@contextmanager
def on_ray(serving: Path) -> Iterator[str]:
    """The address of the service on a cluster of this machine, ended with the block."""
    os.environ["SERVING"], port = str(serving), free_port()
    ray.init(num_cpus=REPLICAS, include_dashboard=False, log_to_driver=False)
    try:
        ray_serve.start(http_options={"port": port})
        ray_serve.run(Service.bind())
        yield f"http://127.0.0.1:{port}"
    finally:
        ray_serve.shutdown()
        ray.shutdown()


def main() -> None:
    """Compare one process and Ray Serve on the same requests, at a rate, flooded, reloaded."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, default=Path("playbook-run"))
    home = parser.parse_args().home
    serving, _, requests = prepared(home)
    alone, many = running("server:app", serving, home / "serve.log"), on_ray(serving)
    said = []
    for name, service in (("one process", alone), (f"Ray Serve, {REPLICAS} replicas", many)):
        began = time.monotonic()
        with service as url:
            start = time.monotonic() - began
            said.append([httpx.post(f"{url}/predict", json=one).json() for one in requests])
            spent, failed = asyncio.run(at_rate(url, requests, RATE))
            middle, tail = np.quantile(spent, [0.5, 0.99])
            print(f"{name}: start {start:.1f} s; {RATE} requests a second: p50 {middle:.1f} ms, "
                  f"p99 {tail:.1f} ms, {failed} failed")  # fmt: skip
            print(f"  flood: {asyncio.run(flood(url, requests[0]))}")
            print(f"  reloads: {reload_under_load(url, serving, requests[0])}")
    shutil.rmtree(serving)
    if said[0] != said[1]:
        raise SystemExit("the answers differ")
    print(f"{len(requests)} answers: all equal")


if __name__ == "__main__":
    main()
