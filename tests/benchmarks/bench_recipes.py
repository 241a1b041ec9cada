"""Changed recipes, thousands of them: each can be put together, or is refused in a printable sentence.

``python tests/benchmarks/bench_recipes.py [--number 10000] [--json FILE] [--tiny]`` prints how many of each.
A number is a seed: the same one makes the same recipe, so a failure is reproduced by ``--first N --number 1``.
"""

import argparse
import json
import math
import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from engine.commands.recipe_choice import choose_recipe
from engine.declared import (
    FieldEntry,
    check_recipe,
    load_catalogue,
    make_recipe,
    recipe_from_dict,
    recipe_from_toml,
    recipe_to_toml,
)
from engine.errors import EngineError, SettingsError
from engine.parts import make_normalise, method_parts
from engine.recipe import Recipe

DEEP = 3000
PRESETS = ("paper", "desktop", "quick")
ODD: tuple[Callable[[random.Random], Any], ...] = (
    lambda draw: draw.choice(
        [True, False, None, "", " ", "auto", "nan", "off", "1", "\0", "\x1b[31m", "\u202e"]
    ),
    lambda draw: draw.choice([math.nan, math.inf, -math.inf, -0.0, 1e-320, 1e308, 0.1, 1.0, 2.5]),
    lambda draw: draw.choice([0, -1, 1, 2, 3, 2**31, 2**63, 2**64, -(10**40), 10**5000]),
    lambda draw: draw.choice([[], {}, [1], {"a": 1}, {1: 1}, [[]], (1, 2), b"bytes", object, {1, 2}]),
    lambda draw: "".join(
        chr(draw.choice([draw.randrange(1, 128), draw.randrange(1, 0x11000)])) for _ in range(9)
    ),
    lambda draw: draw.randrange(1, 10 ** draw.randrange(1, 8)),
    lambda draw: draw.uniform(0, 1),
    lambda draw: "x" * 10 ** draw.randrange(1, 6),
    lambda draw: _nested(draw.choice([list, dict])),
)


def _nested(kind: type) -> Any:
    """A list or table of ``DEEP`` levels."""
    value: Any = kind()
    for _ in range(DEEP):
        value = [value] if kind is list else {"a": value}
    return value


@dataclass
class Facts:
    """Pictures of a data set that was not scanned."""

    num_train: int
    classes: list[str]


def odd_value(draw: random.Random) -> Any:
    """Something that somebody might give for a setting."""
    return draw.choice(ODD)(draw)


def legal_value(field: FieldEntry, draw: random.Random) -> Any:
    """A value within the bounds of a field, often at one of them."""
    if field.choices or field.type == "boolean":
        return draw.choice([*field.choices] or [True, False])
    if field.type == "string":
        return field.default
    low = field.minimum if field.minimum is not None else (field.exclusive_minimum or 0) + 1e-9
    high = field.maximum if field.maximum is not None else 1e6
    near = draw.choice([low, high, field.default, (low + high) / 2, low + (high - low) * draw.random() ** 4])
    return round(near) if field.type == "integer" else float(near)


def changed_tree(draw: random.Random) -> Any:
    """The tree of a valid recipe with some values, names or sections changed."""
    method = draw.choice(sorted(load_catalogue().methods))
    tree: Any = make_recipe(method, draw.choice(PRESETS)).model_dump(mode="json")
    for _ in range(draw.randrange(1, 4)):
        place = (
            tree[draw.choice(["data", "encoder", "training", "settings"])] if draw.random() < 0.8 else tree
        )
        if not isinstance(place, dict) or not place:
            continue
        name = draw.choice(list(place))
        change = draw.randrange(24)
        if change > 5:
            field = draw.choice(load_catalogue().fields_for(method))
            section = tree.get(field.path.partition(".")[0])
            if isinstance(section, dict):
                section[field.name] = legal_value(field, draw)
        elif change < 3:
            place[name] = odd_value(draw)
        elif change == 3:
            del place[name]
        elif change == 4:
            place[draw.choice([name + "s", "", "\x07", "a.b", "é", name.upper()])] = place[name]
        else:
            other = draw.choice(load_catalogue().fields_for(draw.choice(sorted(load_catalogue().methods))))
            place[other.name] = draw.choice([other.default, other.minimum, other.maximum, *other.choices])
        if not set(tree) >= {"data", "encoder", "training", "settings"}:
            break
    return tree if draw.random() < 0.98 else odd_value(draw)


