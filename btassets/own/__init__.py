"""Own ideas: signals from a book's `own/` folder and from installed packages, and the process that runs them."""
