"""Devices are found without torch, and a missing one is said in words."""

import subprocess
import sys

import pytest

from engine.devices import (
    Device,
    check_device,
    device_matches,
    devices_of_run,
    list_devices,
    resolve_device,
    visible_cards,
)
from engine.errors import DeviceError

PROCESSOR = Device("cpu", "Processor", 8)
TWO_CARDS = [Device("cuda:0", "Card", 8), Device("cuda:1", "Card", 8), PROCESSOR]


def test_the_processor_is_always_there_and_comes_last():
    devices = list_devices()
    assert devices[-1].name == "cpu"
    assert devices[-1].memory_bytes > 0
    assert devices[-1].title


def test_looking_for_devices_does_not_import_torch():
    script = "import sys, engine.devices; engine.devices.list_devices(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_hidden_cards_leave_the_processor(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert all(not device.name.startswith("cuda") for device in list_devices())


def test_a_missing_cuda_device_is_said_in_a_sentence():
    with pytest.raises(DeviceError, match=r"CUDA.*\. Use cpu\."):
        check_device("cuda:0", [PROCESSOR])


def test_a_card_number_beyond_the_last_one_names_those_there_are():
    with pytest.raises(DeviceError, match=r"no cuda:7 on this computer, which has cuda:0 and cuda:1"):
        check_device("cuda:7", TWO_CARDS)


def test_a_word_that_is_no_device_lists_what_can_be_said():
    with pytest.raises(DeviceError, match=r"'gpu' is not the name of a device\. Use auto or cpu\."):
        check_device("gpu", [PROCESSOR])


def test_apple_graphics_are_refused_elsewhere():
    with pytest.raises(DeviceError, match="Apple graphics"):
        check_device("mps", [PROCESSOR])


@pytest.mark.parametrize(
    ("wanted", "meant"), [("auto", "cuda:0"), ("cuda", "cuda:0"), ("cuda:1", "cuda:1"), ("cpu", "cpu")]
)
def test_auto_takes_the_first_device(wanted, meant):
    assert resolve_device(wanted, TWO_CARDS) == meant


def test_auto_is_the_processor_where_there_is_nothing_else():
    assert resolve_device("auto", [PROCESSOR]) == "cpu"


def test_cuda_means_any_card_but_not_the_processor():
    assert device_matches("cuda", "cuda:3")
    assert not device_matches("cuda", "cpu")
    assert not device_matches("cuda:1", "cuda:10")


@pytest.mark.parametrize(
    ("setting", "visible"),
    [("", []), ("-1", []), ("1", [1]), ("2,0", [2, 0]), ("0,9,1", [0]), ("GPU-b", [1]), ("0,0", [0])],
)
def test_cuda_visible_devices_is_read_as_cuda_reads_it(setting, visible):
    assert visible_cards(["GPU-a1", "GPU-b2", "GPU-c3"], setting) == visible


def test_each_process_of_a_run_has_a_card_of_its_own_or_a_part_of_the_processor():
    assert devices_of_run("cuda:1", 3) == ["cuda:1", "cuda:2", "cuda:3"]
    assert devices_of_run("cuda", 2) == ["cuda:0", "cuda:1"]
    assert devices_of_run("cpu", 2) == ["cpu", "cpu"]
    assert devices_of_run("mps", 1) == ["mps"]
    with pytest.raises(DeviceError, match="Apple graphics are one device"):
        devices_of_run("mps", 2)
