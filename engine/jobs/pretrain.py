"""The pretraining job: from a claimed run row to a finished one."""

import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from typing import Any

from engine.checkpoint import MILESTONES, Checkpoint
from engine.compute import resolve_device
from engine.data.loader import warm_loaders
from engine.declared import recipe_from_dict
from engine.distributed import from_first, is_alone, joined, wait_for_all, world_size
from engine.errors import DataError, EngineError, NotFiniteError, SettingsError, StoreGoneError
from engine.jobs.alarms import Alarms, run_facts
from engine.jobs.assembly import Assembly, assemble
from engine.jobs.boundary import told_in_words
from engine.jobs.caching import cache_folder, with_cache
from engine.jobs.controls import ENDINGS, Controls, Ending
from engine.jobs.fitting import ENDLESS, PHASE, LeftEarlyError, obeying
from engine.jobs.heartbeat import Heartbeat
from engine.jobs.job_progress import JobProgress, OnProgress
from engine.jobs.judge import Judge
from engine.jobs.keeper import Keeper
from engine.jobs.patience import Patience
from engine.jobs.recorder import Recorder
from engine.jobs.starting_weights import starting_weights
from engine.jobs.system import SystemMonitor
from engine.jobs.versions import RANGE, in_range_of, versions
from engine.jobs.words import Word, exchange
from engine.parts import start_from
from engine.store import Level, Run, RunStatus, Store, get_run, truncate_metrics, update_run
from engine.trainer import StepReport, Trainer


def run(store: Store, run_id: int, *, on_progress: OnProgress | None = None) -> Run:
    """Do a run that was claimed: from its last checkpoint where there is one, to its end or until told to stop.

    Args:
        store: Where the run is.
        run_id: Which run; its status is "starting".
        on_progress: Called a few times a second.

    Returns:
        The run as it ended. Errors end in its row, in words; they are not raised. Where the store cannot be written
        any more, only what is returned says that it failed.
    """
    with told_in_words(store, run_id) as untold:
        job = PretrainJob(store, get_run(store, run_id), on_progress or (lambda _: None))
        with joined(resolve_device(job.device)):
            job.run()
    ended = get_run(store, run_id)
    for problem in untold:
        return replace(ended, status=RunStatus.FAILED, error=problem.message, error_fix=problem.fix)
    return ended


