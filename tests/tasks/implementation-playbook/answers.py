"""Two answers to each request: the right one, with the pieces, and the quick one."""

from __future__ import annotations

import hashlib
import json

import pytest

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
stats = pytest.importorskip("scipy.stats")


def units(batch):
    pytest.importorskip("pandera")
    from contract import UNIT_GAP, unit_gap

    return unit_gap(batch) <= UNIT_GAP


def policy(protect, late_protected, late_unprotected):
    from decision import Costs

    return Costs(protect, late_protected, late_unprotected).threshold


def known(flights, now):
    return flights["land"].fillna(flights["sched_arr"] + 720) <= now


def by_day(cost, day, new):
    frame = pd.DataFrame({"cost": cost, "day": day, "new": new}).groupby("day").mean()
    return stats.ttest_ind(frame["cost"][frame["new"] > 0], frame["cost"][frame["new"] == 0]).pvalue


def redelivery(batches):
    rows = pd.concat([frame.assign(received=received) for received, frame in batches])
    return rows.sort_values("received", kind="stable").drop_duplicates("id", keep="last")


def crash_safe(path, text):
    from store import write_text

    write_text(path, text)


def rollout(user, share, experiment):
    from trials import position

    return position(user, experiment) < share


def more_late(late, p, day):
    from alarms import low_ratio

    return low_ratio(late, p, day)[1] > 1.05


def last_hour(flights):
    from features import Windows

    group = pd.factorize(flights["origin"])[0].astype(np.int64)
    seen = Windows(group, flights["dep"], flights["dep"] - flights["sched_dep"])
    now = flights["sched_dep"].to_numpy(np.int64) - 120
    return seen.mean(group, now - 60, now)


def bad_model(current, folder):
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        found = hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest()
        return manifest if manifest["sha256"] == found else current
    except (OSError, ValueError, TypeError, KeyError):
        return current


RIGHT = {
    "units": {"ok": units},
    "policy": {"threshold": policy},
    "known": {"training_rows": known},
    "by-day": {"p_value": by_day},
    "redelivery": {"current": redelivery},
    "crash-safe": {"save": crash_safe},
    "rollout": {"in_rollout": rollout},
    "more-late": {"alarm": more_late},
    "last-hour": {"feature": last_hour},
    "bad-model": {"choose": bad_model},
}


def last_hour_quick(flights):
    found = []
    for row in flights.itertuples():  # by plan: flights that have not left yet are seen
        t = row.sched_dep - 120
        same = flights["origin"] == row.origin
        seen = flights[same & flights["sched_dep"].between(t - 60, t)]
        found.append((seen["dep"] - seen["sched_dep"]).mean())
    return found


QUICK = {
    "units": {"ok": lambda batch: batch["temp_f"].between(-40, 130).all()},
    "policy": {"threshold": lambda protect, protected, unprotected: protect / unprotected},
    "known": {"training_rows": lambda flights, now: flights["land"] <= now},
    "by-day": {"p_value": lambda cost, _, new: stats.ttest_ind(cost[new], cost[~new]).pvalue},
    "redelivery": {
        "current": lambda b: pd.concat([f for _, f in b]).drop_duplicates("id", keep="last")
    },
    "crash-safe": {"save": lambda path, text: path.write_text(text)},
    "rollout": {
        "in_rollout": lambda user, share, _: (
            int(hashlib.md5(user.encode()).hexdigest(), 16) % 100 < 100 * share
        )
    },
    "more-late": {"alarm": lambda late, p, _: abs(late.mean() - p.mean()) > 0.01},
    "last-hour": {"feature": last_hour_quick},
    "bad-model": {
        "choose": lambda now, folder: (
            json.loads((folder / "manifest.json").read_text())
            if (folder / "model.bin").exists()
            else now
        )
    },
}
