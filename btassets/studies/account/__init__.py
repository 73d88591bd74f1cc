"""The real account: holdings, orders for the next session, and fills compared with what was shown."""
