"""What each command does, imported when it runs; its options are in `btassets.cli.commands`."""
