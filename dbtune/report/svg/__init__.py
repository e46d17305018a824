"""Charts of a page as inline SVG, without a script."""
