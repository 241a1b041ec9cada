"""What the exit code of ``ssl-engine`` means."""

DONE = 0
RUN_FAILED = 1
BAD_USE = 2
# As a shell expects after Ctrl-C, so that a script does not go on; a run that was training is saved all the same.
INTERRUPTED = 130
