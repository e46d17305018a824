"""Which indexes could help, and what the planner would make of them."""
