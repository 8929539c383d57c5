"""The pydantic model of a file of settings; imported only where there is one."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from mlskill.errors import UnknownNameError
from mlskill.model import LIMITS, Limits, Severity
from mlskill.rules import RULES, Profile

_NAMES = {*RULES, *(rule.family for rule in RULES.values())}
_STRICT = ConfigDict(extra="forbid", strict=True)


def _known(name: str) -> str:
    if name not in _NAMES:
        raise ValueError(str(UnknownNameError("rule or family", name, _NAMES)))
    return name


Name = Annotated[str, AfterValidator(_known)]
Number = Annotated[int, Field(gt=0)]

_defaults: dict[str, Any] = {f.name: (Number, getattr(LIMITS, f.name)) for f in fields(Limits)}
_Limits = create_model("_Limits", __config__=_STRICT, **_defaults)


class File(BaseModel):
    """What a file may say."""

    model_config = _STRICT

    profile: Profile = "default"
    select: list[Name] = []
    ignore: list[Name] = []
    advice: bool = False
    severity: dict[Name, Severity] = {}
    per_path: Annotated[dict[str, list[Name]], Field(alias="per-path")] = {}
    limits: _Limits = Field(default_factory=_Limits)  # type: ignore[valid-type]
    baseline: str = ""

    def values(self) -> dict[str, Any]:
        """What it says, as `Settings` takes it."""
        said = dict(self)
        said["select"], said["ignore"] = tuple(self.select), tuple(self.ignore)
        said["per_path"] = {path: tuple(names) for path, names in self.per_path.items()}
        said["limits"] = Limits(**dict(self.limits))
        return said
