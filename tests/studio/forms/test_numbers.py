"""Numbers are read as people write them and written without noise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.forms.numbers import next_decade, next_digit, read_integer, read_number, write_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.00015", 0.00015),
        ("1.5e-4", 0.00015),
        ("1.5E-4", 0.00015),
        (" 40 ", 40),
        ("0,05", 0.05),
        ("0,005", 0.005),
        (".5", 0.5),
        ("-1", -1),
    ],
)
def test_numbers_are_read_as_people_write_them(text, number):
    assert read_number(text) == number


@pytest.mark.parametrize("text", ["", "abc", "nan", "inf", "1e", "1.2.3", "1_000"])
def test_what_is_no_number_is_refused_in_a_sentence(text):
    with pytest.raises(ValueError, match=r"\.$"):
        read_number(text)


def test_a_number_that_could_mean_two_is_refused_with_both():
    with pytest.raises(ValueError, match=r"1500 or 1\.500"):
        read_number("1,500")


def test_a_whole_number_may_be_written_with_an_exponent_but_not_with_a_fraction():
    assert read_integer("1e3") == 1000
    with pytest.raises(ValueError, match="whole number"):
        read_integer("2.5")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.00015, "1.5e-4"),
        (0.996, "0.996"),
        (40.0, "40"),
        (0.05, "0.05"),
        (0.0, "0"),
        (-0.5, "-0.5"),
        (1e-6, "1e-6"),
        (2.5e7, "2.5e7"),
    ],
)
def test_numbers_are_written_short(number, text):
    assert write_number(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_written_number_reads_back_as_itself(number):
    assert read_number(write_number(number)) == number


def test_decades_are_exact():
    assert next_decade(1.5e-4, 1) == 1.5e-3
    assert next_decade(1.5e-3, -1) == 1.5e-4
    assert next_decade(0.0, 1) == 1e-6


def test_a_plain_step_moves_the_second_digit_exactly():
    assert next_digit(0.75, 1) == 0.76
    assert next_digit(0.1, 2) == 0.12
    assert next_digit(40, -1) == 39


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("1 000", "", 1000),
        ("1\u00a0000\u202f000", "", 1_000_000),
        ("96 px", "px", 96),
        ("5 epochs", "epochs", 5),
    ],
)
def test_pasted_blanks_and_the_fields_own_unit_are_overlooked(text, unit, number):
    assert read_number(text, unit) == number
    assert read_integer(text, unit) == number


@pytest.mark.parametrize("text", ["1e999", "9" * 5000, "96 cm", "1 00", "1 000 00", "3\n4"])
def test_what_is_no_number_or_none_that_can_be_is_said(text):
    for read in (read_number, read_integer):
        with pytest.raises(ValueError, match=r"\.$"):
            read(text, "px")
