"""Training the planner: cases from public sets and from the synthetic grammar, examples, the schedule."""