def changed_text(draw: random.Random) -> str:
    """The text of a recipe file with characters or lines changed, or of a changed tree where TOML can write it."""
    try:
        text = tomli_w.dumps(changed_tree(draw)) if draw.random() < 0.5 else ""
    except (TypeError, ValueError, AttributeError, RecursionError):
        text = ""
    text = text or recipe_to_toml(make_recipe(draw.choice(sorted(load_catalogue().methods)), "quick"))
    for _ in range(draw.randrange(4)):
        at = draw.randrange(len(text) + 1)
        change = draw.randrange(6)
        if change == 0:
            text = text[:at] + text[at + draw.randrange(30) :]
        elif change == 1:
            text = (
                text[:at]
                + draw.choice(["[", "]", '"', "=", "\n", "\0", "\u202e", "9", ".", "-", "'''"])
                + text[at:]
            )
        elif change == 2:
            lines = text.split("\n")
            text = "\n".join([*lines, draw.choice(lines)])
        elif change == 3:
            text = text.replace("=", draw.choice(["= 9", "= [", "= -", "= {a =", "= 1979-05-27 #", "=="]), 1)
        elif change == 4:
            text += f"\n[deep{'.a' * draw.choice([1, DEEP])}]"
        else:
            text = text[:at]
    return text


def changed_pairs(draw: random.Random) -> Recipe:
    """A recipe of a preset with some "key=value" of any method, and any text."""
    methods = sorted(load_catalogue().methods)
    method = draw.choice(methods)
    fields = load_catalogue().fields_for(method if draw.random() < 0.9 else draw.choice(methods))
    pairs = []
    for _ in range(draw.randrange(1, 4)):
        field = draw.choice(fields)
        value = legal_value(field, draw) if draw.random() < 0.8 else odd_value(draw)
        try:
            text = str(value)
        except ValueError:
            text = "9" * 5000
        except RecursionError:
            text = "[" * DEEP
        key = draw.choice([*[field.path] * 9, *[field.name] * 5, field.name + "x", ""])
        pairs.append(f"{key}={text}" if draw.random() < 0.95 else text)
    return choose_recipe(
        file=None, method=method, preset=draw.choice(PRESETS), changes={}, pairs=pairs
    ).recipe


def look_at(recipe: Recipe, draw: random.Random) -> str:
    """Check a valid recipe and put its parts together; says how that went."""
    facts = Facts(draw.choice([0, 1, 2, 100, 3000, 10**6]), draw.choice([[], ["a"], ["a", "b"]]))
    problems = check_recipe(recipe, draw.choice([facts, None]), ["cpu"])
    for problem in problems:
        told(f"{problem.message} {problem.fix}")
    if recipe_from_toml(recipe_to_toml(recipe)) != recipe:
        raise AssertionError("the file of a valid recipe says something else")
    method_class, settings, spec = method_parts(recipe)
    method_class.views(settings, spec)
    make_normalise(recipe)
    return "refused by a check" if any(problem.level == "error" for problem in problems) else "valid"


def told(sentence: str) -> None:
    """Do nothing when a terminal can show the sentence on one line."""
    if not sentence.isprintable() or not sentence.strip() or len(sentence) > 2000:
        raise AssertionError(f"not a sentence: {sentence[:200]!r}")


def try_one(seed: int) -> str:
    """Make the recipe of a seed, and say what became of it; anything but words is raised."""
    draw = random.Random(seed)
    ways: tuple[Callable[[], Recipe], ...] = (
        lambda: recipe_from_dict(changed_tree(draw)),
        lambda: recipe_from_toml(changed_text(draw)),
        lambda: changed_pairs(draw),
    )
    try:
        recipe = ways[seed % 3]()
    except SettingsError as refused:
        told(str(refused))
        return "refused"
    try:
        return look_at(recipe, draw)
    except EngineError as refused:
        told(str(refused))
        return "refused by the method"


def main() -> None:
    """Try as many as asked for, and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--tiny", action="store_true", help="a round that only shows that it starts")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if arguments.tiny:
        arguments.number = 6
    ends: Counter[str] = Counter()
    for seed in range(arguments.first, arguments.first + arguments.number):
        try:
            end = try_one(seed)
        except Exception as error:  # noqa: BLE001 - whatever escapes is what is looked for
            end = f"ESCAPED {type(error).__name__}"
            print(f"seed {seed}: {end}: {str(error)[:300]}", file=sys.stderr)
        ends[("table: ", "file: ", "--set: ")[seed % 3] + end] += 1
    for end, count in sorted(ends.items()):
        print(f"{end:<32}{count:>8,}")
    if arguments.json:
        arguments.json.write_text(json.dumps(ends, indent=1))
    if any("ESCAPED" in end for end in ends):
        sys.exit(1)


if __name__ == "__main__":
    main()
