"""The rules, one to a file. A new one is a class in a file of its own and a line here."""

from engine.doctor.rule import Rule
from engine.doctor.rules.diverging import Diverging
from engine.doctor.rules.few_dimensions import FewDimensions
from engine.doctor.rules.loader_bound import LoaderBound
from engine.doctor.rules.no_better_than_untrained import NoBetterThanUntrained
from engine.doctor.rules.not_finite import NotFinite
from engine.doctor.rules.one_hot_teacher import OneHotTeacher
from engine.doctor.rules.one_point import OnePoint
from engine.doctor.rules.uniform_teacher import UniformTeacher

RULES: tuple[Rule, ...] = (
    OnePoint(),
    FewDimensions(),
    UniformTeacher(),
    OneHotTeacher(),
    Diverging(),
    NotFinite(),
    NoBetterThanUntrained(),
    LoaderBound(),
)
