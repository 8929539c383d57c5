"""Load, validate and render Agent Skill trees."""
