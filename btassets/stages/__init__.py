"""The stages of the flow: Arrow tables in, engine, Arrow tables out. One module per stage."""
