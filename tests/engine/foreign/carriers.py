"""Files that are known to run code, fill memory or hang somewhere: each written by a function of a path and a sign.

A carrier that runs makes the file ``sign``.
"""

import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from collections import OrderedDict

import numpy as np
import torch

STORED, PACKED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED


class Calls:
    def __init__(self, call, *arguments):
        self.call, self.arguments = call, arguments

    def __reduce__(self):
        return self.call, self.arguments


def touching(sign):
    return Calls(exec, f"open({str(sign)!r}, 'w').close()")


def write_zip(path, members, packing=STORED):
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in members:
            archive.writestr(name, content)


def saved_members(value):
    """The members of a file of torch.save, to be changed."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    with zipfile.ZipFile(buffer) as archive:
        return [(part.filename, archive.read(part)) for part in archive.infolist()]


def weights():
    return {"conv1.weight": torch.zeros(4, 3, 3, 3), "cls_token": torch.zeros(1, 1, 4)}


def script_text(sign):
    return f"""
class Carrier(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def __setstate__(self: __torch__.Carrier, state: str) -> NoneType:
    ops.aten.save(state, "{sign}")
"""


def real_script(path, sign):
    """A module whose __setstate__ writes a file when torch.jit.load makes it."""
    import linecache
    import warnings

    source = (
        "import torch\n"
        "class Carrier(torch.nn.Module):\n"
        "    @torch.jit.export\n"
        "    def __getstate__(self):\n"
        "        return (1,)\n"
        "    @torch.jit.export\n"
        "    def __setstate__(self, state: tuple[int]) -> None:\n"
        f"        torch.save(torch.zeros(1), {str(sign)!r})\n"
        "        self.training = False\n"
        "    def forward(self, x):\n"
        "        return x\n"
    )
    name = f"<carrier {sign}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    space = {"__name__": "carrier"}
    exec(compile(source, name, "exec"), space)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(space["Carrier"]()).save(path)


def script_by_hand(path, sign):
    write_zip(
        path,
        [
            *saved_members(weights()),
            ("archive/constants.pkl", pickle.dumps(())),
            ("archive/code/a.py", script_text(sign)),
        ],
    )


def script_in_a_deep_folder(path, sign):
    write_zip(path, [*saved_members(weights()), ("archive/x/y/CONSTANTS.PKL", b"\x80\x02).")])


def script_in_another_root(path, sign):
    write_zip(path, [*saved_members(weights()), ("other/constants.pkl", b"\x80\x02).")])


def script_with_backslashes(path, sign):
    write_zip(path, [*saved_members(weights()), ("archive\\code\\a.py", script_text(sign))])


def packed_script(path, sign):
    write_zip(path, [*saved_members(weights()), ("archive/constants.pkl", b"\x80\x02).")], PACKED)


def torch_package(path, sign):
    write_zip(
        path,
        [
            ("p/.data/version", b"6"),
            ("p/.data/extern_modules", b"os"),
            ("p/data.pkl", pickle.dumps(touching(sign))),
        ],
    )


def exported_program(path, sign):
    write_zip(path, [("p/archive_format", b"pt2"), ("p/models/model.json", b"{}"), ("p/data/weights/0", b"")])


def zip_of_pickle(path, sign):
    torch.save({**weights(), "args": touching(sign)}, path)


def legacy_pickle(path, sign):
    torch.save({**weights(), "args": touching(sign)}, path, _use_new_zipfile_serialization=False)


def legacy_header_with_code(path, sign):
    path.write_bytes(
        pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps(touching(sign), 2)
    )


def bare_pickle(protocol):
    def write(path, sign):
        path.write_bytes(pickle.dumps({"w": touching(sign)}, protocol))

    write.__name__ = f"bare_pickle_{protocol}"
    return write


def _operations(body):
    def write(path, sign):
        text = f"open({str(sign)!r}, 'w').close()".encode()
        path.write_bytes(body(text))

    return write


def _short(text):
    return b"X" + struct.pack("<I", len(text)) + text


inst = _operations(lambda code: b"(" + _short(code) + b"ibuiltins\nexec\n.")
obj = _operations(lambda code: b"(cbuiltins\nexec\n" + _short(code) + b"o.")
python_2 = _operations(lambda code: b"c__builtin__\nexecfile\n(" + _short(code) + b"tR.")
stack_global = _operations(
    lambda code: b"\x80\x04\x8c\x08builtins\x8c\x04exec\x93" + _short(code) + b"\x85R."
)
new_object_ex = _operations(lambda code: b"\x80\x04cbuiltins\nexec\n" + _short(code) + b"\x85}\x92.")
build_state = _operations(
    lambda code: b"\x80\x02carchive\nThing\n)R}X\x01\x00\x00\x00a" + b"cos\nsystem\nsb."
)
dotted_name = _operations(
    lambda code: b"\x80\x04\x8c\x05torch\x8c\x0bos.__class__\x93" + _short(code) + b"\x85R."
)
extension_1 = _operations(lambda code: b"\x80\x02\x82\x01" + _short(code) + b"\x85R.")
extension_4 = _operations(lambda code: b"\x80\x02\x84\xff\xff\x00\x00.")
persistent_text = _operations(lambda code: b"Pos.system\n.")
persistent_value = _operations(lambda code: b"\x80\x02cos\nsystem\nQ.")
out_of_band = _operations(lambda code: b"\x80\x05\x97.")


def memo_bomb(path, sign):
    path.write_bytes(b"\x80\x04Nr\xff\xff\xff\x7f.")


def length_bomb(path, sign):
    path.write_bytes(b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"xx.")


def frame_bomb(path, sign):
    path.write_bytes(b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"N.")


def number_bomb(path, sign):
    path.write_bytes(b"I" + b"9" * 200_000 + b"\n.")


def key_bomb(path, sign):
    """A key whose hash takes 2 ** 100 steps."""
    path.write_bytes(b"\x80\x02})" + b"2\x86" * 100 + b"Ns.")


def deep_key(path, sign):
    path.write_bytes(b"\x80\x02})" + b"\x85" * 30_000 + b"Ns.")


def deep_lists(path, sign):
    path.write_bytes(b"\x80\x02" + b"]" * 30_000 + b"a" * 29_999 + b".")


def deep_tables(path, sign):
    tree = {"x": torch.zeros(1)}
    members = saved_members(tree)
    pickled = b"\x80\x02" + b"}X\x01\x00\x00\x00a" * 10_000 + b"N" + b"s" * 10_000 + b"."
    write_zip(path, [(name, pickled if name.endswith("data.pkl") else part) for name, part in members])


def table_that_multiplies(path, sign):
    tree = {"x": torch.zeros(1)}
    for _ in range(12):
        tree = {str(number): tree for number in range(10)}
    torch.save(tree, path)


def claimed_storage(path, sign):
    members = saved_members(weights())
    write_zip(path, [(name, part[:4] if "/data/" in name else part) for name, part in members])


def long_stride(path, sign):
    write_zip(
        path,
        [
            (n, p.replace(b"K\x1b", b"K\xff") if n.endswith(".pkl") else p)
            for n, p in saved_members({"conv1.weight": torch.zeros(64, 3, 3, 3)})
        ],
    )


def twice(path, sign):
    members = saved_members(weights())
    with_code = pickle.dumps({"w": touching(sign)}, 2)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_zip(path, [*members, ("archive/data.pkl", with_code)])


def climbing(path, sign):
    write_zip(path, [*saved_members(weights()), ("archive/../../evil.py", b"")])


def absolute(path, sign):
    write_zip(path, [*saved_members(weights()), ("/etc/passwd", b"")])


def archive_in_archive(path, sign):
    write_zip(path, [*saved_members(weights()), ("archive/inner.pth", b"PK\x03\x04")])


def hidden_behind_a_head(path, sign):
    real = io.BytesIO()
    torch.save(weights(), real)
    path.write_bytes(b"#!/bin/sh\ntouch " + str(sign).encode() + b"\n" + real.getvalue())


def something_behind(path, sign):
    torch.save(weights(), path)
    path.write_bytes(path.read_bytes() + pickle.dumps(touching(sign)))


def legacy_tar(path, sign):
    with tarfile.open(path, "w") as archive:
        for name in ("sys_info", "pickle", "tensors", "storages"):
            content = pickle.dumps(touching(sign), 2)
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def numpy_objects(path, sign):
    np.save(path.with_suffix(".npy"), np.array([touching(sign)], dtype=object), allow_pickle=True)
    path.with_suffix(".npy").rename(path)


def numpy_archive(path, sign):
    with path.open("wb") as file:
        np.savez(file, a=np.array([touching(sign)], dtype=object))


def objects_in_pickle(path, sign):
    path.write_bytes(pickle.dumps({"data": np.array([touching(sign)], dtype=object), "labels": [0]}))


def keras_h5(path, sign):
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))


def program(path, sign):
    path.write_bytes(b"\x7fELF" + bytes(200))


def page(path, sign):
    path.write_text("\n <html><script>1</script></html>")


def cut_off(path, sign):
    torch.save(weights(), path)
    path.write_bytes(path.read_bytes()[:700])


def empty(path, sign):
    path.write_bytes(b"")


def zeros(path, sign):
    with path.open("wb") as file:
        file.truncate(40 * 2**30)


def endless_line(path, sign):
    with path.open("wb") as file:
        file.write(b"c")
        file.truncate(3 * 2**40)


def pipe(path, sign):
    os.mkfifo(path)


def device(path, sign):
    path.symlink_to("/dev/zero")


def broken_link(path, sign):
    path.symlink_to(path.parent / "nowhere")


def link_to_itself(path, sign):
    path.symlink_to(path)


def _lying(header, payload=b""):
    def write(path, sign):
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text + payload)

    return write


too_long = _lying({"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}})
overlapping = _lying(
    {
        "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
        "b": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
    },
    bytes(4),
)
negative = _lying({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, bytes(4))
unknown_number = _lying({"a": {"dtype": "F3", "shape": [1], "data_offsets": [0, 4]}}, bytes(4))
deep_header = _lying(b"{" * 100_000)
no_text = _lying(b"{\xff\xfe}")


def header_of_another_length(path, sign):
    path.write_bytes(struct.pack("<Q", 2**40) + b'{"a":1}')


def quiet_call(path, sign):
    """Names outside every list of dangerous ones are as harmless."""
    torch.save(OrderedDict(weights(), args=Calls(os.mkdir, str(sign))), path)


def call_in_a_network(path, sign):
    network = torch.nn.Sequential(torch.nn.Linear(2, 2))
    network.hook = Calls(os.mkdir, str(sign))
    torch.save(network, path)


CARRIERS = {
    name: value
    for name, value in {
        **{f"bare_pickle_{protocol}": bare_pickle(protocol) for protocol in range(6)},
        **globals(),
    }.items()
    if callable(value)
    and getattr(value, "__code__", None) is not None
    and value.__code__.co_varnames[:2] == ("path", "sign")
}
