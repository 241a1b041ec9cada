"""Which alarms of a run still hold: the window and the command line say the same. Pure functions."""

from collections.abc import Iterable

from engine.store.events import Event, Level
from engine.store.run import Run

ALARMING = (Level.ALARM, Level.ERROR)


def matters(event: Event) -> bool:
    """Whether an event raises an alarm or says that one is over."""
    return event.level in ALARMING or "recovered" in event.data


def standing_alarms(events: Iterable[Event], run: Run) -> dict[int, Event]:
    """The alarms that hold, by the event's number.

    The doctor's hold until the doctor takes them back, over a resume as well. Any other alarm or error belongs to one
    attempt: it is history once the run was started again.

    Args:
        events: Events of the run, oldest first.
        run: The run as it is now.
    """
    standing: dict[int, Event] = {}
    for event in events:
        if event.level in ALARMING and ("rule" in event.data or event.wall >= (run.claimed_at or 0)):
            standing[event.id] = event
        # Said again after a resume, or taken back: what the same rule said before holds no more.
        over = event.data.get("rule", event.data.get("recovered"))
        if over is not None:
            standing = {
                key: one for key, one in standing.items() if key == event.id or one.data.get("rule") != over
            }
    return standing
