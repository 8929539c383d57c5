"""May this model from outside be loaded? Looks without loading; what it cannot read, it refuses.

Call `found = faults(path)`.

Copy the file; standard library only (onnx for .onnx files). `faults` of a file, or of a folder as
downloaded from a hub, is empty when each file is a known format that can carry no code:
safetensors, ONNX with standard operators, .npy and .npz without objects, torch files and pickles
with tensors alone, .keras with built-in layers, plain text and JSON; told by content, not by name.
Everything else is refused: other pickles (joblib, most of scikit-learn), Python files, `auto_map`.
Change `TENSORS` with care: one name too many (getattr, any import) and a pickle can do everything.
It is no sandbox: parsers have bugs too, so load what passed in a pod without network and rights.
"""

from __future__ import annotations

import ast
import json
import math
import pickletools
import stat
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

_STORAGES = "Float Double Half BFloat16 Int Long Short Char Byte Bool ComplexFloat ComplexDouble"
TENSORS = frozenset(
    {f"torch {kind}Storage" for kind in _STORAGES.split()}
    | {f"torch._utils {name}" for name in ("_rebuild_tensor_v2", "_rebuild_parameter")}
    | {"torch.storage UntypedStorage", "torch Size", "torch device", "collections OrderedDict"}
    | {f"numpy {name}" for name in ("dtype", "ndarray")}
    | {f"numpy.{core}.multiarray _reconstruct" for core in ("core", "_core")}
)
"""What a pickle may name: what rebuilds a tensor or an array, and nothing that calls or imports."""

