"""The controller's table: Baton's planner beside plain similarity, copied plans and semantic-router."""
