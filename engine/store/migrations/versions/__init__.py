"""One file per version of the tables, named ``v<revision>_<what changed>.py``; revisions count up."""