class PretrainJob:
    """One run from assembly to its end."""

    def __init__(self, store: Store, claimed: Run, on_progress: OnProgress) -> None:
        self._store, self._run_id = store, claimed.id
        self._recipe = in_range_of(recipe_from_dict(claimed.recipe), claimed.versions or {})
        self.device = claimed.claimed_device or self._recipe.training.device
        self._on_progress = on_progress
        self._phase = "reading the pictures"
        self._saved_at = time.monotonic()
        self._saved_step = -1
        self._scores: dict[
            int, float
        ] = {}  # step -> k-NN accuracy, of the steps judged since the start or resume
        self._best: float | None = None
        self._origin: dict[str, Any] = {}
        self._patience = Patience()
        self.recorder = Recorder(store, claimed)

    def run(self) -> None:
        """Assemble, resume, train, end."""
        with Heartbeat(self._beat):
            self._enter("reading the pictures")
            assembly = assemble(self._recipe, self.device)
            if assembly.loader_workers:
                warm_loaders()  # they import torch while this process builds the network
            self._describe(assembly)
            self._build(assembly)
            self._resume()
            self._call_doctor(assembly)
            try:
                self._finish(self._train(assembly))
            except EngineError as problem:
                self._keep_what_is_good(problem)
                raise

    def _build(self, assembly: Assembly) -> None:
        self._enter("building the network")
        self._plan, self._num_classes = assembly.plan, assembly.num_classes
        self._trainer = Trainer(
            assembly.make_method(), assembly.plan, assembly.compute, assembly.make_normalise()
        )
        self._judge = Judge(assembly, self._trainer)
        self.recorder.say(Level.INFO, self._judge.protocol)
        keep = self._recipe.training.keep_checkpoints
        self._keeper = Keeper(self._store, self._run_id, keep=keep, total_steps=assembly.plan.total_steps)
        self._controls = Controls(
            self._store,
            self._run_id,
            save=self._save,
            evaluate=self._evaluate,
            waiting=lambda: exchange(Word.WAIT),
            resumed=self.recorder.restart_clock,
        )
        index = assembly.compute.device.index if assembly.compute.device.type == "cuda" else None
        self.recorder.describe(assembly.plan, SystemMonitor(index), assembly.compute.memory_mib)

    def _describe(self, assembly: Assembly) -> None:
        """Write down what the run depends on, and say what is odd about the pictures."""
        run, compute = get_run(self._store, self._run_id), assembly.compute
        fingerprint = assembly.pictures.fingerprint()
        if run.fingerprint and run.fingerprint != fingerprint:
            self.recorder.say(Level.WARNING, "The pictures have changed since this run was made.")
        found = assembly.pictures.found_range
        facts = versions(str(compute.device), compute.precision, assembly.loader_workers)
        update_run(
            self._store,
            self._run_id,
            status=RunStatus.RUNNING,
            total_steps=assembly.plan.total_steps,
            fingerprint=fingerprint,
            versions=facts | ({RANGE: str(found.value_range)} if found.value_range else {}),
        )
        if world_size() > 1:
            rows = self._recipe.training.batch_size // world_size()
            self.recorder.say(
                Level.INFO, f"{world_size()} processes train together, {rows} pictures each a batch."
            )
        for warning in assembly.pictures.warnings:
            self.recorder.say(Level.WARNING, warning)
        for note in (*assembly.pictures.notes, found.note):
            if note:
                self.recorder.say(Level.INFO, note)

    def _resume(self) -> None:
        if get_run(self._store, self._run_id).resumes:
            for sentence in self._keeper.settle():
                self.recorder.say(Level.INFO, sentence)
        checkpoint, left_out = self._keeper.newest(self._take_over, self._trainer.compute.device)
        for sentence in left_out:
            self.recorder.say(Level.WARNING, sentence)
        step = images_seen = 0
        if checkpoint is not None:
            images_seen, self._best = checkpoint.images_seen, checkpoint.best
            self._origin = dict(checkpoint.origin)
            step = self._saved_step = checkpoint.step
            self.recorder.say(Level.INFO, f"Resumed from step {step:,}.", step=step)
        else:
            self._start_from_weights()
        from_first(step)
        wait_for_all()  # nobody needs the checkpoint any more
        self._keeper.forget_after(step)
        truncate_metrics(self._store, self._run_id, step)
        self.recorder.start_at(step, images_seen)

    def _take_over(self, checkpoint: Checkpoint) -> Checkpoint:
        """Go on from a checkpoint, unless it does not fit."""
        self._trainer.load_state(checkpoint.trainer)
        return checkpoint

    def _start_from_weights(self) -> None:
        """Begin where the recipe says, and write down what became of every tensor."""
        start = starting_weights(self._store, self._recipe)
        if start is None:
            return
        start_from(self._trainer.method, start.state)
        self._origin = dict(start.origin)
        source = self._recipe.encoder.weights
        self.recorder.say(Level.INFO, f"Starts from {source}: {start.report}.", detail=start.report.as_text())
        if start.warning:
            self.recorder.say(Level.WARNING, start.warning)

    def _call_doctor(self, assembly: Assembly) -> None:
        """Let the doctor see every point from here on, and what there was before a resume."""
        judge = self._judge
        facts = run_facts(
            assembly,
            self._trainer.method,
            test_pictures=judge.test_pictures,
            watched_pictures=judge.watched_pictures,
        )
        self._alarms = Alarms(self._store, self._run_id, self.recorder, facts)
        self.recorder.tell(self._alarms.take)

    def _train(self, assembly: Assembly) -> Ending | None:
        if not self._fit_method(assembly):
            return self._controls.ending
        if self._trainer.step == 0:
            for note in self._trainer.method.notes:
                self.recorder.say(Level.INFO, note)
            self._judge_if_due(0)
            self._save()
        pictures = with_cache(
            assembly,
            cache_folder(self._store),
            say=lambda sentence: self.recorder.say(Level.WARNING, sentence),
            enter=self._enter,
            must_stop=lambda: (
                is_alone() and self._controls()
            ),  # with others, a word is due between steps only
        )
        if self._controls.ending is not None:
            return self._controls.ending
        wait_for_all()  # the other processes use the cache as well
        self._enter("starting the loader")
        batches = replace(assembly, pictures=pictures).make_batches(
            self._trainer.step, on_note=lambda sentence: self.recorder.say(Level.WARNING, sentence)
        )
        self.recorder.restart_clock()
        with closing(self._patience.over(batches)) as batches:
            self._trainer.train(batches, record=self._record, control=self._control)
        return self._controls.ending

    def _fit_method(self, assembly: Assembly) -> bool:
        """Let a method that needs it learn its targets; False when told to stop meanwhile, to begin anew on resume."""
        if not self._trainer.method.needs_fitting:
            return True
        if world_size() > 1:
            raise SettingsError(
                "The targets of this run are fitted before the first step, which one process does alone.",
                "Take one process, or a target that needs no fitting, such as pixels.",
                field="training.processes",
            )
        self._enter(PHASE)
        with closing(assembly.make_batches(0, last=ENDLESS)) as batches:
            try:
                self._trainer.fit_method(obeying(batches, self._controls, self._enter))
            except LeftEarlyError:
                return False
        self._saved_step = -1  # a checkpoint of this step may be from before
        return True

    def _record(self, report: StepReport) -> None:
        self._phase = "training"
        if self.recorder.record(report):
            self._tell()

    def _control(self) -> bool:
        """What happens between two steps: judge, save, obey."""
        step = self._trainer.step
        self._judge_if_due(step)
        if self._is_save_due(step):
            self._save()
        is_left = self._controls()
        _, skipped = exchange(Word.LEAVE if is_left else Word.GO_ON)
        self.recorder.tell_skipped(step, skipped)
        return is_left

    def _is_save_due(self, step: int) -> bool:
        total = self._plan.total_steps
        is_milestone = step * MILESTONES // total > (step - 1) * MILESTONES // total
        is_old = time.monotonic() - self._saved_at > self._recipe.training.checkpoint_seconds
        return is_milestone or is_old

    def _judge_if_due(self, step: int) -> None:
        if self._judge.is_due(step):
            self._evaluate()
        elif self._judge.is_watch_due(step):
            self._take(self._judge.watch)

    def _evaluate(self) -> None:
        self._enter("judging the features")
        self._take_score(self._take(self._judge.evaluate).get("knn"))
        self.recorder.restart_clock()
        self._enter("training")

    def _take(self, judge: Callable[[], dict[str, float]]) -> dict[str, float]:
        """Write down what a look at the features gives, without counting its time as training."""
        self.recorder.flush()  # the pace of the steps so far, before the judging takes its time
        values = judge()
        self.recorder.restart_clock()
        self.recorder.add(self._trainer.step, values)
        self.recorder.flush()
        self.recorder.restart_clock()
        return values

    def _take_score(self, score: float | None) -> None:
        """Remember an accuracy, and keep the network that has the best one so far."""
        if score is None:
            return
        self._scores[self._trainer.step] = score
        if self._best is None or score > self._best:
            self._best = score
            self._save()

    def _save(self) -> None:
        """Write a checkpoint of this very step, unless there is one; the points before it are on disk first."""
        if self._saved_step == self._trainer.step:
            return
        self.recorder.flush()
        self._trainer.check_weights()
        self._keeper.save(self._checkpoint(), score=self._scores.get(self._trainer.step))
        self._saved_at, self._saved_step = time.monotonic(), self._trainer.step
        self.recorder.restart_clock()

    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(
            step=self._trainer.step,
            trainer=self._trainer.state(),
            recipe=self._recipe.model_dump_json(),
            images_seen=self.recorder.images_seen,
            best=self._best,
            num_classes=self._num_classes,
            origin=self._origin,
        )

    def _keep_what_is_good(self, problem: EngineError) -> None:
        """Write the curves up to what went wrong, and the network where the problem did not touch it."""
        self.recorder.flush()
        if isinstance(problem, NotFiniteError):
            with suppress(EngineError):  # as below
                self._alarms.tell_not_finite(problem, self._saved_step if self._saved_step >= 0 else None)
        # In the middle of an accumulated step, a network with running statistics is between two steps.
        if isinstance(problem, DataError) and self._recipe.training.accumulation == 1:
            with suppress(EngineError):  # the first problem is the one to tell
                self._save()
        if isinstance(problem, StoreGoneError) and self._saved_step != self._trainer.step:
            with suppress(EngineError):  # as above
                self._keeper.rescue(self._checkpoint())

    def _finish(self, ending: Ending | None) -> None:
        self.recorder.flush()
        if ending is not Ending.STOP_NOW:
            self._enter("saving")
            self._save()
        status, sentence = ENDINGS[ending]
        self.recorder.say(Level.INFO, sentence, step=self._trainer.step)
        self._enter("")
        update_run(self._store, self._run_id, status=status, pid=None)

    def _enter(self, phase: str) -> None:
        self._phase = phase
        self._beat()
        self._tell()

    def _beat(self) -> None:
        self.recorder.beat(self._patience.phase or self._phase)
        if complaint := self._patience.complaint():
            self.recorder.say(Level.WARNING, complaint, step=self.recorder.step)

    def _tell(self) -> None:
        recorder = self.recorder
        self._on_progress(
            JobProgress(
                recorder.step, recorder.total_steps, recorder.epoch, self._phase, dict(recorder.latest)
            )
        )
