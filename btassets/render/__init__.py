"""From documents to HTML, Markdown and terminal text."""
