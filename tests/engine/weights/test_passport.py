"""What a file of ours says of itself, and what is made of a header that was changed."""

import pytest
import torch
from safetensors.torch import save_file

from engine.nn.encoders import make_encoder
from engine.passport import KEY, Passport, read_passport, write_passport
from engine.recipe import EncoderSettings
from engine.weights.reading import fit_to_itself, recognise

ENCODER = EncoderSettings(name="vit_40x2x5", image_size=32, patch_size=8)


def test_a_header_is_read_back_as_it_was_written():
    passport = Passport("half", 40, 5, "CC-BY-NC-4.0", True, "Not for sale.")
    assert read_passport(write_passport(passport)) == passport


@pytest.mark.parametrize("text", ["", "[]", "{", '{"heads": "many"}', '{"normalise": "sepia"}', "\x00"])
def test_a_header_that_is_none_of_ours_is_left_alone(text):
    assert read_passport({KEY: text}) is None
    assert read_passport({}) is None


def test_heads_normalisation_and_licence_come_from_the_file(tmp_path):
    state = make_encoder(ENCODER).network.state_dict()
    path = tmp_path / "model.safetensors"
    passport = Passport("half", 40, 5, "none", True, "Nobody granted anything.")
    save_file({name: value.contiguous() for name, value in state.items()}, path, write_passport(passport))
    weights = recognise(path)
    encoder, _, fitted = fit_to_itself(weights)
    assert encoder.name == ENCODER.name
    assert weights.known.expects.name == "half"
    assert (weights.known.licence.name, weights.known.licence.is_restricted) == ("none", True)
    assert all(torch.equal(fitted.state[name], value) for name, value in state.items())


def test_weights_trained_from_chance_are_their_makers(tmp_path):
    state = make_encoder(ENCODER).network.state_dict()
    save_file(dict(state), tmp_path / "model.safetensors", write_passport(Passport("imagenet", 40, 5)))
    licence = recognise(tmp_path / "model.safetensors").known.licence
    assert not licence.is_restricted
    assert "from chance" in licence.note
