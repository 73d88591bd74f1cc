"""The work of each command, imported when it runs; its options are in `btassets.cli.commands`."""