_NAME = {"GLOBAL", "INST", "STACK_GLOBAL", "EXT1", "EXT2", "EXT4"}
_FILL = {"MARK", "EMPTY_TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "EMPTY_DICT"}
_CALL = {"REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "BUILD"}
NAMES = ("byteorder", "version", ".format_version", ".storage_alignment", "model.weights.h5")
KERAS = ("layers", "models", "initializers", "optimizers", "losses", "metrics", "regularizers")
_SIZES = {"BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "I16": 2, "F16": 2}
_SIZES |= {"BF16": 2, "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8}


def faults(path: str | Path, max_bytes: int = 100 * 2**30) -> list[str]:
    """What speaks against loading `path`, a file or a folder; refuses what raises, too."""
    root = Path(path)
    found: list[str] = []
    total = 0
    for file in sorted([root] if not root.is_dir() else root.rglob("*")):
        name = str(file.relative_to(root)) if file != root else file.name
        if file.is_symlink():
            found.append(f"{name}: a link")
        elif file.is_file():
            total += file.stat().st_size
            try:
                found += [f"{name}: {fault}" for fault in _file(file, max_bytes)]
            except Exception as error:
                found.append(f"{name}: cannot be read ({type(error).__name__}: {error})")
        elif not file.is_dir():
            found.append(f"{name}: no such file, or no plain one")
    if total > max_bytes:
        found.append(f"{total} bytes, more than {max_bytes}")
    return found


def _file(file: Path, max_bytes: int) -> Iterator[str]:
    with file.open("rb") as stream:
        start = stream.read(16)
    if file.suffix == ".onnx":
        yield from _onnx(file)
    elif file.suffix == ".safetensors" and start[8:9] == b"{" and start[:4] != b"PK\3\4":
        yield from _safetensors(file)  # first: its length may begin like a pickle or a zip
        if start.startswith(b"\x80"):
            with suppress(ValueError):  # where it is no pickle, too
                yield from _pickle(file.read_bytes())
    elif start.startswith(b"PK"):
        yield from _zip(file, max_bytes)
    elif start.startswith(b"\x80"):
        yield from _pickle(file.read_bytes())
    elif start.startswith(b"\x93NUMPY"):
        yield from _npy(file.read_bytes()[:20_000])
    elif file.suffix in (".json", ".txt", ".md", ".model", ".jinja", ""):
        yield from _text(file)
    else:
        yield "an unknown format"


def _pickle(data: bytes) -> Iterator[str]:
    """What a pickle names. Strings must stand right before the opcode that uses them."""
    pushed: list[str | None] = []
    memo: dict[int, str | None] = {}
    end = 0
    argument: Any
    for opcode, argument, at in pickletools.genops(data):
        name, end = opcode.name, (at or 0) + 1
        used: str | None = None
        if name in ("GLOBAL", "INST"):
            used = str(argument)
        elif name == "STACK_GLOBAL":
            module, attribute = (None, None, *pushed)[-2:]
            used = f"{module} {attribute}" if module and attribute else "something hidden"
        elif name.startswith("EXT"):
            used = "the extension registry"
        if used is not None and used not in TENSORS:
            yield f"the pickle names {used}"
        if name in ("PROTO", "FRAME"):
            continue
        if name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            memo[len(memo) if name == "MEMOIZE" else int(argument)] = (pushed or [None])[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            pushed.append(memo.get(int(argument)))
        else:
            pushed.append(argument if isinstance(argument, str) and "UNICODE" in name else None)
    if end != len(data):
        yield "data after the end of the pickle"  # a second one, which some loaders read


def _calls(data: bytes) -> bool:
    """Whether text, read as a pickle up to where it breaks, names, fills and calls something."""
    seen = set()
    with suppress(ValueError):
        for opcode, _, _ in pickletools.genops(data):
            seen.add(opcode.name)
    return all(seen & kind for kind in (_NAME, _FILL, _CALL))


def _zip(file: Path, max_bytes: int) -> Iterator[str]:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > max_bytes:
            yield f"unpacks to more than {max_bytes} bytes"
            return
        if len({member.filename for member in members}) < len(members):
            yield "a name stands twice"  # two readers, two models
        for member in members:
            name = PurePosixPath(member.filename.replace("\\", "/"))
            if name.is_absolute() or ".." in name.parts or stat.S_ISLNK(member.external_attr >> 16):
                yield f"{member.filename} leads out of the archive"
            with archive.open(member) as stream:  # raises if header and directory differ
                start = stream.read(2**20)
                while part := stream.read(2**20):  # to the end, so that checksums are compared
                    start += part if name.suffix in (".pkl", ".json") else b""
            if name.suffix == ".pkl" or name.name == "data.pkl":
                yield from _pickle(start)
            elif name.suffix == ".npy" or start.startswith(b"\x93NUMPY"):
                yield from _npy(start)
            elif name.name in ("config.json", "metadata.json"):
                yield from _keras(json.loads(start))
            elif "data" in name.parts and name.suffix == "":
                pass  # a tensor's bytes, in a torch file
            elif name.name not in NAMES:
                if ".data" not in name.parts and not member.is_dir():
                    yield f"{member.filename} is unknown here"


def _npy(start: bytes) -> Iterator[str]:
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(start[8 : 8 + width], "little")
    header = ast.literal_eval(start[8 + width : 8 + width + length].decode("latin1"))
    if "O" in str(header["descr"]):
        yield "an array of objects, which is a pickle"


def _safetensors(file: Path) -> Iterator[str]:
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > min(size - 8, 100_000_000):
            yield f"a header of {length} bytes"
            return
        header = json.loads(stream.read(length))
    header.pop("__metadata__", None)
    end = 0
    for name, tensor in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        first, last = tensor["data_offsets"]
        if first != end or last - first != math.prod(tensor["shape"]) * _SIZES[tensor["dtype"]]:
            yield f"{name} does not fit its place"
        end = last
    if end != size - 8 - length:
        yield "the tensors do not fill the file"


def _keras(value: Any) -> Iterator[str]:
    """Layers that are code: Lambda, and whatever is not Keras' own."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            waiting += node.values()
            module, kind = node.get("module"), node.get("class_name")
            own = module in (None, "keras", *(f"keras.{part}" for part in KERAS))
            own = own or str(module).startswith("keras.src.models.")
            if kind in ("Lambda", "TFSMLayer", "__lambda__", "function") or (kind and not own):
                yield f"{module}.{kind} can be any code"
        elif isinstance(node, list):
            waiting += node


def _onnx(file: Path) -> Iterator[str]:
    import onnx

    waiting: list[Any] = [onnx.load_model_from_string(file.read_bytes())]
    while waiting:  # also into subgraphs, functions and attributes
        node = waiting.pop()
        if isinstance(node, onnx.NodeProto) and node.domain not in ("", "ai.onnx", "ai.onnx.ml"):
            yield f"an operator of {node.domain}"
        if isinstance(node, onnx.TensorProto):
            for entry in node.external_data:
                if entry.key == "location" and Path(entry.value).name != entry.value:
                    yield f"reads {entry.value}"
        for _, value in node.ListFields():
            parts = [value] if hasattr(value, "ListFields") else value
            waiting += [part for part in _several(parts) if hasattr(part, "ListFields")]


def _several(value: Any) -> list[Any]:
    return [] if isinstance(value, str | bytes | int | float) else list(value)


def _text(file: Path) -> Iterator[str]:
    text = file.read_text("utf-8")
    if "\0" in text:
        yield "no text"
    if _calls(text.encode()):
        yield "a pickle of protocol 0, which calls"
    if file.suffix == ".json" and "auto_map" in json.dumps(json.loads(text)):
        yield "auto_map: wants code of its own (trust_remote_code)"
