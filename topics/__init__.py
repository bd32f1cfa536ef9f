"""Nouns: what travels on each topic and what the catalog declares.

Rules: data and its validation only. Must not know matchers, stores or streams.
"""
