"""Follow-ups: turns of a conversation that lean on earlier ones, made plannable. Knows no single controller."""
