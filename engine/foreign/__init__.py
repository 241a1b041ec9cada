"""The one place that reads files of weights and pickles from elsewhere: by content, and without running anything."""
