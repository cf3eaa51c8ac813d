"""Builders of real data sets: documentation, package descriptions, court cases."""
