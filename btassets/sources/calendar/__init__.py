"""Exchange calendars, hours and fetch windows."""
