"""``python -m studio`` opens the studio."""

import sys

from studio.app import main

sys.exit(main())
