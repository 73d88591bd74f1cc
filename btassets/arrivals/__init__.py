"""New data of a book, and its age: for commands, sensors and schedules, above the stages."""
