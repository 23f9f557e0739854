"""Registers of companies and persons: what is known there is not asked again."""
