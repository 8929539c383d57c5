"""What made this model? A manifest to store beside it, and what differs when it is made again.

Call `made = manifest(root)` and `differences(made, later)`.

Copy the file; it needs nothing but git. `manifest` names the commit, the uncommitted changes, the
hash of every input file, the parameters, the lock file and the versions that were really
installed; log it with the model (`mlflow.log_dict`). `differences` compares two, `changed` looks
whether inputs are still what they were. Change `packages` to those whose version moves your result.
"""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def manifest(
    root: Path,
    inputs: Iterable[str] = (),
    params: Mapping[str, object] | None = None,
    packages: Iterable[str] = (),
) -> dict[str, str]:
    """Flat names and values; inputs are files or folders below `root`.

    Raises FileNotFoundError for an input that is not there, CalledProcessError without a commit.
    """
    made = {
        "commit": _git(root, "rev-parse", "HEAD").decode().strip(),
        "uncommitted": _uncommitted(root),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }
    made |= {f"input:{name}": digest(root / name) for name in inputs}
    made |= {f"param:{name}": repr(value) for name, value in (params or {}).items()}
    for package in packages:
        try:
            made[f"package:{package}"] = version(package)
        except PackageNotFoundError:
            made[f"package:{package}"] = "absent"
    return dict(sorted(made.items()))


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """What differs, old and new value; an absent one is empty."""
    names = sorted(old.keys() | new.keys())
    pairs = {name: (old.get(name, ""), new.get(name, "")) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def changed(made: Mapping[str, str], root: Path) -> list[str]:
    """Inputs of a manifest that are gone or hold other bytes now."""
    names = [key.removeprefix("input:") for key in made if key.startswith("input:")]
    return [
        name
        for name in names
        if not (root / name).exists() or digest(root / name) != made[f"input:{name}"]
    ]


def digest(path: Path) -> str:
    """SHA-256 of a file, or of a folder's names and files; alike in each process."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    if not path.is_dir():
        raise FileNotFoundError(path)
    whole = hashlib.sha256()
    for part in sorted(path.rglob("*"), key=lambda p: p.relative_to(path).as_posix()):
        if part.is_file():
            whole.update(f"{part.relative_to(path).as_posix()}\0{digest(part)}\n".encode())
    return whole.hexdigest()


def _uncommitted(root: Path) -> str:
    """Empty if the tree is the commit; else a hash of changes and of files git does not know."""
    parts = [_git(root, "diff", "HEAD", "--binary")]
    for name in _git(root, "ls-files", "--others", "--exclude-standard", "-z").split(b"\0"):
        if name:
            path = root / name.decode(errors="surrogateescape")
            parts.append(name + b"\0" + (digest(path).encode() if path.exists() else b""))
    return hashlib.sha256(b"\n".join(parts)).hexdigest() if any(parts) else ""


def _git(root: Path, *command: str) -> bytes:
    whole = ["git", *command]
    told = subprocess.run(whole, cwd=root, check=True, capture_output=True)  # noqa: S603 - no shell
    return told.stdout
