"""What a run will cost, as far as it can be known before: steps, pictures, disk, and time where a like run was made."""

from dataclasses import dataclass
from statistics import median

from engine.declared import checkpoint_bytes, most_checkpoints
from engine.plan import Plan
from engine.recipe import Recipe
from engine.store import Run, Store, list_runs, read_points
from studio import wording

SPEED = "images_per_second"
MOST_RUNS_LOOKED_AT = 50


@dataclass(frozen=True)
class Speed:
    """How fast a like run was.

    Args:
        images_per_second: Its median throughput. The last value is no guide: it has the last judging in it.
        run_name: Which run.
        seconds_per_step: Everything it did between its first point and its end, over its steps: judging and
            checkpoints too. 0 where that is not known.
        start_seconds: From its start to its first point: processes, network, first judging.
    """

    images_per_second: float
    run_name: str
    seconds_per_step: float = 0.0
    start_seconds: float = 0.0

    def seconds(self, plan: Plan) -> float:
        """How long a plan takes at this speed."""
        if self.seconds_per_step:
            return self.start_seconds + plan.total_steps * self.seconds_per_step
        seen = plan.total_steps * plan.training.batch_size * plan.training.accumulation
        return seen / self.images_per_second


def length_line(plan: Plan) -> str:
    """Steps, epochs and pictures: "3,200 steps in 200 epochs, 409,600 pictures seen"."""
    seen = plan.total_steps * plan.training.batch_size * plan.training.accumulation
    epochs = f"{plan.total_epochs:.4g}"
    return (
        f"{wording.counted(plan.total_steps, 'step')} in {epochs} epochs, {wording.count(seen)} pictures seen"
    )


def rate_line(plan: Plan) -> str:
    """The learning rate's peak and how it follows from the base."""
    training = plan.training
    batch = training.batch_size * training.accumulation
    rule = {"linear": f" x {batch} / 256", "sqrt": f" x root of {batch}", "none": ", not scaled"}[
        training.lr_scaling
    ]
    return f"Learning rate peaks at {wording.value(plan.peak_lr)}: {training.base_lr:g}{rule}"


def disk_line(recipe: Recipe, plan: Plan) -> str:
    """Room for checkpoints, said as what it is: a lower bound for the encoder and its optimizer."""
    one, most = checkpoint_bytes(recipe), most_checkpoints(recipe, plan)
    return f"Checkpoints take {wording.size(one)} or more each, {most} at most: {wording.size(one * most)}"


def time_line(plan: Plan, speed: Speed | None) -> str:
    """Time by the speed of a like run, or when it will be known."""
    if speed is None:
        return "Time is known after the first steps"
    time, rate = wording.rough_duration(speed.seconds(plan)), wording.value(speed.images_per_second)
    if speed.seconds_per_step:
        return f"About {time} with start, judging and checkpoints, as '{speed.run_name}' took ({rate} pictures/s)"
    return f"{time} or more, at the {rate} pictures/s of '{speed.run_name}'"


def like_speed(store: Store, recipe: Recipe) -> Speed | None:
    """The throughput of the newest run that computes the same: method, its settings, encoder, batch and device."""
    like = [run for run in list_runs(store, limit=MOST_RUNS_LOOKED_AT) if _is_like(run, recipe)]
    for run in like:
        points = read_points(store, run.id, SPEED)
        speeds = [value for _, value, _ in points if value]
        if speeds:
            first_step, _, first_wall = points[0]
            return Speed(median(speeds), run.name, *_whole_time(run, first_step, first_wall))
    return None


def _whole_time(run: Run, first_step: int, first_wall: float) -> tuple[float, float]:
    """Seconds a step and seconds before the first point of a run that ended; zeros where they are not known."""
    worked, steps = run.worked_seconds, run.step - first_step
    if not worked or steps < first_step or run.started_at is None:
        return 0.0, 0.0
    start = min(max(first_wall - run.started_at, 0.0), worked)
    return (worked - start) / steps, start


def _is_like(run: Run, recipe: Recipe) -> bool:
    mine = recipe.model_dump(mode="json")
    theirs = run.recipe
    if run.method != recipe.method or theirs.get("encoder") != mine["encoder"]:
        return False
    names = ("batch_size", "precision", "device")
    training = theirs.get("training") or {}
    return theirs.get("settings") == mine["settings"] and all(
        training.get(name) == mine["training"][name] for name in names
    )
