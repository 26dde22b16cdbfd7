"""From a program that was proposed to a candidate with fitted constants and scores."""
