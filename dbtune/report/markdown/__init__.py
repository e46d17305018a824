"""A page as Markdown, for a pull request."""
