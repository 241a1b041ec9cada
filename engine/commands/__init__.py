"""What ``ssl-engine`` can do, one file per group of commands.

Nothing heavy is imported at the top of these files: every command imports what it needs when it is called, so that
``ssl-engine runs`` answers at once and never loads torch.
"""
