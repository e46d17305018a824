"""The chosen indexes built again as they ship, measured, and chosen anew where that is worse."""
