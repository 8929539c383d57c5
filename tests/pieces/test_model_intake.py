"""Files that attack, in the ways that scanners are known to miss, beside honest ones."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile

import pytest
from model_intake import faults


class Evil:
    def __reduce__(self):
        return print, ("loaded",)


def dumped(value, protocol):
    return pickle.dumps(value, protocol)


def zipped(members, level=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", level) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def safetensors(header, data=b"", length=None):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def npy(descr):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': (1,), }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"\0" * 8


def keras(module, kind):
    layer = {"module": module, "class_name": kind, "config": {}}
    config = {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "layers": [layer],
    }
    return zipped({"config.json": json.dumps(config), "metadata.json": "{}"})


TENSOR = {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
# the names are put into the memo, and fetched from there: no string stands beside STACK_GLOBAL
MEMO = b"\x80\x04\x8c\x02os\x940\x8c\x06system\x940h\x00h\x01\x93\x8c\x02id\x85R."
# the top of the stack is not the last string that was pushed
POPPED = b"\x80\x04\x8c\x02os\x8c\x06system\x8c\x05torch\x8c\x04Size00\x93\x8c\x02id\x85R."

HONEST = {
    "a.safetensors": safetensors(TENSOR, b"\0" * 8),
    "b.npy": npy("<f8"),
    "c.npz": zipped({"x.npy": npy("<f8")}),
    "d.keras": keras("keras.layers", "Dense"),
    "e.pkl": dumped({"a": [1, 2.5, "os system"]}, 4),
    "config.json": b'{"hidden": 3}',
    "README.md": b"os.system",
    "labels.txt": b"cat\ndog\nobject\nRabbit\n",  # a pickle would begin so, too
}
ATTACKS = {
    "proto2.pkl": dumped(Evil(), 2),
    "proto4.pkl": dumped(Evil(), 4),
    "proto0.pkl": dumped(Evil(), 0),
    "inst.pkl": b"\x80\x02(S'id'\nios\nsystem\n.",
    "memo.pkl": MEMO,
    "popped.pkl": POPPED,
    "truncated.pkl": dumped(Evil(), 4)[:-1] + b"\xff",  # does its harm before it breaks
    "two.pkl": dumped({}, 4) + dumped(Evil(), 4),
    "ext.pkl": b"\x80\x02\x82\x01.",
    "renamed.safetensors": dumped(Evil(), 4),
    "renamed.txt": dumped(Evil(), 4),
    "proto0.txt": dumped(Evil(), 0),
    "proto0": dumped(Evil(), 0),
    "build.txt": b"cjson\nJSONDecoder\n}S'decode'\ncbuiltins\nprint\nsb.",
    "torch.pt": zipped({"archive/data.pkl": dumped(Evil(), 2), "archive/version": "3"}),
    "other.pt": zipped({"archive/data.pkl": dumped({}, 2), "archive/x.bin": dumped(Evil(), 2)}),
    "up.pt": zipped({"../data.pkl": dumped({}, 2)}),
    "nested.npz": zipped({"x.zip": zipped({})}),
    "objects.npy": npy("|O"),
    "data.npz": zipped({"data/x": npy("|O")}),
    "zip.safetensors": b"PK\3\4" + safetensors(TENSOR, b"\0" * 8)[4:],
    "objects.npz": zipped({"x.npy": npy("|O")}),
    "lambda.keras": keras("keras.layers", "Lambda"),
    "module.keras": keras("os", "system"),
    "function.keras": keras("builtins", "function"),
    "header.safetensors": safetensors(TENSOR, b"\0" * 8, length=2**60),
    "outside.safetensors": safetensors(
        {"w": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}, b"\0" * 8
    ),
    "hidden.safetensors": safetensors(TENSOR, b"\0" * 8 + dumped(Evil(), 4)),
    "modeling.py": b"import os",
    "config.json": b'{"auto_map": {"AutoModel": "modeling.X"}}',
    "model.h5": b"\x89HDF\r\n\x1a\n" + b"\0" * 20,
    "joblib.gz": b"\x1f\x8b" + b"\0" * 20,
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_files_pass(tmp_path, name):
    (tmp_path / name).write_bytes(HONEST[name])
    assert faults(tmp_path / name) == []
    assert faults(tmp_path) == []


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_are_refused_and_not_run(tmp_path, name, capsys):
    (tmp_path / name).write_bytes(ATTACKS[name])
    assert faults(tmp_path / name)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("length", [0x80, 0x280, 0x480, 0x4B50, 0x10080])
def test_a_length_that_begins_like_a_pickle_or_a_zip(tmp_path, length):
    """128 is 0x80 and 0x4B50 is PK, in the first bytes of the file."""
    header = json.dumps(TENSOR).ljust(length).encode()
    (tmp_path / "m.safetensors").write_bytes(struct.pack("<Q", length) + header + b"\0" * 8)
    assert faults(tmp_path) == []


def test_a_pickle_that_is_safetensors_too_is_refused(tmp_path):
    """PROTO 4, a float that swallows the rest of the length, then opcodes in a tensor's name."""
    module, name, length = "m" * 32, "n" * 33, 0x470480
    tensor = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    opcodes = {f"_U {module}U!{name}q\x93": tensor}
    header = json.dumps(opcodes, ensure_ascii=False).encode()
    (tmp_path / "m.safetensors").write_bytes(struct.pack("<Q", length) + header.ljust(length))
    assert faults(tmp_path) == ["m.safetensors: the pickle names something hidden"]


