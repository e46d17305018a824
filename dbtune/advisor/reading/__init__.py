"""What recorded statements, plans and indexes say, as the rules and the explanations need it."""
