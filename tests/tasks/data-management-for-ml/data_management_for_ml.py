"""Grade an answer by running it: ``python data_management_for_ml.py ID answer.py``.

It says nothing if the answer is right. Each check holds the case in which the quick answer is
silently wrong. Needs the stack of the module.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import pytest

pytest.importorskip("pandas")
import numpy as np
import pandas as pd


class Killed(BaseException):
    """The process ends here."""


def backfill(answer: ModuleType) -> None:
    days, built = [f"2026-11-0{n}" for n in range(1, 6)], []

    def builder(code: str, until: str = "") -> object:
        def build(day: str) -> bytes:
            if day == until:
                raise Killed
            built.append(day)
            return f"{day} {code}".encode()

        return build

    with TemporaryDirectory() as name:
        out = Path(name) / "table"
        answer.run(out, days, builder("one"), "one")
        old = {day: f"{day} one".encode() for day in days}
        assert answer.read(out) == old
        with pytest.raises(Killed):
            answer.run(out, days, builder("two", days[3]), "two")
        assert answer.read(out) == old, "a reader sees a mixture"
        built.clear()
        answer.run(out, days, builder("two"), "two")
        assert answer.read(out) == {day: f"{day} two".encode() for day in days}
        assert set(built) <= set(days[2:]), "finished days were built again"
        built.clear()
        answer.run(out, days, builder("two"), "two")
        assert built == [], "nothing had changed"


def delete_user(answer: ModuleType) -> None:
    import pyarrow.parquet as pq
    from deltalake import DeltaTable, write_deltalake

    mails = ["ann@example.org", "bob@example.org", "zoe@example.org"]
    people = pd.DataFrame({"id": [1, 2, 3], "mail": mails, "spent": [1.0, 2.0, 3.0]})
    with TemporaryDirectory() as name:
        folder = Path(name) / "table"
        write_deltalake(str(folder), people)
        write_deltalake(str(folder), people.assign(id=people["id"] + 3), mode="append")
        answer.forget(str(folder), mails[0])
        left = DeltaTable(str(folder)).to_pandas().sort_values("id")
        assert left["id"].tolist() == [2, 3, 5, 6]
        for path in folder.rglob("*"):
            if path.is_file():
                text = path.read_bytes()
                if path.suffix == ".parquet":
                    text += str(pq.read_table(path).to_pylist()).encode()
                assert mails[0].encode() not in text, f"still in {path.relative_to(folder)}"


def growing_split(answer: ModuleType) -> None:
    ids = np.array([f"user{n}" for n in range(10_000)])
    first = np.asarray(answer.in_test(ids))
    assert 0.17 < first.mean() < 0.23
    grown = np.append(ids, [f"user{n}" for n in range(20_000, 20_500)])
    order = np.random.default_rng(0).permutation(len(grown))
    later = dict(zip(grown[order], np.asarray(answer.in_test(grown[order])), strict=True))
    assert [later[name] for name in ids] == first.tolist(), "rows moved"
    twice = np.asarray(answer.in_test(np.repeat(ids[:500], 3))).reshape(500, 3)
    assert (twice == twice[:, :1]).all(), "one user on both sides"


def orders(seed: int, now: pd.Timestamp, rows: int = 1000) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": np.arange(rows),
            "amount": rng.gamma(3, 30, rows).round(2) + 5,
            "country": rng.choice(["NO", "SE", "DK"], rows),
            "at": now - pd.to_timedelta(rng.random(rows) * 23, unit="h").round("s"),
        }
    )


def orders_check(answer: ModuleType) -> None:
    now = pd.Timestamp("2026-11-23 06:00", tz="UTC")
    for seed in range(3):
        answer.check(orders(seed, now, 950 + 50 * seed), now)
    good = orders(0, now)
    empty_text = good["country"].mask(good.index == 7, "")
    bad = {
        "no rows": good[:0],
        "20 rows": good[:20],
        "twice": pd.concat([good, good], ignore_index=True),
        "one id twice": good.assign(id=good["id"].replace(5, 6)),
        "missing amounts": good.assign(amount=np.nan),
        "half missing": good.assign(amount=good["amount"].where(good["id"] % 2 == 0)),
        "cents": good.assign(amount=good["amount"] * 10),
        "negative": good.assign(amount=good["amount"].mask(good["id"] == 9, -999)),
        "empty country": good.assign(country=empty_text),
        "old": good.assign(at=good["at"] - pd.Timedelta(days=2)),
        "no column": good.drop(columns="at"),
    }
    for name, frame in bad.items():
        try:
            answer.check(frame, now)
        except Exception:
            continue
        raise AssertionError(f"accepts: {name}")


def churn_drop(answer: ModuleType) -> None:
    for real in (False, True):
        said = 0
        for seed in range(20):
            rng = np.random.default_rng(seed)
            signed = rng.integers(0, 365, 30_000)
            new = signed > 365 - 56
            leaves = rng.random(30_000) < np.where(new & real, 0.15, 0.3)
            day = signed + rng.exponential(30, 30_000)
            left = np.where(leaves & (day <= 365), day, np.nan)
            said += bool(answer.lower(pd.DataFrame({"signed": signed, "left": left}), 365))
        assert said >= 16 if real else said <= 3, f"real {real}: says lower {said} times of 20"


def wrong_labels(answer: ModuleType) -> None:
    from sklearn.datasets import load_digits

    rows, truth = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    flipped = rng.choice(len(truth), 60, replace=False)
    given = truth.copy()
    given[flipped] = (truth[flipped] + rng.integers(1, 10, 60)) % 10
    found = np.unique(np.asarray(answer.suspects(rows, given), int))
    assert np.isin(flipped, found).mean() > 0.6, "most wrong labels are not found"
    assert len(found) < 180, "too many to look at"


def parquet_folder(answer: ModuleType) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        pd.DataFrame({"id": [1, 2], "amount": [10, 20]}).to_parquet(folder / "1.parquet")
        newer = pd.DataFrame({"id": [3], "amount": [3.7], "vat": [0.25]})
        newer.to_parquet(folder / "2.parquet")
        frame = answer.read(str(folder)).sort_values("id").reset_index(drop=True)
    assert set(frame) == {"id", "amount", "vat"}, list(frame)
    assert frame["amount"].astype(float).tolist() == [10.0, 20.0, 3.7]
    assert frame["vat"].isna().tolist() == [True, True, False]


def phone_hash(answer: ModuleType) -> None:
    phones = ["+4790012345", "+4790012346", "+4790012345"]
    frame = pd.DataFrame({"phone": phones, "spent": [1.0, 2.0, 3.0]})
    out = answer.share(frame.copy())
    tokens = [str(token) for token in out["phone"]]
    assert tokens[0] == tokens[2] != tokens[1]
    assert out["spent"].tolist() == [1.0, 2.0, 3.0]
    for text in {phones[0], phones[0][1:], phones[0][3:]}:
        for kind in hashlib.algorithms_guaranteed - {"shake_128", "shake_256"}:
            digest = hashlib.new(kind, text.encode()).digest()
            plain = digest.hex(), base64.b64encode(digest).decode()
            reversed_ = any(len(tokens[0]) > 7 and form.startswith(tokens[0]) for form in plain)
            assert not reversed_, f"{kind} of a number: anybody can try all numbers"
    assert phones[0] not in tokens


def version_id(answer: ModuleType) -> None:
    frame = pd.DataFrame({"id": [1, 2, 3, 3], "x": [0.1, 0.2, np.nan, np.nan], "s": list("abcc")})
    first = answer.version(frame.copy())
    for seed in range(3):
        mixed = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
        assert answer.version(mixed) == first, "depends on the order of rows"
    other = {
        "a value": frame.assign(x=[0.1, 0.2, np.nan, 0.0]),
        "a double row less": frame[:3],
        "two values exchanged": frame.assign(x=[0.2, 0.1, np.nan, np.nan]),
        "a name": frame.rename(columns={"x": "z"}),
        "a small change": frame.assign(x=[0.1, 0.2000001, np.nan, np.nan]),
    }
    for what, changed in other.items():
        assert answer.version(changed.copy()) != first, f"does not see {what}"


def daily_load(answer: ModuleType) -> None:
    from deltalake import DeltaTable

    def day(name: str, *amounts: float) -> pd.DataFrame:
        rows = range(len(amounts))
        return pd.DataFrame({"day": [name] * len(amounts), "id": rows, "amount": amounts})

    with TemporaryDirectory() as name:
        folder = str(Path(name) / "table")
        for frame in (
            day("2026-11-01", 1.0, 2.0),
            day("2026-11-02", 3.0, 4.0),
            day("2026-11-02", 3.0, 4.0),
            day("2026-11-01", 10.0),  # corrected: one order did not exist
        ):
            answer.load(folder, frame.copy(), frame["day"].iloc[0])
        table = DeltaTable(folder).to_pandas().sort_values("amount")
    assert table["amount"].tolist() == [3.0, 4.0, 10.0]


CHECKS = {
    "backfill": backfill,
    "delete-user": delete_user,
    "growing-split": growing_split,
    "orders-check": orders_check,
    "churn-drop": churn_drop,
    "wrong-labels": wrong_labels,
    "parquet-folder": parquet_folder,
    "phone-hash": phone_hash,
    "version-id": version_id,
    "daily-load": daily_load,
}


def load(path: str) -> ModuleType:
    """The answer as a module; its folder is on the path, so that it may bring pieces."""
    sys.path.insert(0, str(Path(path).parent))
    spec = spec_from_file_location("answer", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    CHECKS[sys.argv[1]](load(sys.argv[2]))