def test_what_is_not_there_is_said(tmp_path):
    assert faults(tmp_path / "none.pt") == ["none.pt: no such file, or no plain one"]


def test_two_of_them_are_live(capsys):
    """The attacks are real: pickle does run them."""
    with pytest.raises(pickle.UnpicklingError):
        pickle.loads(ATTACKS["truncated.pkl"])
    assert capsys.readouterr().out == "loaded\n"


def test_damaged_zip_is_refused(tmp_path):
    """A wrong checksum stops Python's reader, and not torch's."""
    data = bytearray(zipped({"a/data.pkl": dumped({"key": "value"}, 2)}))
    data[data.index(b"value")] ^= 1
    (tmp_path / "m.pt").write_bytes(data)
    assert "cannot be read" in faults(tmp_path)[0]


def test_a_bomb_and_too_much_are_refused(tmp_path):
    (tmp_path / "m.npz").write_bytes(zipped({"x.npy": bytes(10**7)}, zipfile.ZIP_DEFLATED))
    assert "unpacks to more" in faults(tmp_path, max_bytes=10**6)[0]
    (tmp_path / "m.npz").write_bytes(b"PK" + bytes(100))
    assert len(faults(tmp_path, max_bytes=50)) == 2


def test_a_link_is_refused(tmp_path):
    (tmp_path / "model.txt").symlink_to("/etc/passwd")
    assert faults(tmp_path) == ["model.txt: a link"]


def test_what_torch_saves_passes_and_a_whole_module_does_not(tmp_path):
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)).half()
    torch.save(model.state_dict(), tmp_path / "state.pt")
    assert faults(tmp_path / "state.pt") == []
    torch.save(model, tmp_path / "whole.pt")
    assert any("torch.nn" in fault for fault in faults(tmp_path / "whole.pt"))


def test_what_safetensors_and_numpy_save_passes(tmp_path):
    np = pytest.importorskip("numpy")
    save = pytest.importorskip("safetensors.numpy").save_file
    arrays = {"a": np.ones((3, 2), "float32"), "b": np.zeros(4, "int8"), "c": np.array(1.0)}
    save(arrays, tmp_path / "a.safetensors", metadata={"by": "us"})
    np.savez_compressed(tmp_path / "b.npz", **arrays)
    assert faults(tmp_path) == []


def test_onnx_with_foreign_operators_or_files(tmp_path):
    onnx = pytest.importorskip("onnx")
    value = onnx.helper.make_tensor_value_info("x", 1, ["n"])
    for domain, wanted in [("", []), ("evil", ["m.onnx: an operator of evil"])]:
        node = onnx.helper.make_node("Relu", ["x"], ["x2"], domain=domain)
        out = onnx.helper.make_tensor_value_info("x2", 1, ["n"])
        onnx.save(
            onnx.helper.make_model(onnx.helper.make_graph([node], "g", [value], [out])),
            tmp_path / "m.onnx",
        )
        assert faults(tmp_path) == wanted
    tensor = onnx.TensorProto(name="w", data_type=1, dims=[1], data_location=1)
    tensor.external_data.add(key="location", value="../../etc/passwd")
    constant = onnx.helper.make_node("Constant", [], ["c"], value=tensor)
    for graph in (
        onnx.helper.make_graph([], "g", [], [], initializer=[tensor]),
        onnx.helper.make_graph([constant], "g", [], []),
    ):
        (tmp_path / "m.onnx").write_bytes(onnx.helper.make_model(graph).SerializeToString())
        assert faults(tmp_path) == ["m.onnx: reads ../../etc/passwd"]
