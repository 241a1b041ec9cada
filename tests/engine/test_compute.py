"""Devices and precisions: what is asked for is had or refused in words."""

import pytest
import torch

from engine.compute import Compute, choose_attention, make_compute, resolve_device
from engine.errors import DeviceError
from engine.nn.vit import make_vit


def test_auto_is_a_device_of_this_computer():
    compute = make_compute("auto", "auto")
    assert torch.ones(1, device=compute.device).sum() == 1
    with compute.autocast():
        product = torch.ones(4, 4, device=compute.device) @ torch.ones(4, 4, device=compute.device)
    assert (
        product.dtype
        == {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[compute.precision]
    )


@pytest.mark.parametrize("name", ["tpu", "cuda:x", "cuda:99", "cpu:3", ""])
def test_a_device_that_is_not_there_is_refused_in_words(name):
    with pytest.raises(DeviceError) as refused:
        resolve_device(name)
    assert refused.value.fix


def test_fp16_needs_a_device_that_trains_in_it():
    with pytest.raises(DeviceError, match="CUDA"):
        make_compute("cpu", "fp16")


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_attention_chosen_for_a_cpu_gives_the_same_features(precision):
    torch.manual_seed(0)
    encoder, images = (
        make_vit(width=32, depth=2, heads=2, image_size=32, patch_size=8),
        torch.randn(4, 3, 32, 32),
    )
    with torch.no_grad():
        before = encoder.features(images)
        choose_attention(encoder, Compute(torch.device("cpu"), precision))
        torch.testing.assert_close(encoder.features(images), before, atol=1e-5, rtol=1e-5)
