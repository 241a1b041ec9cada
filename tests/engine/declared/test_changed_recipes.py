"""Whatever is changed in a recipe, as a table, a file or "key=value", it is refused in words or fits together."""

from collections import Counter

from tests.benchmarks.bench_recipes import try_one

SEEDS = 210  # seventy of each way; the script tries ten thousand


def test_a_changed_recipe_is_refused_in_words_or_fits_together():
    ends = Counter(try_one(seed) for seed in range(SEEDS))
    assert ends["refused"] > SEEDS / 10
    assert ends["valid"] > SEEDS / 10
