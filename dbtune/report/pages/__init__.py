"""Every result as a page: what is shown, in which order, in which words."""
