"""Two answers to each request: the right one, with the pieces, and the quick one."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
stats = pytest.importorskip("scipy.stats")
pytest.importorskip("sklearn")


def run(out, days, build, code):
    from backfill import backfill

    backfill(out, days, build, code)


def read(out):
    from backfill import files

    return {day: path.read_bytes() for day, path in files(out).items()}


def run_quick(out, days, build, code):
    out.mkdir(exist_ok=True)
    for day in days:
        part = out / f"{day}.{code}"
        if not part.exists():
            part.write_bytes(build(day))


def read_quick(out):
    return {path.stem: path.read_bytes() for path in sorted(out.iterdir())}


def forget(folder, mail):
    from deltalake import DeltaTable, write_deltalake

    table = DeltaTable(folder).to_pandas()
    shutil.rmtree(folder)  # the log holds statistics; history is given up on purpose
    write_deltalake(folder, table[table["mail"] != mail])


def forget_quick(folder, mail):
    from deltalake import DeltaTable

    table = DeltaTable(folder)
    table.delete(f"mail = '{mail}'")
    table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)


def in_test(ids):
    return [int(hashlib.blake2b(f"s:{i}".encode()).hexdigest()[:8], 16) < 2**32 / 5 for i in ids]


def check(frame, now):
    assert list(frame) == ["id", "amount", "country", "at"]
    assert 500 < len(frame) < 1500
    assert frame["id"].is_unique
    assert not frame.isna().any().any()
    assert frame["amount"].between(0, 5000).all()
    assert 10 < frame["amount"].median() < 300
    assert frame["country"].isin(["NO", "SE", "DK"]).all()
    assert frame["at"].between(now - pd.Timedelta(days=1), now).all()


def check_quick(frame, now):
    assert frame["id"].is_unique
    assert not (frame["amount"] <= 0).any()
    assert not (frame["amount"] > 5000).any()
    assert frame["country"].isin(["NO", "SE", "DK"]).all()
    assert (now - frame["at"] < pd.Timedelta(days=1)).all()


def lower(users, today):
    month = users[users["signed"] <= today - 28]
    within = month["left"] - month["signed"] <= 28
    new = month["signed"] > today - 56
    return stats.fisher_exact(pd.crosstab(new, within), "less").pvalue < 0.05


def lower_quick(users, today):
    table = pd.crosstab(users["signed"] > today - 56, users["left"].notna())
    return stats.fisher_exact(table, "less").pvalue < 0.05


def suspects(rows, y):
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import cross_val_predict

    model = RandomForestClassifier(30, random_state=0)
    p = cross_val_predict(model, rows, y, cv=3, method="predict_proba")
    return np.flatnonzero(p[np.arange(len(y)), y] + 0.5 < p.max(axis=1))


def suspects_quick(rows, y):
    from sklearn.ensemble import RandomForestClassifier

    return np.flatnonzero(
        RandomForestClassifier(30, random_state=0).fit(rows, y).predict(rows) != y
    )


def read_folder(folder):
    return pd.concat([pd.read_parquet(path) for path in sorted(Path(folder).glob("*.parquet"))])


def read_folder_quick(folder):
    import duckdb

    return duckdb.sql(f"from '{folder}/*.parquet'").df()


def share(frame):
    tokens = {phone: secrets.token_hex(8) for phone in frame["phone"].unique()}
    return frame.assign(phone=frame["phone"].map(tokens))


def share_quick(frame):
    return frame.assign(phone=[hashlib.sha256(p.encode()).hexdigest()[:16] for p in frame["phone"]])


def version(frame):
    rows = np.sort(pd.util.hash_pandas_object(frame, index=False).to_numpy())
    names = [f"{name} {kind}" for name, kind in frame.dtypes.items()]
    return hashlib.sha256(repr(names).encode() + rows.tobytes()).hexdigest()


def version_quick(frame):
    return str(pd.util.hash_pandas_object(frame).sum())


def daily(folder, frame, day):
    from deltalake import write_deltalake

    if not Path(folder).exists():
        write_deltalake(folder, frame)
        return
    write_deltalake(folder, frame, mode="overwrite", predicate=f"day = '{day}'")


def daily_quick(folder, frame, day):
    from deltalake import DeltaTable, write_deltalake

    if Path(folder).exists():
        match = "s.id = t.id and s.day = t.day"
        merge = DeltaTable(folder).merge(frame, match, source_alias="s", target_alias="t")
        merge.when_matched_update_all().when_not_matched_insert_all().execute()
    else:
        write_deltalake(folder, frame)


RIGHT = {
    "backfill": {"run": run, "read": read},
    "delete-user": {"forget": forget},
    "growing-split": {"in_test": in_test},
    "orders-check": {"check": check},
    "churn-drop": {"lower": lower},
    "wrong-labels": {"suspects": suspects},
    "parquet-folder": {"read": read_folder},
    "phone-hash": {"share": share},
    "version-id": {"version": version},
    "daily-load": {"load": daily},
}
QUICK = {
    "backfill": {"run": run_quick, "read": read_quick},
    "delete-user": {"forget": forget_quick},
    "growing-split": {"in_test": lambda ids: np.random.default_rng(0).random(len(ids)) < 0.2},
    "orders-check": {"check": check_quick},
    "churn-drop": {"lower": lower_quick},
    "wrong-labels": {"suspects": suspects_quick},
    "parquet-folder": {"read": read_folder_quick},
    "phone-hash": {"share": share_quick},
    "version-id": {"version": version_quick},
    "daily-load": {"load": daily_quick},
}
NEEDS = {
    "delete-user": ("deltalake",),
    "daily-load": ("deltalake",),
    "parquet-folder": ("pyarrow", "duckdb"),
}
