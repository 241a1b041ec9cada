"""Does what a button of a run says, and tells in words when the store refuses."""

from engine.errors import StoreError
from engine.store import Run, get_run
from studio import wording
from studio.context import StudioContext
from studio.live.run_actions import ASKED, Action, perform, possible


def control(context: StudioContext, run_id: int, action: Action) -> Run | None:
    """Read the run's row once more, act on it, and look at the store at once.

    Args:
        context: Store, watch and toasts.
        run_id: Which run.
        action: What to do; refused in words when the row no longer allows it.

    Returns:
        The run that the action made, such as a repetition; else None.
    """
    made: Run | None = None
    try:
        run = get_run(context.store, run_id)
        if action in possible(run):
            made = perform(context.store, run, action)
        else:
            context.toast(
                f"'{wording.shortened(run.name)}' is {run.status.value} by now; that is no longer possible.",
                "warn",
            )
    except StoreError as error:
        context.toast(str(error), "bad")
    else:
        if made is not None and made.id != run_id:
            _offer(context, made)
    context.watch.check()
    return made


def asked_words(action: Action) -> str:
    """What is said until the run's row says that it is done."""
    return ASKED[action]


def _offer(context: StudioContext, run: Run) -> None:
    context.toast(
        f"'{wording.shortened(run.name)}' was queued again as run {run.id}.",
        "good",
        ("Open run", lambda: context.navigate("run", {"run_id": run.id})),
    )
