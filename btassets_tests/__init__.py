"""Tests of btassets, in the tree of what they test."""
