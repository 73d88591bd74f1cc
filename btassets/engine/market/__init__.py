"""Bars, calendar, adjustment, quality and eligibility of one ticker."""
