"""Group `report`: the report document and its files."""
