"""Runs that outlive a process: tasks with a budget, executors, runs on disk."""
