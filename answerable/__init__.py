"""Answers whose every output was computed and whose every claim is a test that passes."""
