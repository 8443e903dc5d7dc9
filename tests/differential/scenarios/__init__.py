"""Scenarios by topic: each module is one chapter, each function one question to both sides."""
