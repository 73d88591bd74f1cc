"""What arrives for a book, and how old it is: for commands, sensors and schedules, above the stages."""
