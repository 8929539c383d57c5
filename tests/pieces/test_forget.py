"""The faults `forget` exists for, put in on purpose."""

from __future__ import annotations

import gzip
import hashlib

import pytest
from forget import Ledger, find_copies

SECRET = b"kept elsewhere"


class Table:
    """A store as it should be; the subclasses are as stores are."""

    def __init__(self, name, *rows):
        self.name, self.rows = name, list(rows)

    def count(self, subject):
        return self.rows.count(subject)

    def erase(self, subject):
        self.rows = [row for row in self.rows if row != subject]


class Deaf(Table):
    def erase(self, subject):
        pass


class Broken(Table):
    def erase(self, subject):
        raise ConnectionError("no route")


class Power(BaseException):
    """The process is killed."""


class Killed(Table):
    def erase(self, subject):
        raise Power


def test_the_subject_leaves_every_store_and_nobody_else_does(tmp_path):
    stores = [Table("events", "ann", "bob", "ann"), Table("vectors", "bob", "ann")]
    ledger = Ledger(tmp_path / "ledger", SECRET)
    ledger.ask("ann", "2026-11-01")
    assert ledger.work(stores) == {}
    assert [store.rows for store in stores] == [["bob"], ["bob"]]


def test_a_store_that_says_nothing_or_fails_is_told_and_stops_no_other(tmp_path):
    stores = [Broken("cache", "ann"), Deaf("logs", "ann"), Table("events", "ann")]
    ledger = Ledger(tmp_path / "ledger", SECRET)
    ledger.ask("ann", "2026-11-01")
    left = {"cache": "ConnectionError: no route", "logs": "1 records are still there"}
    assert ledger.work(stores) == {"2026-11-01": left}
    assert stores[2].rows == []
    assert ledger.work([Table("cache"), Table("logs")]) == {}


def test_a_kill_between_two_stores_is_taken_up_again(tmp_path):
    events, vectors = Table("events", "ann"), Killed("vectors", "ann")
    ledger = Ledger(tmp_path / "ledger", SECRET)
    ledger.ask("ann", "2026-11-01")
    with pytest.raises(Power):
        ledger.work([events, vectors])
    vectors = Table("vectors", "ann")
    assert Ledger(tmp_path / "ledger", SECRET).work([events, vectors]) == {}
    assert vectors.rows == []


def test_a_backup_or_a_late_row_brings_nobody_back(tmp_path):
    ledger = Ledger(tmp_path / "ledger", SECRET)
    backup = [("ann", 1), ("bob", 2)]
    ledger.ask("ann", "2026-11-01")
    assert list(ledger.without(backup, lambda row: row[0])) == [("bob", 2)]
    ledger.work([])
    again = Ledger(tmp_path / "ledger", SECRET)
    assert list(again.without(backup, lambda row: row[0])) == [("bob", 2)]


def test_the_ledger_forgets_the_name_when_it_is_done(tmp_path):
    path = tmp_path / "ledger"
    ledger = Ledger(path, SECRET)
    ledger.ask("ann@example.org", "2026-11-01")
    assert path in find_copies(tmp_path, "ann@example.org")
    ledger.work([Table("events", "ann@example.org")])
    assert find_copies(tmp_path, "ann@example.org") == {}
    assert ledger.gone("ann@example.org")
    assert not Ledger(path, b"another").gone("ann@example.org")


def test_asked_again_is_worked_again_and_keeps_its_day(tmp_path):
    ledger, late = Ledger(tmp_path / "ledger", SECRET), Deaf("found later", "ann")
    ledger.ask("ann", "2026-11-01")
    ledger.work([])
    ledger.ask("ann", "2026-11-09")
    assert list(ledger.work([late])) == ["2026-11-01"]


def test_copies_nobody_registered_are_found(tmp_path):
    subject = "ann@example.org"
    digest = hashlib.sha256(subject.encode()).hexdigest()
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "a.csv").write_text(f"id,mail\n1,{subject}\n")
    (tmp_path / "log.gz").write_bytes(gzip.compress(f"GET /?u={subject}".encode()))
    (tmp_path / "hashed.csv").write_text(f"id,user\n1,{digest}\n")
    (tmp_path / "clean.csv").write_text("id,mail\n2,bob@example.org\n")
    assert {path.name: what for path, what in find_copies(tmp_path, subject).items()} == {
        "a.csv": "the subject",
        "log.gz": "the subject",
        "hashed.csv": "its sha256",
    }


def test_parquet_is_read_not_only_searched(tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    table = pa.table({"who": [f"user{n}@example.org" for n in range(5000)], "n": range(5000)})
    pq.write_table(table, tmp_path / "a.parquet", compression="zstd")
    assert b"user777@" not in (tmp_path / "a.parquet").read_bytes(), "was meant to be compressed"
    assert list(find_copies(tmp_path, "user777@example.org")) == [tmp_path / "a.parquet"]
    assert find_copies(tmp_path, "user7777@example.org") == {}
