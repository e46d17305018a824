"""What should change: indexes chosen by measured cost, and the rules."""
