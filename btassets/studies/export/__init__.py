"""Tables made for export alone."""
