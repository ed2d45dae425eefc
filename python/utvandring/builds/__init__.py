"""Builds: dbt in a process of its own, what a build depends on, locks, publication, comparison."""
