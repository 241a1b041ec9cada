"""The engine: data, methods, training, evaluation. It never imports Qt; its only door is the store."""

import os

# Threads of torch's OpenMP wait by spinning unless told otherwise, which starves everything else on the cores: beside
# two busy processes on two cores a training step then takes seventy times as long. A desktop is never idle. It must be
# said before torch loads the library, and this package is imported before torch everywhere.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
