"""proof: what ``mlskill prove --format json`` said of the blocks of skills."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from mlskill.errors import MissingPathError, MlskillError


class _Lenient(BaseModel):
    """What is read of a report; it may say more."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Place(_Lenient):
    path: str
    line: int


class Outcome(_Lenient):
    """What became of one block; see `mlskill.prover.Outcome`."""

    program: str
    place: _Place
    status: str
    by: str = ""
    message: str = ""
    seconds: float = 0.0
    digest: str = ""


class Run(_Lenient):
    """What became of the blocks of one skill, when, and with which releases."""

    date: datetime | None = None
    python: str = ""
    versions: dict[str, dict[str, str]] = {}
    blocks: tuple[Outcome, ...] = ()


class _Report(_Lenient):
    proofs: dict[str, Run]


@dataclass(frozen=True)
class Proofs:
    """The runs by the folder of the skill, as it was named when they were made."""

    runs: dict[str, Run] = field(default_factory=dict)

    def of(self, root: str) -> Run | None:
        """The run of the skill at `root`, by its path or, failing that, by its absolute path."""
        found = self.runs.get(root)
        if found is None:
            place = str(Path(root).resolve())
            found = next((r for k, r in self.runs.items() if str(Path(k).resolve()) == place), None)
        return found


def read(paths: Iterable[str]) -> Proofs:
    """The proofs in the files at `paths`; of a skill that is in several, the last.

    Raises:
        MissingPathError: there is nothing at a path.
        MlskillError: a file is no report of ``mlskill prove --format json``.
    """
    runs: dict[str, Run] = {}
    for path in paths:
        try:
            runs |= _Report.model_validate_json(Path(path).read_bytes()).proofs
        except FileNotFoundError:
            raise MissingPathError(path) from None
        except OSError as error:
            raise MlskillError(f"{path}: {error.strerror}") from None
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise MlskillError(
                f"{path}: no report of mlskill prove --format json: {where}: {first['msg']}"
            ) from None
    return Proofs(runs)
