"""What happened: the trace of every run."""
