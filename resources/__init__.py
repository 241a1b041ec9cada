"""Files the programs read: the catalogue of methods, icons, recipes, translations. No code."""
